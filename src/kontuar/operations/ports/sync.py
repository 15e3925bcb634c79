"""What the two ends of the sync protocol need: the sender's outbox, the receiver's intake, giver and taker of feeds."""

from collections.abc import Collection, Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Protocol

import msgspec

from kontuar.kernel.errors import Problem
from kontuar.operations.ports.hub_definitions import DefinitionsAnswer, SnapshotInfo
from kontuar.operations.ports.hub_documents import Confirmations, StockFigures
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.streams import (
    Acknowledgement,
    Batch,
    Head,
    Position,
    SealedMessage,
    SignedHead,
    StreamId,
)

HUB_NODE = "hub"
"""The number by which the hub signs its frames; its key is the one that certifies all others."""


class NodeIdentity(msgspec.Struct, frozen=True, kw_only=True):
    """Who a frame's sender is, as the hub certified it. `kind`: station, agent or hub; the hub has no store.

    `ordinal`: which of the node's lives it is, from 1; 0 where nobody asks.
    """

    node: str
    kind: str
    store: str
    incarnation: str
    public_key: bytes
    ordinal: int = 0


class KeyRing(Protocol):
    """The keys of other nodes. Used from any thread."""

    def identity(self, node: str, incarnation: str) -> NodeIdentity | None:
        """Whose key it is; None when unknown or revoked."""
        ...

    def speaker(self, node: str, incarnation: str) -> NodeIdentity | None:
        """Whose key it is or was: what a revoked node signed stays provable."""
        ...

    def learn(self, certificate: str, signature: str) -> None:
        """Take in a certificate that came with a frame; one that the hub did not sign is ignored."""
        ...

    def is_settled(self, node: str, incarnation: str) -> bool:
        """Whether the definitions hold its certificate, or the hub has said that it cannot take it in."""
        ...

    def is_disputed(self, node: str, incarnation: str) -> bool:
        """Whether the hub gave its ordinal or series to another machine."""
        ...


class OutgoingStream(msgspec.Struct, frozen=True, kw_only=True):
    """A stream and how far it is known to have come. `origin_here`: this node is its speaker, not a relay;
    `pruned`: what lies before is not here any more (REL-17)."""

    stream: StreamId
    store: str
    held: Position
    final: Position
    head: Position
    origin_here: bool
    pruned: int = 0


class Outbox(Protocol):
    """The sender's durable side: messages in order, and what the receiver acknowledged."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def streams(self) -> Sequence[OutgoingStream]:
        """Every stream that may be pushed: closed ones too, forked ones not."""
        ...

    def stream(self, stream: StreamId) -> OutgoingStream | None:
        """One stream, None when unknown or forked."""
        ...

    def read(self, stream: StreamId, after: int, most_messages: int, most_bytes: int) -> Sequence[SealedMessage]:
        """Messages that follow a position; always at least one when there is one."""
        ...

    def hash_at(self, stream: StreamId, seq: int) -> str | None:
        """The chain hash at a position (hex), None when this node does not hold it."""
        ...

    def acknowledged(self, stream: StreamId, held: Position, final: Position) -> None:
        """The receiver holds this much; less than before when it was rolled back."""
        ...

    def adopt(self, stream: StreamId, store: str, position: Position) -> None:
        """A relay learns that the hub is further than itself: what lies before need not pass here any more."""
        ...

    def stop(self, stream: StreamId, reason: str, held: Position | None = None) -> None:
        """`stream.closed`: nothing new is written in it, and what is there is pushed as ever (REL-13).

        `stream.forked`: the receiver, which stands at `held`, holds something else. What is here is not pushed any
        more; a relay gives way to the receiver and keeps its own messages aside. Forked wins over closed.
        """
        ...

    def problem(self) -> str:
        """Why a stream is stopped; empty when none is."""
        ...

    def keep_head(self, signer_kind: str, head: Head, signed: SignedHead) -> None:
        """The furthest that an `agent` or the `hub` signed to hold of a stream."""
        ...


class FeedCursor(msgspec.Struct, frozen=True):
    """How far a feed was taken; an empty epoch = nothing yet."""

    epoch: str = ""
    version: int = 0


class DefinitionCursor(msgspec.Struct, frozen=True):
    """The definitions held: the checksum is the sum of `row_checksum` modulo 2**64."""

    epoch: str = ""
    version: int = 0
    checksum: int = 0


class StreamPosition(msgspec.Struct, frozen=True):
    """How far a stream is final (durable at the hub)."""

    stream: StreamId
    position: Position


class HubReach(msgspec.Struct, frozen=True):
    """Whether the giver reaches the hub, and when it last did (ISO 8601, empty = never)."""

    reachable: bool
    seen_at: str = ""


class Giver(Protocol):
    """Who answers `down`: the hub to agents, an agent to its stations. Runs on the giver's database thread."""

    def one_moment(self) -> AbstractContextManager[None]:
        """What is asked inside is of one moment."""
        ...

    def definitions_since(
        self, asker: NodeIdentity, cursor: DefinitionCursor, kinds: Collection[str] | None
    ) -> DefinitionsAnswer:
        """Same, delta or snapshot. `kinds`: those that the asker knows, None = it does not say (an older program)."""
        ...

    def confirmations_since(self, asker: NodeIdentity, cursor: FeedCursor) -> Confirmations:
        """What was decided since; a station hears of its own documents only."""
        ...

    def stock_since(self, asker: NodeIdentity, cursor: FeedCursor) -> StockFigures:
        """Figures of the asker's store that changed since; the cursor itself when none are known."""
        ...

    def parked_since(self, asker: NodeIdentity, cursor: FeedCursor) -> ParkedNews:
        """What changed in the store's buffer of parked documents; the hub has none and gives the cursor back."""
        ...

    def final_positions(self, asker: NodeIdentity) -> Sequence[StreamPosition]:
        """Streams of the asker (of its whole store for an agent) and how far they are final."""
        ...

    def snapshot_by_id(self, snapshot_id: str) -> SnapshotInfo:
        """A snapshot file that was offered; raises `Refused("snapshot.not_found")`."""
        ...

    def hub_reach(self) -> HubReach:
        """Whether this giver reaches the hub. Called from the server's thread."""
        ...


