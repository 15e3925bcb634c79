"""What comes between the approval of a document and its print: the wait for a second copy (REL-21)."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import structlog

from kontuar.domain.documents.document import Document
from kontuar.kernel.errors import Problem
from kontuar.operations.actor import Actor
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.second_copy import CopyOutcome, SecondCopy
from kontuar.operations.ports.station.copies import CopyDue
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.operations.station import second_copy
from kontuar.operations.station.station import Station
from kontuar.storage.failures import StorageFailure

_CODES: Final = {"away": "copy.away", "late": "copy.late"}
_log = structlog.get_logger("second_copy")


class NobodyElse:
    """A till that stands alone."""

    async def wait(self, stream: StreamId, position: Position, most_seconds: float) -> CopyOutcome:
        """Nobody is there to hold anything."""
        del stream, position, most_seconds
        return "away"


class SecondCopyDesk:
    """Waits outside the database thread; other requests go on meanwhile."""

    def __init__(self, station: Station, run: Runner, holder: SecondCopy) -> None:
        self._station = station
        self._run = run
        self._holder = holder
        self._waiting: dict[str, Problem] = {}

    async def is_due(self, doc_id: str) -> bool:
        """Whether something is to be waited for before the document is issued."""
        return await self._run(second_copy.is_due, self._station, doc_id)

    def waiting(self, doc_id: str) -> tuple[Problem, ...]:
        """What to tell while it is waited for; empty when it is not."""
        return tuple(filter(None, (self._waiting.get(doc_id),)))

    async def before_issue(self, actor: Actor, document: Document, due: CopyDue) -> tuple[Problem, ...]:
        """Wait as long as the parameter says; empty when somebody else holds the document, else what to tell.

        What was found out before the station stopped is not waited for again.
        """
        missing = due.missing or await self._missing(document, due)
        if not missing:
            return ()
        if not due.missing:
            _log.warning("second_copy.missing", doc_id=document.doc_id, why=missing)
            await self._noted(second_copy.missed, self._station, actor, document.doc_id, missing)
        return (Problem(_CODES[missing], "", {"number": document.number}),)

    async def issued(self, doc_id: str) -> None:
        """It is printed, or whatever else was set up was tried."""
        await self._noted(second_copy.issued, self._station, doc_id)

    async def left_over(self) -> Sequence[tuple[CopyDue, Document]]:
        """What was not issued when the station stopped."""
        return await self._run(second_copy.left_over, self._station)

    async def _noted(self, note: Callable[..., None], *given: Any) -> None:
        """A sale that stands is issued in any case, also where the disk has no room to note how."""
        try:
            await self._run(note, *given)
        except StorageFailure as failure:
            _log.error("second_copy.not_noted", code=failure.code)

    async def _missing(self, document: Document, due: CopyDue) -> str:
        facts = {"number": document.number, "seconds": str(due.seconds)}
        self._waiting[document.doc_id] = Problem("copy.waiting", "", facts)
        stream = StreamId(self._station.identity.station, due.incarnation)
        try:
            outcome = await self._holder.wait(stream, due.position, due.seconds)
        finally:
            del self._waiting[document.doc_id]
        return "" if outcome == "held" else outcome
