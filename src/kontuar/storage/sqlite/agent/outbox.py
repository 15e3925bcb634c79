"""An agent's outbox: its stations' streams, relayed to the hub as they are."""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Final

from kontuar.operations.ports.streams import Head, Position, SealedMessage, SignedHead, StreamId
from kontuar.operations.ports.sync import OutgoingStream
from kontuar.storage.sqlite.agent.doubt import doubt_feeds
from kontuar.storage.sqlite.agent.forks import remember_hash
from kontuar.storage.sqlite.agent.stream_log import SqliteStreamLog
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.sync_state import within_bytes

FORKED: Final = "stream.forked"
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
        """All streams that do not contradict the hub; closed ones among them."""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM stream WHERE stopped = '' ORDER BY origin, incarnation")
        return [_outgoing(row) for row in rows]

    def stream(self, stream: StreamId) -> OutgoingStream | None:
        """One stream; None when unknown, or while it contradicts the hub."""
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
        whole = [row for place, row in enumerate(rows) if row[0] == rows[0][0] + place]
        return within_bytes(whole, most_bytes)

    def hash_at(self, stream: StreamId, seq: int) -> str | None:
        """The chain hash at a position (hex)."""
        found = self._log.hash_at(stream, seq)
        return None if found is None else found.hex()

    def acknowledged(self, stream: StreamId, held: Position, final: Position) -> None:  # noqa: ARG002 - the same at the hub
        """The hub holds this much; `final` says the same there. A hub that went back has forgotten forks as well, and
        may give versions of its feeds anew."""
        key = (stream.origin, stream.incarnation)
        if held.seq < (
            self._database.value("SELECT hub_seq FROM stream WHERE origin = ? AND incarnation = ?", key) or 0
        ):
            self._database.write("DELETE FROM fork_told")
            self._log.signed.forget_after(stream, held.seq)
            doubt_feeds(self._database)
        self._database.write(
            "UPDATE stream SET hub_seq = ?, hub_hash = ? WHERE origin = ? AND incarnation = ? AND hub_hash <> ?",
            (held.seq, bytes.fromhex(held.hash), *key, bytes.fromhex(held.hash)),
        )
        self._ask_again(stream, held)

    def _ask_again(self, stream: StreamId, hub: Position) -> None:
        """The hub went back behind what it had before this agent, and what never passed here nobody but the station can
        give: hold no more than there is without a hole, so that its next claim is answered by asking for the rest
        (REL-02, push rule 5)."""
        key = (stream.origin, stream.incarnation)
        first = self._database.value(
            "SELECT min(first) FROM passed_elsewhere WHERE origin = ? AND incarnation = ? AND last > ?", (*key, hub.seq)
        )
        if first is None:
            return
        seq = max(first - 1, hub.seq)
        known = self.hash_at(stream, seq)
        for last, digest in self._database.rows(
            "SELECT last, hash FROM passed_elsewhere WHERE origin = ? AND incarnation = ? AND last > ?", (*key, hub.seq)
        ):
            remember_hash(self._database, stream, last, digest)
        assert known is not None, "before a hole there is a message, or what the hub said of itself"
        self._database.write(
            "DELETE FROM passed_elsewhere WHERE origin = ? AND incarnation = ? AND last > ?", (*key, hub.seq)
        )
        if seq > first - 1:
            self._database.write("INSERT INTO passed_elsewhere VALUES (?, ?, ?, ?, ?)",
                                 (*key, first, seq, bytes.fromhex(known)))  # fmt: skip
        self._database.write(
            "UPDATE stream SET held_seq = ?, held_hash = ? WHERE origin = ? AND incarnation = ?",
            (seq, bytes.fromhex(known), *key),
        )
        self._log.go_on(stream)

    def adopt(self, stream: StreamId, store: str, position: Position) -> None:
        """The hub is further than this agent (which is new, or was restored): go on from there."""
        self._log.start(stream, store)
        key, digest = (stream.origin, stream.incarnation), bytes.fromhex(position.hash)
        self._database.write(
            "INSERT INTO passed_elsewhere SELECT origin, incarnation, held_seq + 1, ?, ? FROM stream"
            " WHERE origin = ? AND incarnation = ? AND held_seq < ?",
            (position.seq, digest, *key, position.seq),
        )
        self._database.write(
            "UPDATE stream SET held_seq = ?, held_hash = ?, hub_seq = ?, hub_hash = ?"
            " WHERE origin = ? AND incarnation = ? AND held_seq < ?",
            (position.seq, digest, position.seq, digest, *key, position.seq),
        )

    def stop(self, stream: StreamId, reason: str, held: Position | None = None) -> None:
        """A closed life is told to its station, and relayed on. Where the hub holds something else, this agent gives
        way to it: what the hub does not share is kept aside, and the stream goes on from where the hub stands.

        Without the hub's position nothing of a forked stream is relayed until the hub tells it.
        """
        key = (stream.origin, stream.incarnation)
        self._database.write("UPDATE stream SET closed = 1 WHERE origin = ? AND incarnation = ? AND closed = 0", key)
        if reason != FORKED:
            return
        if held is None:
            self._database.write("UPDATE stream SET stopped = ? WHERE origin = ? AND incarnation = ?", (reason, *key))
            return
        row = self._database.row("SELECT store, hub_seq FROM stream WHERE origin = ? AND incarnation = ?", key)
        assert row is not None, "only a known stream can contradict the hub"
        store, told = row
        # Where the hub went back and on differently, nobody knows how much of the log it shares.
        self._log.give_way(stream, told if told <= held.seq else 0)
        self.adopt(stream, store, held)

    def is_stopped(self, stream: StreamId) -> bool:
        """Whether the stream contradicts the hub, whose position is not known yet."""
        query = "SELECT stopped FROM stream WHERE origin = ? AND incarnation = ?"
        return bool(self._database.value(query, (stream.origin, stream.incarnation)))

    def resume(self, stream: StreamId, hub: Position) -> None:
        """The hub tells where it stands in a stopped stream: go on, or give way first where it holds something else."""
        if self.hash_at(stream, hub.seq) != hub.hash:
            self.stop(stream, FORKED, hub)
            return
        key = (stream.origin, stream.incarnation)
        self._database.write("UPDATE stream SET stopped = '' WHERE origin = ? AND incarnation = ?", key)
        self.acknowledged(stream, hub, hub)

    def keep_head(self, signer_kind: str, head: Head, signed: SignedHead) -> None:
        """What the hub signed is passed on to the station."""
        self._log.signed.keep(signer_kind, head, signed)

    def problem(self) -> str:
        """Why a stream is not relayed; empty when all are. A closed one is its station's business."""
        return str(self._database.value("SELECT stopped FROM stream WHERE stopped <> '' LIMIT 1") or "")


def _outgoing(row: tuple[str, str, str, int, bytes, int, bytes]) -> OutgoingStream:
    origin, incarnation, store, held_seq, held_hash, hub_seq, hub_hash = row
    hub = Position(hub_seq, hub_hash.hex())
    return OutgoingStream(
        stream=StreamId(origin, incarnation), store=store, held=hub, final=hub,
        head=Position(held_seq, held_hash.hex()), origin_here=False,
    )  # fmt: skip
