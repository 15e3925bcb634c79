"""The one thread that owns a node's database; web and sync hand it their work."""

from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, Protocol, TypeVar

Result = TypeVar("Result")


class Runner(Protocol):
    """Runs an operation on the database thread and waits for it without blocking the server."""

    async def __call__(self, operation: Callable[..., Result], *arguments: Any) -> Result:
        """The operation's result, or what it raised."""
        ...


ASKED_FROM: ContextVar[str] = ContextVar("asked_from", default="")
"""The address from which a person or a program asks, for the audit log; empty for the node's own work."""
