"""VAT, sums and the total quantity of a document (SALE-07, DOC-24, DOC-28)."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontuar.domain.catalogue.records import VatRate
from kontuar.domain.documents.document import Line
from kontuar.domain.documents.totals import total_quantity
from kontuar.domain.pricing.vat import Direction, other_price, rate_on, tax_sum
from papers import changed, document, line

RATES = {"23": ("23", "A"), "8": ("8", "B"), "5": ("5", "C"), "0": ("0", "D"), "ZW": (None, "E")}
DIRECTIONS = st.sampled_from(["gross", "net"])


@st.composite
def any_line(draw: st.DrawFn) -> Line:
    code = draw(st.sampled_from(sorted(RATES)))
    percent, letter = RATES[code]
    quantity = draw(st.decimals(Decimal("0.001"), 999, places=3))
    price = draw(st.decimals(0, 9999, places=4))
    return line(
        price=str(price), quantity=str(quantity), precision=3, vat=code, letter=letter,
        percent=None if percent is None else Decimal(percent),
    )  # fmt: skip


@given(st.lists(any_line(), max_size=30), DIRECTIONS)
def test_net_and_tax_are_gross_and_the_lines_are_the_document(lines: list[Line], direction: Direction) -> None:
    """SALE-07: to the penny, in both directions, whatever the mix of rates."""
    paper = document(*lines, direction=direction)
    totals = paper.totals
    assert totals.net + totals.tax == totals.gross
    values = sum(each.value for each in lines)
    assert values == (totals.gross if direction == "gross" else totals.net)
    for row in paper.taxes:
        assert row.net + row.tax == row.gross
        of_rate = sum(each.value for each in lines if each.vat == row.vat)
        assert of_rate == (row.gross if direction == "gross" else row.net)
    assert (totals.net, totals.tax, totals.gross) == (
        sum(row.net for row in paper.taxes), sum(row.tax for row in paper.taxes),
        sum(row.gross for row in paper.taxes),
    )  # fmt: skip


@given(st.integers(-(10**12), 10**12), st.integers(0, 100), DIRECTIONS)
def test_tax_is_never_more_than_half_a_penny_off(value: int, percent: int, direction: Direction) -> None:
    """SALE-07: one rounding per rate."""
    row = tax_sum(("x", Decimal(percent), "A"), value, direction)
    base = 100 + percent if direction == "gross" else 100
    assert abs(row.tax * base - value * percent) * 2 <= base


@pytest.mark.parametrize(
    ("value", "percent", "direction", "net", "tax", "gross"),
    [
        (12300, "23", "gross", 10000, 2300, 12300),
        (1, "23", "gross", 1, 0, 1),
        (10000, "23", "net", 10000, 2300, 12300),
        (999, "8", "gross", 925, 74, 999),
        (-999, "8", "gross", -925, -74, -999),
        (1050, "5", "net", 1050, 53, 1103),
        (700, None, "gross", 700, 0, 700),
        (700, "0", "net", 700, 0, 700),
    ],
)
def test_vat_is_split_as_the_law_rounds_it(
    value: int, percent: str | None, direction: Direction, net: int, tax: int, gross: int
) -> None:
    """SALE-07."""
    share = None if percent is None else Decimal(percent)
    row = tax_sum(("x", share, "A"), value, direction)
    assert (row.net, row.tax, row.gross) == (net, tax, gross)


def test_vat_is_rounded_once_per_rate_and_not_per_line() -> None:
    """SALE-07: three lines of 0.10 gross at 23% hold 0.06 of tax; line by line it would be 0.06 of 3 × 0.02."""
    paper = document(*(line(number, "0.05") for number in range(1, 11)))
    assert [row.tax for row in paper.taxes] == [9]
    assert sum(tax_sum(("23", Decimal(23), "A"), 5, "gross").tax for _ in range(10)) == 10


def test_rates_stand_in_the_order_of_the_fiscal_letters_and_exempt_is_a_rate_of_its_own() -> None:
    """SALE-07."""
    exempt = line(1, vat="ZW", percent=None, letter="E")
    zero = line(2, vat="0", percent=Decimal(0), letter="D")
    paper = document(exempt, zero, line(3))
    assert [(row.vat, row.tax) for row in paper.taxes] == [("23", 19), ("0", 0), ("ZW", 0)]


def test_a_rate_holds_from_its_day_on() -> None:
    """SALE-07."""
    rates = [
        VatRate(code="8", valid_from="2020-01-01", percent=Decimal(8), letter="B"),
        VatRate(code="8", valid_from="2027-01-01", percent=Decimal(9), letter="B"),
        VatRate(code="5", valid_from="2026-06-01", percent=Decimal(5), letter="C"),
    ]
    percents = [rate_on(rates, "8", day).percent for day in ("2026-12-31", "2027-01-01")]
    assert percents == [8, 9]
    assert rate_on(rates, "5", "2026-05-31") is None


def test_both_prices_of_a_line_can_be_shown() -> None:
    """DOC-22."""
    assert other_price(Decimal("1.23"), Decimal(23), "gross") == Decimal("1.0000")
    assert other_price(Decimal("1.00"), Decimal(23), "net") == Decimal("1.2300")
    assert other_price(Decimal("3.99"), None, "gross") == Decimal("3.9900")


def test_the_total_quantity_adds_whatever_the_unit_at_the_finest_precision() -> None:
    """DOC-24: 1.5 kg + 1 pack + 2 pcs shows 4.5000 when the finest unit has four decimals."""
    lines = [line(1, quantity="1.5", unit="kg", precision=4), line(2, unit="pack"), line(3, quantity="2")]
    total, places = total_quantity(lines)
    assert (str(total), places) == ("4.5000", 4)


def test_services_and_bought_back_lines_are_left_out_of_the_total_quantity() -> None:
    """DOC-24."""
    lines = [
        line(1, quantity="2"),
        line(2, quantity="3", kind="service", precision=3),
        line(3, quantity="-1", precision=2),
    ]
    assert total_quantity(lines) == (Decimal(2), 0)
    assert total_quantity([]) == (Decimal(0), 0)


def test_the_summary_tells_discounts_and_surcharges_apart() -> None:
    """DOC-28: differences per line, never netted against each other."""
    cheaper = changed(line(1, "10.00"), price=Decimal("8.50"), value=850, base_price=Decimal("11.00"))
    dearer = changed(line(2, "5.00", "2"), price=Decimal("5.10"), value=1020)
    totals = document(cheaper, dearer).totals
    assert (totals.base_sum, totals.initial_sum) == (2100, 2000)
    assert (totals.discount, totals.surcharge, totals.gross) == (150, 20, 1870)
