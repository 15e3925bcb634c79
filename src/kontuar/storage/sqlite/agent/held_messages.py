"""An agent's log, read by a station that asks for its own earlier lives; implements `operations.stream_messages`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

from kontuar.operations.ports.streams import START, Position, SealedMessage, StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase


class SqliteHeldMessages:
    """Reads the tables `stream` and `message`, on the one thread that writes them."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def reading(self) -> AbstractContextManager[None]:
        """Nobody writes meanwhile."""
        return nullcontext()

    def head(self, stream: StreamId) -> Position:
        """How far the stream is held, or known to have passed."""
        row = self._database.row(
            "SELECT held_seq, held_hash FROM stream WHERE origin = ? AND incarnation = ?",
            (stream.origin, stream.incarnation),
        )
        return START if row is None else Position(row[0], row[1].hex())

    def contradicted(self, stream: StreamId) -> bool:
        """Whether the hub said so."""
        found = self._database.value(
            "SELECT stopped FROM stream WHERE origin = ? AND incarnation = ?", (stream.origin, stream.incarnation)
        )
        return str(found or "") == "stream.forked"

    def after(self, stream: StreamId, seq: int, most: int) -> Sequence[SealedMessage]:
        """In order, with holes where it passed before this agent's time."""
        rows = self._database.rows(
            "SELECT seq, payload, hash, signature FROM message"
            " WHERE origin = ? AND incarnation = ? AND seq > ? ORDER BY seq LIMIT ?",
            (stream.origin, stream.incarnation, seq, most),
        )
        return [SealedMessage(seq, bytes(payload), bytes(digest), bytes(seal)) for seq, payload, digest, seal in rows]
