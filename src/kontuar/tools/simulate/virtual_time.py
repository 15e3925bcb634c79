"""An event loop whose time is virtual: nothing is waited for, and the same seed takes the same steps.

The nodes' own loops, bells and timeouts run on it unchanged. Work that a node hands to a thread is done at once, so
there is one thread and one order.
"""

import asyncio
import selectors
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

from kontuar.tools.simulate import lives


class NothingLeft(Exception):
    """Everybody waits for somebody else: no timer is set, and nothing is ready."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """`time()` is the seconds since the beginning of the simulation."""

    def __init__(self) -> None:
        self._elapsed = 0.0
        super().__init__(_NoSockets(self._skip))
        self._clock_resolution = 1e-9
        self.steps = 0
        self._free_at: dict[tuple[lives.Life, Executor | None], float] = {}
        """When what a slow process was given is done."""

    def time(self) -> float:
        return self._elapsed

    def run_in_executor(  # type: ignore[override]
        self, executor: Executor | None, func: Callable[..., Any], *args: Any
    ) -> asyncio.Future[Any]:
        """In this thread: at once, or behind what waits for a slow disk."""
        future: asyncio.Future[Any] = self.create_future()
        life = lives.current()
        delay = life.delay_seconds() if life is not None else 0.0
        free = self._free_at.get((life, executor), 0.0) if life is not None and self._free_at else 0.0
        if life is None or (not delay and free <= self._elapsed):
            _work(future, func, args)
            return future
        self._free_at[life, executor] = done = max(free, self._elapsed) + delay
        self.call_at(done, _work_of, life, future, func, args)
        return future

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Callable[..., object], *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """There is one thread, so nobody has to be woken."""
        return self.call_soon(callback, *args, context=context)

    def _skip(self, seconds: float | None) -> None:
        """Called where a real loop would wait for sockets."""
        self.steps += 1
        if seconds is None:
            raise NothingLeft("nothing is ready and no timer is set")
        if seconds > 0:
            # To the timer itself, not by the seconds: sums of floats may fall short of it for ever.
            timers: list[asyncio.TimerHandle] = self._scheduled  # type: ignore[attr-defined]
            self._elapsed = max(self._elapsed, timers[0].when())


def _work(future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    try:
        result = func(*args)
    except StopIteration as error:
        raise RuntimeError("a function ended with StopIteration") from error
    except Exception as error:  # noqa: BLE001 - whoever waits for the result gets it
        future.set_exception(error)
    else:
        future.set_result(result)


def _work_of(life: lives.Life, future: asyncio.Future[Any], func: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """A process that ended meanwhile does nothing more; who gave up waiting is not told."""
    if life.over:
        return
    told: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    _work(told, func, args)
    if future.done():
        told.exception()
    elif told.exception() is not None:
        future.set_exception(told.exception() or RuntimeError())
    else:
        future.set_result(told.result())


class _NoSockets(selectors.BaseSelector):
    """There are no sockets; where one would wait, time goes on."""

    def __init__(self, skip: Callable[[float | None], None]) -> None:
        self._skip = skip
        self._keys: dict[int, selectors.SelectorKey] = {}

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        self._skip(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = selectors.SelectorKey(fileobj, number, events, data)
        self._keys[number] = key
        return key

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        number = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        return self._keys.pop(number)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._keys
