"""The hub's log of streams in PostgreSQL: intake only, durable when acknowledged (REL-02, REL-04)."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

import msgspec

from kontuar.kernel.canonical import CHAIN_START
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import Clock
from kontuar.operations.ports.streams import Batch, Position, SealedMessage, StreamId, StreamState
from kontuar.operations.ports.sync import StreamPosition
from kontuar.storage.postgres.engine import HubDatabase

_MAX_TEXT = 200


class _Envelope(msgspec.Struct, frozen=True):
    """The fields of a message that the log is searched by; all else stays bytes."""

    kind: str = ""
    message_id: str = ""


_envelope = msgspec.json.Decoder(_Envelope)

_APPEND = """
INSERT INTO message (store, origin, incarnation, seq, message_id, kind, payload, hash, signature, flaw, received_at)
SELECT %s, %s, %s, m.*, %s FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::bytea[], %b::bytea[], %b::bytea[],
                                       %b::text[]) AS m"""

_CURSOR = """
INSERT INTO stream AS s (origin, incarnation, store, seq, hash, build, first_at, last_at)
VALUES (%(origin)s, %(incarnation)s, %(store)s, %(seq)s, %(hash)s, %(build)s, %(at)s, %(at)s)
ON CONFLICT (origin, incarnation) DO UPDATE
SET seq = excluded.seq, hash = excluded.hash, build = excluded.build, last_at = excluded.last_at"""

_FORK = """
INSERT INTO forked_message (store, hash, origin, incarnation, seq, message_id, kind, payload, signature, flaw,
                            received_at)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (store, hash) DO NOTHING"""


class PostgresStreamLog:
    """The `StreamLog` of the hub. Signatures of messages are checked when they are booked."""

    def __init__(self, database: HubDatabase, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def state(self, stream: StreamId) -> StreamState:
        """Where the stream stands; locked until the transaction ends, also when it is new."""
        connection = self._database.connection
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{stream.origin}|{stream.incarnation}"]
        )
        row = connection.execute(
            "SELECT seq, hash, closed FROM stream WHERE origin = %s AND incarnation = %s",
            [stream.origin, stream.incarnation],
        ).fetchone()
        if row is None:
            return StreamState()
        held = Position(row[0], bytes(row[1]).hex())
        return StreamState(held=held, final=held, closed=row[2])

    def hash_at(self, stream: StreamId, seq: int) -> bytes | None:
        """The chain hash held at a position."""
        if seq == 0:
            return CHAIN_START
        row = self._database.connection.execute(
            "SELECT hash FROM message WHERE store = (SELECT store FROM stream WHERE origin = %(o)s AND "
            "incarnation = %(i)s) AND origin = %(o)s AND incarnation = %(i)s AND seq = %(s)s",
            {"o": stream.origin, "i": stream.incarnation, "s": seq},
        ).fetchone()
        return None if row is None else bytes(row[0])

    def append(self, batch: Batch, messages: Sequence[SealedMessage]) -> Sequence[tuple[str, str]]:
        """Store what follows and move the cursor, in the caller's transaction; (message_id, reason) of bad ones.

        Raises `Refused("stream.of_another_store")`.
        """
        self._check_store(batch)
        envelopes = [_open(batch, message) for message in messages]
        known = self._known_ids(batch.store, [envelope.message_id for envelope in envelopes])
        flaws: list[str] = []
        for envelope in envelopes:
            flaws.append(_flaw(envelope, known))
            known.add(envelope.message_id)
        now = self._clock.now()
        connection = self._database.connection
        connection.execute(
            _APPEND,
            [
                batch.store,
                batch.stream.origin,
                batch.stream.incarnation,
                now,
                [message.seq for message in messages],
                [envelope.message_id for envelope in envelopes],
                [envelope.kind for envelope in envelopes],
                [message.payload for message in messages],
                [message.hash for message in messages],
                [message.signature for message in messages],
                flaws,
            ],
        )
        self._move_cursor(batch, messages[-1])
        return [(known.message_id, flaw) for known, flaw in zip(envelopes, flaws, strict=True) if flaw]

    def store_fork(self, batch: Batch, messages: Sequence[SealedMessage]) -> None:
        """Keep them aside and close the incarnation: it issues nothing after it learns of it (REL-13)."""
        self._check_store(batch)
        now = self._clock.now()
        connection = self._database.connection
        for message in messages:
            envelope = _open(batch, message)
            flaw = _flaw(envelope, set())
            connection.execute(
                _FORK,
                [batch.store, message.hash, batch.stream.origin, batch.stream.incarnation, message.seq,
                 envelope.message_id, envelope.kind, message.payload, message.signature, flaw, now],
            )  # fmt: skip
        connection.execute(
            "INSERT INTO stream (origin, incarnation, store, seq, hash, closed, first_at, last_at) "
            "VALUES (%s, %s, %s, 0, %s, true, %s, %s) "
            "ON CONFLICT (origin, incarnation) DO UPDATE SET closed = true",
            [batch.stream.origin, batch.stream.incarnation, batch.store, CHAIN_START, now, now],
        )

    def keep_unreadable(self, frame: bytes, sender: str, problem: str) -> None:
        """A frame that could not be read: its bytes and why, in a transaction of its own."""
        with self._database.transaction():
            self._database.connection.execute(
                "INSERT INTO unreadable_frame (received_at, sender, problem, frame) VALUES (%s, %s, %s, %s)",
                [self._clock.now(), sender[:_MAX_TEXT], problem[:_MAX_TEXT], frame],
            )

    def unreadable_count(self) -> int:
        """How many frames could not be read (an alarm counts it)."""
        with self._database.transaction():
            row = self._database.connection.execute("SELECT count(*) FROM unreadable_frame").fetchone()
        return int(row[0]) if row else 0

    def begin_epoch(self, store: str, epoch: str) -> None:
        """Number what the store is told anew: this database was restored, and later versions meant something else."""
        with self._database.transaction():
            self._database.connection.execute("UPDATE store_feed SET epoch = %s WHERE store = %s", [epoch, store])

    def positions(self, store: str) -> Sequence[StreamPosition]:
        """Where every stream of a store stands, in the caller's transaction."""
        rows = self._database.connection.execute(
            "SELECT origin, incarnation, seq, hash FROM stream WHERE store = %s ORDER BY origin, incarnation", [store]
        ).fetchall()
        return [
            StreamPosition(StreamId(origin, life), Position(seq, bytes(digest).hex()))
            for origin, life, seq, digest in rows
        ]

    def _known_ids(self, store: str, ids: list[str]) -> set[str]:
        rows = self._database.connection.execute(
            "SELECT message_id FROM message WHERE store = %s AND message_id = ANY(%b)", [store, ids]
        ).fetchall()
        return {row[0] for row in rows}

    def _check_store(self, batch: Batch) -> None:
        row = self._database.connection.execute(
            "SELECT store FROM stream WHERE origin = %s AND incarnation = %s",
            [batch.stream.origin, batch.stream.incarnation],
        ).fetchone()
        if row is not None and row[0] != batch.store:
            raise refuse("stream.of_another_store", origin=batch.stream.origin, store=batch.store)

    def _move_cursor(self, batch: Batch, last: SealedMessage) -> None:
        self._database.connection.execute(
            _CURSOR,
            {
                "origin": batch.stream.origin,
                "incarnation": batch.stream.incarnation,
                "store": batch.store,
                "seq": last.seq,
                "hash": last.hash,
                "build": batch.build[:_MAX_TEXT],
                "at": self._clock.now(),
            },
        )


def _open(batch: Batch, message: SealedMessage) -> _Envelope:
    """The envelope; what cannot be read is named by its place in the stream."""
    try:
        found = _envelope.decode(message.payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        found = _Envelope()
    if found.kind and found.message_id and not _has_nul(found):
        return _Envelope(found.kind[:_MAX_TEXT], found.message_id[:_MAX_TEXT])
    return _Envelope("", f"{batch.stream.origin}/{batch.stream.incarnation}/{message.seq}")


def _flaw(envelope: _Envelope, known: set[str]) -> str:
    if not envelope.kind:
        return "message.unreadable"
    return "message.id_conflict" if envelope.message_id in known else ""


def _has_nul(envelope: _Envelope) -> bool:
    return "\0" in envelope.kind or "\0" in envelope.message_id
