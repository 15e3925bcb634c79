"""Discounts that depend on how it is paid: the form planned on the document, and no other at payment (DISC-10)."""

from collections.abc import Sequence

import msgspec

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.documents.document import Document
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.promises import with_promises_kept
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import with_discounts
from kontuar.operations.station.till.drafts import lines_editable, look_at


def planned_forms(station: Station, actor: Actor, doc_id: str) -> Sequence[PaymentForm]:
    """The forms to choose from; none where no discount here depends on the form."""
    document = look_at(station, actor, doc_id)
    if document.repeats or not _asked_for(station, document):
        return ()
    return [form for form in station.payment_forms() if document.type in form.document_types]


def set_planned_form(station: Station, actor: Actor, doc_id: str, code: str) -> Document:
    """How the customer wants to pay, priced anew; empty = not known. Raises `Refused("payment.form_not_found")`.

    Of what a continued document came with, only that holds which is for this form or for any; the rest waits for its
    form to be planned again.
    """
    document = lines_editable(station, actor, doc_id)
    known = {form.code for form in station.payment_forms() if document.type in form.document_types}
    if code and code not in known:
        raise refuse("payment.form_not_found", "payment", form=code[:60])
    discounts = msgspec.structs.replace(document.discounts, payment_form=code)
    planned = with_promises_kept(station, msgspec.structs.replace(document, discounts=discounts))
    return station.save(with_discounts(station, planned))


def require_planned(station: Station, document: Document, form: PaymentForm) -> None:
    """Raise `Refused("payment.discount_needs_form")` where a discount on the document is given for other forms only."""
    scopes = _scopes(station, document)
    names = {known.code: known.name for known in station.payment_forms()}
    given = {one.rule: one.name for one in document.discounts.applications if one.amount}
    for line in document.lines:  # what a continued document brought along counts as well
        given |= {one.rule: given.get(one.rule, "") for one in line.adjustments}
    for rule, name in given.items():
        wanted = scopes.get(rule, ())
        if wanted and form.code not in wanted:
            raise refuse(
                "payment.discount_needs_form", "payment", name=name or rule, form=form.name,
                forms=", ".join(names.get(code, code) for code in wanted),
            )  # fmt: skip


def _asked_for(station: Station, document: Document) -> bool:
    return any(_scopes(station, document).values())


def _scopes(station: Station, document: Document) -> dict[str, tuple[str, ...]]:
    """The forms of payment that a rule is given for; none = any."""
    return {ready.rule.id: ready.rule.scope.payment_forms for ready in station.rules.book(document.currency).rules}
