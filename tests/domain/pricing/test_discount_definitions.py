"""What is wrong with a discount is found when it is defined, in words for every reason."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from discounts import article, cheapest_of, document_amount, off, prm, reward
from kontuar.domain.pricing.book import compile_rules
from kontuar.domain.pricing.definition import MANY_BUNDLES, most_bundles_together, problems_of
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Contains,
    CouponPresented,
    Element,
    Gift,
    GroupsDeal,
    Hours,
    ItemDeal,
    Limits,
    Repeats,
    Rule,
    Selector,
    SharedDeal,
    Slot,
    Target,
    Tier,
    Validity,
    ValueAtLeast,
)

DAY = datetime.date(2026, 3, 11)
ONE = Decimal(1)


def item(*tiers: Tier) -> Rule:
    return Rule(id="r", deal=ItemDeal(elements=(Element(tiers=tiers),)))


def bundle(*slots: Slot, **more: Any) -> Rule:
    more.setdefault("reward", reward("10"))
    return Rule(id="r", source="BUNDLE", deal=BundleDeal(slots=slots, **more))


def valid(**more: Any) -> Rule:
    return prm("r", "10", validity=Validity(**more))


GOOD = [
    prm("r", "10"),
    item(Tier(reward=reward("1", "amount")), Tier(threshold=ONE, reward=reward("2", "amount"))),
    cheapest_of("r", "3", "50", article("A"), step=0),
    document_amount("r", "20", conditions=(ValueAtLeast(value=Decimal(100)),)),
    Rule(id="r", source="KNT", deal=off("5", buyers=Buyers(contractors=("C",)))),
    valid(
        first_day=DAY, last_day=DAY, hours=(Hours(1320, 360),), weekdays=(1, 7), repeats=Repeats(every=1, unit="week")
    ),
]
BAD = [
    (prm("", "10"), "discount.id_empty"),
    (prm("r", "10", version=0), "discount.version_unknown"),
    (Rule(id="r", source="WTR", deal=off("10")), "discount.kind_mismatch"),
    (prm("r", "10", step=0), "discount.priority_reserved"),
    (Rule(id="r", source="KNT", deal=off("10")), "discount.contractor_missing"),
    (valid(first_day=DAY, last_day=DAY - datetime.timedelta(days=1)), "discount.dates_impossible"),
    (valid(hours=(Hours(600, 600),)), "discount.hours_impossible"),
    (valid(weekdays=(8,)), "discount.weekday_unknown"),
    (valid(repeats=Repeats(every=1, unit="week")), "discount.repeat_impossible"),
    (cheapest_of("r", "2", "10", (), limits=Limits(times=0)), "discount.limit_not_positive"),
    (prm("r", "10", limits=Limits(times=3)), "discount.limit_without_meaning"),
    (prm("r", "10", conditions=(CouponPresented(coupons=()),)), "discount.condition_empty"),
    (Rule(id="r", deal=ItemDeal(elements=())), "discount.rows_missing"),
    (item(), "discount.gives_nothing"),
    (Rule(id="r", source="WTR", deal=SharedDeal()), "discount.gives_nothing"),
    (
        item(Tier(reward=reward("10")), Tier(threshold=ONE, reward=reward("5", "fixed_price"))),
        "discount.thresholds_mixed",
    ),
    (item(Tier(reward=reward("10")), Tier(reward=reward("20"))), "discount.threshold_twice"),
    (item(Tier(reward=reward("10", "purchase_surcharge"))), "discount.purchase_surcharge"),
    (prm("r", "101"), "discount.percent_impossible"),
    (prm("r", "0"), "discount.percent_impossible"),
    (prm("r", "-3", (), "amount"), "discount.amount_negative"),
    (prm("r", "0.00001", (), "amount"), "discount.number_too_precise"),
    (prm("r", "1E+12", (), "amount"), "discount.number_too_large"),
    (bundle(), "discount.bundle_empty"),
    (bundle(Slot()), "discount.slot_unmeasured"),
    (bundle(Slot(quantity=ONE, value=ONE)), "discount.slot_unmeasured"),
    (bundle(Slot(quantity=Decimal(0))), "discount.amount_negative"),
    (bundle(Slot(quantity=ONE), target=Target(slots=(1,))), "discount.target_unknown"),
    (bundle(Slot(quantity=ONE), reward=None), "discount.gives_nothing"),
    (bundle(Slot(quantity=ONE), gifts=(Gift(goods=()),)), "discount.gift_unnamed"),
    (Rule(id="r", deal=GroupsDeal(size=Decimal(0), amount=ONE)), "discount.amount_negative"),
    (
        prm("r", "10", conditions=(Contains(goods=(Selector(price_from=Decimal(2), price_to=ONE),)),)),
        "discount.prices_impossible",
    ),
]


@pytest.mark.parametrize("rule", GOOD, ids=lambda rule: type(rule.deal).__name__)
def test_a_sound_definition_has_no_problems(rule: Rule) -> None:
    """DISC-40."""
    assert problems_of(rule) == []


@pytest.mark.parametrize(("rule", "code"), BAD, ids=[code for _, code in BAD])
def test_a_bad_definition_is_named_by_its_one_problem(rule: Rule, code: str) -> None:
    """DISC-03, DISC-20, DISC-40."""
    assert [problem.code for problem in problems_of(rule)] == [code]


def test_the_hub_can_see_how_many_bundles_meet_in_one_article() -> None:
    """DISC-40: more than six are warned about."""
    rules = [cheapest_of(f"b{at}", "2", "10", article("A", f"X{at}")) for at in range(MANY_BUNDLES + 1)]
    keys = [("X1", ()), ("A", ()), ("Z", ())]
    assert most_bundles_together(compile_rules([*rules, prm("p", "5")]), keys) == (7, ("A", ()))
