"""The hub's log, read by a station that asks for its own earlier lives; implements `operations.stream_messages`."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from kontuar.operations.ports.streams import START, Position, SealedMessage, StreamId
from kontuar.storage.postgres.engine import HubDatabase

_AFTER = """
SELECT m.seq, m.payload, m.hash, m.signature FROM stream s
JOIN message m ON m.store = s.store AND m.origin = s.origin AND m.incarnation = s.incarnation
WHERE s.origin = %s AND s.incarnation = %s AND m.seq > %s ORDER BY m.seq LIMIT %s"""


class PostgresHeldMessages:
    """Reads the tables `stream` and `message`."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment."""
        return self._database.transaction(reading=True)

    def head(self, stream: StreamId) -> Position:
        """How far the stream is held."""
        row = self._database.connection.execute(
            "SELECT seq, hash FROM stream WHERE origin = %s AND incarnation = %s", [stream.origin, stream.incarnation]
        ).fetchone()
        return START if row is None else Position(row[0], bytes(row[1]).hex())

    def contradicted(self, stream: StreamId) -> bool:
        """Nobody stands above the hub."""
        del stream
        return False

    def after(self, stream: StreamId, seq: int, most: int) -> Sequence[SealedMessage]:
        """In order; the hub's streams have no holes."""
        rows = self._database.connection.execute(_AFTER, [stream.origin, stream.incarnation, seq, most]).fetchall()
        return [SealedMessage(seq, bytes(payload), bytes(digest), bytes(seal)) for seq, payload, digest, seal in rows]
