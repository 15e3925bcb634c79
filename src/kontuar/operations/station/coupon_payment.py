"""Coupons from the opening of the payment to approval: reserved at head office, or taken unchecked where allowed.

Between `to_reserve` and `reserved` head office is asked; the way is the asker's (`web.coupons`) (COUP-03).
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
    """What opening the payment needs first: the answer to `question` (bytes of `ReserveCoupons`); empty = nothing."""

    question: bytes = b""


def to_reserve(station: Station, actor: Actor, doc_id: str) -> ToReserve:
    """Price the draft as its payment will see it, and ask for the coupons whose discounts it gives.

    Nothing is asked where none is used, where nobody can be reached (`approval` then says which of them may be taken
    unchecked), and once money is assigned to what is reserved already.
    """
    document = look_at(station, actor, doc_id)
    by_card = any(payment.kind == "card" for payment in document.payments)
    if not document.discounts.coupons or not takes_coupons(document) or by_card:
        return ToReserve()
    document = approval.ready_for_payment(station, actor, doc_id)
    used = [coupon for coupon in document.discounts.coupons if coupon.used]
    if not used:
        _let_go(station, document)
        return ToReserve()
    is_kept = coupon_marks.is_held(station, doc_id) and all(coupon.state == "reserved" for coupon in used)
    if station.connectivity() < Connectivity.ONLINE or (document.payments and is_kept):
        return ToReserve()
    question = ReserveCoupons(
        doc_id=doc_id, codes=tuple(sorted(coupon.code for coupon in used)),
        day=document.business_day or station.business_day(), turn=coupon_marks.hold(station, doc_id),
        by=actor.operator,
    )  # fmt: skip
    return ToReserve(question=encode(question))


def reserved(station: Station, actor: Actor, doc_id: str, answer: bytes) -> Document:
    """Head office keeps them: the draft says so. Raises `Refused("coupon.answer_unreadable")`."""
    kept = set(read_answer(answer).codes)
    document = look_at(station, actor, doc_id)
    coupons = tuple(
        msgspec.structs.replace(coupon, state="reserved") if coupon.code in kept else coupon
        for coupon in coupon_marks.unreserved(document).discounts.coupons
    )
    return station.save(with_coupons(document, coupons))


def declined(station: Station, actor: Actor, doc_id: str) -> None:
    """Head office said no: nothing is kept, the coupons stay on the draft for the operator to take off."""
    _let_go(station, look_at(station, actor, doc_id))


def _let_go(station: Station, document: Document) -> None:
    with station.books.transaction():
        free = coupon_marks.let_go(station, document)
        if free is not document:
            station.save(free)
