"""A push arrives: push rules 1 to 4 of the protocol, the same at the agent and at the hub."""

from collections.abc import Callable, Sequence

import msgspec

from kontuar.domain.documents.messages import OPENED
from kontuar.kernel.canonical import CHAIN_START, chain_hash
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.streams import (
    Acknowledgement,
    Batch,
    Position,
    SealedMessage,
    StreamLog,
    StreamState,
)

Taken = Callable[[Batch, Sequence[SealedMessage], Sequence[tuple[str, str]]], None]
"""What else happens with messages that are new: (push, messages, (message id, reason) of those that were parked)."""


def receive(
    batch: Batch, log: StreamLog, *, receiver: str, epoch: str, is_hub: bool, taken: Taken = lambda *_: None
) -> Acknowledgement:
    """Take in one push in one transaction and say what is held (REL-02, REL-04, REL-08).

    Repeats are ignored, gaps answered with the position held, forks kept aside and closed. What follows the chain of a
    closed life is taken as ever: it was written before its station heard of the closing (REL-13). `taken` is called in
    the same transaction. Raises `Refused("frame.chain_broken")` when the frame's own hashes do not follow each other.
    """
    check_chain(batch)
    with log.transaction():
        state = log.state(batch.stream)
        fork = _fork_in(batch, state, log)
        parked: tuple[tuple[str, str], ...] = ()
        opened = not state.opened and _has_begun(batch, log)
        news = [message for message in batch.messages if message.seq > state.held.seq]
        if fork:
            log.store_fork(batch, fork)
        elif news and batch.first <= state.held.seq + 1:
            parked = tuple(log.append(batch, news))
            taken(batch, news, parked)
            opened = opened or (opens_a_life(news[0]) and not batch.forged)
        if opened or batch.ordinal not in (0, state.ordinal):
            log.place_life(batch, opened=opened)
        state = log.state(batch.stream)
    return Acknowledgement(
        stream=batch.stream,
        receiver=receiver,
        epoch=epoch,
        held=state.held,
        final=state.held if is_hub else state.final,
        parked=parked,
        forked=tuple(message.hash.hex() for message in fork),
        rewind=batch.claim.seq > state.held.seq,
        closed=(batch.stream.incarnation,) if state.closed else (),
        pushed=_end_of(batch),
    )


def _end_of(batch: Batch) -> Position:
    """The last position that a push is about."""
    if batch.messages:
        return Position(batch.messages[-1].seq, batch.messages[-1].hash.hex())
    return Position(batch.first - 1, batch.previous_hash.hex())


def check_chain(batch: Batch) -> None:
    """Every message's hash follows from its predecessor; anything else is an unreadable frame."""
    previous = batch.previous_hash
    for offset, message in enumerate(batch.messages):
        expected = chain_hash(previous, message.payload)
        if message.hash != expected or message.seq != batch.first + offset:
            raise refuse("frame.chain_broken", f"seq:{message.seq}")
        previous = message.hash


def opens_a_life(message: SealedMessage) -> bool:
    """Whether it is the first of a life that closes all earlier ones of its station (REL-13)."""
    if message.seq != 1:
        return False
    try:
        return msgspec.json.decode(message.payload, type=_Kind).kind == OPENED
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def _has_begun(batch: Batch, log: StreamLog) -> bool:
    """Whether its own station says that a later life of it goes on, whose first message never passed here: this
    database is a backup, and takes the life up where head office stands (REL-13)."""
    says = batch.ordinal > 1 and batch.sender == batch.stream.origin and batch.claim.seq > 0
    return says and log.hash_at(batch.stream, 1) is None


class _Kind(msgspec.Struct, frozen=True):
    kind: str = ""


def _fork_in(batch: Batch, state: StreamState, log: StreamLog) -> tuple[SealedMessage, ...]:
    """Messages that contradict what is held: another hash at a known position, or a wrong predecessor."""
    if batch.first > state.held.seq + 1:
        return ()
    known = CHAIN_START if batch.first == 1 else log.hash_at(batch.stream, batch.first - 1)
    if known is not None and known != batch.previous_hash:
        return batch.messages
    again = [message for message in batch.messages if message.seq <= state.held.seq]
    if again and log.hash_at(batch.stream, again[-1].seq) == again[-1].hash:
        return ()  # a hash stands for everything before it
    for position, message in enumerate(again):
        held = log.hash_at(batch.stream, message.seq)
        if held is not None and held != message.hash:
            return batch.messages[position:]
    return ()
