"""Somebody else in the store who holds what a till issues, before it is issued (REL-21)."""

from typing import Literal, Protocol

from kontuar.operations.ports.streams import Position, StreamId

CopyOutcome = Literal["held", "away", "late"]
"""Somebody else holds it; nobody can be reached or takes anything, so nobody was waited for; the time was over."""


class SecondCopy(Protocol):
    """Who can hold the copy: the store's agent; other tills of the store, once tills find each other (REL-22)."""

    async def wait(self, stream: StreamId, position: Position, most_seconds: float) -> CopyOutcome:
        """Until somebody else durably holds the stream up to this position, by its hash; never longer than told."""
        ...
