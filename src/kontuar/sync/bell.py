"""A bell that wakes whoever waits for something new; rung from the database thread or the server's."""

import asyncio
from collections import Counter


class Bell:
    """Who waits says how many rings he heard before he looked, so a ring between looking and waiting is never missed.

    A ring for one store wakes only those who wait for that store, or for everything: what a hub booked for a shop is no
    news for a thousand others.
    """

    def __init__(self) -> None:
        self.closed = False
        self._rings: Counter[str] = Counter()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[asyncio.Future[None], str] = {}
        """In the order in which they came, so that a simulated day goes the same way every time."""

    def heard(self, store: str = "") -> int:
        """How many rings there were for a store, or in all."""
        return self._rings[store] + self._rings[""] if store else self._rings.total()

    def ring(self, store: str = "") -> None:
        """Something is new, for one store or for all. From any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            self._rings[store] += 1
        else:
            loop.call_soon_threadsafe(self._ring, store)

    def close(self) -> None:
        """Let everyone go, now and from now on: the node stops."""
        self.closed = True
        self.ring()

    async def wait(self, heard: int, seconds: float, store: str = "") -> bool:
        """Until the next ring after `heard`, at most so long; whether it rang."""
        self._loop = asyncio.get_running_loop()
        if self.heard(store) != heard or self.closed:
            return True
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting[future] = store
        try:
            # Not `wait_for`: before Python 3.12 it can swallow the cancelling of a task whose future is done.
            async with asyncio.timeout(max(seconds, 0)):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(future, None)
        return True

    def _ring(self, store: str) -> None:
        self._rings[store] += 1
        for future, wanted in list(self._waiting.items()):
            if not future.done() and (not store or not wanted or wanted == store):
                future.set_result(None)
