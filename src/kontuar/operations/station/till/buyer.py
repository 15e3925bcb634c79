"""Who buys and who receives: chosen, changed, cleared (DOC-27)."""

from typing import Final

import msgspec

from kontuar.domain.documents.discounting import priced_for
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.sale_checks import CHECK_TAX_NUMBER, has_right_tax_number, may_split
from kontuar.domain.parties.records import UNDEFINED, Address, Contractor
from kontuar.domain.pricing.vat import Direction
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.drafts import buyer_of, direction_of, editable
from kontuar.operations.station.till.prices import reprice

MAIN_ADDRESS: Final = ""
LONGEST_CARD: Final = 64
MOST_OF_A_CARD: Final = 50
"""So many contractors are looked at whose words begin with a card's number."""


def set_buyer(
    station: Station, actor: Actor, doc_id: str, contractor: str, *, recalculate: bool | None = None
) -> Document:
    """Choose the contractor, or the walk-in customer. `recalculate`: whether prices follow; None = they do.

    Where the firm's parameter asks first, the screens ask `needs_question`; *no* leaves values as they are (DOC-27):
    price list and discounts stay those of the contractor before, for lines added later too, until somebody says *yes*.
    But never a VAT treatment that this buyer may not have: then the lines follow, from the list they had.
    """
    document = editable(station, actor, doc_id)
    found = contractor_of(station, contractor)
    price_list = found.price_list or station.store().price_list
    changed = msgspec.structs.replace(document, buyer=buyer_of(found), recipient=None)
    changed = _lawful(station, _priced_for(changed, priced_for(document) if recalculate is False else found.code))
    if document.repeats or (recalculate is False and _taxed_alike(document, changed)):
        return station.save(changed)
    if recalculate is not False:
        changed = msgspec.structs.replace(changed, price_list=price_list)
    return station.save(reprice(station, changed, was=document.direction))


def needs_question(station: Station, actor: Actor, doc_id: str, contractor: str) -> bool:
    """Whether another contractor would change what the lines cost, and the firm wants to be asked first (DOC-27)."""
    document = editable(station, actor, doc_id)
    if station.parameters().yes("sale.recalculate_silently") or not document.lines or document.repeats:
        return False
    found = contractor_of(station, contractor)
    price_list = found.price_list or station.store().price_list
    other = msgspec.structs.replace(document, buyer=buyer_of(found), price_list=price_list)
    other = _priced_for(other, found.code)
    try:
        return reprice(station, _lawful(station, other), was=document.direction).totals != document.totals
    except Refused:
        return True


def contractor_of(station: Station, code: str) -> Contractor:
    """An active contractor; raises `Refused("contractor.not_found")`."""
    found = station.books.definitions.get(Contractor, code)
    if found is None or not found.active:
        raise refuse("contractor.not_found", "contractor", contractor=code[:64])
    return found


def set_recipient(station: Station, actor: Actor, doc_id: str, contractor: str) -> Document:
    """Another contractor receives; empty = the buyer himself (DOC-27)."""
    document = editable(station, actor, doc_id)
    recipient = buyer_of(contractor_of(station, contractor)) if contractor else None
    if recipient is not None and recipient.code in (document.buyer.code, UNDEFINED):
        recipient = None
    return station.save(msgspec.structs.replace(document, recipient=recipient))


def choose_address(station: Station, actor: Actor, doc_id: str, address: str) -> Document:
    """One of the buyer's addresses by name; empty = the main one. Raises `Refused("contractor.address_not_found")`."""
    document = editable(station, actor, doc_id)
    found = contractor_of(station, document.buyer.code)
    for row in (main_address(found), *found.addresses):
        if row.name == address:
            buyer = msgspec.structs.replace(
                document.buyer, street=row.street, postal_code=row.postal_code, city=row.city, country=row.country
            )
            return station.save(msgspec.structs.replace(document, buyer=buyer))
    raise refuse("contractor.address_not_found", "address", name=address[:60])


