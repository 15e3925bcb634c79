"""Promotions of the neutral vocabulary of worked cases, as the engine's own rules."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal

from kontuar.domain.pricing.rules import (
    Base,
    BundleDeal,
    BuyerIsIn,
    Combination,
    Condition,
    Contains,
    CouponPresented,
    Deal,
    Element,
    Goods,
    GroupsDeal,
    ItemDeal,
    Limits,
    LineQuantity,
    Reward,
    RewardKind,
    Rule,
    SharedDeal,
    Slot,
    Target,
    Tier,
    ValueAtLeast,
)
from kontuar.tools.pricing_case_fields import (
    Json,
    UnreadableCase,
    a_list,
    a_percent,
    a_text,
    an_object,
    count,
    either,
    goods,
    money,
    needed,
    one_of,
    only,
    quantity,
)

KNOWN = {"id", "name", "description", "step", "base", "conflict", "when", "on", "effect", "cap_gross"}
BUY_GET = "buy_get"
FREE = Decimal(100)
BASES: tuple[Base, ...] = ("running", "list", "step_start")
VALUES_OF: tuple[Literal["list", "running"], ...] = ("list", "running")
PICKS: tuple[Literal["cheapest", "dearest"], ...] = ("cheapest", "dearest")


def rule_of(value: object, at: int, place: str) -> Rule:
    """One promotion; `at` keeps the order of the file among promotions of one step."""
    promotion = an_object(value, place)
    only(promotion, KNOWN, place)
    name = a_text(needed(promotion, "id", place), f"{place}.id")
    place = f"{place} ({name})"
    step = promotion.get("step", 1)
    if not isinstance(step, int) or isinstance(step, bool):
        raise UnreadableCase(f"{place}.step: a whole number is needed")
    base = one_of(promotion.get("base", "running"), BASES, f"{place}.base")
    effect = an_object(needed(promotion, "effect", place), f"{place}.effect")
    kind = one_of(needed(effect, "type", f"{place}.effect"), tuple(EFFECTS), f"{place}.effect.type")
    conditions = a_list(promotion.get("when") or (), f"{place}.when")
    times = effect.get("times", 1) if kind == BUY_GET else None
    cap = promotion.get("cap_gross")
    return Rule(
        id=name,
        deal=EFFECTS[kind](effect, goods(promotion.get("on"), f"{place}.on"), f"{place}.effect"),
        step=step,
        position=at,
        conditions=tuple(condition_of(one, f"{place}.when[{number}]") for number, one in enumerate(conditions)),
        combination=_combination(promotion.get("conflict", "stack"), base, kind, f"{place}.conflict"),
        limits=Limits(
            times=None if times is None else count(times, f"{place}.effect.times"),
            saving=None if cap is None else money(cap, f"{place}.cap_gross"),
            saving_given="gross",
        ),
    )


def _combination(conflict: object, base: Base, kind: str, place: str) -> Combination:
    uses_up = BUY_GET if kind == BUY_GET else ""
    word = a_text(conflict, place)
    if word in ("stack", "exclusive"):
        return Combination(base=base, exclusive=word == "exclusive", uses_up=uses_up)
    pool = word.removeprefix("compete:")
    if pool == word or not pool:
        raise UnreadableCase(f"{place}: {word!r} is none of stack, exclusive, compete:<pool>")
    return Combination(base=base, pool=pool, uses_up=uses_up)


def condition_of(value: object, place: str) -> Condition:
    """One condition of `when`."""
    fields = an_object(value, place)
    kind = one_of(needed(fields, "kind", place), tuple(CONDITIONS), f"{place}.kind")
    return CONDITIONS[kind](fields, place)


def _value_min(fields: Json, place: str) -> Condition:
    only(fields, {"kind", "value", "of", "on"}, place)
    of = one_of(fields.get("of", "list"), VALUES_OF, f"{place}.of")
    least = money(needed(fields, "value", place), f"{place}.value")
    return ValueAtLeast(value=least, of=of, goods=goods(fields.get("on"), f"{place}.on"))


def _line_qty_min(fields: Json, place: str) -> Condition:
    names = ("value", "qty", "quantity", "min")
    only(fields, {"kind", "on", *names}, place)
    least = quantity(either(fields, names, place), f"{place}.value")
    return LineQuantity(quantity=least, goods=goods(fields.get("on"), f"{place}.on"))


def _contains(fields: Json, place: str) -> Condition:
    keys = ("skus", "groups", "unit_price_between")
    only(fields, {"kind", "on", "selector", *keys}, place)
    named = [fields[key] for key in ("on", "selector") if key in fields]
    straight = {key: fields[key] for key in keys if key in fields}
    if len(named) + bool(straight) != 1:
        raise UnreadableCase(f"{place}: one selector is needed")
    return Contains(goods=goods(named[0] if named else straight, place))


def _coupon(fields: Json, place: str) -> Condition:
    names = ("code", "value", "coupon")
    only(fields, {"kind", *names}, place)
    return CouponPresented(coupons=(a_text(either(fields, names, place), place),))


def _customer_group(fields: Json, place: str) -> Condition:
    names = ("group", "value", "customer_group")
    only(fields, {"kind", *names}, place)
    return BuyerIsIn(groups=(a_text(either(fields, names, place), place),))


CONDITIONS: Mapping[str, Callable[[Json, str], Condition]] = {
    "basket_value_min": _value_min,
    "line_qty_min": _line_qty_min,
    "contains": _contains,
    "coupon": _coupon,
    "customer_group": _customer_group,
}


def _per_line(effect: Json, on: Goods, place: str, kind: RewardKind, amount: Decimal) -> Deal:
    only(effect, {"type", "value"}, place)
    return ItemDeal(elements=(Element(goods=on, tiers=(Tier(reward=Reward(kind=kind, value=amount)),)),))


def _percent(effect: Json, on: Goods, place: str) -> Deal:
    return _per_line(effect, on, place, "percent", a_percent(needed(effect, "value", place), f"{place}.value"))


def _amount_per_unit(effect: Json, on: Goods, place: str) -> Deal:
    return _per_line(effect, on, place, "amount", money(needed(effect, "value", place), f"{place}.value"))


def _amount_spread(effect: Json, on: Goods, place: str) -> Deal:
    only(effect, {"type", "value"}, place)
    reward = Reward(kind="amount", value=money(needed(effect, "value", place), f"{place}.value"), per="document")
    return SharedDeal(goods=on, tiers=(Tier(reward=reward),))


def _percent_spread(effect: Json, on: Goods, place: str) -> Deal:
    only(effect, {"type", "value", "cap"}, place)
    reward = Reward(kind="percent", value=a_percent(needed(effect, "value", place), f"{place}.value"), per="document")
    cap = None if effect.get("cap") is None else money(effect["cap"], f"{place}.cap")
    return SharedDeal(goods=on, tiers=(Tier(reward=reward),), at_most=cap)


def _full_groups(effect: Json, on: Goods, place: str) -> Deal:
    only(effect, {"type", "size", "value"}, place)
    size = count(needed(effect, "size", place), f"{place}.size")
    return GroupsDeal(size=Decimal(size), amount=money(needed(effect, "value", place), f"{place}.value"), goods=on)


def _slot(value: object, place: str, known: set[str]) -> tuple[Json, Slot]:
    fields = an_object(value, place)
    only(fields, {"on", "qty"} | known, place)
    taken = count(needed(fields, "qty", place), f"{place}.qty")
    return fields, Slot(goods=goods(fields.get("on"), f"{place}.on"), quantity=Decimal(taken))


def _buy_get(effect: Json, on: Goods, place: str) -> Deal:
    only(effect, {"type", "buy", "get", "percent", "times"}, place)
    _, bought = _slot(needed(effect, "buy", place), f"{place}.buy", set())
    fields, got = _slot(needed(effect, "get", place), f"{place}.get", {"pick"})
    pick = one_of(fields.get("pick", "cheapest"), PICKS, f"{place}.get.pick")
    percent = a_percent(effect.get("percent", FREE), f"{place}.percent")
    return BundleDeal(
        slots=(bought, Slot(goods=got.goods, quantity=got.quantity, pick=pick)),
        reward=Reward(kind="percent", value=percent),
        target=Target(slots=(1,)),
        goods=on,
        slots_in_order=True,
    )


def _bundle(effect: Json, on: Goods, place: str) -> Deal:
    only(effect, {"type", "take", "reward"}, place)
    takes = a_list(needed(effect, "take", place), f"{place}.take")
    if not takes:
        raise UnreadableCase(f"{place}.take: a bundle of nothing")
    slots = tuple(_slot(one, f"{place}.take[{at}]", set())[1] for at, one in enumerate(takes))
    reward, target = _bundle_reward(an_object(needed(effect, "reward", place), f"{place}.reward"), f"{place}.reward")
    return BundleDeal(slots=slots, reward=reward, target=target, goods=on)


def _bundle_reward(fields: Json, place: str) -> tuple[Reward, Target]:
    words = ("percent", "cheapest_percent", "set_price", "free")
    only(fields, set(words), place)
    value: Any = either(fields, words, place)
    if "set_price" in fields:
        return Reward(kind="fixed_price", value=money(value, f"{place}.set_price"), per="set"), Target()
    if "free" in fields:
        return Reward(kind="percent", value=FREE), Target(goods=goods(value, f"{place}.free"))
    target = Target(pick="cheapest") if "cheapest_percent" in fields else Target()
    return Reward(kind="percent", value=a_percent(value, place)), target


EFFECTS: Mapping[str, Callable[[Json, Goods, str], Deal]] = {
    "percent": _percent,
    "amount_per_unit": _amount_per_unit,
    "amount_spread": _amount_spread,
    "percent_spread": _percent_spread,
    "amount_in_full_groups": _full_groups,
    BUY_GET: _buy_get,
    "bundle": _bundle,
}
