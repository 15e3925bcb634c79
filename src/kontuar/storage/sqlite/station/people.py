"""Logins, wrong PINs, authorisations, and card payments under way."""

import json
from collections.abc import Mapping, Sequence

from kontuar.kernel.money import Minor
from kontuar.kernel.time import Clock, instant_text
from kontuar.operations.actor import Grant
from kontuar.storage.sqlite.engine import SqliteDatabase


class SqliteLogins:
    """Tables `login`, `login_failure`, `authorisation`; tokens are kept as hashes only."""

    def __init__(self, database: SqliteDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, token_hash: bytes, login_id: str, operator: str, created: str, expires: str) -> None:
        """A login begins; expired ones are swept."""
        with self._database.transaction():
            self._database.write("DELETE FROM login WHERE expires_at < ?", (instant_text(self._clock.now()),))
            self._database.write(
                "INSERT INTO login VALUES (?, ?, ?, ?, ?)", (token_hash, login_id, operator, created, expires)
            )

    def find(self, token_hash: bytes) -> tuple[str, str, str, str] | None:
        """(login id, operator, created, expires)."""
        row = self._database.row(
            "SELECT login_id, operator, created_at, expires_at FROM login WHERE token_hash = ?", (token_hash,)
        )
        return None if row is None else (row[0], row[1], row[2], row[3])

    def remove(self, token_hash: bytes) -> None:
        """Logout."""
        with self._database.transaction():
            self._database.write("DELETE FROM login WHERE token_hash = ?", (token_hash,))

    def failures(self, operator: str) -> tuple[int, str]:
        """(wrong PINs in a row, blocked until)."""
        row = self._database.row("SELECT count, blocked_until FROM login_failure WHERE operator = ?", (operator,))
        return (0, "") if row is None else (int(row[0]), str(row[1]))

    def set_failures(self, operator: str, count: int, blocked_until: str) -> None:
        """Remember a wrong PIN, or forget them with 0."""
        with self._database.transaction():
            if count:
                self._database.write(
                    "INSERT OR REPLACE INTO login_failure VALUES (?, ?, ?)", (operator, count, blocked_until)
                )
            else:
                self._database.write("DELETE FROM login_failure WHERE operator = ?", (operator,))

    def add_grant(self, grant: Grant, *, asked_by: str, expires: str) -> None:
        """An authorisation was given."""
        values = (grant.grant_id, grant.right, grant.operator, asked_by, grant.doc_id, expires)
        with self._database.transaction():
            self._database.write("INSERT INTO authorisation VALUES (?, ?, ?, ?, ?, ?, NULL)", values)

    def take_grant(self, grant_id: str, asked_by: str, now: str) -> Grant | None:
        """The authorisation, marked as used; None when unknown, used, expired or somebody else's."""
        with self._database.transaction():
            row = self._database.row(
                "UPDATE authorisation SET used_at = ?1 WHERE grant_id = ?2 AND asked_by = ?3 AND used_at IS NULL"
                " AND expires_at > ?1 RETURNING right_code, operator, doc_id",
                (now, grant_id, asked_by),
            )
        if row is None:
            return None
        return Grant(grant_id=grant_id, right=row[0], operator=row[1], doc_id=row[2])


class SqliteCardOperations:
    """The table `card_operation`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def start(self, operation_id: str, doc_id: str, form: str, currency: str, amount: Minor, at: str) -> None:
        """The terminal is about to be asked; durable before it is."""
        values = (operation_id, doc_id, form, currency, int(amount), "asked", "{}", at)
        with self._database.transaction():
            self._database.write("INSERT INTO card_operation VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values)

    def finish(self, operation_id: str, state: str, facts: Mapping[str, str]) -> None:
        """approved, declined, uncertain, confirmed_by_hand or cancelled_by_hand."""
        with self._database.transaction():
            self._database.write(
                "UPDATE card_operation SET state = ?, facts = ? WHERE operation_id = ?",
                (state, json.dumps(dict(facts), sort_keys=True), operation_id),
            )

    def unfinished(self, doc_id: str) -> Sequence[tuple[str, str, str, Minor, str]]:
        """(operation id, form, currency, amount, state) without a final answer."""
        # Put in order here: nearly always there is none, and every change of a draft asks, so SQLite need not get ready
        # to sort.
        rows = self._database.rows(
            "SELECT operation_id, form, currency, amount, state, at FROM card_operation"
            " WHERE doc_id = ? AND state IN ('asked', 'uncertain')",
            (doc_id,),
        )
        in_order = sorted(rows, key=lambda row: row[5])
        return [(row[0], row[1], row[2], Minor(row[3]), row[4]) for row in in_order]
