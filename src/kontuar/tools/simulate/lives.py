"""A life is one run of a node's process: everything it begins ends with it, at once and without a last word."""

import asyncio
import contextvars
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")

_OWNER: "contextvars.ContextVar[Life | None]" = contextvars.ContextVar("owner", default=None)


class Ended(Exception):
    """The life in which something was done is over, and nobody knows how far it came."""


class Life:
    """One run of one node. Tasks begun inside it, and tasks that those begin, belong to it."""

    def __init__(self, name: str, ended: "Callable[[Life], None]") -> None:
        self.name = name
        self.over = False
        self.doomed = False
        """It ends before anything else happens: what it still says, nobody hears."""
        self.delay_seconds: Callable[[], float] = lambda: 0.0
        """How long what is done with its database takes now."""
        self._ended = ended
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self._context = contextvars.copy_context()
        self._context.run(_OWNER.set, self)

    def begin(self, work: Coroutine[Any, Any, Result]) -> asyncio.Task[Result]:
        """A task of this life; of a life that is over, one that does nothing."""
        task = asyncio.get_running_loop().create_task(work, context=self._context)
        if self.over:
            task.cancel()
        return task

    async def do(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Have it done by this life, from outside; raises `Ended`."""
        task = self.begin(work)
        await asyncio.wait([task])
        if task.cancelled():
            raise Ended
        return task.result()

    def end(self) -> None:
        """All tasks stop where they are. Nothing they do on the way out may reach a disk or the network."""
        if self.over:
            return
        self.over = self.doomed = True
        for task in list(self._tasks):
            task.cancel()
        self._ended(self)

    def end_soon(self) -> None:
        """Called from inside one of its own tasks: it goes on to its next await, as a process that was told to stop."""
        self.doomed = True
        asyncio.get_running_loop().call_soon(self.end)

    def keep(self, task: asyncio.Task[Any]) -> None:
        """Remember a task until it is done."""
        self._tasks[task] = None
        task.add_done_callback(lambda done: self._tasks.pop(done, None))


def current() -> Life | None:
    """The life in which we are."""
    return _OWNER.get()


def owning_tasks(loop: asyncio.AbstractEventLoop, work: Any, **more: Any) -> asyncio.Task[Any]:
    """The loop's task factory: every task belongs to the life in which it is begun."""
    task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **more)
    context = more.get("context") or contextvars.copy_context()
    owner = context.get(_OWNER)
    if owner is not None:
        owner.keep(task)
    return task
