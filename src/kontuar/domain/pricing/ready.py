"""Rules with exact numbers and their place in the pipeline; the parts are made when a basket first touches a rule."""

from math import gcd
from operator import attrgetter
from typing import Final

from kontuar.domain.pricing.assignment.problem import Reward
from kontuar.domain.pricing.conditions import ReadyCondition
from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, minor, ratio, scaled_quantity
from kontuar.domain.pricing.goods import ReadyGoods
from kontuar.domain.pricing.rules import (
    Base,
    BundleDeal,
    BuyerIsIn,
    Element,
    Given,
    GroupsDeal,
    ItemDeal,
    Rule,
    SharedDeal,
    Slot,
    Tier,
    ValueAtLeast,
)

BUNDLE_PHASE, ITEM_PHASE, DOCUMENT_PHASE, OPERATOR_PHASE = range(4)
PHASES: Final = {
    "BUNDLE": BUNDLE_PHASE, "KNT": ITEM_PHASE, "KNU": ITEM_PHASE, "PRM": ITEM_PHASE,
    "WTR": DOCUMENT_PHASE, "OPERATOR": OPERATOR_PHASE,
}  # fmt: skip
BUNDLES: Final = "bundles"
"""The pool that all bundles are in where the best assignment is looked for."""


class ReadyTier:
    """A threshold in ten-thousandths (quantity) or minor units (value), and its reward in exact numbers.

    Percents are `top`/`bottom` of the whole; amounts and prices are `money` in minor units.
    """

    __slots__ = ("bottom", "given", "kind", "money", "rate", "threshold", "top")

    def __init__(self, tier: Tier, by: str, exponent: int, prices_given: Given | None = None) -> None:
        reward = tier.reward
        self.rate = reward.value
        self.kind = reward.kind
        self.given: Given = prices_given if self.kind == "fixed_price" and prices_given else reward.given
        self.threshold: Exact = scaled_quantity(tier.threshold) if by == "quantity" else minor(tier.threshold, exponent)
        self.top, self.bottom = ratio(reward.value / 100) if self.kind == "percent" else (0, 1)
        self.money: Exact = 0 if self.kind == "percent" else minor(reward.value, exponent)


class ReadyElement:
    """One row of an item promotion. `buyer_rank`: 2 names contractors, 1 their groups, 0 everyone.

    `asks`: it asks for a buyer or a price, which the index does not know.
    """

    __slots__ = ("asks", "buyer_rank", "element", "goods", "tiers", "unconditional")

    def __init__(self, element: Element, exponent: int, prices_given: Given) -> None:
        self.element = element
        self.goods = ReadyGoods(element.goods)
        self.buyer_rank = 2 if element.buyers.contractors else int(bool(element.buyers.groups))
        ready = (ReadyTier(tier, element.by, exponent, prices_given) for tier in element.tiers)
        self.tiers = tuple(sorted(ready, key=attrgetter("threshold")))
        self.asks = bool(self.buyer_rank) or self.goods.asks_price
        self.unconditional = is_unconditional(element)


def is_unconditional(element: Element) -> bool:
    """Whether the row has one reward and no threshold before it."""
    return len(element.tiers) == 1 and not element.tiers[0].threshold


class ReadySlot:
    """A slot: `q` in ten-thousandths, or `value` in minor units."""

    __slots__ = ("goods", "q", "slot", "value")

    def __init__(self, slot: Slot, exponent: int) -> None:
        self.slot = slot
        self.goods = ReadyGoods(slot.goods)
        self.q = None if slot.quantity is None else scaled_quantity(slot.quantity)
        self.value = None if slot.value is None else minor(slot.value, exponent)


