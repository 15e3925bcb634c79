"""What is priced and what comes out: a basket with its settings, and lines with their ordered adjustments."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from kontuar.domain.pricing.rules import Goods
from kontuar.domain.pricing.vat import Direction
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import ZERO, Minor


class OperatorLimit(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The most that an operator may give on one document: a percent of it, an amount in major units (DISC-06)."""

    percent: Decimal | None = None
    amount: Decimal | None = None


class LineDiscount(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the operator gave on a line: a percent off, a unit price, or a value of the line (major units).

    `allowed_by` = who authorised it; `limit` = what `by`, or who allowed it, may give. `turn`: its place among all that
    operators gave on the document, from 1, as pricing writes it down; 0 = being given now, after all others.
    """

    kind: Literal["percent", "price", "value"]
    value: Decimal
    by: str = ""
    allowed_by: str = ""
    limit: OperatorLimit = OperatorLimit()
    turn: int = 0


class HeaderDiscount(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What the operator gave on the whole document: a percent, or an amount in major units; else as `LineDiscount`."""

    kind: Literal["percent", "amount"]
    value: Decimal
    by: str = ""
    allowed_by: str = ""
    limit: OperatorLimit = OperatorLimit()
    turn: int = 0


class Adjustment(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One change of one line (DISC-26): on what base, by how much, by which rule's version, and the value after.

    `amount` in minor units, negative = cheaper. `rate` = the percent, amount or price that the definition gave.
    `quantity` = base units it touched; `application` = position in `Priced.applications`, −1 for carried ones.
    """

    source: str
    kind: str
    rule: str
    version: int = 0
    base: Minor
    amount: Minor
    after: Minor = ZERO
    rate: Decimal | None = None
    quantity: Decimal = Decimal(0)
    application: int = -1
    by: str = ""
    allowed_by: str = ""


class BasketLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line to be priced. `quantity` and `unit_price` in the unit of sale and in the document's direction.

    `groups`: all groups of the article with their parents, nearest first. `percent` None = exempt from VAT.
    `least_price`: unit price that no discount may break. `carried`: rules leave the line as it came, with the
    adjustments in `frozen`. `in_bundles`, `only_bundles`: bundles, and nothing else,
    may take it. `gift_of`: the rule as whose gift the line was added.
    """

    number: int
    article: str
    quantity: Decimal
    unit_price: Decimal
    base_price: Decimal | None = None
    base_quantity: Decimal | None = None
    percent: Decimal | None = None
    groups: tuple[str, ...] = ()
    no_discount: bool = False
    least_price: Decimal = Decimal(0)
    carried: bool = False
    frozen: tuple[Adjustment, ...] = ()
    in_carried_bundle: bool = False
    in_bundles: bool = True
    only_bundles: bool = False
    discount: LineDiscount | None = None
    gift_of: str = ""


class Application(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One rule executed: so many times, saving so much after and before bounds.

    `consumed`: (line, base units) of bundles and gifts; of other rules the adjustments tell. `buyer`: to whom it was
    given, where the rule names buyers.
    """

    rule: str
    version: int
    name: str
    source: str
    group: str
    for_buyer: bool
    times: int
    amount: Minor
    wanted: Minor
    consumed: tuple[tuple[int, Decimal], ...] = ()
    coupons: tuple[str, ...] = ()
    header: bool = False
    by_operator: bool = False
    buyer: str = ""


class Basket(msgspec.Struct, frozen=True, kw_only=True):
    """The document as pricing sees it. `centres`: the store's centre and all above it.

    `buyer_groups`: a path for each of the buyer's groups, the default group first: the group, its parent, and so on.
    `coupons`: codes on the document. `allowed`: what ledgers outside still allow, by rule id. `brought`: the
    applications that gave carried lines what they bear.
    """

    lines: tuple[BasketLine, ...]
    day: datetime.date | None = None
    minute: int | None = None
    document_kind: str = ""
    centres: tuple[str, ...] = ()
    warehouse: str = ""
    buyer: str = ""
    buyer_groups: tuple[tuple[str, ...], ...] = ()
    payment_form: str = ""
    delivery_method: str = ""
    currency: str = ""
    coupons: tuple[str, ...] = ()
    header: HeaderDiscount | None = None
    allowed: Mapping[str, Decimal] = {}
    brought: tuple[Application, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Named conventions; the defaults are those of documents (design: round_at line_discount, vat_at rate_sum).

    `ties` = *article*: equal claims are settled by article, price and quantity, so the scan order does not matter;
    *line*: the earlier line. `work_limit` bounds the search for the best assignment, in counted steps.
    """

    direction: Direction = "gross"
    exponent: int = 2
    round_at: Literal["line_discount", "unit_price", "pool"] = "line_discount"
    vat_at: Literal["rate_sum", "line"] = "rate_sum"
    spread_weights: Literal["running", "running_gross"] = "running"
    choose: Literal["first_satisfied", "best_for_customer"] = "first_satisfied"
    ties: Literal["article", "line"] = "article"
    bundles: bool = True
    discounts_on_fixed_prices: bool = False
    header_on_bundles: bool = True
    header_on_gifts: bool = False
    sum_buyer_groups: bool = False
    frozen_in_thresholds: bool = True
    operator_percent_limit: Decimal | None = None
    operator_amount_limit: Decimal | None = None
    work_limit: int = 20_000


class PricedLine(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A line after pricing. `could`: bundles that concern the line and are not on it; `has`: bundles that are.

    `net`, `tax` and `gross` are the line's own only where VAT is reckoned per line (`vat_at`). `freed`: it was carried,
    and was reckoned anew because what it came with does not hold any more.
    """

    number: int
    list_value: Minor
    value: Minor
    adjustments: tuple[Adjustment, ...] = ()
    could: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    net: Minor = ZERO
    tax: Minor = ZERO
    gross: Minor = ZERO
    freed: bool = False


class UnusedGift(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Units that a rule would still give (DISC-05: the operator is reminded)."""

    rule: str
    goods: Goods
    quantity: Decimal


class Lost(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """An amount that fitted on no line: floors or the lines' own values stopped it."""

    rule: str
    amount: Minor


class Priced(msgspec.Struct, frozen=True, kw_only=True):
    """The priced basket. `lines` in the order given; `savings` per rule id in the document's direction.

    `proven`: the assignment of units is the best there is; `gap`: at most so much more could be saved.
    `problems`: operator's discounts that were lowered or could not be given, as words for the screen. `lowered`: what
    was granted instead, by line number, None = nothing; `header`: the header's discount as it was granted.
    """

    lines: tuple[PricedLine, ...]
    applications: tuple[Application, ...]
    list_value: Minor
    value: Minor
    net: Minor
    tax: Minor
    gross: Minor
    savings: Mapping[str, Minor]
    lost: tuple[Lost, ...] = ()
    unused_gifts: tuple[UnusedGift, ...] = ()
    problems: tuple[Problem, ...] = ()
    lowered: Mapping[int, LineDiscount | None] = {}
    header: HeaderDiscount | None = None
    coupons_used: tuple[str, ...] = ()
    proven: bool = True
    gap: Minor = ZERO
