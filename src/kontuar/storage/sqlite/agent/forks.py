"""The tables `forked_message` and `fork_told`; implements `operations.agent.forks.ForkShelf`."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager

from kontuar.kernel.canonical import CHAIN_START, chain_hash
from kontuar.operations.ports.questions import KeptFork
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase

_UNTOLD = (
    " FROM forked_message f WHERE NOT EXISTS (SELECT 1 FROM fork_told t"
    " WHERE (t.origin, t.incarnation, t.seq, t.hash) = (f.origin, f.incarnation, f.seq, f.hash))"
)


class AgentForks:
    """Nothing is changed in what was kept: what was told stands beside it."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def streams(self) -> Sequence[StreamId]:
        """Those of which something is not told yet."""
        rows = self._database.rows(f"SELECT DISTINCT f.origin, f.incarnation{_UNTOLD} ORDER BY 1, 2")
        return [StreamId(origin, life) for origin, life in rows]

    def untold(self, stream: StreamId, most: int) -> Sequence[KeptFork]:
        """The first of them, in order."""
        rows = self._database.rows(
            f"SELECT f.seq, f.previous, f.hash, f.signature, f.payload{_UNTOLD}"
            " AND f.origin = ? AND f.incarnation = ? ORDER BY f.seq, f.hash LIMIT ?",
            (stream.origin, stream.incarnation, most),
        )
        return [
            KeptFork(
                seq=seq, previous=previous or self._before(stream, seq, payload, digest), hash=digest,
                signature=signature, payload=payload,
            )
            for seq, previous, digest, signature, payload in rows
        ]  # fmt: skip

    def tell(self, stream: StreamId, answers: Sequence[tuple[KeptFork, str]]) -> None:
        """The hub has these, or says why it will not (a code)."""
        self._database.write_many(
            "INSERT OR REPLACE INTO fork_told VALUES (?, ?, ?, ?, ?)",
            [(stream.origin, stream.incarnation, m.seq, m.hash, reason) for m, reason in answers],
        )

    def _before(self, stream: StreamId, seq: int, payload: bytes, digest: bytes) -> bytes:
        """What a message was built on that was kept without it (by an older program, or behind a hole): found among all
        that lies before, or was known to."""
        key = (stream.origin, stream.incarnation, seq - 1)
        rows = self._database.rows(
            "SELECT hash FROM message WHERE origin = ?1 AND incarnation = ?2 AND seq = ?3"
            " UNION ALL SELECT hash FROM forked_message WHERE origin = ?1 AND incarnation = ?2 AND seq = ?3"
            " UNION ALL SELECT held_hash FROM stream WHERE origin = ?1 AND incarnation = ?2 AND held_seq = ?3",
            key,
        )
        known = [CHAIN_START] if seq == 1 else [bytes(before) for (before,) in rows]
        noted = self._database.value("SELECT value FROM fact WHERE name = ?", (_hash_fact(stream, seq - 1),))
        known += [bytes.fromhex(str(noted))] if noted else []
        return next((before for before in known if chain_hash(before, payload) == digest), b"")


def remember_hash(database: SqliteDatabase, stream: StreamId, seq: int, digest: bytes) -> None:
    """What passed elsewhere may never come again: with the hash of its last message what follows it can still be shown
    to be what its station signed. Inside the caller's transaction."""
    database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_hash_fact(stream, seq), digest.hex()))


def holes_in(
    facts: Iterable[tuple[str, str]], stream: StreamId, held: int, runs: Sequence[tuple[int, int]]
) -> Iterator[tuple[int, int, bytes]]:
    """(first, last, hash of the last) of what is missing between the `runs` of messages that lie behind what is held,
    where this relay remembers that it passed elsewhere: the hub has lost it since, and the station is asked for it."""
    known = dict(facts)
    before = held
    for first, last in runs:
        noted = known.get(_hash_fact(stream, first - 1))
        if first > before + 1 and noted:
            yield before + 1, first - 1, bytes.fromhex(noted)
        before = last


def forget_hashes(database: SqliteDatabase, stream: StreamId) -> None:
    """Those of messages that came after all stand beside them. Inside the caller's transaction."""
    prefix = _hash_fact(stream, 0)[:-1]
    for (name,) in database.rows("SELECT name FROM fact WHERE name >= ? AND name < ?", (prefix, prefix + ":")):
        place = (stream.origin, stream.incarnation, int(str(name)[len(prefix) :]))
        database.write(
            "DELETE FROM fact WHERE name = ? AND EXISTS"
            " (SELECT 1 FROM message WHERE origin = ? AND incarnation = ? AND seq = ?)",
            (name, *place),
        )


def _hash_fact(stream: StreamId, seq: int) -> str:
    return f"hash|{stream.origin}|{stream.incarnation}|{seq}"
