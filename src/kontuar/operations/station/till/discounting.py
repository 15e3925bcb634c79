"""Discounts on a draft: reckoned anew after every change of what they depend on (DISC-20 … DISC-27, PARK-12)."""

import msgspec

from kontuar.domain.documents.discounting import Surroundings, basket_of, bundles_wanted, conventions, discounted
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.parameters import Parameters
from kontuar.domain.pricing.basket import Basket, Settings
from kontuar.domain.pricing.engine import price
from kontuar.operations.station.station import Station


def with_discounts(station: Station, document: Document) -> Document:
    """The document with every discount that holds; the lines' initial prices must be right already.

    An invoice that repeats a receipt keeps what the receipt gave; goods documents take none.
    """
    if type_of(document.type).lines != "priced" or document.repeats:
        return document
    basket = basket_on(station, document)
    settings = settings_for(station.parameters(), document)
    return discounted(document, price(basket, station.rules.book(document.currency), settings), basket.minute or 0)


def basket_on(station: Station, document: Document) -> Basket:
    """The document as the engine sees it here and now."""
    rules = station.rules
    around = Surroundings(
        minute=station.minute_of_day(), centres=rules.centres(station.store().centre),
        buyer_groups=rules.buyer_groups(document.buyer.code),
    )  # fmt: skip
    basket = basket_of(document, {line.article: rules.traits(line.article) for line in document.lines}, around)
    return msgspec.structs.replace(basket, day=document.business_day or station.business_day())


def settings_for(parameters: Parameters, document: Document) -> Settings:
    """The firm's conventions (parameters `discount.*`), in the document's direction and currency."""
    bundles = bundles_wanted(parameters, document)
    return conventions(parameters, document.direction, document.currency, bundles=bundles)
