"""A lane: one thread with one database; whoever is on the server's loop hands it work and waits."""

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Generic, Protocol, TypeVar

from kontuar.storage.failures import StorageDamaged, StorageUnavailable

Result = TypeVar("Result")


class Closable(Protocol):
    """A database that can be let go of."""

    def close(self) -> None:
        """Let go of the connection."""
        ...


Database = TypeVar("Database", bound=Closable)


class Lane(Generic[Database]):
    """The `Runner` of a node. Until `open()` everything is answered with `StorageUnavailable`."""

    def __init__(self, name: str, database: Database, on_damage: Callable[[], None] = lambda: None) -> None:
        """`on_damage` is called when the database proves damaged: nothing may be written to it any more."""
        self._on_damage = on_damage
        self.database = database
        self._name = name
        self.is_open = False
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix=name)

    async def __call__(self, operation: Callable[..., Result], *arguments: Any) -> Result:
        if not self.is_open:
            raise StorageUnavailable("the database is not ready yet")
        try:
            return await self.run_unopened(operation, *arguments)
        except StorageDamaged:
            self._on_damage()
            raise

    async def run_unopened(self, operation: Callable[..., Result], *arguments: Any) -> Result:
        """Run what prepares the database, before `open()`."""
        # The context goes along: who asked, and from where, is written into the audit log by the database.
        context = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._thread, context.run, operation, *arguments)

    def open(self) -> None:
        """The database is prepared: work is taken from now on."""
        self.is_open = True

    def close(self) -> None:
        """Finish what was begun, then let go of the database. Blocks."""
        self.is_open = False
        self._thread.submit(self.database.close)
        self._thread.shutdown(wait=True)
