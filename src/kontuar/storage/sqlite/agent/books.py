"""All that an agent keeps, over one database."""

from pathlib import Path
from typing import Final

from kontuar.kernel.time import Clock
from kontuar.storage.sqlite.agent.certificates import AgentCertificates
from kontuar.storage.sqlite.agent.definitions import AgentDefinitions, AgentSnapshots
from kontuar.storage.sqlite.agent.feeds import AgentFeeds, AgentSink
from kontuar.storage.sqlite.agent.forks import AgentForks
from kontuar.storage.sqlite.agent.outbox import AgentOutbox
from kontuar.storage.sqlite.agent.parking import AgentParking
from kontuar.storage.sqlite.agent.stock import AgentStock
from kontuar.storage.sqlite.agent.stream_log import SqliteStreamLog
from kontuar.storage.sqlite.digests import AgentDigests
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.exchange_shelf import SqliteExchangeShelf

MIGRATIONS: Final = Path(__file__).parent.parent / "migrations" / "agent"


class AgentBooks:
    """The agent's tables by what they are for."""

    def __init__(self, file: Path, snapshots: Path, store: str, clock: Clock, fresh_epoch: str) -> None:
        """`fresh_epoch` becomes the database's own when it is new. Raises as `SqliteDatabase`."""
        self.database = SqliteDatabase(file, migrations=MIGRATIONS)
        self.stock = AgentStock(self.database, fresh_epoch)
        self.parking = AgentParking(self.database, fresh_epoch)
        self.log = SqliteStreamLog(self.database, self.stock, clock)
        self.forks = AgentForks(self.database)
        self.exchange = SqliteExchangeShelf(self.database)
        self.outbox = AgentOutbox(self.database, self.log)
        self.definitions = AgentDefinitions(self.database)
        self.snapshots = AgentSnapshots(snapshots, self.definitions)
        self.sink = AgentSink(self.database, self.definitions, self.stock, self.outbox, store)
        self.feeds = AgentFeeds(self.database, self.stock)
        self.digests = AgentDigests(self.database)
        self.certificates = AgentCertificates(self.database)

    def fact(self, name: str) -> str:
        """A small fact by name, empty when unset."""
        return str(self.database.value("SELECT value FROM fact WHERE name = ?", (name,)) or "")

    def set_fact(self, name: str, value: str) -> None:
        """Keep a small fact."""
        with self.database.transaction():
            self.database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))
