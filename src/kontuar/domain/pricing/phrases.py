"""Phrases: a code with facts, which a language turns into words; and the phrases for goods and buyers."""

import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal

import msgspec

from kontuar.domain.pricing.rules import Buyers, Goods, Selector


class Name(msgspec.Struct, frozen=True):
    """A row of the definitions, to be told by its name."""

    kind: str
    code: str


class Phrase(msgspec.Struct, frozen=True):
    """One thing said. Facts: numbers and days are written by language, tuples are listed, phrases are nested."""

    code: str
    facts: "Mapping[str, Fact]" = {}


Fact = str | Decimal | datetime.date | Name | Phrase | tuple[Name, ...] | tuple[Phrase, ...]


def goods_phrase(goods: Goods) -> Phrase:
    """All goods, or any of the kinds named."""
    named = tuple(_selector(selector) for selector in goods)
    if not named:
        return Phrase("says.all_goods")
    return named[0] if len(named) == 1 else Phrase("says.any_of", {"goods": named})


def buyers_phrase(buyers: Buyers) -> Phrase:
    """Everyone, or the contractors and groups named."""
    named = (
        *(Name("contractor", code) for code in buyers.contractors),
        *(Name("contractor_group", code) for code in buyers.groups),
    )
    return Phrase("says.buyers", {"names": named}) if named else Phrase("says.everyone")


def _selector(selector: Selector) -> Phrase:
    found = Phrase("says.all_goods")
    if selector.articles:
        found = Phrase("says.articles", {"names": tuple(Name("article", code) for code in selector.articles)})
    if selector.groups:
        groups = tuple(Name("article_group", code) for code in selector.groups)
        facts: dict[str, Fact] = {"names": groups, "goods": found}
        found = Phrase("says.articles_in_groups" if selector.articles else "says.groups", facts)
    for code, bound in _bounds(selector):
        found = Phrase(code, {"goods": found, "price": bound})
    return found


def _bounds(selector: Selector) -> Iterator[tuple[str, Decimal]]:
    if selector.price_from is not None:
        yield "says.priced_from", selector.price_from
    if selector.price_to is not None:
        yield "says.priced_to", selector.price_to
