"""Digests of streams (push rule 7, REL-18): what two nodes compare, ask for and offer, and the books they lie in."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Annotated, Final, Protocol

import msgspec

from kontuar.operations.ports.questions import KeptFork
from kontuar.operations.ports.streams import SealedMessage, StreamId

COMPARE: Final = "digests.compare"
FETCH: Final = "digests.fetch"
OFFER: Final = "digests.offer"
MOST_SEGMENTS: Final = 4
"""In one question."""
MOST_IN_SEGMENT: Final = 2_000
"""Messages; a busier day has several segments."""
MOST_COPIES: Final = 50
"""Messages that are fetched or offered in one question."""

Seq = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1)]


class Digest(msgspec.Struct, frozen=True, kw_only=True):
    """What is held of a segment: how many messages, the documents' values in minor units (modulo 2^53), and the
    exclusive or of the messages' digests (hex)."""

    count: int = 0
    amount: int = 0
    xor: str = ""


class Segment(msgspec.Struct, frozen=True, kw_only=True):
    """Messages `first` to `last` of a stream, of one business day (ISO 8601; empty where nothing says so)."""

    origin: str
    incarnation: str
    day: str
    first: Seq
    last: Seq

    @property
    def stream(self) -> StreamId:
        """Whose messages."""
        return StreamId(self.origin, self.incarnation)


class Claimed(msgspec.Struct, frozen=True, kw_only=True):
    """A segment, and what the asker holds of it."""

    segment: Segment
    digest: Digest


class Compare(msgspec.Struct, frozen=True, kw_only=True):
    """`digests.compare`: at most 4 segments."""

    claimed: tuple[Claimed, ...]


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """What the answerer holds of a segment that differs: (position, the message's digest in hex), and the ranges it
    need not hold."""

    segment: Segment
    digest: Digest
    held: tuple[tuple[int, str], ...]
    excused: tuple[tuple[int, int], ...] = ()


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """Only what differs is told."""

    differ: tuple[Difference, ...] = ()


class Fetch(msgspec.Struct, frozen=True, kw_only=True):
    """`digests.fetch`: the answerer's copies of these messages, at most 50."""

    origin: str
    incarnation: str
    seqs: tuple[Seq, ...]


class Copies(msgspec.Struct, frozen=True, kw_only=True):
    """Messages as they are held; also the body of `digests.offer`."""

    origin: str
    incarnation: str
    messages: tuple[KeptFork, ...] = ()


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to an offer: positions where the answerer holds these bytes now; all others it did not take."""

    seqs: tuple[int, ...] = ()


class Day(msgspec.Struct, frozen=True, kw_only=True):
    """A segment in the asker's list. `agreed_at`: when both sides last held the same (ISO 8601), empty = never;
    `faults`: messages that neither side could mend."""

    segment: Segment
    agreed_at: str = ""
    faults: int = 0


class DigestBooks(Protocol):
    """A node's messages, to be compared and mended. The changing calls run inside `transaction()`."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment."""
        ...

    def store_of(self, stream: StreamId) -> str:
        """Whose stream it is; empty when nothing is known of it."""
        ...

    def within(self, stream: StreamId, first: int, last: int, most: int) -> Sequence[SealedMessage]:
        """What is held of a range, in order, at most so many."""
        ...

    def excused(self, stream: StreamId, first: int, last: int) -> Sequence[tuple[int, int]]:
        """Ranges that need not be here: they came another way, were pruned, or were not told yet."""
        ...

    def hash_before(self, stream: StreamId, seq: int) -> bytes:
        """The chain hash at the position before; empty where it is not known."""
        ...

    def mend(self, stream: StreamId, message: SealedMessage, at: str) -> None:
        """Put the sound bytes in the place of what is there; that is kept aside."""
        ...


class DigestDays(Protocol):
    """An asker's list of segments."""

    def streams(self) -> Sequence[tuple[StreamId, int]]:
        """Every stream that can be compared, and how far the node above holds it."""
        ...

    def last(self, stream: StreamId) -> Segment | None:
        """The last segment that is listed; its day may have gone on."""
        ...

    def closed_after(self, stream: StreamId, seq: int) -> bool:
        """Whether a shift was closed after a position."""
        ...

    def put(self, segments: Sequence[Segment]) -> None:
        """List them; the first may replace the one that begins there, which is to be compared anew."""
        ...

    def all(self, stream: StreamId) -> Sequence[Day]:
        """The list, oldest first."""
        ...

    def settled(self, segment: Segment, *, agreed_at: str, faults: int, mended: int) -> None:
        """What comparing it gave; `agreed_at` empty: they do not agree."""
        ...
