"""Approving: one transaction takes the number, writes document, ledgers, message, and forgets the draft (REL-04)."""

import datetime
from typing import Final

import msgspec

from kontuar.domain.cash.records import CashMove
from kontuar.domain.cash.settlement import added_up
from kontuar.domain.documents import life, numbering
from kontuar.domain.documents.case import Case, Entry
from kontuar.domain.documents.document import Authorisation, Document
from kontuar.domain.documents.messages import approved_kind
from kontuar.domain.documents.types import DocumentType, is_fiscal, turnover, type_of
from kontuar.domain.firm.records import NumberingRule
from kontuar.domain.parties.records import Contractor
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.lifecycle import advance, step_of
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Actor
from kontuar.operations.station import second_copy
from kontuar.operations.station.attributes import attributes_of
from kontuar.operations.station.clock_guard import require_sane_clock
from kontuar.operations.station.coupon_approval import as_approved, require_coupons
from kontuar.operations.station.delivery import delivery_methods
from kontuar.operations.station.parking import origin
from kontuar.operations.station.receipt_source import require_source
from kontuar.operations.station.split_payment import with_split_payment
from kontuar.operations.station.station import Station
from kontuar.operations.station.till import reprice
from kontuar.operations.station.till.promotions import with_bundles_at_approval

INVOICE: Final = "invoice"


def open_payment(station: Station, actor: Actor, doc_id: str) -> Document:
    """Verify everything that approval would, all problems at once, and let the payment window open (DOC-05)."""
    station.require_living()
    document = ready_for_payment(station, actor, doc_id)
    require_source(station, document)
    require_coupons(station, document)
    _advance(station, actor, document, life.OPEN_PAYMENT)
    return document


def ready_for_payment(station: Station, actor: Actor, doc_id: str) -> Document:
    """The draft at the prices and discounts that its payment will see; unchanged once money is assigned."""
    document = station.draft(doc_id)
    origin.require_edit(station, actor, document)
    if document.payments:
        return document
    document = _repriced_if_newer(station, document)
    document = _kept(station, document, with_bundles_at_approval(station, document))
    return _kept(station, document, with_split_payment(station, document))


def approve(station: Station, actor: Actor, doc_id: str) -> Document:
    """The single commit. Repeating it after a lost answer gives the document that was approved (decision 5)."""
    stored = station.books.documents.find(origin.approved_as(station, doc_id))
    if stored is not None and station.books.drafts.load(doc_id) is None:  # a draft: continued elsewhere, then here
        actor.require(type_of(stored.document.type).issue_right, doc_id)
        return stored.document
    station.require_no_open_card(doc_id)
    require_sane_clock(station, actor)
    with station.books.transaction():
        draft = station.draft(doc_id)
        origin.require_edit(station, actor, draft)
        document = with_split_payment(station, _with_terms(station, _settled(_with_shift(station, draft))))
        require_source(station, document)
        require_coupons(station, document)
        document = as_approved(station, document)
        document = _with_authorisation(station, actor, document, life.APPROVE)
        state, entries = _advance(station, actor, document, life.APPROVE)
        approved = origin.with_origin(station, _sealed(station, actor, document, state, entries))
        _record(station, approved, actor, doc_id)
    station.committed()
    return approved


def case_for(station: Station, document: Document) -> Case:
    """The document and the facts around it now."""
    articles = {line.article for line in document.lines}
    stock = station.books.stock
    attributes = attributes_of(station, document.type)
    return Case(
        document=document,
        parameters=station.parameters(),
        shift=station.books.cash.open_shift(),
        balances=stock.balances(articles) if articles and stock.is_known() else None,
        register_cash=station.books.cash.balances(document.register),
        fiscal_device=station.fiscal_device and is_fiscal(document),
        attributes=attributes,
        deliveries=frozenset(method.code for method in delivery_methods(station, document.type)),
        required=frozenset(
            row.code for row in attributes if row.required or station.identity.station in row.required_at
        ),
    )


def _advance(station: Station, actor: Actor, document: Document, action: str) -> tuple[str, tuple[Entry, ...]]:
    return advance(
        type_of(document.type).life, document.state, action, case_for(station, document),
        rights=actor.rights_on(document.doc_id), connectivity=station.connectivity(),
    )  # fmt: skip


