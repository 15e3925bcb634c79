"""Kinds of discounts, thresholds, buyers, scope and validity, one by one."""

import datetime
from decimal import Decimal
from typing import Any

import pytest

from discounts import article, basket, document_amount, group, line, off, prm, reward, values
from kontuar.domain.pricing.basket import Adjustment, BasketLine, Settings
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import (
    Buyers,
    Combination,
    Element,
    Gift,
    Hours,
    ItemDeal,
    Limits,
    Repeats,
    Reward,
    Rule,
    Scope,
    SharedDeal,
    Tier,
    Validity,
    ValueAtLeast,
)
from kontuar.kernel.money import Minor

DAY = datetime.date(2026, 3, 11)
"""A Wednesday."""


def tiers(kind: str, *steps: tuple[str, str], **more: Any) -> ItemDeal:
    made = tuple(Tier(threshold=Decimal(at), reward=reward(value, kind)) for at, value in steps)  # type: ignore[arg-type]
    return ItemDeal(elements=(Element(goods=article("A"), tiers=made, **more),))


def test_a_global_contractor_discount_is_on_all_goods_and_adds_to_others() -> None:
    """DISC-01."""
    knt = Rule(id="knt", source="KNT", deal=off("5", buyers=Buyers(contractors=("C1",))))
    document = basket(line(1, "A", "100.00"), line(2, "B", "10.00"), buyer="C1")
    priced = price(document, [knt, prm("a", "10", article("A"))])
    assert values(priced) == [8500, 950]
    assert [one.rule for one in priced.lines[0].adjustments] == ["a", "knt"]
    assert values(price(basket(*document.lines, buyer="C2"), [knt])) == [10000, 1000]


@pytest.mark.parametrize(("units", "value"), [("2", 2000), ("3", 2700), ("9", 8100), ("10", 8000)])
def test_the_highest_threshold_reached_counts(units: str, value: int) -> None:
    """DISC-03."""
    rule = Rule(id="t", deal=tiers("percent", ("10", "20"), ("3", "10")))
    assert values(price(basket(line(1, "A", "10.00", units)), [rule])) == [value]


def test_thresholds_count_an_article_over_all_its_lines() -> None:
    """DISC-03: how the goods were scanned does not matter."""
    rule = Rule(id="t", deal=tiers("fixed_price", ("3", "8")))
    assert values(price(basket(line(1, "A", "10.00", "2"), line(2, "A", "10.00")), [rule])) == [1600, 800]


def test_thresholds_of_value_and_of_a_whole_row() -> None:
    """DISC-03."""
    by_value = Rule(id="v", deal=tiers("amount", ("25", "2"), by="value"))
    assert values(price(basket(line(1, "A", "10.00", "3")), [by_value])) == [2400]
    row = Element(goods=group("g"), tiers=(Tier(threshold=Decimal(3), reward=reward("10")),), counted="element")
    lines = [line(1, "A", "10.00", "2", groups=("g",)), line(2, "B", "10.00", groups=("g",))]
    assert values(price(basket(*lines), [Rule(id="r", deal=ItemDeal(elements=(row,)))])) == [1800, 900]


def test_fixed_prices_of_mixed_kinds_take_the_first_rows_and_the_lines_own_rate() -> None:
    """DISC-02, DISC-03: 8.00 net is 9.84 with 23%."""
    first = Tier(threshold=Decimal(1), reward=reward("8", "fixed_price", given="net"))
    second = Tier(threshold=Decimal(5), reward=reward("7", "fixed_price", given="gross"))
    rule = Rule(id="f", deal=ItemDeal(elements=(Element(tiers=(first, second)),)))
    assert values(price(basket(line(1, "A", "10.00")), [rule])) == [984]
    assert values(price(basket(line(1, "A", "10.00", "5")), [rule])) == [4305]


def test_a_fixed_price_never_raises_a_price() -> None:
    assert values(price(basket(line(1, "A", "5.00")), [prm("f", "7", (), "fixed_price")])) == [500]


BUYERS = [Buyers(contractors=("C1",)), Buyers(groups=("VIP",)), Buyers()]
GOODS = [article("A"), group("g"), ()]


@pytest.mark.parametrize("buyers", BUYERS)
@pytest.mark.parametrize("goods", GOODS)
@pytest.mark.parametrize(("kind", "value"), [("percent", 9000), ("fixed_price", 1000)])
def test_every_pair_of_the_discount_matrix_exists(buyers: Buyers, goods: Any, kind: Any, value: int) -> None:
    """DISC-08, DISC-02."""
    rule = Rule(id="m", source="KNU", deal=off("10", goods, kind, buyers=buyers))
    a = line(1, "A", "100.00", groups=("g", "root"))
    other = line(2, "B", "100.00", groups=("h", "root"))
    mine = price(basket(a, other, buyer="C1", buyer_groups=(("VIP", "ALL"),)), [rule])
    assert values(mine) == [value, 10000 if goods else value]
    stranger = price(basket(a, other, buyer="C9", buyer_groups=(("STAFF", "ALL"),)), [rule])
    everyone = buyers == Buyers()
    assert values(stranger) == (values(mine) if everyone else [10000, 10000])


