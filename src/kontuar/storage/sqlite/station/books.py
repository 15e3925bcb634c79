"""All books of a station over one database."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from kontuar.kernel.time import Clock
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.sqlite.definitions import SqliteDefinitions
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.cash import SqliteCash
from kontuar.storage.sqlite.station.contractors import SqliteOwnContractors
from kontuar.storage.sqlite.station.copies import SqliteCopies
from kontuar.storage.sqlite.station.counts import SqliteCounts
from kontuar.storage.sqlite.station.documents import SqliteDocuments
from kontuar.storage.sqlite.station.drafts import SqliteDrafts
from kontuar.storage.sqlite.station.parking import SqliteParking
from kontuar.storage.sqlite.station.people import SqliteCardOperations, SqliteLogins
from kontuar.storage.sqlite.station.returned import SqliteReturned
from kontuar.storage.sqlite.station.stock import SqliteStock
from kontuar.storage.sqlite.station.stream import Sign, SqliteNumbers, SqliteStream
from kontuar.storage.sqlite.station.views import SqliteViews
from kontuar.storage.witness import Witness

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations" / "station"


class SqliteBooks:
    """Everything a station keeps; implements `operations.ports.station.Books`."""

    def __init__(
        self, database: SqliteDatabase, stream: StreamId, store: str, sign: Sign, clock: Clock, *,
        witness: Witness | None = None, ordinal: int = 1, restored: bool = False,
    ) -> None:  # fmt: skip
        """`witness`, `ordinal`, `restored`: as at the stream."""
        self.database = database
        self.definitions = SqliteDefinitions(database)
        self.drafts = SqliteDrafts(database)
        self.stream = SqliteStream(
            database, stream, store, sign, witness=witness, ordinal=ordinal, restored=restored
        )  # fmt: skip
        self.documents = SqliteDocuments(database, stream)
        self.stock = SqliteStock(database, stream)
        self.cash = SqliteCash(database)
        self.logins = SqliteLogins(database, clock)
        self.cards = SqliteCardOperations(database)
        self.numbers = SqliteNumbers(database)
        self.counts = SqliteCounts(database)
        self.parking = SqliteParking(database)
        self.views = SqliteViews(database)
        self.contractors = SqliteOwnContractors(database, stream)
        self.returned = SqliteReturned(database, stream)
        self.copies = SqliteCopies(database, stream)

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self.database.transaction()

    def fact(self, name: str) -> str:
        """A small fact by name, empty when unset."""
        return str(self.database.value("SELECT value FROM fact WHERE name = ?", (name,)) or "")

    def set_fact(self, name: str, value: str) -> None:
        """Keep a small fact."""
        with self.transaction():
            self.database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))

    def facts(self, prefix: str) -> dict[str, str]:
        """Small facts whose name begins so, in the order of their names."""
        rows = self.database.rows(
            "SELECT name, value FROM fact WHERE name >= ? AND name < ? ORDER BY name", (prefix, prefix + "\U0010ffff")
        )
        return {str(name): str(value) for name, value in rows}

    def forget_fact(self, name: str) -> None:
        """A small fact is no more."""
        with self.transaction():
            self.database.write("DELETE FROM fact WHERE name = ?", (name,))
