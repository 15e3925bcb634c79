"""Bundles: fixed and flexible, their rewards, their order, gifts; and the operator's discounts beside them."""

from decimal import Decimal
from typing import Any

import pytest

from discounts import article, basket, cheapest_of, document_amount, group, line, prm, reward, values
from kontuar.domain.pricing.basket import HeaderDiscount, LineDiscount, Settings
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import BundleDeal, Gift, Limits, Reward, Rule, Slot, Target


def bundle(name: str, slots: tuple[Slot, ...], given: Reward | None, **more: Any) -> Rule:
    position, limits = more.pop("position", 0), more.pop("limits", Limits())
    deal = BundleDeal(slots=slots, reward=given, **more)
    return Rule(id=name, source="BUNDLE", deal=deal, position=position, limits=limits)


def slot(quantity: str, *codes: str, **more: Any) -> Slot:
    return Slot(goods=article(*codes), quantity=Decimal(quantity), **more)


def test_a_fixed_bundle_needs_all_its_parts_and_repeats() -> None:
    """DISC-05, DISC-20."""
    rule = bundle("b", (slot("2", "A"), slot("1", "B")), reward("10"))
    assert values(price(basket(line(1, "A", "10.00", "5"), line(2, "B", "20.00", "2")), [rule])) == [4600, 3600]
    assert values(price(basket(line(1, "A", "10.00", "5")), [rule])) == [5000]


@pytest.mark.parametrize(
    ("given", "target", "expected"),
    [
        (reward("5", "amount"), Target(), [2500, 1500, 500]),
        (reward("6", "amount", per="set"), Target(), [2700, 1800, 900]),
        (reward("50"), Target(pick="dearest"), [1500, 2000, 1000]),
        (reward("50"), Target(pick="cheapest", count=Decimal(2)), [3000, 1000, 500]),
        (reward("5", "fixed_price"), Target(pick="cheapest"), [3000, 2000, 500]),
        (reward("30", "fixed_price", per="set"), Target(), [1500, 1000, 500]),
        (reward("50"), Target(goods=article("B")), [3000, 1000, 1000]),
    ],
)
def test_rewards_of_a_flexible_bundle(given: Reward, target: Target, expected: list[int]) -> None:
    """DISC-05."""
    rule = bundle("b", (slot("3", "A", "B", "C"),), given, target=target)
    document = basket(line(1, "A", "30.00"), line(2, "B", "20.00"), line(3, "C", "10.00"))
    assert values(price(document, [rule])) == expected


def test_a_discount_may_be_spread_over_all_units_of_the_set() -> None:
    """DISC-05: 10.00 off the cheapest, spread in proportion."""
    rule = bundle("b", (slot("3", "A", "B", "C"),), reward("100"), target=Target(pick="cheapest"), spread_over_set=True)
    document = basket(line(1, "A", "30.00"), line(2, "B", "20.00"), line(3, "C", "10.00"))
    assert values(price(document, [rule])) == [2500, 1667, 833]


def test_a_flexible_bundle_by_value_takes_everything_once_the_threshold_is_reached() -> None:
    """DISC-05."""
    everything = Slot(goods=group("g"), value=Decimal(50), takes="all")
    rule = bundle("b", (everything,), reward("10"))
    lines = [line(1, "A", "30.00", groups=("g",)), line(2, "B", "20.00", groups=("g",)), line(3, "C", "9.00")]
    assert values(price(basket(*lines), [rule])) == [2700, 1800, 900]
    assert values(price(basket(lines[0], lines[2]), [rule])) == [3000, 900]


def test_a_flexible_bundle_by_value_may_repeat_with_just_enough_units() -> None:
    """DISC-05: twice fifty make two sets, the rest is left."""
    rule = bundle("b", (Slot(goods=article("A"), value=Decimal(50)),), reward("5", "amount", per="set"))
    priced = price(basket(line(1, "A", "20.00", "7")), [rule])
    assert (priced.value, priced.applications[0].times) == (13000, 2)


def test_the_first_bundle_of_the_list_comes_first() -> None:
    """DISC-20."""
    small = cheapest_of("small", "2", "10", article("A"), position=1)
    large = cheapest_of("large", "2", "50", article("A"), position=2)
    document = basket(line(1, "A", "10.00", "2"))
    assert price(document, [large, small]).savings == {"small": 100}


def test_units_in_a_bundle_take_only_discounts_of_the_document() -> None:
    """DISC-20."""
    rules = [cheapest_of("b", "2", "50", article("A")), prm("p", "10"), document_amount("w", "10", "percent")]
    priced = price(basket(line(1, "A", "10.00", "3")), rules)
    assert priced.savings == {"b": 500, "p": 100, "w": 240}
    assert [one.rule for one in priced.lines[0].adjustments] == ["b", "p", "w"]


def test_articles_at_zero_price_take_no_bundle() -> None:
    """DISC-20."""
    rule = cheapest_of("b", "2", "100", article("A", "B"))
    assert values(price(basket(line(1, "A", "10.00"), line(2, "B", "0.00")), [rule])) == [1000, 0]


def test_bundles_wait_for_the_button_where_they_are_not_automatic() -> None:
    """DISC-23."""
    document = basket(line(1, "A", "10.00", "2"))
    priced = price(document, [cheapest_of("b", "2", "100", article("A"))], Settings(bundles=False))
    assert (priced.value, priced.lines[0].could) == (2000, ("b",))


