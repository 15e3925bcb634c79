"""Coupons for the screens and the API of a station: ask head office, wait a little, go on without it (COUP-01 … 03).

Nobody waits longer than `Desk.answer_seconds` for a yes or no, and `TELL_SECONDS` to tell what is let go.
"""

import asyncio
from collections.abc import Callable
from typing import Concatenate, Final, ParamSpec, TypeVar

from kontuar.domain.documents.document import Document
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.coupons import BUSY, RESERVE, VERIFY
from kontuar.operations.station import coupon_marks, coupon_payment, coupons, till
from kontuar.operations.station.coupon_marks import CouponErrand
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk
from kontuar.web.parked import is_away

TELL_SECONDS: Final = 1.0
"""How long a person waits while head office is told what it need not keep; else it is told later."""

P = ParamSpec("P")
Result = TypeVar("Result")


async def put(request: Asked, desk: Desk, doc_id: str, code: str, scan_id: str = "") -> Document:
    """Put a coupon on a draft, verified by head office, or unchecked where it may be and nobody answers.

    A `scan_id` seen before changes nothing. Raises `Refused("coupon.…")`.
    """
    actor = await desk.actor(request)
    if await desk.run(coupons.was_scanned, desk.station, scan_id):
        return await desk.run(till.look_at, desk.station, actor, doc_id)
    begun = await desk.do(request, coupons.to_verify, doc_id, code)
    answer: bytes | None = None
    if begun.question:
        try:
            answer = await desk.ask(VERIFY, begun.question)
        except Refused as refusal:
            if not _is_unanswered(refusal):
                raise
    document = await desk.do(request, coupons.put, doc_id, code, answer, scan_id=scan_id)
    await settle(desk, doc_id)
    return document


async def take_off(request: Asked, desk: Desk, doc_id: str, code: str) -> Document:
    """Take a coupon off; what was kept for the draft is let go, now or when head office can be told."""
    document = await desk.do(request, coupons.take_off, doc_id, code)
    await settle(desk, doc_id)
    return document


async def scan(request: Asked, desk: Desk, doc_id: str, code: str, quantity: str = "1", scan_id: str = "") -> Document:
    """A scanned or typed code: an article's, else a coupon's (COUP-01). A `scan_id` seen before changes nothing."""
    try:
        return await desk.do(request, till.scan, doc_id, code, quantity, scan_id=scan_id)
    except Refused as refusal:
        if not await is_meant(desk, code, refusal):
            raise
    return await put(request, desk, doc_id, code, scan_id)


async def is_meant(desk: Desk, code: str, refusal: Refused) -> bool:
    """Whether a code that was refused as an article's is a coupon's."""
    unknown = refusal.problems[0].code == "article.code_unknown"
    return unknown and await desk.run(coupons.is_coupon, desk.station, code)


async def before_payment(request: Asked, desk: Desk, doc_id: str) -> None:
    """Call before money is taken: what the draft uses up is reserved at head office (COUP-03).

    Head office's no is raised: `Refused("coupon.used_up" | "coupon.reserved_elsewhere" | …)`; nothing is taken off.
    Where nobody answers, the operation that follows says which coupons may not be taken unchecked. What head office
    keeps without our having heard so is released.
    """
    begun = await desk.do(request, coupon_payment.to_reserve, doc_id)
    if not begun.question:
        return
    try:
        answer = await desk.ask(RESERVE, begun.question)
        await desk.run(coupon_payment.reserved, desk.station, doc_id, begun.turn, answer)
    except Refused as refusal:
        await desk.run(coupon_payment.not_reserved, desk.station, doc_id, begun.turn)
        if _is_unanswered(refusal):
            return
        await settle(desk, doc_id)
        raise


async def open_payment(
    request: Asked, desk: Desk, operation: Callable[Concatenate[Station, Actor, str, P], Result], doc_id: str,
    *arguments: P.args, **named: P.kwargs,
) -> Result:  # fmt: skip
    """Reserve, then open the payment by `operation`; where that is refused nothing stays kept."""
    await before_payment(request, desk, doc_id)
    try:
        return await desk.do(request, operation, doc_id, *arguments, **named)
    except Refused:
        await desk.run(coupon_payment.not_opened, desk.station, doc_id)
        await settle(desk, doc_id)
        raise


async def before_approval(request: Asked, desk: Desk, doc_id: str) -> None:
    """The same for a draft that is approved without the window; one that was approved already is nobody's draft."""
    if await desk.run(desk.station.books.drafts.load, doc_id) is not None:
        await before_payment(request, desk, doc_id)


async def settle(desk: Desk, doc_id: str) -> None:
    """Tell head office now what is to be let go of one draft; what cannot be told in a moment is told later."""
    for errand in await desk.run(coupon_marks.due, desk.station):
        if errand.doc_id == doc_id:
            await _tell(desk, errand, TELL_SECONDS)


async def settle_all(desk: Desk) -> None:
    """Tell head office all that is to be let go, one after another, for as long as it answers."""
    for errand in await desk.run(coupon_marks.due, desk.station):
        if not await _tell(desk, errand, desk.answer_seconds):
            return


async def _tell(desk: Desk, errand: CouponErrand, seconds: float) -> bool:
    """Whether head office answered; only then the errand ends."""
    if desk.sync_status().level != "online":
        return False
    try:
        await _ask_within(desk, errand, seconds)
    except Refused as refusal:
        if not _is_not_understood(refusal):
            return False
    await desk.run(coupon_marks.released, desk.station, errand)
    return True


async def _ask_within(desk: Desk, errand: CouponErrand, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await desk.ask(errand.question, errand.body)
    except TimeoutError:
        raise refuse("elsewhere.slow") from None


def _is_unanswered(refusal: Refused) -> bool:
    """Whether head office neither said yes nor no."""
    return is_away(refusal) or any(problem.code == BUSY for problem in refusal.problems)


def _is_not_understood(refusal: Refused) -> bool:
    """A head office that knows no such question has never kept anything."""
    return all(problem.code.startswith("question.") for problem in refusal.problems)
