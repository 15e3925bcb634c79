"""Stock at a station: the append-only ledger of its own moves, and the store's figures plus what they lack."""

from collections.abc import Iterable, Mapping
from decimal import Decimal

from kontuar.domain.stock.records import StockMove
from kontuar.kernel.quantity import scaled, unscaled
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.stock_view import StockView


class SqliteStock:
    """Tables `stock_move`, `stock_base`, `stock_pending`."""

    def __init__(self, database: SqliteDatabase, stream: StreamId) -> None:
        self._database = database
        self._stream = stream
        self._view = StockView(database)

    def is_known(self) -> bool:
        """Whether the agent ever sent figures."""
        return bool(self._database.value("SELECT 1 FROM fact WHERE name = 'stock_cursor'"))

    def balances(self, articles: Iterable[str]) -> Mapping[tuple[str, str], Decimal]:
        """(warehouse, article) → base units: the agent's figure plus own moves past it."""
        found: dict[tuple[str, str], int] = {}
        for article in articles:
            rows = self._database.rows(
                "SELECT warehouse, quantity_e4 FROM stock_pending WHERE article = ?"
                " UNION ALL SELECT warehouse, quantity_e4 FROM stock_base WHERE article = ?",
                (article, article),
            )
            for warehouse, quantity in rows:
                found[warehouse, article] = found.get((warehouse, article), 0) + quantity
        return {key: unscaled(quantity) for key, quantity in found.items()}

    def add_moves(self, doc_id: str, moves: Iterable[StockMove], position: int) -> None:
        """Append to the ledger and to the moves that the agent's figures do not cover yet."""
        listed = tuple(moves)
        self._database.write_many(
            "INSERT INTO stock_move VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(doc_id, m.line, m.effect, m.article, m.from_place, m.to_place, scaled(m.quantity)) for m in listed],
        )
        self._view.add_pending(self._stream, position, listed)
