"""Digests at a station and at an agent: tables `message`, `digest_day`, `damaged_message` (REL-18)."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext

import msgspec

from kontuar.kernel.canonical import CHAIN_START
from kontuar.operations.ports.digests import Day, Segment
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.operations.ports.sync import DigestState
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.sync_state import StationOutbox

_CLOSED = "shift.closed/1"


class _Beside(msgspec.Struct, frozen=True):
    """What stands in columns beside the bytes of a message."""

    message_id: str = ""
    kind: str = ""
    at: str = ""


class SqliteDigests:
    """What both have in common; implements `operations.ports.digests.DigestBooks` and `DigestDays`."""

    _where: str

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def reading(self) -> AbstractContextManager[None]:
        """Nobody writes meanwhile: it is the thread that writes."""
        return nullcontext()

    def within(self, stream: StreamId, first: int, last: int, most: int) -> Sequence[SealedMessage]:
        """What is held of a range."""
        rows = self._database.rows(
            f"SELECT seq, payload, hash, signature FROM message WHERE {self._where} AND seq BETWEEN ? AND ?"
            " ORDER BY seq LIMIT ?",
            (*self._key(stream), first, last, most),
        )
        return [SealedMessage(seq, bytes(payload), bytes(digest), bytes(seal)) for seq, payload, digest, seal in rows]

    def hash_before(self, stream: StreamId, seq: int) -> bytes:
        """The chain hash at the position before."""
        if seq == 1:
            return CHAIN_START
        found = self._database.value(
            f"SELECT hash FROM message WHERE {self._where} AND seq = ?", (*self._key(stream), seq - 1)
        )
        return b"" if found is None else bytes(found)

    def mend(self, stream: StreamId, message: SealedMessage, at: str) -> None:
        """The sound bytes; what was there is kept among the damaged."""
        self._database.write(
            "INSERT INTO damaged_message SELECT ?, incarnation, seq, hash, payload, signature, ? FROM message"
            f" WHERE {self._where} AND seq = ?",
            (stream.origin, at, *self._key(stream), message.seq),
        )
        self._put(stream, message, msgspec.json.decode(message.payload, type=_Beside))

    # -- the list -----------------------------------------------------------------------------------------
    def last(self, stream: StreamId) -> Segment | None:
        """The last segment that is listed."""
        row = self._database.row(
            "SELECT day, first, last FROM digest_day WHERE origin = ? AND incarnation = ? ORDER BY first DESC LIMIT 1",
            (stream.origin, stream.incarnation),
        )
        return None if row is None else _segment(stream, row)

    def put(self, segments: Sequence[Segment]) -> None:
        """List them, to be compared."""
        with self._database.transaction():
            self._database.write_many(
                "INSERT OR REPLACE INTO digest_day (origin, incarnation, first, last, day) VALUES (?, ?, ?, ?, ?)",
                [(each.origin, each.incarnation, each.first, each.last, each.day) for each in segments],
            )

    def all(self, stream: StreamId) -> Sequence[Day]:
        """The list, oldest first."""
        rows = self._database.rows(
            "SELECT day, first, last, agreed_at, faults FROM digest_day WHERE origin = ? AND incarnation = ?"
            " ORDER BY first",
            (stream.origin, stream.incarnation),
        )
        return [Day(segment=_segment(stream, row), agreed_at=row[3], faults=row[4]) for row in rows]

    def settled(self, segment: Segment, *, agreed_at: str, faults: int, mended: int) -> None:
        """What comparing it gave."""
        with self._database.transaction():
            self._database.write(
                "UPDATE digest_day SET agreed_at = ?, faults = ? WHERE origin = ? AND incarnation = ? AND first = ?"
                " AND last = ?",
                (agreed_at, faults, segment.origin, segment.incarnation, segment.first, segment.last),
            )
            if mended:
                self._database.write(
                    "INSERT INTO fact VALUES ('digests_mended', ?1) ON CONFLICT DO UPDATE"
                    " SET value = CAST(CAST(value AS INTEGER) + CAST(?1 AS INTEGER) AS TEXT)",
                    (str(mended),),
                )

    def state(self) -> DigestState:
        """What is told to the node above."""
        faults = self._database.value("SELECT coalesce(sum(faults), 0) FROM digest_day WHERE faults > 0")
        mended = self._database.value("SELECT value FROM fact WHERE name = 'digests_mended'")
        return DigestState(faults=int(faults), mended=int(mended or 0))

    def _key(self, stream: StreamId) -> tuple[str, ...]:
        raise NotImplementedError

    def _put(self, stream: StreamId, message: SealedMessage, beside: _Beside) -> None:
        raise NotImplementedError


class StationDigests(SqliteDigests):
    """A station's own messages, compared with its agent's."""

    _where = "incarnation = ?"

    def __init__(self, database: SqliteDatabase, outbox: StationOutbox, store: str) -> None:
        super().__init__(database)
        self._outbox = outbox
        self._store = store

    def store_of(self, stream: StreamId) -> str:  # noqa: ARG002 - a station belongs to one store
        """Nobody asks a station."""
        return self._store

    def streams(self) -> Sequence[tuple[StreamId, int]]:
        """Lives that do not contradict the agent; what it was not acknowledged to hold is not compared."""
        return [(each.stream, min(each.held.seq, each.head.seq)) for each in self._outbox.streams()]

    def closed_after(self, stream: StreamId, seq: int) -> bool:
        """Only what is new is looked through."""
        found = self._database.value(
            "SELECT 1 FROM message WHERE incarnation = ? AND seq > ? AND kind = ? LIMIT 1",
            (stream.incarnation, seq, _CLOSED),
        )
        return found is not None

    def excused(self, stream: StreamId, first: int, last: int) -> Sequence[tuple[int, int]]:
        """A station has all that it wrote and did not prune."""
        seq = self._database.value("SELECT seq FROM pruned_to WHERE incarnation = ?", (stream.incarnation,)) or 0
        return [(first, min(last, seq))] if first <= seq else []

    def _key(self, stream: StreamId) -> tuple[str, ...]:
        return (stream.incarnation,)

    def _put(self, stream: StreamId, message: SealedMessage, beside: _Beside) -> None:
        self._database.write(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " message_id = excluded.message_id, kind = excluded.kind, payload = excluded.payload,"
            " hash = excluded.hash, signature = excluded.signature, at = excluded.at",
            (stream.incarnation, message.seq, beside.message_id, beside.kind, message.payload, message.hash,
             message.signature, beside.at),
        )  # fmt: skip


class AgentDigests(SqliteDigests):
    """Its stations' messages, compared with the hub's, and asked for by the stations."""

    _where = "origin = ? AND incarnation = ?"

    def store_of(self, stream: StreamId) -> str:
        """As the stream's row says."""
        query = "SELECT store FROM stream WHERE origin = ? AND incarnation = ?"
        return str(self._database.value(query, (stream.origin, stream.incarnation)) or "")

    def streams(self) -> Sequence[tuple[StreamId, int]]:
        """Those that the hub takes, as far as it holds them."""
        rows = self._database.rows(
            "SELECT origin, incarnation, min(hub_seq, held_seq) FROM stream WHERE stopped = '' ORDER BY 1, 2"
        )
        return [(StreamId(origin, life), seq) for origin, life, seq in rows]

    def closed_after(self, stream: StreamId, seq: int) -> bool:  # noqa: ARG002 - its station tells by asking
        """An agent compares when its station did."""
        return False

    def excused(self, stream: StreamId, first: int, last: int) -> Sequence[tuple[int, int]]:
        """What came to the hub before this agent, or another way; what was not brought here yet."""
        return [
            (max(first, begin), min(last, end))
            for begin, end in self._not_here(stream)
            if begin <= last and end >= first
        ]

    def _not_here(self, stream: StreamId) -> Iterator[tuple[int, int]]:
        key = (stream.origin, stream.incarnation)
        yield from self._database.rows(
            "SELECT first, last FROM passed_elsewhere WHERE origin = ? AND incarnation = ? ORDER BY first", key
        )
        held = self._database.value("SELECT held_seq FROM stream WHERE origin = ? AND incarnation = ?", key) or 0
        yield held + 1, 2**53

    def _key(self, stream: StreamId) -> tuple[str, ...]:
        return (stream.origin, stream.incarnation)

    def _put(self, stream: StreamId, message: SealedMessage, beside: _Beside) -> None:
        self._database.write(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET"
            " message_id = excluded.message_id, payload = excluded.payload, hash = excluded.hash,"
            " signature = excluded.signature",
            (*self._key(stream), message.seq, beside.message_id, message.payload, message.hash, message.signature),
        )


def _segment(stream: StreamId, row: tuple[str, int, int]) -> Segment:
    return Segment(origin=stream.origin, incarnation=stream.incarnation, day=row[0], first=row[1], last=row[2])
