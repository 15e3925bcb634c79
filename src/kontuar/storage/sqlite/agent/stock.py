"""The store's stock at the agent: the hub's figures plus its stations' moves past them, versioned for the tills."""

from collections.abc import Iterable, Sequence

from kontuar.domain.stock.records import StockMove
from kontuar.operations.ports.hub_documents import StockFigures
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.ports.sync import FeedCursor
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.stock_view import Pair, StockView, goods_in
from kontuar.storage.sqlite.sync_state import read_cursor, write_cursor

_OWN = "stock_feed"
"""Fact: this agent's own version of figures."""
_FULL = "stock_feed_full"
"""Fact: asked from before this version, a taker gets everything."""
_HUB = "stock_cursor"


class AgentStock:
    """Tables `stock_base`, `stock_pending`, `stock_covered`, `stock_change`."""

    def __init__(self, database: SqliteDatabase, fresh_epoch: str) -> None:
        """`fresh_epoch`: another one in every process. A database that was set up again from a backup gives versions
        again that tills have heard already, and cannot know it (REL-07)."""
        self._database = database
        self._view = StockView(database)
        self._epoch = fresh_epoch

    def epoch(self) -> str:
        """Of this process: what tills were told before it is told anew."""
        return self._epoch

    def _own(self) -> FeedCursor:
        return FeedCursor(self._epoch, read_cursor(self._database, _OWN).version)

    def hub_cursor(self) -> FeedCursor:
        """Where the hub's figures stand here."""
        return read_cursor(self._database, _HUB)

    def add(self, stream: StreamId, moves: Iterable[tuple[int, Sequence[StockMove]]]) -> None:
        """Moves by message; those that the hub's figures contain already change nothing."""
        covered = int(
            self._database.value(
                "SELECT seq FROM stock_covered WHERE origin = ? AND incarnation = ?",
                (stream.origin, stream.incarnation),
            )
            or 0
        )
        touched: set[Pair] = set()
        for seq, fresh in moves:
            if seq > covered and fresh:
                touched |= self._view.add_pending(stream, seq, fresh)
        self._changed(touched)

    def forget(self, stream: StreamId, after: int) -> None:
        """Moves of messages past a position are the hub's to count."""
        key = (stream.origin, stream.incarnation, after)
        rows = self._database.rows(
            "SELECT DISTINCT warehouse, article FROM stock_pending WHERE origin = ? AND incarnation = ? AND seq > ?",
            key,
        )
        self._database.write("DELETE FROM stock_pending WHERE origin = ? AND incarnation = ? AND seq > ?", key)
        self._changed({(warehouse, article) for warehouse, article in rows})

    def take(self, figures: StockFigures) -> None:
        """The hub's figures; tills hear only of totals that differ from what they were told."""
        pairs = {(warehouse, article) for warehouse, article, _ in figures.rows}
        pairs |= self._pending_pairs(figures)
        forgotten = self._forgotten(figures)
        before = {} if figures.full else self._view.totals(pairs)
        dropped = self._view.take_figures(figures)
        self._database.write_many("INSERT OR REPLACE INTO stock_covered VALUES (?, ?, ?)", figures.covered)
        dropped |= self._count_again(forgotten)
        write_cursor(self._database, _HUB, figures.epoch, figures.version)
        if figures.full:
            self._all_changed()
        else:
            after = self._view.totals(pairs | dropped)
            self._changed({pair for pair in after if after[pair] != before.get(pair, 0)})

    def _forgotten(self, figures: StockFigures) -> list[tuple[StreamId, int, int]]:
        """(stream, after, last) of messages that the hub's figures contained and do not any more: it was set up again
        from a backup."""
        told = {(origin, life): seq for origin, life, seq in figures.covered}
        return [
            (StreamId(origin, life), told.get((origin, life), 0), known)
            for origin, life, known in self._database.rows("SELECT origin, incarnation, seq FROM stock_covered")
            if told.get((origin, life), 0 if figures.full else known) < known
        ]

    def _count_again(self, forgotten: Iterable[tuple[StreamId, int, int]]) -> set[Pair]:
        """What the hub has forgotten and still lies here left the store all the same (REL-07)."""
        touched: set[Pair] = set()
        for stream, after, last in forgotten:
            key = (stream.origin, stream.incarnation, after, last)
            self._database.write("INSERT OR REPLACE INTO stock_covered VALUES (?, ?, ?)", key[:3])
            rows = self._database.rows(
                "SELECT seq, payload FROM message m WHERE origin = ?1 AND incarnation = ?2 AND seq > ?3 AND seq <= ?4"
                " AND NOT EXISTS (SELECT 1 FROM parked p WHERE p.origin = ?1 AND p.incarnation = ?2 AND p.seq = m.seq)",
                key,
            )
            for seq, payload in rows:
                touched |= self._view.add_pending(stream, seq, goods_in(payload))
        return touched

    def since(self, cursor: FeedCursor) -> StockFigures:
        """Totals that changed since; the asker's own cursor while the hub has told no figures yet."""
        own = self._own()
        if not self.hub_cursor().epoch or cursor == own:
            return StockFigures(epoch=cursor.epoch, version=cursor.version, full=False, rows=(), covered=())
        full_from = int(self._database.value("SELECT value FROM fact WHERE name = ?", (_FULL,)) or 0)
        full = cursor.epoch != own.epoch or cursor.version < full_from
        rows = self._view.all_totals() if full else self._changed_since(cursor.version)
        return StockFigures(epoch=own.epoch, version=own.version, full=full, rows=tuple(rows), covered=self._covered())

    def _covered(self) -> tuple[tuple[str, str, int], ...]:
        """Every stream's moves are in the totals as far as the stream is held here, or as the hub says."""
        return tuple(
            (origin, incarnation, seq)
            for origin, incarnation, seq in self._database.rows(
                "SELECT origin, incarnation, max(seq) FROM (SELECT origin, incarnation, held_seq AS seq FROM stream"
                " UNION ALL SELECT origin, incarnation, seq FROM stock_covered) GROUP BY origin, incarnation"
            )
        )

    def _pending_pairs(self, figures: StockFigures) -> set[Pair]:
        found: set[Pair] = set()
        for position in figures.covered if not figures.full else ():
            found.update(
                (warehouse, article)
                for warehouse, article in self._database.rows(
                    "SELECT DISTINCT warehouse, article FROM stock_pending"
                    " WHERE origin = ? AND incarnation = ? AND seq <= ?",
                    position,
                )
            )
        return found

    def _changed_since(self, version: int) -> list[tuple[str, str, int]]:
        pairs = self._database.rows(
            "SELECT warehouse, article FROM stock_change WHERE version > ? ORDER BY warehouse, article",
            (version,),
        )
        return [(*pair, total) for pair, total in self._view.totals((w, a) for w, a in pairs).items()]

    def _changed(self, pairs: set[Pair]) -> None:
        if not pairs:
            return
        version = self._next_version()
        self._database.write_many(
            "INSERT OR REPLACE INTO stock_change VALUES (?, ?, ?)",
            [(warehouse, article, version) for warehouse, article in sorted(pairs)],
        )

    def _all_changed(self) -> None:
        version = self._next_version()
        self._database.write("DELETE FROM stock_change")
        self._database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_FULL, str(version)))

    def _next_version(self) -> int:
        own = self._own()
        write_cursor(self._database, _OWN, own.epoch, own.version + 1)
        return own.version + 1
