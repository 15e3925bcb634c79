"""The ledger of coupons in PostgreSQL (COUP-03)."""

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import msgspec
from psycopg import DataError, IntegrityError
from psycopg.errors import ProgramLimitExceeded

from kontuar.domain.pricing.discount import Coupon, covers, is_coupon_code
from kontuar.kernel.canonical import decode
from kontuar.operations.ports.coupons import (
    CodeStanding,
    CouponHolder,
    CouponReservation,
    CouponUse,
    LastKept,
    LastUse,
)
from kontuar.operations.ports.hub_documents import Unbookable
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubConnection, HubDatabase

WAIT_SECONDS: Final = 2
"""So long a till's question or a person waits for somebody else; a till gives a question up after a few seconds."""
_USES_LOCK: Final = 0x636F75706F6E
_CODES: Final = 0x636F7570
"""Advisory locks: the one of all bookers, and the first half of each code's."""
_USE: Final = "code, store, doc_id, coupon, station, number, day, used_at, given_back_at"
_RESERVATION: Final = "code, store, doc_id, coupon, station, operator, life, turn, made_at, until"
_OTHERS: Final = "(store, doc_id) <> (%(store)s, %(doc_id)s)"

# One statement is one moment: a booking that commits meanwhile is seen whole (a use) or not at all (what was kept).
_STANDINGS: Final = f"""
SELECT a.code, used.n, kept.n, newest.number, newest.day, newest.store, held.station, held.store
FROM unnest(%(codes)s::text[], %(limits)s::bigint[]) AS a (code, most)
CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
    SELECT 1 FROM coupon_use WHERE code = a.code AND given_back_at IS NULL AND {_OTHERS} LIMIT a.most) c) used
CROSS JOIN LATERAL (SELECT count(*) AS n FROM (
    SELECT DISTINCT store, doc_id FROM coupon_reservation r
    WHERE code = a.code AND until > %(now)s AND {_OTHERS} AND NOT EXISTS (
      SELECT FROM coupon_use u
      WHERE (u.code, u.store, u.doc_id) = (r.code, r.store, r.doc_id) AND u.given_back_at IS NULL)
    LIMIT a.most) c) kept
LEFT JOIN LATERAL (
    SELECT number, day, store FROM coupon_use WHERE code = a.code AND given_back_at IS NULL AND {_OTHERS}
    ORDER BY used_at DESC, doc_id DESC LIMIT 1) newest ON true
LEFT JOIN LATERAL (
    SELECT station, store FROM coupon_reservation WHERE code = a.code AND until > %(now)s AND {_OTHERS}
    ORDER BY made_at DESC, doc_id DESC LIMIT 1) held ON true"""

_LATEST: Final = f"""
SELECT number FROM (SELECT number, used_at, doc_id FROM coupon_use
  WHERE code = %(code)s AND given_back_at IS NULL AND {_OTHERS}
  ORDER BY used_at DESC, doc_id DESC LIMIT %(most)s) latest
ORDER BY used_at, doc_id"""

_HEAR: Final = """
INSERT INTO coupon_turn AS t (store, doc_id, station, life, turn, heard_at) VALUES (%s, %s, %s, %s, %s, %s)
ON CONFLICT (store, doc_id, station) DO UPDATE
SET life = excluded.life, turn = excluded.turn, heard_at = excluded.heard_at
WHERE (t.life, t.turn) < (excluded.life, excluded.turn) RETURNING 1"""

_RESERVE: Final = f"""
INSERT INTO coupon_reservation ({_RESERVATION}) SELECT %s, %s, %s, %s, %s, %s, %s, %s, %s, %s
WHERE NOT EXISTS (SELECT FROM coupon_use WHERE (code, store, doc_id) = (%s, %s, %s))
ON CONFLICT (code, store, doc_id, station) DO UPDATE
SET coupon = excluded.coupon, operator = excluded.operator, life = excluded.life, turn = excluded.turn,
    made_at = excluded.made_at, until = excluded.until"""

# Whoever changes rows of a document locks them in the order of their codes first.
_IN_ORDER: Final = """
WITH held AS MATERIALIZED (SELECT code, store, doc_id, station FROM coupon_reservation
  WHERE store = %(store)s AND doc_id = %(doc_id)s AND {} ORDER BY code, station FOR UPDATE)"""
_DELETE: Final = f"""{_IN_ORDER} DELETE FROM coupon_reservation r USING held
WHERE (r.code, r.store, r.doc_id, r.station) = (held.code, held.store, held.doc_id, held.station)"""
_KEEP: Final = f"""{_IN_ORDER} UPDATE coupon_reservation r SET until = greatest(until, %(until)s) FROM held
WHERE (r.code, r.store, r.doc_id, r.station) = (held.code, held.store, held.doc_id, held.station)"""
_OF_STATION: Final = "(%(station)s = '' OR station = %(station)s)"

# Rows that somebody is just working on are left for the next time.
_FORGET: Final = """
DELETE FROM coupon_reservation WHERE (code, store, doc_id, station) IN (
  SELECT code, store, doc_id, station FROM coupon_reservation WHERE until <= %s FOR UPDATE SKIP LOCKED)"""
_FORGET_TURNS: Final = """
DELETE FROM coupon_turn WHERE (store, doc_id, station) IN (
  SELECT store, doc_id, station FROM coupon_turn t WHERE heard_at < %s AND NOT EXISTS (
    SELECT FROM coupon_reservation r WHERE (r.store, r.doc_id, r.station) = (t.store, t.doc_id, t.station))
  FOR UPDATE SKIP LOCKED)"""


