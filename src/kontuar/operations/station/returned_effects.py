"""What a message of an earlier life writes into the books when it comes back: as when it was issued (REL-05, REL-13).

Nothing is checked or announced again: it happened. Where this database moved on otherwise meanwhile (the same draft was
approved once more, the same shift closed once more) the message is kept without effect, and the reason said.
"""

from collections.abc import Callable
from typing import Any, Final

import msgspec

from kontuar.domain.documents.document import APPROVED, CANCELLED, FORKED, Document, HistoryEntry
from kontuar.domain.documents.messages import (
    Cancelled,
    ContractorCreated,
    DraftDiscarded,
    Fiscalised,
    LineVoided,
    Message,
    MessageOffered,
    Printed,
    ShiftClosed,
    ShiftOpened,
    read_body,
)
from kontuar.domain.documents.types import is_fiscal
from kontuar.domain.parties.records import Contractor
from kontuar.kernel.canonical import chain_hash, decode
from kontuar.kernel.time import instant_text
from kontuar.operations.ports.station.documents import StoredDocument
from kontuar.operations.ports.station.returned import ForkedMessage, LifeBooks
from kontuar.operations.ports.streams import SealedMessage
from kontuar.operations.station.parking import origin
from kontuar.operations.station.station import Station

RETURNED: Final = "returned"
UNCERTAIN: Final = "fiscal_uncertain"
TWICE: Final = "happened twice"
NUMBER_TAKEN: Final = "number taken"
UNKNOWN: Final = "of nothing known"
UNREADABLE: Final = "unreadable"


