"""The hub's log of streams in PostgreSQL: intake only, durable when acknowledged (REL-02, REL-04)."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from kontuar.kernel.canonical import CHAIN_START
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import Clock
from kontuar.operations.ports.streams import Batch, Position, SealedMessage, StreamId, StreamState
from kontuar.operations.ports.sync import StreamPosition
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.forks import envelope_of, flaw_of, keep_forks

_MAX_TEXT = 200


_APPEND = """
INSERT INTO message (store, origin, incarnation, seq, message_id, kind, payload, hash, signature, flaw, received_at)
SELECT %s, %s, %s, m.*, %s FROM unnest(%b::bigint[], %b::text[], %b::text[], %b::bytea[], %b::bytea[], %b::bytea[],
                                       %b::text[]) AS m"""

_CURSOR = """
INSERT INTO stream AS s (origin, incarnation, store, seq, hash, build, first_at, last_at)
VALUES (%(origin)s, %(incarnation)s, %(store)s, %(seq)s, %(hash)s, %(build)s, %(at)s, %(at)s)
ON CONFLICT (origin, incarnation) DO UPDATE
SET seq = excluded.seq, hash = excluded.hash, build = excluded.build, last_at = excluded.last_at"""

_PLACE = """
INSERT INTO stream AS s (origin, incarnation, store, seq, hash, ordinal, opened, first_at, last_at)
VALUES (%(origin)s, %(incarnation)s, %(store)s, 0, %(start)s, %(ordinal)s, %(opened)s, %(at)s, %(at)s)
ON CONFLICT (origin, incarnation) DO UPDATE
SET ordinal = CASE WHEN excluded.ordinal = 0 THEN s.ordinal ELSE excluded.ordinal END,
    opened = s.opened OR excluded.opened"""

_CLOSE_EARLIER = """
UPDATE stream SET closed = true
WHERE origin = %(origin)s AND NOT closed AND ordinal > 0
  AND ordinal < (SELECT max(ordinal) FROM stream WHERE origin = %(origin)s AND opened)"""


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
            "SELECT seq, hash, closed, ordinal, opened FROM stream WHERE origin = %s AND incarnation = %s",
            [stream.origin, stream.incarnation],
        ).fetchone()
        if row is None:
            return StreamState()
        held = Position(row[0], bytes(row[1]).hex())
        return StreamState(held=held, final=held, closed=row[2], ordinal=row[3], opened=row[4])

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
        self._check_store(batch.stream, batch.store)
        envelopes = [envelope_of(batch.stream, message) for message in messages]
        known = self._known_ids(batch.store, [envelope.message_id for envelope in envelopes])
        flaws: list[str] = []
        for envelope in envelopes:
            flaws.append(flaw_of(envelope, known))
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
        self.keep_aside(batch.store, batch.stream, messages)

    def keep_aside(self, store: str, stream: StreamId, messages: Sequence[SealedMessage]) -> None:
        """Keep what is neither held nor kept yet, and close the life when there is any.

        Raises `Refused("stream.of_another_store")`.
        """
        self._check_store(stream, store)
        now = self._clock.now()
        connection = self._database.connection
        if not keep_forks(connection, store, stream, messages, now):
            return
        connection.execute(
            "INSERT INTO stream (origin, incarnation, store, seq, hash, closed, first_at, last_at) "
            "VALUES (%s, %s, %s, 0, %s, true, %s, %s) "
            "ON CONFLICT (origin, incarnation) DO UPDATE SET closed = true",
            [stream.origin, stream.incarnation, store, CHAIN_START, now, now],
        )

    def place_life(self, batch: Batch, *, opened: bool) -> None:
        """Which life of its station the stream is, and whether it was opened; earlier ones are closed (REL-13)."""
        values = {
            "origin": batch.stream.origin, "incarnation": batch.stream.incarnation, "store": batch.store,
            "start": CHAIN_START, "ordinal": batch.ordinal, "opened": opened, "at": self._clock.now(),
        }  # fmt: skip
        connection = self._database.connection
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", [batch.stream.origin])
        connection.execute(_PLACE, values)
        connection.execute(_CLOSE_EARLIER, values)

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

    def _check_store(self, stream: StreamId, store: str) -> None:
        row = self._database.connection.execute(
            "SELECT store FROM stream WHERE origin = %s AND incarnation = %s", [stream.origin, stream.incarnation]
        ).fetchone()
        if row is not None and row[0] != store:
            raise refuse("stream.of_another_store", origin=stream.origin, store=store)

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
