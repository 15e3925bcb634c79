"""Price lists found in baskets, and what no list can give (issue 2, item 7)."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kontuar.kernel.money import Minor, line_value
from kontuar.tools.replay import coupon_terms, lines
from kontuar.tools.replay.baskets import Basket
from kontuar.tools.replay.lines import LineToSell, Split, class_counts, to_sell
from kontuar.tools.replay.price_rows import price_rows
from kontuar.tools.replay.price_search import Explanation, Span, best_price, simplest, span_of
from tools.replay_samples import basket, line, selection


def sold(*baskets: Basket) -> list[LineToSell]:
    chosen = selection(*baskets)
    return [row for made in to_sell(chosen, price_rows(chosen)) for row in made.lines]


def rows(*baskets: Basket) -> list[tuple[str, str, str]]:
    return [(row.price_list, row.valid_from, str(row.price)) for row in price_rows(selection(*baskets))]


def test_the_span_of_three_for_five_is_as_the_algorithm_says() -> None:
    assert span_of(Decimal(3), Minor(500), "USD") == Span(16650, 16683)
    assert span_of(Decimal(1), Minor(167), "USD") == Span(16650, 16749)


@given(
    st.decimals(min_value="0.001", max_value=200, places=3),
    st.integers(min_value=0, max_value=50_000),
    st.integers(min_value=-3, max_value=3),
)
def test_a_span_holds_exactly_the_prices_that_give_the_amount(quantity: Decimal, amount: int, near: int) -> None:
    span = span_of(quantity, Minor(amount), "USD")
    for edge in (span.low, span.high):
        price = max(edge + near, 0)
        gives = line_value(Decimal(price).scaleb(-4), quantity, "USD") == amount
        assert gives == span.holds(price)


def test_one_price_serves_three_for_five_and_one_for_a_dollar_sixty_seven() -> None:
    spans = [span_of(Decimal(3), Minor(500), "USD"), span_of(Decimal(1), Minor(167), "USD")]
    assert best_price(spans, []) == Explanation(Decimal("1.667"), 2)


def test_the_price_that_explains_most_lines_wins() -> None:
    spans = [span_of(Decimal(1), Minor(amount), "USD") for amount in (199, 249, 249)]
    assert best_price(spans, [Decimal("1.99")]) == Explanation(Decimal("2.49"), 2)


def test_a_price_that_held_before_stays_when_it_does_as_well() -> None:
    spans = [span_of(Decimal(1), Minor(amount), "USD") for amount in (199, 249)]
    assert best_price(spans, [Decimal("2.49")]) == Explanation(Decimal("2.49"), 1)


def test_no_price_of_four_decimals_gives_every_amount_of_a_large_quantity() -> None:
    impossible = span_of(Decimal(1000), Minor(123_456), "USD")
    assert impossible.low > impossible.high
    assert best_price([impossible], []) is None


def test_the_simplest_price_has_the_fewest_decimals() -> None:
    assert simplest(Span(19_950, 20_049)) == 20_000
    assert simplest(Span(16_650, 16_683)) == 16_670
    assert simplest(Span(0, 49)) == 0


def test_only_changes_of_a_price_become_rows() -> None:
    days = [basket(str(day), [line("A", "1", amount)], day=day) for day, amount in ((1, 150), (2, 150), (3, 175))]
    assert rows(*days) == [("SHELF@S1", "2017-03-01", "1.5"), ("SHELF@S1", "2017-03-03", "1.75")]


def test_a_card_price_begins_when_it_differs_and_returns_to_the_shelf_price() -> None:
    days = [basket(str(day), [line("A", "2", 300, value)], day=day) for day, value in ((1, 300), (2, 250), (3, 300))]
    assert rows(*days) == [
        ("SHELF@S1", "2017-03-01", "1.5"),
        ("CARD@S1", "2017-03-02", "1.25"),
        ("CARD@S1", "2017-03-03", "1.5"),
    ]


def test_each_store_has_its_own_lists() -> None:
    found = rows(basket("1", [line("A", "1", 150)]), basket("2", [line("A", "1", 160)], store="2"))
    assert found == [("SHELF@S1", "2017-03-01", "1.5"), ("SHELF@S2", "2017-03-01", "1.6")]


def test_a_line_without_a_discount_is_a_list_line_and_with_one_a_loyalty_line() -> None:
    first, second = sold(basket("1", [line("A", "1", 150), line("B", "1", 300, 250)]))
    assert (first.kind, first.value) == ("list", 150)
    assert (second.kind, second.value) == ("loyalty", 250)


def test_another_amount_for_the_same_day_is_typed() -> None:
    """Weighed goods counted as one piece."""
    kinds = [(row.kind, row.why) for row in sold(basket("1", [line("A", "1", amount) for amount in (72, 108, 72)]))]
    assert kinds == [("list", ""), ("typed", lines.OTHER_SHELF_PRICE), ("list", "")]


def test_another_discount_than_the_day_has_is_typed() -> None:
    several = [line("A", "1", 300, value) for value in (250, 250, 200)]
    assert [(row.kind, row.why) for row in sold(basket("1", several))] == [
        ("loyalty", ""),
        ("loyalty", ""),
        ("typed", lines.OTHER_DISCOUNT),
    ]


def test_a_discount_of_an_unknown_buyer_is_typed() -> None:
    (only,) = sold(basket("1", [line("A", "1", 300, 250)], household=""))
    assert (only.kind, only.why, only.value) == ("typed", lines.DISCOUNT_WITHOUT_CARD, 250)


def test_an_amount_that_no_unit_price_gives_is_typed() -> None:
    (only,) = sold(basket("1", [line("A", "1000", 123_456)]))
    assert (only.kind, only.why, only.value) == ("typed", lines.NO_UNIT_PRICE, 123_456)


def test_a_receipt_comes_to_what_is_left_after_card_and_coupons_and_is_paid_in_cash() -> None:
    chosen = selection(basket("1", [line("A", "1", 578, 400, coupon=Minor(55), match=Minor(45))]))
    (made,) = to_sell(chosen, price_rows(chosen))
    assert made.payments == (("cash", 300),)
    assert made.buyer == "H7"
    assert made.gross == 300
    assert made.coupons == ("MC-A-55X1", "DC-A-55X1")
    assert made.lines[0].split == Split(Minor(178), Minor(55), Minor(45))
    assert (made.lines[0].kind, made.lines[0].why, made.reproduced) == ("coupon", coupon_terms.DOUBLED, 1)


def test_a_coupon_worth_more_than_its_line_pays_as_money() -> None:
    chosen = selection(basket("1", [line("A", "1", 100, coupon=Minor(150)), line("B", "1", 300)]))
    (made,) = to_sell(chosen, price_rows(chosen))
    assert made.payments == (("coupon", 150), ("cash", 250))
    assert [(row.kind, row.why, row.value) for row in made.lines] == [
        ("coupon", coupon_terms.WORTH_MORE, 100),
        ("list", "", 300),
    ]
    assert made.reproduced == 1


def test_the_same_amount_off_another_shelf_price_is_no_line_priced_as_booked() -> None:
    several = [line("A", "1", 300, 250), line("A", "1", 300, 250), line("A", "1", 280, 250)]
    rows = sold(basket("1", several))
    assert [(row.kind, row.why) for row in rows] == [
        ("loyalty", ""),
        ("loyalty", ""),
        ("loyalty", lines.SAME_IN_THE_END),
    ]
    assert rows[2].split == Split(card=Minor(50))


def test_a_free_basket_is_paid_with_nothing() -> None:
    chosen = selection(basket("1", [line("A", "1", 399, 0)]))
    (made,) = to_sell(chosen, price_rows(chosen))
    assert made.payments == ()
    assert made.lines[0].kind == "loyalty"


@given(st.lists(st.tuples(st.integers(1, 9), st.integers(0, 2000), st.integers(0, 500)), min_size=1, max_size=12))
def test_every_line_comes_to_its_amount_by_its_lists_or_is_typed(sales: list[tuple[int, int, int]]) -> None:
    """The class is found by the arithmetic that the till uses, so a list line can never come out otherwise."""
    found = [line("A", str(quantity), value + discount, value) for quantity, value, discount in sales]
    result = sold(basket("1", found))
    assert [row.value for row in result] == [row.value for row in found]


def test_lines_are_counted_by_class_and_reason() -> None:
    chosen = selection(basket("1", [line("A", "1", 72), line("A", "1", 72), line("A", "1", 9), line("B", "1", 5, 4)]))
    counts = class_counts(to_sell(chosen, price_rows(chosen)))
    assert counts == {"list": 2, f"typed: {lines.OTHER_SHELF_PRICE}": 1, "loyalty": 1}
