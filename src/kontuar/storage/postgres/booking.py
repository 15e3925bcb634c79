"""Booking in PostgreSQL: set-wise writing of what was judged, with balances, confirmations and counters."""

import datetime
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
from psycopg import DataError, IntegrityError
from psycopg.errors import ProgramLimitExceeded

from kontuar.domain.documents.booking import Arrived, Facts, LastNumber, Reading, SeriesKey, Verdict
from kontuar.domain.documents.booking_checks import ShiftSums
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import (
    Cancelled,
    Fiscalised,
    Printed,
    ShiftClosed,
    ShiftOpened,
)
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.coupons import CouponLedger
from kontuar.operations.ports.hub_definitions import DefinitionStore
from kontuar.operations.ports.hub_documents import Decision, SealCheck, StreamPlace, Unbookable
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.storage.postgres.booking_facts import KnownNames, facts_for
from kontuar.storage.postgres.booking_invoices import note_invoices
from kontuar.storage.postgres.booking_parking import Parking
from kontuar.storage.postgres.booking_rows import (
    Counters,
    book_events,
    book_history,
    book_shifts,
    confirm,
    confirm_released,
    doc_id_from,
    place_of,
)
from kontuar.storage.postgres.booking_sums import sums_of_shift
from kontuar.storage.postgres.coupons import PostgresCouponLedger
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.forks import keep_forks


class BatchRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the database function gets of one message: its body as it came, and what the hub adds."""

    origin: str
    incarnation: str
    seq: int
    gid: int = 0
    series: str = ""
    period: str = ""
    ordinal: int = 0
    deviation: str = ""
    doc_id: str | None = None
    body: Any


_NEXT = """
SELECT m.store, m.origin, m.incarnation, m.seq, m.message_id, m.kind, m.payload, m.hash, m.flaw, m.signature, false,
       CASE WHEN v.state = 'parked' THEN v.problems ELSE '[]'::jsonb END, v.state <> 'parked'
FROM message m
LEFT JOIN verification_item v ON v.store = m.store AND v.message_hash = m.hash
WHERE m.store = %(store)s AND m.origin = %(origin)s AND m.incarnation = %(incarnation)s
  AND m.seq > (SELECT processed_seq FROM stream WHERE origin = %(origin)s AND incarnation = %(incarnation)s)
ORDER BY m.seq LIMIT %(most)s"""

_FORKS = """
SELECT f.store, f.origin, f.incarnation, f.seq, f.message_id, f.kind, f.payload, f.hash, f.flaw, f.signature, true,
       '[]'::jsonb, m.hash IS NOT NULL
FROM forked_message f
LEFT JOIN message m ON (m.store, m.origin, m.incarnation, m.seq, m.hash)
  = (f.store, f.origin, f.incarnation, f.seq, f.hash)
