"""A continued document: limits per document count what it brought, its promises stay as long as they are whole."""

import random
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given as given_any
from hypothesis import settings as test_settings
from hypothesis import strategies as st

from discounts import article, cheapest_of, document_amount, prm, reward
from kontuar.domain.documents.discounting import as_carried
from kontuar.domain.pricing.basket import Settings
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Element,
    GroupsDeal,
    ItemDeal,
    Limits,
    Rule,
    Scope,
    SharedDeal,
    Slot,
    Target,
    Tier,
)
from priced_documents import Counter, carried, given, values

MILK, WATER, MUG = ("MILK", "10.00", "1"), ("WATER", "10.00", "1"), ("MUG", "8.00", "1")
CHOICES = ("first_satisfied", "best_for_customer")


def wtr(*tiers: tuple[str, str], given_in: str = "document", **more: Any) -> Rule:
    """An amount on the document from a value on."""
    ready = tuple(
        Tier(reward=reward(amount, "amount", per="document", given=given_in), threshold=Decimal(threshold))
        for threshold, amount in tiers
    )
    return Rule(id="WTR", source="WTR", deal=SharedDeal(tiers=ready, **more))


def half_water(**more: Any) -> Rule:
    """A milk makes a water half as dear."""
    slots = tuple(Slot(goods=article(code), quantity=Decimal(1)) for code in ("MILK", "WATER"))
    deal = BundleDeal(slots=slots, reward=reward("50"), target=Target(goods=article("WATER")))
    return Rule(id="PACK", source="BUNDLE", deal=deal, **more)


# -- limits per document ----------------------------------------------------------------------------------------
def test_an_amount_on_the_document_is_given_once_however_often_it_is_continued() -> None:
    """DISC-04, PARK-12."""
    counter = Counter(wtr(("0", "4.00")))
    document = counter.document(MILK)
    for _ in range(3):
        document = counter.continued(document, MILK)
    assert (values(document), given(document, "WTR")) == ([600, 1000, 1000, 1000], 400)


def test_of_a_higher_threshold_reached_later_the_rest_is_given() -> None:
    """DISC-03, DISC-04: 2.00 from 10.00 on, 5.00 from 20.00 on."""
    counter = Counter(wtr(("10", "2.00"), ("20", "5.00")))
    document = counter.continued(counter.document(MILK), WATER)
    assert values(document) == [800, 700]
    assert values(counter.continued(document, WATER)) == [800, 700, 1000]


def test_what_a_carried_line_costs_less_does_not_undo_the_threshold_it_reached() -> None:
    """DISC-04: at once, 10.00 and 10.00 would both have been counted before the discount."""
    rule = Rule(id="WTR", source="WTR", deal=SharedDeal(tiers=(Tier(reward=reward("10"), threshold=Decimal(100)),)))
    counter = Counter(rule)
    at_once = counter.document(("MILK", "100.00", "1"), ("WATER", "5.00", "1"))
    later = counter.continued(counter.document(("MILK", "100.00", "1")), ("WATER", "5.00", "1"))
    assert values(at_once) == values(later) == [9000, 450]


@pytest.mark.parametrize("direction", ["net", "gross"])
@pytest.mark.parametrize("given_in", ["net", "gross"])
def test_an_amount_written_in_the_other_direction_is_given_once_too(direction: str, given_in: str) -> None:
    """DISC-24, SALE-07."""
    counter = Counter(wtr(("0", "4.00"), given_in=given_in), settings=Settings(direction=direction))  # type: ignore[arg-type]
    document = counter.document(("A1", "9.99", "1"), ("B1", "5.55", "1"), ("C1", "3.33", "1"))
    before = given(document, "WTR")
    for _ in range(3):
        document = counter.continued(document, ("A2", "20.00", "1"), ("B2", "20.00", "1"))
    assert given(document, "WTR") == before


