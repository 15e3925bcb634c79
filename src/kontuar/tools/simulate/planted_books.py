"""Planted faults: numbers and books of a station, booking at the hub, parked documents."""

import itertools
from collections.abc import Iterable
from typing import Any

import msgspec

from kontuar.domain.documents import parking as parking_rules
from kontuar.kernel.canonical import CHAIN_START
from kontuar.operations.agent.parking_buffer import ParkingBuffer
from kontuar.operations.hub import booking
from kontuar.operations.station import own_documents
from kontuar.operations.station.leases import HeldLeases
from kontuar.operations.station.parking import origin
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.storage.sqlite.agent.parking import AgentParking
from kontuar.storage.sqlite.station.cash import SqliteCash
from kontuar.storage.sqlite.station.drafts import SqliteDrafts
from kontuar.storage.sqlite.station.parking import SqliteParking
from kontuar.storage.sqlite.station.stream import SqliteNumbers, SqliteStream
from kontuar.tools.simulate.planted import Change, Faults

fault = Faults()


# -- numbers, the station's books -------------------------------------------------------------------------------
@fault("numbers are counted in memory, and begin behind the last known at a start", "REL-05")
def numbers_in_memory() -> Iterable[Change]:
    real = SqliteNumbers.next_ordinal
    lost = itertools.count(1)

    def next_ordinal(self: Any, document_type: str, series: str, period: str) -> int:
        ordinal = real(self, document_type, series, period)
        return ordinal + 1 if not next(lost) % 30 else ordinal

    return [(SqliteNumbers, "next_ordinal", next_ordinal)]


@fault("a position is written without its predecessor's hash", "REL-14")
def broken_chain() -> Iterable[Change]:
    real, counter = SqliteStream._head, itertools.count(1)

    def head(self: Any) -> Any:
        seq, digest = real(self)
        return (seq, CHAIN_START) if not next(counter) % 200 else (seq, digest)

    return [(SqliteStream, "_head", head)]


@fault("cancelling does not take the money out of the drawer", "REL-06")
def cancelled_in_part() -> Iterable[Change]:
    real = own_documents.cancel

    def cancel(station: Any, actor: Any, doc_id: str, reason: str = "") -> Any:
        books = station.books
        before = books.cash.balances(station.register())
        stored = real(station, actor, doc_id, reason)
        with books.transaction():
            for (form, currency), amount in before.items():
                books.database.write(
                    "UPDATE cash_balance SET amount = ? WHERE form = ? AND currency = ?", (amount, form, currency)
                )
        return stored

    return [(own_documents, "cancel", cancel)]


@fault("a payment does not reach the drawer's balance", "REL-06")
def money_forgotten() -> Iterable[Change]:
    real, counter = SqliteCash.add_moves, itertools.count(1)

    def add_moves(self: Any, doc_id: str, moves: Any, shift_id: str) -> None:
        real(self, doc_id, () if not next(counter) % 25 else moves, shift_id)

    return [(SqliteCash, "add_moves", add_moves)]


@fault("an approved draft stays, and can be approved again", "REL-02")
def draft_stays() -> Iterable[Change]:
    real = SqliteDrafts.remove
    counter = itertools.count(1)

    def remove(self: Any, doc_id: str) -> None:
        if next(counter) % 10:
            real(self, doc_id)

    return [(SqliteDrafts, "remove", remove)]


# -- booking ----------------------------------------------------------------------------------------------------
@fault("the hub passes over a message", "REL-02")
def booking_passes_over() -> Iterable[Change]:
    real, counter = PostgresBookingDesk.next_messages, itertools.count(1)

    def next_messages(self: Any, place: Any, most: int) -> Any:
        found = list(real(self, place, most))
        return found[1:] if len(found) > 1 and not next(counter) % 7 else found

    return [(PostgresBookingDesk, "next_messages", next_messages)]


@fault("the hub moves its place before it has booked, in a transaction of its own", "REL-02")
def booked_before_done() -> Iterable[Change]:
    def book_batch(desk: Any, place: Any, now: Any) -> Any:
        with desk.transaction():
            desk.lock(place.store)
            arrived = desk.next_messages(place, booking.BATCH)
            if not arrived:
                return booking.Booked()
            desk.advance(place, arrived[-1].seq)
        counter["n"] += 1
        if not counter["n"] % 20:
            return booking.Booked(messages=len(arrived))
        with desk.transaction():
            desk.lock(place.store)
            parked = booking.settle(desk, place.store, arrived, now)
        return booking.Booked(messages=len(arrived), parked=parked)

    counter = {"n": 0}
    return [(booking, "book_batch", book_batch)]


@fault("a restored hub goes on with the epoch it had", "REL-18")
def no_new_epoch() -> Iterable[Change]:
    def begin_epoch(self: Any, store: str, epoch: str) -> None:
        """Nothing is told anew."""

    return [(PostgresStreamLog, "begin_epoch", begin_epoch)]


# -- parked documents -------------------------------------------------------------------------------------------
@fault("a stale fencing token is as good as a new one", "REL-11")
def token_ignored() -> Iterable[Change]:
    def holding(parked: Any, token: int, asker: str) -> None:
        """Everybody holds it."""

    return [(parking_rules, "holding", holding), (parking_rules, "saving", lambda *_, **__: "next")]


@fault("a taken-over document keeps its identity for everybody", "REL-11")
def contested_ignored() -> Iterable[Change]:
    real = origin.with_origin

    def with_origin(station: Any, document: Any) -> Any:
        held = station.books.parking.find(document.doc_id)
        if held is not None and held.row.contested:
            station.books.parking.keep(
                msgspec.structs.replace(held, row=msgspec.structs.replace(held.row, contested=False))
            )
        return real(station, document)

    return [(origin, "with_origin", with_origin)]


@fault("a lease never ends for who holds it", "REL-11")
def lease_for_ever() -> Iterable[Change]:
    def live(self: Any, doc_id: str) -> int:
        lease = self._held.get(doc_id)
        return lease.token if lease is not None else 0

    return [(HeldLeases, "live", live)]


@fault("what left the buffer is not remembered: an old copy brings it back", "REL-18")
def tombstone_lost() -> Iterable[Change]:
    def gone(self: Any, doc_id: str) -> None:  # noqa: ARG001
        return None

    return [(AgentParking, "gone", gone)]


@fault("an approved document stays in the buffer", "REL-02")
def buffer_keeps_approved() -> Iterable[Change]:
    real, counter = ParkingBuffer.ended, itertools.count(1)

    def ended(self: Any, doc_id: str, **more: Any) -> None:
        if next(counter) % 3:
            real(self, doc_id, **more)

    return [(ParkingBuffer, "ended", ended)]


@fault("a till passes over news of the list of parked documents", "REL-18")
def list_passed_over() -> Iterable[Change]:
    real, counter = SqliteParking.take_news, itertools.count(1)

    def take(self: Any, news: Any) -> None:
        skip = news.put and not news.full and not next(counter) % 6
        real(self, msgspec.structs.replace(news, put=()) if skip else news)

    return [(SqliteParking, "take_news", take)]
