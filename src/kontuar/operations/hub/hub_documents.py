"""Documents at the hub: list, one in full, by number, reconciliation."""

import datetime
from collections.abc import Sequence

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_lists import (
    DocumentCard,
    DocumentFilter,
    DocumentRow,
    DocumentShelf,
    Reconciliation,
)
from kontuar.operations.ports.questions import FoundDocument


def documents(shelf: DocumentShelf, actor: Actor, wanted: DocumentFilter) -> Sequence[DocumentRow]:
    """A page, newest first (HUB-04). Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.reading():
        return shelf.page(wanted)


def document(shelf: DocumentShelf, actor: Actor, store: str, doc_id: str) -> DocumentCard:
    """One in full; raises `Refused("document.not_found")`. Needs the right `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.reading():
        return shelf.card(store, doc_id)


def require_few_enough(shelf: DocumentShelf, actor: Actor, wanted: DocumentFilter, most: int) -> None:
    """An export is whole or refused: raises `Refused("export.too_many_rows")` above `most`. Needs `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.reading():
        if shelf.count(wanted, most + 1) > most:
            raise refuse("export.too_many_rows", most=most)


def original(shelf: DocumentShelf, actor: Actor, store: str, doc_id: str) -> tuple[Document, DocumentRow]:
    """A document as its station approved it, for a print; raises `Refused("document.not_found")`. Needs `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.reading():
        row = shelf.card(store, doc_id).row
        payload = shelf.payload(store, doc_id)
    body = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])["body"]
    return decode(bytes(body), Document), row


def choices(shelf: DocumentShelf) -> tuple[Sequence[str], Sequence[str]]:
    """(stores, stations) to filter by."""
    with shelf.reading():
        return shelf.choices()


def find_document(shelf: DocumentShelf, number: str) -> FoundDocument:
    """The online question of a station (DOC-11): by the full number; raises `Refused("document.not_found")`."""
    with shelf.reading():
        place = shelf.by_number(number.strip()[:100])
        if place is None:
            raise refuse("document.not_found", number=number[:100])
        card = shelf.card(*place)
        payload = shelf.payload(*place)
    body = msgspec.json.decode(payload, type=dict[str, msgspec.Raw])["body"]
    invoices = [link["number"] for link in card.linked_from if link["kind"] == "generated_from"]
    return FoundDocument(
        document=msgspec.Raw(bytes(body)), gid=card.row.gid, state=card.row.state, fiscalised=card.row.fiscalised,
        invoice=invoices[0] if invoices else "",
    )  # fmt: skip


def reconciliation(shelf: DocumentShelf, actor: Actor, store: str, day: datetime.date | None) -> Reconciliation:
    """What the hub holds of a store and day, to compare with what was sold (REL-06). Needs `hub.see`."""
    actor.require(rights.SEE_HUB)
    with shelf.reading():
        return shelf.reconciliation(store, day)
