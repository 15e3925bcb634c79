"""What is wrong with one definition of the catalogue by itself."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from kontuar.domain.catalogue.records import (
    Article,
    Batch,
    Picture,
    Price,
    Property,
    QuickFavourite,
    QuickGroup,
    Unit,
    VatRate,
)
from kontuar.kernel.codes import is_ean
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import PRICE_PLACES
from kontuar.kernel.rounding import half_up

LONGEST_CHOICE = 100
LONGEST_PICTURE: Final = 4 * 1024 * 1024
"""Of its base64 text, the longest cell that files of definitions take."""
PICTURE_TYPES: Final = ("image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml")
"""What tills show as a picture; a till hands a picture to its browser under this type."""


def choice_problems(choices: Sequence[str]) -> Iterable[Problem]:
    """Values offered to choose from: each once, none empty or too long."""
    for choice in dict.fromkeys(choices):
        if not choice.strip() or len(choice) > LONGEST_CHOICE:
            yield Problem("definition.bad_choice", "choices", {"value": choice[:40], "limit": str(LONGEST_CHOICE)})
        elif choices.count(choice) > 1:
            yield Problem("definition.choice_twice", "choices", {"value": choice})


def _article(article: Article) -> Iterable[Problem]:
    units = {article.unit, *(auxiliary.unit for auxiliary in article.units)}
    for code in article.eans:
        if code.unit not in units:
            yield Problem("article.ean_unit_unknown", "eans", {"ean": code.ean, "unit": code.unit})
        if not is_ean(code.ean):
            yield Problem("article.bad_ean", "eans", {"ean": code.ean})
    for auxiliary in article.units:
        if not auxiliary.factor.is_finite() or auxiliary.factor <= 0:
            yield Problem("article.bad_factor", "units", {"unit": auxiliary.unit})
        if [article.unit, *(other.unit for other in article.units)].count(auxiliary.unit) > 1:
            yield Problem("article.unit_twice", "units", {"unit": auxiliary.unit})
    for field in ("linked", "substitutes"):
        if article.code in getattr(article, field):
            yield Problem("article.names_itself", field, {"key": article.code})
    if article.packaging == article.code:
        yield Problem("article.names_itself", "packaging", {"key": article.code})


def _price(price: Price) -> Iterable[Problem]:
    if not price.price.is_finite() or price.price < 0 or price.price >= Decimal(10) ** 9:
        yield Problem("price.out_of_range", "price", {"value": str(price.price)})
    elif half_up(price.price, PRICE_PLACES) != price.price:
        yield Problem("price.too_precise", "price", {"value": str(price.price), "places": str(PRICE_PLACES)})


def _vat(rate: VatRate) -> Iterable[Problem]:
    if rate.percent is not None and not (rate.percent.is_finite() and 0 <= rate.percent <= 100):
        yield Problem("vat.out_of_range", "percent", {"value": str(rate.percent)})
    if rate.letter not in tuple("ABCDEFG"):
        yield Problem("vat.bad_letter", "letter", {"value": rate.letter[:5]})


def _unit(unit: Unit) -> Iterable[Problem]:
    if not 0 <= unit.precision <= 4:
        yield Problem("unit.bad_precision", "precision", {"value": str(unit.precision)})


def _property(row: Property) -> Iterable[Problem]:
    yield from choice_problems(row.choices)


def _batch(batch: Batch) -> Iterable[Problem]:
    for ean in dict.fromkeys(batch.eans):
        if not is_ean(ean):
            yield Problem("article.bad_ean", "eans", {"ean": ean[:40]})
        elif batch.eans.count(ean) > 1:
            yield Problem("article.ean_taken", "eans", {"value": ean, "kind": "batch", "key": batch.code})
    for code, value in batch.properties.items():
        if not value.strip() or len(value) > LONGEST_CHOICE:
            yield Problem("batch.bad_value", "properties", {"property": code[:64], "limit": str(LONGEST_CHOICE)})


def _picture(picture: Picture) -> Iterable[Problem]:
    if len(picture.data) > LONGEST_PICTURE:
        limit = LONGEST_PICTURE * 3 // 4 // 1024 // 1024
        yield Problem("picture.too_large", "data", {"limit_mib": str(limit)})
    if picture.media_type not in PICTURE_TYPES:
        yield Problem("picture.bad_type", "data", {"value": picture.media_type[:40]})


def _place(row: QuickGroup | QuickFavourite) -> Iterable[Problem]:
    if row.position < 0:
        yield Problem("definition.bad_position", "position", {"value": str(row.position)})


CATALOGUE_CHECKS: Final[Mapping[type, Callable[[Any], Iterable[Problem]]]] = {
    Article: _article,
    Price: _price,
    VatRate: _vat,
    Unit: _unit,
    Property: _property,
    Batch: _batch,
    Picture: _picture,
    QuickGroup: _place,
    QuickFavourite: _place,
}
