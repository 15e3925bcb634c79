"""Digests at the hub: what agents compare their streams with, mended where it was damaged (REL-18)."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from kontuar.kernel.canonical import CHAIN_START
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.forks import envelope_of

_WITHIN = """
SELECT m.seq, m.payload, m.hash, m.signature FROM stream s
JOIN message m ON m.store = s.store AND m.origin = s.origin AND m.incarnation = s.incarnation
WHERE s.origin = %s AND s.incarnation = %s AND m.seq BETWEEN %s AND %s ORDER BY m.seq LIMIT %s"""

_KEEP_DAMAGED = """
INSERT INTO damaged_message SELECT store, origin, incarnation, seq, hash, payload, signature, %(at)s FROM message
WHERE store = %(store)s AND origin = %(origin)s AND incarnation = %(life)s AND seq = %(seq)s"""

_MEND = """
INSERT INTO message (store, origin, incarnation, seq, message_id, kind, payload, hash, signature, flaw, received_at)
VALUES (%(store)s, %(origin)s, %(life)s, %(seq)s, %(id)s, %(kind)s, %(payload)s, %(hash)s, %(signature)s, '', %(at)s)
ON CONFLICT (store, origin, incarnation, seq) DO UPDATE SET message_id = excluded.message_id, kind = excluded.kind,
  payload = excluded.payload, hash = excluded.hash, signature = excluded.signature"""


class PostgresDigests:
    """Implements `operations.ports.digests.DigestBooks`."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment."""
        return self._database.transaction(reading=True)

    def store_of(self, stream: StreamId) -> str:
        """As the stream's row says."""
        row = self._database.connection.execute(
            "SELECT store FROM stream WHERE origin = %s AND incarnation = %s", [stream.origin, stream.incarnation]
        ).fetchone()
        return "" if row is None else str(row[0])

    def within(self, stream: StreamId, first: int, last: int, most: int) -> Sequence[SealedMessage]:
        """What is held of a range."""
        values = [stream.origin, stream.incarnation, first, last, most]
        rows = self._database.connection.execute(_WITHIN, values).fetchall()
        return [SealedMessage(seq, bytes(payload), bytes(digest), bytes(seal)) for seq, payload, digest, seal in rows]

    def excused(self, stream: StreamId, first: int, last: int) -> Sequence[tuple[int, int]]:
        """The hub's streams have no holes; what was not brought here yet is not missing."""
        row = self._database.connection.execute(
            "SELECT seq FROM stream WHERE origin = %s AND incarnation = %s", [stream.origin, stream.incarnation]
        ).fetchone()
        held = 0 if row is None else int(row[0])
        return [(max(first, held + 1), last)] if last > held else []

    def hash_before(self, stream: StreamId, seq: int) -> bytes:
        """The chain hash at the position before."""
        if seq == 1:
            return CHAIN_START
        found = self.within(stream, seq - 1, seq - 1, 1)
        return found[0].hash if found else b""

    def mend(self, stream: StreamId, message: SealedMessage, at: str) -> None:
        """The sound bytes; what was there is kept among the damaged. What was booked of it stays as it was booked."""
        envelope = envelope_of(stream, message)
        values = {
            "store": self.store_of(stream), "origin": stream.origin, "life": stream.incarnation, "seq": message.seq,
            "id": envelope.message_id, "kind": envelope.kind, "payload": message.payload, "hash": message.hash,
            "signature": message.signature, "at": at,
        }  # fmt: skip
        self._database.connection.execute(_KEEP_DAMAGED, values)
        self._database.connection.execute(_MEND, values)
