"""The table `signed_head` of stations and agents: how far others signed to hold a stream."""

from collections.abc import Sequence

from kontuar.operations.ports.streams import Head, SignedHead, StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase


class SqliteSignedHeads:
    """The furthest of each kind of signer, for each stream."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def keep(self, signer_kind: str, head: Head, signed: SignedHead) -> None:
        """Unless one that reaches further is kept."""
        self._database.write(
            "INSERT INTO signed_head VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq,"
            " statement = excluded.statement, signature = excluded.signature WHERE excluded.seq > signed_head.seq",
            (head.origin, head.incarnation, signer_kind, head.seq, signed.statement, signed.signature),
        )

    def of(self, stream: StreamId, signer_kind: str) -> Sequence[SignedHead]:
        """At most one."""
        rows = self._database.rows(
            "SELECT statement, signature FROM signed_head WHERE origin = ? AND incarnation = ? AND signer = ?",
            (stream.origin, stream.incarnation, signer_kind),
        )
        return [SignedHead(statement=statement, signature=signature) for statement, signature in rows]

    def forget_after(self, stream: StreamId, seq: int) -> None:
        """This node gave way to the hub: what it had been told of a log that is not the true one says nothing any
        more."""
        self._database.write(
            "DELETE FROM signed_head WHERE origin = ? AND incarnation = ? AND seq > ?",
            (stream.origin, stream.incarnation, seq),
        )
