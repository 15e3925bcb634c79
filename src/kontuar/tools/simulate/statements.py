"""The hub's connections to PostgreSQL: they can be cut between two statements of a transaction, or behind a commit."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final, Protocol

import psycopg

from kontuar.storage.postgres.engine import HubDatabase


class Watcher(Protocol):
    """Whose connections these are."""

    def statement(self, lane: str) -> bool:
        """One more, of that connection; whether the connections were cut right now."""
        ...

    def may_connect(self) -> bool:
        """Whether its process is not ending."""
        ...


_WATCHERS: Final[dict[str, Watcher]] = {}


class _Watched(psycopg.Connection[Any]):
    watcher: Watcher | None = None
    lane = ""

    def cursor(self, *given: Any, **more: Any) -> Any:
        """Every statement begins with one."""
        if self.watcher is not None:
            self.watcher.statement(self.lane)  # when it was cut, the server says so to the statement that follows
        return super().cursor(*given, **more)

    @contextmanager
    def transaction(self, *given: Any, **more: Any) -> Iterator[psycopg.Transaction]:
        """Behind its end: what was committed is, and nobody heard so."""
        with super().transaction(*given, **more) as transaction:
            yield transaction
        if self.watcher is not None and self.watcher.statement(self.lane):
            raise psycopg.OperationalError("the connection broke behind the commit")


def watch(database: str, watcher: Watcher) -> None:
    """Connections that are made from now on to the database of this name are this watcher's."""
    _WATCHERS[database] = watcher


def forget(database: str) -> None:
    """Nobody watches it any more."""
    _WATCHERS.pop(database, None)


@contextmanager
def layer() -> Iterator[None]:
    """Puts itself below the hub's databases, for this process, and takes itself away again."""
    before = HubDatabase.connect
    HubDatabase.connect = staticmethod(_connect)
    try:
        yield
    finally:
        HubDatabase.connect = staticmethod(before)


def _connect(conninfo: str, **more: Any) -> psycopg.Connection[Any]:
    watcher = _WATCHERS.get(conninfo.rpartition("/")[2].partition("?")[0])
    if watcher is not None and not watcher.may_connect():
        raise psycopg.OperationalError("its process ends")
    connection: _Watched = _Watched.connect(conninfo, **more)
    connection.watcher, connection.lane = watcher, str(more.get("application_name", ""))
    return connection
