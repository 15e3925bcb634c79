"""Booked documents as lists and previews show them."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import msgspec

from kontuar.kernel.money import Minor
from kontuar.operations.ports.hub_lists.reconciliation import Reconciliation


class DocumentFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which documents. `after` = key of the last one shown.

    `state`: approved, cancelled, fiscalised or not_fiscalised. `number`: a part of it. `buyer`: code or tax number.
    `article`: its code. `form`: payment form. `gross_from`, `gross_to` in minor units.
    """

    store: str = ""
    station: str = ""
    type: str = ""
    day_from: datetime.date | None = None
    day_to: datetime.date | None = None
    number: str = ""
    state: str = ""
    operator: str = ""
    buyer: str = ""
    article: str = ""
    form: str = ""
    gross_from: Minor | None = None
    gross_to: Minor | None = None
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
    open_items: tuple[dict[str, Any], ...] = ()
    """What stayed owed when it was approved: `contractor`, `owed` in minor units, `due_on` (SALE-03)."""


class DocumentShelf(Protocol):
    """Booked documents and the streams they came in."""

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment."""
        ...

    def page(self, wanted: DocumentFilter) -> Sequence[DocumentRow]:
        """Documents, newest first."""
        ...

    def count(self, wanted: DocumentFilter, most: int) -> int:
        """How many there are, counted up to `most`."""
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

    def choices(self) -> tuple[Sequence[str], Sequence[str]]:
        """(stores, stations) that anything was heard of."""
        ...
