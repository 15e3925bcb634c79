"""Verification items and the audit log in PostgreSQL."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from kontuar.kernel.errors import Problem, refuse
from kontuar.kernel.money import Minor
from kontuar.operations.ports.hub_lists import (
    AuditEntry,
    AuditFilter,
    CancellationWish,
    ItemFilter,
    ItemNote,
    ReasonCount,
    VerificationItem,
)
from kontuar.storage.postgres.audit import PostgresAuditShelf
from kontuar.storage.postgres.document_filters import like_text
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.wishes import WISH_COLUMNS, wish_of

_COLUMNS = """v.item_id, encode(v.message_hash, 'hex'), v.store, v.origin, v.incarnation, v.seq, v.forked, v.kind,
  v.doc_id, v.number, v.document_type, v.gross, v.state, v.reason, v.problems, v.waits_for, v.parked_at, v.decided_at,
  v.decided_by, v.note, v.assigned_to"""

_ONE = f"""
SELECT {_COLUMNS}, coalesce(m.payload, f.payload) FROM verification_item v
LEFT JOIN message m ON NOT v.forked AND (m.store, m.origin, m.incarnation, m.seq)
  = (v.store, v.origin, v.incarnation, v.seq)
LEFT JOIN forked_message f ON v.forked AND f.store = v.store AND f.hash = v.message_hash
WHERE v.store = %s AND v.message_hash = %s"""


class PostgresVerificationShelf:
    """The `VerificationShelf` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database
        self._log = PostgresAuditShelf(database)

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def items(self, wanted: ItemFilter) -> Sequence[VerificationItem]:
        conditions, values = _conditions(wanted)
        query = f"SELECT {_COLUMNS} FROM verification_item v WHERE {conditions} ORDER BY v.item_id"
        rows = self._database.connection.execute(f"{query} LIMIT %s", [*values, wanted.limit]).fetchall()
        return [_item(row) for row in rows]

    def item(self, store: str, message: str) -> tuple[VerificationItem, bytes]:
        row = self._database.connection.execute(_ONE, [store, _hash(message)]).fetchone()
        if row is None:
            raise refuse("verification.not_found")
        return _item(row[:-1]), bytes(row[-1])

    def open_count(self) -> int:
        row = self._database.connection.execute(
            "SELECT count(*) FROM verification_item WHERE state IN ('parked', 'listed')"
        ).fetchone()
        return int(row[0]) if row else 0

    def audit(self, entry: AuditEntry) -> None:
        self._log.add(entry)

    def audit_of(self, store: str, subject: str) -> Sequence[AuditEntry]:
        return self._log.page(AuditFilter(store=store, subject=subject, limit=200))

    def reasons(self, store: str) -> Sequence[ReasonCount]:
        rows = self._database.connection.execute(
            "SELECT reason, count(*) FROM verification_item WHERE state IN ('parked', 'listed') "
            "AND (%(store)s = '' OR store = %(store)s) GROUP BY reason ORDER BY 2 DESC, 1",
            {"store": store},
        ).fetchall()
        return [ReasonCount(reason=reason, items=items) for reason, items in rows]

    def behind(self, item: VerificationItem) -> Sequence[VerificationItem]:
        query = (
            f"SELECT {_COLUMNS} FROM verification_item v WHERE v.store = %s AND v.state = 'parked' "
            "AND v.waits_for <> '' AND v.waits_for = %s AND v.message_hash <> %s "
            "ORDER BY v.origin, v.incarnation, v.seq LIMIT 200"
        )
        values = [item.store, item.doc_id, _hash(item.message)]
        return [_item(row) for row in self._database.connection.execute(query, values).fetchall()]

    def assign(self, store: str, message: str, operator: str) -> None:
        self._database.connection.execute(
            "UPDATE verification_item SET assigned_to = %s WHERE store = %s AND message_hash = %s",
            [operator, store, _hash(message)],
        )

    def add_note(self, store: str, message: str, note: ItemNote) -> None:
        self._database.connection.execute(
            "INSERT INTO verification_note (store, message_hash, at, operator, text) VALUES (%s, %s, %s, %s, %s)",
            [store, _hash(message), note.at, note.operator, note.text],
        )

    def notes(self, store: str, message: str) -> Sequence[ItemNote]:
        rows = self._database.connection.execute(
            "SELECT at, operator, text FROM verification_note WHERE store = %s AND message_hash = %s ORDER BY note_id",
            [store, _hash(message)],
        ).fetchall()
        return [ItemNote(at=at, operator=operator, text=text) for at, operator, text in rows]

    def wishes_of(self, store: str, message: str) -> Sequence[CancellationWish]:
        rows = self._database.connection.execute(
            f"SELECT {WISH_COLUMNS} FROM cancellation_wish w WHERE w.store = %s AND w.message_hash = %s "
            "ORDER BY w.wish_id DESC LIMIT 100",
            [store, _hash(message)],
        ).fetchall()
        return [wish_of(row) for row in rows]


def _conditions(wanted: ItemFilter) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    if wanted.state == "open":
        parts.append("v.state IN ('parked', 'listed')")
    elif wanted.state:
        parts.append("v.state = %s")
        values.append(wanted.state)
    for column, value in (
        ("store", wanted.store),
        ("origin", wanted.station),
        ("reason", wanted.reason),
        ("assigned_to", wanted.assigned_to),
    ):
        if value:
            parts.append(f"v.{column} = %s")
            values.append("" if value == "-" else value)
    if wanted.number:
        parts.append("v.number ILIKE %s")
        values.append(f"%{like_text(wanted.number.strip())}%")
    if wanted.after:
        if not wanted.after.isdecimal() or len(wanted.after) > 18:
            raise refuse("list.key_unreadable")
        parts.append("v.item_id > %s")
        values.append(int(wanted.after))
    return " AND ".join(parts) or "true", values


def _hash(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise refuse("verification.not_found") from None


def _item(row: tuple[Any, ...]) -> VerificationItem:
    (item_id, message, store, origin, life, seq, forked, kind, doc_id, number, document_type, gross, state, reason,
     problems, waits_for, parked_at, decided_at, decided_by, note, assigned_to) = row  # fmt: skip
    return VerificationItem(
        item_id=item_id, message=message, store=store, origin=origin, incarnation=life, seq=seq, forked=forked,
        kind=kind, doc_id=doc_id, number=number, document_type=document_type, gross=Minor(gross), state=state,
        reason=reason, problems=tuple(msgspec.convert(problem, Problem) for problem in problems), waits_for=waits_for,
        parked_at=parked_at, decided_at=decided_at, decided_by=decided_by, note=note,
        assigned_to=assigned_to,
    )  # fmt: skip