def test_a_bundle_may_be_limited_to_some_sets() -> None:
    """DISC-10."""
    rule = cheapest_of("b", "2", "100", article("A"), limits=Limits(times=2))
    assert values(price(basket(line(1, "A", "10.00", "9")), [rule])) == [7000]


def test_gifts_are_given_from_the_basket_and_missed_ones_are_named() -> None:
    """DISC-05: two machines bring four packs, three are there."""
    gift = Gift(goods=article("COFFEE"), quantity=Decimal(2))
    rule = bundle("b", (slot("1", "MACHINE"),), None, gifts=(gift,))
    priced = price(basket(line(1, "MACHINE", "500.00", "2"), line(2, "COFFEE", "10.00", "3")), [rule, prm("p", "10")])
    assert priced.lines[1].value == 0
    assert [(one.rule, one.quantity) for one in priced.unused_gifts] == [("b", Decimal(1))]
    assert priced.lines[0].value == 100000


def test_a_gift_that_costs_nothing_anyway_is_taken_when_it_is_there() -> None:
    """DISC-05: nobody is reminded of it for ever, and nothing that costs something is paid because of it."""
    rule = bundle("b", (slot("1", "MACHINE"),), None, gifts=(Gift(goods=article("CUP", "MUG")),))
    machine, cup = line(1, "MACHINE", "500.00"), line(2, "CUP", "0.00", gift_of="b")
    priced = price(basket(machine, cup), [rule])
    assert (values(priced), priced.unused_gifts, priced.lines[1].has) == ([50000, 0], (), ("b",))
    priced = price(basket(machine, line(2, "CUP", "0.00"), line(3, "MUG", "8.00")), [rule])
    assert (values(priced), priced.unused_gifts) == ([50000, 0, 0], ())


def test_weighed_goods_are_bundled_by_their_quantity() -> None:
    """DISC-05: half a kilogram at a time."""
    rule = bundle("b", (slot("0.5", "CHEESE"),), reward("2", "amount", per="set"))
    assert values(price(basket(line(1, "CHEESE", "40.00", "1.350")), [rule])) == [5000]
    best = price(basket(line(1, "CHEESE", "40.00", "1.350")), [rule], Settings(choose="best_for_customer"))
    assert (values(best), best.proven) == ([5000], True)


def give(kind: Any, value: str) -> LineDiscount:
    return LineDiscount(kind=kind, value=Decimal(value), by="104")


@pytest.mark.parametrize(
    ("given", "value"), [(give("percent", "10"), 1800), (give("price", "9.50"), 1900), (give("value", "15"), 1500)]
)
def test_the_operator_discounts_a_line_by_percent_price_or_value(given: LineDiscount, value: int) -> None:
    """DISC-06."""
    assert values(price(basket(line(1, "A", "10.00", "2", discount=given)), ())) == [value]


def test_a_price_above_the_initial_one_is_a_surcharge() -> None:
    """DISC-06."""
    priced = price(basket(line(1, "A", "10.00", discount=give("price", "12"))), ())
    assert [adjustment.amount for adjustment in priced.lines[0].adjustments] == [200]


def test_a_discount_beyond_the_limit_is_lowered_and_said_so() -> None:
    """DISC-06."""
    limits = Settings(operator_percent_limit=Decimal(10))
    priced = price(basket(line(1, "A", "100.00", discount=give("percent", "25"))), (), limits)
    assert priced.value == 9000
    assert [(one.code, one.place, one.facts) for one in priced.problems] == [
        ("discount.lowered", "line:1", {"limit": "10%", "granted": "10.00"})
    ]


def test_the_limit_counts_on_the_document_as_a_whole() -> None:
    """DISC-06."""
    header = HeaderDiscount(kind="amount", value=Decimal(30), by="104")
    document = basket(line(1, "A", "100.00", discount=give("percent", "10")), line(2, "B", "100.00"), header=header)
    priced = price(document, (), Settings(operator_percent_limit=Decimal(10)))
    assert priced.value == 18000
    assert [one.place for one in priced.problems] == ["header"]
    amount = price(document, (), Settings(operator_amount_limit=Decimal(12)))
    assert amount.value == 18800


def test_the_operator_gives_nothing_on_bundles_or_on_articles_without_discounts() -> None:
    """DISC-30, DISC-22."""
    lines = [
        line(1, "A", "10.00", "2", discount=give("percent", "5")),
        line(2, "B", "10.00", no_discount=True, discount=give("percent", "5")),
    ]
    priced = price(basket(*lines), [cheapest_of("b", "2", "50", article("A"))])
    assert values(priced) == [1500, 1000]
    assert [(one.code, one.place) for one in priced.problems] == [
        ("discount.line_in_bundle", "line:1"), ("discount.not_allowed", "line:2"),
    ]  # fmt: skip


def test_whether_a_header_discount_reaches_bundles_is_a_parameter() -> None:
    """DISC-20."""
    document = basket(
        line(1, "A", "10.00", "2"), line(2, "B", "15.00"), header=HeaderDiscount(kind="percent", value=Decimal(10))
    )
    rules = [cheapest_of("b", "2", "50", article("A"))]
    assert values(price(document, rules)) == [1350, 1350]
    assert values(price(document, rules, Settings(header_on_bundles=False))) == [1500, 1350]
