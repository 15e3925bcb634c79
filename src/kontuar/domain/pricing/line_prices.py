"""Which price a line starts from: the seam behind which discounts and bundles will work."""

from collections.abc import Callable
from decimal import Decimal

import msgspec

from kontuar.domain.catalogue.records import Article, Price, PriceList
from kontuar.domain.pricing.vat import Direction, other_price
from kontuar.kernel.errors import refuse
from kontuar.kernel.rounding import half_up

FindPrice = Callable[[str, str, str], Price | None]
"""(price list, article, unit) → the row that holds on the document's day."""


class UnitPrice(msgspec.Struct, frozen=True):
    """A price per unit in the document's direction and the key of the row that gave it."""

    price: Decimal
    row: str


def list_price(
    article: Article,
    unit: str,
    factor: Decimal,
    percent: Decimal | None,
    *,
    lists: tuple[PriceList, ...],
    find: FindPrice,
    direction: Direction,
) -> UnitPrice:
    """The price of one `unit`: the first list that has a row decides (contractor's list before the store's).

    A list without a row for an auxiliary unit prices it through the base unit.
    Raises `Refused("price.missing")`.
    """
    for price_list in lists:
        row = find(price_list.code, article.code, unit)
        if row is not None:
            return _in_direction(row.price, row, price_list, percent, direction)
        base = find(price_list.code, article.code, article.unit) if unit != article.unit else None
        if base is not None:
            return _in_direction(base.price / factor, base, price_list, percent, direction)
    raise refuse("price.missing", "article", name=article.name, article=article.code)


def row_key(row: Price) -> str:
    """The identity of a price row, as documents name it."""
    return f"{row.price_list}|{row.article}|{row.unit}|{row.valid_from}"


def _in_direction(
    price: Decimal, row: Price, price_list: PriceList, percent: Decimal | None, direction: Direction
) -> UnitPrice:
    if price_list.direction == direction:
        return UnitPrice(half_up(price, 4), row_key(row))
    return UnitPrice(other_price(price, percent, price_list.direction), row_key(row))
