"""What the tills are to do: per basket line a code, a quantity, what it must come to and by which discounts."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec

from kontuar.domain.catalogue.records import Price
from kontuar.kernel.money import ZERO, Minor, line_value
from kontuar.tools.replay.baskets import Basket, BasketLine, Selection
from kontuar.tools.replay.coupon_terms import (
    COUPON,
    MATCH,
    NOT_BY_DOUBLING,
    WORTH_MORE,
    HandedIn,
    handed_in,
)
from kontuar.tools.replay.price_rows import PriceBook, card_list, store_list
from kontuar.tools.replay.price_search import span_of

Class = Literal["list", "loyalty", "coupon", "typed"]

COUPON_FORM: Final = "coupon"
"""The payment form for a coupon that is worth more than its line."""
CASH_FORM: Final = "cash"

NO_UNIT_PRICE = "no unit price of four decimals gives the amount"
OTHER_DISCOUNT = "another discount than most buyers had that day"
OTHER_SHELF_PRICE = "another shelf price than most lines of that article, store and day"
DISCOUNT_WITHOUT_CARD = "a discount without a card"
SAME_IN_THE_END = "the amount, but off another shelf price than most lines of that article, store and day"
NOT_REPRODUCED: Final = frozenset({SAME_IN_THE_END, WORTH_MORE})
"""Why a line that nobody types is not priced as it was booked all the same: the data disagree with themselves."""


class Split(msgspec.Struct, frozen=True):
    """What took how much off a line, minor units above zero: the card, coupons, the store's doubling of them."""

    card: Minor = ZERO
    coupon: Minor = ZERO
    match: Minor = ZERO

    def __str__(self) -> str:
        return f"card {self.card}, coupon {self.coupon}, match {self.match}"


class LineToSell(msgspec.Struct, frozen=True, kw_only=True):
    """One line: `value` in minor units is exact; `why` tells why a typed line has to be typed, and which kind of
    coupon a line has. `split`: how the booked amounts divide what was taken off; `codes`: coupons to scan."""

    row: int
    article: str
    ean: str
    quantity: Decimal
    value: Minor
    kind: Class
    why: str = ""
    split: Split = Split()
    codes: tuple[str, ...] = ()
    paid_by_coupon: Minor = ZERO


class BasketToSell(msgspec.Struct, frozen=True, kw_only=True):
    """One receipt: the buyer's code (empty = walk-in), its lines and what each form pays, in minor units."""

    code: str
    store: str
    day: datetime.date
    buyer: str
    lines: tuple[LineToSell, ...]

    @property
    def reproduced(self) -> int:
        """How many lines the engine shall price exactly as they were booked."""
        return sum(line.kind != "typed" and line.why not in NOT_REPRODUCED for line in self.lines)

    @property
    def gross(self) -> Minor:
        """What the receipt comes to."""
        return Minor(sum(line.value for line in self.lines))

    @property
    def coupons(self) -> tuple[str, ...]:
        """The codes that the cashier scans."""
        return tuple(code for line in self.lines for code in line.codes)

    @property
    def payments(self) -> tuple[tuple[str, Minor], ...]:
        """What each form pays; nothing is paid for nothing."""
        coupon = sum(line.paid_by_coupon for line in self.lines)
        forms = ((COUPON_FORM, Minor(coupon)), (CASH_FORM, Minor(self.gross - coupon)))
        return tuple((form, amount) for form, amount in forms if amount)


def split_of(off: Mapping[str, Minor]) -> Split:
    """What rules took off, by their codes; what is none of the three counts as the card's, so that it is seen."""
    sums: Counter[str] = Counter()
    for rule, amount in off.items():
        sums[rule.partition("-")[0]] += amount
    coupon, match = sums.pop(COUPON, 0), sums.pop(MATCH, 0)
    return Split(Minor(sums.total()), Minor(coupon), Minor(match))


def to_sell(selection: Selection, rows: Iterable[Price]) -> tuple[BasketToSell, ...]:
    """Every basket with its lines classed against the prices, by arithmetic of its own beside the engine's.

    `list`: no discount, and price × quantity is the amount. `loyalty`: the same with a card discount. `coupon`: one of
    both, and coupons on it. `typed`: the prices and coupons give another amount; an authorised person types it.
    """
    book = PriceBook(rows)
    return tuple(_basket(basket, selection, book) for basket in selection.baskets)


def buyer_code(household: str) -> str:
    """The contractor of a household."""
    return f"H{household}" if household else ""


def class_counts(baskets: Iterable[BasketToSell]) -> Counter[str]:
    """Lines per class; typed lines per reason as `typed: reason`, coupon lines per kind as `coupon: kind`."""
    return Counter(f"{line.kind}: {line.why}" if line.why else line.kind for basket in baskets for line in basket.lines)


def _basket(basket: Basket, selection: Selection, book: PriceBook) -> BasketToSell:
    return BasketToSell(
        code=basket.code, store=basket.store, day=basket.day, buyer=buyer_code(basket.household),
        lines=tuple(_line(basket, line, selection, book) for line in basket.lines),
    )  # fmt: skip


def _line(basket: Basket, line: BasketLine, selection: Selection, book: PriceBook) -> LineToSell:
    article = selection.articles[line.article]
    shelf = book.on(basket.day, store_list(basket.store), line.article, article.unit)
    assert shelf is not None, "every article sold has a price on its day"
    card = book.on(basket.day, card_list(basket.store), line.article, article.unit) if basket.household else None
    price = min(shelf.price, card.price) if card is not None else shelf.price
    given = line_value(price, line.quantity, selection.currency)
    handed = handed_in(line)
    on_shelf = line_value(shelf.price, line.quantity, selection.currency)
    kind, why = _class(basket, line, given, on_shelf, selection.currency, handed)
    priced = kind != "typed"
    return LineToSell(
        row=line.row, article=line.article, ean=article.ean, quantity=line.quantity,
        value=Minor(line.value - line.match - line.coupon + handed.paid), kind=kind, why=why,
        split=_split(line, on_shelf, handed) if priced else Split(), codes=handed.codes if priced else (),
        paid_by_coupon=handed.paid,
    )  # fmt: skip


def _split(line: BasketLine, on_shelf: Minor, handed: HandedIn) -> Split:
    return Split(Minor(on_shelf - line.value), Minor(line.coupon - handed.paid), line.match)


def _class(
    basket: Basket, line: BasketLine, given: Minor, on_shelf: Minor, currency: str, handed: HandedIn
) -> tuple[Class, str]:
    if given == line.value:
        return _priced(line, on_shelf, handed)
    span = span_of(line.quantity, line.value, currency)
    if span.low > span.high:
        return "typed", NO_UNIT_PRICE
    if on_shelf != line.shelf:
        return "typed", OTHER_SHELF_PRICE
    return "typed", OTHER_DISCOUNT if basket.household else DISCOUNT_WITHOUT_CARD


def _priced(line: BasketLine, on_shelf: Minor, handed: HandedIn) -> tuple[Class, str]:
    """A line whose price, coupons left aside, is the list's or the card's."""
    if not handed.explained:
        return "typed", WORTH_MORE if handed.paid else NOT_BY_DOUBLING
    why = SAME_IN_THE_END if on_shelf != line.shelf else ""
    if handed.how:
        return "coupon", why or handed.how
    return ("list" if line.value == line.shelf else "loyalty"), why
