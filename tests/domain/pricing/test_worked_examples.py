"""The worked examples of the specification and of the reference, by their numbers."""

from decimal import Decimal
from typing import Any

import pytest

from discounts import article, basket, cheapest_of, document_amount, group, line, off, prm, reward, values
from kontuar.domain.pricing.basket import Basket, HeaderDiscount, LineDiscount, Settings
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import (
    BundleDeal,
    Buyers,
    Combination,
    CouponPresented,
    GroupsDeal,
    ItemDeal,
    Rule,
    Scope,
    SharedDeal,
    Slot,
    Tier,
)
from kontuar.domain.pricing.summary import summary_of


def bundle_of(name: str, code: str, amount: str, **more: object) -> Rule:
    deal = BundleDeal(
        slots=(Slot(goods=article(code), quantity=Decimal(1)),), reward=reward(amount, "amount", per="set")
    )
    return Rule(id=name, source="BUNDLE", deal=deal, **more)  # type: ignore[arg-type]


DISCOUNTS = (
    bundle_of("bundle", "A", "15", group="halloween"),
    bundle_of("own bundle", "B", "15", scope=Scope(buyers=Buyers(contractors=("C1",)))),
    Rule(id="own", source="KNU", deal=off("10", article("C"), "amount", buyers=Buyers(contractors=("C1",)))),
    Rule(id="group 10", source="KNU", deal=off("10", group("g"), "amount", buyers=Buyers(groups=("VIP",)))),
    Rule(id="group 5", source="KNU", deal=off("5", group("h"), "amount", buyers=Buyers(groups=("VIP",)))),
    document_amount("value", "20"),
)
DOCUMENT = basket(
    line(1, "A", "60.00"), line(2, "B", "60.00"), line(3, "C", "60.00"),
    line(4, "D", "60.00", groups=("g",)), line(5, "E", "60.00", groups=("h",), base_price=Decimal("65.00")),
    buyer="C1", buyer_groups=(("VIP", "ALL"),),
)  # fmt: skip


def test_three_hundred_without_discounts_are_two_hundred_twenty_five_after() -> None:
    """DISC-31."""
    priced = price(DOCUMENT, DISCOUNTS)
    summary = summary_of(DOCUMENT, priced, "PLN")
    assert (summary.without, summary.after) == (30000, 22500)
    assert summary.goods == 5500
    assert summary.buyers_own.amount == 2500
    assert [(section.group, section.amount) for section in summary.goods_groups] == [("halloween", 1500), ("", 1500)]
    assert [(section.group, section.amount) for section in summary.header_groups] == [("", 2000)]
    assert summary.header == 2000
    assert (summary.base, summary.base_difference) == (30500, -500)


def test_the_base_price_part_is_there_only_where_a_price_differs() -> None:
    """DISC-31."""
    document = basket(line(1, "A", "60.00"))
    summary = summary_of(document, price(document, ()), "PLN")
    assert (summary.base, summary.base_difference) == (None, 0)


def test_the_operators_discounts_stand_apart_in_the_summary() -> None:
    """DISC-31, DISC-06."""
    given = LineDiscount(kind="percent", value=Decimal(10), by="104")
    document = basket(
        line(1, "A", "60.00", discount=given), line(2, "B", "40.00"),
        header=HeaderDiscount(kind="amount", value=Decimal("9.40"), by="104"),
    )  # fmt: skip
    priced = price(document, ())
    summary = summary_of(document, priced, "PLN")
    assert (summary.by_operator_on_lines, summary.by_operator_on_header, summary.after) == (600, 940, 8460)
    assert {adjustment.by for one in priced.lines for adjustment in one.adjustments} == {"104"}


BAGS = cheapest_of("third half", "3", "50", group("bags"))


def bags(*prices: str) -> Basket:
    return basket(*(line(at, f"bag {at}", cost, groups=("bags",)) for at, cost in enumerate(prices, 1)))


def test_of_three_bags_the_cheapest_is_half_price() -> None:
    """DISC-05: bags at 60, 75 and 50."""
    priced = price(bags("60.00", "75.00", "50.00"), [BAGS])
    assert values(priced) == [6000, 7500, 2500]
    assert [one.has for one in priced.lines] == [("third half",)] * 3


def test_two_bags_are_no_bundle_but_are_marked_as_candidates() -> None:
    """DISC-05, DISC-23."""
    priced = price(bags("60.00", "75.00"), [BAGS])
    assert values(priced) == [6000, 7500]
    assert [(one.could, one.has) for one in priced.lines] == [(("third half",), ())] * 2


def jewellery(*coupons: str, articles: tuple[tuple[str, str], ...]) -> Basket:
    return basket(
        *(line(at, code, "100.00", groups=(of,)) for at, (code, of) in enumerate(articles, 1)), coupons=coupons
    )


COUPON_RULE = prm("five", "5", group("jewellery"), conditions=(CouponPresented(coupons=("ONCE",)),))
LIPSTICK, BRACELET = ("lipstick", "make-up"), ("bracelet", "jewellery")


def test_only_the_bracelet_takes_the_five_percent_of_the_coupon() -> None:
    """COUP-05, DISC-07."""
    priced = price(jewellery("ONCE", articles=(LIPSTICK, BRACELET)), [COUPON_RULE])
    assert values(priced) == [10000, 9500]
    assert priced.coupons_used == ("ONCE",)


