"""What the payment window shows, gathered in one turn of the database thread (PAY-01 … PAY-05)."""

from decimal import Decimal

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.cash.settlement import owed
from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Problem
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.station import payments, views
from kontuar.operations.station.payments import PaymentWindow
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import news
from kontuar.operations.station.till.terms import RECEIPT


class OpenCard(msgspec.Struct, frozen=True, kw_only=True):
    """A card payment whose end is not known: `state` *started* or *uncertain*."""

    operation_id: str
    form: str
    currency: str
    amount: Minor
    state: str


class PaymentView(msgspec.Struct, frozen=True, kw_only=True):
    """The window in one currency. `assign` = what the amount field holds, `default_form` = where the rest goes."""

    window: PaymentWindow
    currency: str
    rate: Decimal
    assign: Minor
    due_in_currency: Minor
    default_form: PaymentForm | None
    open_card: OpenCard | None
    card_terminal: bool
    can_clear: bool
    can_invoice: bool
    """Whether *invoice* is offered: a receipt, and an operator who may make invoices of receipts (PAY-02)."""
    news: tuple[Problem, ...] = ()
    """What opening the payment could not give as it was asked for."""
    may_undo: bool
    """The button is shown where the view of the form says so (PAY-02)."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What happens after approval: `closes` = the window closes by itself (PAY-04)."""

    document: Document
    change: Minor
    owed: Minor
    closes: bool


def view(station: Station, actor: Actor, doc_id: str, currency: str = "") -> PaymentView:
    """Verify the draft as approval would, and show the window (PAY-01)."""
    before = station.draft(doc_id)
    window = payments.window(station, actor, doc_id)
    document = window.document
    chosen = currency if currency in window.currencies else document.currency
    rate, _ = payments.amount_in_system(station, document.currency, chosen, Minor(0))
    unpaid = msgspec.structs.replace(document, payments=())
    cards = [OpenCard(operation_id=row[0], form=row[1], currency=row[2], amount=row[3], state=row[4])
             for row in window.open_card]  # fmt: skip
    return PaymentView(
        window=window, currency=chosen, rate=rate,
        assign=Minor(max(0, payments.amount_to_assign(station, document, chosen))),
        due_in_currency=payments.amount_to_assign(station, unpaid, chosen),
        default_form=_default(window.forms), open_card=cards[0] if cards else None,
        card_terminal=station.card_terminal,
        can_invoice=_may_invoice(actor, document),
        can_clear=any(payment.kind != "card" for payment in document.payments),
        news=news(before, document),
        may_undo=views.seen(station, actor, views.of_form(document.type)).shows("undo"),
    )  # fmt: skip


def assign(station: Station, actor: Actor, doc_id: str, form: str, amount: str = "", currency: str = "") -> PaymentView:
    """Put an amount on a form, then see the window: it refills with what is left."""
    payments.assign(station, actor, doc_id, form, amount, currency)
    return view(station, actor, doc_id, currency)


def clear(station: Station, actor: Actor, doc_id: str) -> PaymentView:
    """Take everything back but cards."""
    payments.clear(station, actor, doc_id)
    return view(station, actor, doc_id)


def undo(station: Station, actor: Actor, doc_id: str) -> PaymentView:
    """Take the last assignment back."""
    payments.undo(station, actor, doc_id)
    return view(station, actor, doc_id)


def decide(station: Station, actor: Actor, doc_id: str, operation_id: str, *, succeeded: bool) -> PaymentView:
    """A person's answer about a card payment whose end was not known (PAY-05)."""
    payments.decide_card(station, actor, doc_id, operation_id, succeeded=succeeded)
    return view(station, actor, doc_id)


def begin_card(
    station: Station, actor: Actor, doc_id: str, form: str, amount: str = "", currency: str = ""
) -> PaymentView:
    """Write down that a card is about to be charged, then see the window with it."""
    payments.start_card(station, actor, doc_id, form, amount, currency)
    return view(station, actor, doc_id, currency)


def ending(station: Station, document: Document) -> Ending:
    """Whether the window closes by itself, and the money to give back (PAY-04)."""
    change = -sum(payment.in_system for payment in document.payments if payment.role == "change")
    automatic = station.parameters().yes("payment.close_automatically")
    return Ending(
        document=document,
        change=Minor(change),
        owed=owed(document.payments),
        closes=automatic and not payments.opens_drawer(station, document),
    )


def _may_invoice(actor: Actor, document: Document) -> bool:
    needed = (rights.INVOICE_FROM_RECEIPT, rights.ISSUE_INVOICE)
    return document.type == RECEIPT and all(actor.may(right, document.doc_id) for right in needed)


def _default(forms: tuple[PaymentForm, ...]) -> PaymentForm | None:
    """The first form that needs no terminal."""
    return next((form for form in forms if form.kind != "card"), None)
