"""What the hub's operations on documents need from its database."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from decimal import Decimal
from typing import Protocol

import msgspec

from kontuar.domain.documents.booking import Arrived, Facts, LastNumber, Reading, SeriesKey, Verdict
from kontuar.domain.documents.booking_checks import ShiftSums
from kontuar.kernel.errors import Problem
from kontuar.operations.ports.coupons import CouponLedger
from kontuar.operations.ports.hub_definitions import DefinitionStore
from kontuar.operations.ports.streams import SealedMessage, StreamId


class SealCheck(Protocol):
    """Says what is wrong with the signature of a message."""

    def __call__(self, stream: StreamId, message: SealedMessage) -> str:
        """Empty when the origin's key signed the hash, else a reason code (`signature.bad`, `certificate.revoked`)."""
        ...


class StreamPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A stream and the store it belongs to."""

    store: str
    origin: str
    incarnation: str


class Unbookable(Exception):
    """The database refused the figures of a message; nothing of the attempt was written."""


class BookingDesk(Protocol):
    """Where messages are booked. Everything of one `transaction()` is written together."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left; one inside another can fail alone."""
        ...

    @property
    def definitions(self) -> DefinitionStore:
        """The firm's definitions, written in the same transactions."""
        ...

    @property
    def coupons(self) -> CouponLedger:
        """The ledger of coupons, written in the same transactions."""
        ...

    @property
    def fault_of_seal(self) -> SealCheck:
        """What is wrong with a message's signature."""
        ...

    def keep_fork(self, store: str, stream: StreamId, message: SealedMessage, now: datetime.datetime) -> None:
        """Keep a message aside that contradicts what is held; one that is held or kept already changes nothing."""
        ...

    def note_witnessed(self, store: str, origin: str, incarnation: str, seq: int) -> None:
        """A life is known to have written so many messages, whatever of it has arrived."""
        ...

    def streams_waiting(self) -> Sequence[StreamPlace]:
        """Streams with messages that are neither booked nor parked yet."""
        ...

    def lock(self, store: str) -> None:
        """Nobody else books for this store until the transaction ends; call it first."""
        ...

    def next_messages(self, place: StreamPlace, most: int) -> Sequence[Arrived]:
        """The next messages of a stream, in its order."""
        ...

    def new_forks(self, most: int) -> Sequence[Arrived]:
        """Messages of forked logs that nobody was told of yet."""
        ...

    def waiting_for(self, store: str, ids: Collection[str]) -> Sequence[Arrived]:
        """Parked messages that wait for one of these documents or shifts, in the order of their streams."""
        ...

    def certified_since(self, reason: str) -> Sequence[StreamPlace]:
        """Streams with messages that are parked for this reason, though the register has their life's certificate."""
        ...

    def parked_for(self, place: StreamPlace, reason: str, most: int) -> Sequence[Arrived]:
        """Messages of a stream that are parked for this reason, in its order."""
        ...

    def parked(self, store: str, message_hash: bytes) -> Arrived:
        """One parked message; raises `Refused("verification.not_found" | "verification.decided")`."""
        ...

    def facts(self, store: str, readings: Sequence[Reading]) -> Facts:
        """What is known about everything these messages name."""
        ...

    def book(
        self,
        store: str,
        verdicts: Sequence[Verdict],
        now: datetime.datetime,
        *,
        deviation: str = "",
        anew: bool = False,
    ) -> None:
        """Write what these messages say, with balances and confirmations.

        `anew`: from the decoded records instead of the bytes. Raises `Unbookable`.
        """
        ...

    def park(self, store: str, verdicts: Sequence[Verdict], now: datetime.datetime) -> None:
        """Keep these aside with their reasons; their goods count as moved, unbooked (ownership of stock)."""
        ...

    def remark(self, store: str, verdicts: Sequence[Verdict], now: datetime.datetime) -> None:
        """List booked messages that a person should look at."""
        ...

    def move_series(self, store: str, series: Mapping[SeriesKey, LastNumber]) -> None:
        """How far the series got."""
        ...

    def advance(self, place: StreamPlace, seq: int) -> None:
        """Everything of the stream up to there is booked or parked."""
        ...

    def shift_sums(self, store: str, shift_id: str) -> ShiftSums:
        """What is held of a shift, booked and parked alike."""
        ...

    def decide(self, store: str, message_hash: bytes, decision: "Decision") -> None:
        """A person's decision on a parked or listed message."""
        ...

    def set_aside(self, store: str, verdict: Verdict, decision: "Decision") -> None:
        """A person's decision that a message has no effect: its goods no longer count as moved."""
        ...


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """`state`: accepted (booked with a deviation), set_aside (no effect), seen (was booked anyway)."""

    state: str
    operator: str
    at: datetime.datetime
    note: str = ""


class Confirmation(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a message at the hub: booked (with `gid`), parked (with `reason`) or accepted."""

    doc_id: str
    origin: str
    incarnation: str
    seq: int
    state: str
    gid: str
    reason: str
    version: int


class Confirmations(msgspec.Struct, frozen=True, kw_only=True):
    """Those after a version, oldest first. `full`: the epoch was another one, these begin at the start."""

    epoch: str
    version: int
    rows: tuple[Confirmation, ...]
    full: bool = False


class StockFigures(msgspec.Struct, frozen=True, kw_only=True):
    """Absolute figures (warehouse, article, ten-thousandths) and the stream positions that they contain."""

    epoch: str
    version: int
    full: bool
    rows: tuple[tuple[str, str, int], ...]
    covered: tuple[tuple[str, str, int], ...]


class OpeningRow(msgspec.Struct, frozen=True, kw_only=True):
    """Goods that are there before anything was sold, in base units."""

    warehouse: str
    article: str
    quantity: Decimal


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """Opening stock of a store. `opening_id` is the idempotency key (a UUID)."""

    opening_id: str
    store: str
    business_day: datetime.date
    rows: tuple[OpeningRow, ...]


class FeedsOfStore(Protocol):
    """What a store is told: confirmations and stock figures."""

    def reading(self) -> AbstractContextManager[None]:
        """Everything read inside is of one moment."""
        ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def confirmations(self, store: str, epoch: str, version: int, most: int) -> Confirmations:
        """Confirmations after a version."""
        ...

    def stock(self, store: str, epoch: str, version: int) -> StockFigures:
        """Figures that changed after a version, with the positions they contain."""
        ...

    def stock_elsewhere(self, store: str, article: str) -> Sequence[tuple[str, str, Decimal]]:
        """(store, warehouse, quantity) in all other stores."""
        ...

    def undefined(self, rows: Sequence[OpeningRow]) -> Sequence[Problem]:
        """Articles and warehouses of the rows that have no definition."""
        ...

    def put_opening(self, opening: Opening, content_hash: bytes, operator: str, now: datetime.datetime) -> bool:
        """Write the moves; False when exactly this was put before. Raises `Conflict`."""
        ...
