"""The form of a KP or KW: what it shows and how it is kept while being typed (PAY-09, DOC-34)."""

from collections.abc import Mapping
from typing import Final

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import Reason
from kontuar.domain.parties.records import UNDEFINED
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.station import approval, cash_documents, till
from kontuar.operations.station.station import Station

CASH_TYPES: Final = frozenset({"cash_in", "cash_out"})


class CashForm(msgspec.Struct, frozen=True, kw_only=True):
    """`there` = what the ledger says is in the register, for forms of cash paid out; `shift_open` or nothing moves."""

    document: Document
    forms: tuple[PaymentForm, ...]
    currencies: tuple[str, ...]
    reasons: tuple[Reason, ...]
    there: tuple[tuple[str, str, Minor], ...]
    shift_open: bool
    undefined: str = UNDEFINED


def open_form(station: Station, actor: Actor, document_type: str) -> Document:
    """The one that was being made here, else a new one."""
    return till.resume(station, actor, document_type) or till.begin(station, actor, document_type)


def cash_form(station: Station, actor: Actor, doc_id: str) -> CashForm:
    """The form as last kept; raises `Refused("document.takes_no_amount")` for other documents."""
    document = till.look_at(station, actor, doc_id)
    if document.type not in CASH_TYPES:
        raise refuse("document.takes_no_amount", "amount")
    forms = tuple(form for form in station.payment_forms() if document.type in form.document_types)
    foreign = dict.fromkeys(code for form in forms for code in form.currencies)
    balances = station.books.cash.balances(document.register)
    offered = {form.code for form in forms}
    return CashForm(
        document=document,
        forms=forms,
        currencies=(document.currency, *(code for code in foreign if code != document.currency)),
        reasons=reasons_for(station, document.type),
        there=tuple((*key, amount) for key, amount in sorted(balances.items()) if key[0] in offered),
        shift_open=station.books.cash.open_shift() is not None,
    )


def reasons_for(station: Station, document_type: str) -> tuple[Reason, ...]:
    """The dictionary for a type, by name."""
    found = station.books.definitions.every(Reason).values()
    return tuple(sorted((row for row in found if row.active and document_type in row.document_types),
                        key=lambda row: row.name))  # fmt: skip


def keep(station: Station, actor: Actor, doc_id: str, fields: Mapping[str, str]) -> Document:
    """Keep what is filled in so far; an amount that cannot be read is refused and the rest is kept."""
    document = till.look_at(station, actor, doc_id)
    if fields.get("reason"):
        till.set_reason(station, actor, doc_id, fields["reason"])
    if fields.get("description", document.description) != document.description:
        till.set_text(station, actor, doc_id, "description", fields["description"])
    if type_of(document.type).family == "cash" and fields.get("amount", "").strip():
        return _with_amount(station, actor, doc_id, fields)
    return station.draft(doc_id)


def approve(station: Station, actor: Actor, doc_id: str, fields: Mapping[str, str]) -> Document:
    """Keep everything as shown, then approve; repeated after a lost answer it gives the approved document."""
    stored = station.books.documents.find(doc_id)
    if stored is not None:
        return approval.approve(station, actor, doc_id)
    keep(station, actor, doc_id, {**fields, "amount": ""})
    if not fields.get("amount", "").strip():
        raise refuse("cash.amount_missing", "amount")
    _with_amount(station, actor, doc_id, fields)
    return approval.approve(station, actor, doc_id)


def _with_amount(station: Station, actor: Actor, doc_id: str, fields: Mapping[str, str]) -> Document:
    return cash_documents.set_amount(
        station, actor, doc_id, fields.get("payment_form", ""), fields.get("amount", ""), fields.get("currency", "")
    )
