"""Rules of selling documents by themselves: legal rounding, credit, thresholds, merging (SALE-04, SALE-07, DOC-28)."""

import datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kontuar.domain.documents import sale_checks
from kontuar.domain.documents.document import Buyer
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.documents.types import is_fiscal, turnover
from kontuar.domain.firm.parameters import PARAMETERS, Parameters, dated_amounts, is_valid_value
from kontuar.domain.parties.records import Contractor
from kontuar.operations.hub.contractor_arrivals import merged
from papers import DAY, changed, document, line, payment

RATES = [("23", Decimal(23), "A"), ("8", Decimal(8), "B"), ("5", Decimal(5), "C"), ("ZW", None, "E"), ("NP", None, "")]
FIRM = Buyer(code="B", name="Beta", kind="business", tax_number="7740001454", city="Płock", street="Chemików 7")


@st.composite
def papers(draw: st.DrawFn, direction: str) -> object:
    """Up to thirty lines at odd prices and rates."""
    lines = []
    for number in range(1, draw(st.integers(1, 30)) + 1):
        vat, percent, letter = draw(st.sampled_from(RATES))
        price = Decimal(draw(st.integers(0, 10**7))) / 10_000
        quantity = Decimal(draw(st.integers(1, 10**6))) / 1000
        lines.append(line(number, str(price), str(quantity), vat=vat, percent=percent, letter=letter))
    return document(*lines, type="invoice", direction=direction, buyer=FIRM)


@given(papers("net"))
def test_from_net_the_sums_are_those_of_the_lines_and_vat_is_rounded_once_per_rate(made: object) -> None:
    """SALE-07: net = sum of line values; each rate's VAT is its net times the rate, halves away from zero."""
    assert made.totals.net == sum(row.value for row in made.lines)  # type: ignore[attr-defined]
    assert made.totals.gross == made.totals.net + made.totals.tax  # type: ignore[attr-defined]
    for row in made.taxes:  # type: ignore[attr-defined]
        exact = Decimal(row.net) * (row.percent or 0) / 100
        assert abs(row.tax - exact) <= Decimal("0.5")
        assert row.gross == row.net + row.tax


@given(papers("gross"))
def test_from_gross_the_sums_are_those_of_the_lines_and_vat_is_rounded_once_per_rate(made: object) -> None:
    """SALE-07: gross = sum of line values; each rate's VAT is its share of the gross."""
    assert made.totals.gross == sum(row.value for row in made.lines)  # type: ignore[attr-defined]
    for row in made.taxes:  # type: ignore[attr-defined]
        exact = Decimal(row.gross) * (row.percent or 0) / (100 + (row.percent or 0))
        assert abs(row.tax - exact) <= Decimal("0.5")
        assert (row.net + row.tax, row.tax if row.percent is None else 0) == (row.gross, 0)


def test_worked_sums_in_both_directions() -> None:
    """SALE-07: 3 × 0.33: from gross 0.99 = 0.80 + 0.19; from net 0.99 + 0.23 = 1.22."""
    rows = [line(number, "0.33") for number in (1, 2, 3)]
    gross = document(*rows, direction="gross").totals
    net = document(*rows, direction="net").totals
    assert (gross.net, gross.tax, gross.gross) == (80, 19, 99)
    assert (net.net, net.tax, net.gross) == (99, 23, 122)


@pytest.mark.parametrize(
    ("kind", "direction", "repeats", "expected"),
    [
        ("retail", "gross", "", True),
        ("retail", "net", "", False),
        ("business", "gross", "", False),
        ("retail", "gross", "r1", False),
    ],
)
def test_which_invoices_are_fiscal(kind: str, direction: str, repeats: str, expected: bool) -> None:
    """SALE-05, SALE-06."""
    buyer = Buyer(code="B", name="Beta", kind=kind)
    assert is_fiscal(document(type="invoice", buyer=buyer, direction=direction, repeats=repeats)) is expected