def test_a_percent_with_a_cap_stops_at_the_cap_over_all_continuations() -> None:
    """DISC-04."""
    deal = SharedDeal(tiers=(Tier(reward=reward("50")),), at_most=Decimal("7.00"))
    counter = Counter(Rule(id="WTR", source="WTR", deal=deal))
    document = counter.continued(counter.document(MILK), MILK)
    assert values(document) == [500, 800]
    assert values(counter.continued(document, MILK)) == [500, 800, 1000]


@pytest.mark.parametrize("direction", ["net", "gross"])
def test_the_most_that_a_rule_may_save_counts_what_the_document_brought(direction: str) -> None:
    """DISC-10: 3.00 a document."""
    rule = prm("CAPPED", "20", limits=Limits(saving=Decimal(3)))
    counter = Counter(rule, settings=Settings(direction=direction))  # type: ignore[arg-type]
    document = counter.continued(counter.document(MILK), MILK)
    assert values(document) == [800, 900]
    assert values(counter.continued(document, MILK)) == [800, 900, 1000]


def test_the_most_that_a_rule_may_save_is_counted_in_the_direction_it_was_written_in() -> None:
    """DISC-10: 2.46 gross are 2.00 net at 23 %."""
    rule = prm("CAPPED", "10", limits=Limits(saving=Decimal("2.46"), saving_given="gross"))
    counter = Counter(rule, settings=Settings(direction="net"))
    document = counter.continued(counter.document(("A", "15.00", "1")), ("A", "15.00", "1"))
    assert values(document) == [1350, 1450]


def test_units_that_a_promotion_is_limited_to_count_over_all_continuations() -> None:
    """DISC-10: three pieces a document."""
    counter = Counter(prm("THREE", "50", limits=Limits(quantity=Decimal(3))))
    document = counter.continued(counter.document(("MILK", "10.00", "2")), ("MILK", "10.00", "2"))
    assert values(document) == [1000, 1500]
    assert values(counter.continued(document, MILK)) == [1000, 1500, 1000]


@pytest.mark.parametrize("choose", CHOICES)
@pytest.mark.parametrize("limits", [Limits(times=2), Limits(quantity=Decimal(2))])
def test_a_bundle_limited_per_document_is_not_made_again(choose: Any, limits: Limits) -> None:
    """DISC-05, DISC-10."""
    counter = Counter(half_water(limits=limits), settings=Settings(choose=choose))
    document = counter.continued(counter.document(MILK, WATER), MILK, WATER)
    assert values(document) == [1000, 500, 1000, 500]
    document = counter.continued(document, MILK, WATER)
    assert values(document) == [1000, 500, 1000, 500, 1000, 1000]
    freed = counter.with_line(document, 2, carried=False)
    assert (carried(freed), given(freed, "PACK")) == ([], 1000)


@pytest.mark.parametrize("choose", CHOICES)
def test_groups_of_units_are_as_many_as_the_limit_says(choose: Any) -> None:
    """DISC-10: once a document, two pieces 1.00 off each."""
    rule = Rule(id="TWO", deal=GroupsDeal(size=Decimal(2), amount=Decimal(1)), limits=Limits(times=1))
    counter = Counter(rule, settings=Settings(choose=choose))
    document = counter.continued(counter.document(("MILK", "10.00", "2")), ("MILK", "10.00", "2"))
    assert values(document) == [1800, 2000]


def test_a_document_parked_by_an_older_program_counts_what_its_lines_say() -> None:
    """REL-16: it did not say what it brought."""
    counter = Counter(wtr(("0", "4.00")), half_water(limits=Limits(times=1)))
    draft = counter.document(MILK, WATER)
    old = msgspec.structs.replace(
        draft, lines=tuple(msgspec.structs.replace(line, carried=True) for line in draft.lines)
    )
    later = counter.with_lines(old, MILK, WATER)
    assert values(later)[2:] == [1000, 1000]
    older = msgspec.structs.replace(old, discounts=msgspec.structs.replace(old.discounts, applications=()))
    assert values(counter.with_lines(older, MILK, WATER)) == values(later)


