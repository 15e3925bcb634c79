"""What the operations of a station need: its books (one database) and the world around it."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Protocol, TypeVar

import msgspec

from kontuar.domain.cash.records import CashMove, FormTotal, Shift, ShiftReport, TaxTotal, TypeTotal
from kontuar.domain.catalogue.records import Price
from kontuar.domain.documents.document import Document, HistoryEntry
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.money import Minor
from kontuar.operations.actor import Grant
from kontuar.operations.ports.streams import Position

R = TypeVar("R", bound=msgspec.Struct)


class CodeMatch(msgspec.Struct, frozen=True):
    """An article and unit that a code names."""

    article: str
    unit: str


class Listed(msgspec.Struct, frozen=True):
    """One row of a definitions list and where it stands in the order (for the next page)."""

    key: str
    sort_key: str


class Definitions(Protocol):
    """The definitions this station was sent, at one (epoch, version)."""

    def version(self) -> tuple[str, int]:
        """(epoch, version) of every answer until the next switch."""
        ...

    def get(self, kind: type[R], key: str) -> R | None:
        """One record by key."""
        ...

    def every(self, kind: type[R]) -> Mapping[str, R]:
        """All records of a small kind, by key."""
        ...

    def by_code(self, code: str) -> Sequence[CodeMatch]:
        """Articles with that EAN or article code."""
        ...

    def price_on(self, price_list: str, article: str, unit: str, day: str) -> Price | None:
        """The row that has begun last by that day."""
        ...

    def search(
        self, kind: str, phrase: str, *, parent: str, inactive: bool, after: tuple[str, str], limit: int
    ) -> Sequence[Listed]:
        """A page of a list in alphabetical order; `phrase` words match beginnings of words or codes."""
        ...


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
    """One row of a document list."""

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

    def waiting_fiscal(self) -> int:
        """Approved, to be fiscalised, not yet."""
        ...


class Stream(Protocol):
    """This station's own stream."""

    def head(self) -> Position:
        """The last message."""
        ...

    def append(self, kind: str, message_id: str, body: msgspec.Struct, *, at: datetime.datetime, by: str) -> int:
        """Write one message; returns its position. Joins the running transaction."""
        ...

    def last_time(self) -> datetime.datetime | None:
        """When the last message was written."""
        ...

    def waiting(self) -> int:
        """Messages that the agent does not hold yet."""
        ...


class Stock(Protocol):
    """The store's stock as this station sees it."""

    def is_known(self) -> bool:
        """Whether figures ever came."""
        ...

    def balances(self, articles: Iterable[str]) -> Mapping[tuple[str, str], Decimal]:
        """(warehouse, article) → base units; a pair without figures is not in the answer."""
        ...

    def add_moves(self, doc_id: str, moves: Iterable[StockMove], position: int) -> None:
        """Append to the ledger and to the moves that the agent's figures do not cover yet."""
        ...


class Cash(Protocol):
    """The cash ledger, shifts and their sums."""

    def open_shift(self) -> Shift | None:
        """The shift that is open."""
        ...

    def start(self, shift: Shift) -> None:
        """A shift begins."""
        ...

    def finish(self, report: ShiftReport) -> None:
        """The shift ends with its report."""
        ...

    def last_shift_number(self) -> int:
        """0 before the first one."""
        ...

    def report_of(self, shift_id: str) -> ShiftReport | None:
        """The report of a closed shift."""
        ...

    def closed_shifts(self, limit: int) -> Sequence[Shift]:
        """The latest closed shifts."""
        ...

    def add_moves(self, doc_id: str, moves: Iterable[CashMove], shift_id: str) -> None:
        """Append to the ledger."""
        ...

    def balances(self, register: str) -> Mapping[tuple[str, str], Minor]:
        """(form, currency) → what the ledger says is in the register."""
        ...

    def type_totals(self, shift_id: str) -> Sequence[TypeTotal]:
        """Documents of a shift by type."""
        ...

    def tax_totals(self, shift_id: str) -> Sequence[TaxTotal]:
        """Sales of a shift by VAT rate."""
        ...

    def form_totals(self, shift: Shift) -> Sequence[FormTotal]:
        """Money of a shift by form and currency."""
        ...


class Logins(Protocol):
    """Who is logged in here, wrong PINs, authorisations."""

    def add(self, token_hash: bytes, login_id: str, operator: str, created: str, expires: str) -> None:
        """A login begins."""
        ...

    def find(self, token_hash: bytes) -> tuple[str, str, str, str] | None:
        """(login id, operator, created, expires)."""
        ...

    def remove(self, token_hash: bytes) -> None:
        """Logout."""
        ...

    def failures(self, operator: str) -> tuple[int, str]:
        """(wrong PINs in a row, blocked until)."""
        ...

    def set_failures(self, operator: str, count: int, blocked_until: str) -> None:
        """Remember a wrong PIN, or forget them with 0."""
        ...

    def add_grant(self, grant: Grant, *, asked_by: str, expires: str) -> None:
        """An authorisation was given."""
        ...

    def take_grant(self, grant_id: str, asked_by: str, now: str) -> Grant | None:
        """The authorisation, marked as used; None when unknown, used, expired or somebody else's."""
        ...


class CardOperations(Protocol):
    """Card payments under way: written before the terminal is asked."""

    def start(self, operation_id: str, doc_id: str, form: str, currency: str, amount: Minor, at: str) -> None:
        """The terminal is about to be asked."""
        ...

    def finish(self, operation_id: str, state: str, facts: Mapping[str, str]) -> None:
        """approved, declined, uncertain, confirmed_by_hand or cancelled_by_hand."""
        ...

    def unfinished(self, doc_id: str) -> Sequence[tuple[str, str, str, Minor, str]]:
        """(operation id, form, currency, amount, state) without a final answer."""
        ...


class Numbers(Protocol):
    """Number series of this stream."""

    def next_ordinal(self, document_type: str, series: str, period: str) -> int:
        """The next number, taken inside the approving transaction."""
        ...


class DaySum(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one type: how many, their lines, gross, and every number in the order of approval."""

    document_type: str
    documents: int
    lines: int
    gross: Minor
    numbers: tuple[str, ...]


class TenderSum(msgspec.Struct, frozen=True, kw_only=True):
    """Money of one form and currency that documents of the day moved (minor units, signed)."""

    form: str
    currency: str
    amount: Minor


class DayCounts(Protocol):
    """Counting queries over a station's tables, for reconciliation."""

    def day_sums(self, day: str) -> Sequence[DaySum]:
        """Per document type."""
        ...

    def day_tenders(self, day: str) -> Sequence[TenderSum]:
        """Per form and currency, documents only."""
        ...

    def day_stock(self, day: str) -> Sequence[tuple[str, str, str]]:
        """(warehouse, article, change in base units as text)."""
        ...


class Books(Protocol):
    """Everything a station keeps, in one database."""

    @property
    def definitions(self) -> Definitions: ...
    @property
    def drafts(self) -> Drafts: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def stream(self) -> Stream: ...
    @property
    def stock(self) -> Stock: ...
    @property
    def cash(self) -> Cash: ...
    @property
    def logins(self) -> Logins: ...
    @property
    def cards(self) -> CardOperations: ...
    @property
    def numbers(self) -> Numbers: ...
    @property
    def counts(self) -> DayCounts: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def fact(self, name: str) -> str:
        """A small fact by name, empty when unset."""
        ...

    def set_fact(self, name: str, value: str) -> None:
        """Keep a small fact."""
        ...