WHERE NOT f.processed ORDER BY f.store, f.origin, f.incarnation, f.seq LIMIT %s"""

_CERTIFIED_SINCE = """
SELECT DISTINCT v.store, v.origin, v.incarnation FROM verification_item v
JOIN node_certificate k ON k.node = v.origin AND k.incarnation = v.incarnation
WHERE v.state = 'parked' AND v.reason = %s AND NOT v.forked ORDER BY 1, 2, 3"""


class PostgresBookingDesk:
    """The `BookingDesk` of the hub. `seal` checks the signature of every message before it is booked.

    The counters of a store are one locked row: confirmations are gapless in the order of commits.
    """

    def __init__(self, database: HubDatabase, seal: SealCheck) -> None:
        self._database = database
        self._names = KnownNames(database)
        self._parking = Parking(database, seal)
        self.fault_of_seal: SealCheck = seal
        self.definitions: DefinitionStore = PostgresDefinitions(database)
        self.coupons: CouponLedger = PostgresCouponLedger(database)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """One inside another is a savepoint: it can fail alone."""
        with self._database.transaction():
            yield

    def streams_waiting(self) -> Sequence[StreamPlace]:
        with self._database.transaction():
            rows = self._database.connection.execute(
                "SELECT store, origin, incarnation FROM stream WHERE processed_seq < seq "
                "ORDER BY store, origin, incarnation"
            ).fetchall()
        return [StreamPlace(store=store, origin=origin, incarnation=life) for store, origin, life in rows]

    def lock(self, store: str) -> None:
        Counters.lock(self._database.connection, store)

    def next_messages(self, place: StreamPlace, most: int) -> Sequence[Arrived]:
        where = {"store": place.store, "origin": place.origin, "incarnation": place.incarnation, "most": most}
        rows = self._database.connection.execute(_NEXT, where, binary=True).fetchall()
        return [self._known(row) for row in rows]

    def _known(self, row: tuple[Any, ...]) -> Arrived:
        """A message that may have come before, as one of a forked log."""
        return msgspec.structs.replace(self._parking.arrived(row[:-1]), settled=bool(row[-1]))

    def new_forks(self, most: int) -> Sequence[Arrived]:
        connection = self._database.connection
        rows = connection.execute(_FORKS, [most], binary=True).fetchall()
        for row in rows:
            connection.execute(
                "UPDATE forked_message SET processed = true WHERE store = %s AND hash = %s", [row[0], row[7]]
            )
        return [self._known(row) for row in rows]

    def waiting_for(self, store: str, ids: Collection[str]) -> Sequence[Arrived]:
        return self._parking.waiting_for(store, ids) if ids else ()

    def certified_since(self, reason: str) -> Sequence[StreamPlace]:
        with self._database.transaction():
            rows = self._database.connection.execute(_CERTIFIED_SINCE, [reason]).fetchall()
        return [StreamPlace(store=store, origin=origin, incarnation=life) for store, origin, life in rows]

    def parked_for(self, place: StreamPlace, reason: str, most: int) -> Sequence[Arrived]:
        return self._parking.parked_for(place, reason, most)

    def parked(self, store: str, message_hash: bytes) -> Arrived:
        found = self._parking.one(store, message_hash)
        if found is None:
            raise refuse("verification.not_found")
        return found

    def facts(self, store: str, readings: Sequence[Reading]) -> Facts:
        return facts_for(self._database, self._names, store, readings)

    def book(
        self,
        store: str,
        verdicts: Sequence[Verdict],
        now: datetime.datetime,
        *,
        deviation: str = "",
        anew: bool = False,
    ) -> None:
        try:
            self._book(store, verdicts, now, deviation, anew)
        except (DataError, IntegrityError, ProgramLimitExceeded) as error:
            raise Unbookable(str(error).splitlines()[0]) from error

    def _book(
        self, store: str, verdicts: Sequence[Verdict], now: datetime.datetime, deviation: str, anew: bool
    ) -> None:
        connection = self._database.connection
        self._parking.release(store, [v.reading.arrived for v in verdicts if v.reading.arrived.earlier], now)
        counters = Counters.lock(connection, store)
        documents = [v for v in verdicts if isinstance(v.reading.body, Document)]
        cancelled = [v for v in verdicts if isinstance(v.reading.body, Cancelled)]
        later = [v for v in verdicts if isinstance(v.reading.body, Cancelled | Fiscalised | Printed)]
        shifts = [v for v in verdicts if isinstance(v.reading.body, ShiftOpened | ShiftClosed)]
        rest = [v for v in verdicts if v.reading.subject == ""]
        if documents:
            rows = _rows(documents, counters.gid, deviation, anew)
            connection.execute(
                "SELECT book_documents(%s, %s, %s, %s, %s::jsonb)",
                [store, now, counters.version, counters.stock_version + 1, encode(rows).decode()],
            )
            note_invoices(connection, store, [verdict.reading.body for verdict in documents])
        if cancelled:
            connection.execute(
                "SELECT book_moves(%s, %s, %s::jsonb)",
                [store, counters.stock_version + 1, encode(_rows(cancelled, 0, deviation, anew)).decode()],
            )
        if later:
            book_history(connection, store, later)
        for verdict in shifts:
            book_shifts(connection, store, verdict.reading)
        if rest:
            book_events(connection, store, rest)
        released = [v for v in verdicts if v.reading.arrived.earlier and not isinstance(v.reading.body, Document)]
        told = confirm_released(connection, store, counters.version + len(documents), released) if released else 0
        versions = len(documents) + told
        Counters.add(connection, store, versions=versions, gids=len(documents), stock=1)

    def park(self, store: str, verdicts: Sequence[Verdict], now: datetime.datetime) -> None:
        counters = Counters.lock(self._database.connection, store)
        self._parking.park(store, verdicts, now, counters.stock_version + 1)
        confirm(self._database.connection, store, counters.version, verdicts, "parked")
        Counters.add(self._database.connection, store, versions=len(verdicts), gids=0, stock=1)

    def remark(self, store: str, verdicts: Sequence[Verdict], now: datetime.datetime) -> None:
        self._parking.list_booked(store, verdicts, now)

    def move_series(self, store: str, series: Mapping[SeriesKey, LastNumber]) -> None:
        for (document_type, name, period), last in series.items():
            self._database.connection.execute(
                "INSERT INTO number_series VALUES (%s, %s, %s, %s, %s, %s, %s) "
                "ON CONFLICT (store, document_type, series, period) DO UPDATE "
                "SET last_ordinal = excluded.last_ordinal",
                [store, document_type, name, period, last.origin, last.incarnation, last.ordinal],
            )

    def advance(self, place: StreamPlace, seq: int) -> None:
        self._database.connection.execute(
            "UPDATE stream SET processed_seq = %s WHERE origin = %s AND incarnation = %s",
            [seq, place.origin, place.incarnation],
        )

    def note_witnessed(self, store: str, origin: str, incarnation: str, seq: int) -> None:
        self._database.connection.execute(
            "INSERT INTO witnessed_life AS w VALUES (%s, %s, %s, %s) ON CONFLICT (store, origin, incarnation) "
            "DO UPDATE SET seq = greatest(w.seq, excluded.seq)",
            [store, origin, incarnation, seq],
        )

    def keep_fork(self, store: str, stream: StreamId, message: SealedMessage, now: datetime.datetime) -> None:
        keep_forks(self._database.connection, store, stream, [message], now)

    def shift_sums(self, store: str, shift_id: str) -> ShiftSums:
        return sums_of_shift(self._database.connection, store, shift_id)

    def decide(self, store: str, message_hash: bytes, decision: Decision) -> None:
        self._parking.decide(store, message_hash, decision)

    def set_aside(self, store: str, verdict: Verdict, decision: Decision) -> None:
        connection = self._database.connection
        self._parking.release(store, [verdict.reading.arrived], decision.at)
        self._parking.decide(store, verdict.reading.arrived.hash, decision)
        counters = Counters.lock(connection, store)
        confirm(connection, store, counters.version, [verdict], "decided")
        Counters.add(connection, store, versions=1, gids=0, stock=1)


def _rows(verdicts: Sequence[Verdict], gid: int, deviation: str, anew: bool) -> list[BatchRow]:
    rows: list[BatchRow] = []
    for ordinal, verdict in enumerate(verdicts, start=1):
        reading = verdict.reading
        assert reading.message is not None
        number = verdict.number
        rows.append(
            BatchRow(
                **place_of(reading), gid=gid + ordinal,
                series=number.series if number else "", period=number.period if number else "",
                ordinal=number.ordinal if number else 0, deviation=deviation,
                doc_id=doc_id_from(reading) if _is_double(verdict) else None,
                body=reading.body if anew else reading.message.body,
            )
        )  # fmt: skip
    return rows


def _is_double(verdict: Verdict) -> bool:
    """Accepted although its document id stands for something else: it is booked under an id made of its hash."""
    return any(problem.code == "document.id_conflict" for problem in verdict.problems)