def test_an_exclusive_discount_stays_alone_on_a_continued_document() -> None:
    """DISC-21."""
    alone = prm("ALONE", "50", article("MILK"), combination={"exclusive": True})
    counter = Counter(alone, prm("TEN", "10"))
    assert values(counter.continued(counter.document(MILK), WATER, MILK)) == [500, 1000, 500]
    assert values(counter.continued(counter.document(WATER), MILK)) == [900, 900]


# -- bundles ----------------------------------------------------------------------------------------------------
def test_bundles_that_share_a_line_are_whole_together_or_not_at_all() -> None:
    """DISC-23: two milks are in two bundles; with one water gone none of the three lines keeps its price."""
    slots = tuple(Slot(goods=article(code), quantity=Decimal(1)) for code in ("MILK", "NUTS"))
    deal = BundleDeal(slots=slots, reward=reward("50"), target=Target(goods=article("NUTS")))
    counter = Counter(half_water(), Rule(id="NUTTY", source="BUNDLE", position=1, deal=deal))
    document = counter.continued(counter.document(("MILK", "10.00", "2"), WATER, ("NUTS", "10.00", "1")))
    assert (values(document), carried(document)) == ([2000, 500, 500], [1, 2, 3])
    counter.rules = []
    left = counter.without(document, 2)
    assert (values(left), carried(left)) == ([2000, 1000], [])


def test_a_typed_price_on_one_line_of_a_carried_bundle_frees_the_others() -> None:
    """DISC-23, DISC-32: half a bundle is none, whichever way it was broken."""
    counter = Counter(half_water())
    document = counter.continued(counter.document(MILK, WATER))
    counter.rules = []
    broken = counter.with_line(document, 1, carried=False, initial_price=Decimal(12), initial_by="EWA")
    assert (values(broken), carried(broken), broken.lines[1].has) == ([1200, 1000], [], ())


def test_units_of_carried_bundles_do_not_reach_thresholds_that_they_would_not_have_reached_at_once() -> None:
    """DISC-03, DISC-20."""
    tier = Tier(reward=reward("10"), threshold=Decimal(3))
    three = Rule(id="THREE", deal=ItemDeal(elements=(Element(goods=article("WATER"), tiers=(tier,)),)))
    counter = Counter(half_water(), three)
    sold = (MILK, ("WATER", "10.00", "2"), ("WATER", "10.00", "1"))
    assert values(counter.document(*sold)) == values(counter.continued(counter.document(*sold[:2]), sold[2]))
    assert values(counter.continued(counter.document(*sold[:2]), ("WATER", "10.00", "2"))) == [1000, 1500, 1800]


def test_opening_carried_lines_to_bundles_takes_no_discount_from_the_others() -> None:
    """PARK-12, DISC-03: the milk that came bare counts for the threshold also while bundles look at it."""
    tier = Tier(reward=reward("10"), threshold=Decimal(2))
    two = Rule(id="TWO", deal=ItemDeal(elements=(Element(goods=article("MILK"), tiers=(tier,)),)))
    counter = Counter(two)
    document = counter.continued(counter.document(MILK), MILK)
    assert values(document) == [1000, 900]
    opened = counter.with_line(document, 1, carried=False, only_bundles=True)
    assert values(opened) == [1000, 900]
    counter.settings = Settings(frozen_in_thresholds=False)
    assert values(counter.priced(document)) == values(counter.priced(opened)) == [1000, 1000]


# -- buyers -----------------------------------------------------------------------------------------------------
def of_buyer(code: str, percent: str, **scope: Any) -> Rule:
    buyers = Buyers(contractors=(code,))
    deal = ItemDeal(elements=(Element(tiers=(Tier(reward=reward(percent)),)),))
    return Rule(id=f"OF-{code}", source="KNT", deal=deal, scope=Scope(buyers=buyers, **scope))


def test_a_discount_of_the_buyer_before_is_gone_with_him_and_the_new_ones_comes() -> None:
    """PARK-12, DISC-01: the condition is known to be gone."""
    counter = Counter(of_buyer("ALFA", "20"), of_buyer("BETA", "5"))
    document = counter.continued(counter.document(MILK, buyer="ALFA"))
    assert values(document) == [800]
    assert values(counter.for_buyer(document, "BETA")) == [950]
    assert values(counter.for_buyer(document, "WALK-IN")) == [1000]


