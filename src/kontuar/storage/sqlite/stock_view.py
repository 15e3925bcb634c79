"""The store's stock at a station or agent: absolute figures from above, plus own moves that they do not contain.

Tables `stock_base` and `stock_pending`, the same in both schemas (REL-07).
"""

from collections.abc import Iterable

import msgspec

from kontuar.domain.stock.records import StockMove, effects_on_balances
from kontuar.kernel.quantity import scaled
from kontuar.operations.ports.hub_documents import StockFigures
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase

Pair = tuple[str, str]
"""(warehouse, article)."""


class _Goods(msgspec.Struct, frozen=True):
    stock_moves: tuple[StockMove, ...] = ()


class _WithGoods(msgspec.Struct, frozen=True):
    body: _Goods = _Goods()


def goods_in(payload: bytes) -> tuple[StockMove, ...]:
    """The moves of goods of a message; none where nobody can read it."""
    try:
        return msgspec.json.decode(payload, type=_WithGoods).body.stock_moves
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()


class StockView:
    """Base and pending; changes run inside the caller's transaction."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def add_pending(self, stream: StreamId, seq: int, moves: Iterable[StockMove]) -> set[Pair]:
        """Moves of a message that the figures do not contain yet; returns what they touch."""
        changes = effects_on_balances(tuple(moves))
        self._database.write_many(
            "INSERT INTO stock_pending VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
            " SET quantity_e4 = quantity_e4 + excluded.quantity_e4",
            [
                (article, warehouse, stream.origin, stream.incarnation, seq, scaled(change))
                for (warehouse, article), change in changes.items()
            ],
        )
        return set(changes)

    def take_figures(self, figures: StockFigures) -> set[Pair]:
        """Put absolute figures and drop the moves they contain; returns the pairs whose moves were dropped."""
        if figures.full:
            self._database.write("DELETE FROM stock_base")
        self._database.write_many("INSERT OR REPLACE INTO stock_base VALUES (?, ?, ?)", figures.rows)
        dropped: set[Pair] = set()
        for position in figures.covered:
            where = "WHERE origin = ? AND incarnation = ? AND seq <= ?"
            rows = self._database.rows(f"SELECT DISTINCT warehouse, article FROM stock_pending {where}", position)
            if rows:
                dropped.update((warehouse, article) for warehouse, article in rows)
                self._database.write(f"DELETE FROM stock_pending {where}", position)
        return dropped

    def totals(self, pairs: Iterable[Pair]) -> dict[Pair, int]:
        """Ten-thousandths per pair; a pair without figures or moves counts as zero."""
        return {pair: self._total(pair) for pair in pairs}

    def all_totals(self) -> list[tuple[str, str, int]]:
        """(warehouse, article, ten-thousandths) of everything."""
        return [
            (warehouse, article, quantity)
            for warehouse, article, quantity in self._database.rows(
                "SELECT warehouse, article, sum(quantity_e4) FROM ("
                " SELECT warehouse, article, quantity_e4 FROM stock_base"
                " UNION ALL SELECT warehouse, article, quantity_e4 FROM stock_pending)"
                " GROUP BY warehouse, article ORDER BY warehouse, article"
            )
        ]

    def _total(self, pair: Pair) -> int:
        return int(
            self._database.value(
                "SELECT coalesce((SELECT quantity_e4 FROM stock_base WHERE warehouse = ?1 AND article = ?2), 0)"
                " + coalesce((SELECT sum(quantity_e4) FROM stock_pending"
                " WHERE article = ?2 AND warehouse = ?1), 0)",
                pair,
            )
        )
