"""What streams carry: facts in the past tense with a version; every kind ever shipped stays readable."""

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from kontuar.domain.cash.records import CashMove, Shift, ShiftReport
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import TYPES
from kontuar.domain.parties.records import Contractor
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.canonical import decode, encode

OPENED: Final = "stream.opened/1"
OFFERED: Final = "stream.offered/1"


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One message of a stream; its canonical bytes are the payload that is hashed, signed and sent.

    `seq` is gapless per (origin, incarnation). `message_id` = the document's id for approvals.
    """

    kind: str
    origin: str
    incarnation: str
    seq: int
    store: str
    message_id: str
    at: datetime.datetime
    by: str
    body: msgspec.Raw


class Cancelled(msgspec.Struct, frozen=True, kw_only=True):
    """An approved document was cancelled; its effects are taken back by these moves."""

    doc_id: str
    number: str
    document_type: str
    business_day: datetime.date
    reason: str = ""
    shift_id: str = ""
    stock_moves: tuple[StockMove, ...] = ()
    cash_moves: tuple[CashMove, ...] = ()


class Fiscalised(msgspec.Struct, frozen=True, kw_only=True):
    """The fiscal device registered the sale, or a person says that it did (`marked`)."""

    doc_id: str
    number: str
    fiscal_number: str
    device: str
    marked: bool = False


class Printed(msgspec.Struct, frozen=True, kw_only=True):
    """The document was printed; `copy` from the second time on."""

    doc_id: str
    number: str
    where: str
    copy: bool


class ShiftOpened(msgspec.Struct, frozen=True, kw_only=True):
    """A cash shift began; the moves bring the register to the counted float."""

    shift: Shift
    cash_moves: tuple[CashMove, ...] = ()


class ShiftClosed(msgspec.Struct, frozen=True, kw_only=True):
    """A cash shift ended with this report; the moves book differences and clear forms that do not accumulate."""

    report: ShiftReport
    cash_moves: tuple[CashMove, ...] = ()


class DraftDiscarded(msgspec.Struct, frozen=True, kw_only=True):
    """A draft with lines was thrown away (loss prevention): how many lines and what they were worth.

    `token`: of the lease under which a parked document was open; 0 = it was none, or there was no lease.
    """

    doc_id: str
    document_type: str
    lines: int
    gross: int
    token: int = 0


class LineVoided(msgspec.Struct, frozen=True, kw_only=True):
    """A line, or a part of it, was taken off a draft after it had been entered; `quantity` in base units."""

    doc_id: str
    article: str
    quantity: Decimal
    value: int


class TechnicalEvent(msgspec.Struct, frozen=True, kw_only=True):
    """Something an administrator wants to know: failed logins, clock jumps, a drawer opened by hand."""

    event: str
    facts: dict[str, str] = {}


class ContractorCreated(msgspec.Struct, frozen=True, kw_only=True):
    """A contractor was made at a till. `seen`: contractors with the same tax number that the operator was shown."""

    contractor: Contractor
    seen: tuple[str, ...] = ()


class ContractorChanged(msgspec.Struct, frozen=True, kw_only=True):
    """A contractor was changed at a till: as the till knew him, and as he is to be. `seen` as above."""

    before: Contractor
    after: Contractor
    seen: tuple[str, ...] = ()


class StreamOpened(msgspec.Struct, frozen=True, kw_only=True):
    """The first message of a life of a station: every earlier life of it is closed by this (REL-13).

    `reason`: *enrolled* (a new certificate by a code), *restored* (the witness stood beyond the database) or *forked*
    (agent or hub hold other messages). `ordinal`: of its certificate. `closes`: the lives that this database knows, and
    how far it knew them: (incarnation, seq, hash in hex). `witnessed`: (incarnation, seq) that the witness had seen, so
    that what is at no node can be named.
    """

    reason: str
    ordinal: int
    closes: tuple[tuple[str, int, str], ...] = ()
    witnessed: tuple[str, int] | None = None


class MessageOffered(msgspec.Struct, frozen=True, kw_only=True):
    """A message of a forked log of this station, offered again for a person to decide on: the sale did happen (REL-05).

    `previous`, `hash`, `signature` in hex; `payload`: the message's own bytes, which are UTF-8.
    """

    incarnation: str
    seq: int
    previous: str
    hash: str
    signature: str
    payload: str


BODIES: Final[Mapping[str, type[msgspec.Struct]]] = {
    **{f"{name}.approved/1": Document for name in TYPES},
    **{f"{name}.cancelled/1": Cancelled for name in TYPES},
    "document.fiscalised/1": Fiscalised,
    "document.printed/1": Printed,
    "shift.opened/1": ShiftOpened,
    "shift.closed/1": ShiftClosed,
    "draft.discarded/1": DraftDiscarded,
    "line.voided/1": LineVoided,
    "station.event/1": TechnicalEvent,
    "contractor.created/1": ContractorCreated,
    "contractor.changed/1": ContractorChanged,
    OPENED: StreamOpened,
    OFFERED: MessageOffered,
}


def approved_kind(document_type: str) -> str:
    """The kind of the message that says a document was approved."""
    return f"{document_type}.approved/1"


def cancelled_kind(document_type: str) -> str:
    """The kind of the message that says a document was cancelled."""
    return f"{document_type}.cancelled/1"


def read_body(message: Message) -> Any:
    """The body by its kind; an unknown kind gives None (a newer sender: kept, not understood).

    Raises `msgspec.DecodeError` when a known kind has another shape.
    """
    kind = BODIES.get(message.kind)
    return None if kind is None else decode(bytes(message.body), kind)


def body_bytes(body: msgspec.Struct) -> msgspec.Raw:
    """A body's canonical bytes."""
    return msgspec.Raw(encode(body))
