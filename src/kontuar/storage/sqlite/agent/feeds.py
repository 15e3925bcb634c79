"""What comes down to an agent and what it gives its stations, over one database."""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import Final

from kontuar.operations.ports.hub_documents import Confirmation, Confirmations, StockFigures
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.operations.ports.sync import (
    DefinitionCursor,
    DownCursors,
    FeedCursor,
    NodeIdentity,
    OutgoingStream,
    StreamPosition,
)
from kontuar.storage.sqlite.agent.definitions import AgentDefinitions
from kontuar.storage.sqlite.agent.doubt import CONFIRMATIONS, STOCK, is_doubted, told_anew
from kontuar.storage.sqlite.agent.outbox import AgentOutbox
from kontuar.storage.sqlite.agent.stock import AgentStock
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.sync_state import read_cursor, write_cursor

MOST_CONFIRMATIONS: Final = 500
"""In one answer: a station takes them in on the thread on which it sells."""
_CURSOR: Final = "confirmations_cursor"
_AGAIN: Final = "confirmations_told_again"


def told_again(database: SqliteDatabase) -> str:
    """What the agent puts behind the hub's epoch of confirmations; empty where it told nothing anew."""
    return str(database.value("SELECT value FROM fact WHERE name = ?", (_AGAIN,)) or "")


def tell_again(database: SqliteDatabase, process: str, *, once: bool) -> None:
    """Begin an epoch of the agent's own behind the hub's; `once`: not if this process did before."""
    before, base = told_again(database), f"+{process}"
    if not before.startswith(base):
        value = base
    elif once:
        return
    else:
        value = f"{base}.{int(before[len(base) + 1 :] or 1) + 1}"
    database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_AGAIN, value))


class AgentSink:
    """What the hub sends; implements `operations.ports.sync.DownSink`."""

    def __init__(
        self, database: SqliteDatabase, definitions: AgentDefinitions, stock: AgentStock, outbox: AgentOutbox,
        store: str,
    ) -> None:  # fmt: skip
        self._database = database
        self._definitions = definitions
        self._stock = stock
        self._outbox = outbox
        self._store = store

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    def cursors(self) -> DownCursors:
        """What to ask with; with the streams' positions the hub tells only of those that it is further in."""
        return DownCursors(
            definitions=DefinitionCursor(*self._definitions.cursor()),
            confirmations=self._asked(CONFIRMATIONS, read_cursor(self._database, _CURSOR)),
            stock=self._asked(STOCK, self._stock.hub_cursor()),
            final=tuple(
                (each.stream.origin, each.stream.incarnation, each.held.seq) for each in self._outbox.streams()
            ),
        )

    def _asked(self, feed: str, cursor: FeedCursor) -> FeedCursor:
        return FeedCursor() if is_doubted(self._database, feed) else cursor

    def apply_confirmations(self, news: Confirmations) -> None:
        """Kept with the hub's versions; another epoch begins anew, and what is in doubt, for the stations as well."""
        was_doubted = told_anew(self._database, CONFIRMATIONS)
        if was_doubted or read_cursor(self._database, _CURSOR).epoch != news.epoch:
            self._database.write("DELETE FROM confirmation")
        if was_doubted:
            tell_again(self._database, self._stock.epoch(), once=False)
        self._database.write_many(
            "INSERT OR REPLACE INTO confirmation VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                (row.doc_id, row.origin, row.incarnation, row.seq, row.state, row.gid, row.reason, row.version)
                for row in news.rows
            ],
        )
        write_cursor(self._database, _CURSOR, news.epoch, news.version)

    def apply_stock(self, figures: StockFigures) -> None:
        """The hub's figures of the store."""
        told_anew(self._database, STOCK)
        self._stock.take(figures)

    def apply_parked(self, news: ParkedNews) -> None:
        """The hub has no buffer, and an agent asks for none: its own is the original."""
        raise AssertionError(f"nobody was asked for a list of parked documents: {news.epoch}")

    def apply_final(self, positions: Sequence[StreamPosition]) -> None:
        """Go on from where the hub is; what contradicts it is found by the next push's acknowledgement. What was told
        long ago and comes late, in a file, moves nothing back."""
        for told in positions:
            if self._outbox.is_stopped(told.stream):
                self._outbox.resume(told.stream, told.position)
                continue
            outgoing = self._outbox.stream(told.stream)
            if outgoing is not None and (
                told.position.seq <= outgoing.held.seq or self._says_more(outgoing, told.position)
            ):
                continue
            known = self._outbox.hash_at(told.stream, told.position.seq)
            never_passed_here = known is None and outgoing is not None and told.position.seq <= outgoing.head.seq
            if known == told.position.hash or never_passed_here:
                self._outbox.acknowledged(told.stream, told.position, told.position)
            elif known is None:
                self._outbox.adopt(told.stream, self._store, told.position)

    def _says_more(self, outgoing: OutgoingStream, hub: Position) -> bool:
        """Whether messages lie here that the hub was not asked about, and it is further: it may hold others instead,
        which the answer to their push tells."""
        if hub.seq <= outgoing.head.seq:
            return False
        untold = self._outbox.read(outgoing.stream, outgoing.held.seq, 1, 1)
        return bool(untold) and untold[0].seq == outgoing.held.seq + 1

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


