"""What a node does again and again beside its work: one loop for all of it, which neither ends nor floods the log."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

import structlog

from kontuar.kernel.errors import Refused
from kontuar.storage.failures import StorageFailure

AGAIN_SECONDS: Final = 2.0
"""Between two tries of what is to be done once."""
_log = structlog.get_logger("chores")


class Look(Protocol):
    """Does what is due now; the seconds until the next look where they are not the usual ones."""

    def __call__(self) -> Awaitable[float | None]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Chore:
    """`look` is called at the start, then `seconds` after it ended, or `again_seconds` after it could not be done.

    `wait` is how the pause is spent; whoever can be woken hands in something that ends earlier.
    """

    name: str
    look: Look
    seconds: float
    again_seconds: float | None = None
    waits_first: bool = False
    wait: Callable[[float], Awaitable[Any]] = asyncio.sleep


class Chores:
    """The background tasks of a node, or of a part of it."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def start(self, chores: Iterable[Chore]) -> None:
        """Begin; inside the server's loop."""
        for chore in chores:
            self.begin(chore.name, _forever(chore))

    def until_done(self, name: str, work: Callable[[], Awaitable[Any]]) -> None:
        """Do something once; what the database could not do now is done later, and never forgotten."""
        self.begin(name, _until_done(name, work))

    def begin(self, name: str, work: Any) -> None:
        """Something that ends by itself; what goes wrong in it is said at once."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)

    def _ended(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        fault = None if task.cancelled() else task.exception()
        if fault is not None:
            _log.error("chore.ended", chore=task.get_name(), exc_info=fault)

    async def stop(self) -> None:
        """End all; what was not done is done at the next start."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Said:
    """What a chore said last: the same is not said again until it worked in between."""

    def __init__(self, chore: str) -> None:
        self._chore = chore
        self._last = ""

    def waits(self, code: str) -> None:
        """It cannot be done now, for a reason that passes."""
        if self._last != code:
            self._last = code
            _log.warning("chore.waits", chore=self._chore, code=code)

    def broke(self, error: Exception) -> None:
        """A bug, or a reason that nobody thought of; call it where the exception is handled."""
        if self._last != repr(error):
            self._last = repr(error)
            _log.exception("chore.broke", chore=self._chore)

    def works(self) -> None:
        """It was done."""
        if self._last:
            self._last = ""
            _log.info("chore.works_again", chore=self._chore)


async def _forever(chore: Chore) -> None:
    said = _Said(chore.name)
    if chore.waits_first:
        await chore.wait(chore.seconds)
    while True:
        pause = await _looked(chore, said)
        await chore.wait(chore.seconds if pause is None else pause)


async def _looked(chore: Chore, said: _Said) -> float | None:
    try:
        pause = await chore.look()
        if not (pause is None or isinstance(pause, float)):
            raise TypeError(f"{pause!r} says nothing of when to look again")  # a count of 0 would never rest
    except Refused as refusal:
        said.waits(refusal.problems[0].code)
    except StorageFailure as failure:  # a full disk passes; a damaged database ends the process elsewhere
        said.waits(failure.code)
    except OSError as failure:  # a file beside the database, or an address: both pass
        said.waits(type(failure).__name__)
    except Exception as error:  # noqa: BLE001 - a task that dies silently would leave its work undone for good
        said.broke(error)
    else:
        said.works()
        return pause
    return chore.again_seconds


async def _until_done(name: str, work: Callable[[], Awaitable[Any]]) -> None:
    said = _Said(name)
    while True:
        try:
            await work()
        except StorageFailure as failure:
            said.waits(failure.code)
            await asyncio.sleep(AGAIN_SECONDS)
        else:
            said.works()
            return