class Receiver(Protocol):
    """Who takes pushes in. Runs on the database thread."""

    def take(self, batch: Batch) -> Acknowledgement:
        """One push of one stream, in one transaction."""
        ...

    def keep_unreadable(self, data: bytes, reason: str) -> None:
        """Keep the bytes of a refused frame (bounded) and count it."""
        ...


class Answerer(Protocol):
    """Who answers online questions."""

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        """(problems, canonical JSON); the agent passes the question on to the hub."""
        ...


class Queue(msgspec.Struct, frozen=True, kw_only=True):
    """What a node has not brought to the node above yet: a station to its agent, an agent to the hub (HUB-07).

    `oldest_at`: when the oldest of these messages was written (ISO 8601), empty when there is none.
    """

    length: Annotated[int, msgspec.Meta(ge=0, le=2**62)]
    oldest_at: str = ""


class DigestState(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing with the node above gave so far (REL-18): messages that differ and could not be mended, and how
    many were."""

    faults: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0
    mended: Annotated[int, msgspec.Meta(ge=0, le=2**62)] = 0


class Heard(msgspec.Struct, frozen=True, kw_only=True):
    """A node was heard of: directly, or because its agent relays its stream or tells of it.

    `sent_at`: its clock (ISO 8601), `build`: its program; both empty = not told. `claimed_seq`: of the stream that was
    pushed. `definitions_version`: what a `down` asked with. `queue`, `digests`, `kinds` (of definitions that it knows),
    `schemas` (newest version of each kind of message that it writes): None = not told. `refused`: the code with which
    the versions of its protocol were refused, empty = they meet ours, None = not told (REL-16). `backup_late`: whether
    its agent misses a backup of it, None = not told.
    """

    identity: NodeIdentity
    sent_at: str = ""
    build: str = ""
    claimed_seq: int = 0
    definitions_version: int = 0
    queue: Queue | None = None
    digests: DigestState | None = None
    kinds: tuple[str, ...] | None = None
    schemas: dict[str, int] | None = None
    refused: str | None = None
    backup_late: bool | None = None


class Enroller(Protocol):
    """Who enrols nodes: the hub by its register, an agent by asking the hub."""

    async def __call__(self, request: bytes) -> bytes:
        """JSON in, JSON out (docs/protocol.md); raises `Refused` when the code is wrong."""
        ...


class DefinitionRows(Protocol):
    """The taker's definitions. The changing calls run inside the caller's transaction."""

    def cursor(self) -> tuple[str, int, int]:
        """(epoch, version, checksum)."""
        ...

    def apply_delta(
        self,
        put: Iterable[tuple[str, str, int, bytes]],
        removed: Iterable[tuple[str, str]],
        epoch: str,
        version: int,
        checksum: int,
    ) -> None:
        """Put and remove whole rows; raises when the resulting checksum is another than the one told."""
        ...

    def replace_all(self, rows: Iterable[tuple[str, str, int, bytes]], epoch: str, version: int, checksum: int) -> None:
        """Exchange everything for a snapshot."""
        ...


class DownCursors(msgspec.Struct, frozen=True, kw_only=True):
    """Where a taker stands in the feeds, and how far it knows its streams to be final.

    `parked` None = it wants no list of parked documents.
    """

    definitions: DefinitionCursor
    confirmations: FeedCursor
    stock: FeedCursor
    final: tuple[tuple[str, str, int], ...] = ()
    parked: FeedCursor | None = None


class DownSink(Protocol):
    """The taker's durable side: station or agent."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def cursors(self) -> DownCursors:
        """What to ask with."""
        ...

    def apply_confirmations(self, news: Confirmations) -> None:
        """Keep what the hub decided."""
        ...

    def apply_stock(self, figures: StockFigures) -> None:
        """Take absolute figures and forget own moves that they contain."""
        ...

    def apply_parked(self, news: ParkedNews) -> None:
        """The list of parked documents; never called where `cursors().parked` is None."""
        ...

    def apply_final(self, positions: Sequence[StreamPosition]) -> None:
        """Streams are final up to here."""
        ...

    def apply_delta(
        self,
        put: Iterable[tuple[str, str, int, bytes]],
        removed: Iterable[tuple[str, str]],
        cursor: DefinitionCursor,
    ) -> None:
        """Raises `Refused("definitions.checksum_differs")`; then a snapshot is needed."""
        ...

    def replace_definitions(self, rows: Iterable[tuple[str, str, int, bytes]], cursor: DefinitionCursor) -> None:
        """Exchange everything for a snapshot, in one transaction; raises as `apply_delta`."""
        ...
