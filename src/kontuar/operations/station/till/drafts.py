"""A draft from its beginning to its end without approval: each change durable, none numbered (DOC-01, DOC-34)."""

from kontuar.domain.documents import discounting, life
from kontuar.domain.documents.document import Buyer, Document
from kontuar.domain.documents.messages import DraftDiscarded
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import DocumentSettings
from kontuar.domain.parties.records import UNDEFINED, Contractor
from kontuar.domain.pricing.vat import Direction
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.parking import origin
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.discounting import without_said


def begin(station: Station, actor: Actor, document_type: str) -> Document:
    """A new draft of a type; it has an identity at once and a number only when approved (DOC-01)."""
    kind = type_of(document_type)
    actor.require(kind.issue_right)
    document = Document(
        doc_id=station.ids.new_id(), type=document_type, created_at=station.clock.now(), created_by=actor.operator,
        store=station.identity.store, station=station.identity.station, warehouse=station.warehouse(),
        register=station.register(), handler=actor.operator, currency=station.firm().currency,
        direction=direction_of(station, document_type), buyer=_walk_in(station), price_list=station.store().price_list,
        definitions=station.books.definitions.version(), business_day=station.business_day(),
    )  # fmt: skip
    return station.save(document)


def resume(station: Station, actor: Actor, document_type: str) -> Document | None:
    """The draft of that type that was being edited here, if any (REL-20)."""
    actor.require(type_of(document_type).issue_right)
    return station.books.drafts.newest(document_type)


def look_at(station: Station, actor: Actor, doc_id: str) -> Document:
    """The draft as last saved; raises `Refused("draft.not_found")`."""
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    return document


def discard(station: Station, actor: Actor, doc_id: str) -> None:
    """Throw the draft away; one with lines is told to head office. Card money taken keeps it (PAY-02)."""
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    if any(payment.kind == "card" for payment in document.payments) or station.books.cards.unfinished(doc_id):
        raise refuse("payment.card_taken", "payment")
    step = type_of(document.type).life.steps[document.state, life.DISCARD]
    if document.lines and step.right is not None:
        actor.require(step.right, doc_id)
    body = DraftDiscarded(
        doc_id=doc_id, document_type=document.type, lines=len(document.lines), gross=document.totals.gross,
        token=origin.lease_of(station, doc_id),
    )  # fmt: skip
    origin.require_edit(station, actor, document)
    with station.books.transaction():
        station.books.drafts.remove(doc_id)
        origin.was_thrown_away(station, doc_id)
        if document.lines and not document.repeats:  # the sale of a receipt's invoice stands
            station.announce("draft.discarded/1", station.ids.new_id(), body, actor.operator)
            station.count("voided_drafts")
    station.committed()


def editable(station: Station, actor: Actor, doc_id: str) -> Document:
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    origin.require_edit(station, actor, document)
    if document.payments and type_of(document.type).paid:
        raise refuse("payment.clear_first", "payment")
    station.require_no_open_card(doc_id)
    return without_said(document)


def lines_editable(station: Station, actor: Actor, doc_id: str) -> Document:
    """The draft, where its lines may be changed: a receipt's invoice has the receipt's lines, all of them (SALE-06)."""
    document = editable(station, actor, doc_id)
    if document.repeats:
        raise refuse("invoice.of_receipt_stays")
    return document


def buyer_of(contractor: Contractor) -> Buyer:
    return Buyer(
        code=contractor.code, name=contractor.name, kind=contractor.kind, tax_number=contractor.tax_number,
        street=contractor.street, postal_code=contractor.postal_code, city=contractor.city,
        country=contractor.country, loyalty_card=contractor.loyalty_card, second_name=contractor.second_name,
        status=contractor.status,
    )  # fmt: skip


def _walk_in(station: Station) -> Buyer:
    found = station.books.definitions.get(Contractor, UNDEFINED)
    return buyer_of(found) if found else Buyer(code=UNDEFINED, name="")


def direction_of(station: Station, document_type: str) -> Direction:
    """The VAT direction that new documents of a type have here."""
    return discounting.direction_of(
        station.books.definitions.get(DocumentSettings, document_type), station.parameters()
    )