def test_a_discount_of_the_buyer_stays_as_it_came_as_long_as_he_does() -> None:
    """PARK-12: neither recalculated nor refreshed, even when it is not defined any more."""
    counter = Counter(of_buyer("ALFA", "20"))
    document = counter.continued(counter.document(MILK, buyer="ALFA"))
    counter.rules = [msgspec.structs.replace(of_buyer("BETA", "5"), id="OF-ALFA")]
    assert values(counter.priced(document)) == [800]
    counter.rules = []
    assert values(counter.priced(document)) == [800]
    assert values(counter.for_buyer(document, "BETA")) == [1000]


def test_what_does_not_ask_who_buys_stays_on_the_line_when_the_buyer_changes() -> None:
    """PARK-12: the promotion ended, the promise stands; only the buyer's own goes."""
    counter = Counter(prm("PROMO", "10", article("WATER")), of_buyer("ALFA", "20"))
    counter.rules[1] = msgspec.structs.replace(counter.rules[1], deal=msgspec.structs.replace(
        prm("x", "20", article("MILK")).deal))  # fmt: skip
    document = counter.continued(counter.document(MILK, WATER, buyer="ALFA"))
    counter.rules = counter.rules[1:]
    changed = counter.for_buyer(document, "BETA")
    assert (values(changed), carried(changed)) == ([1000, 900], [2])


def test_a_promotion_with_rows_for_buyers_is_reckoned_by_the_new_buyers_row() -> None:
    """DISC-02, DISC-08."""
    rows = tuple(
        Element(tiers=(Tier(reward=reward(percent)),), buyers=Buyers(groups=groups))
        for percent, groups in (("20", ("vip",)), ("5", ()))
    )
    rule = Rule(id="ROWS", source="KNU", deal=ItemDeal(elements=rows))
    counter = Counter(rule, buyer_groups={"ALFA": "vip", "BETA": "plain"})
    document = counter.continued(counter.document(MILK, buyer="ALFA"))
    assert values(document) == [800]
    assert values(counter.for_buyer(document, "BETA")) == [950]


def test_a_bundle_for_a_group_of_buyers_leaves_all_its_lines_when_the_buyer_is_not_of_it() -> None:
    """DISC-10, DISC-23."""
    rule = half_water(scope=Scope(buyers=Buyers(groups=("vip",))))
    counter = Counter(rule, buyer_groups={"ALFA": "vip", "GAMMA": "vip"})
    document = counter.continued(counter.document(MILK, WATER, buyer="ALFA"))
    same = counter.for_buyer(document, "GAMMA")
    assert (values(same), carried(same)) == ([1000, 500], [1, 2])
    other = counter.for_buyer(document, "BETA")
    assert (values(other), carried(other), other.discounts.brought) == ([1000, 1000], [], ())


# -- what a document says it brought ------------------------------------------------------------------------------
def test_a_document_says_what_it_brought_and_parking_twice_does_not_count_it_twice() -> None:
    """DISC-26, PARK-12."""
    counter = Counter(half_water(), wtr(("0", "4.00")))
    document = counter.document(MILK, WATER)
    assert as_carried(as_carried(document)).discounts.brought == as_carried(document).discounts.brought
    document = counter.continued(counter.continued(document, MILK, WATER))
    told = [(one.rule, one.times, one.amount, one.consumed) for one in document.discounts.brought]
    assert told == [
        ("PACK", 2, 1000, ((1, Decimal(1)), (2, Decimal(1)), (3, Decimal(1)), (4, Decimal(1)))), ("WTR", 1, 400, ()),
    ]  # fmt: skip
    left = counter.without(document, 4)
    assert (left.discounts.brought, given(left, "PACK"), given(left, "WTR")) == ((), 500, 400)


# -- whatever the rules -------------------------------------------------------------------------------------------
PRICES = st.decimals(min_value="0.05", max_value="60", places=2).map(str)
LINES = st.lists(
    st.tuples(st.sampled_from(["A", "B", "C"]), PRICES, st.integers(1, 4).map(str)), min_size=1, max_size=3
)


