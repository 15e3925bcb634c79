"""What head office keeps for drafts of this station, remembered until the draft is approved or let go (COUP-03).

A mark is written before head office is asked to reserve. It says *hold* while the payment may be open. As soon as it
says *let go*, or its draft is gone without having been approved, head office is told to release, now or whenever it
can be reached: a crash or a cut line only makes that later.
"""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.kernel.canonical import encode
from kontuar.operations.ports.coupons import RELEASE, ReleaseCoupons
from kontuar.operations.station.parking import origin
from kontuar.operations.station.station import Station

_MARK: Final = "coupon_kept:"
_TURN: Final = "coupon_turn"


class CouponErrand(msgspec.Struct, frozen=True, kw_only=True):
    """A release that head office is to be told."""

    doc_id: str
    turn: int
    question: str
    body: bytes


def hold(station: Station, doc_id: str) -> int:
    """Head office is about to be asked to reserve for the draft; the number of this question."""
    return _mark(station, doc_id, "hold")


def is_held(station: Station, doc_id: str) -> bool:
    """Whether head office was asked to reserve for the draft, and was not to let go since."""
    return station.books.fact(_MARK + doc_id).endswith(" hold")


def let_go(station: Station, document: Document) -> Document:
    """Nothing is to be kept for the draft any more; its coupons count as verified only. Saves nothing."""
    if station.books.fact(_MARK + document.doc_id):
        _mark(station, document.doc_id, "let_go")
    return unreserved(document)


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
    """All releases that head office is to be told of. Marks of approved drafts end: booking does the rest."""
    errands = []
    for name, text in sorted(station.books.facts(_MARK).items()):
        doc_id = name.removeprefix(_MARK)
        turn, _, what = text.partition(" ")
        if station.books.drafts.load(doc_id) is not None and what == "hold":
            continue
        if station.books.documents.find(origin.approved_as(station, doc_id)) is not None:
            station.books.forget_fact(name)
            continue
        body = encode(ReleaseCoupons(doc_id=doc_id, turn=int(turn)))
        errands.append(CouponErrand(doc_id=doc_id, turn=int(turn), question=RELEASE, body=body))
    return errands


def released(station: Station, errand: CouponErrand) -> None:
    """Head office was told; what was reserved anew meanwhile stays."""
    name = _MARK + errand.doc_id
    if station.books.fact(name).partition(" ")[0] == str(errand.turn):
        station.books.forget_fact(name)


def _mark(station: Station, doc_id: str, what: Literal["hold", "let_go"]) -> int:
    books = station.books
    with books.transaction():
        turn = int(books.fact(_TURN) or 0) + 1
        books.set_fact(_TURN, str(turn))
        books.set_fact(_MARK + doc_id, f"{turn} {what}")
    return turn
