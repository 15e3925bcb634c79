"""What is owed, several currencies, change (PAY-01, PAY-02, PAY-03, PAY-07)."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.cash.settlement import (
    added_up,
    change_for,
    check_assignment,
    in_currency,
    in_system,
    left_to_pay,
    with_payment,
)
from papers import payment
from refusals import refused

CASH = PaymentForm(code="cash", name="Cash", kind="cash", gives_change=True)
CARD = PaymentForm(code="card", name="Card", kind="card")
RATE = Decimal("4.25")


def test_what_is_left_is_computed_from_the_payments() -> None:
    """PAY-01: facts decide, flags do not."""
    assert left_to_pay(1000, ()) == 1000
    assert left_to_pay(1000, (payment(300), payment(200, "card", "card"))) == 500
    assert left_to_pay(1000, (payment(1200),)) == -200


def test_an_amount_of_another_currency_is_worth_its_rate() -> None:
    """PAY-01, PAY-07."""
    assert in_currency(1000, "PLN", "EUR", RATE) == 235
    assert in_system(235, "EUR", "PLN", RATE) == 999
    assert in_currency(1000, "PLN", "JPY", Decimal("0.027")) == 370
    assert in_system(370, "JPY", "PLN", Decimal("0.027")) == 999
    assert in_system(370, "PLN", "PLN", Decimal(1)) == 370


def test_nothing_more_is_taken_for_a_settled_document() -> None:
    """PAY-03."""
    with refused("payment.settled"):
        check_assignment(1000, (payment(1000),), CASH, 1, 1, "PLN")


def test_an_assignment_is_more_than_nothing() -> None:
    """PAY-01."""
    for amount in (0, -5):
        with refused("payment.amount_missing"):
            check_assignment(1000, (), CASH, amount, amount, "PLN")


def test_only_a_form_that_gives_change_takes_more_than_what_is_left() -> None:
    """PAY-07."""
    check_assignment(1000, (payment(400),), CASH, 5000, 5000, "PLN")
    check_assignment(1000, (payment(400),), CARD, 600, 600, "PLN")
    with refused("payment.too_much") as problems:
        check_assignment(1000, (payment(400),), CARD, 601, 601, "PLN")
    assert problems[0].facts == {"left_minor": "600", "currency": "PLN", "form": "Card"}


def test_change_is_money_that_goes_back_in_the_firms_currency() -> None:
    """PAY-07."""
    given_money = with_payment((), payment(500, currency="EUR", rate=RATE, in_system=2125))
    change = change_for(1000, given_money, "cash", "PLN")
    assert change is not None
    assert (change.number, change.currency, change.amount, change.in_system) == (2, "PLN", -1125, -1125)
    assert (change.role, change.kind) == ("change", "cash")
    assert change_for(1000, (payment(1000),), "cash", "PLN") is None
    assert change_for(1000, (payment(999),), "cash", "PLN") is None


def test_assignments_stay_in_their_order_until_approval() -> None:
    """PAY-02: so that the last one can be taken back."""
    payments = with_payment(with_payment(with_payment((), payment(100)), payment(5, "transfer", "bank")), payment(50))
    assert [(row.number, row.form, row.amount) for row in payments] == [
        (1, "cash", 100), (2, "transfer", 5), (3, "cash", 50),
    ]  # fmt: skip


def test_one_form_makes_one_payment_but_bank_and_card_make_separate_ones() -> None:
    """PAY-01."""
    payments = (
        payment(100), payment(1, "transfer", "bank"), payment(50), payment(2, "transfer", "bank"),
        payment(3, "card", "card"), payment(4, "card", "card"), payment(7, currency="EUR", rate=RATE, in_system=30),
        payment(-20, role="change"),
    )  # fmt: skip
    assert [(row.number, row.form, row.currency, row.amount, row.in_system) for row in added_up(payments)] == [
        (1, "cash", "PLN", 150, 150), (2, "transfer", "PLN", 1, 1), (3, "transfer", "PLN", 2, 2),
        (4, "card", "PLN", 3, 3), (5, "card", "PLN", 4, 4), (6, "cash", "EUR", 7, 30), (7, "cash", "PLN", -20, -20),
    ]  # fmt: skip


@given(
    st.lists(
        st.tuples(st.sampled_from(["cash", "card", "bank", "coupon"]), st.sampled_from(["PLN", "EUR"]),
                  st.integers(1, 10**6)),
        max_size=12,
    )
)  # fmt: skip
def test_adding_up_loses_no_money(rows: list[tuple[str, str, int]]) -> None:
    """REL-06: sums per form and currency stay, and so does what is left."""
    payments: tuple = ()
    for kind, currency, amount in rows:
        payments = with_payment(payments, payment(amount, kind, kind, currency=currency, in_system=amount * 2))
    result = added_up(payments)

    def sums(of: tuple) -> dict[tuple[str, str], tuple[int, int]]:
        keys = {(row.form, row.currency) for row in of}
        return {
            key: (
                sum(row.amount for row in of if (row.form, row.currency) == key),
                sum(row.in_system for row in of if (row.form, row.currency) == key),
            )
            for key in keys
        }

    assert sums(result) == sums(payments)
    assert [row.number for row in result] == list(range(1, len(result) + 1))


@given(st.integers(1, 10**7), st.decimals(Decimal("0.01"), 50, places=4))
def test_all_that_is_left_told_in_another_currency_is_close_to_it(due: int, rate: Decimal) -> None:
    """PAY-07: the station settles the rest of a penny; it is never more than half a unit of the other currency."""
    there = in_currency(due, "PLN", "EUR", rate)
    assert abs(in_system(there, "EUR", "PLN", rate) - due) <= rate / 2 + 1
