"""Stock in PostgreSQL: figures with the stream positions they contain, opening stock, rebuilding from the ledger."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from decimal import Decimal

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Conflict, Problem
from kontuar.kernel.quantity import scaled, unscaled
from kontuar.operations.ports.hub_documents import Confirmations, Opening, OpeningRow, StockFigures
from kontuar.storage.postgres.booking_rows import DELTAS_KEPT, Counters
from kontuar.storage.postgres.confirmations import confirmations_after
from kontuar.storage.postgres.engine import HubDatabase

OPENING = "@opening"

_ALL = """
SELECT warehouse, article, quantity_e4 + unbooked_e4 FROM stock_balance
WHERE store = %s AND quantity_e4 + unbooked_e4 <> 0 ORDER BY warehouse, article"""

_CHANGED = """
SELECT b.warehouse, b.article, b.quantity_e4 + b.unbooked_e4 FROM stock_balance b
JOIN (SELECT DISTINCT k.warehouse, k.article FROM stock_touched t,
        unnest(t.warehouses, t.articles) AS k (warehouse, article)
      WHERE t.store = %s AND t.version > %s) k ON (b.warehouse, b.article) = (k.warehouse, k.article)
WHERE b.store = %s ORDER BY b.warehouse, b.article"""

_ELSEWHERE = """
SELECT store, warehouse, (quantity_e4 + unbooked_e4)::bigint FROM stock_balance
WHERE article = %s AND store <> %s ORDER BY store, warehouse"""

_UNDEFINED = """
SELECT k.kind, k.key, k.position FROM unnest(%s::text[], %s::text[], %s::integer[]) AS k (kind, key, position)
WHERE NOT EXISTS (SELECT 1 FROM definition d WHERE d.kind = k.kind AND d.key = k.key AND NOT d.removed)
ORDER BY k.position LIMIT 100"""

_OPENING_MOVES = """
INSERT INTO stock_move (store, doc_id, line, effect, article, from_place, to_place, quantity_e4, business_day)
SELECT %s, %s, row_number() OVER (), 'opening', m.article, m.from_place, m.to_place, m.quantity_e4, %s
FROM jsonb_to_recordset(%s::jsonb) AS m(article text, from_place text, to_place text, quantity_e4 bigint)"""

REBUILT = """
SELECT store, place, article, sum(q)::bigint AS quantity_e4 FROM stock_move
CROSS JOIN LATERAL (VALUES (from_place, -quantity_e4), (to_place, quantity_e4)) AS e(place, q)
WHERE left(place, 1) <> '@' GROUP BY store, place, article"""

_DIFFERENCES = f"""
SELECT coalesce(b.store, l.store), coalesce(b.warehouse, l.place), coalesce(b.article, l.article),
       coalesce(b.quantity_e4, 0), coalesce(l.quantity_e4, 0)
FROM stock_balance b FULL JOIN ({REBUILT}) l
  ON (b.store, b.warehouse, b.article) = (l.store, l.place, l.article)
