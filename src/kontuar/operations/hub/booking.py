"""Booking: messages that are durable at the hub become documents, moves and money, or are parked with a reason.

Apart from intake: *final* never waits for it. Called right after a push and by a timer; a crash in between loses
nothing, because a stream's `processed` position moves in the transaction that books.
"""

import datetime
from collections.abc import Sequence

import msgspec

from kontuar.domain.documents.booking import Arrived, Judge, Reading, Verdict, read
from kontuar.domain.documents.booking_checks import shift_differences
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import ShiftClosed, ShiftOpened, StreamOpened
from kontuar.kernel.errors import Problem
from kontuar.operations.hub.contractor_arrivals import take_contractors
from kontuar.operations.hub.coupons import confirm_uses, keep_for_parked
from kontuar.operations.hub.offers import take_offers
from kontuar.operations.ports.hub_documents import BookingDesk, StreamPlace, Unbookable

BATCH = 200
UNKNOWN_LIFE = "certificate.unknown"
MOST_MESSAGES = 10**12
"""Of one life; more is a figure that somebody made up."""


class Booked(msgspec.Struct, frozen=True, kw_only=True):
    """What a booking step did."""

    messages: int = 0
    parked: int = 0


def book_waiting(desk: BookingDesk, now: datetime.datetime, *, batches: int = 1000) -> Booked:
    """Book what waits, stream by stream in its order, in at most so many batches (REL-09)."""
    messages = parked = 0
    for place in desk.streams_waiting():
        done = book_stream(desk, place, now, batches=batches)
        messages, parked = messages + done.messages, parked + done.parked
    parked += park_forks(desk, now)
    return Booked(messages=messages, parked=parked)


def book_stream(desk: BookingDesk, place: StreamPlace, now: datetime.datetime, *, batches: int = 1000) -> Booked:
    """Book what waits of one stream, in its order."""
    messages = parked = 0
    for _ in range(batches):
        done = book_batch(desk, place, now)
        messages, parked = messages + done.messages, parked + done.parked
        if done.messages < BATCH:
            break
    return Booked(messages=messages, parked=parked)


def book_batch(desk: BookingDesk, place: StreamPlace, now: datetime.datetime) -> Booked:
    """The next messages of one stream, in one transaction: all of it happens or nothing does (REL-08)."""
    with desk.transaction():
        desk.lock(place.store)
        arrived = desk.next_messages(place, BATCH)
        if not arrived:
            return Booked()
        parked = settle(desk, place.store, [message for message in arrived if not message.settled], now)
        desk.advance(place, arrived[-1].seq)
        return Booked(messages=len(arrived), parked=parked)


def book_certified_since(desk: BookingDesk, now: datetime.datetime) -> int:
    """What waited only because the register had lost the certificate of its life, before anything that came after it;
    how many messages were judged anew (REL-09)."""
    return sum(_book_again(desk, place, now) for place in desk.certified_since(UNKNOWN_LIFE))


def _book_again(desk: BookingDesk, place: StreamPlace, now: datetime.datetime) -> int:
    judged = 0
    while True:
        with desk.transaction():
            desk.lock(place.store)
            arrived = desk.parked_for(place, UNKNOWN_LIFE, BATCH)
            known = [message for message in arrived if message.flaw != UNKNOWN_LIFE]
            if known:
                settle(desk, place.store, known, now)
        judged += len(known)
        if len(known) < BATCH:
            return judged


def park_forks(desk: BookingDesk, now: datetime.datetime) -> int:
    """Messages of forked logs are listed, each as a real sale that a person decides on (REL-05)."""
    with desk.transaction():
        arrived = [message for message in desk.new_forks(BATCH) if not message.settled]
        for message in arrived:
            desk.lock(message.store)
            reading = read(message)
            assert reading.problem is not None, "a forked message is never simply good"
            desk.park(message.store, [Verdict(reading=reading, problems=(reading.problem,))], now)
    return len(arrived)


