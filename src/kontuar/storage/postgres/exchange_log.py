"""The table `exchange_file`: what was made for nodes and what came from them (REL-15)."""

from collections.abc import Sequence
from typing import Final

from kontuar.kernel.canonical import decode, encode
from kontuar.operations.ports.exchange import ExchangeEntry
from kontuar.storage.postgres.engine import HubDatabase

MOST_FILES: Final = 10_000
"""Refused ones among them: years of a few places without a network, and a bound for whoever tries nonsense."""
_PRUNE: Final = """
DELETE FROM exchange_file f WHERE f.id <= (SELECT max(id) FROM exchange_file) - %s
  AND (f.outcome <> '' OR EXISTS (SELECT 1 FROM exchange_file l
    WHERE l.node = f.node AND l.way = f.way AND l.outcome = '' AND l.id > f.id))"""


class PostgresExchangeLog:
    """Implements `operations.ports.exchange.ExchangeLog`, for one thread."""

    def __init__(self, database: HubDatabase, most: int = MOST_FILES) -> None:
        self._database = database
        self._most = most

    def add(self, entry: ExchangeEntry) -> None:
        """One more, in a transaction of its own; the oldest go, but what is the latest of its node."""
        with self._database.transaction():
            connection = self._database.connection
            connection.execute(
                "INSERT INTO exchange_file (at, way, node, carried_by, outcome, body) VALUES (%s, %s, %s, %s, %s, %s)",
                [entry.at, entry.way, entry.node.replace("\0", ""), entry.by, entry.outcome, encode(entry)],
            )
            connection.execute(_PRUNE, [self._most])

    def newest(self, most: int) -> Sequence[ExchangeEntry]:
        """The last ones, newest first."""
        with self._database.transaction(reading=True):
            rows = self._database.connection.execute(
                "SELECT body FROM exchange_file ORDER BY id DESC LIMIT %s", [most]
            ).fetchall()
        return [decode(bytes(body), ExchangeEntry) for (body,) in rows]

    def latest(self) -> Sequence[ExchangeEntry]:
        """Of each node the last file that came and the last that was made, refused ones left out."""
        with self._database.transaction(reading=True):
            rows = self._database.connection.execute(
                "SELECT DISTINCT ON (node, way) body FROM exchange_file WHERE outcome = '' ORDER BY node, way, id DESC"
            ).fetchall()
        return [decode(bytes(body), ExchangeEntry) for (body,) in rows]
