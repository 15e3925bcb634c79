"""Streams of messages: records that cross floors, and the log that keeps them."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class StreamId(msgspec.Struct, frozen=True, order=True):
    """A stream: who speaks, in which life."""

    origin: str
    incarnation: str


class Position(msgspec.Struct, frozen=True):
    """How far: the message and the chain hash there (hex). Zero = nothing yet."""

    seq: int
    hash: str


START = Position(0, "00" * 32)


class Mark(msgspec.Struct, frozen=True):
    """How far a life of a till is known to have been durable, kept outside its database (REL-13).

    `ordinal`: of the life's certificate; the hash is that of the chain at `seq` (hex).
    """

    incarnation: str
    ordinal: int
    seq: int
    hash: str


class SealedMessage(msgspec.Struct, frozen=True):
    """A message as bytes: never serialised again. `hash` is the chain hash, `signature` the origin's over it."""

    seq: int
    payload: bytes
    hash: bytes
    signature: bytes


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One push of one stream, its frame already checked. Empty `messages` = only a claim.

    `ordinal`: of the certificate of the stream's life, 0 = not known here. `forged`: the first message is not signed by
    its origin, so it opens no life; it is parked when it is booked.
    """

    stream: StreamId
    store: str
    sender: str
    first: int
    previous_hash: bytes
    messages: tuple[SealedMessage, ...]
    claim: Position
    build: str = ""
    ordinal: int = 0
    forged: bool = False


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver says: durable here (`held`), durable at the hub (`final`)."""

    stream: StreamId
    receiver: str
    epoch: str
    held: Position
    final: Position
    parked: tuple[tuple[str, str], ...] = ()
    forked: tuple[str, ...] = ()
    rewind: bool = False
    closed: tuple[str, ...] = ()


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver knows of a stream; `ordinal` 0 = not learned yet which life of its station it is."""

    held: Position = START
    final: Position = START
    closed: bool = False
    ordinal: int = 0


class StreamLog(Protocol):
    """The receiver's durable log (SQLite at the agent, PostgreSQL at the hub)."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def state(self, stream: StreamId) -> StreamState:
        """Where the stream stands here (locked until the transaction ends)."""
        ...

    def hash_at(self, stream: StreamId, seq: int) -> bytes | None:
        """The chain hash this receiver holds at a position."""
        ...

    def append(self, batch: Batch, messages: Sequence[SealedMessage]) -> Sequence[tuple[str, str]]:
        """Store messages that follow what is held and move the cursor; returns (message_id, reason) parked."""
        ...

    def store_fork(self, batch: Batch, messages: Sequence[SealedMessage]) -> None:
        """Keep messages of a forked log aside, parked, and close the incarnation."""
        ...

    def place_life(self, batch: Batch, *, opened: bool) -> None:
        """Keep which life of its station the stream is (`batch.ordinal`, 0 = not known), and whether it was opened.

        Every life of the station that is earlier than the latest opened one is closed, also one that is first heard of
        afterwards (REL-13).
        """
        ...
