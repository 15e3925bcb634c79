"""What every source of baskets gives: baskets with exact amounts, the articles in them, and what was left out."""

import datetime
from collections import Counter
from collections.abc import Mapping
from decimal import Decimal

import msgspec

from kontuar.kernel.money import ZERO, Minor


class NoBaskets(Exception):
    """The source cannot be used; the message says why and what to do."""


class BasketLine(msgspec.Struct, frozen=True, kw_only=True):
    """One line of a basket, amounts in minor units.

    `shelf` = what the shelf price makes of it; `value` = what the line is worth on the receipt, after the
    card's discount. `coupon` and `match` = how much of the value coupons pay. `row` = place in the source,
    counted from 1. `price` = unit price as the source names it, when it does.
    """

    row: int
    article: str
    quantity: Decimal
    shelf: Minor
    value: Minor
    coupon: Minor = ZERO
    match: Minor = ZERO
    price: Decimal | None = None


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """One purchase. `at` in UTC, `day` = the business day at the store; `household` empty = unknown buyer."""

    code: str
    store: str
    at: datetime.datetime
    day: datetime.date
    lines: tuple[BasketLine, ...]
    household: str = ""

    @property
    def gross(self) -> Minor:
        """What the receipt comes to."""
        return Minor(sum(line.value for line in self.lines))

    @property
    def coupon(self) -> Minor:
        """What manufacturers' coupons pay."""
        return Minor(sum(line.coupon for line in self.lines))

    @property
    def match(self) -> Minor:
        """What the store adds to coupons."""
        return Minor(sum(line.match for line in self.lines))

    @property
    def cash(self) -> Minor:
        """What the customer pays."""
        return Minor(self.gross - self.coupon - self.match)


class SourceArticle(msgspec.Struct, frozen=True, kw_only=True):
    """An article as the source knows it; `groups` from the root down, `vat` a code of `Selection.vat`."""

    code: str
    name: str
    ean: str
    unit: str
    vat: str
    groups: tuple[str, ...]


class Exclusion(msgspec.Struct, frozen=True, kw_only=True):
    """A line that is not sold, and why; `article` empty = the whole basket."""

    basket: str
    row: int
    article: str
    reason: str


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Everything one replay sells. `units`: code → decimals. `vat`: code → percent (None = exempt)."""

    source: str
    currency: str
    time_zone: str
    stores: tuple[str, ...]
    baskets: tuple[Basket, ...]
    articles: Mapping[str, SourceArticle]
    units: Mapping[str, int]
    vat: Mapping[str, Decimal | None]
    exclusions: tuple[Exclusion, ...]
    rows_read: int

    def excluded_by_reason(self) -> Counter[str]:
        """How many lines (or whole baskets) were left out for each reason."""
        return Counter(exclusion.reason for exclusion in self.exclusions)