class AgentFeeds:
    """Confirmations, stock and positions for a station (definitions go through `operations.feed`)."""

    def __init__(self, database: SqliteDatabase, stock: AgentStock) -> None:
        self._database = database
        self._stock = stock

    def tell_again(self) -> None:
        """This database is older than what stations were told: versions may mean something else by now, for head
        office may have been set up again, too. They are told their confirmations anew, in an epoch that is this
        process's own (REL-18)."""
        with self._database.transaction():
            tell_again(self._database, self._stock.epoch(), once=True)

    def confirmations_since(self, asker: NodeIdentity, cursor: FeedCursor) -> Confirmations:
        """The station's own documents, in the order of the store's versions."""
        own = read_cursor(self._database, _CURSOR)
        if not own.epoch:
            return Confirmations(epoch=cursor.epoch, version=cursor.version, rows=())
        own = FeedCursor(own.epoch + told_again(self._database), own.version)
        after = cursor.version if cursor.epoch == own.epoch else 0
        rows = self._database.rows(
            "SELECT doc_id, origin, incarnation, seq, state, gid, reason, version FROM confirmation"
            " WHERE origin = ? AND version > ? ORDER BY version, doc_id",
            (asker.node, after),
        )
        found = [
            Confirmation(
                doc_id=doc_id, origin=origin, incarnation=incarnation, seq=seq, state=state, gid=gid,
                reason=reason, version=version,
            )
            for doc_id, origin, incarnation, seq, state, gid, reason, version in rows
        ]  # fmt: skip
        if len(found) <= MOST_CONFIRMATIONS:
            return Confirmations(epoch=own.epoch, version=own.version, rows=tuple(found))
        last = found[MOST_CONFIRMATIONS - 1].version
        page = tuple(row for row in found if row.version <= last)
        return Confirmations(epoch=own.epoch, version=last, rows=page)

    def stock_since(self, cursor: FeedCursor) -> StockFigures:
        """The store's totals that changed."""
        return self._stock.since(cursor)

    def final_positions(self, asker: NodeIdentity) -> Sequence[StreamPosition]:
        """How far the hub holds the asking station's streams."""
        rows = self._database.rows(
            "SELECT origin, incarnation, hub_seq, hub_hash FROM stream WHERE origin = ? AND hub_seq > 0",
            (asker.node,),
        )
        return [
            StreamPosition(StreamId(origin, incarnation), Position(seq, digest.hex()))
            for origin, incarnation, seq, digest in rows
        ]
