"""What lies at other stations and stores: what head office may be asked for, and what its answers say.

Documents of other stations by their whole number (DOC-11), stock of other stores (DOC-21). Nothing here waits: the
question is made and the answer read on the database thread, the way between is the asker's.
"""

import re
from collections.abc import Sequence
from decimal import Decimal
from typing import Final, TypeVar

import msgspec

from kontuar.domain.catalogue.records import Article
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import TYPES
from kontuar.domain.firm.records import StationDefinition, Store, Warehouse
from kontuar.domain.parties import rights
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.sorting import sort_key
from kontuar.operations.actor import Actor
from kontuar.operations.ports.questions import ElsewhereRow, FoundDocument
from kontuar.operations.station.station import Station

FIND_DOCUMENT: Final = "find_document"
STOCK_ELSEWHERE: Final = "stock_elsewhere"
LONGEST_NUMBER: Final = 100
_PIECES: Final = re.compile(r"[\W_]")
T = TypeVar("T")


class DocumentElsewhere(msgspec.Struct, frozen=True, kw_only=True):
    """A document of another station as head office holds it.

    `invoice`: the number of an invoice that was made of it (SALE-06). `state` approved or cancelled;
    `store_name` and `station_name` are the codes where the names are not known here.
    """

    document: Document
    gid: str
    state: str
    fiscalised: bool
    store_name: str
    station_name: str
    invoice: str = ""


class StoreStock(msgspec.Struct, frozen=True):
    """What another store's warehouse has of an article, in base units."""

    store: str
    store_name: str
    warehouse: str
    warehouse_name: str
    quantity: Decimal


def is_whole_number(text: str) -> bool:
    """Whether a text looks like a document's whole number: at least three parts of letters and digits, one a digit."""
    parts = _PIECES.split(text)
    return (
        len(text) <= LONGEST_NUMBER
        and len(parts) >= 3
        and all(parts)
        and not any(letter.isspace() for letter in text)
        and any(letter.isdigit() for letter in text)
    )


def number_to_ask(station: Station, text: str) -> str:
    """The number that a list's text asks head office for; empty when the list is all there is to show (DOC-11)."""
    number = text.strip()
    wanted = _both(station) and is_whole_number(number) and station.connectivity() >= Connectivity.ONLINE
    return number if wanted and station.books.documents.find_number(number) is None else ""


def document_question(station: Station, actor: Actor, number: str) -> bytes:
    """The body of `find_document`.

    Needs the right `documents.own`. Raises `Refused("elsewhere.turned_off" | "elsewhere.number_not_whole" |
    "elsewhere.issued_here" | "connectivity.too_low")`: what was issued here follows the rights on this station's list.
    """
    actor.require(rights.OWN_DOCUMENTS)
    number = number.strip()
    if not _both(station):
        raise refuse("elsewhere.turned_off")
    if not is_whole_number(number):
        raise refuse("elsewhere.number_not_whole", "number")
    if station.books.documents.find_number(number) is not None:
        raise refuse("elsewhere.issued_here", number=number)
    _require_online(station)
    return encode({"number": number})


def found_document(station: Station, actor: Actor, answer: bytes) -> DocumentElsewhere:
    """The answer to `find_document`; raises `Refused("elsewhere.unreadable")` for a document this program is too old
    for.

    Rights are those on this station's own documents (HUB-15): one's own, or with the right `documents.all` anybody's;
    else `Refused("right.missing")`. A whole number is no key to what the list would hide.
    """
    found = _read(answer, FoundDocument)
    document = _read(bytes(found.document), Document)
    if document.type not in TYPES or document.approved_at is None or document.business_day is None:
        raise refuse("elsewhere.unreadable")
    if document.approved_by != actor.operator:
        actor.require(rights.ALL_DOCUMENTS, document.doc_id)
    definitions = station.books.definitions
    store = definitions.get(Store, document.store)
    own = definitions.get(StationDefinition, document.station)
    return DocumentElsewhere(
        document=document, gid=found.gid, state=found.state, fiscalised=found.fiscalised, invoice=found.invoice,
        store_name=store.name if store else document.store, station_name=own.name if own else document.station,
    )  # fmt: skip


def stock_question(station: Station, actor: Actor, article: str) -> bytes:
    """The body of `stock_elsewhere`; raises `Refused("article.not_found" | "connectivity.too_low")`."""
    del actor
    if station.books.definitions.get(Article, article) is None:
        raise refuse("article.not_found", "article", article=article[:60])
    _require_online(station)
    return encode({"article": article})


def found_stock(station: Station, actor: Actor, answer: bytes) -> Sequence[StoreStock]:
    """The answer to `stock_elsewhere`: those that have the article first, by name of the store and the warehouse."""
    del actor
    definitions = station.books.definitions
    rows = []
    for row in _read(answer, list[ElsewhereRow]):
        store, place = definitions.get(Store, row.store), definitions.get(Warehouse, row.warehouse)
        names = store.name if store else row.store, place.name if place else row.warehouse
        rows.append(StoreStock(row.store, names[0], row.warehouse, names[1], row.quantity))
    return sorted(rows, key=lambda row: (row.quantity <= 0, sort_key(row.store_name), sort_key(row.warehouse_name)))


def said_no(number: str, refusal: Refused) -> Refused:
    """Head office's refusal in the words of who asks there: *not found* means not found anywhere."""
    if any(problem.code == "document.not_found" for problem in refusal.problems):
        return Refused(Problem("elsewhere.not_found", "number", {"number": number.strip()[:LONGEST_NUMBER]}))
    return refusal


def _both(station: Station) -> bool:
    return station.parameters().text("search.documents") == "local_and_hub"


def _require_online(station: Station) -> None:
    if station.connectivity() < Connectivity.ONLINE:
        raise refuse("connectivity.too_low", needs="online")


def _read(answer: bytes, kind: type[T]) -> T:
    try:
        return decode(answer, kind)
    except msgspec.DecodeError:
        raise refuse("elsewhere.unreadable") from None
