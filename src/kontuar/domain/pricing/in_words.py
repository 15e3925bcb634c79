"""What a discount says, as the engine will read it: phrases with facts, put into a language elsewhere (DISC-40)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Final

from kontuar.domain.pricing.discount import Discount, is_in_force
from kontuar.domain.pricing.in_words_scope import scope_says, validity_says
from kontuar.domain.pricing.phrases import Fact, Name, Phrase, buyers_phrase, goods_phrase
from kontuar.domain.pricing.rules import (
    BundleDeal,
    BuyerIsIn,
    Condition,
    Contains,
    CouponPresented,
    Gift,
    Given,
    GroupsDeal,
    ItemDeal,
    LineQuantity,
    Measure,
    Reward,
    SharedDeal,
    Slot,
    Target,
    Tier,
)

_WHOLE: Final = Decimal(100)
_COMBINED: Final = {"list": "says.adds", "running": "says.multiplies", "step_start": "says.ignores_its_step"}
_HEADS: Final = {
    "KNT": "says.knt", "KNU": "says.knu", "PRM": "says.prm", "WTR": "says.wtr", "BUNDLE": "says.bundle",
}  # fmt: skip
_STATES: Final = {"draft": "says.draft", "confirmed": "says.confirmed", "withdrawn": "says.withdrawn"}
_AMOUNTS: Final = {"unit": "says.amount_unit", "set": "says.amount_set", "document": "says.amount_document"}


def says(discount: Discount) -> list[Phrase]:
    """The discount as sentences: what it is, what it gives, when, where, for whom, how it meets others."""
    return [
        Phrase(_HEADS[discount.source]),
        *_deal(discount),
        *(_condition(condition) for condition in discount.conditions),
        *([Phrase("says.by_coupon")] if discount.by_coupon else []),
        *validity_says(discount.validity),
        *scope_says(discount.scope),
        *_order(discount),
        *_limits(discount),
        Phrase("says.draft_holds" if discount.state == "draft" and is_in_force(discount) else _STATES[discount.state]),
    ]


def _deal(discount: Discount) -> Iterator[Phrase]:
    deal = discount.deal
    if isinstance(deal, ItemDeal):
        for element in deal.elements:
            facts: dict[str, Fact] = {
                "goods": goods_phrase(element.goods), "buyers": buyers_phrase(element.buyers),
                "gives": _tiers(element.tiers, element.by),
            }  # fmt: skip
            yield Phrase("says.row", facts)
            if element.counted == "element" and any(tier.threshold for tier in element.tiers):
                yield Phrase("says.counted_together")
    elif isinstance(deal, SharedDeal):
        if deal.tiers:
            yield Phrase("says.shared", {"goods": goods_phrase(deal.goods), "gives": _tiers(deal.tiers, "value")})
        if deal.at_most is not None:
            yield Phrase("says.at_most", {"amount": deal.at_most})
        yield from (_gift(gift) for gift in deal.gifts)
    elif isinstance(deal, GroupsDeal):
        facts = {"size": deal.size, "goods": goods_phrase(deal.goods), "amount": deal.amount}
        yield Phrase("says.full_groups", facts)
    else:
        yield from _bundle(deal)


def _bundle(deal: BundleDeal) -> Iterator[Phrase]:
    yield Phrase("says.parts", {"parts": tuple(_slot(slot) for slot in deal.slots)})
    if any(slot.takes == "all" for slot in deal.slots):
        yield Phrase("says.takes_all")
    if deal.goods:
        yield Phrase("says.only_goods", {"goods": goods_phrase(deal.goods)})
    if deal.reward is not None:
        yield Phrase("says.reward", {"gives": _gives(deal.reward), "target": _target(deal, deal.target)})
    if deal.spread_over_set:
        yield Phrase("says.spread")
    if deal.slots_in_order:
        yield Phrase("says.slots_in_order")
    yield from (_gift(gift) for gift in deal.gifts)


def _slot(slot: Slot) -> Phrase:
    if slot.quantity is not None:
        return Phrase("says.part", {"quantity": slot.quantity, "goods": goods_phrase(slot.goods)})
    return Phrase("says.part_worth", {"value": slot.value or Decimal(0), "goods": goods_phrase(slot.goods)})


def _target(deal: BundleDeal, target: Target) -> Phrase:
    slots = tuple(_slot(deal.slots[at]) for at in target.slots if 0 <= at < len(deal.slots))
    among: Fact = slots or (goods_phrase(target.goods) if target.goods else Phrase("says.the_set"))
    if target.pick == "all":
        return Phrase("says.all_of", {"among": among})
    code = "says.cheapest_of" if target.pick == "cheapest" else "says.dearest_of"
    return Phrase(code, {"count": target.count, "among": among})


def _tiers(tiers: tuple[Tier, ...], by: Measure) -> tuple[Phrase, ...]:
    found = []
    for tier in sorted(tiers, key=lambda one: one.threshold):
        gives = _gives(tier.reward)
        code = "says.from_quantity" if by == "quantity" else "says.from_value"
        found.append(Phrase(code, {"threshold": tier.threshold, "gives": gives}) if tier.threshold else gives)
    return tuple(found)


def _gives(reward: Reward) -> Phrase:
    facts: dict[str, Fact] = {"amount": reward.value, "given": _given(reward.given)}
    if reward.kind == "percent":
        return Phrase("says.percent", {"percent": reward.value})
    if reward.kind == "amount":
        return Phrase(_AMOUNTS[reward.per], facts)
    if reward.kind == "purchase_surcharge":
        return Phrase("says.surcharge", {"percent": reward.value})
    return Phrase("says.price_set" if reward.per == "set" else "says.price_unit", facts)


def _given(given: Given) -> Fact:
    """Only where it is not the document's own direction that counts."""
    if given == "document":
        return ""
    return Phrase("says.net") if given == "net" else Phrase("says.gross")


