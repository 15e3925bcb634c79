"""What the hub's lists need: verification items, booked documents, reconciliation, nodes."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Any, Protocol

import msgspec

from kontuar.kernel.errors import Problem
from kontuar.kernel.money import Minor
from kontuar.operations.ports.hub_documents import StreamPlace
from kontuar.operations.ports.streams import SealedMessage


class ItemFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which verification items. `after` = `item_id` of the last one shown."""

    store: str = ""
    reason: str = ""
    state: str = "open"
    after: str = ""
    limit: int = 50


class VerificationItem(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was parked or listed; `message` is its chain hash (hex), `item_id` its place in the inbox."""

    item_id: int
    message: str
    store: str
    origin: str
    incarnation: str
    seq: int
    forked: bool
    kind: str
    doc_id: str
    number: str
    document_type: str
    gross: Minor
    state: str
    reason: str
    problems: tuple[Problem, ...]
    waits_for: str
    parked_at: datetime.datetime
    decided_at: datetime.datetime | None = None
    decided_by: str = ""
    note: str = ""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what at the hub, to what."""

    operator: str
    at: datetime.datetime
    action: str
    store: str
    subject: str
    facts: dict[str, str] = {}


class VerificationShelf(Protocol):
    """Reading side of verification, and the audit log."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def items(self, wanted: ItemFilter) -> Sequence[VerificationItem]:
        """Items, oldest first."""
        ...

    def item(self, store: str, message: str) -> tuple[VerificationItem, bytes]:
        """One item with the bytes of its message; raises `Refused("verification.not_found")`."""
        ...

    def open_count(self) -> int:
        """How many wait for a person."""
        ...

    def audit(self, entry: AuditEntry) -> None:
        """Write down what a person did."""
        ...

    def audit_of(self, store: str, subject: str) -> Sequence[AuditEntry]:
        """What people did to a subject, newest first."""
        ...


class DocumentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which documents. `after` = key of the last one shown.

    `state`: approved, cancelled, fiscalised or not_fiscalised.
    """

    store: str = ""
    station: str = ""
    type: str = ""
    day_from: datetime.date | None = None
    day_to: datetime.date | None = None
    number: str = ""
    state: str = ""
    after: str = ""
    limit: int = 50


class DocumentRow(msgspec.Struct, frozen=True, kw_only=True):
    """A document as lists show it."""

    store: str
    doc_id: str
    type: str
    number: str
    station: str
    business_day: datetime.date
    approved_at: datetime.datetime
    approved_by: str
    buyer: str
    gross: Minor
    currency: str
    line_count: int
    gid: str
    state: str
    fiscalised: bool
    key: str


class DocumentCard(msgspec.Struct, frozen=True, kw_only=True):
    """A document in full: the parts are mappings named as their columns, in ten-thousandths where they end in `_e4`."""

    row: DocumentRow
    header: dict[str, Any]
    lines: tuple[dict[str, Any], ...]
    taxes: tuple[dict[str, Any], ...]
    payments: tuple[dict[str, Any], ...]
    adjustments: tuple[dict[str, Any], ...]
    links: tuple[dict[str, Any], ...]
    linked_from: tuple[dict[str, Any], ...]
    history: tuple[dict[str, Any], ...]
    stock_moves: tuple[dict[str, Any], ...]
    cash_moves: tuple[dict[str, Any], ...]


class TypeCount(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one type: how many, their lines and sums in minor units."""

    document_type: str
    documents: int
    cancelled: int
    lines: int
    net: Minor
    tax: Minor
    gross: Minor
    amount: Minor


class TenderSum(msgspec.Struct, frozen=True, kw_only=True):
    """Money per payment form and currency, change taken off."""

    form: str
    currency: str
    amount: Minor
    in_system: Minor


class NumberRange(msgspec.Struct, frozen=True, kw_only=True):
    """A series: `missing` and `repeated` ordinals (at most 100 each), `parked` of them wait for verification."""

    document_type: str
    series: str
    period: str
    documents: int
    first: int
    last: int
    missing: tuple[int, ...]
    repeated: tuple[int, ...]
    parked: int


class StockSum(msgspec.Struct, frozen=True, kw_only=True):
    """Ledger moves of one effect: how many and their quantity in base units."""

    effect: str
    moves: int
    quantity: Decimal


class StreamRow(msgspec.Struct, frozen=True, kw_only=True):
    """A stream as the hub holds it: `held` with its chain hash (hex), `processed` = booked or parked up to there."""

    store: str
    origin: str
    incarnation: str
    held: int
    hash: str
    processed: int
    closed: bool


class ParkedSum(msgspec.Struct, frozen=True, kw_only=True):
    """Messages that wait for verification, by reason."""

    reason: str
    messages: int
    gross: Minor


class Reconciliation(msgspec.Struct, frozen=True, kw_only=True):
    """What the hub holds of a store (and business day); number ranges, streams and balances are always of all days."""

    store: str
    day: datetime.date | None
    documents: tuple[TypeCount, ...]
    tenders: tuple[TenderSum, ...]
    numbers: tuple[NumberRange, ...]
    stock_moves: tuple[StockSum, ...]
    streams: tuple[StreamRow, ...]
    parked: tuple[ParkedSum, ...]
    booked_balance: Decimal
    unbooked_balance: Decimal
    balances_that_differ: int


class StoredMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a stream, with what was booked of it (`booked_number` empty: no document stands for it)."""

    sealed: SealedMessage
    message_id: str
    kind: str
    booked_number: str
    booked_gross: Minor
    booked_lines: int


class DocumentShelf(Protocol):
    """Booked documents and the streams they came in."""

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment."""
        ...

    def page(self, wanted: DocumentFilter) -> Sequence[DocumentRow]:
        """Documents, newest first."""
        ...

    def card(self, store: str, doc_id: str) -> DocumentCard:
        """One document; raises `Refused("document.not_found")`."""
        ...

    def by_number(self, number: str) -> tuple[str, str] | None:
        """(store, doc_id) of the newest document with exactly this number."""
        ...

    def payload(self, store: str, doc_id: str) -> bytes:
        """The message that brought a document, as it came."""
        ...

    def reconciliation(self, store: str, day: datetime.date | None) -> Reconciliation:
        """Counts and sums as they stand in the tables."""
        ...

    def chain(self, place: StreamPlace, after: int, most: int) -> Sequence[StoredMessage]:
        """Stored messages of a stream, in order."""
        ...

    def streams(self, store: str) -> Sequence[StreamRow]:
        """Streams of a store, or of all when empty."""
        ...

    def choices(self) -> tuple[Sequence[str], Sequence[str]]:
        """(stores, stations) that anything was heard of."""
        ...


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One contact with a node. `sent_at` = its clock; `claimed_seq` = what it believes we hold of its stream."""

    node: str
    store: str
    kind: str
    incarnation: str
    at: datetime.datetime
    sent_at: datetime.datetime
    build: str
    claimed_seq: int = 0
    definitions_version: int = 0
    queue_length: int = 0
    oldest_unsent_at: datetime.datetime | None = None


class NodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A node as the monitor shows it (HUB-07). `clock_skew_seconds` positive = its clock is ahead."""

    node: str
    store: str
    kind: str
    incarnation: str
    last_seen_at: datetime.datetime | None
    build: str
    clock_skew_seconds: float
    held_seq: int
    processed_seq: int
    claimed_seq: int
    definitions_version: int
    newest_version: int
    queue_length: int
    oldest_unsent_at: datetime.datetime | None
    parked: int
    closed: bool


class MonitorShelf(Protocol):
    """Contacts with nodes."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def note(self, contact: Contact) -> None:
        """Remember the newest contact of a node."""
        ...

    def nodes(self) -> Sequence[NodeRow]:
        """All nodes that were ever heard of or certified."""
        ...
