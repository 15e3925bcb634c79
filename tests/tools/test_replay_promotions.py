"""Card prices as promotions and coupons as codes: definitions made from the data set's amounts (issue 4, item 6)."""

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontuar.domain.catalogue.records import Price
from kontuar.domain.pricing.basket import Basket, BasketLine, Priced, Settings
from kontuar.domain.pricing.discount import Discount, rule_of
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import ItemDeal
from kontuar.kernel.money import Minor, to_major
from kontuar.tools.replay import coupon_terms
from kontuar.tools.replay.coupon_terms import CouponTerms, coupon_definitions, handed_in, matched
from kontuar.tools.replay.lines import LineToSell, Split, split_of, to_sell
from kontuar.tools.replay.price_rows import price_rows
from kontuar.tools.replay.promotions import LOYALTY, CardPrice, card_prices, card_promotions
from tools.replay_samples import basket, line, selection

MARCH = [datetime.date(2017, 3, day) for day in range(1, 32)]


def dated(*changes: tuple[int, str], of: str = "SHELF@S1", article: str = "A") -> list[Price]:
    """Prices from days of March on."""
    return [
        Price(price_list=of, article=article, unit="pcs", valid_from=MARCH[day - 1].isoformat(), price=Decimal(amount))
        for day, amount in changes
    ]


def priced(row: LineToSell, shelf: str, discounts: tuple[Discount, ...]) -> Priced:
    """The line at a till of the store that the discounts name, with its coupons."""
    rules = [rule_of(discount, 1) for discount in discounts]
    bought = Basket(
        lines=(
            BasketLine(number=1, article=row.article, quantity=row.quantity, unit_price=Decimal(shelf)),
        ),
        day=MARCH[0], centres=("CENTRE-S1", "CHAIN"), buyer="H7", buyer_groups=((LOYALTY,),), coupons=row.codes,
    )  # fmt: skip
    return price(bought, rules, Settings(discounts_on_fixed_prices=True))


def test_a_card_price_holds_from_its_first_day_to_the_day_before_it_changes() -> None:
    found = card_prices(dated((1, "3.00")), dated((2, "2.50"), (5, "2.00"), (8, "3.00")))
    assert found == [
        CardPrice(MARCH[1], MARCH[3], Decimal("2.50")),
        CardPrice(MARCH[4], MARCH[6], Decimal("2.00")),
    ]


def test_days_on_end_at_one_card_price_are_one_whatever_the_shelf_price_does() -> None:
    assert card_prices(dated((1, "3.00"), (4, "3.20")), dated((2, "2.50"))) == [
        CardPrice(MARCH[1], None, Decimal("2.50"))
    ]


def test_a_card_price_that_is_not_below_the_shelf_price_is_no_promotion() -> None:
    found = card_prices(dated((1, "3.00"), (4, "2.40"), (6, "3.00")), dated((2, "2.50")))
    assert [(one.first, one.last) for one in found] == [(MARCH[1], MARCH[2]), (MARCH[5], None)]


def test_articles_on_promotion_for_the_same_days_are_rows_of_one_promotion_of_their_store() -> None:
    rows = [
        *dated((1, "3.00")),
        *dated((1, "2.50"), of="CARD@S1"),
        *dated((1, "9.00"), article="B"),
        *dated((1, "8.00"), of="CARD@S1", article="B"),
        *dated((1, "9.00"), of="SHELF@S2"),
        *dated((1, "7.00"), of="CARD@S2"),
    ]
    first, second = card_promotions(["1", "2"], rows)
    assert (first.code, first.scope.centres, first.scope.buyers.groups) == (
        "CARD-1-170301-ON", ("CENTRE-S1",), ("LOYALTY",),
    )  # fmt: skip
    assert isinstance(first.deal, ItemDeal)
    assert [element.goods[0].articles for element in first.deal.elements] == [("A",), ("B",)]
    assert second.scope.centres == ("CENTRE-S2",)


@pytest.mark.parametrize(("face", "added"), [(0, 0), (30, 30), (50, 50), (55, 45), (99, 1), (100, 0), (250, 0)])
def test_the_store_doubles_a_coupon_up_to_a_dollar(face: int, added: int) -> None:
    assert matched(face) == added