class ReadyRule:
    """A rule with its place in the pipeline; `order` is the place among all rules. `prepare` before any other use.

    `goods`: what the amount or the reward goes to; `members`: the only goods that take part at all;
    `simple`: nothing bounds it and it uses nothing up; `bounded`: by a saving, a quantity or a ledger; `guarded`: more
    than its scope must hold for it to be open; `unconditional`: an item promotion without thresholds; `grain`: what all
    its quantities are multiples of; `names_buyers`: somewhere it says whom it is for; `in_units`: its reward in the
    assignment's words, by direction and grain, when it was asked for.
    """

    __slots__ = (
        "_elements", "_exponent", "_prepared", "_prices_given", "base", "bounded", "conditions", "deal", "gifts",
        "goods", "grain", "guarded", "in_units", "members", "names_buyers", "order", "phase", "pool", "reward", "rule",
        "simple", "slots", "sort_key", "step", "tags", "tiers", "unconditional", "units_needed", "watches_step",
    )  # fmt: skip

    goods: ReadyGoods
    members: ReadyGoods

    def __init__(self, rule: Rule, exponent: int) -> None:
        self.rule = rule
        self.deal = rule.deal
        self.phase = PHASES[rule.source]
        self.base: Base = rule.combination.base or ("list" if self.phase == ITEM_PHASE else "running")
        self.step = (self.phase, 0 if self.phase == BUNDLE_PHASE else rule.step)
        self.sort_key = (*self.step, rule.position, rule.id, rule.version)
        self.order = 0
        self._exponent = exponent
        self._prepared = False

    def prepare(self) -> None:
        """Make the parts ready, once."""
        if self._prepared:
            return
        self._prepared = True
        rule, exponent = self.rule, self._exponent
        pool, use = rule.combination.pool, rule.combination.uses_up
        self.tags = (*((f"pool:{pool}",) if pool else ()), *((f"use:{use}",) if use else ()))
        self.pool = BUNDLES if self.phase == BUNDLE_PHASE else pool
        self.conditions = tuple([ReadyCondition(condition, exponent) for condition in rule.conditions])
        self.watches_step = self.base == "step_start" or any(
            isinstance(condition, ValueAtLeast) and condition.of == "running" for condition in rule.conditions
        )
        limits = rule.limits
        self.bounded = limits.saving is not None or limits.quantity is not None or limits.counted_by_hub
        self.simple = not self.bounded and not self.tags
        self.guarded = bool(rule.conditions or rule.validity.hours or limits.counted_by_hub)
        self.unconditional = False
        self.names_buyers = bool(rule.scope.buyers.contractors or rule.scope.buyers.groups) or any(
            isinstance(condition, BuyerIsIn) for condition in rule.conditions
        )
        self.grain = QUANTITY_SCALE
        self.in_units: dict[tuple[str, int], Reward | None] = {}
        self.slots: tuple[ReadySlot, ...] = ()
        self.gifts: tuple[ReadyGoods, ...] = ()
        self.reward: ReadyTier | None = None
        self.tiers: tuple[ReadyTier, ...] = ()
        self.units_needed = 0
        self._elements: dict[int, ReadyElement] = {}
        self._prepare_deal(exponent)

    def _prepare_deal(self, exponent: int) -> None:
        deal = self.deal
        if isinstance(deal, ItemDeal):
            self._prices_given = prices_given(deal)
            self.unconditional = all(is_unconditional(element) for element in deal.elements)
            self.names_buyers |= any(row.buyers.contractors or row.buyers.groups for row in deal.elements)
            return
        self.goods = ReadyGoods(deal.target.goods if isinstance(deal, BundleDeal) else deal.goods)
        if isinstance(deal, GroupsDeal):
            self.grain = gcd(QUANTITY_SCALE, int(deal.size * QUANTITY_SCALE))
            return
        self.gifts = tuple(ReadyGoods(gift.goods) for gift in deal.gifts)
        if isinstance(deal, SharedDeal):
            tiers = (ReadyTier(tier, "value", exponent) for tier in deal.tiers)
            self.tiers = tuple(sorted(tiers, key=attrgetter("threshold")))
            return
        self.members = ReadyGoods(deal.goods)
        self.slots = tuple(ReadySlot(slot, exponent) for slot in deal.slots)
        self.units_needed = sum(slot.q or 0 for slot in self.slots)
        self.grain = gcd(QUANTITY_SCALE, int(deal.target.count * QUANTITY_SCALE), *(slot.q or 0 for slot in self.slots))
        if deal.reward is not None:
            self.reward = ReadyTier(Tier(reward=deal.reward), "value", exponent)

    def element(self, row: int) -> ReadyElement:
        """One row of an item promotion."""
        found = self._elements.get(row)
        if found is None:
            assert isinstance(self.deal, ItemDeal)
            found = ReadyElement(self.deal.elements[row], self._exponent, self._prices_given)
            self._elements[row] = found
        return found


def prices_given(deal: ItemDeal) -> Given:
    """Net or gross of all fixed prices of one promotion: as its first one (DISC-03)."""
    for element in deal.elements:
        for tier in element.tiers:
            if tier.reward.kind == "fixed_price":
                return tier.reward.given
    return "document"
