"""A station's side of the sync protocol over its own database: outbox, cursors, confirmations, stock figures."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from kontuar.operations.ports.hub_documents import Confirmations, StockFigures
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.streams import START, Head, Position, SealedMessage, SignedHead, StreamId
from kontuar.operations.ports.sync import (
    DefinitionCursor,
    DefinitionRows,
    DownCursors,
    FeedCursor,
    OutgoingStream,
    StreamPosition,
)
from kontuar.operations.station.decisions import CANCEL_ASKED, FACT
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.signed_heads import SqliteSignedHeads
from kontuar.storage.sqlite.station.parking import SqliteParking
from kontuar.storage.sqlite.stock_view import StockView

_FORKED: Final = 1
_REASONS = {_FORKED: "stream.forked", 2: "stream.closed"}
_NO_MORE: Final = 2**53 - 1
"""Told as final of a forked life: of what contradicts ours we know already, and would be told at once for ever."""
_INCARNATIONS = (
    "WITH RECURSIVE life (name) AS (SELECT min(incarnation) FROM message"
    " UNION ALL SELECT (SELECT min(incarnation) FROM message WHERE incarnation > name) FROM life"
    " WHERE name IS NOT NULL) SELECT name FROM life WHERE name IS NOT NULL"
)
"""One step of the index for each; `DISTINCT` reads every message, and this is asked after every receipt."""


class StationOutbox:
    """The tables `message` and `uplink`; implements `operations.ports.sync.Outbox` for one station.

    `uplink.forked`: 0 no, 1 the receiver holds something else: nothing is pushed; 2 the incarnation was closed: what
    was written before its station heard of it is pushed as ever.
    """

    def __init__(self, database: SqliteDatabase, stream: StreamId, store: str) -> None:
        self._database = database
        self._own = stream
        self._store = store
        self._signed = SqliteSignedHeads(database)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def streams(self) -> Sequence[OutgoingStream]:
        """This station's incarnations that have something to tell, the running one always."""
        incarnations = {self._own.incarnation} | {row[0] for row in self._database.rows(_INCARNATIONS)}
        found = (self.stream(StreamId(self._own.origin, each)) for each in sorted(incarnations))
        return [outgoing for outgoing in found if outgoing is not None]

    def stream(self, stream: StreamId) -> OutgoingStream | None:
        """One incarnation; None when it is forked or another node's."""
        if stream.origin != self._own.origin:
            return None
        row = self._database.row(
            "SELECT held_seq, held_hash, final_seq, final_hash, forked FROM uplink WHERE incarnation = ?",
            (stream.incarnation,),
        )
        if row is not None and row[4] == _FORKED:
            return None
        held = Position(row[0], row[1].hex()) if row else START
        final = Position(row[2], row[3].hex()) if row else START
        return OutgoingStream(
            stream=stream, store=self._store, held=held, final=final, head=self._head(stream), origin_here=True,
            pruned=self._pruned(stream),
        )  # fmt: skip

    def read(self, stream: StreamId, after: int, most_messages: int, most_bytes: int) -> Sequence[SealedMessage]:
        """Messages that follow a position, at least one when there is one."""
        rows = self._database.rows(
            "SELECT seq, payload, hash, signature FROM message WHERE incarnation = ? AND seq > ? ORDER BY seq LIMIT ?",
            (stream.incarnation, after, most_messages),
        )
        return within_bytes(rows, most_bytes)

    def hash_at(self, stream: StreamId, seq: int) -> str | None:
        """The chain hash at a position (hex)."""
        if seq == 0:
            return START.hash
        found = self._database.value(
            "SELECT hash FROM message WHERE incarnation = ?1 AND seq = ?2"
            " UNION ALL SELECT hash FROM pruned_to WHERE incarnation = ?1 AND seq = ?2",
            (stream.incarnation, seq),
        )
        return None if found is None else found.hex()

    def acknowledged(self, stream: StreamId, held: Position, final: Position) -> None:
        """Move *held* (also back, when the receiver was rolled back); *final* only grows."""
        self._start(stream)
        self._database.write(
            "UPDATE uplink SET held_seq = ?, held_hash = ? WHERE incarnation = ? AND held_hash <> ?",
            (held.seq, bytes.fromhex(held.hash), stream.incarnation, bytes.fromhex(held.hash)),
        )
        self._finish(stream, final)

    def adopt(self, stream: StreamId, store: str, position: Position) -> None:
        """A station's own stream is never further elsewhere than here."""
        raise AssertionError(f"{stream} of {store} begins here; {position} cannot be adopted")

    def stop(self, stream: StreamId, reason: str, held: Position | None = None) -> None:  # noqa: ARG002 - a relay's
        """Nothing is written in this incarnation any more; when it is forked, nothing is pushed either."""
        self._start(stream)
        number = next(number for number, known in _REASONS.items() if known == reason)
        self._database.write(
            "UPDATE uplink SET forked = ?1 WHERE incarnation = ?2 AND forked NOT IN (?1, ?3)",
            (number, stream.incarnation, _FORKED),
        )

    def problem(self) -> str:
        """Why this incarnation is stopped; empty when it is not."""
        found = self._database.value("SELECT forked FROM uplink WHERE incarnation = ?", (self._own.incarnation,))
        return _REASONS.get(found or 0, "")

    def keep_head(self, signer_kind: str, head: Head, signed: SignedHead) -> None:
        """The table `signed_head`."""
        self._signed.keep(signer_kind, head, signed)

    def heads(self) -> tuple[tuple[str, Position], ...]:
        """(incarnation, last position) of every life that left messages here."""
        names = [row[0] for row in self._database.rows(_INCARNATIONS)]
        return tuple((name, self._head(StreamId(self._own.origin, name))) for name in names)

    def final(self, positions: Sequence[StreamPosition]) -> None:
        """The hub holds this much; a hash that is not ours says that our log is a fork."""
        for told in positions:
            if told.stream.origin != self._own.origin:
                continue
            if told.position.seq < self._pruned(told.stream):
                continue
            if self.hash_at(told.stream, told.position.seq) == told.position.hash:
                self._start(told.stream)
                self._finish(told.stream, told.position)
            else:
                self.stop(told.stream, "stream.forked")

    def finals(self) -> tuple[tuple[str, str, int], ...]:
        """(origin, incarnation, seq) that are known to be final; of a forked life nothing more is to be told."""
        rows = self._database.rows(
            "SELECT incarnation, CASE forked WHEN ? THEN ? ELSE final_seq END FROM uplink ORDER BY incarnation",
            (_FORKED, _NO_MORE),
        )
        return tuple((self._own.origin, incarnation, seq) for incarnation, seq in rows)

    def _pruned(self, stream: StreamId) -> int:
        """What lies before is not here any more."""
        return int(self._database.value("SELECT seq FROM pruned_to WHERE incarnation = ?", (stream.incarnation,)) or 0)

    def _head(self, stream: StreamId) -> Position:
        row = self._database.row(
            "SELECT seq, hash FROM message WHERE incarnation = ? ORDER BY seq DESC LIMIT 1",
            (stream.incarnation,),
        )
        return Position(row[0], row[1].hex()) if row else START

    def _start(self, stream: StreamId) -> None:
        zero = bytes.fromhex(START.hash)
        self._database.write("INSERT OR IGNORE INTO uplink VALUES (?, 0, ?, 0, ?, 0)", (stream.incarnation, zero, zero))

    def _finish(self, stream: StreamId, final: Position) -> None:
        self._database.write(
            "UPDATE uplink SET final_seq = ?, final_hash = ? WHERE incarnation = ? AND final_seq < ?",
            (final.seq, bytes.fromhex(final.hash), stream.incarnation, final.seq),
        )


