"""What is wrong with a rule, found when it is defined, as the engine would read it (DISC-03, DISC-20, DISC-40)."""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from kontuar.domain.pricing.book import LineKey, RuleBook
from kontuar.domain.pricing.ready import BUNDLE_PHASE
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Deal,
    Element,
    Gift,
    Goods,
    GroupsDeal,
    ItemDeal,
    Reward,
    Rule,
    Selector,
    SharedDeal,
    Slot,
    Tier,
    Validity,
)
from kontuar.domain.pricing.validity import MINUTES_OF_DAY
from kontuar.kernel.errors import Problem

MOST_PLACES = 4
LARGEST = Decimal(10) ** 10
MANY_BUNDLES = 6
"""More bundles over one article make the best assignment slow; the hub warns."""
DEALS_OF_SOURCE: dict[str, tuple[type[Deal], ...]] = {
    "KNT": (ItemDeal,),
    "KNU": (ItemDeal,),
    "PRM": (ItemDeal, SharedDeal, GroupsDeal, BundleDeal),
    "WTR": (SharedDeal,),
    "BUNDLE": (BundleDeal,),
    "OPERATOR": (),
}


def problems_of(rule: Rule) -> list[Problem]:
    """Everything that is wrong with a rule; empty = the engine will honour all of it."""
    return [
        *_header_problems(rule),
        *_validity_problems(rule.validity),
        *_limit_problems(rule),
        *_condition_problems(rule),
        *_deal_problems(rule.deal),
    ]


def most_bundles_together(book: RuleBook, articles: Iterable[LineKey]) -> tuple[int, LineKey | None]:
    """How many bundles concern one article at most, and which article; above `MANY_BUNDLES` the hub warns."""
    best: tuple[int, LineKey | None] = (0, None)
    for key in articles:
        count = sum(ready.phase == BUNDLE_PHASE for ready, _ in book.candidates(key))
        if count > best[0]:
            best = (count, key)
    return best


def _header_problems(rule: Rule) -> Iterator[Problem]:
    if not rule.id:
        yield Problem("discount.id_empty", "id")
    if rule.version < 1:
        yield Problem("discount.version_unknown", "version")
    if not isinstance(rule.deal, DEALS_OF_SOURCE[rule.source]):
        yield Problem("discount.kind_mismatch", "deal", {"kind": rule.source})
    if rule.source != "BUNDLE" and rule.step < 1:
        yield Problem("discount.priority_reserved", "step", {"priority": str(rule.step)})
    if rule.source == "KNT" and isinstance(rule.deal, ItemDeal):
        everyone = not rule.scope.buyers.contractors
        for row, element in enumerate(rule.deal.elements):
            if everyone and not element.buyers.contractors:
                yield Problem("discount.contractor_missing", f"elements:{row}")


def _validity_problems(validity: Validity) -> Iterator[Problem]:
    first, last = validity.first_day, validity.last_day
    if first and last and last < first:
        yield Problem("discount.dates_impossible", "validity", {"first": str(first), "last": str(last)})
    for hours in validity.hours:
        inside = 0 <= hours.start_minute < MINUTES_OF_DAY and 0 <= hours.end_minute <= MINUTES_OF_DAY
        if not inside or hours.start_minute == hours.end_minute:
            yield Problem("discount.hours_impossible", "validity")
    if any(not 1 <= day <= 7 for day in validity.weekdays):
        yield Problem("discount.weekday_unknown", "validity")
    repeats = validity.repeats
    if repeats is not None and (repeats.every < 1 or repeats.lasts_days < 1 or first is None):
        yield Problem("discount.repeat_impossible", "validity")


def _limit_problems(rule: Rule) -> Iterator[Problem]:
    limits = rule.limits
    if limits.times is not None and limits.times < 1:
        yield Problem("discount.limit_not_positive", "limits")
    for value in (limits.quantity, limits.saving):
        if value is not None:
            yield from _number_problems(value, "limits", least=None)
    if limits.times is not None and not isinstance(rule.deal, BundleDeal | GroupsDeal):
        yield Problem("discount.limit_without_meaning", "limits", {"limit": "times"})
    if limits.quantity is not None and not isinstance(rule.deal, ItemDeal | BundleDeal):
        yield Problem("discount.limit_without_meaning", "limits", {"limit": "quantity"})


def _condition_problems(rule: Rule) -> Iterator[Problem]:
    for at, condition in enumerate(rule.conditions):
        place = f"conditions:{at}"
        number = getattr(condition, "value", None) or getattr(condition, "quantity", None)
        if isinstance(number, Decimal):
            yield from _number_problems(number, place, least=None)
        for name in ("coupons", "groups"):
            if getattr(condition, name, None) == ():
                yield Problem("discount.condition_empty", place)
        yield from _goods_problems(getattr(condition, "goods", ()), place)


def _deal_problems(deal: Deal) -> Iterator[Problem]:
    if isinstance(deal, ItemDeal):
        if not deal.elements:
            yield Problem("discount.rows_missing", "elements")
        for row, element in enumerate(deal.elements):
            yield from _element_problems(element, f"elements:{row}")
        yield from _rows_named_twice(deal)
    elif isinstance(deal, SharedDeal):
        if not deal.tiers and not deal.gifts:
            yield Problem("discount.gives_nothing", "deal")
        yield from _tiers_problems(deal.tiers, "tiers", fixed_prices=False)
        yield from _goods_problems(deal.goods, "goods")
        yield from _gift_problems(deal.gifts)
        if deal.at_most is not None:
            yield from _number_problems(deal.at_most, "at_most", least=None)
    elif isinstance(deal, GroupsDeal):
        yield from _number_problems(deal.size, "size", least=None)
        yield from _number_problems(deal.amount, "amount", least=None)
        yield from _goods_problems(deal.goods, "goods")
    else:
        yield from _bundle_problems(deal)


