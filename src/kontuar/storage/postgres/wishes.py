"""Cancellations that head office asks a station for, and what the station answered (HUB-05)."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import msgspec
from psycopg.errors import UniqueViolation

from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_lists import CancellationWish
from kontuar.storage.postgres.booking_rows import Counters
from kontuar.storage.postgres.engine import HubDatabase

WISH_COLUMNS: Final = """w.wish_id, w.store, w.doc_id, encode(w.message_hash, 'hex'), w.state, w.asked_by, w.asked_at,
  w.note, w.answer, w.answered_at"""

_ANSWERED: Final = f"""
SELECT {WISH_COLUMNS}, said.code, said.at, came.at FROM cancellation_wish w
LEFT JOIN LATERAL (
  SELECT e.body->'facts'->>'code' AS code, e.at FROM technical_event e
  WHERE e.body->>'event' = 'decision.refused' AND e.body->'facts'->>'decision' = w.wish_id::text AND e.store = w.store
  LIMIT 1) said ON true
LEFT JOIN LATERAL (
  SELECT h.at FROM document_history h
  WHERE h.store = w.store AND h.doc_id::text = w.doc_id AND h.event = 'cancelled'
  UNION ALL
  SELECT v.parked_at FROM verification_item v
  WHERE v.store = w.store AND v.waits_for = w.doc_id AND v.state = 'parked' AND v.kind LIKE '%.cancelled/%'
  LIMIT 1) came ON true
WHERE w.state = 'asked' AND (said.code IS NOT NULL OR came.at IS NOT NULL) ORDER BY w.wish_id LIMIT 100"""


class PostgresWishDesk:
    """The `WishDesk` of the hub: a wish goes down with the store's confirmations, which no station misses."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def ask(self, wish: CancellationWish) -> CancellationWish:
        connection = self._database.connection
        counters = Counters.lock(connection, wish.store)
        try:
            with self._database.transaction():
                row = connection.execute(
                    "INSERT INTO cancellation_wish (store, doc_id, message_hash, state, asked_by, asked_at, note) "
                    "VALUES (%s, %s, %s, 'asked', %s, %s, %s) RETURNING wish_id",
                    [wish.store, wish.doc_id, bytes.fromhex(wish.message), wish.asked_by, wish.asked_at, wish.note],
                ).fetchone()
        except UniqueViolation:
            raise refuse("verification.cancellation_asked") from None
        assert row is not None
        asked = msgspec.structs.replace(wish, wish_id=row[0], state="asked")
        connection.execute(
            "INSERT INTO confirmation (store, version, doc_id, origin, incarnation, seq, state, gid, reason) "
            "SELECT store, %s, doc_id, origin, incarnation, seq, 'cancel_asked', '', %s FROM verification_item "
            "WHERE store = %s AND message_hash = %s",
            [counters.version + 1, _said(asked), wish.store, bytes.fromhex(wish.message)],
        )
        Counters.add(connection, wish.store, versions=1, gids=0, stock=0)
        return asked

    def answered(self) -> Sequence[CancellationWish]:
        rows = self._database.connection.execute(_ANSWERED).fetchall()
        return [
            msgspec.structs.replace(wish_of(row[:-3]), state="done", answered_at=came)
            if came is not None
            else msgspec.structs.replace(wish_of(row[:-3]), state="refused", answer=code, answered_at=said_at)
            for row in rows
            for code, said_at, came in (row[-3:],)
        ]

    def close(self, wish: CancellationWish) -> None:
        self._database.connection.execute(
            "UPDATE cancellation_wish SET state = %s, answer = %s, answered_at = %s WHERE wish_id = %s",
            [wish.state, wish.answer, wish.answered_at, wish.wish_id],
        )

    def withdraw(self, store: str, message: str, at: datetime.datetime) -> bool:
        changed = self._database.connection.execute(
            "UPDATE cancellation_wish SET state = 'withdrawn', answered_at = %s "
            "WHERE store = %s AND message_hash = %s AND state = 'asked'",
            [at, store, bytes.fromhex(message)],
        )
        return changed.rowcount > 0


def _said(wish: CancellationWish) -> str:
    """What the station reads: the wish's number, who decided, why."""
    return f"{wish.wish_id}|{wish.asked_by.replace('|', '/')}|{wish.note}"


def wish_of(row: tuple[Any, ...]) -> CancellationWish:
    """A row of `WISH_COLUMNS`."""
    wish_id, store, doc_id, message, state, asked_by, asked_at, note, answer, answered_at = row
    return CancellationWish(
        wish_id=wish_id, store=store, doc_id=doc_id, message=message, state=state, asked_by=asked_by,
        asked_at=asked_at, note=note, answer=answer, answered_at=answered_at,
    )  # fmt: skip
