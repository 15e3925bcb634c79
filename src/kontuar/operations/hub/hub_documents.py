"""Documents at the hub: list, one in full, by number, reconciliation, and proof that nothing was altered."""

import datetime
from collections.abc import Sequence

import msgspec

from kontuar.domain.documents.booking import Arrived, read
from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.kernel.canonical import CHAIN_START, chain_hash, decode
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_documents import SealCheck, StreamPlace
from kontuar.operations.ports.hub_lists import (
    DocumentCard,
    DocumentFilter,
    DocumentRow,
    DocumentShelf,
    Reconciliation,
    StoredMessage,
    StreamRow,
)
from kontuar.operations.ports.questions import FoundDocument
from kontuar.operations.ports.streams import StreamId

CHUNK = 500


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


class ChainReport(msgspec.Struct, frozen=True, kw_only=True):
    """`problem` empty = every byte is as it was signed; else a code, with the first message it was found at."""

    store: str
    origin: str
    incarnation: str
    messages: int
    head: str
    problem: str = ""
    seq: int = 0
    message_id: str = ""
    number: str = ""


def verify_chains(shelf: DocumentShelf, actor: Actor, store: str, seal: SealCheck) -> Sequence[ChainReport]:
    """Hash all stored messages of the store's streams (all stores when empty) anew, check every signature, and that
    the booked figures are those of the message (REL-14, HUB-10). Needs the right `hub.see`.
    """
    actor.require(rights.SEE_HUB)
    with shelf.reading():
        streams = shelf.streams(store)
    return [_verify(shelf, stream, seal) for stream in streams]


def _verify(shelf: DocumentShelf, stream: StreamRow, seal: SealCheck) -> ChainReport:
    place = StreamPlace(store=stream.store, origin=stream.origin, incarnation=stream.incarnation)
    previous, seq = CHAIN_START, 0
    while seq < stream.held:
        with shelf.reading():
            chunk = shelf.chain(place, seq, CHUNK)
        for message in chunk[: stream.held - seq]:
            problem = _wrong_with(place, message, seq + 1, previous, seal)
            if problem:
                return _report(stream, seq, previous, problem, message)
            previous, seq = message.sealed.hash, seq + 1
        if not chunk:
            return _report(stream, seq, previous, "chain.message_missing")
    if previous.hex() != stream.hash:
        return _report(stream, seq, previous, "chain.head_differs")
    return _report(stream, seq, previous)


def _wrong_with(place: StreamPlace, message: StoredMessage, seq: int, previous: bytes, seal: SealCheck) -> str:
    sealed = message.sealed
    if sealed.seq != seq:
        return "chain.message_missing"
    if chain_hash(previous, sealed.payload) != sealed.hash:
        return "chain.altered"
    problem = seal(StreamId(place.origin, place.incarnation), sealed)
    if problem and problem != "certificate.revoked":
        return problem
    return "" if _booked_as_said(place, message) else "chain.booked_differs"


def _booked_as_said(place: StreamPlace, message: StoredMessage) -> bool:
    if not message.booked_number:
        return True
    said = read(_as_arrived(place, message)).body
    return isinstance(said, Document) and (said.number, said.totals.gross, len(said.lines)) == (
        message.booked_number,
        message.booked_gross,
        message.booked_lines,
    )


def _as_arrived(place: StreamPlace, message: StoredMessage) -> Arrived:
    return Arrived(
        store=place.store, origin=place.origin, incarnation=place.incarnation, seq=message.sealed.seq,
        message_id=message.message_id, kind=message.kind, payload=message.sealed.payload, hash=message.sealed.hash,
    )  # fmt: skip


def _report(
    stream: StreamRow, seq: int, head: bytes, problem: str = "", message: StoredMessage | None = None
) -> ChainReport:
    return ChainReport(
        store=stream.store, origin=stream.origin, incarnation=stream.incarnation, messages=seq, head=head.hex(),
        problem=problem, seq=seq + 1 if problem else 0, message_id=message.message_id if message else "",
        number=message.booked_number if message else "",
    )  # fmt: skip
