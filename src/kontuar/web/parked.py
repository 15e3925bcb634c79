"""Parking for the screens and the API of a station: ask the agent, wait a little, go on without it (PARK-01 … 08)."""

import asyncio
from typing import Final, Literal

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.ports.parking import ParkedRow
from kontuar.operations.station import till
from kontuar.operations.station.parking import comparing, continuing, errands, putting, removing
from kontuar.operations.station.parking.comparing import ComparedVersion, Comparison
from kontuar.operations.station.parking.errands import Errand
from kontuar.web.desk import Asked, Desk

APPROVING_SECONDS: Final = 1.0
"""How long an approval waits to tell the others of itself; it goes on without."""


class ParkedAs(msgspec.Struct, frozen=True, kw_only=True):
    """What parking came to: *parked* = in the store's buffer; *local* = on this station only until the agent is back
    (PARK-03), with its `problems` where it declined; *conflict* = as a second document beside another station's
    version (PARK-15); *kept* = another station took it over, the work stays here as a copy (PARK-06).

    `doc_id` = the document as it is listed now.
    """

    outcome: Literal["parked", "local", "conflict", "kept"]
    doc_id: str
    row: ParkedRow
    problems: tuple[Problem, ...] = ()


async def park(request: Asked, desk: Desk, doc_id: str) -> ParkedAs:
    """Park a draft; raises `Refused("parking.…" | "right.missing")` when it may not be."""
    held = await desk.do(request, putting.park, doc_id)
    problems = await settle(desk, doc_id)
    told = await desk.run(errands.came_to, desk.station, held)
    return ParkedAs(outcome=told.outcome, doc_id=told.doc_id, row=told.row, problems=problems)


async def proceed(request: Asked, desk: Desk, doc_id: str, *, take_over: bool = False, older: bool = False) -> Document:
    """Continue a parked document: its bytes become a draft of this station, whole or not at all.

    Raises `Refused("parking.…" | "right.missing")`; `parking.held_elsewhere` and `parking.being_approved` name the
    station that has it.
    """
    begun = await desk.do(request, continuing.opening, doc_id, take_over=take_over)
    if begun.document is not None:
        return begun.document
    if begun.settle_first:
        doc_id = await _settled(desk, doc_id)
        begun = await desk.do(request, continuing.opening, doc_id, take_over=take_over)
        if begun.document is not None:
            return begun.document
        if begun.settle_first:  # the agent does not take what waits here: nothing it gives may replace that
            return await desk.do(request, continuing.open_offline, doc_id, older=True)
    if not in_reach(desk):
        return await desk.do(request, continuing.open_offline, doc_id, older=older)
    asked_at = desk.station.clock.monotonic()
    try:
        answer = await desk.ask(continuing.OPEN, begun.question)
    except Refused as refusal:
        if not is_away(refusal):
            raise
        return await desk.do(request, continuing.open_offline, doc_id, older=older)
    return await desk.do(request, continuing.opened, answer, asked_at, take_over=take_over)


async def compared(request: Asked, desk: Desk, doc_id: str) -> Comparison:
    """The differing versions of a document; those whose content nobody tells now are without it (PARK-15).

    Raises `Refused("parking.not_found" | "parking.one_version")`.
    """
    versions = await desk.do(request, comparing.begun, doc_id)
    return comparing.compared([await _with_content(desk, version) for version in versions])


async def _with_content(desk: Desk, version: ComparedVersion) -> ComparedVersion:
    if version.document is not None or not in_reach(desk):
        return version
    try:
        answer = await desk.ask(comparing.LOOK, comparing.question(version))
        return await desk.run(comparing.looked, desk.station, version, answer)
    except Refused:
        return version  # the screen says that its content cannot be had; the others are compared all the same


async def leave(request: Asked, desk: Desk, doc_id: str) -> bool:
    """Leave the form of a continued document: unchanged it goes back, True; else it stays open."""
    left = await desk.do(request, putting.leave, doc_id)
    if left:
        await settle(desk, doc_id)
    return left


async def delete(request: Asked, desk: Desk, doc_id: str) -> None:
    """Delete a parked document everywhere; raises `Refused("parking.…" | "right.missing" | "connectivity.too_low")`."""
    begun = await desk.do(request, removing.removing, doc_id)
    if begun.question:
        settled = await _settled(desk, doc_id)
        if settled != doc_id:  # what waited here is listed as a document of its own: that is what is meant
            doc_id, begun = settled, await desk.do(request, removing.removing, settled)
    if begun.draft:
        await desk.do(request, till.discard, doc_id)
    elif begun.question:
        asked_at = desk.station.clock.monotonic()
        answer = await desk.ask(continuing.OPEN, begun.question)
        await desk.do(request, removing.removed, answer, asked_at)
    await settle(desk, doc_id)


async def tell_approving(desk: Desk, doc_id: str) -> None:
    """Let the others know that it is being approved here; nothing waits for it (PARK-08).

    The agent's no counts: another till has it, or it is approved or deleted. With money assigned it is approved as a
    document of its own; else the work is kept as a copy, and `Refused("parking.lease_lost" | …)` says who has it.
    """
    errand = await desk.run(errands.approving, desk.station, doc_id)
    if errand is None or not in_reach(desk):
        return
    try:
        async with asyncio.timeout(APPROVING_SECONDS):
            await desk.ask(errand.question, errand.body)
    except TimeoutError:
        return  # the approval itself tells the agent; the lease still keeps the others out
    except Refused as refusal:
        if is_away(refusal):
            return
        await desk.run(errands.declined, desk.station, errand, refusal.problems)
        if await desk.run(desk.station.books.drafts.load, doc_id) is None:
            raise


async def _settled(desk: Desk, doc_id: str) -> str:
    """Tell the agent what waits here; the document as it is listed then (a conflict copy has another identity)."""
    before = await desk.run(desk.station.books.parking.find, doc_id)
    await settle(desk, doc_id)
    if before is None or before.state != "waiting":
        return doc_id
    return (await desk.run(errands.came_to, desk.station, before)).doc_id


async def settle(desk: Desk, doc_id: str) -> tuple[Problem, ...]:
    """Tell the agent now what is to be told of one document; what it declined comes back."""
    errand = await desk.run(errands.errand_for, desk.station, doc_id)
    if errand is None:
        return ()
    if not in_reach(desk):
        await desk.run(errands.unanswered, desk.station, errand)
        return ()
    return await run_errand(desk, errand)


async def run_errand(desk: Desk, errand: Errand) -> tuple[Problem, ...]:
    """Ask, and let the answer change what is held here; while the agent is away it waits."""
    station = desk.station
    if not await desk.run(errands.begun, station, errand):
        return ()
    asked_at = station.clock.monotonic()
    try:
        answer = await desk.ask(errand.question, errand.body)
    except Refused as refusal:
        if is_away(refusal):
            await desk.run(errands.unanswered, station, errand)
            return ()
        await desk.run(errands.declined, station, errand, refusal.problems)
        return refusal.problems
    following = await desk.run(errands.answered, station, errand, answer, asked_at)
    return await run_errand(desk, following) if following is not None else ()


def in_reach(desk: Desk) -> bool:
    """Whether the agent was heard of late."""
    return desk.sync_status().level != "offline"


def is_away(refusal: Refused) -> bool:
    """Whether the agent did not answer, rather than said no."""
    return any(problem.code in errands.AWAY for problem in refusal.problems)
