"""What the kinds of frames say in their headers and bodies, as records (docs/protocol.md)."""

import struct
from collections.abc import Sequence
from typing import Any, Final, TypeVar

import msgspec

from kontuar.kernel.canonical import chain_hash
from kontuar.kernel.errors import Problem, refuse
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.ports.hub_documents import Confirmation
from kontuar.operations.ports.parking import ParkedRow
from kontuar.operations.ports.streams import (
    Acknowledgement,
    Batch,
    Head,
    Position,
    SealedMessage,
    SignedHead,
    StreamId,
    signed_head,
)
from kontuar.operations.ports.sync import DigestState, FeedCursor, Queue, StreamPosition
from kontuar.sync.frames import SIGNATURE_BYTES, Frame, Sender
from kontuar.sync.keys import SignedCertificate

F = TypeVar("F", bound=msgspec.Struct)
MOST_MESSAGES: Final = 200
MOST_BYTES: Final = 1024 * 1024


class PushFields(msgspec.Struct, frozen=True, kw_only=True):
    """Header of `push`: messages `first` to `last` of a stream; empty when `last = first - 1`. `lives`: certificates
    that the receiver may have lost, of whatever nodes."""

    stream: StreamId
    store: str
    first: int
    last: int
    prev_hash: str
    head_hash: str
    claim: Position
    schemas: dict[str, int] = {}
    lives: tuple[CertificateRow, ...] = ()
    certificate: SignedCertificate | None = None


class AckFields(msgspec.Struct, frozen=True, kw_only=True):
    """Header of `ack`; `claim` repeats the push's, so that a late answer is not taken for a rollback. `heads`: what the
    receiver signs to hold, and what it has that the hub signed. `pushed`: where the push ended; older programs leave it
    out."""

    stream: StreamId
    receiver: str
    epoch: str
    held: Position
    final: Position
    claim: Position
    parked: tuple[tuple[str, str], ...] = ()
    forked: tuple[str, ...] = ()
    rewind: bool = False
    closed: tuple[str, ...] = ()
    time: str = ""
    heads: tuple[SignedHead, ...] = ()
    pushed: Position | None = None
    certificate: SignedCertificate | None = None


class WireDefinitions(msgspec.Struct, frozen=True, kw_only=True):
    """A definitions cursor; the checksum as decimal text (JSON numbers end at 2**53 for many readers)."""

    epoch: str = ""
    version: int = 0
    checksum: str = "0"