class PostgresCouponLedger:
    """The `CouponLedger` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database
        self._definitions = PostgresDefinitions(database)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._database.transaction():
            self._wait_at_most(WAIT_SECONDS)
            yield

    @property
    def _connection(self) -> HubConnection:
        return self._database.connection

    def _wait_at_most(self, seconds: int) -> None:
        self._connection.execute("SELECT set_config('lock_timeout', %s, true)", [f"{seconds}s"])

    def lock(self, codes: Collection[str]) -> None:
        self._connection.execute(
            "SELECT pg_advisory_xact_lock(%s, place) FROM ("
            "SELECT DISTINCT hashtext(code) AS place FROM unnest(%s::text[]) AS k (code) ORDER BY place) ordered",
            [_CODES, sorted(codes)],
        )

    def lock_uses(self) -> None:
        self._wait_at_most(WAIT_SECONDS)
        self._connection.execute("SELECT pg_advisory_xact_lock(%s)", [_USES_LOCK])
        self._wait_at_most(0)

    def definitions(self, codes: Collection[str]) -> Mapping[str, Coupon]:
        fitting = [code for code in codes if is_coupon_code(code)]
        beginnings = {code[:length] for code in fitting for length in range(1, len(code) + 1)}
        rows = [decode(row.body, Coupon) for row in self._definitions.rows("coupon", beginnings)] if beginnings else []
        rows.sort(key=lambda coupon: len(coupon.code))
        return {code: coupon for code in fitting for coupon in rows if covers(coupon, code)}

    def standings(
        self, limits: Mapping[str, int], store: str, doc_id: str, now: datetime.datetime
    ) -> Mapping[str, CodeStanding]:
        if not limits:
            return {}
        asked = {"codes": list(limits), "limits": list(limits.values()), "store": store, "doc_id": doc_id, "now": now}
        return {
            code: CodeStanding(
                used=used, kept=kept,
                last_use=LastUse(number=number, day=day, store=used_in) if number is not None else None,
                last_kept=LastKept(station=station, store=kept_in) if station is not None else None,
            )
            for code, used, kept, number, day, used_in, station, kept_in in self._connection.execute(_STANDINGS, asked)
        }  # fmt: skip

    def latest_uses(self, code: str, store: str, doc_id: str, most: int) -> Sequence[str]:
        asked = {"code": code, "store": store, "doc_id": doc_id, "most": most}
        return [number for (number,) in self._connection.execute(_LATEST, asked)]

    def life_of(self, station: str, incarnation: str) -> int:
        row = self._connection.execute(
            "SELECT ordinal FROM node_certificate WHERE node = %s AND incarnation = %s", [station, incarnation]
        ).fetchone()
        return 0 if row is None else int(row[0])

    def hear(self, holder: CouponHolder, turn: int, now: datetime.datetime) -> bool:
        values = [holder.store, holder.doc_id, holder.station, holder.life, turn, now]
        return self._connection.execute(_HEAR, values).fetchone() is not None

    def kept_for(self, holder: CouponHolder) -> Sequence[CouponReservation]:
        found = self._connection.execute(
            f"SELECT {_RESERVATION} FROM coupon_reservation WHERE store = %s AND doc_id = %s AND station = %s "
            "ORDER BY code",
            [holder.store, holder.doc_id, holder.station],
        )
        return [_reservation(row) for row in found]

    def reserve(self, holder: CouponHolder, rows: Sequence[CouponReservation]) -> None:
        self.release(holder.store, holder.doc_id, station=holder.station)
        with self._connection.cursor() as cursor:
            cursor.executemany(_RESERVE, [
                [row.code, row.store, row.doc_id, row.coupon, row.station, row.operator, row.life, row.turn,
                 row.made_at, row.until, row.code, row.store, row.doc_id]
                for row in sorted(rows, key=lambda row: row.code)
            ])  # fmt: skip

    def let_go(self, holder: CouponHolder, turn: int) -> None:
        where = "station = %(station)s AND (life, turn) <= (%(life)s, %(turn)s)"
        self._connection.execute(_DELETE.format(where), {**msgspec.structs.asdict(holder), "turn": turn})

    def release(self, store: str, doc_id: str, *, station: str = "") -> None:
        where = {"store": store, "doc_id": doc_id, "station": station}
        self._connection.execute(_DELETE.format(_OF_STATION), where)

    def confirm(self, rows: Sequence[CouponUse]) -> None:
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(
                    f"INSERT INTO coupon_use ({_USE}) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) "
                    "ON CONFLICT DO NOTHING",
                    [[row.code, row.store, row.doc_id, row.coupon, row.station, row.number, row.day, row.used_at,
                      row.given_back_at] for row in rows],
                )  # fmt: skip
        except (DataError, IntegrityError, ProgramLimitExceeded) as error:
            raise Unbookable(str(error).splitlines()[0]) from error

    def give_back(self, store: str, doc_ids: Collection[str], now: datetime.datetime) -> None:
        self._connection.execute(
            "UPDATE coupon_use SET given_back_at = %s WHERE store = %s AND doc_id = ANY(%s) AND given_back_at IS NULL",
            [now, store, sorted(doc_ids)],
        )

    def keep(self, store: str, doc_id: str, until: datetime.datetime, *, station: str = "") -> None:
        where = {"store": store, "doc_id": doc_id, "station": station, "until": until}
        self._connection.execute(_KEEP.format(_OF_STATION), where)

    def forget_ended(self, now: datetime.datetime, unheard_since: datetime.datetime) -> int:
        forgotten = self._connection.execute(_FORGET, [now]).rowcount
        self._connection.execute(_FORGET_TURNS, [unheard_since])
        return forgotten

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
