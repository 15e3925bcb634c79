"""Coupons on a draft as the station's API (COUP-01 … COUP-03)."""

import msgspec
from litestar import delete, get, post

from kontuar.domain.documents.document import Document
from kontuar.operations.station.coupons import CouponRow, available
from kontuar.web import coupons
from kontuar.web.desk import Asked, Desk


class CouponBody(msgspec.Struct, frozen=True):
    """A coupon's code as it was scanned, typed or chosen."""

    code: str


@get("/api/v1/documents/{doc_id:str}/coupons", summary="Coupons that the buyer may use on a draft")
async def list_coupons(request: Asked, doc_id: str, desk: Desk, phrase: str = "") -> list[CouponRow]:
    """Those on the draft first, then by their last day; `phrase`: of the label, the discount or the code (COUP-01)."""
    return await desk.do(request, available, doc_id, phrase)


@post("/api/v1/documents/{doc_id:str}/coupons", summary="Put a coupon on a draft", status_code=200)
async def put_coupon(request: Asked, doc_id: str, data: CouponBody, desk: Desk) -> Document:
    """Verified by head office; where nobody answers, only what is allowed offline (COUP-02, COUP-03)."""
    return await coupons.put(request, desk, doc_id, data.code)


@delete("/api/v1/documents/{doc_id:str}/coupons/{code:str}", summary="Take a coupon off", status_code=200)
async def take_off_coupon(request: Asked, doc_id: str, code: str, desk: Desk) -> Document:
    """Its discount goes with it; what head office kept is let go."""
    return await coupons.take_off(request, desk, doc_id, code)


HANDLERS = (list_coupons, put_coupon, take_off_coupon)