class WireSnapshot(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot file that can be fetched."""

    id: str
    hash: str
    size: int
    rows: int
    version: int


class AnswerDefinitions(msgspec.Struct, frozen=True, kw_only=True):
    """What to do with the definitions."""

    action: str
    epoch: str
    version: int
    checksum: str
    snapshot: WireSnapshot | None = None


class AnswerStock(msgspec.Struct, frozen=True, kw_only=True):
    """Where the stock feed stands after this answer."""

    epoch: str
    version: int
    full: bool = False


class AnswerParked(msgspec.Struct, frozen=True, kw_only=True):
    """Where the list of parked documents stands after this answer."""

    epoch: str
    version: int
    full: bool = False


class NodeFigures(msgspec.Struct, frozen=True, kw_only=True):
    """What an agent passes on of a station that asks it: `sent_ahead_seconds` = how far its clock is ahead of the
    agent's. `kinds`, `schemas`: where they are others than the agent's own; `refused`: why the agent does not listen to
    it (`Heard`); `backup_late`: whether its last backup is older than it should be."""

    node: str
    incarnation: str
    build: str
    sent_ahead_seconds: float
    definitions_version: int
    queue: Queue | None = None
    digests: DigestState | None = None
    kinds: tuple[str, ...] | None = None
    schemas: dict[str, int] | None = None
    refused: str | None = None
    backup_late: bool | None = None


class DownFields(msgspec.Struct, frozen=True, kw_only=True):
    """Header of `down`. `final`: how far the asker knows its streams to be final; `hub_reachable`: last told;
    `parked` left out: the asker (an older program, or an agent) wants no list of parked documents. `queue`: what waits
    at the asker; `nodes`: what an agent heard from its stations a moment ago (HUB-07). `digests`: what comparing with
    this giver gave; `kinds`: of definitions that the asker knows (REL-16)."""

    store: str
    definitions: WireDefinitions
    confirmations: FeedCursor
    stock: FeedCursor
    wait_seconds: float = 0
    final: tuple[tuple[str, str, int], ...] = ()
    hub_reachable: bool | None = None
    parked: FeedCursor | None = None
    queue: Queue | None = None
    nodes: tuple[NodeFigures, ...] = ()
    digests: DigestState | None = None
    kinds: tuple[str, ...] | None = None
    certificate: SignedCertificate | None = None


class DownAnswerFields(msgspec.Struct, frozen=True, kw_only=True):
    """Header of the answer to `down`. `closed`: a later life of the asker was opened, as its next claim will show."""

    definitions: AnswerDefinitions
    confirmations: FeedCursor
    stock: AnswerStock
    hub_reachable: bool
    hub_seen_at: str = ""
    time: str = ""
    parked: AnswerParked | None = None
    closed: bool = False
    certificate: SignedCertificate | None = None


class DownBody(msgspec.Struct, frozen=True, kw_only=True):
    """Body of the answer to `down`; rows of definitions stay the bytes they are."""

    put: tuple[tuple[str, str, int, msgspec.Raw], ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    confirmations: tuple[Confirmation, ...] = ()
    stock: tuple[tuple[str, str, int], ...] = ()
    covered: tuple[tuple[str, str, int], ...] = ()
    final: tuple[StreamPosition, ...] = ()
    parked_put: tuple[ParkedRow, ...] = ()
    parked_removed: tuple[str, ...] = ()


class FetchFields(msgspec.Struct, frozen=True, kw_only=True):
    """Header of `fetch`: who asks for which snapshot file."""

    snapshot: str
    certificate: SignedCertificate | None = None


class AskFields(msgspec.Struct, frozen=True, kw_only=True):
    """Header of `ask`. `on_behalf` = (node, incarnation) of the station whose question an agent passes on."""

    question: str
    on_behalf: tuple[str, str] | None = None
    certificate: SignedCertificate | None = None


class AskAnswerFields(msgspec.Struct, frozen=True, kw_only=True):
    """Header of the answer to `ask`."""

    problems: tuple[Problem, ...] = ()
    certificate: SignedCertificate | None = None


class ReplyFields(msgspec.Struct, frozen=True, kw_only=True):
    """Header of `reply`, in files: the answer to the `ask` whose body has this SHA-256 (hex)."""

    question: str
    asked: str
    on_behalf: tuple[str, str] | None = None
    problems: tuple[Problem, ...] = ()


def fields_of(frame: Frame, kind: str, shape: type[F]) -> F:
    """The kind's own header fields; raises `Refused("frame.unreadable")`."""
    if frame.header.kind != kind:
        raise refuse("frame.unreadable", reason=f"kind {frame.header.kind[:20]} instead of {kind}")
    try:
        return msgspec.convert(frame.header.fields, shape)
    except msgspec.ValidationError as error:
        raise refuse("frame.unreadable", reason=f"fields: {error}") from None


def read_body(frame: Frame, shape: type[F]) -> F:
    """The body as a record; raises `Refused("frame.unreadable")`."""
    try:
        return msgspec.json.decode(frame.body, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse("frame.unreadable", reason=f"body: {error}") from None


def to_fields(record: msgspec.Struct) -> dict[str, Any]:
    """A record as header fields; what is None is left out."""
    found: dict[str, Any] = msgspec.to_builtins(record)
    return {name: value for name, value in found.items() if value is not None}


def pack_messages(messages: Sequence[SealedMessage]) -> bytes:
    """`u32 length | payload | signature` one after the other; payloads are never written anew."""
    return b"".join(
        struct.pack(">I", len(message.payload)) + message.payload + message.signature for message in messages
    )


def unpack_messages(body: bytes, first: int, previous: bytes) -> tuple[SealedMessage, ...]:
    """The messages with the chain hashes that follow from `previous`; raises `Refused("frame.unreadable")`."""
    messages: list[SealedMessage] = []
    position = 0
    while position < len(body):
        if position + 4 > len(body):
            raise refuse("frame.unreadable", reason="message length")
        (length,) = struct.unpack_from(">I", body, position)
        start, end = position + 4, position + 4 + length
        position = end + SIGNATURE_BYTES
        if position > len(body):
            raise refuse("frame.unreadable", reason="message length")
        previous = chain_hash(previous, body[start:end])
        messages.append(SealedMessage(first + len(messages), body[start:end], previous, body[end:position]))
    return tuple(messages)


def read_push(frame: Frame) -> Batch:
    """A push frame as a batch; raises `Refused("frame.unreadable" | "frame.chain_broken")`."""
    fields = fields_of(frame, "push", PushFields)
    try:
        previous, head = bytes.fromhex(fields.prev_hash), bytes.fromhex(fields.head_hash)
    except ValueError:
        raise refuse("frame.unreadable", reason="hash") from None
    if len(previous) != 32 or fields.first < 1:
        raise refuse("frame.unreadable", reason="position")
    messages = unpack_messages(frame.body, fields.first, previous)
    if len(messages) > MOST_MESSAGES or len(messages) != fields.last - fields.first + 1:
        raise refuse("frame.unreadable", reason="message count")
    if (messages[-1].hash if messages else previous) != head:
        raise refuse("frame.chain_broken", f"seq:{fields.last}")
    return Batch(
        stream=fields.stream, store=fields.store, sender=frame.header.node, first=fields.first,
        previous_hash=previous, messages=messages, claim=fields.claim, build=frame.header.build,
    )  # fmt: skip


def ack_fields(
    acknowledgement: Acknowledgement, claim: Position, time: str, certificate: SignedCertificate | None,
    sender: Sender | None = None,
) -> AckFields:  # fmt: skip
    """An acknowledgement as it goes over the wire; who is given as `sender` signs what is held."""
    a = acknowledgement
    heads = a.heads if sender is None or not a.held.seq else (*a.heads, _head_of(a, sender, time))
    return AckFields(
        stream=a.stream, receiver=a.receiver, epoch=a.epoch, held=a.held, final=a.final, claim=claim,
        parked=a.parked, forked=a.forked, rewind=a.rewind, closed=a.closed, time=time, heads=heads,
        certificate=certificate, pushed=a.pushed,
    )  # fmt: skip


def _head_of(told: Acknowledgement, sender: Sender, time: str) -> SignedHead:
    head = Head(
        signer=sender.node, signer_incarnation=sender.incarnation, origin=told.stream.origin,
        incarnation=told.stream.incarnation, seq=told.held.seq, hash=told.held.hash, at=time,
    )  # fmt: skip
    return signed_head(head, sender.sign)
