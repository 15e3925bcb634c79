"""An agent's log of its stations' streams (push rules 1 to 4), with their stock moves applied as they come."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final

import msgspec

from kontuar.domain.documents.booking_checks import storable_moves
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.canonical import CHAIN_START, chain_hash
from kontuar.kernel.quantity import scaled
from kontuar.kernel.time import Clock, instant_text
from kontuar.operations.ports.streams import (
    START,
    Batch,
    Position,
    SealedMessage,
    SignedHead,
    StreamId,
    StreamState,
)
from kontuar.storage.sqlite.agent.forks import forget_hashes
from kontuar.storage.sqlite.agent.stock import AgentStock
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.signed_heads import SqliteSignedHeads

MOST_UNREADABLE: Final = 200
MOST_UNREADABLE_BYTES: Final = 64 * 1024


_MoveKey = tuple[str, int, str]
"""(document, line, effect): a move of goods is told once."""


class _Moves(msgspec.Struct):
    doc_id: str = ""
    stock_moves: tuple[StockMove, ...] = ()


class _Head(msgspec.Struct):
    kind: str
    origin: str
    incarnation: str
    seq: int
    message_id: str
    body: _Moves


class _Read(msgspec.Struct, frozen=True):
    """A message as far as an agent understands it; `reason` = why it is parked."""

    message: SealedMessage
    message_id: str
    reason: str
    body: _Moves


def _has_moved(read: _Read, known: set[_MoveKey]) -> bool:
    """Whether another message told all of its moves."""
    moves = read.body.stock_moves
    return bool(moves) and all((read.body.doc_id, move.line, move.effect) in known for move in moves)


class SqliteStreamLog:
    """Implements `operations.ports.streams.StreamLog` over the agent's database."""

    def __init__(self, database: SqliteDatabase, stock: AgentStock, clock: Clock) -> None:
        self._database = database
        self._stock = stock
        self._clock = clock
        self.signed = SqliteSignedHeads(database)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def state(self, stream: StreamId) -> StreamState:
        """Where the stream stands here."""
        row = self._database.row(
            "SELECT held_seq, held_hash, hub_seq, hub_hash, closed, ordinal, opened FROM stream"
            " WHERE origin = ? AND incarnation = ?",
            (stream.origin, stream.incarnation),
        )
        if row is None:
            return StreamState()
        return StreamState(
            held=Position(row[0], row[1].hex()), final=Position(row[2], row[3].hex()), closed=bool(row[4]),
            ordinal=row[5], opened=bool(row[6]),
        )  # fmt: skip

    def hash_at(self, stream: StreamId, seq: int) -> bytes | None:
        """The chain hash held at a position; None when it was never here (the hub had it before this agent)."""
        if seq == 0:
            return CHAIN_START
        found = self._database.value(
            "SELECT hash FROM message WHERE origin = ?1 AND incarnation = ?2 AND seq = ?3"
            " UNION ALL SELECT held_hash FROM stream WHERE origin = ?1 AND incarnation = ?2 AND held_seq = ?3"
            " UNION ALL SELECT hub_hash FROM stream WHERE origin = ?1 AND incarnation = ?2 AND hub_seq = ?3",
            (stream.origin, stream.incarnation, seq),
        )
        return None if found is None else bytes(found)

    def append(self, batch: Batch, messages: Sequence[SealedMessage]) -> Sequence[tuple[str, str]]:
        """Store the bytes, apply stock moves, move the cursor; what is readable but wrong is parked (rule 3).

        Some may lie here already, behind a hole that is being filled: they are left as they are.
        """
        fresh = self._not_here(batch.stream, messages)
        found = [self._read(batch.stream, message) for message in fresh]
        moved = self._moves_known(found)
        taken = self._ids_taken(found, moved)
        origin, incarnation = batch.stream.origin, batch.stream.incarnation
        self._database.write_many(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (origin, incarnation, r.message.seq, r.message_id, r.message.payload, r.message.hash,
                 r.message.signature)
                for r in found
            ],
        )  # fmt: skip
        parked = [(r, r.reason or ("message.id_taken" if id(r) in taken else "")) for r in found]
        refused = [(r, reason) for r, reason in parked if reason]
        self._database.write_many(
            "INSERT INTO parked VALUES (?, ?, ?, ?, ?)",
            [(origin, incarnation, r.message.seq, r.message_id, reason) for r, reason in refused],
        )
        self._apply_moves(batch.stream, [r for r, reason in parked if not reason], moved)
        self._move_cursor(batch, messages[-1])
        if self.lies_beyond(batch.stream):
            self.go_on(batch.stream)
        return [(r.message_id, reason) for r, reason in refused]

    def _not_here(self, stream: StreamId, messages: Sequence[SealedMessage]) -> list[SealedMessage]:
        """Those that are new; what lies here otherwise contradicts them and is kept aside first."""
        rows = self._database.rows(
            "SELECT seq, hash FROM message WHERE origin = ? AND incarnation = ? AND seq BETWEEN ? AND ?",
            (stream.origin, stream.incarnation, messages[0].seq, messages[-1].seq),
        )
        here = {seq: bytes(digest) for seq, digest in rows}
        if any(here.get(message.seq, message.hash) != message.hash for message in messages):
            self.give_way(stream, messages[0].seq - 1)
            here = {}
        return [message for message in messages if message.seq not in here]

    def store_fork(self, batch: Batch, messages: Sequence[SealedMessage]) -> None:
        """Keep what contradicts aside and close the incarnation."""
        stream = batch.stream
        hashes = {batch.first: batch.previous_hash, **{m.seq + 1: m.hash for m in batch.messages}}
        self._database.write_many(
            "INSERT OR IGNORE INTO forked_message VALUES (?, ?, ?, ?, ?, ?, ?)",
            [
                (stream.origin, stream.incarnation, m.seq, m.hash, m.payload, m.signature, hashes[m.seq])
                for m in messages
            ],
        )
        self.start(stream, batch.store)
        self._database.write(
            "UPDATE stream SET closed = 1 WHERE origin = ? AND incarnation = ?",
            (stream.origin, stream.incarnation),
        )

    def place_life(self, batch: Batch, *, opened: bool) -> None:
        """Which life of its station the stream is, and whether it was opened; earlier ones are closed."""
        stream, ordinal = batch.stream, batch.ordinal
        self.start(stream, batch.store)
        self._database.write(
            "UPDATE stream SET ordinal = coalesce(nullif(?, 0), ordinal), opened = opened OR ?"
            " WHERE origin = ? AND incarnation = ?",
            (ordinal, opened, stream.origin, stream.incarnation),
        )
        self._database.write(
            "UPDATE stream SET closed = 1 WHERE origin = ?1 AND closed = 0 AND ordinal > 0"
            " AND ordinal < (SELECT max(ordinal) FROM stream WHERE origin = ?1 AND opened)",
            (stream.origin,),
        )

    def start(self, stream: StreamId, store: str) -> None:
        """The stream is known from now on."""
        zero = bytes.fromhex(START.hash)
        self._database.write(
            "INSERT OR IGNORE INTO stream (origin, incarnation, store, held_seq, held_hash, hub_seq, hub_hash)"
            " VALUES (?, ?, ?, 0, ?, 0, ?)",
            (stream.origin, stream.incarnation, store, zero, zero),
        )

    def lies_beyond(self, stream: StreamId) -> bool:
        """Whether messages lie here behind a hole of what is held."""
        query = (
            "SELECT 1 FROM message m JOIN stream s USING (origin, incarnation)"
            " WHERE m.origin = ? AND m.incarnation = ? AND m.seq > s.held_seq LIMIT 1"
        )
        return bool(self._database.value(query, (stream.origin, stream.incarnation)))

    def go_on(self, stream: StreamId) -> None:
        """A hole is filled: what lies behind it and follows is held as well."""
        key = (stream.origin, stream.incarnation)
        held = self.state(stream).held
        seq, digest = held.seq, bytes.fromhex(held.hash)
        for place, payload, found in self._database.rows(
            "SELECT seq, payload, hash FROM message WHERE origin = ? AND incarnation = ? AND seq > ? ORDER BY seq",
            (*key, held.seq),
        ):
            if place != seq + 1 or chain_hash(digest, payload) != found:
                break
            seq, digest = place, bytes(found)
        self._database.write(
            "UPDATE stream SET held_seq = ?, held_hash = ? WHERE origin = ? AND incarnation = ?", (seq, digest, *key)
        )
        forget_hashes(self._database, stream)

    def give_way(self, stream: StreamId, after: int) -> None:
        """What is held past a position contradicts the hub: it is kept aside, and its goods are counted there
        (REL-05)."""
        key = (stream.origin, stream.incarnation, after)
        self._database.write(
            "INSERT OR IGNORE INTO forked_message SELECT m.origin, m.incarnation, m.seq, m.hash, m.payload,"
            " m.signature, coalesce(p.hash, CASE m.seq WHEN 1 THEN zeroblob(32) ELSE x'' END) FROM message m"
            " LEFT JOIN message p ON (p.origin, p.incarnation, p.seq) = (m.origin, m.incarnation, m.seq - 1)"
            " WHERE m.origin = ? AND m.incarnation = ? AND m.seq > ?",
            key,
        )
        self._database.write("DELETE FROM message WHERE origin = ? AND incarnation = ? AND seq > ?", key)
        self._database.write("DELETE FROM parked WHERE origin = ? AND incarnation = ? AND seq > ?", key)
        self._database.write("DELETE FROM passed_elsewhere WHERE origin = ? AND incarnation = ? AND first > ?", key)
        self._stock.forget(stream, after)
        self.signed.forget_after(stream, after)
        digest = self.hash_at(stream, after)
        assert digest is not None, "what the hub was told of is held, or known to be there"
        self._database.write(
            "UPDATE stream SET held_seq = ?1, held_hash = ?2, hub_seq = ?1, hub_hash = ?2, stopped = ''"
            " WHERE origin = ?3 AND incarnation = ?4",
            (after, digest, stream.origin, stream.incarnation),
        )

    def signed_by_hub(self, stream: StreamId) -> Sequence[SignedHead]:
        """What the hub signed to hold of it."""
        return self.signed.of(stream, "hub")

    def keep_unreadable(self, data: bytes, reason: str) -> None:
        """The newest refused frames, each cut to a bounded size."""
        with self._database.transaction():
            self._database.write(
                "INSERT INTO unreadable_frame (at, reason, size, bytes) VALUES (?, ?, ?, ?)",
                (instant_text(self._clock.now()), reason[:500], len(data), data[:MOST_UNREADABLE_BYTES]),
            )
            self._database.write(
                "DELETE FROM unreadable_frame WHERE id <= (SELECT max(id) FROM unreadable_frame) - ?",
                (MOST_UNREADABLE,),
            )

    # -- reading ------------------------------------------------------------------------------------------
    def _read(self, stream: StreamId, message: SealedMessage) -> _Read:
        try:
            head = msgspec.json.decode(message.payload, type=_Head)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return _Read(message, "", "message.unreadable", _Moves())
        is_here = (head.origin, head.incarnation, head.seq) == (
            stream.origin,
            stream.incarnation,
            message.seq,
        )
        if not is_here:
            return _Read(message, head.message_id, "message.misplaced", _Moves())
        if storable_moves(head.body.stock_moves) != head.body.stock_moves:
            # Figures no ledger can hold would refuse the whole push for ever (REL-09).
            return _Read(message, head.message_id, "document.figures_out_of_range", _Moves())
        return _Read(message, head.message_id, "", head.body)

    def _moves_known(self, found: Sequence[_Read]) -> set[_MoveKey]:
        """Those of their documents that were told before, also by a message that was pruned since."""
        documents = [read.body.doc_id for read in found if read.body.stock_moves]
        rows = self._existing("SELECT doc_id, line, effect FROM stock_move WHERE doc_id IN", documents)
        return {(str(doc_id), int(str(line)), str(effect)) for doc_id, line, effect in rows}

    def _ids_taken(self, found: Sequence[_Read], moved: set[_MoveKey]) -> set[int]:
        """Messages whose id another message has: kept and parked, never merged (ownership, approved drafts). One that
        was pruned since has left its moves of goods."""
        known = self._existing("SELECT message_id FROM message WHERE message_id IN", [r.message_id for r in found])
        seen = {row[0] for row in known}
        taken: set[int] = set()
        for read in found:
            if (read.message_id in seen or _has_moved(read, moved)) and not read.reason:
                taken.add(id(read))
            seen.add(read.message_id)
        return taken

    def _apply_moves(self, stream: StreamId, found: Sequence[_Read], known: set[_MoveKey]) -> None:
        """Verbatim and once: keyed (doc_id, line, effect) (REL-08)."""
        with_moves = [r for r in found if r.body.stock_moves]
        touched = []
        for read in with_moves:
            fresh = []
            for move in read.body.stock_moves:
                key = (read.body.doc_id, move.line, move.effect)
                if key not in known:
                    known.add(key)
                    fresh.append(move)
            self._database.write_many(
                "INSERT INTO stock_move VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (read.body.doc_id, m.line, m.effect, m.article, m.from_place, m.to_place, scaled(m.quantity))
                    for m in fresh
                ],
            )
            touched.append((read.message.seq, fresh))
        self._stock.add(stream, touched)

    def _existing(self, query: str, keys: Sequence[str]) -> list[tuple[object, ...]]:
        if not keys:
            return []
        marks = ", ".join("?" * len(keys))
        return self._database.rows(f"{query} ({marks})", keys)

    def _move_cursor(self, batch: Batch, last: SealedMessage) -> None:
        self.start(batch.stream, batch.store)
        self._database.write(
            "UPDATE stream SET held_seq = ?, held_hash = ? WHERE origin = ? AND incarnation = ?",
            (last.seq, last.hash, batch.stream.origin, batch.stream.incarnation),
        )
        self._database.write(
            "INSERT OR REPLACE INTO node_contact VALUES (?, ?, ?)",
            (batch.sender, batch.build, instant_text(self._clock.now())),
        )

    def counts(self) -> Mapping[str, int]:
        """For the metrics and `health`."""
        names = {
            "streams": "SELECT count(*) FROM stream",
            "streams_closed": "SELECT count(*) FROM stream WHERE closed",
            "streams_stopped": "SELECT count(*) FROM stream WHERE stopped <> ''",
            "messages_waiting": "SELECT coalesce(sum(held_seq - hub_seq), 0) FROM stream WHERE held_seq > hub_seq",
            "messages_parked": "SELECT count(*) FROM parked",
            "messages_forked": "SELECT count(*) FROM forked_message",
            "messages_forked_untold": "SELECT (SELECT count(*) FROM forked_message) - (SELECT count(*) FROM fork_told)",
            "frames_unreadable": "SELECT coalesce(max(id), 0) FROM unreadable_frame",
        }
        return {name: int(self._database.value(query)) for name, query in names.items()}
