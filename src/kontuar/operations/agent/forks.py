"""What an agent kept aside of its stations' logs is told to the hub, each message once (REL-05)."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from kontuar.operations.ports.questions import MOST_FORK_BYTES, MOST_FORKS, ForksTold, KeptFork, TellForks
from kontuar.operations.ports.streams import StreamId


class ForkShelf(Protocol):
    """The messages that are kept aside, and which of them the hub was told."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def streams(self) -> Sequence[StreamId]:
        """Those of which something is not told yet."""
        ...

    def untold(self, stream: StreamId, most: int) -> Sequence[KeptFork]:
        """The first of them, in order."""
        ...

    def tell(self, stream: StreamId, answers: Sequence[tuple[KeptFork, str]]) -> None:
        """The hub has these, or says why it will not (a code)."""
        ...


def next_telling(shelf: ForkShelf, stream: StreamId) -> TellForks | None:
    """What to tell next of a life; None when all is told."""
    found: list[KeptFork] = []
    left = MOST_FORK_BYTES
    for message in shelf.untold(stream, MOST_FORKS):
        left -= len(message.payload)
        if found and left < 0:
            break
        found.append(message)
    if not found:
        return None
    return TellForks(origin=stream.origin, incarnation=stream.incarnation, messages=tuple(found))


def tellings(shelf: ForkShelf, stream: StreamId, most: int) -> Iterator[TellForks]:
    """What is not told yet of a life, in as many tellings as it takes, at most so many: for a file."""
    part: list[KeptFork] = []
    size = count = 0
    for message in shelf.untold(stream, most * MOST_FORKS):
        size += len(message.payload)
        if part and (len(part) == MOST_FORKS or size > MOST_FORK_BYTES):
            yield TellForks(origin=stream.origin, incarnation=stream.incarnation, messages=tuple(part))
            part, size, count = [], len(message.payload), count + 1
        if count == most:
            return
        part.append(message)
    if part:
        yield TellForks(origin=stream.origin, incarnation=stream.incarnation, messages=tuple(part))


def told(shelf: ForkShelf, telling: TellForks, answer: ForksTold) -> int:
    """Remember what the hub has, and what it will never take; how many it refused."""
    refused = dict(answer.refused)
    answers = [(message, refused.get(message.hash.hex(), "")) for message in telling.messages]
    with shelf.transaction():
        shelf.tell(StreamId(telling.origin, telling.incarnation), answers)
    return sum(1 for _, reason in answers if reason)
