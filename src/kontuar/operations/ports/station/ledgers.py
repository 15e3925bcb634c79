"""A station's ledgers: its stream, the store's stock as it sees it, its cash."""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Protocol

import msgspec

from kontuar.domain.cash.records import CashMove, FormTotal, Shift, ShiftReport, TaxTotal, TypeTotal
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.money import Minor
from kontuar.operations.ports.streams import Position


class Stream(Protocol):
    """This station's own stream."""

    def head(self) -> Position:
        """The last message."""
        ...

    def append(self, kind: str, message_id: str, body: msgspec.Struct, *, at: datetime.datetime, by: str) -> int:
        """Write one message; returns its position. Joins the running transaction."""
        ...

    def stopped(self) -> str:
        """Why this life of the station issues nothing any more (REL-13): `stream.forked`, `stream.closed` or
        `stream.restored`; empty while it lives."""
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

    def keep_ended(self, shift: Shift, at: str) -> None:
        """A shift of an earlier life that nobody closed, while another one is open: over, without a report."""
        ...

    def known(self, shift_id: str) -> bool:
        """Whether it ever began here."""
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
        """Documents of a shift by type; invoices that repeat a receipt count without their gross (SALE-06)."""
        ...

    def tax_totals(self, shift_id: str) -> Sequence[TaxTotal]:
        """Sales of a shift by VAT rate."""
        ...

    def sales_gross(self, shift_id: str) -> Minor:
        """What the documents of a shift add to sales, signed; an invoice that repeats a receipt adds nothing."""
        ...

    def form_totals(self, shift: Shift) -> Sequence[FormTotal]:
        """Money of a shift by form and currency."""
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
