"""What agents and replaced tills kept aside of forked logs comes to head office; a person decides (REL-05, REL-13)."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final, Protocol

from kontuar.kernel.canonical import chain_hash
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.questions import MOST_FORK_BYTES, MOST_FORKS, ForksTold, KeptFork, TellForks
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.operations.ports.sync import KeyRing, NodeIdentity

_SIGNED: Final = ("", "certificate.revoked")


class ForkLog(Protocol):
    """The hub's log of streams."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def keep_aside(self, store: str, stream: StreamId, messages: Sequence[SealedMessage]) -> None:
        """Keep what is neither held nor kept yet, and close the life when there is any."""
        ...


def take_forks(log: ForkLog, keys: KeyRing, seal: SealCheck, asker: NodeIdentity, told: TellForks) -> ForksTold:
    """Keep an agent's forked messages of a station of its own store, or a station's own, each once (REL-08); says which
    are not what was signed.

    Raises `Refused` with `frame.wrong_sender` (another station's, or another store's), `certificate.unknown`,
    `question.unreadable` (too much at once) or `stream.of_another_store`; then nothing was kept.
    """
    size = sum(len(message.payload) for message in told.messages)
    if len(told.messages) > MOST_FORKS or (size > MOST_FORK_BYTES and len(told.messages) > 1):
        raise refuse("question.unreadable")
    speaker = keys.speaker(told.origin, told.incarnation)
    if speaker is None:
        raise refuse("certificate.unknown")
    tells_its_own = asker.kind == "station" and asker.node == told.origin
    if speaker.kind != "station" or speaker.store != asker.store or not (asker.kind == "agent" or tells_its_own):
        raise refuse("frame.wrong_sender", node=asker.node, origin=told.origin[:80])
    stream = StreamId(told.origin, told.incarnation)
    judged = [(message, _fault(seal, stream, message)) for message in told.messages]
    good = [_sealed(message) for message, fault in judged if not fault]
    if good:
        with log.transaction():
            log.keep_aside(asker.store, stream, good)
    return ForksTold(refused=tuple((message.hash.hex(), fault) for message, fault in judged if fault))


def _fault(seal: SealCheck, stream: StreamId, message: KeptFork) -> str:
    if chain_hash(message.previous, message.payload) != message.hash:
        return "frame.chain_broken"
    fault = seal(stream, _sealed(message))
    return "" if fault in _SIGNED else fault


def _sealed(message: KeptFork) -> SealedMessage:
    return SealedMessage(message.seq, message.payload, message.hash, message.signature)
