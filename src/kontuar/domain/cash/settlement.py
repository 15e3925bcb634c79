"""What a document still owes, payments in several currencies, change (PAY-01, PAY-03, PAY-07)."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from kontuar.domain.cash.records import Payment, PaymentForm
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor, to_major, to_minor

SEPARATE_KINDS = frozenset({"bank", "card", "cheque"})
"""Kinds of forms of which each assignment is a payment of its own."""


def left_to_pay(due: Minor, payments: Iterable[Payment]) -> Minor:
    """What is still owed in the firm's currency; negative = too much was given. Facts decide, flags do not."""
    return Minor(due - sum(payment.in_system for payment in payments))


def collected(payments: Iterable[Payment]) -> Minor:
    """What was really taken, in the firm's currency: without what stays owed (SALE-03)."""
    return Minor(sum(payment.in_system for payment in payments if not payment.on_credit))


def owed(payments: Iterable[Payment]) -> Minor:
    """What stays owed when the document is approved, in the firm's currency."""
    return Minor(sum(payment.in_system for payment in payments if payment.on_credit))


def in_currency(amount: Minor, system: str, currency: str, rate: Decimal) -> Minor:
    """An amount of the firm's currency in another one; `rate` = worth of one unit of `currency`."""
    return amount if currency == system else to_minor(to_major(amount, system) / rate, currency)


def in_system(amount: Minor, currency: str, system: str, rate: Decimal) -> Minor:
    """An amount of `currency` in the firm's currency."""
    return amount if currency == system else to_minor(to_major(amount, currency) * rate, system)


def check_assignment(
    due: Minor,
    payments: tuple[Payment, ...],
    form: PaymentForm,
    amount: Minor,
    worth: Minor,
    system: str,
) -> None:
    """Whether `amount` (worth `worth` in the firm's currency) may go to a form now.

    Raises `Refused("payment.amount_missing" | "payment.settled" | "payment.too_much")`:
    only a form that gives change takes more than what is left, and never one that only notes a debt.
    """
    left = left_to_pay(due, payments)
    if left <= 0:
        raise refuse("payment.settled", "payment")
    if amount <= 0:
        raise refuse("payment.amount_missing", "amount")
    if worth > left and (form.on_credit or not form.gives_change):
        raise refuse("payment.too_much", "amount", left_minor=left, currency=system, form=form.name)


def with_payment(payments: tuple[Payment, ...], new: Payment) -> tuple[Payment, ...]:
    """The payments with one more at the end, so that the last one can be taken back (PAY-02)."""
    number = max((payment.number for payment in payments), default=0) + 1
    return (*payments, msgspec.structs.replace(new, number=number))


def added_up(payments: tuple[Payment, ...]) -> tuple[Payment, ...]:
    """What a document is approved with: one payment per form, currency and rate; separate forms stay apart (PAY-01)."""
    result: list[Payment] = []
    places: dict[tuple[str, str, str, Decimal], int] = {}
    for payment in payments:
        key = (payment.form, payment.currency, payment.role, payment.rate)
        if key in places and payment.kind not in SEPARATE_KINDS:
            result[places[key]] = _sum(result[places[key]], payment)
        else:
            places[key] = len(result)
            result.append(payment)
    return tuple(msgspec.structs.replace(payment, number=number) for number, payment in enumerate(result, 1))


def change_for(due: Minor, payments: tuple[Payment, ...], cash_form: str, system: str) -> Payment | None:
    """The money to give back in the firm's currency, as a negative payment; None when nothing is."""
    excess = -left_to_pay(due, payments)
    if excess <= 0:
        return None
    number = max((payment.number for payment in payments), default=0) + 1
    return Payment(
        number=number, form=cash_form, kind="cash", currency=system, amount=Minor(-excess),
        rate=Decimal(1), in_system=Minor(-excess), role="change",
    )  # fmt: skip


def _sum(known: Payment, new: Payment) -> Payment:
    return msgspec.structs.replace(
        known, amount=Minor(known.amount + new.amount), in_system=Minor(known.in_system + new.in_system)
    )