def settle(desk: BookingDesk, store: str, arrived: Sequence[Arrived], now: datetime.datetime) -> int:
    """Judge, book or park, then the same for parked messages whose document or shift has just come."""
    parked = 0
    while arrived:
        readings = [read(message) for message in arrived]
        judge = Judge(desk.facts(store, readings))
        verdicts = take_contractors(desk, [judge.judge(reading) for reading in readings], now)
        verdicts = take_offers(desk, verdicts, now)
        _note_witnessed(desk, store, verdicts)
        good = [verdict for verdict in verdicts if not verdict.problems]
        bad = [verdict for verdict in verdicts if verdict.problems]
        good, refused = _book(desk, store, good, now)
        bad = [*bad, *refused]
        if bad:
            desk.park(store, bad, now)
            keep_for_parked(desk.coupons, store, bad, now)
        desk.move_series(store, judge.series)
        _list_remarks(desk, store, good, now)
        parked += len(bad)
        arrived = desk.waiting_for(store, _come(good))
    return parked


def _note_witnessed(desk: BookingDesk, store: str, verdicts: Sequence[Verdict]) -> None:
    """How far an earlier life is known to have come: what does not arrive of it is told as lost (REL-02)."""
    for verdict in verdicts:
        body, arrived = verdict.reading.body, verdict.reading.arrived
        if isinstance(body, StreamOpened) and body.witnessed is not None and not verdict.problems:
            incarnation, seq = body.witnessed
            if 0 < seq < MOST_MESSAGES:
                desk.note_witnessed(store, arrived.origin, incarnation, seq)


def _book(
    desk: BookingDesk, store: str, verdicts: Sequence[Verdict], now: datetime.datetime
) -> tuple[list[Verdict], list[Verdict]]:
    """Book set-wise; when the database refuses something, one by one: what was booked, and what could not be."""
    if not verdicts:
        return [], []
    try:
        return _book_together(desk, store, verdicts, now), []
    except Unbookable:
        done = [_book_alone(desk, store, verdict, now) for verdict in verdicts]
        return [one for one in done if not one.problems], [one for one in done if one.problems]


def _book_alone(desk: BookingDesk, store: str, verdict: Verdict, now: datetime.datetime) -> Verdict:
    try:
        return _book_together(desk, store, [verdict], now, anew=True)[0]
    except Unbookable as error:
        problem = Problem("message.unbookable", "", {"detail": str(error)[:200]})
        return msgspec.structs.replace(verdict, problems=(problem,))


def _book_together(
    desk: BookingDesk, store: str, verdicts: Sequence[Verdict], now: datetime.datetime, *, anew: bool = False
) -> list[Verdict]:
    """Documents with the coupons they use up, all or nothing; raises `Unbookable`."""
    with desk.transaction():
        desk.book(store, verdicts, now, anew=anew)
        return confirm_uses(desk.coupons, store, verdicts, now)


def _come(verdicts: Sequence[Verdict]) -> set[str]:
    """Documents and shifts that are known now."""
    return {verdict.reading.subject for verdict in verdicts if isinstance(verdict.reading.body, Document | ShiftOpened)}


def _list_remarks(desk: BookingDesk, store: str, verdicts: Sequence[Verdict], now: datetime.datetime) -> None:
    listed = [verdict for verdict in verdicts if verdict.remarks]
    for verdict in verdicts:
        found = _closing_remarks(desk, store, verdict.reading)
        if found:
            listed.append(msgspec.structs.replace(verdict, remarks=found))
    if listed:
        desk.remark(store, listed, now)


def _closing_remarks(desk: BookingDesk, store: str, reading: Reading) -> tuple[Problem, ...]:
    """Where a closing report and what arrived disagree (REL-06)."""
    if not isinstance(reading.body, ShiftClosed):
        return ()
    report = reading.body.report
    return shift_differences(report, desk.shift_sums(store, report.shift.shift_id))