def test_a_coupon_whose_conditions_are_not_met_is_not_used_up() -> None:
    """COUP-02."""
    priced = price(jewellery("ONCE", articles=(LIPSTICK,)), [COUPON_RULE])
    assert (values(priced), priced.coupons_used) == ([10000], ())


def test_without_its_coupon_the_discount_does_not_exist() -> None:
    """DISC-07."""
    assert values(price(jewellery(articles=(BRACELET,)), [COUPON_RULE])) == [10000]


def test_a_line_added_later_takes_the_discount_of_the_coupon_too() -> None:
    """COUP-02."""
    priced = price(jewellery("ONCE", articles=(BRACELET, ("ring", "jewellery"))), [COUPON_RULE])
    assert values(priced) == [9500, 9500]


def test_the_lamp_with_a_torn_box_is_ten_percent_cheaper() -> None:
    """DISC-06: the reference's bedside lamp; the operator may give 10%."""
    document = basket(line(1, "lamp", "80.00", discount=LineDiscount(kind="percent", value=Decimal(10))))
    assert values(price(document, (), Settings(operator_percent_limit=Decimal(10)))) == [7200]


def units(quantity: str, code: str) -> Slot:
    return Slot(goods=article(code), quantity=Decimal(quantity))


TROUSERS_AND_HOODIE = Rule(
    id="two trousers and a hoodie", source="BUNDLE",
    deal=BundleDeal(
        slots=(units("2", "trousers"), units("1", "hoodie")),
        reward=reward("50"), spread_over_set=True,
    ),
)  # fmt: skip
TROUSERS_AND_SHIRT = Rule(
    id="trousers and a shirt", source="BUNDLE", position=1,
    deal=BundleDeal(
        slots=(units("1", "trousers"), units("1", "shirt")),
        reward=reward("30"), spread_over_set=True,
    ),
)  # fmt: skip


def test_an_exchanged_hoodie_leaves_trousers_for_the_other_bundle() -> None:
    """The reference's exchange: what is kept is priced anew with the same rules."""
    rules = [TROUSERS_AND_HOODIE, TROUSERS_AND_SHIRT]
    sold = price(basket(line(1, "trousers", "100.00", "2"), line(2, "hoodie", "80.00")), rules)
    assert values(sold) == [10000, 4000]
    kept = price(basket(line(1, "trousers", "100.00", "2"), line(2, "shirt", "60.00")), rules)
    assert values(kept) == [17000, 4200]


def test_skipping_ends_the_chain_and_adding_differs_from_multiplying() -> None:
    """DISC-21: 100 − 10% − 10%."""
    document = basket(line(1, "A", "100.00"))
    first = prm("first", "10", step=1)
    added, multiplied = (prm("second", "10", step=2, combination={"base": base}) for base in ("list", "running"))
    assert values(price(document, [first, added])) == [8000]
    assert values(price(document, [first, multiplied])) == [8100]
    last = Rule(id="first", deal=off("10"), step=1, combination=Combination(skip_following=True))
    assert values(price(document, [last, added])) == [9000]


def test_skipping_among_discounts_of_the_documents_value_skips_those_after_it() -> None:
    """DISC-21: on the goods that it names; discounts on goods that skip do not keep the document's own away."""
    last = document_amount("first", "10", "percent", step=1, combination=Combination(skip_following=True))
    after = document_amount("second", "10", "percent", step=2)
    bought = basket(line(1, "A", "100.00"), line(2, "B", "50.00"))
    assert values(price(bought, [last, after])) == [9000, 4500]
    tenth = (Tier(reward=reward("10", per="document")),)
    on_a = Rule(
        id="first", source="WTR", deal=SharedDeal(tiers=tenth, goods=article("A")), combination=last.combination
    )
    assert values(price(bought, [on_a, after])) == [9000, 4500]
    on_goods = Rule(id="goods", deal=off("10"), combination=Combination(skip_following=True))
    assert values(price(bought, [on_goods, after])) == [8100, 4050]


@pytest.mark.parametrize("combination", [{}, {"pool": "best"}])
@pytest.mark.parametrize("choose", ["first_satisfied", "best_for_customer"])
def test_skipping_after_full_groups_ends_the_chain_for_their_units(combination: dict[str, str], choose: Any) -> None:
    """DISC-21."""
    how = Combination(skip_following=True, **combination)
    pairs = Rule(id="pairs", deal=GroupsDeal(size=Decimal(2), amount=Decimal(1)), combination=how)
    after = prm("after", "10", step=2)
    assert values(price(basket(line(1, "A", "10.00", "3")), [pairs, after], Settings(choose=choose))) == [2700]


def test_a_fixed_price_is_final_unless_the_parameter_says_otherwise() -> None:
    """DISC-21."""
    document = basket(line(1, "A", "100.00"))
    fixed = Rule(id="fixed", deal=off("70", (), "fixed_price"), step=1)
    more = prm("more", "10", step=2, combination={"base": "running"})
    assert values(price(document, [fixed, more])) == [7000]
    assert values(price(document, [fixed, more], Settings(discounts_on_fixed_prices=True))) == [6300]
    closed = Rule(id="fixed", deal=fixed.deal, step=1, combination=Combination(skip_following=True))
    assert values(price(document, [closed, more], Settings(discounts_on_fixed_prices=True))) == [7000]
    assert isinstance(fixed.deal, ItemDeal)
