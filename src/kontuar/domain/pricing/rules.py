"""What a discount is: one record for every kind, as the hub defines it, stores it in documents and sends it.

`Rule` = identity, version, validity | source class | step | pool | conditions | pattern | target and pick | reward |
combination | spread | limits. All amounts are decimals in major units of the document's currency; percents are
percents. Every tuple that is empty asks nothing: no contractors named = everybody.
"""

import datetime
from decimal import Decimal
from typing import Literal

import msgspec

Source = Literal["KNT", "KNU", "PRM", "WTR", "BUNDLE", "OPERATOR"]
"""The class of a discount (DISC-01 … DISC-06); it decides where in the pipeline the rule stands."""
RewardKind = Literal["percent", "amount", "fixed_price", "purchase_surcharge"]
Pick = Literal["all", "cheapest", "dearest"]
Base = Literal["list", "running", "step_start"]
Given = Literal["document", "net", "gross"]
Measure = Literal["quantity", "value"]


class Selector(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Articles that meet every key given: one of the articles, one of the groups (or below), a list price between."""

    articles: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()
    price_from: Decimal | None = None
    price_to: Decimal | None = None


Goods = tuple[Selector, ...]
"""Any of the selectors; empty = all goods."""


class Buyers(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Contractors, or groups of contractors; both empty = everyone (DISC-08)."""

    contractors: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class Reward(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What is given. `per` tells what an amount or a fixed price counts for; percents leave it alone.

    `given` is the direction that an amount or a fixed price was written in. `purchase_surcharge` (a price made from
    the purchase price) is known, so that its refusal can name it (DISC-02).
    """

    kind: RewardKind
    value: Decimal
    per: Literal["unit", "set", "document"] = "unit"
    given: Given = "document"


class Tier(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """From `threshold` on (quantity in base units, or value) this reward holds (DISC-03)."""

    reward: Reward
    threshold: Decimal = Decimal(0)


class Gift(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """So many units of these goods are given, at `percent` off (100 = free)."""

    goods: Goods
    quantity: Decimal = Decimal(1)
    percent: Decimal = Decimal(100)


class Element(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One row of a promotion: for these buyers, on these goods, by thresholds (DISC-02, DISC-03, DISC-08).

    `counted` tells what reaches a threshold together: the units of one article, or all goods of the row.
    """

    tiers: tuple[Tier, ...]
    goods: Goods = ()
    buyers: Buyers = Buyers()
    by: Measure = "quantity"
    of: Literal["list", "running"] = "list"
    counted: Literal["article", "element"] = "article"


class ItemDeal(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="items"):
    """Percent, amount or fixed price on single lines; of the rows that fit a line the most specific one counts."""

    elements: tuple[Element, ...]


class SharedDeal(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="shared"):
    """One percent or amount on goods together, spread over their lines; thresholds by their value (DISC-04).

    `at_most` bounds what the percent gives, in the document's direction.
    """

    tiers: tuple[Tier, ...] = ()
    goods: Goods = ()
    of: Literal["list", "running"] = "running"
    at_most: Decimal | None = None
    gifts: tuple[Gift, ...] = ()


class GroupsDeal(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="full_groups"):
    """Units are laid out line by line and cut into groups of `size`; units in complete groups get `amount` off."""

    size: Decimal
    amount: Decimal
    goods: Goods = ()


class Slot(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A place in a bundle: so many base units of these goods, or goods worth so much.

    `takes` = *least*: just enough units, so that a further set may follow; *all*: everything that fits, once the
    threshold is reached. `pick` says which units fill it first.
    """

    goods: Goods = ()
    quantity: Decimal | None = None
    value: Decimal | None = None
    takes: Literal["least", "all"] = "least"
    pick: Literal["cheapest", "dearest"] = "dearest"


class Target(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which units of a set are rewarded: of these slots, matching these goods, and of those all or the k by price."""

    slots: tuple[int, ...] = ()
    goods: Goods = ()
    pick: Pick = "all"
    count: Decimal = Decimal(1)


class BundleDeal(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="bundle"):
    """A fixed bundle (a slot per article) or a flexible one (one slot over a set) with any reward (DISC-05).

    `spread_over_set`: the discount is spread in proportion over all units of the set, not only the rewarded ones.
    `goods`: only these take part at all, whatever the slots say. `slots_in_order`: each slot takes what it wants
    first, and gives nothing back to a later one that lacks it (*reserve what is bought, then what is given*).
    """

    slots: tuple[Slot, ...]
    reward: Reward | None = None
    target: Target = Target()
    gifts: tuple[Gift, ...] = ()
    spread_over_set: bool = False
    goods: Goods = ()
    slots_in_order: bool = False


Deal = ItemDeal | SharedDeal | GroupsDeal | BundleDeal


class ValueAtLeast(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="value_at_least"):
    """The goods are worth this much on the list, or after the earlier steps."""

    value: Decimal
    of: Literal["list", "running"] = "list"
    goods: Goods = ()


class LineQuantity(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="line_quantity"):
    """Some single line has at least this quantity."""

    quantity: Decimal
    goods: Goods = ()


class Contains(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="contains"):
    """The basket holds such goods, at least so many of them together."""

    goods: Goods
    quantity: Decimal | None = None


class CouponPresented(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="coupon"):
    """One of these coupons lies on the document (DISC-07); it gives nothing by itself."""

    coupons: tuple[str, ...]


class BuyerIsIn(msgspec.Struct, frozen=True, kw_only=True, gc=False, tag="buyer_is_in"):
    """The buyer belongs to one of these groups, default or not."""

    groups: tuple[str, ...]


Condition = ValueAtLeast | LineQuantity | Contains | CouponPresented | BuyerIsIn


class Hours(msgspec.Struct, frozen=True, gc=False):
    """From a minute of the day on, until before another; past midnight when the end is not later than the start."""

    start_minute: int
    end_minute: int


class Repeats(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Cyclic validity: from the first day of validity every so many days, weeks or months, each time `lasts_days`."""

    every: int
    unit: Literal["day", "week", "month"]
    lasts_days: int = 1


class Validity(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """When a rule holds (DISC-10); `weekdays` count from 1 = Monday."""

    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    hours: tuple[Hours, ...] = ()
    weekdays: tuple[int, ...] = ()
    repeats: Repeats | None = None


class Scope(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Where and for whom a rule holds (DISC-10). A centre covers everything below it."""

    centres: tuple[str, ...] = ()
    buyers: Buyers = Buyers()
    payment_forms: tuple[str, ...] = ()
    delivery_methods: tuple[str, ...] = ()
    warehouses: tuple[str, ...] = ()
    document_kinds: tuple[str, ...] = ()
    currency: str = ""


class Combination(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """How a rule meets the others: *list* adds, *running* multiplies, *step_start* ignores its own step (DISC-21).

    `base` None: item discounts add, discounts of the document are taken of what is left.
    `pool`: per unit at most one rule of the pool. `uses_up`: units it took are gone for others that name the same.
    `exclusive`: where it applies, it applies alone.
    """

    base: Base | None = None
    skip_following: bool = False
    exclusive: bool = False
    pool: str = ""
    uses_up: str = ""


class Limits(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Bounds per document: sets or gifts' sets, discounted base units, saving. `counted_by_hub`: the basket brings
    what a ledger outside still allows under the rule's id."""

    times: int | None = None
    quantity: Decimal | None = None
    saving: Decimal | None = None
    saving_given: Given = "document"
    counted_by_hub: bool = False


class Rule(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One discount in one version. `position` orders the rules of a step; `group` is the line of the summary."""

    id: str
    deal: Deal
    source: Source = "PRM"
    version: int = 1
    name: str = ""
    step: int = 1
    position: int = 0
    validity: Validity = Validity()
    scope: Scope = Scope()
    conditions: tuple[Condition, ...] = ()
    combination: Combination = Combination()
    limits: Limits = Limits()
    group: str = ""
    whole_or_nothing: bool = False
