"""Reading the agent's books for checks: heads of streams, payloads, balances."""

from collections.abc import Iterable, Iterator

from kontuar.kernel.quantity import unscaled
from kontuar.operations.agent.agent_day import StockRow, StreamHead
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.stock_view import StockView

_PAGE = 500


class AgentReader:
    """Implements `operations.agent_day.AgentReading`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._stock = StockView(database)

    def heads(self) -> Iterable[StreamHead]:
        """Every stream."""
        rows = self._database.rows(
            "SELECT origin, incarnation, held_seq, hub_seq FROM stream ORDER BY origin, incarnation"
        )
        return [
            StreamHead(stream=StreamId(origin, incarnation), held=held, final=final)
            for origin, incarnation, held, final in rows
        ]

    def payloads(self) -> Iterator[bytes]:
        """Every message held, in pages so that memory stays small."""
        for head in self.heads():
            after = 0
            while page := self._page(head.stream, after):
                yield from (payload for _, payload in page)
                after = page[-1][0]

    def stock(self) -> Iterable[StockRow]:
        """Every balance of the store."""
        return [
            StockRow(warehouse=warehouse, article=article, quantity=str(unscaled(quantity)))
            for warehouse, article, quantity in self._stock.all_totals()
        ]

    def _page(self, stream: StreamId, after: int) -> list[tuple[int, bytes]]:
        rows = self._database.rows(
            "SELECT seq, payload FROM message WHERE origin = ? AND incarnation = ? AND seq > ? ORDER BY seq LIMIT ?",
            (stream.origin, stream.incarnation, after, _PAGE),
        )
        return [(seq, payload) for seq, payload in rows]
