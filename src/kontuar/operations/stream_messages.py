"""What a node holds of a station's life, told to the station itself (REL-13): the same at the agent and at the hub."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from kontuar.kernel.canonical import chain_hash
from kontuar.operations.ports.questions import AskMessages, HeldMessage, HeldMessages
from kontuar.operations.ports.streams import Position, SealedMessage, StreamId

MOST_MESSAGES: Final = 200
MOST_BYTES: Final = 1024 * 1024


class HeldLog(Protocol):
    """A log of streams, read only."""

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment."""
        ...

    def head(self, stream: StreamId) -> Position:
        """How far the stream is held here; zero when nothing is known of it."""
        ...

    def contradicted(self, stream: StreamId) -> bool:
        """Whether the node above holds other messages of it than this one."""
        ...

    def after(self, stream: StreamId, seq: int, most: int) -> Sequence[SealedMessage]:
        """Messages that lie here beyond a position, in order; there may be holes between them."""
        ...


def held_after(log: HeldLog, origin: str, asked: AskMessages) -> HeldMessages:
    """The next messages of a life without any hole. Empty and not complete: the first one is not here."""
    stream = StreamId(origin, asked.incarnation)
    with log.reading():
        head = log.head(stream)
        found = _within_bounds(asked.after, log.after(stream, asked.after, MOST_MESSAGES))
    last = found[-1].seq if found else asked.after
    return HeldMessages(messages=tuple(map(_told, found)), head=head, complete=last >= head.seq)


def knows_better(log: HeldLog, origin: str, asked: AskMessages, answer: HeldMessages) -> bool:
    """Whether this relay's own word is the whole truth as far as it can be known without the node above.

    One that never heard of the life, or less than the asker, may have been set up anew.
    """
    reaches = answer.head.seq >= max(asked.after, 1) and (answer.complete or bool(answer.messages))
    return reaches and not log.contradicted(StreamId(origin, asked.incarnation))


def continued(log: HeldLog, origin: str, asked: AskMessages, above: HeldMessages) -> HeldMessages:
    """The answer of the node above, and behind its end what only this relay holds, if it builds on that."""
    stream = StreamId(origin, asked.incarnation)
    if not above.complete or above.head.seq < asked.after:
        return above
    with log.reading():
        head = log.head(stream)
        more = _within_bounds(above.head.seq, log.after(stream, above.head.seq, MOST_MESSAGES))
    if not more or chain_hash(bytes.fromhex(above.head.hash), more[0].payload) != more[0].hash:
        return above
    room = max(MOST_MESSAGES - len(above.messages), 1)
    told = tuple(map(_told, more[:room]))
    return HeldMessages(messages=(*above.messages, *told), head=head, complete=told[-1].seq >= head.seq)


def _within_bounds(after: int, rows: Sequence[SealedMessage]) -> list[SealedMessage]:
    """Up to the first hole, at most 1 MiB, but always the first."""
    found: list[SealedMessage] = []
    left = MOST_BYTES
    for message in rows:
        left -= len(message.payload)
        if message.seq != after + len(found) + 1 or (found and left < 0):
            break
        found.append(message)
    return found


def _told(message: SealedMessage) -> HeldMessage:
    # Stations write UTF-8; of anything else the asker finds that it is not what was signed.
    return HeldMessage(
        seq=message.seq, payload=message.payload.decode("utf-8", "replace"), hash=message.hash.hex(),
        signature=message.signature.hex(),
    )  # fmt: skip
