"""What opens or closes a rule: its scope and days, and what is asked of the basket. Never which units are touched."""

from decimal import Decimal

from kontuar.domain.pricing.basket import Basket, Settings
from kontuar.domain.pricing.exact import Exact, minor, scaled_quantity
from kontuar.domain.pricing.goods import ReadyGoods
from kontuar.domain.pricing.lines import LineState
from kontuar.domain.pricing.rules import (
    BuyerIsIn,
    Buyers,
    Condition,
    Contains,
    CouponPresented,
    LineQuantity,
    Rule,
    ValueAtLeast,
)
from kontuar.domain.pricing.validity import holds_on


def is_in_scope(rule: Rule, basket: Basket, settings: Settings) -> bool:
    """Centre, warehouse, document, payment, delivery, buyer, day (DISC-10): what one kind of document always meets."""
    scope = rule.scope
    return (
        _named(scope.centres, basket.centres)
        and _one_of(scope.warehouses, basket.warehouse)
        and _one_of(scope.document_kinds, basket.document_kind)
        and _one_of(scope.payment_forms, basket.payment_form)
        and _one_of(scope.delivery_methods, basket.delivery_method)
        and (not scope.currency or scope.currency == basket.currency)
        and buyer_key(scope.buyers, basket, settings) is not None
        and holds_on(rule.validity, basket.day)
    )


def is_for_buyer(rule: Rule, basket: Basket, settings: Settings) -> bool:
    """Whether scope and conditions of the rule mean the document's buyer; rows of a promotion are asked apart."""
    asked = [condition.groups for condition in rule.conditions if isinstance(condition, BuyerIsIn)]
    return buyer_key(rule.scope.buyers, basket, settings) is not None and all(
        _is_in(groups, basket) for groups in asked
    )


def _is_in(groups: tuple[str, ...], basket: Basket) -> bool:
    """Whether the buyer belongs to one of the groups, default or not."""
    return any(group in groups for path in basket.buyer_groups for group in path)


def _one_of(named: tuple[str, ...], value: str) -> bool:
    return not named or value in named


def _named(named: tuple[str, ...], values: tuple[str, ...]) -> bool:
    return not named or any(value in named for value in values)


def buyer_key(buyers: Buyers, basket: Basket, settings: Settings) -> str | None:
    """What of the buyer is named: the contractor, a group, or everyone (""); None = the buyer is not meant.

    Only the default group counts, unless the parameter sums over all of them (DISC-08).
    """
    if not buyers.contractors and not buyers.groups:
        return ""
    if basket.buyer and basket.buyer in buyers.contractors:
        return f"contractor:{basket.buyer}"
    paths = basket.buyer_groups if settings.sum_buyer_groups else basket.buyer_groups[:1]
    for path in paths:
        for group in path:
            if group in buyers.groups:
                return f"group:{group}"
    return None


class ReadyCondition:
    """A condition with exact numbers."""

    __slots__ = ("condition", "goods", "least")

    def __init__(self, condition: Condition, exponent: int) -> None:
        self.condition = condition
        self.goods: ReadyGoods | None = None
        self.least: Exact = 0
        if isinstance(condition, ValueAtLeast | LineQuantity | Contains):
            self.goods = ReadyGoods(condition.goods)
        if isinstance(condition, ValueAtLeast):
            self.least = minor(condition.value, exponent)
        elif isinstance(condition, LineQuantity):
            self.least = scaled_quantity(condition.quantity)
        elif isinstance(condition, Contains):
            self.least = scaled_quantity(condition.quantity or Decimal(0))

    def holds(self, basket: Basket, lines: list[LineState], started: dict[int, int] | None) -> bool:
        """Whether the basket meets it. `started`: line values when the step began, by rank; None = as they are."""
        condition = self.condition
        if isinstance(condition, CouponPresented):
            return any(coupon in condition.coupons for coupon in basket.coupons)
        if isinstance(condition, BuyerIsIn):
            return _is_in(condition.groups, basket)
        assert self.goods is not None
        fitting = [line for line in lines if line.counts and self.goods.fits(line)]
        if isinstance(condition, ValueAtLeast):
            return _value(fitting, condition.of, started) >= self.least
        if isinstance(condition, LineQuantity):
            return any(line.q >= self.least for line in fitting)
        return bool(fitting) and sum(line.q for line in fitting) >= self.least


def _value(lines: list[LineState], of: str, started: dict[int, int] | None) -> int:
    if of == "list":
        return sum(line.listed for line in lines)
    if started is None:
        return sum(line.value for line in lines)
    return sum(started[line.rank] for line in lines)