WHERE coalesce(b.quantity_e4, 0) <> coalesce(l.quantity_e4, 0) ORDER BY 1, 2, 3"""


class PostgresFeedsOfStore:
    """The `FeedsOfStore` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def reading(self) -> AbstractContextManager[None]:
        return self._database.transaction(reading=True)

    def transaction(self) -> AbstractContextManager[None]:
        return self._database.transaction()

    def confirmations(self, store: str, epoch: str, version: int, most: int) -> Confirmations:
        return confirmations_after(self._database.connection, store, epoch, version, most)

    def stock(self, store: str, epoch: str, version: int) -> StockFigures:
        connection = self._database.connection
        row = connection.execute("SELECT epoch, stock_version FROM store_feed WHERE store = %s", [store]).fetchone()
        now_epoch, newest = row or ("", 0)
        full = epoch != now_epoch or version > newest or version < newest - DELTAS_KEPT or version == 0
        if full:
            rows = connection.execute(_ALL, [store]).fetchall()
        elif version == newest:
            rows = []
        else:
            rows = connection.execute(_CHANGED, [store, version, store]).fetchall()
        covered = connection.execute(
            "SELECT origin, incarnation, processed_seq FROM stream WHERE store = %s ORDER BY origin, incarnation",
            [store],
        ).fetchall()
        return StockFigures(
            epoch=now_epoch,
            version=newest,
            full=full,
            rows=tuple((warehouse, article, int(figure)) for warehouse, article, figure in rows),
            covered=tuple((origin, life, seq) for origin, life, seq in covered),
        )

    def stock_elsewhere(self, store: str, article: str) -> Sequence[tuple[str, str, Decimal]]:
        rows = self._database.connection.execute(_ELSEWHERE, [article, store]).fetchall()
        return [(code, warehouse, unscaled(figure)) for code, warehouse, figure in rows]

    def undefined(self, rows: Sequence[OpeningRow]) -> Sequence[Problem]:
        """At most 100 of them."""
        kinds = ["warehouse", "article"] * len(rows)
        keys = [key for row in rows for key in (row.warehouse, row.article)]
        positions = [position for position in range(1, len(rows) + 1) for _ in (0, 1)]
        found = self._database.connection.execute(_UNDEFINED, [kinds, keys, positions]).fetchall()
        return [Problem(f"{kind}.undefined", f"row:{at}", {"code": key}) for kind, key, at in found]

    def put_opening(self, opening: Opening, content_hash: bytes, operator: str, now: datetime.datetime) -> bool:
        connection = self._database.connection
        counters = Counters.lock(connection, opening.store)
        key = [opening.store, opening.opening_id]
        known = connection.execute(
            "SELECT content_hash FROM stock_opening WHERE store = %s AND doc_id = %s", key
        ).fetchone()
        if known is not None:
            if bytes(known[0]) != content_hash:
                raise Conflict("opening.conflict", opening=opening.opening_id)
            return False
        connection.execute(
            "INSERT INTO stock_opening VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [*key, content_hash, opening.business_day, len(opening.rows), operator, now],
        )
        moves = encode(
            [
                {
                    "article": row.article,
                    "from_place": OPENING,
                    "to_place": row.warehouse,
                    "quantity_e4": scaled(row.quantity),
                }
                for row in opening.rows
            ]
        ).decode()
        connection.execute(_OPENING_MOVES, [*key, opening.business_day, moves])
        connection.execute(
            "SELECT change_balances(%s, %s, %s::jsonb, 1, true)", [opening.store, counters.stock_version + 1, moves]
        )
        Counters.add(connection, opening.store, versions=0, gids=0, stock=1)
        return True

    def balances_that_differ(self) -> Sequence[tuple[str, str, str, int, int]]:
        """(store, warehouse, article, cached, by the ledger): empty when the cache equals the ledger (REL-07)."""
        with self._database.transaction(reading=True):
            return self._database.connection.execute(_DIFFERENCES).fetchall()

    def rebuild(self) -> None:
        """Make the booked balances anew from the ledger; whoever holds figures gets all of them again."""
        with self._database.transaction():
            connection = self._database.connection
            connection.execute("LOCK TABLE store_feed IN SHARE ROW EXCLUSIVE MODE")
            connection.execute(
                f"WITH l AS ({REBUILT}) UPDATE stock_balance b SET quantity_e4 = coalesce((SELECT l.quantity_e4 FROM l "
                "WHERE (l.store, l.place, l.article) = (b.store, b.warehouse, b.article)), 0)"
            )
            connection.execute(
                "INSERT INTO stock_balance (store, warehouse, article, quantity_e4, version) "
                f"SELECT store, place, article, quantity_e4, 0 FROM ({REBUILT}) l ON CONFLICT DO NOTHING"
            )
            connection.execute("UPDATE store_feed SET stock_version = stock_version + %s", [DELTAS_KEPT + 1])
