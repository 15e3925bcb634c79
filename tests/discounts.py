"""Short ways to say rules and baskets in tests of prices."""

from decimal import Decimal
from typing import Any

from kontuar.domain.pricing.basket import Basket, BasketLine, Priced
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Combination,
    Element,
    Goods,
    ItemDeal,
    Reward,
    RewardKind,
    Rule,
    Selector,
    SharedDeal,
    Slot,
    Target,
    Tier,
)


def line(number: int, article: str, price: str, quantity: str = "1", **more: Any) -> BasketLine:
    return BasketLine(
        number=number, article=article, unit_price=Decimal(price), quantity=Decimal(quantity),
        percent=Decimal(more.pop("vat", 23)), **more,
    )  # fmt: skip


def basket(*lines: BasketLine, **more: Any) -> Basket:
    return Basket(lines=lines, **more)


def article(*codes: str) -> Goods:
    return (Selector(articles=codes),)


def group(*codes: str) -> Goods:
    return (Selector(groups=codes),)


def reward(value: str, kind: RewardKind = "percent", **more: Any) -> Reward:
    return Reward(kind=kind, value=Decimal(value), **more)


def off(value: str, goods: Goods = (), kind: RewardKind = "percent", **more: Any) -> ItemDeal:
    """A promotion of one row."""
    return ItemDeal(elements=(Element(goods=goods, tiers=(Tier(reward=reward(value, kind)),), **more),))


def prm(name: str, value: str, goods: Goods = (), kind: RewardKind = "percent", **more: Any) -> Rule:
    combination = Combination(**more.pop("combination", {}))
    return Rule(id=name, deal=off(value, goods, kind), combination=combination, **more)


def document_amount(name: str, value: str, kind: RewardKind = "amount", **more: Any) -> Rule:
    deal = SharedDeal(tiers=(Tier(reward=reward(value, kind, per="document")),))
    return Rule(id=name, source="WTR", deal=deal, **more)


def cheapest_of(name: str, size: str, percent: str, goods: Goods, **more: Any) -> Rule:
    slots = (Slot(goods=goods, quantity=Decimal(size)),)
    deal = BundleDeal(slots=slots, reward=reward(percent), target=Target(pick="cheapest"))
    return Rule(id=name, source="BUNDLE", deal=deal, **more)


def values(priced: Priced) -> list[int]:
    return [line.value for line in priced.lines]