class StationSink:
    """What comes down to a station; implements `operations.ports.sync.DownSink`."""

    def __init__(self, database: SqliteDatabase, definitions: DefinitionRows, outbox: StationOutbox) -> None:
        self._database = database
        self._definitions = definitions
        self._outbox = outbox
        self._stock = StockView(database)
        self._parking = SqliteParking(database)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def cursors(self) -> DownCursors:
        """What to ask with."""
        return DownCursors(
            definitions=DefinitionCursor(*self._definitions.cursor()),
            confirmations=read_cursor(self._database, "confirmations_cursor"),
            stock=read_cursor(self._database, "stock_cursor"),
            final=self._outbox.finals(),
            parked=self._parking.cursor(),
        )

    def apply_confirmations(self, news: Confirmations) -> None:
        """The table `confirmation`: the last word on each document; a decision to carry out becomes a fact."""
        self._database.write_many(
            "INSERT OR REPLACE INTO confirmation VALUES (?, ?, ?, ?)",
            [(row.doc_id, row.state, row.gid, row.reason) for row in news.rows if row.state != CANCEL_ASKED],
        )
        self._database.write_many(
            "INSERT OR REPLACE INTO fact VALUES (?, ?)",
            [(f"{FACT}{row.doc_id}", row.reason) for row in news.rows if row.state == CANCEL_ASKED],
        )
        write_cursor(self._database, "confirmations_cursor", news.epoch, news.version)

    def apply_stock(self, figures: StockFigures) -> None:
        """Absolute figures of the store; own moves past them stay pending."""
        self._stock.take_figures(figures)
        write_cursor(self._database, "stock_cursor", figures.epoch, figures.version)

    def apply_parked(self, news: ParkedNews) -> None:
        """The list of parked documents; work held here stays."""
        self._parking.take_news(news)

    def apply_final(self, positions: Sequence[StreamPosition]) -> None:
        """The hub holds this much of this station's streams."""
        self._outbox.final(positions)

    def apply_delta(
        self,
        put: Iterable[tuple[str, str, int, bytes]],
        removed: Iterable[tuple[str, str]],
        cursor: DefinitionCursor,
    ) -> None:
        """Whole rows put and removed; raises `Refused("definitions.checksum_differs")`."""
        self._definitions.apply_delta(put, removed, cursor.epoch, cursor.version, cursor.checksum)

    def replace_definitions(self, rows: Iterable[tuple[str, str, int, bytes]], cursor: DefinitionCursor) -> None:
        """All rows anew; raises `Refused("definitions.checksum_differs")`."""
        self._definitions.replace_all(rows, cursor.epoch, cursor.version, cursor.checksum)


def within_bytes(rows: Sequence[tuple[int, bytes, bytes, bytes]], most_bytes: int) -> list[SealedMessage]:
    """As many of the rows as fit, but always the first."""
    found: list[SealedMessage] = []
    left = most_bytes
    for seq, payload, digest, signature in rows:
        left -= len(payload)
        if found and left < 0:
            break
        found.append(SealedMessage(seq, payload, digest, signature))
    return found


def read_cursor(database: SqliteDatabase, name: str) -> FeedCursor:
    """A feed's cursor kept as a fact `epoch version`."""
    text = database.value("SELECT value FROM fact WHERE name = ?", (name,))
    if not text:
        return FeedCursor()
    epoch, _, version = text.rpartition(" ")
    return FeedCursor(epoch, int(version))


def write_cursor(database: SqliteDatabase, name: str, epoch: str, version: int) -> None:
    """Keep a feed's cursor."""
    database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, f"{epoch} {version}"))