@pytest.mark.parametrize(
    ("quantity", "value", "coupon", "match", "terms", "how"),
    [
        ("1", 400, 55, 45, [(55, 1)], coupon_terms.DOUBLED),
        ("2", 400, 100, 100, [(50, 2)], coupon_terms.DOUBLED),
        ("1", 400, 150, 0, [(150, 1)], coupon_terms.ABOVE),
        ("2", 400, 200, 0, [(200, 1)], coupon_terms.ABOVE),
        ("1", 400, 75, 0, [(75, 1)], coupon_terms.NOT_DOUBLED),
        ("1", 60, 50, 10, [(50, 1)], coupon_terms.BOUNDED),
        ("2", 400, 125, 75, [(75, 1), (50, 1)], coupon_terms.TWO_FACES),
        ("1", 400, 175, 25, [], coupon_terms.NOT_BY_DOUBLING),
        ("1", 400, 0, 25, [], coupon_terms.NOT_BY_DOUBLING),
        ("1", 100, 150, 0, [], coupon_terms.WORTH_MORE),
    ],
)
def test_the_fewest_coupons_that_give_the_amounts_are_those_handed_in(
    quantity: str, value: int, coupon: int, match: int, terms: list[tuple[int, int]], how: str
) -> None:
    found = handed_in(line("A", quantity, value, coupon=Minor(coupon), match=Minor(match)))
    assert [(one.face, one.count) for one in found.terms] == terms
    assert found.how == how


def test_a_line_without_coupons_has_none() -> None:
    assert handed_in(line("A", "1", 400)).codes == ()


def test_a_coupon_that_was_not_doubled_is_handed_in_without_the_stores_own() -> None:
    assert handed_in(line("A", "1", 400, coupon=Minor(75))).codes == ("MC-A-75X1",)


def test_each_coupon_is_defined_once_and_doubled_by_rule_not_by_what_was_booked() -> None:
    """Of two lines with one coupon, the price of the first leaves less to double."""
    rows = [line("A", "1", value, coupon=Minor(50), match=Minor(match)) for value, match in ((60, 10), (400, 50))]
    discounts, coupons = coupon_definitions(rows, "USD")
    amounts = [getattr(row.deal, "tiers")[0].reward.value for row in discounts]  # noqa: B009
    assert [(row.code, amount) for row, amount in zip(discounts, amounts, strict=True)] == [
        ("MC-A-50X1", Decimal("0.50")),
        ("DC-A-50X1", Decimal("0.50")),
    ]
    assert all(coupon.offline and coupon.uses == 0 for coupon in coupons)
    assert CouponTerms("A", 50).match == 50


def test_the_split_of_a_line_is_read_off_the_rules_that_took_something() -> None:
    off = {"CARD-1-170301-ON": Minor(178), "MC-A-55X1": Minor(55), "DC-A-55X1": Minor(45)}
    assert split_of(off) == Split(Minor(178), Minor(55), Minor(45))
    assert split_of({"operator:line": Minor(7)}) == Split(card=Minor(7)), "nothing that was taken off is overlooked"


@given(
    st.integers(1, 6), st.integers(50, 900), st.integers(0, 300), st.integers(5, 200), st.integers(1, 3),
)  # fmt: skip
def test_the_engine_gives_card_coupon_and_match_as_they_were_booked(
    quantity: int, unit: int, off: int, face: int, count: int
) -> None:
    """DISC-02, DISC-07: the line as the tills price it, with the definitions that the hub is given."""
    shelf = unit * quantity
    value = max(0, unit - off) * quantity
    count = min(count, quantity)
    coupon, match = face * count, matched(face) * count
    if coupon + match > value:
        coupon = match = 0
    bought = line("A", str(quantity), shelf, value, coupon=Minor(coupon), match=Minor(match))
    chosen = selection(basket("1", [bought]))
    rows = price_rows(chosen)
    (made,) = to_sell(chosen, rows)
    row = made.lines[0]
    discounts = (*card_promotions(["1"], rows), *coupon_definitions([bought], "USD")[0])
    result = priced(row, str(to_major(Minor(unit), "USD")), discounts).lines[0]
    assert row.kind != "typed"
    assert result.value == row.value == value - coupon - match
    off_by_rule = {one.rule: Minor(-one.amount) for one in result.adjustments}
    assert split_of(off_by_rule) == row.split == Split(Minor(shelf - value), Minor(coupon), Minor(match))
