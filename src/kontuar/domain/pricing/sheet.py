"""A discount as people write it: flat fields for a form and for the columns of a file (docs/import.md)."""

import datetime
from decimal import Decimal
from typing import Final, Literal

import msgspec

from kontuar.domain.pricing.discount import State
from kontuar.domain.pricing.rules import Condition, Deal, Given, Limits, Pick

SheetKind = Literal["KNT", "KNU", "PRM", "WTR", "fixed_bundle", "flexible_bundle"]
Gives = Literal["percent", "amount", "fixed_price", "purchase_surcharge"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


class PromotionRow(msgspec.Struct, frozen=True, kw_only=True):
    """On this article or group (or all goods), for this buyer (or everybody), from a threshold on, so much."""

    article: str = ""
    article_group: str = ""
    contractor: str = ""
    contractor_group: str = ""
    threshold: Decimal = Decimal(0)
    gives: Gives = "percent"
    value: Decimal
    given: Given = "document"


class ThresholdRow(msgspec.Struct, frozen=True, kw_only=True):
    """From this value of the document on, so much."""

    threshold: Decimal = Decimal(0)
    gives: Gives = "amount"
    value: Decimal
    given: Given = "document"


class BundleRow(msgspec.Struct, frozen=True, kw_only=True):
    """A part of a bundle: an article or any of a group; `rewarded`: the reward goes to the parts marked so, else all.

    `quantity` counts for fixed bundles only: each part in this quantity.
    """

    article: str = ""
    article_group: str = ""
    quantity: Decimal = Decimal(1)
    rewarded: bool = False


class GiftRow(msgspec.Struct, frozen=True, kw_only=True):
    """So many units are given, at this percent off."""

    article: str = ""
    article_group: str = ""
    quantity: Decimal = Decimal(1)
    percent: Decimal = Decimal(100)


class Rest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the flat fields cannot say, as one JSON cell; it then stands for all of these."""

    deal: Deal
    conditions: tuple[Condition, ...] = ()
    limits: Limits = Limits()


class DiscountSheet(msgspec.Struct, frozen=True, kw_only=True):
    """The header of a discount, and what it gives by its `kind`; `rest` is JSON of `Rest` where fields do not do.

    `hours`: `08.00-12.30`. `value_from`: only where the goods are worth this much. `percent` for KNT;
    `rows` and `counted_by` for KNU and PRM; `thresholds` and `at_most` for WTR; `parts`, `gives`, `value`, `per`,
    `pick`, `count`, `spread_over_set` for bundles, and `quantity_from` or `goods_value_from` for flexible ones.
    """

    code: str
    name: str
    kind: SheetKind
    state: State = "draft"
    by_coupon: bool = False
    priority: int = 1
    position: int = 0
    discount_group: str = ""
    combine: Literal["", "list", "running", "step_start"] = ""
    skip_following: bool = False
    exclusive: bool = False
    whole_or_nothing: bool = False
    pool: str = ""
    uses_up: str = ""
    first_day: datetime.date | None = None
    last_day: datetime.date | None = None
    weekdays: tuple[Weekday, ...] = ()
    hours: tuple[str, ...] = ()
    every: int = 0
    every_unit: Literal["day", "week", "month"] = "week"
    lasts_days: int = 1
    centres: tuple[str, ...] = ()
    contractors: tuple[str, ...] = ()
    contractor_groups: tuple[str, ...] = ()
    warehouses: tuple[str, ...] = ()
    payment_forms: tuple[str, ...] = ()
    delivery_methods: tuple[str, ...] = ()
    document_types: tuple[str, ...] = ()
    currency: str = ""
    value_from: Decimal | None = None
    times: int | None = None
    most_quantity: Decimal | None = None
    most_saving: Decimal | None = None
    percent: Decimal | None = None
    counted_by: Literal["quantity", "value"] = "quantity"
    rows: tuple[PromotionRow, ...] = ()
    thresholds: tuple[ThresholdRow, ...] = ()
    at_most: Decimal | None = None
    parts: tuple[BundleRow, ...] = ()
    quantity_from: Decimal | None = None
    goods_value_from: Decimal | None = None
    takes: Literal["least", "all"] = "least"
    gives: Literal["", "percent", "amount", "fixed_price", "purchase_surcharge"] = ""
    value: Decimal | None = None
    per: Literal["unit", "set"] = "unit"
    pick: Pick = "all"
    count: Decimal = Decimal(1)
    spread_over_set: bool = False
    gifts: tuple[GiftRow, ...] = ()
    rest: str = ""
