"""What approval asks of the coupons on a draft, and what it says of them on the document (COUP-03)."""

from collections.abc import Iterator

import msgspec

from kontuar.domain.documents.document import Document, DocumentCoupon
from kontuar.domain.pricing.discount import Coupon, covers, unusable
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.station import coupon_marks
from kontuar.operations.station.station import Station


def require_coupons(station: Station, document: Document) -> None:
    """Every coupon that would be used up is reserved, or may be taken unchecked by what is known here.

    Raises `Refused("coupon.not_reserved" | "coupon.offline_not_allowed" | "coupon.inactive" | "coupon.ended" | …)`.
    Once a card paid the sale stands as it is: a use too many is then head office's to decide on.
    """
    if document.repeats or any(payment.kind == "card" for payment in document.payments):
        return
    problems = tuple(_not_ready(station, document))
    if problems:
        raise Refused(*problems)


def as_approved(station: Station, document: Document) -> Document:
    """The document whose coupons say how they were used: *reserved* at head office, or *offline*, unchecked.

    What head office keeps of them is booking's to end from now on; inside the approving transaction.
    """
    if document.repeats or not document.discounts.coupons:
        return document
    kept = coupon_marks.held(station, document.doc_id)
    coupons = tuple(_as_used(coupon, is_kept=coupon.code in kept) for coupon in document.discounts.coupons)
    used = {coupon.code for coupon in coupons if coupon.used}
    if used:
        coupon_marks.used_up(station, document.doc_id, used)
    return msgspec.structs.replace(document, discounts=msgspec.structs.replace(document.discounts, coupons=coupons))


def _not_ready(station: Station, document: Document) -> Iterator[Problem]:
    kept = coupon_marks.held(station, document.doc_id)
    for coupon in document.discounts.coupons:
        if coupon.used and coupon.code not in kept:
            problem = _why_not_unchecked(station, document, coupon)
            if problem is not None:
                yield problem


def _why_not_unchecked(station: Station, document: Document, coupon: DocumentCoupon) -> Problem | None:
    """None = the till may take it without head office: its definition says so, and holds on this day."""
    definition = station.books.definitions.get(Coupon, coupon.coupon)
    facts = {"coupon": coupon.code, "name": coupon.name}
    if definition is not None and not covers(definition, coupon.code):
        return Problem("coupon.unknown", "coupon", {"coupon": coupon.code})
    if definition is not None:
        problem = unusable(definition, coupon.code, document.business_day or station.business_day())
        if problem is not None or definition.offline:
            return problem
    away = station.connectivity() < Connectivity.ONLINE
    return Problem("coupon.offline_not_allowed" if away else "coupon.not_reserved", "coupon", facts)


def _as_used(coupon: DocumentCoupon, *, is_kept: bool) -> DocumentCoupon:
    if coupon.used:
        return msgspec.structs.replace(coupon, state="reserved" if is_kept else "offline")
    return msgspec.structs.replace(coupon, state="verified") if coupon.state == "reserved" else coupon
