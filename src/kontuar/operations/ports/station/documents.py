"""A station's documents: drafts, approved ones, their lists and numbers."""

import datetime
from collections.abc import Sequence
from typing import Protocol

import msgspec

from kontuar.domain.documents.document import Document, HistoryEntry
from kontuar.kernel.money import Minor


class Drafts(Protocol):
    """Documents being edited here; durable at every change (DOC-34)."""

    def load(self, doc_id: str) -> Document | None:
        """The draft as last saved."""
        ...

    def save(self, document: Document, now: datetime.datetime) -> None:
        """Keep the draft."""
        ...

    def remove(self, doc_id: str) -> None:
        """The draft is no more."""
        ...

    def newest(self, document_type: str) -> Document | None:
        """The draft of that type changed last."""
        ...

    def every(self) -> Sequence[Document]:
        """All drafts, newest first."""
        ...


class DocumentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters of a document list (DOC-11); `before` = id of the last row seen."""

    family: str = "trade"
    types: tuple[str, ...] = ()
    text: str = ""
    article: str = ""
    state: str = ""
    from_day: str = ""
    to_day: str = ""
    least: Minor | None = None
    most: Minor | None = None
    operator: str = ""
    before: int | None = None
    limit: int = 50


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of a document list. `recipient`: his name where he is not the buyer; `attributes`: value by code.

    `sync`: waiting (to be sent), alone (the same, and issued without a second copy), held, final, booked, parked.
    """

    id: int
    doc_id: str
    type: str
    number: str
    state: str
    fiscal: str
    buyer_name: str
    gross: Minor
    paid: Minor
    currency: str
    approved_at: str
    business_day: str
    operator: str
    handler: str
    payment_forms: str
    seq: int
    sync: str
    linked: tuple[tuple[str, str], ...] = ()
    recipient: str = ""
    attributes: dict[str, str] = {}


class StoredDocument(msgspec.Struct, frozen=True, kw_only=True):
    """An approved document with what happened to it later."""

    row: DocumentRow
    document: Document
    history: tuple[HistoryEntry, ...]
    links: tuple[tuple[str, str, str], ...]
    prints: int
    fiscal_number: str
    reason: str
    gid: str = ""


class Documents(Protocol):
    """Approved documents of this station."""

    def add(self, document: Document, position: int, *, fiscal: str) -> None:
        """Keep an approved document; the same id or number twice is an error of the database."""
        ...

    def find(self, doc_id: str) -> StoredDocument | None:
        """One document by identity."""
        ...

    def find_number(self, number: str) -> StoredDocument | None:
        """One document by its whole number."""
        ...

    def page(self, query: DocumentQuery) -> Sequence[DocumentRow]:
        """A page, newest first."""
        ...

    def set_state(self, doc_id: str, state: str) -> None:
        """Approved becomes cancelled."""
        ...

    def set_fiscal(self, doc_id: str, fiscal: str, fiscal_number: str) -> None:
        """Waiting becomes done."""
        ...

    def count_print(self, doc_id: str) -> int:
        """How often it has been printed, this time included."""
        ...

    def note(self, doc_id: str, entry: HistoryEntry) -> None:
        """Append to the history (DOC-03)."""
        ...

    def repeating(self, doc_id: str) -> str:
        """The number of the invoice made here of a receipt; empty when there is none (SALE-06)."""
        ...

    def owed_by(self, contractor: str) -> Minor:
        """What this station's documents say a contractor still owes (DOC-28)."""
        ...

    def waiting_fiscal(self) -> int:
        """Approved, to be fiscalised, not yet."""
        ...

    def pruned_until(self) -> str:
        """The last business day (ISO 8601) of which documents are at head office only; empty = all are here
        (REL-17)."""
        ...


class Numbers(Protocol):
    """Number series of this stream."""

    def next_ordinal(self, document_type: str, series: str, period: str) -> int:
        """The next number, taken inside the approving transaction."""
        ...