def _gift(gift: Gift) -> Phrase:
    facts: dict[str, Fact] = {"quantity": gift.quantity, "goods": goods_phrase(gift.goods), "percent": gift.percent}
    return Phrase("says.gift_free" if gift.percent == _WHOLE else "says.gift", facts)


def _condition(condition: Condition) -> Phrase:
    if isinstance(condition, CouponPresented):
        return Phrase("says.coupons", {"codes": ", ".join(condition.coupons)})
    if isinstance(condition, BuyerIsIn):
        return Phrase("says.buyer_in", {"groups": tuple(Name("contractor_group", code) for code in condition.groups)})
    goods = goods_phrase(condition.goods)
    if isinstance(condition, LineQuantity):
        return Phrase("says.line_quantity", {"quantity": condition.quantity, "goods": goods})
    if isinstance(condition, Contains):
        return Phrase("says.contains", {"quantity": condition.quantity or Decimal(0), "goods": goods})
    code = "says.worth_on_list" if condition.of == "list" else "says.worth_after_discounts"
    return Phrase(code, {"value": condition.value, "goods": goods})


def _order(discount: Discount) -> Iterator[Phrase]:
    combination = discount.combination
    if discount.source == "BUNDLE":
        yield Phrase("says.bundle_order", {"position": Decimal(discount.position)})
    else:
        yield Phrase("says.priority", {"priority": Decimal(discount.step), "position": Decimal(discount.position)})
    if combination.base:
        yield Phrase(_COMBINED[combination.base])
    if combination.skip_following:
        yield Phrase("says.skips_following")
    if combination.exclusive:
        yield Phrase("says.exclusive")
    if combination.pool:
        yield Phrase("says.pool", {"pool": combination.pool})
    if combination.uses_up:
        yield Phrase("says.uses_up", {"pool": combination.uses_up})


def _limits(discount: Discount) -> Iterator[Phrase]:
    limits = discount.limits
    if limits.times is not None:
        yield Phrase("says.most_times", {"times": Decimal(limits.times)})
    if limits.quantity is not None:
        yield Phrase("says.most_quantity", {"quantity": limits.quantity})
    if limits.saving is not None:
        yield Phrase("says.most_saving", {"amount": limits.saving, "given": _given(limits.saving_given)})
    if limits.counted_by_hub:
        yield Phrase("says.counted_by_hub")
    if discount.whole_or_nothing:
        yield Phrase("says.whole_or_nothing")
