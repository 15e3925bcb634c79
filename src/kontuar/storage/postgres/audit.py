"""The audit log in PostgreSQL: append-only by trigger, most of it written by the database itself (HUB-09)."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_lists import AuditEntry, AuditFilter
from kontuar.storage.postgres.engine import HubDatabase


class PostgresAuditShelf:
    """The `AuditShelf` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def add(self, entry: AuditEntry) -> None:
        self._database.connection.execute(
            "INSERT INTO hub_audit (at, operator, action, store, subject, facts) "
            "VALUES (%s, %s, %s, %s, %s, %s::jsonb)",
            [entry.at, entry.operator, entry.action, entry.store, entry.subject, encode(entry.facts).decode()],
        )

    def page(self, wanted: AuditFilter) -> Sequence[AuditEntry]:
        conditions, values = _conditions(wanted)
        rows = self._database.connection.execute(
            "SELECT operator, at, action, store, subject, facts, audit_id, asked_from FROM hub_audit "
            f"WHERE {conditions} ORDER BY audit_id DESC LIMIT %s",
            [*values, wanted.limit],
        ).fetchall()
        return [
            AuditEntry(
                operator=operator, at=at, action=action, store=code, subject=what, facts=facts, audit_id=audit_id,
                asked_from=asked_from,
            )
            for operator, at, action, code, what, facts, audit_id, asked_from in rows
        ]  # fmt: skip

    def actions(self) -> Sequence[str]:
        # A walk along the index: the log has millions of rows and a few dozen actions.
        rows = self._database.connection.execute(
            "WITH RECURSIVE known AS (SELECT min(action) AS action FROM hub_audit UNION ALL "
            "SELECT (SELECT min(a.action) FROM hub_audit a WHERE a.action > k.action) FROM known k "
            "WHERE k.action IS NOT NULL) SELECT action FROM known WHERE action IS NOT NULL"
        ).fetchall()
        return [row[0] for row in rows]


def _conditions(wanted: AuditFilter) -> tuple[str, list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for column, value in (("operator", wanted.operator), ("store", wanted.store), ("subject", wanted.subject)):
        if value:
            parts.append(f"{column} = %s")
            values.append(value)
    if wanted.action:
        parts.append("starts_with(action, %s)" if wanted.action.endswith(".") else "action = %s")
        values.append(wanted.action)
    if wanted.day_from:
        parts.append("at >= %s")
        values.append(_midnight(wanted.day_from))
    if wanted.day_to:
        parts.append("at < %s")
        values.append(_midnight(wanted.day_to) + datetime.timedelta(days=1))
    if wanted.after:
        if not wanted.after.isdecimal() or len(wanted.after) > 18:
            raise refuse("list.key_unreadable")
        parts.append("audit_id < %s")
        values.append(int(wanted.after))
    return " AND ".join(parts) or "true", values


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(), datetime.UTC)
