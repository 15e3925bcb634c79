"""Cash in and cash out: one form, one amount, a reason (PAY-09)."""

from decimal import Decimal

import msgspec

from kontuar.domain.cash.records import Payment
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import type_of
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import parse_amount
from kontuar.operations.actor import Actor
from kontuar.operations.station.payments import amount_in_system
from kontuar.operations.station.station import Station


def set_amount(
    station: Station, actor: Actor, doc_id: str, form_code: str, amount: str, currency: str = ""
) -> Document:
    """The money of a KP or KW, in one form and currency; raises `Refused("payment.…" | "amount.…")`."""
    document = station.draft(doc_id)
    kind = type_of(document.type)
    actor.require(kind.issue_right, doc_id)
    if kind.family != "cash":
        raise refuse("document.takes_no_amount", "amount")
    form = next((form for form in station.payment_forms() if form.code == form_code), None)
    if form is None or document.type not in form.document_types:
        raise refuse("payment.form_not_found", "payment", form=form_code[:60])
    chosen = currency or document.currency
    if chosen != document.currency and chosen not in form.currencies:
        raise refuse("payment.currency_not_taken", "currency", currency=chosen[:8], form=form.name)
    value = parse_amount(amount, chosen, "amount")
    if value <= 0:
        raise refuse("cash.amount_missing", "amount")
    rate, worth = amount_in_system(station, document.currency, chosen, value)
    payment = Payment(
        number=1, form=form.code, kind=form.kind, currency=chosen, amount=value, rate=Decimal(rate), in_system=worth
    )
    return station.save(msgspec.structs.replace(document, amount=worth, payments=(payment,)))