@st.composite
def limited_rule(draw: st.DrawFn) -> Rule:
    """A rule with a limit per document."""
    amount = draw(st.decimals(min_value="0.50", max_value="30", places=2))
    shape = draw(st.sampled_from(["document", "tiers", "cap", "saving", "quantity", "times", "groups"]))
    count = draw(st.integers(1, 3))
    if shape == "document":
        return document_amount("R", str(amount))
    if shape == "tiers":
        return msgspec.structs.replace(wtr(("5", str(amount)), ("40", str(amount * 2))), id="R")
    if shape == "cap":
        deal = SharedDeal(tiers=(Tier(reward=reward("30")),), at_most=amount)
        return Rule(id="R", source="WTR", deal=deal)
    if shape == "saving":
        return prm("R", "30", limits=Limits(saving=amount))
    if shape == "quantity":
        return prm("R", "1.00", kind="amount", limits=Limits(quantity=Decimal(count)))
    if shape == "times":
        return cheapest_of("R", "2", "100", article("A"), limits=Limits(times=count))
    return Rule(id="R", deal=GroupsDeal(size=Decimal(2), amount=Decimal(1)), limits=Limits(times=count))


def most_of(rule: Rule, sold: list[tuple[str, str, str]]) -> int:
    """What the rule may give on one document at all, in minor units."""
    limits, deal = rule.limits, rule.deal
    if limits.saving is not None:
        return int(limits.saving * 100)
    if limits.quantity is not None:
        return int(limits.quantity * 100)
    if isinstance(deal, GroupsDeal):
        return (limits.times or 0) * 200
    if isinstance(deal, BundleDeal):
        prices = sorted((int(Decimal(price) * 100) for code, price, _ in sold if code == "A"), reverse=True)
        return (limits.times or 0) * (prices[0] if prices else 0)
    assert isinstance(deal, SharedDeal)
    return int((deal.at_most or deal.tiers[-1].reward.value) * 100)


@given_any(st.lists(LINES, min_size=1, max_size=4), limited_rule(), st.sampled_from(["net", "gross"]),
           st.sampled_from(CHOICES))  # fmt: skip
@test_settings(max_examples=120, deadline=None)
def test_continuing_never_gives_more_than_the_document_may_have(
    parts: list[list[tuple[str, str, str]]], rule: Rule, direction: Any, choose: Any
) -> None:
    """DISC-10, PARK-12; nor more than priced at once, but for a percent's one rounding each time it is priced. Every
    line is what its adjustments say (DISC-26)."""
    counter = Counter(rule, settings=Settings(direction=direction, choose=choose))
    document = counter.document(*parts[0])
    for part in parts[1:]:
        document = counter.continued(document, *part)
    everything = [one for part in parts for one in part]
    assert given(document, "R") <= most_of(rule, everything)
    if isinstance(rule.deal, SharedDeal) or rule.limits.saving is not None:
        roundings = len(parts) - 1 if isinstance(rule.deal, SharedDeal) and rule.deal.at_most else 0
        assert given(document, "R") <= given(counter.document(*everything), "R") + roundings
    for line in document.lines:
        listed = int((line.initial_price * line.quantity * 100).to_integral_value())
        assert line.value == listed + sum(one.amount for one in line.adjustments)
    assert counter.priced(document).lines == document.lines


@given_any(st.lists(LINES, min_size=2, max_size=3), limited_rule(), st.randoms(use_true_random=False))
@test_settings(max_examples=40, deadline=None)
def test_the_order_of_lines_of_a_continued_document_changes_nothing(
    parts: list[list[tuple[str, str, str]]], rule: Rule, chance: random.Random
) -> None:
    """DISC-27: carried lines are where they are, what is scanned to them may come in any order."""
    counter = Counter(rule)
    first = counter.document(*parts[0])
    shuffled = list(parts[1])
    chance.shuffle(shuffled)
    assert sum(values(counter.continued(first, *parts[1]))) == sum(values(counter.continued(first, *shuffled)))
