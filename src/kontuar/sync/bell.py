"""A bell that wakes everyone who waits for something new; rung from the database thread or the server's."""

import asyncio


class Bell:
    """Who waits says which ring he heard last, so a ring between looking and waiting is never missed."""

    def __init__(self) -> None:
        self.rings = 0
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: dict[asyncio.Future[None], None] = {}
        """In the order in which they came, so that a simulated day goes the same way every time."""

    def ring(self) -> None:
        """Something is new. From any thread."""
        loop = self._loop
        if loop is None or loop.is_closed():
            self.rings += 1
        else:
            loop.call_soon_threadsafe(self._ring)

    def close(self) -> None:
        """Let everyone go, now and from now on: the node stops."""
        self.closed = True
        self.ring()

    async def wait(self, heard: int, seconds: float) -> bool:
        """Until the next ring after `heard`, at most so long; whether it rang."""
        self._loop = asyncio.get_running_loop()
        if self.rings != heard or self.closed:
            return True
        future: asyncio.Future[None] = self._loop.create_future()
        self._waiting[future] = None
        try:
            # Not `wait_for`: before Python 3.12 it can swallow the cancelling of a task whose future is done.
            async with asyncio.timeout(max(seconds, 0)):
                await future
        except TimeoutError:
            return False
        finally:
            self._waiting.pop(future, None)
        return True

    def _ring(self) -> None:
        self.rings += 1
        for future in list(self._waiting):
            if not future.done():
                future.set_result(None)
