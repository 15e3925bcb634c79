"""Alarms on nodes with their history (HUB-07)."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_lists import Alarm, AlarmFilter
from kontuar.storage.postgres.engine import HubDatabase

_COLUMNS: Final = "alarm_id, store, node, code, severity, began_at, ended_at, acknowledged_at, acknowledged_by, note"


class PostgresAlarmBook:
    """The `AlarmBook` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def open(self) -> Sequence[Alarm]:
        query = f"SELECT {_COLUMNS} FROM node_alarm WHERE ended_at IS NULL ORDER BY alarm_id"
        return [_alarm(row) for row in self._database.connection.execute(query).fetchall()]

    def begin(self, store: str, node: str, code: str, severity: str, at: datetime.datetime) -> None:
        self._database.connection.execute(
            "INSERT INTO node_alarm (store, node, code, severity, began_at) VALUES (%s, %s, %s, %s, %s) "
            "ON CONFLICT DO NOTHING",
            [store, node, code, severity, at],
        )

    def end(self, alarm_id: int, at: datetime.datetime) -> None:
        self._database.connection.execute(
            "UPDATE node_alarm SET ended_at = %s WHERE alarm_id = %s AND ended_at IS NULL", [at, alarm_id]
        )

    def find(self, alarm_id: int) -> Alarm:
        query = f"SELECT {_COLUMNS} FROM node_alarm WHERE alarm_id = %s FOR UPDATE"
        row = self._database.connection.execute(query, [alarm_id]).fetchone()
        if row is None:
            raise refuse("alarm.not_found")
        return _alarm(row)

    def acknowledge(self, alarm_id: int, operator: str, note: str, at: datetime.datetime) -> None:
        self._database.connection.execute(
            "UPDATE node_alarm SET acknowledged_at = %s, acknowledged_by = %s, note = %s WHERE alarm_id = %s",
            [at, operator, note, alarm_id],
        )

    def page(self, wanted: AlarmFilter) -> Sequence[Alarm]:
        parts, values = ["true"], list[Any]()
        for column, value in (("store", wanted.store), ("node", wanted.node)):
            if value:
                parts.append(f"{column} = %s")
                values.append(value)
        if wanted.state in ("open", "ended"):
            parts.append("ended_at IS NULL" if wanted.state == "open" else "ended_at IS NOT NULL")
        if wanted.after:
            if not wanted.after.isdecimal() or len(wanted.after) > 18:
                raise refuse("list.key_unreadable")
            parts.append("alarm_id < %s")
            values.append(int(wanted.after))
        query = f"SELECT {_COLUMNS} FROM node_alarm WHERE {' AND '.join(parts)} ORDER BY alarm_id DESC LIMIT %s"
        rows = self._database.connection.execute(query, [*values, wanted.limit]).fetchall()
        return [_alarm(row) for row in rows]


def _alarm(row: tuple[Any, ...]) -> Alarm:
    alarm_id, store, node, code, severity, began_at, ended_at, acknowledged_at, by, note = row
    return Alarm(
        alarm_id=alarm_id, store=store, node=node, code=code, severity=severity, began_at=began_at, ended_at=ended_at,
        acknowledged_at=acknowledged_at, acknowledged_by=by, note=note,
    )  # fmt: skip
