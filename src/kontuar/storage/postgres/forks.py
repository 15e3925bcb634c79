"""Messages that contradict what the hub holds, kept whole until a person decides (REL-05)."""

import datetime
from collections.abc import Sequence

import msgspec

from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.storage.postgres.engine import HubConnection

_MAX_TEXT = 200
_KEEP = """
INSERT INTO forked_message (store, hash, origin, incarnation, seq, message_id, kind, payload, signature, flaw,
                            received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (store, hash) DO NOTHING"""
_HELD = """
SELECT hash FROM message
WHERE store = %s AND origin = %s AND incarnation = %s AND seq = ANY(%s::bigint[]) AND hash = ANY(%s::bytea[])"""


class Envelope(msgspec.Struct, frozen=True):
    """The fields of a message that the log is searched by; all else stays bytes."""

    kind: str = ""
    message_id: str = ""


_envelope = msgspec.json.Decoder(Envelope)


def envelope_of(stream: StreamId, message: SealedMessage) -> Envelope:
    """The envelope; what cannot be read is named by its place in the stream."""
    try:
        found = _envelope.decode(message.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = Envelope()
    if found.kind and found.message_id and not _has_nul(found):
        return Envelope(found.kind[:_MAX_TEXT], found.message_id[:_MAX_TEXT])
    return Envelope("", f"{stream.origin}/{stream.incarnation}/{message.seq}")


def flaw_of(envelope: Envelope, known: set[str]) -> str:
    """What intake finds wrong with a message, empty when nothing; `known`: ids that other messages have."""
    if not envelope.kind:
        return "message.unreadable"
    return "message.id_conflict" if envelope.message_id in known else ""


def keep_forks(
    connection: HubConnection, store: str, stream: StreamId, messages: Sequence[SealedMessage], now: datetime.datetime
) -> int:
    """Keep those aside that are neither held nor kept yet; how many that were."""
    held = _held(connection, store, stream, messages)
    kept = 0
    for message in messages:
        if message.hash in held:
            continue
        envelope = envelope_of(stream, message)
        kept += connection.execute(
            _KEEP,
            [store, message.hash, stream.origin, stream.incarnation, message.seq, envelope.message_id, envelope.kind,
             message.payload, message.signature, flaw_of(envelope, set()), now],
        ).rowcount  # fmt: skip
    return kept


def _held(connection: HubConnection, store: str, stream: StreamId, messages: Sequence[SealedMessage]) -> set[bytes]:
    places = [store, stream.origin, stream.incarnation, [m.seq for m in messages], [m.hash for m in messages]]
    return {bytes(row[0]) for row in connection.execute(_HELD, places).fetchall()}


def _has_nul(envelope: Envelope) -> bool:
    return "\0" in envelope.kind or "\0" in envelope.message_id
