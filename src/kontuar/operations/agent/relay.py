"""An agent between its stations and the hub: takes pushes in, gives feeds, passes on what is not its own to say."""

from collections.abc import Callable, Collection, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Protocol

import msgspec

from kontuar.operations.agent.parking_arrivals import contest_all, take_in
from kontuar.operations.agent.parking_buffer import ParkingBuffer
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.incoming import receive
from kontuar.operations.known_kinds import FIRST_KINDS
from kontuar.operations.ports.hub_definitions import DefinitionsAnswer, SnapshotInfo
from kontuar.operations.ports.hub_documents import Confirmations, StockFigures
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.streams import Acknowledgement, Batch, Position, SignedHead, StreamId, StreamLog
from kontuar.operations.ports.sync import (
    DefinitionCursor,
    FeedCursor,
    HubReach,
    NodeIdentity,
    StreamPosition,
)


class RelayLog(StreamLog, Protocol):
    """The agent's log also keeps what could not be read, and what the hub signed."""

    def signed_by_hub(self, stream: StreamId) -> Sequence[SignedHead]:
        """What the hub signed to hold of a stream."""
        ...

    def lies_beyond(self, stream: StreamId) -> bool:
        """Whether messages lie here behind a hole of what is held."""
        ...

    def give_way(self, stream: StreamId, after: int) -> None:
        """Keep what lies past a position aside."""
        ...

    def keep_unreadable(self, data: bytes, reason: str) -> None:
        """Bounded."""
        ...


class RelayFeeds(Protocol):
    """What the agent's database tells its stations."""

    def confirmations_since(self, asker: NodeIdentity, cursor: FeedCursor) -> Confirmations:
        """The asker's own documents."""
        ...

    def stock_since(self, cursor: FeedCursor) -> StockFigures:
        """The store's totals that changed."""
        ...

    def final_positions(self, asker: NodeIdentity) -> Sequence[StreamPosition]:
        """How far the hub holds the asker's streams."""
        ...


class RelayReceiver:
    """Takes stations' pushes; implements `operations.ports.sync.Receiver`."""

    def __init__(
        self,
        log: RelayLog,
        parking: ParkingBuffer,
        *,
        node: str,
        epoch: str,
        restored: Callable[[], None] = lambda: None,
    ) -> None:
        """`restored` is called where a station shows that this database is older than what it was told."""
        self._restored = restored
        self._log = log
        self._parking = parking
        self._node = node
        self._epoch = epoch
        self._lost: dict[StreamId, Position] = {}

    def take(self, batch: Batch) -> Acknowledgement:
        """*Held* is durable here; *final* is what the hub told, and signed. Who was told of more than is here shows
        that this agent was set up again from a backup (push rule 5): leases may be forgotten."""
        told = receive(
            batch,
            self._log,
            receiver=self._node,
            epoch=self._epoch,
            is_hub=False,
            taken=partial(take_in, self._parking),
        )
        if told.rewind and self._lost.get(batch.stream) != batch.claim:
            self._lost[batch.stream] = batch.claim
            contest_all(self._parking.books)
            self._restored()
        self._leave_hole(batch, told)
        return msgspec.structs.replace(told, heads=tuple(self._log.signed_by_hub(batch.stream)))

    def _leave_hole(self, batch: Batch, told: Acknowledgement) -> None:
        """The station goes on in a later life and has no more of this one, nor has the hub: nobody fills the hole any
        more, and what lies behind it are sales that a person decides on, as of a fork (REL-02, REL-05)."""
        if not batch.by_later_life or batch.messages or not batch.claim == told.held == told.final:
            return
        if self._log.lies_beyond(batch.stream):
            with self._log.transaction():
                self._log.give_way(batch.stream, told.held.seq)

    def keep_unreadable(self, data: bytes, reason: str) -> None:
        """Kept for a person to look at."""
        self._log.keep_unreadable(data, reason)


class RelayGiver:
    """Answers stations; implements `operations.ports.sync.Giver`."""

    def __init__(
        self, definitions: DefinitionsFeed, feeds: RelayFeeds, parking: ParkingBuffer, reach: Callable[[], HubReach],
        kinds: Callable[[], Collection[str]] = tuple,
    ) -> None:  # fmt: skip
        """`kinds`: of which the agent's own definitions have rows."""
        self._definitions = definitions
        self._parking = parking
        self._feeds = feeds
        self._reach = reach
        self._kinds = kinds

    def one_moment(self) -> AbstractContextManager[None]:
        """Nobody else writes while the owner of the database reads."""
        return nullcontext()

    def definitions_since(
        self, asker: NodeIdentity, cursor: DefinitionCursor, kinds: Collection[str] | None
    ) -> DefinitionsAnswer:
        """The agent's own view; *same* while it has none itself, or one with kinds that the station does not know: then
        the hub hears of it, and gives the store another one (REL-16)."""
        unknown = frozenset(self._kinds()) - (FIRST_KINDS if kinds is None else frozenset(kinds))
        if unknown or not self._definitions.version_of(asker.store).epoch:
            return DefinitionsAnswer(
                action="same", epoch=cursor.epoch, version=cursor.version, checksum=cursor.checksum
            )
        return self._definitions.definitions_since(asker.store, cursor.epoch, cursor.version, cursor.checksum)

    def confirmations_since(self, asker: NodeIdentity, cursor: FeedCursor) -> Confirmations:
        """The asker's own documents."""
        return self._feeds.confirmations_since(asker, cursor)

    def stock_since(self, asker: NodeIdentity, cursor: FeedCursor) -> StockFigures:  # noqa: ARG002 - one store here
        """The store's totals that changed."""
        return self._feeds.stock_since(cursor)

    def parked_since(self, asker: NodeIdentity, cursor: FeedCursor) -> ParkedNews:  # noqa: ARG002 - one store here
        """What changed in the store's buffer."""
        return self._parking.news_since(cursor)

    def final_positions(self, asker: NodeIdentity) -> Sequence[StreamPosition]:
        """How far the hub holds the asker's streams."""
        return self._feeds.final_positions(asker)

    def snapshot_by_id(self, snapshot_id: str) -> SnapshotInfo:
        """A snapshot file that was offered."""
        return self._definitions.snapshot_by_id(snapshot_id)

    def hub_reach(self) -> HubReach:
        """Whether the hub answers this agent."""
        return self._reach()