def main_address(contractor: Contractor) -> Address:
    """The address on the contractor himself; it has no name."""
    return Address(
        name=MAIN_ADDRESS, street=contractor.street, postal_code=contractor.postal_code, city=contractor.city,
        country=contractor.country,
    )  # fmt: skip


def card_needs_question(station: Station, actor: Actor, doc_id: str, card: str) -> bool:
    """Whether the card's owner would change what the lines cost, and the firm wants to be asked first (DOC-27)."""
    owner = owner_of_card(station, card.strip()) if card.strip() else None
    return owner is not None and needs_question(station, actor, doc_id, owner.code)


def set_card(station: Station, actor: Actor, doc_id: str, card: str, *, recalculate: bool | None = None) -> Document:
    """A loyalty card: its owner becomes the buyer, or the number stands alone where nobody is known (DOC-27).

    `recalculate` as in `set_buyer`.
    """
    document = editable(station, actor, doc_id)
    card = card.strip()
    if not card or len(card) > LONGEST_CARD:
        raise refuse("contractor.card_unreadable", "card")
    owner = owner_of_card(station, card)
    if owner is not None and owner.code != document.buyer.code:
        document = set_buyer(station, actor, doc_id, owner.code, recalculate=recalculate)
    elif owner is None and document.buyer.code != UNDEFINED:
        raise refuse("contractor.card_unknown", "card", card=card)
    buyer = msgspec.structs.replace(document.buyer, loyalty_card=card)
    return station.save(msgspec.structs.replace(document, buyer=buyer))


def owner_of_card(station: Station, card: str) -> Contractor | None:
    """The active contractor who has that card."""
    for row in station.books.definitions.search(
        "contractor", card, parent="", inactive=False, after=("", ""), limit=MOST_OF_A_CARD
    ):
        found = station.books.definitions.get(Contractor, row.key)
        if found is not None and card in (found.loyalty_card, *found.cards):
            return found
    return None


def set_tax_number(station: Station, actor: Actor, doc_id: str, number: str) -> Document:
    """The buyer's tax number typed on the receipt: up to the limit it counts as an invoice (SALE-04); empty = none.

    Who is not known otherwise is from the firm's country. Raises `Refused("contractor.tax_number_wrong" |
    "contractor.tax_number_known")`.
    """
    document = editable(station, actor, doc_id)
    buyer = document.buyer
    if buyer.code != UNDEFINED and buyer.tax_number:
        raise refuse("contractor.tax_number_known", "contractor", name=buyer.name)
    country = station.firm().country if buyer.code == UNDEFINED else buyer.country
    buyer = msgspec.structs.replace(buyer, tax_number=number.strip(), country=country)
    checked = station.parameters().yes(CHECK_TAX_NUMBER)
    if checked and buyer.tax_number and not has_right_tax_number(buyer):
        raise refuse("contractor.tax_number_wrong", "tax_number", value=number[:20], country=buyer.country, name="")
    return station.save(msgspec.structs.replace(document, buyer=buyer))


def _priced_for(document: Document, contractor: str) -> Document:
    """The document with that contractor's discounts, whoever its buyer is."""
    kept = "" if contractor == document.buyer.code else contractor
    discounts = msgspec.structs.replace(document.discounts, priced_for=kept)
    return msgspec.structs.replace(document, discounts=discounts)


def _taxed_alike(one: Document, other: Document) -> bool:
    """Whether the lines of both bear the same VAT, counted the same way."""
    flags = ((row.direction, row.reverse_charge, row.oss_country) for row in (one, other))
    return next(flags) == next(flags)


def _lawful(station: Station, document: Document) -> Document:
    """The document's flags as they may stand with this buyer: those that need a business go where there is none."""
    reverse = document.reverse_charge and document.buyer.kind == "business"
    direction: Direction = document.direction
    if document.reverse_charge and not reverse:
        direction = direction_of(station, document.type)
    kept = msgspec.structs.replace(
        document, reverse_charge=reverse, direction=direction,
        oss_country="" if document.buyer.kind == "business" else document.oss_country,
    )  # fmt: skip
    return msgspec.structs.replace(kept, split_payment=kept.split_payment and may_split(kept))
