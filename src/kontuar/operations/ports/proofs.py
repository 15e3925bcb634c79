"""What proving the books needs from a node's database: read only, everything of one moment (HUB-10, REL-14)."""

import datetime
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from kontuar.domain.documents.proof.records import Fault, Stored, StreamProof
from kontuar.domain.firm.records import NumberingRule
from kontuar.operations.ports.streams import Position, SignedHead, StreamId


class HeldStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream as the books speak of it. `head`: where they say that it ends, None = nowhere but in its messages.

    `begins_later`: what came before this node's time may be elsewhere. `notes`, `held` as in `StreamProof`.
    `elsewhere`: (first, last, hash of the last) of what this relay knows to have come to the node above another way.
    `holes`: the same of what the node above has lost since: this relay asks the station for it, and counts as held what
    lies before the first of them. `perpetual`: the total kept beside the messages, where this stream wrote the last
    document. `processed`: up to there the hub booked or parked. `signed`: how far others signed to hold it; `pruned`:
    the node's own word on how far it let go of it.
    """

    id: StreamId
    store: str
    head: Position | None = None
    begins_later: bool = False
    elsewhere: tuple[tuple[int, int, bytes], ...] = ()
    holes: tuple[tuple[int, int, bytes], ...] = ()
    processed: int = 0
    notes: Mapping[str, int] = {}
    held: Mapping[str, int] = {}
    perpetual: int | None = None
    signed: tuple[SignedHead, ...] = ()
    pruned: SignedHead | None = None


class ProofShelf(Protocol):
    """The books of one node."""

    @property
    def kind(self) -> str:
        """station, agent or hub."""
        ...

    @property
    def node(self) -> str:
        """Whose books they are, empty when they do not say."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment; raises `StorageDamaged` when a page cannot be read."""
        ...

    def streams(self) -> Sequence[HeldStream]:
        """Every stream of which there is a message or a word."""
        ...

    def stored(self, stream: HeldStream, after: int, most: int) -> Sequence[Stored]:
        """Messages after a position, with the rows they wrote."""
        ...

    def sealed(self, stream: HeldStream, after: int, most: int) -> Sequence[tuple[int, bytes, bytes]]:
        """(seq, hash, SHA-256 of the payload) of messages after a position: what copies are compared by."""
        ...

    def rules(self) -> Mapping[str, tuple[NumberingRule, ...]]:
        """Number patterns by document type, newest first, as far back as this node remembers."""
        ...

    def faults(self) -> Sequence[Fault]:
        """What does not hold and belongs to no message: balances against ledgers, rows that no message wrote."""
        ...


class KeptProof(msgspec.Struct, frozen=True, kw_only=True):
    """The latest look at a stream; `proof.origin` empty = at the books of the whole store."""

    checked_at: datetime.datetime
    proof: StreamProof


class KeptProofs(Protocol):
    """The latest proofs of all stores."""

    def keep(self, store: str, proofs: Sequence[StreamProof], faults: Sequence[Fault], at: datetime.datetime) -> None:
        """Put the latest look at a store in the place of the one before."""
        ...

    def page(self, store: str = "") -> Sequence[KeptProof]:
        """All there are, faulty ones first."""
        ...

    def oldest(self) -> datetime.datetime | None:
        """Since when the books of some store are due; None while there are none."""
        ...


class HubProofShelf(ProofShelf, Protocol):
    """The hub's books, which can be looked at store by store."""

    def stores(self) -> Sequence[str]:
        """Stores that anything is held of; call it inside `reading()`."""
        ...

    def of_store(self, store: str) -> "ProofShelf":
        """The same, of one store only."""
        ...
