"""VAT and splitting of lines in both directions with mixed rates: what holds for every basket (design: arithmetic)."""

import random
from collections import defaultdict
from decimal import Decimal
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from discounts import article, basket, cheapest_of, document_amount, line, prm, values
from kontuar.domain.pricing.basket import BasketLine, Priced, Settings
from kontuar.domain.pricing.book import compile_rules
from kontuar.domain.pricing.engine import price
from kontuar.domain.pricing.rules import Rule

Direction = Literal["net", "gross"]
PRICES = st.decimals(min_value="0.01", max_value="99.99", places=2)
RATES = st.sampled_from([Decimal(23), Decimal(8), Decimal(5), Decimal(0), None])
DIRECTIONS = st.sampled_from(["net", "gross"])
LINES = st.lists(st.tuples(PRICES, st.integers(1, 6), RATES), min_size=1, max_size=6)
CASES = settings(max_examples=80, deadline=None)
Sold = list[tuple[Decimal, int, Decimal | None]]


def bought(sold: Sold) -> list[BasketLine]:
    return [
        BasketLine(number=at, article=f"A{at}", unit_price=cost, quantity=Decimal(units), percent=percent)
        for at, (cost, units, percent) in enumerate(sold, 1)
    ]


def by_rate(sold: Sold, priced: Priced) -> dict[Decimal, list[tuple[int, int, int, int]]]:
    """Rate (exempt is as 0) → value, net, tax and gross of its lines."""
    found: dict[Decimal, list[tuple[int, int, int, int]]] = defaultdict(list)
    for (_, _, percent), one in zip(sold, priced.lines, strict=True):
        found[percent or Decimal(0)].append((one.value, one.net, one.tax, one.gross))
    return found


@given(LINES, DIRECTIONS, st.sampled_from(["5", "12.5", "33"]), PRICES)
@CASES
def test_the_tax_of_each_rate_is_that_of_what_is_left_to_a_half_cent(
    sold: Sold, direction: Direction, percent: str, amount: Decimal
) -> None:
    """DISC-24: VAT comes last, of the lines as they are after all discounts, once for each rate."""
    rules = [prm("p", percent), document_amount("d", str(amount))]
    priced = price(basket(*bought(sold)), rules, Settings(direction=direction))
    tax = Decimal(0)
    for rate, rows in by_rate(sold, priced).items():
        value = sum(row[0] for row in rows)
        exact = value * rate / (100 if direction == "net" else 100 + rate)
        tax += exact.quantize(Decimal(1), "ROUND_HALF_UP")
    assert priced.tax == tax
    assert (priced.net if direction == "net" else priced.gross) == priced.value


@given(LINES, DIRECTIONS, PRICES)
@CASES
def test_where_tax_is_reckoned_line_by_line_the_lines_sum_to_the_document(
    sold: Sold, direction: Direction, amount: Decimal
) -> None:
    """DISC-24."""
    chosen = Settings(direction=direction, vat_at="line")
    priced = price(basket(*bought(sold)), [document_amount("d", str(amount))], chosen)
    assert priced.net == sum(one.net for one in priced.lines)
    assert priced.tax == sum(one.tax for one in priced.lines)
    assert priced.gross == sum(one.gross for one in priced.lines)
    assert all(one.net + one.tax == one.gross for one in priced.lines)


@given(LINES, DIRECTIONS, st.sampled_from(["rate_sum", "line"]))
@CASES
def test_all_off_leaves_neither_net_nor_tax(
    sold: Sold, direction: Direction, vat_at: Literal["rate_sum", "line"]
) -> None:
    """DISC-24: at a hundred per cent both are nothing to the penny, whatever the rates."""
    priced = price(basket(*bought(sold)), [prm("all", "100")], Settings(direction=direction, vat_at=vat_at))
    assert (priced.value, priced.net, priced.tax, priced.gross) == (0, 0, 0, 0)


