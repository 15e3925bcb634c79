"""What approval asks of the coupons on a draft, and what it says of them on the document (COUP-03)."""

from collections.abc import Iterator

import msgspec

from kontuar.domain.documents.document import Document, DocumentCoupon
from kontuar.domain.pricing.discount import Coupon
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.station import coupon_marks
from kontuar.operations.station.station import Station


def require_coupons(station: Station, document: Document) -> None:
    """Every coupon that would be used up is reserved, or may be taken unchecked.

    Raises `Refused("coupon.not_reserved" | "coupon.offline_not_allowed")`. Once a card paid the sale stands as it is:
    a use too many is then head office's to decide on.
    """
    if document.repeats or any(payment.kind == "card" for payment in document.payments):
        return
    problems = tuple(_not_ready(station, document))
    if problems:
        raise Refused(*problems)


def as_approved(station: Station, document: Document) -> Document:
    """The document whose coupons say how they were used: *reserved* at head office, or *offline*, unchecked."""
    if document.repeats or not document.discounts.coupons:
        return document
    kept = coupon_marks.is_held(station, document.doc_id)
    coupons = tuple(_as_used(coupon, kept=kept) for coupon in document.discounts.coupons)
    return msgspec.structs.replace(document, discounts=msgspec.structs.replace(document.discounts, coupons=coupons))


def _not_ready(station: Station, document: Document) -> Iterator[Problem]:
    kept = coupon_marks.is_held(station, document.doc_id)
    away = station.connectivity() < Connectivity.ONLINE
    for coupon in document.discounts.coupons:
        if not coupon.used or (kept and coupon.state == "reserved"):
            continue
        definition = station.books.definitions.get(Coupon, coupon.coupon)
        if definition is None or not definition.offline:
            code = "coupon.offline_not_allowed" if away else "coupon.not_reserved"
            yield Problem(code, "coupon", {"coupon": coupon.code, "name": coupon.name})


def _as_used(coupon: DocumentCoupon, *, kept: bool) -> DocumentCoupon:
    if coupon.used:
        return msgspec.structs.replace(coupon, state="reserved" if kept and coupon.state == "reserved" else "offline")
    return msgspec.structs.replace(coupon, state="verified") if coupon.state == "reserved" else coupon
