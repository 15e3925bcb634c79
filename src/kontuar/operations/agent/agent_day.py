"""What an agent holds of a business day, counted from the bytes of its streams, to be compared with tills and hub."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import Message, approved_kind
from kontuar.domain.documents.types import TYPES
from kontuar.kernel.canonical import decode
from kontuar.kernel.money import Minor
from kontuar.operations.ports.station import DaySum, TenderSum
from kontuar.operations.ports.streams import StreamId

_APPROVALS = frozenset(approved_kind(name) for name in TYPES)


class StreamHead(msgspec.Struct, frozen=True, kw_only=True):
    """How far a stream is held here and known to be final."""

    stream: StreamId
    held: int
    final: int


class StockRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a warehouse of the store has, in base units as text."""

    warehouse: str
    article: str
    quantity: str


class AgentReading(Protocol):
    """Reading an agent's books."""

    def heads(self) -> Iterable[StreamHead]:
        """Every stream."""
        ...

    def payloads(self) -> Iterable[bytes]:
        """Every message held, stream by stream in order."""
        ...

    def stock(self) -> Iterable[StockRow]:
        """Every balance of the store."""
        ...


class AgentDay(msgspec.Struct, frozen=True, kw_only=True):
    """Documents and money of one day, over all stations of the store."""

    day: str
    streams: tuple[StreamHead, ...]
    types: tuple[DaySum, ...]
    tenders: tuple[TenderSum, ...]


def agent_day(books: AgentReading, day: str) -> AgentDay:
    """The figures of one business day; reads every message, so it is for checks, not for screens."""
    documents = [document for document in _documents(books) if str(document.business_day) == day]
    kinds = sorted({document.type for document in documents})
    return AgentDay(
        day=day,
        streams=tuple(books.heads()),
        types=tuple(_sum(kind, [row for row in documents if row.type == kind]) for kind in kinds),
        tenders=_tenders(documents),
    )


def _documents(books: AgentReading) -> Iterable[Document]:
    for payload in books.payloads():
        message = decode(payload, Message)
        if message.kind in _APPROVALS:
            yield decode(bytes(message.body), Document)


def _sum(kind: str, documents: list[Document]) -> DaySum:
    return DaySum(
        document_type=kind,
        documents=len(documents),
        lines=sum(len(document.lines) for document in documents),
        gross=Minor(sum(document.amount or document.totals.gross for document in documents)),
        numbers=tuple(document.number for document in documents),
    )


def _tenders(documents: list[Document]) -> tuple[TenderSum, ...]:
    sums: dict[tuple[str, str], int] = {}
    for document in documents:
        for move in document.cash_moves:
            key = (move.form, move.currency)
            sums[key] = sums.get(key, 0) + move.amount
    return tuple(
        TenderSum(form=form, currency=currency, amount=Minor(amount))
        for (form, currency), amount in sorted(sums.items())
    )
