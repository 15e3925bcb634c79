"""The ledger of coupons in PostgreSQL: one book, one pen (COUP-03)."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Final

import msgspec

from kontuar.domain.pricing.discount import Coupon, covers
from kontuar.kernel.canonical import decode
from kontuar.operations.ports.coupons import CouponReservation, CouponUse
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubConnection, HubDatabase

_PEN: Final = 0x636F75706F6E
"""The advisory lock that every writer of the ledger takes. One for all codes: nobody waits for a second one while
holding the first, so no two can wait for each other; it is held for a few statements."""
_LONGEST_CODE: Final = 60
_USE: Final = "code, store, doc_id, coupon, station, number, day, used_at, given_back_at"
_RESERVATION: Final = "code, store, doc_id, coupon, station, operator, turn, made_at, until"

_USES: Final = f"""
SELECT u.* FROM unnest(%s::text[]) AS k (code) CROSS JOIN LATERAL (
  SELECT {_USE} FROM coupon_use WHERE code = k.code AND given_back_at IS NULL ORDER BY used_at, doc_id LIMIT %s) u"""

_RESERVE: Final = f"""
INSERT INTO coupon_reservation ({_RESERVATION}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)
ON CONFLICT (code, store, doc_id) DO UPDATE
SET coupon = excluded.coupon, station = excluded.station, operator = excluded.operator, turn = excluded.turn,
    made_at = excluded.made_at, until = excluded.until"""


class PostgresCouponLedger:
    """The `CouponLedger` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database
        self._definitions = PostgresDefinitions(database)

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    @property
    def _connection(self) -> HubConnection:
        return self._database.connection

    def lock(self) -> None:
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [_PEN])

    def definitions(self, codes: Collection[str]) -> Mapping[str, Coupon]:
        beginnings = {code[:length] for code in codes for length in range(1, min(len(code), _LONGEST_CODE) + 1)}
        rows = [decode(row.body, Coupon) for row in self._definitions.rows("coupon", beginnings)]
        rows.sort(key=lambda coupon: len(coupon.code))
        return {code: coupon for code in codes for coupon in rows if covers(coupon, code)}

    def uses(self, codes: Collection[str], most: int) -> Sequence[CouponUse]:
        return [_use(row) for row in self._connection.execute(_USES, [sorted(codes), most])]

    def reservations(self, codes: Collection[str], now: datetime.datetime) -> Sequence[CouponReservation]:
        found = self._connection.execute(
            f"SELECT {_RESERVATION} FROM coupon_reservation WHERE code = ANY(%s) AND until > %s "
            "ORDER BY made_at, doc_id",
            [sorted(codes), now],
        )
        return [_reservation(row) for row in found]

    def reserve(self, rows: Sequence[CouponReservation]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(_RESERVE, [
                [row.code, row.store, row.doc_id, row.coupon, row.station, row.operator, row.turn, row.made_at,
                 row.until] for row in rows
            ])  # fmt: skip

    def release(self, store: str, doc_id: str, *, station: str = "", turn: int | None = None) -> None:
        self._connection.execute(
            "DELETE FROM coupon_reservation WHERE store = %s AND doc_id = %s AND (%s = '' OR station = %s) "
            "AND (%s::bigint IS NULL OR turn <= %s)",
            [store, doc_id, station, station, turn, turn],
        )

    def confirm(self, rows: Sequence[CouponUse]) -> None:
        with self._connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO coupon_use ({_USE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                [[row.code, row.store, row.doc_id, row.coupon, row.station, row.number, row.day, row.used_at,
                  row.given_back_at] for row in rows],
            )  # fmt: skip

    def give_back(self, store: str, doc_ids: Collection[str], now: datetime.datetime) -> None:
        self._connection.execute(
            "UPDATE coupon_use SET given_back_at = %s WHERE store = %s AND doc_id = ANY(%s) AND given_back_at IS NULL",
            [now, store, sorted(doc_ids)],
        )

    def keep(self, store: str, doc_ids: Collection[str], until: datetime.datetime) -> None:
        self._connection.execute(
            "UPDATE coupon_reservation SET until = greatest(until, %s) WHERE store = %s AND doc_id = ANY(%s)",
            [until, store, sorted(doc_ids)],
        )

    def forget_ended(self, now: datetime.datetime) -> int:
        return self._connection.execute("DELETE FROM coupon_reservation WHERE until <= %s", [now]).rowcount

    def uses_of(self, coupon: str, code: str, after: tuple[str, str], limit: int) -> Sequence[CouponUse]:
        found = self._connection.execute(
            f"SELECT {_USE} FROM coupon_use WHERE coupon = %s AND (%s = '' OR code = %s) AND (code, doc_id) > (%s, %s) "
            "ORDER BY code, doc_id LIMIT %s",
            [coupon, code, code, *after, limit],
        )
        return [_use(row) for row in found]

    def reservations_of(self, coupon: str, code: str, limit: int) -> Sequence[CouponReservation]:
        found = self._connection.execute(
            f"SELECT {_RESERVATION} FROM coupon_reservation WHERE coupon = %s AND (%s = '' OR code = %s) "
            "ORDER BY made_at DESC, doc_id LIMIT %s",
            [coupon, code, code, limit],
        )
        return [_reservation(row) for row in found]


def _use(row: tuple[Any, ...]) -> CouponUse:
    return msgspec.convert(dict(zip(_USE.split(", "), row, strict=True)), CouponUse)


def _reservation(row: tuple[Any, ...]) -> CouponReservation:
    return msgspec.convert(dict(zip(_RESERVATION.split(", "), row, strict=True)), CouponReservation)