def test_of_the_rows_of_one_promotion_the_most_specific_counts() -> None:
    """DISC-08: contractor before group before everyone, then article before the nearer group."""
    rows = [
        Element(tiers=(Tier(reward=reward("1")),)),
        Element(goods=group("root"), tiers=(Tier(reward=reward("2")),)),
        Element(goods=group("g"), tiers=(Tier(reward=reward("3")),)),
        Element(goods=article("A"), tiers=(Tier(reward=reward("4")),)),
        Element(tiers=(Tier(reward=reward("5")),), buyers=Buyers(groups=("VIP",))),
    ]
    rule = Rule(id="m", deal=ItemDeal(elements=tuple(rows)))
    lines = [line(1, "A", "100.00", groups=("g", "root")), line(2, "B", "100.00", groups=("g", "root"))]
    lines += [line(3, "C", "100.00", groups=("h", "root")), line(4, "D", "100.00")]
    assert values(price(basket(*lines), [rule])) == [9600, 9700, 9800, 9900]
    assert values(price(basket(*lines, buyer_groups=(("VIP",),)), [rule])) == [9500] * 4


def test_only_the_default_group_counts_unless_the_parameter_sums() -> None:
    """DISC-08."""
    rules = [prm(name, "10", scope=Scope(buyers=Buyers(groups=(name,)))) for name in ("VIP", "STAFF")]
    document = basket(line(1, "A", "100.00"), buyer_groups=(("VIP", "ALL"), ("STAFF", "ALL")))
    assert price(document, rules).savings == {"VIP": 1000}
    assert price(document, rules, Settings(sum_buyer_groups=True)).value == 8000
    root = prm("root", "3", scope=Scope(buyers=Buyers(groups=("ALL",))))
    assert values(price(document, [root])) == [9700]


@pytest.mark.parametrize("combination", [{}, {"base": "running"}, {"pool": "P"}])
def test_rows_of_several_groups_add_up_and_of_their_fixed_prices_the_lowest_counts(combination: dict[str, Any]) -> None:
    """DISC-08: 10 % and 20 % are 30 % of the same value, however the rule meets others; prices are no sums."""
    document = basket(line(1, "A", "100.00"), buyer_groups=(("VIP",), ("STAFF",)))
    summed = Settings(sum_buyer_groups=True)

    def rule(*rewards: Reward) -> Rule:
        rows = [
            Element(tiers=(Tier(reward=given),), buyers=Buyers(groups=(name,)))
            for name, given in zip(("VIP", "STAFF"), rewards, strict=True)
        ]
        return Rule(id="m", deal=ItemDeal(elements=tuple(rows)), combination=Combination(**combination))

    assert values(price(document, [rule(reward("10"), reward("20"))], summed)) == [7000]
    prices = rule(reward("90.00", "fixed_price"), reward("80.00", "fixed_price"))
    assert values(price(document, [prices], summed)) == [8000]
    assert values(price(document, [prices])) == [9000]


@pytest.mark.parametrize(
    ("scope", "holds"),
    [
        (Scope(centres=("root",)), True),
        (Scope(centres=("elsewhere",)), False),
        (Scope(payment_forms=("card",)), True),
        (Scope(payment_forms=("cash",)), False),
        (Scope(delivery_methods=("courier",)), True),
        (Scope(delivery_methods=("pickup",)), False),
        (Scope(warehouses=("W1", "W2")), True),
        (Scope(warehouses=("W3",)), False),
        (Scope(document_kinds=("PAR", "FS")), True),
        (Scope(document_kinds=("ZS",)), False),
        (Scope(currency="PLN"), True),
        (Scope(currency="EUR"), False),
    ],
)
def test_a_rule_holds_only_in_its_scope(scope: Scope, holds: bool) -> None:
    """DISC-10."""
    document = basket(
        line(1, "A", "100.00"), centres=("store", "north", "root"), payment_form="card", delivery_method="courier",
        warehouse="W1", document_kind="PAR", currency="PLN",
    )  # fmt: skip
    assert values(price(document, [prm("s", "10", scope=scope)])) == [9000 if holds else 10000]


