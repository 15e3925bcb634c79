"""Documents of this station: lists, preview, history, prints, fiscalisation, cancelling (DOC-03, DOC-10 … DOC-12)."""

from collections.abc import Sequence

import msgspec

from kontuar.domain.cash.records import CashMove
from kontuar.domain.documents import life
from kontuar.domain.documents.document import APPROVED, FORKED, Document
from kontuar.domain.documents.messages import Cancelled, Fiscalised, Printed, cancelled_kind
from kontuar.domain.documents.types import type_of
from kontuar.domain.parties import rights
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.errors import refuse
from kontuar.kernel.lifecycle import advance, step_of
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import DocumentQuery, DocumentRow, StoredDocument
from kontuar.operations.station.approval import case_for
from kontuar.operations.station.station import Station


class Page(msgspec.Struct, frozen=True, kw_only=True):
    """A page of a list; `next` = where the following one begins, None at the end. `pruned_until`: at the end of the
    list, up to which business day documents are at head office only; empty = all are here (REL-17)."""

    rows: tuple[DocumentRow, ...]
    next: int | None
    pruned_until: str = ""


def page(station: Station, actor: Actor, query: DocumentQuery) -> Page:
    """A page of documents issued here; without *all documents* only one's own (HUB-15)."""
    actor.require(rights.OWN_DOCUMENTS)
    if rights.ALL_DOCUMENTS not in actor.rights:
        query = msgspec.structs.replace(query, operator=actor.operator)
    limit = max(1, min(query.limit, 200))
    rows = station.books.documents.page(msgspec.structs.replace(_with_ean(station, query), limit=limit + 1))
    more = len(rows) > limit
    until = "" if more else station.books.documents.pruned_until()
    return Page(rows=tuple(rows[:limit]), next=rows[limit - 1].id if more else None, pruned_until=until)


def preview(station: Station, actor: Actor, doc_id: str) -> StoredDocument:
    """One document with its history and links; raises `Refused("document.not_found")`."""
    actor.require(rights.OWN_DOCUMENTS)
    stored = station.books.documents.find(doc_id)
    if stored is None:
        raise refuse("document.not_found", doc_id=doc_id[:64])
    if stored.document.approved_by != actor.operator:
        actor.require(rights.ALL_DOCUMENTS, doc_id)
    return stored


def cancel(station: Station, actor: Actor, doc_id: str, reason: str = "") -> StoredDocument:
    """Take an approved document back, where its table allows it; its effects are reversed.

    Raises `Refused("document.forked")` for one that head office has to decide about (REL-05), and as the table does.
    """
    stored = preview(station, actor, doc_id)
    if stored.row.state == FORKED:
        raise refuse("document.forked", number=stored.row.number)
    document = stored.document
    kind = type_of(document.type)
    case = msgspec.structs.replace(case_for(station, document), document=document)
    state, entries = advance(
        kind.life, stored.row.state, life.CANCEL, case, rights=actor.rights_on(doc_id),
        connectivity=station.connectivity(),
    )  # fmt: skip
    shift = station.books.cash.open_shift()
    body = Cancelled(
        doc_id=doc_id, number=document.number, document_type=document.type, reason=reason[:200],
        business_day=station.business_day(), shift_id=shift.shift_id if shift else "",
        stock_moves=tuple(entry for entry in entries if isinstance(entry, StockMove)),
        cash_moves=tuple(entry for entry in entries if isinstance(entry, CashMove)),
    )  # fmt: skip
    with station.books.transaction():
        kind_of_message = cancelled_kind(document.type)
        position = station.announce(kind_of_message, station.ids.new_id(), body, actor.operator)
        station.books.stock.add_moves(doc_id, body.stock_moves, position)
        station.books.cash.add_moves(doc_id, body.cash_moves, body.shift_id)
        station.books.documents.set_state(doc_id, state)
        _note_authorisation(station, actor, stored, life.CANCEL)
        station.note(doc_id, "cancelled", actor.operator, reason=reason[:200])
    station.committed()
    return preview(station, actor, doc_id)


def fiscalised(
    station: Station, actor: Actor, doc_id: str, fiscal_number: str, device: str, *, marked: bool = False
) -> None:
    """The device registered the sale, or a person with the right says that it did (SALE-05)."""
    stored = preview(station, actor, doc_id)
    kind = type_of(stored.document.type)
    action = life.MARK_FISCALISED if marked else life.FISCALISE
    if stored.row.fiscal != "waiting":
        raise refuse("fiscal.not_waiting", number=stored.document.number)
    advance(
        kind.life, _state_of(stored), action, case_for(station, stored.document), rights=actor.rights_on(doc_id),
        connectivity=station.connectivity(),
    )  # fmt: skip
    body = Fiscalised(
        doc_id=doc_id, number=stored.document.number, fiscal_number=fiscal_number, device=device, marked=marked
    )
    with station.books.transaction():
        station.books.documents.set_fiscal(doc_id, "done", fiscal_number)
        _note_authorisation(station, actor, stored, action)
        event = "marked_fiscalised" if marked else "fiscalised"
        station.note(doc_id, event, actor.operator, fiscal_number=fiscal_number)
        station.announce("document.fiscalised/1", station.ids.new_id(), body, actor.operator)
    station.committed()


def fiscal_failed(station: Station, actor: Actor, doc_id: str, code: str, *, uncertain: bool) -> None:
    """The device failed: the document stays Approved, not Fiscalised, and its history says why."""
    with station.books.transaction():
        event = "fiscal_uncertain" if uncertain else "fiscal_failed"
        station.note(doc_id, event, actor.operator, code=code)


def count_print(station: Station, actor: Actor, doc_id: str, where: str) -> tuple[Document, bool]:
    """One more print: (the document, whether it is a copy). Prints are counted in the history (DOC-32)."""
    stored = preview(station, actor, doc_id)
    with station.books.transaction():
        copy = station.books.documents.count_print(doc_id) > 1
        station.note(doc_id, "printed", actor.operator, where=where, copy="yes" if copy else "no")
        body = Printed(doc_id=doc_id, number=stored.document.number, where=where, copy=copy)
        station.announce("document.printed/1", station.ids.new_id(), body, actor.operator)
    station.committed()
    return stored.document, copy


def drafts(station: Station, actor: Actor) -> Sequence[Document]:
    """Unapproved documents kept here, newest first."""
    return [draft for draft in station.books.drafts.every() if type_of(draft.type).issue_right in actor.rights]


def _note_authorisation(station: Station, actor: Actor, stored: StoredDocument, action: str) -> None:
    """Who allowed the step, where the operator himself may not take it (DOC-03)."""
    right = step_of(type_of(stored.document.type).life, _state_of(stored), action).right
    grant = actor.granted(right, stored.row.doc_id) if right is not None and right not in actor.rights else None
    if grant is not None:
        station.note(stored.row.doc_id, "authorised", grant.operator, right=grant.right, place="")


def _state_of(stored: StoredDocument) -> str:
    """Where its life stands: a forked one was approved, and the fiscal device is still to register it."""
    return APPROVED if stored.row.state == FORKED else stored.row.state


def _with_ean(station: Station, query: DocumentQuery) -> DocumentQuery:
    """A text that is an article's code searches documents with that article (DOC-11)."""
    text = query.text.strip()
    if text.isdecimal() and len(text) >= 8:
        matches = station.books.definitions.by_code(text)
        if matches:
            return msgspec.structs.replace(query, text="", article=matches[0].article)
    return query
