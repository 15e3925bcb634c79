"""Documents that are not issued before somebody else holds them (REL-21)."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from kontuar.operations.ports.streams import Position


class CopyDue(msgspec.Struct, frozen=True, kw_only=True):
    """A document that is not issued yet: where its message lies, how long its issue waits, and why it waits no more.

    `missing`: *away* or *late*; empty = it is still to be waited for.
    """

    doc_id: str
    incarnation: str
    position: Position
    seconds: int
    missing: str


class Copies(Protocol):
    """What is known of second copies. The changing calls run inside the caller's transaction."""

    def begin(self, doc_id: str, seq: int, seconds: int) -> None:
        """A document was approved and is not to be issued at once."""
        ...

    def due(self) -> Sequence[CopyDue]:
        """All that are not issued yet, oldest first."""
        ...

    def due_of(self, doc_id: str) -> CopyDue | None:
        """One of them; None when it is issued, or nothing was to be waited for."""
        ...

    def missed(self, doc_id: str, why: str) -> None:
        """It is issued without a second copy."""
        ...

    def issued(self, doc_id: str) -> None:
        """It is issued; only what had no second copy is remembered, until head office has it."""
        ...

    def alone(self) -> int:
        """How many were issued without a second copy and have none yet."""
        ...
