"""What is known of a document's way to the fiscal device; written before the device is asked, so that a crash
between the asking and the answer never makes it print twice (SALE-05, REL-04)."""

from collections.abc import Iterable
from typing import Final

import msgspec

from kontuar.domain.documents.document import HistoryEntry
from kontuar.operations.actor import Actor
from kontuar.operations.ports.devices import FiscalSale
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.station.fiscal_sale import fiscal_sale
from kontuar.operations.station.station import Station

STARTED: Final = "fiscal_started"
FAILED: Final = "fiscal_failed"
MOST_AT_ONCE: Final = 200


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """A document that waits for the device.

    `receipts_before`: what the device's counter stood at when it was asked and nobody learned the outcome;
    None = it was never asked, or surely did not register. `tried` = it was asked at least once.
    """

    sale: FiscalSale
    receipts_before: int | None
    tried: bool


def attempt(station: Station, doc_id: str) -> Attempt | None:
    """What is to be registered; None when the document is unknown here or waits for nothing."""
    stored = station.books.documents.find(doc_id)
    if stored is None or stored.row.fiscal != "waiting":
        return None
    before = open_question(stored.history)
    tried = any(entry.event in (STARTED, FAILED) for entry in stored.history)
    return Attempt(sale=fiscal_sale(stored.document), receipts_before=before, tried=tried)


def started(station: Station, actor: Actor, doc_id: str, receipts_before: int) -> None:
    """The device is about to be asked; durable before it is."""
    with station.books.transaction():
        station.note(doc_id, STARTED, actor.operator, receipts_before=str(receipts_before))


def unsettled(station: Station) -> list[str]:
    """Documents whose outcome at the device nobody learned, oldest first (asked about when the station starts)."""
    rows = station.books.documents.page(DocumentQuery(state="not_fiscalised", limit=MOST_AT_ONCE))
    found = [
        row.doc_id for row in rows if (known := attempt(station, row.doc_id)) and known.receipts_before is not None
    ]
    return found[::-1]


def open_question(history: Iterable[HistoryEntry]) -> int | None:
    """The counter before the last attempt whose outcome is not known."""
    before: int | None = None
    for entry in history:
        if entry.event == STARTED:
            before = int(entry.facts["receipts_before"])
        elif entry.event == FAILED:
            before = None
    return before