@pytest.mark.parametrize(
    ("validity", "holds"),
    [
        (Validity(first_day=DAY, last_day=DAY), True),
        (Validity(first_day=DAY + datetime.timedelta(days=1)), False),
        (Validity(last_day=DAY - datetime.timedelta(days=1)), False),
        (Validity(weekdays=(3,)), True),
        (Validity(weekdays=(1, 2)), False),
        (Validity(hours=(Hours(8 * 60, 10 * 60),)), True),
        (Validity(hours=(Hours(10 * 60, 12 * 60),)), False),
        (Validity(hours=(Hours(22 * 60, 9 * 60 + 31),)), True),
        (Validity(hours=(Hours(22 * 60, 9 * 60 + 30),)), False),
        (Validity(first_day=datetime.date(2026, 3, 1), repeats=Repeats(every=5, unit="day")), True),
        (Validity(first_day=datetime.date(2026, 3, 1), repeats=Repeats(every=4, unit="day")), False),
        (Validity(first_day=datetime.date(2026, 2, 23), repeats=Repeats(every=2, unit="week", lasts_days=3)), True),
        (Validity(first_day=datetime.date(2026, 2, 23), repeats=Repeats(every=2, unit="week", lasts_days=2)), False),
        (Validity(first_day=datetime.date(2026, 1, 11), repeats=Repeats(every=1, unit="month")), True),
        (Validity(first_day=datetime.date(2026, 2, 11), repeats=Repeats(every=2, unit="month")), False),
        (Validity(first_day=datetime.date(2025, 12, 31), repeats=Repeats(every=1, unit="month", lasts_days=12)), True),
    ],
)
def test_a_rule_holds_only_on_its_days_and_hours(validity: Validity, holds: bool) -> None:
    """DISC-10: dates, weekdays, hours (also past midnight), cyclic repetition."""
    document = basket(line(1, "A", "100.00"), day=DAY, minute=9 * 60 + 30)
    assert values(price(document, [prm("v", "10", validity=validity)])) == [9000 if holds else 10000]


def test_limits_bound_units_and_saving_of_one_document() -> None:
    """DISC-10."""
    document = basket(line(1, "A", "10.00", "5"))
    assert values(price(document, [prm("l", "50", limits=Limits(quantity=Decimal(2)))])) == [4000]
    assert values(price(document, [prm("l", "50", limits=Limits(saving=Decimal("7.77")))])) == [4223]
    counted = prm("l", "50", limits=Limits(counted_by_hub=True))
    assert values(price(document, [counted])) == [5000]
    left = basket(*document.lines, allowed={"l": Decimal(1)})
    assert values(price(left, [counted])) == [4500]


def test_a_rule_may_ask_for_the_value_of_the_transaction() -> None:
    """DISC-10."""
    rule = prm("m", "10", conditions=(ValueAtLeast(value=Decimal(50)),))
    assert values(price(basket(line(1, "A", "49.99")), [rule])) == [4999]
    assert values(price(basket(line(1, "A", "50.00")), [rule])) == [4500]


def test_articles_without_discounts_take_none_by_any_route() -> None:
    """DISC-22."""
    document = basket(line(1, "A", "100.00", no_discount=True), line(2, "B", "100.00"))
    rules = [prm("p", "10"), document_amount("w", "5", "percent")]
    assert values(price(document, rules)) == [10000, 8550]


def test_a_discount_of_the_documents_value_follows_its_thresholds() -> None:
    """DISC-04: measured after the discounts on goods."""
    steps = tuple(Tier(threshold=Decimal(at), reward=reward(value)) for at, value in (("100", "5"), ("200", "10")))
    rule = Rule(id="wtr", source="WTR", deal=SharedDeal(tiers=steps))
    assert values(price(basket(line(1, "A", "120.00"), line(2, "B", "80.00")), [rule])) == [10800, 7200]
    assert values(price(basket(line(1, "A", "199.99")), [rule])) == [18999]
    assert values(price(basket(line(1, "A", "200.00")), [rule, prm("p", "1")])) == [18810]


def test_a_document_of_some_value_may_bring_a_gift() -> None:
    """DISC-04, DISC-05: the operator is told of a gift that nobody took."""
    gift = Gift(goods=article("MUG"), quantity=Decimal(1))
    deal = SharedDeal(tiers=(Tier(threshold=Decimal(100), reward=reward("0.01", "amount")),), gifts=(gift,))
    rule = Rule(id="wtr", source="WTR", deal=deal)
    taken = price(basket(line(1, "A", "100.00"), line(2, "MUG", "12.00", gift_of="wtr")), [rule])
    assert taken.lines[1].value == 0
    left = price(basket(line(1, "A", "100.00")), [rule])
    assert [(one.rule, one.quantity) for one in left.unused_gifts] == [("wtr", Decimal(1))]
    below = price(basket(line(1, "A", "50.00"), line(2, "MUG", "12.00", gift_of="wtr")), [rule])
    assert values(below) == [5000, 1200]


def carried(number: int, amount: int) -> BasketLine:
    adjustment = Adjustment(
        source="PRM", kind="percent", rule="old", version=3, base=Minor(10000), amount=Minor(-amount),
        after=Minor(10000 - amount),
    )  # fmt: skip
    return line(number, "A", "100.00", frozen=(adjustment,))


def test_lines_carried_from_an_order_keep_their_discounts_and_count_as_the_setting_says() -> None:
    """DISC-30, COUP-04."""
    rule = Rule(id="w", deal=tiers("percent", ("2", "10")))
    document = basket(carried(1, 1500), line(2, "A", "100.00"))
    assert values(price(document, [rule])) == [8500, 9000]
    assert values(price(document, [rule], Settings(frozen_in_thresholds=False))) == [8500, 10000]
    assert price(document, [rule]).lines[0].adjustments[0].version == 3
