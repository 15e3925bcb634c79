"""The payment window: money is assigned to forms on the draft; approving is the commit (PAY-01 … PAY-05, PAY-07)."""

from decimal import Decimal

import msgspec

from kontuar.domain.cash.records import Payment, PaymentForm
from kontuar.domain.cash.settlement import (
    change_for,
    check_assignment,
    in_currency,
    in_system,
    left_to_pay,
    with_payment,
)
from kontuar.domain.documents.document import Authorisation, Document
from kontuar.domain.documents.sale_checks import BANK
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import ExchangeRate
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor, parse_amount
from kontuar.kernel.time import instant_text
from kontuar.operations.actor import Actor
from kontuar.operations.station import coupon_marks
from kontuar.operations.station.approval import open_payment
from kontuar.operations.station.coupon_approval import require_coupons
from kontuar.operations.station.payment_plan import require_planned
from kontuar.operations.station.sale_rules import require_deferrable
from kontuar.operations.station.station import Station

CARD_ANSWERS = frozenset({"approved", "declined", "uncertain", "confirmed_by_hand", "cancelled_by_hand"})


class PaymentWindow(msgspec.Struct, frozen=True, kw_only=True):
    """What the window shows: amounts in minor units of the firm's currency; `left` negative never happens."""

    document: Document
    due: Minor
    left: Minor
    change: Minor
    forms: tuple[PaymentForm, ...]
    currencies: dict[str, Decimal]
    open_card: tuple[tuple[str, str, str, Minor, str], ...]


class CardRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A card payment that the terminal is to be asked for; already durable."""

    operation_id: str
    doc_id: str
    form: str
    currency: str
    amount: Minor


def window(station: Station, actor: Actor, doc_id: str) -> PaymentWindow:
    """The payment window of a draft; verifies what approval would (PAY-01)."""
    document = open_payment(station, actor, doc_id)
    forms = tuple(form for form in station.payment_forms() if document.type in form.document_types)
    left = left_to_pay(due_of(document), document.payments)
    change = -sum(payment.in_system for payment in document.payments if payment.role == "change")
    return PaymentWindow(
        document=document, due=due_of(document), left=left, change=Minor(change), forms=forms,
        currencies=_currencies(station, document.currency),
        open_card=tuple(station.books.cards.unfinished(doc_id)),
    )  # fmt: skip


def due_of(document: Document) -> Minor:
    """What the document is to be paid with; an invoice of a receipt was paid with the receipt (SALE-06)."""
    return Minor(0) if document.repeats else document.totals.gross


def amount_to_assign(station: Station, document: Document, currency: str) -> Minor:
    """What is left, in a currency: the field refills with it."""
    left = left_to_pay(due_of(document), document.payments)
    return in_currency(left, document.currency, currency, _rate(station, document.currency, currency))


def assign(
    station: Station, actor: Actor, doc_id: str, form_code: str, amount: str = "", currency: str = ""
) -> Document:
    """Put an amount on a form (empty = what is left); change is worked out at once.

    Card forms go through `start_card`. The first one opens the payment, if nobody did. Raises `Refused("payment.…")`,
    and as `open_payment`.
    """
    document, form = _document_and_form(station, actor, doc_id, form_code)
    if form.kind == "card":
        raise refuse("payment.card_by_terminal", "payment")
    if form.on_credit and document.buyer.code == UNDEFINED:
        require_deferrable(station)
        actor.require(rights.DEFERRED_FOR_UNDEFINED, doc_id)
        document = _with_authorisation(station, actor, document, rights.DEFERRED_FOR_UNDEFINED)
    station.require_no_open_card(doc_id)
    payment = _payment(station, document, form, amount, currency)
    return station.save(_assigned(document, form, payment))


def clear(station: Station, actor: Actor, doc_id: str) -> Document:
    """Remove what was assigned, except card payments (PAY-02)."""
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    kept = tuple(payment for payment in document.payments if payment.kind == "card")
    return station.save(msgspec.structs.replace(document, payments=kept))


def undo(station: Station, actor: Actor, doc_id: str) -> Document:
    """Take back the last assignment, except a card payment (PAY-02)."""
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    entered = [payment for payment in document.payments if payment.role == "payment"]
    if not entered:
        raise refuse("payment.nothing_to_undo", "payment")
    if entered[-1].kind == "card":
        raise refuse("payment.card_taken", "payment")
    return station.save(msgspec.structs.replace(document, payments=tuple(entered[:-1])))


def leave(station: Station, actor: Actor, doc_id: str) -> Document:
    """Close the window: back to the document when nothing is assigned (PAY-02); coupons are reserved no more.

    Raises `Refused("payment.card_taken" | "payment.clear_first")`.
    """
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    if any(payment.kind == "card" for payment in document.payments) or station.books.cards.unfinished(doc_id):
        raise refuse("payment.card_taken", "payment")
    if document.payments:
        raise refuse("payment.clear_first", "payment")
    with station.books.transaction():
        free = coupon_marks.let_go(station, document)
        return document if free is document else station.save(free)


def start_card(
    station: Station, actor: Actor, doc_id: str, form_code: str, amount: str = "", currency: str = ""
) -> CardRequest:
    """Write down that the terminal is about to be asked, before it is (PAY-05); opens the payment as `assign`.

    The last moment at which a coupon can be refused (COUP-03).
    """
    document, form = _document_and_form(station, actor, doc_id, form_code)
    if form.kind != "card":
        raise refuse("payment.not_a_card", "payment", form=form.name)
    station.require_no_open_card(doc_id)
    require_coupons(station, document)
    payment = _payment(station, document, form, amount, currency)
    request = CardRequest(
        operation_id=station.ids.new_id(), doc_id=doc_id, form=form.code, currency=payment.currency,
        amount=payment.amount,
    )  # fmt: skip
    now = instant_text(station.clock.now())
    with station.books.transaction():
        station.save(document)
        station.books.cards.start(request.operation_id, doc_id, form.code, request.currency, request.amount, now)
    return request


def finish_card(station: Station, actor: Actor, request: CardRequest, answer: str, facts: dict[str, str]) -> Document:
    """The terminal's (or the operator's) answer: approved or confirmed adds the payment, declined does not.

    *uncertain* leaves the question open for a person. An answer that comes after the question was decided changes
    nothing; raises `Refused("payment.card_not_found")`.
    """
    assert answer in CARD_ANSWERS, answer
    document = station.draft(request.doc_id)
    if request.operation_id not in {row[0] for row in station.books.cards.unfinished(request.doc_id)}:
        raise refuse("payment.card_not_found", "payment")
    with station.books.transaction():
        station.books.cards.finish(request.operation_id, answer, facts)
        if answer in ("approved", "confirmed_by_hand"):
            document = station.save(_with_card(station, actor, document, request, answer, facts))
    return document


def decide_card(station: Station, actor: Actor, doc_id: str, operation_id: str, *, succeeded: bool) -> Document:
    """A person says whether the card payment succeeded all the same (PAY-05); the answer is kept.

    Where a terminal stands here, money that it did not tell of is believed only to who has the right
    `payment.confirm_card`, or to whom somebody allowed it. Without one the cashier is simply asked.
    """
    request = open_card_request(station, actor, doc_id, operation_id)
    facts = {"by": actor.operator}
    if not succeeded:
        return finish_card(station, actor, request, "cancelled_by_hand", facts)
    with station.books.transaction():
        if station.card_terminal:
            actor.require(rights.CONFIRM_CARD, doc_id)
            before = station.draft(doc_id)
            allowed = _with_authorisation(station, actor, before, rights.CONFIRM_CARD)
            if allowed is not before:
                facts["allowed_by"] = allowed.authorisations[-1].operator
            station.save(allowed)
        return finish_card(station, actor, request, "confirmed_by_hand", facts)


def open_card_request(station: Station, actor: Actor, doc_id: str, operation_id: str) -> CardRequest:
    """A card operation without a final answer; raises `Refused("payment.card_not_found")`."""
    actor.require(type_of(station.draft(doc_id).type).issue_right, doc_id)
    for known_id, form, currency, amount, _state in station.books.cards.unfinished(doc_id):
        if known_id == operation_id:
            return CardRequest(operation_id=operation_id, doc_id=doc_id, form=form, currency=currency, amount=amount)
    raise refuse("payment.card_not_found", "payment")


def opens_drawer(station: Station, document: Document) -> bool:
    """Whether one of the forms used opens the drawer (PAY-04)."""
    used = {payment.form for payment in document.payments}
    return any(form.opens_drawer for form in station.payment_forms() if form.code in used)


def amount_in_system(station: Station, system: str, currency: str, amount: Minor) -> tuple[Decimal, Minor]:
    """(rate, worth in the firm's currency) of an amount today."""
    rate = _rate(station, system, currency)
    return rate, in_system(amount, currency, system, rate)


def _document_and_form(station: Station, actor: Actor, doc_id: str, form_code: str) -> tuple[Document, PaymentForm]:
    document = _opened(station, actor, doc_id)
    for form in station.payment_forms():
        if form.code == form_code and document.type in form.document_types:
            require_planned(station, document, form)
            return _may_take(station, actor, document, form), form
    raise refuse("payment.form_not_found", "payment", form=form_code[:60])


def _opened(station: Station, actor: Actor, doc_id: str) -> Document:
    """The draft with its payment open: the first money put on it finds what the window would have found (PAY-01).

    Raises as `open_payment`, and `Refused("payment.changed")` where that changed what is to pay: nothing is taken, the
    draft has its new price, and the same asked again pays it.
    """
    before = station.draft(doc_id)
    actor.require(type_of(before.type).issue_right, doc_id)
    if before.payments or not type_of(before.type).paid:
        return before
    station.require_no_open_card(doc_id)
    document = open_payment(station, actor, doc_id)
    due = due_of(document)
    if due != due_of(before):
        raise refuse("payment.changed", "payment", due_minor=due, currency=document.currency)
    return document


def _may_take(station: Station, actor: Actor, document: Document, form: PaymentForm) -> Document:
    """Anything but cash is a right of its own (HUB-15); the document keeps who allowed it. Where the undefined
    customer is to pay later, the stricter right for that decides alone."""
    if form.kind == "cash" or (form.on_credit and document.buyer.code == UNDEFINED):
        return document
    actor.require(rights.OTHER_FORMS, document.doc_id)
    return _with_authorisation(station, actor, document, rights.OTHER_FORMS)


def _payment(station: Station, document: Document, form: PaymentForm, amount: str, currency: str) -> Payment:
    system = document.currency
    chosen = currency or system
    if chosen != system and chosen not in form.currencies:
        raise refuse("payment.currency_not_taken", "currency", currency=chosen[:8], form=form.name)
    if document.split_payment and chosen == "PLN" and form.kind != BANK:
        raise refuse("payment.split_by_bank_only", "payment", form=form.name)
    value = parse_amount(amount, chosen, "amount") if amount else amount_to_assign(station, document, chosen)
    rate, worth = _worth(station, document, value, chosen)
    check_assignment(due_of(document), document.payments, form, value, worth, system)
    return Payment(
        number=0, form=form.code, kind=form.kind, currency=chosen, amount=value, rate=rate, in_system=worth,
        on_credit=form.on_credit,
    )  # fmt: skip


def _with_authorisation(station: Station, actor: Actor, document: Document, right: str) -> Document:
    """The document with who allowed what the operator himself may not do."""
    grant = actor.granted(right, document.doc_id) if right not in actor.rights else None
    if grant is None:
        return document
    entry = Authorisation(right=right, operator=grant.operator, at=station.moment(), place="payment")
    return msgspec.structs.replace(document, authorisations=(*document.authorisations, entry))


def _assigned(document: Document, form: PaymentForm, payment: Payment) -> Document:
    payments = with_payment(document.payments, payment)
    change = change_for(due_of(document), payments, form.code, document.currency)
    if change is not None:
        payments = with_payment(payments, change)
    return msgspec.structs.replace(document, payments=payments)


def _with_card(
    station: Station, actor: Actor, document: Document, request: CardRequest, answer: str, facts: dict[str, str]
) -> Document:
    rate, worth = _worth(station, document, request.amount, request.currency)
    payment = Payment(
        number=0, form=request.form, kind="card", currency=request.currency, amount=request.amount, rate=rate,
        in_system=worth, card=facts.get("masked_card", ""), authorisation=facts.get("authorisation_code", ""),
        confirmed_by=actor.operator if answer == "confirmed_by_hand" else "", operation_id=request.operation_id,
    )  # fmt: skip
    return msgspec.structs.replace(document, payments=with_payment(document.payments, payment))


def _worth(station: Station, document: Document, amount: Minor, currency: str) -> tuple[Decimal, Minor]:
    """(rate, worth in the firm's currency); all that is left, told in a currency, settles to the last penny."""
    rate = _rate(station, document.currency, currency)
    left = left_to_pay(due_of(document), document.payments)
    if amount == in_currency(left, document.currency, currency, rate):
        return rate, left
    return rate, in_system(amount, currency, document.currency, rate)


def _rate(station: Station, system: str, currency: str) -> Decimal:
    if currency == system:
        return Decimal(1)
    day = station.business_day().isoformat()
    rates = station.books.definitions.every(ExchangeRate).values()
    begun = [rate for rate in rates if rate.currency == currency and rate.valid_from <= day]
    if not begun:
        raise refuse("rate.missing", "currency", currency=currency[:8])
    return max(begun, key=lambda rate: rate.valid_from).rate


def _currencies(station: Station, system: str) -> dict[str, Decimal]:
    """The firm's currency first, then those with a rate that some form takes."""
    wanted = {code for form in station.payment_forms() for code in form.currencies if code != system}
    day = station.business_day().isoformat()
    rated = {rate.currency for rate in station.books.definitions.every(ExchangeRate).values() if rate.valid_from <= day}
    return {system: Decimal(1), **{code: _rate(station, system, code) for code in sorted(wanted & rated)}}
