"""Discounts on a draft: reckoned anew after every change of what they depend on (DISC-20 … DISC-27, PARK-12)."""

from typing import Final

import msgspec

from kontuar.domain.documents.discounting import (
    Surroundings,
    basket_of,
    bundles_wanted,
    conventions,
    discounted,
    priced_for,
)
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.parameters import Parameters
from kontuar.domain.pricing.basket import Basket, Settings
from kontuar.domain.pricing.engine import price
from kontuar.kernel.errors import Problem
from kontuar.operations.station.station import Station

SAID_EACH_TIME: Final = frozenset({"discount.lowered", "discount.initial_price_raised", "discount.value_dropped"})
"""What happened, not what stands: the same again is new."""


def with_discounts(station: Station, document: Document) -> Document:
    """The document with every discount that holds, and its totals; the lines' initial prices must be right already.

    An invoice that repeats a receipt keeps what the receipt gave; goods documents take none.
    """
    if type_of(document.type).lines != "priced" or document.repeats:
        return with_totals(document)
    basket = basket_on(station, document)
    settings = settings_for(station.parameters(), document)
    return discounted(document, price(basket, station.rules.book(document.currency), settings), basket.minute or 0)


def basket_on(station: Station, document: Document) -> Basket:
    """The document as the engine sees it here and now."""
    rules, shop = station.rules, station.store()
    around = Surroundings(
        minute=station.minute_of_day(), centres=rules.centres(shop.centre),
        buyer_groups=rules.buyer_groups(priced_for(document), shop.contractor_group),
    )  # fmt: skip
    basket = basket_of(document, rules.traits_of(line.article for line in document.lines), around)
    return msgspec.structs.replace(basket, day=document.business_day or station.business_day())


def settings_for(parameters: Parameters, document: Document) -> Settings:
    """The firm's conventions (parameters `discount.*`), in the document's direction and currency."""
    bundles = bundles_wanted(parameters, document)
    return conventions(parameters, document.direction, document.currency, bundles=bundles)


def news(before: Document | None, after: Document) -> tuple[Problem, ...]:
    """What a change could not give as it was asked for, to be told once: what stood before is known."""
    if before is None:
        return ()
    known = without_said(before).discounts.problems
    return tuple(one for one in after.discounts.problems if one not in known)


def without_said(document: Document) -> Document:
    """The document as the next change begins with it: what happened was told, what stands still stands."""
    problems = document.discounts.problems
    standing = tuple(one for one in problems if one.code not in SAID_EACH_TIME)
    if standing == problems:
        return document
    return msgspec.structs.replace(document, discounts=msgspec.structs.replace(document.discounts, problems=standing))


def what_was_said(document: Document) -> tuple[Problem, ...]:
    """What the last change could not do as it was asked for."""
    return tuple(one for one in document.discounts.problems if one.code in SAID_EACH_TIME)


def saying(document: Document, *problems: Problem | None) -> Document:
    """The document that tells what a change could not do as it was asked for; the next change forgets it."""
    told = tuple(problem for problem in problems if problem is not None)
    if not told:
        return document
    said = msgspec.structs.replace(document.discounts, problems=(*document.discounts.problems, *told))
    return msgspec.structs.replace(document, discounts=said)