def test_an_invoice_that_repeats_a_receipt_adds_nothing_to_sales() -> None:
    """SALE-06."""
    sold = document(line(price="5.00"), type="invoice")
    assert (turnover(sold), turnover(changed(sold, repeats="r1"))) == (500, 0)
    assert turnover(document(type="cash_in", amount=500)) == 0


@pytest.mark.parametrize(
    ("gross", "number", "day", "expected"),
    [
        ("450.00", "7740001454", DAY, True),
        ("450.01", "7740001454", DAY, False),
        ("10.00", "", DAY, False),
        ("10.00", "7740001454", datetime.date(2020, 9, 30), False),
        ("500.00", "7740001454", datetime.date(2027, 1, 1), True),
    ],
)
def test_a_receipt_up_to_the_days_limit_counts_as_an_invoice(
    gross: str, number: str, day: datetime.date, expected: bool
) -> None:
    """SALE-04: the limit is dated; before the first one nothing counts."""
    parameters = Parameters({"sale.simplified_limits": "2020-10-01 450; 2027-01-01 500"})
    buyer = Buyer(code="UNDEFINED", name="", tax_number=number)
    sold = document(line(price=gross), buyer=buyer, business_day=day)
    assert sale_checks.is_simplified(sold, parameters) is expected


@pytest.mark.parametrize(
    ("text", "valid"),
    [("", True), ("2020-10-01 450.00", True), ("450", False), ("2020-13-01 1", False), ("2020-10-01 -1", False)],
)
def test_a_dated_parameter_is_a_list_of_days_and_amounts(text: str, valid: bool) -> None:
    assert is_valid_value(PARAMETERS["sale.simplified_limits"], text) is valid
    assert (dated_amounts(text) is not None) is valid


def test_every_default_is_a_valid_value() -> None:
    assert [name for name, rule in PARAMETERS.items() if not is_valid_value(rule, rule.default)] == []


def test_split_payment_is_asked_for_above_the_limit_only() -> None:
    """PAY-08: exactly 15,000.00 is not more than 15,000.00."""
    parameters = Parameters({})
    for price, expected in (("15000.00", False), ("15000.01", True)):
        made = document(line(price=price, split_payment=True), type="invoice", buyer=FIRM, business_day=DAY)
        assert sale_checks.needs_split_payment(made, parameters) is expected
    abroad = msgspec.structs.replace(FIRM, country="DE", status="eu")
    large = document(line(price="20000", split_payment=True), type="invoice", business_day=DAY, buyer=abroad)
    assert not sale_checks.needs_split_payment(large, parameters)


def test_what_is_left_of_a_credit_limit() -> None:
    """DOC-28: 1000.00 less 300.00 owed, with and without a document of 50.00."""
    assert sale_checks.credit_left(100_000, 30_000, 5_000, with_document=True) == 65_000
    assert sale_checks.credit_left(100_000, 30_000, 5_000, with_document=False) == 70_000
    assert sale_checks.credit_left(None, 30_000, 5_000, with_document=True) is None


def test_what_two_changed_is_merged_by_field() -> None:
    """DOC-27: the same value twice is no clash; a field that both changed differently is."""
    seen = Contractor(code="B", name="Beta", city="Płock", phone="1")
    said = msgspec.structs.replace(seen, phone="2", city="Sopot")
    here = msgspec.structs.replace(seen, email="a@b.pl", city="Sopot")
    assert merged(seen, said, here) == (msgspec.structs.replace(here, phone="2"), ())
    assert merged(seen, said, msgspec.structs.replace(seen, city="Łódź"))[1] == ("city",)


def test_payments_on_credit_are_owed_and_not_collected() -> None:
    """SALE-03: 3.00 in cash, 2.00 later: one entry of the cash ledger."""
    from kontuar.domain.cash.settlement import collected, owed

    rows = (payment(300, number=1), payment(200, number=2, form="term", kind="bank", on_credit=True))
    assert (collected(rows), owed(rows)) == (300, 200)
    assert with_totals(document()).totals.gross == 0
