"""What the form of a selling document shows beside its lines, and its fields kept at once (SALE-01, DOC-28, DOC-30)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.sale_checks import credit_left
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import Attribute, DeliveryMethod
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor
from kontuar.kernel.errors import Problem
from kontuar.operations.actor import Actor
from kontuar.operations.station import split_payment, till
from kontuar.operations.station.attributes import attributes_of
from kontuar.operations.station.delivery import delivery_methods, set_delivery_method
from kontuar.operations.station.payment_plan import set_planned_form
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import saying, what_was_said
from kontuar.operations.station.till.terms import INVOICE, RECEIPT, SALES

ATTRIBUTE: Final = "attribute:"
"""What stands before an attribute's code in the name of its field."""


class SaleTerms(msgspec.Struct, frozen=True, kw_only=True):
    """`other_type`: what the document may be changed to, empty where it may not. `credit`: what the buyer may still
    owe, in minor units; None = no limit. `split_payment`: whether the firm uses it at all (PAY-08). `deliveries`: the
    methods to choose from; `delivery`: the chosen one's name, its code where it is not defined here."""

    other_type: str = ""
    credit: int | None = None
    attributes: tuple[Attribute, ...] = ()
    split_payment: bool = False
    may_edit_contractors: bool = False
    deliveries: tuple[DeliveryMethod, ...] = ()
    delivery: str = ""


def terms_of(station: Station, actor: Actor, document: Document) -> SaleTerms:
    """What the form of this document offers to this operator."""
    other = {RECEIPT: INVOICE, INVOICE: RECEIPT}.get(document.type, "")
    may_change = bool(other) and not document.repeats and actor.may(type_of(other).issue_right, document.doc_id)
    return SaleTerms(
        other_type=other if may_change else "",
        credit=credit_of(station, document),
        attributes=attributes_of(station, document.type),
        split_payment=split_payment.is_used(station),
        may_edit_contractors=actor.may(rights.EDIT_CONTRACTORS),
        deliveries=() if document.repeats else delivery_methods(station, document.type),
        delivery=_delivery_name(station, document),
    )


def _delivery_name(station: Station, document: Document) -> str:
    found = station.books.definitions.get(DeliveryMethod, document.delivery_method)
    return found.name if found else document.delivery_method


def credit_of(station: Station, document: Document) -> int | None:
    """The buyer's limit less what this station knows that he owes; by parameter less this document too (DOC-28)."""
    if document.buyer.code == UNDEFINED:
        return None
    buyer = station.books.definitions.get(Contractor, document.buyer.code)
    if buyer is None or buyer.credit_limit is None:
        return None
    owed = station.books.documents.owed_by(buyer.code)
    with_document = station.parameters().yes("contractor.credit_limit_with_document") and not document.repeats
    return credit_left(buyer.credit_limit, owed, document.totals.gross, with_document=with_document)


def open_sale(station: Station, actor: Actor, document_type: str = "") -> Document:
    """The document of that type that was being made here, else a new one (DOC-34).

    Without a type: a receipt, or an invoice where the operator may issue only those (SALE-01).
    """
    wanted = document_type or _first_allowed(actor)
    actor.require(type_of(wanted).issue_right)
    found = next((row for row in station.books.drafts.every() if row.type == wanted and not row.repeats), None)
    if found is None:
        return till.begin(station, actor, wanted)
    if not found.lines and not found.payments and found.handler != actor.operator:
        return till.set_handler(station, actor, found.doc_id, actor.operator)
    return found


def set_fields(station: Station, actor: Actor, doc_id: str, fields: Mapping[str, str]) -> Document:
    """Handler, texts, attributes and the law's flags at once, all or none; a field that is not sent stays."""
    with station.books.transaction():
        document = till.look_at(station, actor, doc_id)
        said: list[Problem] = []
        for name, value in fields.items():
            changed = _set(station, actor, document, name, value)
            said += what_was_said(changed) if changed is not document else ()
            document = changed
        missing = [one for one in said if one not in document.discounts.problems]
        return station.save(saying(document, *missing)) if missing else document


def set_line_fields(station: Station, actor: Actor, doc_id: str, number: int, fields: Mapping[str, str]) -> Document:
    """Handler and attributes of a line at once."""
    with station.books.transaction():
        document = till.look_at(station, actor, doc_id)
        for name, value in fields.items():
            if name == "handler":
                document = till.set_line_handler(station, actor, doc_id, number, value)
            elif name.startswith(ATTRIBUTE):
                code = name.removeprefix(ATTRIBUTE)
                document = till.set_line_attribute(station, actor, doc_id, number, code, value)
    return document


def _set(station: Station, actor: Actor, document: Document, name: str, value: str) -> Document:
    doc_id = document.doc_id
    if name in till.TEXT_FIELDS:
        return till.set_text(station, actor, doc_id, name, value)
    if name.startswith(ATTRIBUTE):
        return till.set_attribute(station, actor, doc_id, name.removeprefix(ATTRIBUTE), value)
    if name == "handler" and value.strip() != document.handler:
        return till.set_handler(station, actor, doc_id, value)
    if name == "payment_form" and value != document.discounts.payment_form:
        return set_planned_form(station, actor, doc_id, value)
    if name == "delivery_method" and value != document.delivery_method:
        return set_delivery_method(station, actor, doc_id, value)
    if name == "tax_number" and value.strip() != document.buyer.tax_number:
        return till.set_tax_number(station, actor, doc_id, value)
    return _set_law(station, actor, document, name, value)


def _set_law(station: Station, actor: Actor, document: Document, name: str, value: str) -> Document:
    """The flags and the direction; asked for only where they change, so that their rules are not asked for nothing."""
    doc_id, on = document.doc_id, value == "yes"
    if name == "direction" and value and value != document.direction and not document.reverse_charge:
        return till.set_direction(station, actor, doc_id, value)
    if name == "reverse_charge" and on != document.reverse_charge:
        return till.set_reverse_charge(station, actor, doc_id, on=on)
    if name == "oss_country" and value.strip().upper() != document.oss_country:
        return till.set_oss(station, actor, doc_id, value)
    if name == "split_payment" and on != document.split_payment:
        return till.set_split_payment(station, actor, doc_id, on=on)
    return document


def _first_allowed(actor: Actor) -> str:
    return next((name for name in SALES if actor.may(type_of(name).issue_right)), RECEIPT)
