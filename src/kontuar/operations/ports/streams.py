"""Streams of messages: records that cross floors, and the log that keeps them."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from kontuar.kernel.canonical import content_hash, decode, encode


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


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What is signed, so that nobody can deny later what he held: `signer` (a node, in its life) held the stream to
    `seq`, where the chain hash was `hash` (hex), at a time."""

    signer: str
    signer_incarnation: str
    origin: str
    incarnation: str
    seq: int
    hash: str
    at: str

    @property
    def stream(self) -> StreamId:
        """Whose."""
        return StreamId(self.origin, self.incarnation)

    @property
    def position(self) -> Position:
        """How far."""
        return Position(self.seq, self.hash)


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """`statement`: canonical JSON of a `Head`; `signature` (hex) by the signer, over `digest()`."""

    statement: str
    signature: str

    def read(self) -> Head | None:
        """What it says; None when it is no statement."""
        try:
            return decode(self.statement.encode(), Head)
        except (msgspec.DecodeError, RecursionError):
            return None

    def digest(self) -> bytes:
        """What is signed: SHA-256("head/1" ‖ statement)."""
        return content_hash(b"head/1" + self.statement.encode())

    def seal(self) -> SealedMessage:
        """As signatures of messages are checked; `Refused` never, an unreadable signature is a wrong one."""
        try:
            signature = bytes.fromhex(self.signature)
        except ValueError:
            signature = b""
        return SealedMessage(0, b"", self.digest(), signature)


def signed_head(head: Head, sign: Callable[[bytes], bytes]) -> SignedHead:
    """The statement with its signature."""
    unsigned = SignedHead(statement=encode(head).decode(), signature="")
    return SignedHead(statement=unsigned.statement, signature=sign(unsigned.digest()).hex())


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """One push of one stream, its frame already checked. Empty `messages` = only a claim.

    `ordinal`: of the certificate of the stream's life, 0 = not known here. `forged`: the first message is not signed by
    its origin, so it opens no life; it is parked when it is booked. `by_later_life`: its station pushes it from a life
    that followed this one.
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
    by_later_life: bool = False


class Acknowledgement(msgspec.Struct, frozen=True, kw_only=True):
    """What the receiver says: durable here (`held`), durable at the hub (`final`). `heads`: what it has of others;
    `pushed`: where the push ended (it began after the same where it only claims)."""

    stream: StreamId
    receiver: str
    epoch: str
    held: Position
    final: Position
    parked: tuple[tuple[str, str], ...] = ()
    forked: tuple[str, ...] = ()
    rewind: bool = False
    closed: tuple[str, ...] = ()
    heads: tuple[SignedHead, ...] = ()
    pushed: Position | None = None


class StreamState(msgspec.Struct, frozen=True, kw_only=True):
    """What a receiver knows of a stream; `ordinal` 0 = not learned yet which life of its station it is. `opened`: it
    is known to have begun, and closes the lives before it."""

    held: Position = START
    final: Position = START
    closed: bool = False
    ordinal: int = 0
    opened: bool = False


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