class Effects:
    """Those of one life's messages, in their order, inside one transaction."""

    def __init__(self, station: Station, life: LifeBooks) -> None:
        self._station = station
        self._books = station.books
        self._life = life
        self._unregistered: dict[str, None] = {}
        self._digest = b""
        self._by_kind: dict[type[msgspec.Struct], Callable[[Any, Message], str]] = {
            Document: self._document,
            Cancelled: self._cancelled,
            Fiscalised: self._fiscalised,
            Printed: self._printed,
            ShiftOpened: self._shift_opened,
            ShiftClosed: self._shift_closed,
            DraftDiscarded: self._discarded,
            LineVoided: self._voided,
            ContractorCreated: self._contractor,
            MessageOffered: self._offered,
        }

    def apply(self, message: Message, digest: bytes) -> str:
        """Why it has no effect here, empty when it has, or none is known for its kind. `digest`: its chain hash."""
        try:
            body = read_body(message)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return UNREADABLE
        self._digest = digest
        write = self._by_kind.get(type(body))
        return "" if write is None else write(body, message)

    def end(self) -> None:
        """Nobody knows whether the fiscal device registered a sale before its answer was lost: a person looks at the
        paper first (SALE-05)."""
        for doc_id in self._unregistered:
            self._write_down(doc_id, UNCERTAIN)
        self._unregistered.clear()

    # -- documents ------------------------------------------------------------------------------------------
    def _document(self, document: Document, message: Message) -> str:
        books = self._books
        made_room = books.returned.give_way(document.doc_id, self._digest)
        if not made_room and books.documents.find(document.doc_id) is not None:
            return TWICE
        if books.documents.find_number(document.number) is not None:
            return NUMBER_TAKEN
        fiscal = "waiting" if self._station.fiscal_device and is_fiscal(document) else ""
        if fiscal:
            self._unregistered[document.doc_id] = None
        self._life.documents.add(document, message.seq, fiscal=fiscal)
        self._life.stock.add_moves(document.doc_id, document.stock_moves, message.seq)
        books.cash.add_moves(document.doc_id, document.cash_moves, document.shift_id)
        self._note(document.doc_id, "approved")
        self._end_draft(document)
        self._came_before(document.doc_id)
        return ""

    def _came_before(self, doc_id: str) -> None:
        """What a later life told of a document that came back only now: it was known to nobody then."""
        shelf = self._books.returned
        for message in shelf.kept_for(UNKNOWN):
            body = read_body(message)
            if isinstance(body, Cancelled | Fiscalised | Printed) and body.doc_id == doc_id:
                shelf.has_effect(message.incarnation, message.seq)
                reason = self._by_kind[type(body)](body, message)
                if reason:
                    shelf.without_effect(message.incarnation, message.seq, reason)

    def _cancelled(self, body: Cancelled, message: Message) -> str:
        """One that is forked stays so: the running life took it back before that was found, and its money went."""
        stored = self._books.documents.find(body.doc_id)
        if stored is None:
            return UNKNOWN
        if _is_cancelled(stored):
            return TWICE
        self._books.returned.of(message.incarnation).stock.add_moves(body.doc_id, body.stock_moves, message.seq)
        self._books.cash.add_moves(body.doc_id, body.cash_moves, body.shift_id)
        if stored.row.state == APPROVED:
            self._books.documents.set_state(body.doc_id, CANCELLED)
        self._note(body.doc_id, "cancelled", reason=body.reason)
        return ""

    def _fiscalised(self, body: Fiscalised, message: Message) -> str:
        del message
        stored = self._books.documents.find(body.doc_id)
        if stored is None:
            return UNKNOWN
        if stored.row.fiscal == "done" and stored.fiscal_number != body.fiscal_number:
            return TWICE
        self._unregistered.pop(body.doc_id, None)
        self._books.documents.set_fiscal(body.doc_id, "done", body.fiscal_number)
        self._books.returned.only_forked(body.doc_id, "fiscalised", holds=False)
        self._note(body.doc_id, "fiscalised", fiscal_number=body.fiscal_number)
        return ""

    def _printed(self, body: Printed, message: Message) -> str:
        del message
        if self._books.documents.find(body.doc_id) is None:
            return UNKNOWN
        self._books.documents.count_print(body.doc_id)
        self._note(body.doc_id, "printed")
        return ""

    def _note(self, doc_id: str, what: str, **facts: str) -> None:
        """What it was about is a fact of its coming back."""
        self._write_down(doc_id, RETURNED, what=what, **{name: value for name, value in facts.items() if value})

    def _write_down(self, doc_id: str, event: str, **facts: str) -> None:
        """Nobody did it, and it is now."""
        station = self._station
        entry = HistoryEntry(
            at=station.clock.now(), event=event, operator="", station=station.identity.station, facts=facts
        )
        self._books.documents.note(doc_id, entry)

    # -- shifts ---------------------------------------------------------------------------------------------
    def _shift_opened(self, body: ShiftOpened, message: Message) -> str:
        del message
        cash = self._books.cash
        if cash.known(body.shift.shift_id):
            return TWICE
        if cash.open_shift() is None:
            cash.start(body.shift)
        else:
            cash.keep_ended(body.shift, instant_text(self._station.clock.now()))
        cash.add_moves(body.shift.shift_id, body.cash_moves, body.shift.shift_id)
        return ""

    def _shift_closed(self, body: ShiftClosed, message: Message) -> str:
        del message
        cash, shift = self._books.cash, body.report.shift
        if not cash.known(shift.shift_id):
            return UNKNOWN
        if cash.report_of(shift.shift_id) is not None:
            return TWICE
        cash.finish(body.report)
        cash.add_moves(f"{shift.shift_id}:closed", body.cash_moves, shift.shift_id)
        return ""

    # -- drafts ---------------------------------------------------------------------------------------------
    def _end_draft(self, document: Document) -> None:
        """What it was approved from is no draft any more; a draft on which a card paid since is kept as another one."""
        parked = document.parked.doc_id if document.parked is not None else document.doc_id
        for draft_id in dict.fromkeys((document.doc_id, parked)):
            draft = self._books.drafts.load(draft_id)
            if draft is None:
                continue
            known = {payment.operation_id for payment in document.payments}
            if any(payment.kind == "card" and payment.operation_id not in known for payment in draft.payments):
                self._station.save(msgspec.structs.replace(draft, doc_id=self._station.ids.new_id()))
            self._books.drafts.remove(draft_id)
            origin.was_approved(self._station, draft_id, document)
            return
        origin.came_back_approved(self._station, document)

    def _discarded(self, body: DraftDiscarded, message: Message) -> str:
        del message
        if self._books.drafts.load(body.doc_id) is not None:
            self._books.drafts.remove(body.doc_id)
            origin.was_thrown_away(self._station, body.doc_id)
        self._station.count("voided_drafts")
        return ""

    def _voided(self, body: LineVoided, message: Message) -> str:
        del body, message
        self._station.count("voided_lines")
        return ""

    # -- the rest -------------------------------------------------------------------------------------------
    def _contractor(self, body: ContractorCreated, message: Message) -> str:
        """Until head office's own row of him comes down; where one is here, it is the last word."""
        contractor = body.contractor
        if self._books.definitions.get(Contractor, contractor.code) is None:
            self._life.contractors.put(contractor, message.message_id, message.seq)
        return ""

    # -- what lies aside at head office ---------------------------------------------------------------------
    def _offered(self, body: MessageOffered, message: Message) -> str:
        """A sale that contradicts the true log was made at this till. Where the database that comes back lacks it, it
        has it again as a forked one: its money lies in the drawer (REL-06)."""
        try:
            forked = _forked_in(body)
            told = decode(forked.sealed.payload, Message)
            said = read_body(told)
        except (ValueError, msgspec.DecodeError, RecursionError):
            return UNREADABLE
        digest = forked.sealed.hash
        self._books.returned.offered(digest, message.incarnation, message.seq)
        if self._books.returned.keep_forked(forked, told, instant_text(self._station.clock.now())):
            self._forked(said, told, digest)
        return ""

    def _forked(self, said: Any, told: Message, digest: bytes) -> None:
        if isinstance(said, Document):
            self._forked_document(said, told, digest)
        elif isinstance(said, Cancelled | Fiscalised | Printed):
            name = self._books.returned.forked_as(said.doc_id, told.incarnation)
            self._forked_later(msgspec.structs.replace(said, doc_id=name), told)
        elif type(said) in self._by_kind:
            self._by_kind[type(said)](said, told)

    def _forked_document(self, document: Document, told: Message, digest: bytes) -> None:
        books, shelf = self._books, self._books.returned
        is_taken = books.documents.find(document.doc_id) is not None
        name = shelf.twin(document.doc_id, digest) if is_taken else document.doc_id
        fiscal = "waiting" if self._station.fiscal_device and is_fiscal(document) else ""
        if fiscal:
            self._unregistered[name] = None
        number = shelf.forked_number(document.number)
        kept = msgspec.structs.replace(document, doc_id=name, number=number, state=FORKED)
        shelf.of(told.incarnation).documents.add(kept, told.seq, fiscal=fiscal)
        shelf.add_goods(name, document.stock_moves)
        books.cash.add_moves(name, document.cash_moves, document.shift_id)
        self._note(name, "approved")
        self._write_down(name, FORKED)
        self._end_draft(document)
        if not is_taken:
            self._came_before(name)

    def _forked_later(self, body: Cancelled | Fiscalised | Printed, told: Message) -> None:
        """What the true log says of the document, too, stays as that says it."""
        stored, shelf = self._books.documents.find(body.doc_id), self._books.returned
        if stored is None:
            return
        is_true = stored.row.state != FORKED
        if isinstance(body, Cancelled) and not _is_cancelled(stored):
            shelf.add_goods(body.doc_id, body.stock_moves)
            self._books.cash.add_moves(body.doc_id, body.cash_moves, body.shift_id)
            self._note(body.doc_id, "cancelled", reason=body.reason)
            if is_true:
                self._books.documents.set_state(body.doc_id, CANCELLED)
                shelf.only_forked(body.doc_id, CANCELLED, holds=True)
        elif isinstance(body, Printed):
            self._printed(body, told)
        elif isinstance(body, Fiscalised) and stored.row.fiscal != "done":
            self._fiscalised(body, told)
            if is_true:
                shelf.only_forked(body.doc_id, "fiscalised", holds=True)


def _is_cancelled(stored: StoredDocument) -> bool:
    """Of a forked one its history says so."""
    return stored.row.state == CANCELLED or any(
        entry.event == CANCELLED or (entry.event == RETURNED and entry.facts.get("what") == CANCELLED)
        for entry in stored.history
    )


def _forked_in(body: MessageOffered) -> ForkedMessage:
    """Raises `ValueError` where it is not what was signed."""
    previous, digest = bytes.fromhex(body.previous), bytes.fromhex(body.hash)
    payload = body.payload.encode()
    if chain_hash(previous, payload) != digest:
        raise ValueError("the hash is another message's")
    sealed = SealedMessage(body.seq, payload, digest, bytes.fromhex(body.signature))
    return ForkedMessage(incarnation=body.incarnation, previous=previous, sealed=sealed)
