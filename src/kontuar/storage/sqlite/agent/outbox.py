"""An agent's outbox: its stations' streams, relayed to the hub as they are."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from kontuar.operations.ports.streams import Position, SealedMessage, StreamId
from kontuar.operations.ports.sync import OutgoingStream
from kontuar.storage.sqlite.agent.stream_log import SqliteStreamLog
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.sync_state import within_bytes

_COLUMNS = "origin, incarnation, store, held_seq, held_hash, hub_seq, hub_hash"


class AgentOutbox:
    """Implements `operations.ports.sync.Outbox`: towards the hub, *held* there is *final*."""

    def __init__(self, database: SqliteDatabase, log: SqliteStreamLog) -> None:
        self._database = database
        self._log = log

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def streams(self) -> Sequence[OutgoingStream]:
        """All streams that are not stopped."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM stream WHERE stopped = '' ORDER BY origin, incarnation")
        return [_outgoing(row) for row in rows]

    def stream(self, stream: StreamId) -> OutgoingStream | None:
        """One stream; None when unknown or stopped."""
        row = self._database.row(
            f"SELECT {_COLUMNS} FROM stream WHERE origin = ? AND incarnation = ? AND stopped = ''",
            (stream.origin, stream.incarnation),
        )
        return None if row is None else _outgoing(row)

    def read(self, stream: StreamId, after: int, most_messages: int, most_bytes: int) -> Sequence[SealedMessage]:
        """Messages that follow a position, at least one when there is one, without holes."""
        rows = self._database.rows(
            "SELECT seq, payload, hash, signature FROM message"
            " WHERE origin = ? AND incarnation = ? AND seq > ? ORDER BY seq LIMIT ?",
            (stream.origin, stream.incarnation, after, most_messages),
        )
        return within_bytes(rows, most_bytes)

    def hash_at(self, stream: StreamId, seq: int) -> str | None:
        """The chain hash at a position (hex)."""
        found = self._log.hash_at(stream, seq)
        return None if found is None else found.hex()

    def acknowledged(self, stream: StreamId, held: Position, final: Position) -> None:  # noqa: ARG002 - the same at the hub
        """The hub holds this much; `final` says the same there."""
        self._database.write(
            "UPDATE stream SET hub_seq = ?, hub_hash = ? WHERE origin = ? AND incarnation = ? AND hub_hash <> ?",
            (held.seq, bytes.fromhex(held.hash), stream.origin, stream.incarnation, bytes.fromhex(held.hash)),
        )

    def adopt(self, stream: StreamId, store: str, position: Position) -> None:
        """The hub is further than this agent (which is new, or was restored): go on from there."""
        self._log.start(stream, store)
        digest = bytes.fromhex(position.hash)
        self._database.write(
            "UPDATE stream SET held_seq = ?, held_hash = ?, hub_seq = ?, hub_hash = ?"
            " WHERE origin = ? AND incarnation = ? AND held_seq < ?",
            (position.seq, digest, position.seq, digest, stream.origin, stream.incarnation, position.seq),
        )

    def stop(self, stream: StreamId, reason: str) -> None:
        """Nothing more of it is relayed; a closed incarnation is told to its station."""
        self._database.write(
            "UPDATE stream SET stopped = ?, closed = 1 WHERE origin = ? AND incarnation = ?",
            (reason, stream.origin, stream.incarnation),
        )

    def problem(self) -> str:
        """Why a stream is stopped; empty when none is."""
        return str(self._database.value("SELECT stopped FROM stream WHERE stopped <> '' LIMIT 1") or "")


def _outgoing(row: tuple[str, str, str, int, bytes, int, bytes]) -> OutgoingStream:
    origin, incarnation, store, held_seq, held_hash, hub_seq, hub_hash = row
    hub = Position(hub_seq, hub_hash.hex())
    return OutgoingStream(
        stream=StreamId(origin, incarnation), store=store, held=hub, final=hub,
        head=Position(held_seq, held_hash.hex()), origin_here=False,
    )  # fmt: skip