def _rows_named_twice(deal: ItemDeal) -> Iterator[Problem]:
    """Goods that one promotion names in several rows for the same buyer are one threshold discount, counted in one way;
    what could not be made one, so that only the first row would count, is refused (DISC-03)."""
    named: dict[tuple[str, str, str, str], int] = {}
    for row, element in enumerate(deal.elements):
        for key in _targets(element):
            if named.setdefault(key, row) != row:
                yield Problem("discount.goods_twice", f"elements:{row}", {"goods": key[1]})
                break


def _targets(element: Element) -> Iterator[tuple[str, str, str, str]]:
    """Each (kind and code of goods, kind and code of buyer) of a row; goods told by their price name nobody."""
    buyers = element.buyers
    known = [("contractor", code) for code in buyers.contractors] + [("group", code) for code in buyers.groups]
    for selector in element.goods or (Selector(),):
        goods = [("article", code) for code in selector.articles] or [("group", code) for code in selector.groups]
        asks_more = selector.articles and selector.groups
        if not asks_more and selector.price_from is None and selector.price_to is None:
            yield from ((*one, *buyer) for one in goods or [("", "")] for buyer in known or [("", "")])


def _element_problems(element: Element, place: str) -> Iterator[Problem]:
    if not element.tiers:
        yield Problem("discount.gives_nothing", place)
    yield from _goods_problems(element.goods, place)
    yield from _tiers_problems(element.tiers, place, fixed_prices=True)


def _tiers_problems(tiers: tuple[Tier, ...], place: str, *, fixed_prices: bool) -> Iterator[Problem]:
    kinds = {tier.reward.kind for tier in tiers}
    if len(kinds) > 1:
        yield Problem("discount.thresholds_mixed", place, {"kinds": ", ".join(sorted(kinds))})
    if len({tier.threshold for tier in tiers}) < len(tiers):
        yield Problem("discount.threshold_twice", place)
    for tier in tiers:
        yield from _number_problems(tier.threshold, place, least=Decimal(0))
        yield from _reward_problems(tier.reward, place)
        if tier.reward.kind == "fixed_price" and not fixed_prices:
            yield Problem("discount.kind_mismatch", place, {"kind": "fixed_price"})


def _reward_problems(reward: Reward, place: str) -> Iterator[Problem]:
    if reward.kind == "purchase_surcharge":
        yield Problem("discount.purchase_surcharge", place)
    elif reward.kind == "percent":
        yield from _percent_problems(reward.value, place)
    else:
        yield from _number_problems(reward.value, place, least=Decimal(0) if reward.kind == "fixed_price" else None)


def _bundle_problems(deal: BundleDeal) -> Iterator[Problem]:
    if not deal.slots:
        yield Problem("discount.bundle_empty", "slots")
    for at, slot in enumerate(deal.slots):
        yield from _slot_problems(slot, f"slots:{at}")
    if deal.reward is None and not deal.gifts:
        yield Problem("discount.gives_nothing", "reward")
    if deal.reward is not None:
        yield from _reward_problems(deal.reward, "reward")
    if any(not 0 <= slot < len(deal.slots) for slot in deal.target.slots):
        yield Problem("discount.target_unknown", "target")
    yield from _number_problems(deal.target.count, "target", least=None)
    yield from _goods_problems(deal.target.goods, "target")
    yield from _gift_problems(deal.gifts)


def _slot_problems(slot: Slot, place: str) -> Iterator[Problem]:
    measures = [value for value in (slot.quantity, slot.value) if value is not None]
    if len(measures) != 1:
        yield Problem("discount.slot_unmeasured", place)
    for value in measures:
        yield from _number_problems(value, place, least=None)
    yield from _goods_problems(slot.goods, place)


def _gift_problems(gifts: tuple[Gift, ...]) -> Iterator[Problem]:
    for at, gift in enumerate(gifts):
        place = f"gifts:{at}"
        if not gift.goods:
            yield Problem("discount.gift_unnamed", place)
        yield from _number_problems(gift.quantity, place, least=None)
        yield from _percent_problems(gift.percent, place)
        yield from _goods_problems(gift.goods, place)


def _goods_problems(goods: Goods, place: str) -> Iterator[Problem]:
    for selector in goods:
        low, high = selector.price_from, selector.price_to
        bounds = [bound for bound in (low, high) if bound is not None]
        for bound in bounds:
            yield from _number_problems(bound, place, least=Decimal(0))
        if low is not None and high is not None and low.is_finite() and high.is_finite() and high < low:
            yield Problem("discount.prices_impossible", place, {"low": str(low), "high": str(high)})


def _percent_problems(percent: Decimal, place: str) -> Iterator[Problem]:
    if not percent.is_finite() or not 0 < percent <= 100:
        yield Problem("discount.percent_impossible", place, {"percent": str(percent)})
    elif round(percent, MOST_PLACES) != percent:
        yield Problem("discount.number_too_precise", place, {"number": str(percent)})


def _number_problems(value: Decimal, place: str, *, least: Decimal | None) -> Iterator[Problem]:
    """A number must be positive, or at least `least`, of a shop's size and with at most four decimals."""
    facts = {"number": str(value)}
    if not value.is_finite() or abs(value) >= LARGEST:
        yield Problem("discount.number_too_large", place, facts)
    elif value < 0 or (least is None and value == 0):
        yield Problem("discount.amount_negative", place, facts)
    elif round(value, MOST_PLACES) != value:
        yield Problem("discount.number_too_precise", place, facts)
