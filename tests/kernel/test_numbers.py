"""Rounding, money and quantities as people type them (SALE-07, DOC-23, SEC-04)."""

from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kontuar.kernel.errors import Refused
from kontuar.kernel.money import line_value, parse_amount, to_major, to_minor
from kontuar.kernel.quantity import check_precision, from_base, parse_quantity, scaled, to_base, unscaled
from kontuar.kernel.rounding import away_from_zero, half_up, to_multiple, to_whole
from refusals import refused


@pytest.mark.parametrize(
    ("value", "places", "rounded"),
    [
        ("0.5", 0, "1"), ("-0.5", 0, "-1"), ("1.5", 0, "2"), ("2.5", 0, "3"), ("-2.5", 0, "-3"),
        ("2.345", 2, "2.35"), ("-2.345", 2, "-2.35"), ("2.3449", 2, "2.34"), ("1.00005", 4, "1.0001"),
    ],
)  # fmt: skip
def test_halves_go_away_from_zero_on_both_sides(value: str, places: int, rounded: str) -> None:
    """SALE-07."""
    assert str(half_up(Decimal(value), places)) == rounded


def test_a_unit_that_is_sold_whole_rounds_away_from_zero() -> None:
    assert away_from_zero(Decimal("29.01"), 0) == 30
    assert away_from_zero(Decimal("-29.01"), 0) == -30
    assert away_from_zero(Decimal("29.00"), 0) == 29


def test_cash_rounds_to_the_nearest_coin_with_halves_away_from_zero() -> None:
    assert [to_multiple(value, 5) for value in (12, 13, -12, -13)] == [10, 15, -10, -15]
    assert to_multiple(5, 10) == 10
    assert to_multiple(-5, 10) == -10


def test_whole_numbers_round_halves_away_from_zero() -> None:
    assert [to_whole(Decimal(text)) for text in ("0.5", "-0.5", "0.49", "-0.49")] == [1, -1, 0, 0]


@pytest.mark.parametrize(
    ("typed", "minor"),
    [
        ("12,30", 1230), ("12.30", 1230), ("12", 1200), (" 7,5 ", 750), (",5", 50), ("5,", 500), ("-3", -300),
        ("1 234,56", 123456), ("1\u00a0234,56", 123456), ("1\u202f234,56", 123456), ("+1", 100), ("0", 0),
    ],
)  # fmt: skip
def test_an_amount_is_read_as_people_type_it(typed: str, minor: int) -> None:
    """PAY-01: comma or point, spaces between thousands however the keyboard makes them."""
    assert parse_amount(typed, "PLN", "amount") == minor


def test_an_amount_has_the_decimals_of_its_currency() -> None:
    assert parse_amount("120", "JPY", "amount") == 120
    assert parse_amount("1.234", "KWD", "amount") == 1234
    with refused("amount.too_precise") as problems:
        parse_amount("1.5", "JPY", "amount")
    assert problems[0].place == "amount"
    with refused("amount.too_precise"):
        parse_amount("0,001", "PLN", "amount")


@pytest.mark.parametrize(
    "garbage",
    ["", " ", "abc", "1,2,3", "1.2.3", "NaN", "inf", "-", ",", "1e3", "1_000", "٣", "²", "0x10", "--1", "1-", "9" * 41],
)
def test_what_is_no_number_is_refused_and_not_guessed_at(garbage: str) -> None:
    with refused("amount.unreadable"):
        parse_amount(garbage, "PLN", "amount")
    with refused("quantity.unreadable"):
        parse_quantity(garbage, 3, "line:1")


def test_an_amount_beyond_any_shop_is_refused() -> None:
    assert parse_amount("9999999999.99", "PLN", "amount") == 999_999_999_999
    with refused("amount.too_large"):
        parse_amount("10000000000", "PLN", "amount")
    with refused("quantity.too_large"):
        parse_quantity("1000000000", 0, "line:1")


def test_a_refusal_repeats_little_of_a_long_text() -> None:
    with refused("amount.unreadable") as problems:
        parse_amount("x" * 10_000, "PLN", "amount")
    assert len(problems[0].facts["text"]) == 40


@given(st.one_of(st.text(max_size=60), st.text("0123456789.,+-eE_ \u00a0NaInf", max_size=45)))
@example("1e-2000000")
@example("1e999999999999")
@example("0." + "1" * 38)
def test_whatever_is_typed_is_a_number_or_refused(text: str) -> None:
    """SEC-04: never anything but Refused."""
    for parse in (
        lambda: parse_amount(text, "PLN", "amount"),
        lambda: parse_quantity(text, 3, "line:1"),
    ):
        with suppress(Refused):
            parse()


@given(st.decimals(allow_nan=True, allow_infinity=True))
@example(Decimal("1E+999999"))
@example(Decimal("1E-999999"))
def test_any_decimal_is_a_quantity_or_refused(value: Decimal) -> None:
    """SEC-04."""
    with suppress(Refused):
        assert check_precision(value, 3, "line:1") == value


@given(st.integers(-(10**14), 10**14), st.sampled_from(["PLN", "JPY", "KWD"]))
def test_an_amount_goes_to_major_units_and_back_unchanged(minor: int, currency: str) -> None:
    assert to_minor(to_major(minor, currency), currency) == minor


@given(st.decimals(-(10**6), 10**6, places=4))
def test_a_stored_quantity_comes_back_exactly(quantity: Decimal) -> None:
    assert unscaled(scaled(quantity)) == quantity


def test_a_quantity_finer_than_the_store_can_hold_is_a_bug_and_not_rounded() -> None:
    with pytest.raises(AssertionError):
        scaled(Decimal("0.00001"))


def test_a_line_is_rounded_once() -> None:
    assert line_value(Decimal("2.4999"), Decimal(3), "PLN") == 750
    assert line_value(Decimal("0.335"), Decimal(1), "PLN") == 34


def test_eleven_square_metres_of_tiles_are_thirty_pieces() -> None:
    """DOC-23: 11.0 m² with 1 pc = 0.37 m² and precision 0 becomes 30 pcs = 11.1 m²."""
    pieces = to_base(Decimal("11.0"), Decimal("0.37"), 0)
    assert pieces == 30
    assert str(from_base(pieces, Decimal("0.37"))) == "11.1"


def test_a_unit_that_rounds_up_never_sells_less_than_was_asked() -> None:
    """DOC-23."""
    assert to_base(Decimal("10.4"), Decimal("0.37"), 0) == 28
    assert to_base(Decimal("10.4"), Decimal("0.37"), 0, round_up=True) == 29


@given(st.integers(1, 10**6), st.decimals(Decimal("0.01"), 100, places=2))
def test_whole_pieces_survive_a_trip_through_another_unit(pieces: int, factor: Decimal) -> None:
    """DOC-23."""
    assert to_base(from_base(Decimal(pieces), factor), factor, 0) == pieces


def test_a_round_number_of_the_other_unit_is_written_plainly() -> None:
    assert str(from_base(Decimal(100), Decimal("0.1"))) == "10"
