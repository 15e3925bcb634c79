"""What the tills are to do: per basket line a code, a quantity, the amount it must come to, and how."""

import datetime
from collections import Counter
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from kontuar.domain.catalogue.records import Price
from kontuar.kernel.money import Minor, line_value
from kontuar.tools.replay.baskets import Basket, BasketLine, Selection
from kontuar.tools.replay.price_rows import PriceBook, card_list, store_list
from kontuar.tools.replay.price_search import span_of

Class = Literal["list", "loyalty", "typed"]

NO_UNIT_PRICE = "no unit price of four decimals gives the amount"
OTHER_DISCOUNT = "another discount than most buyers had that day"
OTHER_SHELF_PRICE = "another shelf price than most lines of that article, store and day"
DISCOUNT_WITHOUT_CARD = "a discount without a card"


class LineToSell(msgspec.Struct, frozen=True, kw_only=True):
    """One line: `value` in minor units is exact; `why` tells why a typed line has to be typed."""

    row: int
    article: str
    ean: str
    quantity: Decimal
    value: Minor
    kind: Class
    why: str = ""


class BasketToSell(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt: the buyer's code (empty = walk-in), its lines and what each form pays, in minor units."""

    code: str
    store: str
    day: datetime.date
    buyer: str
    lines: tuple[LineToSell, ...]
    payments: tuple[tuple[str, Minor], ...]

    @property
    def gross(self) -> Minor:
        """What the receipt comes to."""
        return Minor(sum(line.value for line in self.lines))


def to_sell(selection: Selection, rows: Iterable[Price]) -> tuple[BasketToSell, ...]:
    """Every basket with its lines classed against the price lists, by the product's own arithmetic.

    `list`: no discount, and price × quantity is the amount. `loyalty`: the same with a card discount.
    `typed`: the lists give another amount; an authorised person types it.
    """
    book = PriceBook(rows)
    return tuple(_basket(basket, selection, book) for basket in selection.baskets)


def buyer_code(household: str, store: str) -> str:
    """The contractor of a household in one store: its price list is that store's card list."""
    return f"H{household}@S{store}" if household else ""


def class_counts(baskets: Iterable[BasketToSell]) -> Counter[str]:
    """Lines per class; typed lines per reason as `typed: reason`."""
    return Counter(
        f"typed: {line.why}" if line.kind == "typed" else line.kind for basket in baskets for line in basket.lines
    )


def _basket(basket: Basket, selection: Selection, book: PriceBook) -> BasketToSell:
    amounts = (("coupon", basket.coupon), ("coupon_match", basket.match), ("cash", basket.cash))
    return BasketToSell(
        code=basket.code, store=basket.store, day=basket.day,
        buyer=buyer_code(basket.household, basket.store),
        lines=tuple(_line(basket, line, selection, book) for line in basket.lines),
        payments=tuple((form, amount) for form, amount in amounts if amount),
    )  # fmt: skip


def _line(basket: Basket, line: BasketLine, selection: Selection, book: PriceBook) -> LineToSell:
    article = selection.articles[line.article]
    shelf = book.on(basket.day, store_list(basket.store), line.article, article.unit)
    card = book.on(basket.day, card_list(basket.store), line.article, article.unit)
    row = card if card is not None and basket.household else shelf
    assert row is not None, "every article sold has a price on its day"
    given = line_value(row.price, line.quantity, selection.currency)
    kind, why = _class(basket, line, given, shelf, selection.currency)
    return LineToSell(
        row=line.row, article=line.article, ean=article.ean, quantity=line.quantity,
        value=line.value, kind=kind, why=why,
    )  # fmt: skip


def _class(basket: Basket, line: BasketLine, given: Minor, shelf: Price | None, currency: str) -> tuple[Class, str]:
    if given == line.value:
        return ("list" if line.value == line.shelf else "loyalty"), ""
    span = span_of(line.quantity, line.value, currency)
    if span.low > span.high:
        return "typed", NO_UNIT_PRICE
    if shelf is None or line_value(shelf.price, line.quantity, currency) != line.shelf:
        return "typed", OTHER_SHELF_PRICE
    return "typed", OTHER_DISCOUNT if basket.household else DISCOUNT_WITHOUT_CARD
