"""What head office may be keeping for drafts of this till, remembered until the draft is approved or let go (COUP-03).

A mark is written before head office is asked to reserve (*asking*), and says *hold* once it said yes. Leaving the
payment, parking, an answer that did not come turn it into *let go*: head office is told to release, now or whenever it
can be reached. A draft that is gone without its coupons having been used up, and a question that nobody waits for any
more (the process was killed), are such errands too.

Turns order the questions of a station. They follow the clock, so that a new or restored database of the station goes
on above all turns of the one before.
"""

import datetime
from collections.abc import Collection, Sequence
from typing import Final, Literal

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.time import milliseconds
from kontuar.operations.ports.coupons import RELEASE, ReleaseCoupons
from kontuar.operations.station.station import Station

ANSWERED_BY: Final = datetime.timedelta(seconds=60)
"""Nobody waits longer for an answer: whoever asked is gone."""
_MARK: Final = "coupon_mark:"
_TURN: Final = "coupon_turn"


class _Mark(msgspec.Struct, frozen=True, kw_only=True):
    """`codes`: all that head office may keep; `at`: when it was asked, *hold*: until when it keeps them."""

    turn: int
    what: Literal["asking", "hold", "let_go"]
    codes: tuple[str, ...]
    at: datetime.datetime


class CouponErrand(msgspec.Struct, frozen=True, kw_only=True):
    """A release that head office is to be told."""

    doc_id: str
    turn: int
    question: str
    body: bytes


def ask(station: Station, doc_id: str, codes: Collection[str]) -> int:
    """Head office is about to be asked to reserve these for the draft; the number of this question."""
    return _write(station, doc_id, "asking", codes)


def hold(station: Station, doc_id: str, turn: int, codes: Collection[str], until: datetime.datetime | None) -> bool:
    """Head office said yes to that question; False when it was given up or overtaken meanwhile.

    It is believed no longer than the reservation surely lasts, whatever the two clocks say.
    """
    mark = _mark(station, doc_id)
    if mark is None or (mark.turn, mark.what) != (turn, "asking"):
        return False
    hours = station.parameters().whole("coupon.reservation_hours")
    ends = mark.at + datetime.timedelta(hours=hours)
    held = _Mark(turn=turn, what="hold", codes=tuple(sorted(codes)), at=min(ends, until or ends))
    station.books.set_fact(_MARK + doc_id, encode(held).decode())
    return True


def held(station: Station, doc_id: str) -> frozenset[str]:
    """The codes that head office keeps for the draft now."""
    mark = _mark(station, doc_id)
    if mark is None or mark.what != "hold" or station.clock.now() >= mark.at:
        return frozenset()
    return frozenset(mark.codes)


def is_asking(station: Station, doc_id: str, turn: int) -> bool:
    """Whether that question is the last one about the draft and has no answer yet."""
    mark = _mark(station, doc_id)
    return mark is not None and (mark.turn, mark.what) == (turn, "asking")


def let_go(station: Station, document: Document) -> Document:
    """Nothing is to be kept for the draft any more; its coupons count as verified only. Saves no draft."""
    mark = _mark(station, document.doc_id)
    if mark is not None and mark.what != "let_go":
        _write(station, document.doc_id, "let_go", ())
    return unreserved(document)


def used_up(station: Station, doc_id: str, codes: Collection[str]) -> None:
    """The draft is being approved with these coupons used: booking ends what is kept of them, so that no other till
    gets them before. What is kept beyond them is still to be released. Inside the approving transaction."""
    mark = _mark(station, doc_id)
    if mark is not None and set(mark.codes) <= set(codes):
        station.books.forget_fact(_MARK + doc_id)


def unreserved(document: Document) -> Document:
    """The document without any coupon that counts as reserved."""
    if not any(coupon.state == "reserved" for coupon in document.discounts.coupons):
        return document
    coupons = tuple(
        msgspec.structs.replace(coupon, state="verified") if coupon.state == "reserved" else coupon
        for coupon in document.discounts.coupons
    )
    return msgspec.structs.replace(document, discounts=msgspec.structs.replace(document.discounts, coupons=coupons))


def due(station: Station) -> Sequence[CouponErrand]:
    """All releases that head office is to be told of; a question that nobody waits for any more is given up first."""
    errands = []
    for name, text in sorted(station.books.facts(_MARK).items()):
        doc_id = name.removeprefix(_MARK)
        mark = decode(text.encode(), _Mark)
        turn = mark.turn
        if station.books.drafts.load(doc_id) is not None and mark.what != "let_go":
            if mark.what == "hold" or station.clock.now() < mark.at + ANSWERED_BY:
                continue
            turn = _write(station, doc_id, "let_go", ())
        body = encode(ReleaseCoupons(doc_id=doc_id, turn=turn))
        errands.append(CouponErrand(doc_id=doc_id, turn=turn, question=RELEASE, body=body))
    return errands


def released(station: Station, errand: CouponErrand) -> None:
    """Head office was told; what was asked for meanwhile stays."""
    mark = _mark(station, errand.doc_id)
    if mark is not None and mark.turn == errand.turn:
        station.books.forget_fact(_MARK + errand.doc_id)


def _write(station: Station, doc_id: str, what: Literal["asking", "let_go"], codes: Collection[str]) -> int:
    """What was asked for before may be kept until head office answers, or was told to release."""
    books, now = station.books, station.clock.now()
    with books.transaction():
        before = _mark(station, doc_id)
        turn = max(int(books.fact(_TURN) or 0) + 1, milliseconds(now))
        books.set_fact(_TURN, str(turn))
        kept = tuple(sorted({*codes, *(before.codes if before else ())}))
        books.set_fact(_MARK + doc_id, encode(_Mark(turn=turn, what=what, codes=kept, at=now)).decode())
    return turn


def _mark(station: Station, doc_id: str) -> _Mark | None:
    text = station.books.fact(_MARK + doc_id)
    return decode(text.encode(), _Mark) if text else None
