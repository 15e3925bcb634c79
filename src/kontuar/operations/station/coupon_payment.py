"""Coupons from the opening of the payment to approval: reserved at head office, or taken unchecked where allowed.

Between `to_reserve` and `reserved` or `not_reserved` head office is asked; the way is the asker's (`web.coupons`).
Whatever answer comes late, after its question was given up or overtaken, changes nothing (COUP-03).
"""

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.kernel.canonical import encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.actor import Actor
from kontuar.operations.ports.coupons import ReserveCoupons
from kontuar.operations.station import approval, coupon_marks
from kontuar.operations.station.coupons import read_answer, takes_coupons, with_coupons
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.drafts import look_at


class ToReserve(msgspec.Struct, frozen=True, kw_only=True):
    """What opening the payment needs first: the answer to `question` (bytes of `ReserveCoupons`); empty = nothing.

    `turn`: the number of the question, for its answer.
    """

    question: bytes = b""
    turn: int = 0


def to_reserve(station: Station, actor: Actor, doc_id: str) -> ToReserve:
    """Price the draft as its payment will see it, and ask for the coupons whose discounts it gives.

    Nothing is asked where none is used, where exactly those are kept already, where nobody can be reached (`approval`
    then says which of them may be taken unchecked), and once a card paid.
    """
    document = look_at(station, actor, doc_id)
    by_card = any(payment.kind == "card" for payment in document.payments)
    if not document.discounts.coupons or not takes_coupons(document) or by_card:
        return ToReserve()
    document = approval.ready_for_payment(station, actor, doc_id)
    used = {coupon.code for coupon in document.discounts.coupons if coupon.used}
    if not used:
        _let_go(station, document)
        return ToReserve()
    if station.connectivity() < Connectivity.ONLINE or used == coupon_marks.held(station, doc_id):
        return ToReserve()
    turn = coupon_marks.ask(station, doc_id, used)
    question = ReserveCoupons(
        doc_id=doc_id, codes=tuple(sorted(used)), day=document.business_day or station.business_day(), turn=turn,
        by=actor.operator,
    )  # fmt: skip
    return ToReserve(question=encode(question), turn=turn)


def reserved(station: Station, doc_id: str, turn: int, answer: bytes) -> None:
    """Head office keeps them: the draft says so. Raises `Refused("coupon.answer_unreadable")`."""
    told = read_answer(answer)
    with station.books.transaction():
        if not coupon_marks.hold(station, doc_id, turn, told.codes, told.until):
            return
        document = station.books.drafts.load(doc_id)
        if document is None:
            return
        coupons = tuple(
            msgspec.structs.replace(coupon, state="reserved") if coupon.code in told.codes else coupon
            for coupon in coupon_marks.unreserved(document).discounts.coupons
        )
        station.save(with_coupons(document, coupons))


def not_reserved(station: Station, doc_id: str, turn: int) -> None:
    """Head office said no to that question, or did not answer in time: whatever it may keep all the same is let go; the
    coupons stay on the draft for the operator to take off."""
    document = station.books.drafts.load(doc_id)
    if document is not None and coupon_marks.is_asking(station, doc_id, turn):
        _let_go(station, document)


def not_opened(station: Station, doc_id: str) -> None:
    """Opening the payment was refused after all: nothing is kept, unless money is on the draft already."""
    document = station.books.drafts.load(doc_id)
    if document is not None and not document.payments and not station.books.cards.unfinished(doc_id):
        _let_go(station, document)


def _let_go(station: Station, document: Document) -> None:
    with station.books.transaction():
        free = coupon_marks.let_go(station, document)
        if free is not document:
            station.save(free)