def _settled(document: Document) -> Document:
    """Assignments to the same form become one payment, where the form is not a separate one (PAY-01)."""
    return msgspec.structs.replace(document, payments=added_up(document.payments))


def _with_authorisation(station: Station, actor: Actor, document: Document, action: str) -> Document:
    """The document with who allowed the step, where the operator himself may not take it."""
    right = step_of(type_of(document.type).life, document.state, action).right
    grant = actor.granted(right, document.doc_id) if right is not None and right not in actor.rights else None
    if grant is None:
        return document
    entry = Authorisation(right=grant.right, operator=grant.operator, at=station.moment())
    return msgspec.structs.replace(document, authorisations=(*document.authorisations, entry))


def _sealed(station: Station, actor: Actor, document: Document, state: str, entries: tuple[Entry, ...]) -> Document:
    """The approved document: number, time, moves, perpetual total."""
    kind = type_of(document.type)
    perpetual = int(station.books.fact("perpetual_gross") or 0) + turnover(document)
    station.books.set_fact("perpetual_gross", str(perpetual))
    return msgspec.structs.replace(
        document,
        state=state,
        number=_next_number(station, kind, document),
        approved_at=station.moment(),
        approved_by=actor.operator,
        stock_moves=tuple(entry for entry in entries if isinstance(entry, StockMove)),
        cash_moves=tuple(entry for entry in entries if isinstance(entry, CashMove)),
        perpetual_gross=Minor(perpetual),
    )


def _record(station: Station, document: Document, actor: Actor, draft_id: str) -> None:
    books = station.books
    kind = approved_kind(document.type)
    position = station.announce(kind, document.doc_id, document, actor.operator, at=document.approved_at)
    fiscal = "waiting" if station.fiscal_device and is_fiscal(document) else ""
    books.documents.add(document, position, fiscal=fiscal)
    second_copy.begin(station, document, position)
    books.stock.add_moves(document.doc_id, document.stock_moves, position)
    books.cash.add_moves(document.doc_id, document.cash_moves, document.shift_id)
    for given in document.authorisations:
        station.note(document.doc_id, "authorised", given.operator, right=given.right, place=given.place)
    station.note(document.doc_id, "approved", actor.operator)
    books.drafts.remove(draft_id)
    origin.was_approved(station, draft_id, document)


def _next_number(station: Station, kind: DocumentType, document: Document) -> str:
    assert document.business_day is not None
    rule = station.books.definitions.get(NumberingRule, kind.name) or numbering.default_rule(kind.name)
    series = station.identity.series
    period = numbering.period_of(rule, document.business_day)
    while True:
        ordinal = station.books.numbers.next_ordinal(kind.name, series, period)
        number = numbering.format_number(
            rule, symbol=kind.symbol, ordinal=ordinal, day=document.business_day, series=series,
            warehouse=document.warehouse,
        )  # fmt: skip
        # Only after head office changed what resets the numbers within a period: the series goes on where it was.
        if station.books.documents.find_number(number) is None:
            return number


def _with_shift(station: Station, document: Document) -> Document:
    shift = station.books.cash.open_shift()
    return msgspec.structs.replace(
        document,
        shift_id=shift.shift_id if shift else "",
        business_day=shift.business_day if shift else station.today(),
    )


def _with_terms(station: Station, document: Document) -> Document:
    """When it was sold, and until when what is owed is to be paid: today, else the contractor's term (SALE-03)."""
    day = document.business_day
    if type_of(document.type).family != "trade" or day is None or document.repeats:
        return document
    due = day
    if any(payment.on_credit for payment in document.payments):
        buyer = station.books.definitions.get(Contractor, document.buyer.code)
        due = day + datetime.timedelta(days=buyer.payment_days if buyer else 0)
    return msgspec.structs.replace(document, sold_on=document.sold_on or day, due_on=due)


def _kept(station: Station, before: Document, after: Document) -> Document:
    return before if after is before else station.save(after)


def _repriced_if_newer(station: Station, document: Document) -> Document:
    """Prices of the version and the business day that hold when payment opens; one left overnight gets today's."""
    if (document.definitions, document.business_day) == (station.books.definitions.version(), station.business_day()):
        return document
    return station.save(reprice(station, document))
