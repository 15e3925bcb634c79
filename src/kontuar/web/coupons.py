"""Coupons for the screens and the API of a station: ask head office, wait a little, go on without it (COUP-01 … 03)."""

from kontuar.domain.documents.document import Document
from kontuar.kernel.errors import Refused
from kontuar.operations.ports.coupons import RESERVE, VERIFY
from kontuar.operations.station import coupon_marks, coupon_payment, coupons, till
from kontuar.operations.station.coupon_marks import CouponErrand
from kontuar.web.desk import Asked, Desk
from kontuar.web.parked import is_away


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
            if not is_away(refusal):
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
    await desk.actor(request)
    if await desk.run(coupons.is_coupon, desk.station, code):
        return await put(request, desk, doc_id, code, scan_id)
    return await desk.do(request, till.scan, doc_id, code, quantity, scan_id=scan_id)


async def before_payment(request: Asked, desk: Desk, doc_id: str) -> None:
    """Call before the payment window opens: what the draft uses up is reserved at head office (COUP-03).

    Head office's no is raised: `Refused("coupon.used_up" | "coupon.reserved_elsewhere" | …)`; nothing is taken off.
    Where nobody answers, opening the payment itself says which coupons may not be taken unchecked.
    """
    begun = await desk.do(request, coupon_payment.to_reserve, doc_id)
    if not begun.question:
        return
    try:
        answer = await desk.ask(RESERVE, begun.question)
    except Refused as refusal:
        if is_away(refusal):
            return
        await desk.do(request, coupon_payment.declined, doc_id)
        await settle(desk, doc_id)
        raise
    await desk.do(request, coupon_payment.reserved, doc_id, answer)


async def before_approval(request: Asked, desk: Desk, doc_id: str) -> None:
    """The same for a draft that is approved without the window; one that was approved already is nobody's draft."""
    if await desk.run(desk.station.books.drafts.load, doc_id) is not None:
        await before_payment(request, desk, doc_id)


async def settle(desk: Desk, doc_id: str = "") -> None:
    """Tell head office now what is to be let go, of one draft or of all; what cannot be told now is told later."""
    for errand in await desk.run(coupon_marks.due, desk.station):
        if not doc_id or errand.doc_id == doc_id:
            await _tell(desk, errand)


async def _tell(desk: Desk, errand: CouponErrand) -> None:
    if desk.sync_status().level != "online":
        return
    try:
        await desk.ask(errand.question, errand.body)
    except Refused as refusal:
        if is_away(refusal):
            return  # told later; should head office never hear it, the reservation ends by itself
    await desk.run(coupon_marks.released, desk.station, errand)
