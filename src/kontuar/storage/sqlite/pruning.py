"""Pruning at a station and at an agent: tables `pruned_to` and `final_day` (REL-17)."""

from collections.abc import Sequence
from contextlib import AbstractContextManager

from kontuar.operations.ports.streams import Position, SignedHead, StreamId
from kontuar.operations.pruning import Life
from kontuar.storage.sqlite.engine import SqliteDatabase


class SqlitePruning:
    """What both have in common; implements a part of `operations.pruning.PruneBooks`."""

    _where: str

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def note_final(self, life: Life, day: str) -> None:
        """The first word of a day stays; days before what is pruned say nothing any more."""
        key = (life.stream.origin, life.stream.incarnation)
        self._database.write("INSERT OR IGNORE INTO final_day VALUES (?, ?, ?, ?)", (*key, day, life.final))
        self._database.write(
            "DELETE FROM final_day WHERE origin = ? AND incarnation = ? AND seq > ?", (*key, life.final)
        )
        self._database.write(
            "DELETE FROM final_day WHERE origin = ? AND incarnation = ? AND seq < ? AND day < ?",
            (*key, life.pruned, day),
        )

    def final_on(self, stream: StreamId, day: str) -> int:
        """How far it was final by then."""
        found = self._database.value(
            "SELECT seq FROM final_day WHERE origin = ? AND incarnation = ? AND day <= ? ORDER BY day DESC LIMIT 1",
            (stream.origin, stream.incarnation, day),
        )
        return int(found or 0)

    def hash_at(self, stream: StreamId, seq: int) -> str:
        """The chain hash (hex)."""
        query = f"SELECT hash FROM message WHERE {self._where} AND seq = ?"
        return bytes(self._database.value(query, (*self._key(stream), seq))).hex()

    def _mark(self, life: Life, mark: Position, signed: SignedHead, at: str, last_day: str) -> None:
        stream = life.stream
        self._database.write(
            "INSERT INTO pruned_to VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET seq = excluded.seq,"
            " hash = excluded.hash, at = excluded.at, last_day = excluded.last_day, statement = excluded.statement,"
            " signature = excluded.signature",
            (stream.origin, stream.incarnation, mark.seq, bytes.fromhex(mark.hash), at, last_day, signed.statement,
             signed.signature),
        )  # fmt: skip
        where = (stream.origin, stream.incarnation, mark.seq)
        self._database.write("DELETE FROM digest_day WHERE origin = ? AND incarnation = ? AND last <= ?", where)
        self._database.write(
            "UPDATE OR REPLACE digest_day SET first = ?3 + 1 WHERE origin = ?1 AND incarnation = ?2 AND first <= ?3",
            where,
        )

    def _pruned(self) -> dict[tuple[str, str], int]:
        rows = self._database.rows("SELECT origin, incarnation, seq FROM pruned_to")
        return {(origin, life): seq for origin, life, seq in rows}

    def _signed(self) -> dict[tuple[str, str], int]:
        rows = self._database.rows("SELECT origin, incarnation, seq FROM signed_head WHERE signer = 'hub'")
        return {(origin, life): seq for origin, life, seq in rows}

    def _key(self, stream: StreamId) -> Sequence[str]:
        raise NotImplementedError
