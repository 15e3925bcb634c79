"""Verification items and the audit log in PostgreSQL."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

import msgspec

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Problem, refuse
from kontuar.kernel.money import Minor
from kontuar.operations.ports.hub_lists import AuditEntry, ItemFilter, VerificationItem
from kontuar.storage.postgres.engine import HubDatabase

_COLUMNS = """v.item_id, encode(v.message_hash, 'hex'), v.store, v.origin, v.incarnation, v.seq, v.forked, v.kind,
  v.doc_id, v.number, v.document_type, v.gross, v.state, v.reason, v.problems, v.waits_for, v.parked_at, v.decided_at,
  v.decided_by, v.note"""

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
        self._database.connection.execute(
            "INSERT INTO hub_audit (at, operator, action, store, subject, facts) "
            "VALUES (%s, %s, %s, %s, %s, %s::jsonb)",
            [entry.at, entry.operator, entry.action, entry.store, entry.subject, encode(entry.facts).decode()],
        )

    def audit_of(self, store: str, subject: str) -> Sequence[AuditEntry]:
        rows = self._database.connection.execute(
            "SELECT operator, at, action, store, subject, facts FROM hub_audit WHERE store = %s AND subject = %s "
            "ORDER BY audit_id DESC",
            [store, subject],
        ).fetchall()
        return [
            AuditEntry(operator=operator, at=at, action=action, store=code, subject=what, facts=facts)
            for operator, at, action, code, what, facts in rows
        ]


def _conditions(wanted: ItemFilter) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    if wanted.state == "open":
        parts.append("v.state IN ('parked', 'listed')")
    elif wanted.state:
        parts.append("v.state = %s")
        values.append(wanted.state)
    for column, value in (("store", wanted.store), ("reason", wanted.reason)):
        if value:
            parts.append(f"v.{column} = %s")
            values.append(value)
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
     problems, waits_for, parked_at, decided_at, decided_by, note) = row  # fmt: skip
    return VerificationItem(
        item_id=item_id, message=message, store=store, origin=origin, incarnation=life, seq=seq, forked=forked,
        kind=kind, doc_id=doc_id, number=number, document_type=document_type, gross=Minor(gross), state=state,
        reason=reason, problems=tuple(msgspec.convert(problem, Problem) for problem in problems), waits_for=waits_for,
        parked_at=parked_at, decided_at=decided_at, decided_by=decided_by, note=note,
    )  # fmt: skip
