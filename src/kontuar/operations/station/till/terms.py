"""What a selling document is: receipt or invoice, its VAT direction and the law's flags (SALE-01, SALE-07, PAY-08)."""

from typing import Final, cast

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.sale_checks import EU_COUNTRIES, may_split
from kontuar.domain.documents.types import type_of
from kontuar.domain.pricing.vat import Direction
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station import split_payment
from kontuar.operations.station.sale_rules import require_free_direction
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.drafts import direction_of, lines_editable
from kontuar.operations.station.till.prices import reprice

RECEIPT: Final = "receipt"
INVOICE: Final = "invoice"
SALES: Final = (RECEIPT, INVOICE)


def change_type(station: Station, actor: Actor, doc_id: str, document_type: str) -> Document:
    """Make an invoice of a receipt being edited, or the other way; needs the right to issue both (SALE-01).

    Raises `Refused("document.type_fixed" | "right.missing" | "invoice.of_receipt_stays" | "payment.clear_first")`.
    """
    document = lines_editable(station, actor, doc_id)
    if document.type not in SALES or document_type not in SALES:
        raise refuse("document.type_fixed", "type", type=document_type[:40])
    actor.require(type_of(document_type).issue_right, doc_id)
    changed = msgspec.structs.replace(
        document, type=document_type, direction=direction_of(station, document_type), reverse_charge=False,
        oss_country="", split_payment=False,
    )  # fmt: skip
    return station.save(reprice(station, changed, was=document.direction))


def set_direction(station: Station, actor: Actor, doc_id: str, direction: str) -> Document:
    """Count VAT from net or from gross; prices follow. Under reverse charge it is net (SALE-07)."""
    document = _invoice(station, actor, doc_id)
    if direction not in ("net", "gross"):
        raise refuse("field.unknown", f"field:{direction[:40]}")
    if document.reverse_charge and direction != "net":
        raise refuse("invoice.reverse_charge_is_net", "direction")
    require_free_direction(station, document, direction)
    changed = msgspec.structs.replace(document, direction=cast("Direction", direction))
    return station.save(reprice(station, changed, was=document.direction))


def set_reverse_charge(station: Station, actor: Actor, doc_id: str, *, on: bool) -> Document:
    """Lines of articles marked so bear no VAT: the buyer, a business, accounts for it. Counted from net.

    Raises `Refused("invoice.reverse_charge_not_business" | "invoice.oss_and_reverse_charge")`.
    """
    document = _invoice(station, actor, doc_id)
    if on and document.buyer.kind != "business":
        raise refuse("invoice.reverse_charge_not_business", "contractor", name=document.buyer.name)
    if on and document.oss_country:
        raise refuse("invoice.oss_and_reverse_charge", "oss_country")
    direction = "net" if on else direction_of(station, document.type)
    changed = msgspec.structs.replace(document, reverse_charge=on, direction=direction)
    changed = reprice(station, changed, was=document.direction)
    if changed.split_payment and not may_split(changed):
        changed = msgspec.structs.replace(changed, split_payment=False)
    return station.save(changed)


def set_oss(station: Station, actor: Actor, doc_id: str, country: str) -> Document:
    """Sell at the rates of the consumer's EU country (OSS); empty = at home.

    Raises `Refused("invoice.oss_country_unknown" | "invoice.oss_not_consumer" | "invoice.oss_and_reverse_charge" |
    "vat.oss_missing")`.
    """
    document = _invoice(station, actor, doc_id)
    country = country.strip().upper()
    if country and (country not in EU_COUNTRIES or country == station.firm().country):
        raise refuse("invoice.oss_country_unknown", "oss_country", country=country[:20])
    if country and document.reverse_charge:
        raise refuse("invoice.oss_and_reverse_charge", "oss_country")
    if country and document.buyer.kind == "business":
        raise refuse("invoice.oss_not_consumer", "contractor", name=document.buyer.name, country=country)
    changed = msgspec.structs.replace(document, oss_country=country)
    return station.save(reprice(station, changed, was=document.direction))


def set_split_payment(station: Station, actor: Actor, doc_id: str, *, on: bool) -> Document:
    """Set or clear the flag by hand; what the law asks for is set again at payment (PAY-08).

    Raises `Refused("invoice.split_payment_off" | "invoice.split_payment_not_possible")`.
    """
    document = _invoice(station, actor, doc_id)
    if on and not split_payment.is_used(station):
        raise refuse("invoice.split_payment_off", "split_payment")
    if on and not may_split(document):
        raise refuse("invoice.split_payment_not_possible", "contractor", name=document.buyer.name)
    return station.save(msgspec.structs.replace(document, split_payment=on))


def _invoice(station: Station, actor: Actor, doc_id: str) -> Document:
    document = lines_editable(station, actor, doc_id)
    if document.type != INVOICE:
        raise refuse("document.type_fixed", "type", type=document.type)
    return document