@given(LINES, DIRECTIONS, PRICES)
@CASES
def test_an_amount_is_given_whole_or_what_does_not_fit_is_told(
    sold: Sold, direction: Direction, amount: Decimal
) -> None:
    """DISC-24: shares of an amount sum to it; what no line could bear is reported and not forgotten."""
    priced = price(basket(*bought(sold)), [document_amount("d", str(amount))], Settings(direction=direction))
    given_off = priced.list_value - priced.value
    assert given_off + sum(one.amount for one in priced.lost) == int(amount * 100)
    assert not priced.lost or priced.value == 0


def whole_and_split(cost: Decimal, units: int, rules: list[Rule], direction: Direction) -> tuple[int, int]:
    chosen = Settings(direction=direction)
    whole = price(basket(line(1, "A", str(cost), str(units))), rules, chosen)
    split = price(basket(*(line(at, "A", str(cost)) for at in range(1, units + 1))), rules, chosen)
    return whole.value, split.value


@given(PRICES, st.integers(2, 9), PRICES, DIRECTIONS, st.sampled_from(["amount", "fixed_price"]))
@CASES
def test_amounts_and_prices_per_piece_do_not_see_how_a_line_is_split(
    cost: Decimal, units: int, off: Decimal, direction: Direction, kind: Literal["amount", "fixed_price"]
) -> None:
    """DISC-02: whole cents a piece leave nothing to round."""
    one, other = whole_and_split(cost, units, [prm("p", str(off), kind=kind)], direction)
    assert one == other


@given(PRICES, st.integers(2, 9), st.sampled_from(["5", "12.5", "33", "50"]), DIRECTIONS)
@CASES
def test_percents_of_split_lines_differ_by_at_most_half_a_cent_a_line(
    cost: Decimal, units: int, percent: str, direction: Direction
) -> None:
    """DISC-24: one rounding for each line and discount, and no other."""
    one, other = whole_and_split(cost, units, [prm("p", percent)], direction)
    assert 2 * abs(one - other) <= units + 1


@given(PRICES, st.integers(2, 9), PRICES, DIRECTIONS)
@CASES
def test_an_amount_on_the_document_does_not_see_how_a_line_is_split(
    cost: Decimal, units: int, amount: Decimal, direction: Direction
) -> None:
    """DISC-04, DISC-24."""
    one, other = whole_and_split(cost, units, [document_amount("d", str(amount))], direction)
    assert one == other


@pytest.mark.parametrize("direction", ["net", "gross"])
@pytest.mark.parametrize("choose", ["first_satisfied", "best_for_customer"])
def test_a_thousand_scan_orders_of_mixed_rates_give_each_article_the_same(
    choose: Literal["first_satisfied", "best_for_customer"], direction: Direction
) -> None:
    """DISC-27, DISC-25: not only the sum, every article's value and the tax."""
    rates = (23, 8, 5, 0, 23)
    lines = [
        line(at, f"art{at % 5}", f"{3 + 2 * (at % 5)}.99", str(1 + at // 5), vat=rates[at % 5]) for at in range(1, 11)
    ]
    rules = [
        cheapest_of("three", "3", "100", article("art0", "art1", "art2")),
        cheapest_of("two", "2", "50", article("art2", "art3"), position=1),
        prm("card", "3.50", article("art4", "art1"), kind="fixed_price"),
        prm("all", "7", combination={"base": "running"}, step=2),
        document_amount("amount", "3.33"),
    ]
    book, chance, found = compile_rules(rules), random.Random(1000), set()
    for _ in range(1000):
        chance.shuffle(lines)
        priced = price(basket(*lines), book, Settings(choose=choose, direction=direction))
        of_articles = sorted(zip([(one.article, one.quantity) for one in lines], values(priced), strict=True))
        found.add((priced.net, priced.tax, priced.gross, tuple(of_articles)))
    assert len(found) == 1
