"""The coupon window: what there is, put on, taken off, scanned (COUP-01 … COUP-03)."""

from typing import Any

from litestar import Response, get, post

from kontuar.domain.documents.document import DocumentCoupon
from kontuar.operations.station import coupons as coupon_operations
from kontuar.operations.station import own_documents, sale_view, till, views
from kontuar.web import coupons
from kontuar.web.desk import Asked, Desk
from kontuar.web.i18n import Texts
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import closed, fragment, words_for
from kontuar.web.station.sale import answer, marked_of


@get("/sale/{doc_id:str}/coupons")
async def show(request: Asked, desk: Desk, doc_id: str, phrase: str = "") -> Response[str]:
    """The window: those on the document first, then what may be used, soonest expiry first."""
    return await _shown(request, desk, doc_id, phrase, "station/sale/coupons.jinja")


@get("/sale/{doc_id:str}/coupons/rows")
async def show_rows(request: Asked, desk: Desk, doc_id: str, code: str = "") -> Response[str]:
    """The list by what was typed so far: a part of the code, the beginning of words."""
    return await _shown(request, desk, doc_id, code, "station/sale/coupon_rows.jinja")


@post("/sale/{doc_id:str}/coupons", status_code=200)
async def put(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Put on what was chosen, typed or scanned; head office is asked where it can be."""
    return await put_on_form(request, desk, doc_id, data)


@post("/sale/{doc_id:str}/coupons/off", status_code=200)
async def take_off(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Take it off, and its discount with it."""
    before = await desk.do(request, till.look_at, doc_id)
    await coupons.take_off(request, desk, doc_id, data.get("code", ""))
    view = await desk.do(request, sale_view.since, before, marked_of(data))
    return answer(request, view, data, **closed())


@get("/documents/{doc_id:str}/coupons")
async def show_applied(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """On a preview: only those whose discount was given."""
    stored = await desk.do(request, own_documents.preview, doc_id)
    used = [coupon for coupon in stored.document.discounts.coupons if coupon.used]
    return fragment(request, "station/sale/coupons_applied.jinja", document=stored.document, rows=used)


async def put_on_form(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """The form with the coupon on it, and whether its discount is given: conditions not met use nothing up."""
    code = data.get("code", "")
    before = await desk.do(request, till.look_at, doc_id)
    document = await coupons.put(request, desk, doc_id, code, data.get("scan_id", ""))
    view = await desk.do(request, sale_view.since, before, marked_of(data))
    mine = next((coupon for coupon in document.discounts.coupons if coupon.code == code.strip()), None)
    toast = {"text": code, "kind": "warn"} if mine is None else _told(words_for(request), mine)
    triggers: dict[str, Any] = {"kontuar:toast": {**toast, "name": "coupon"}, "kontuar:added": {"text": code}}
    return answer(request, view, data, **triggers, **closed())


def _told(words: Texts, coupon: DocumentCoupon) -> dict[str, str]:
    """Whether it gives its discount, and whether head office could be asked about it (COUP-03)."""
    text = words.gettext("%(name)s: its discount is given.") if coupon.used else words.gettext(
        "%(name)s is on the document; nothing here meets its conditions yet."
    )  # fmt: skip
    text %= {"name": coupon.name}
    if coupon.state == "offline":
        text += " " + words.gettext("Head office could not be asked: it was not checked whether the code was used.")
    return {"text": text, "kind": "good" if coupon.used and coupon.state != "offline" else "warn"}


async def _shown(request: Asked, desk: Desk, doc_id: str, phrase: str, template: str) -> Response[str]:
    rows = await desk.do(request, coupon_operations.available, doc_id, phrase)
    view = await desk.do(request, sale_view.view, doc_id)
    look = await desk.do(request, views.look, "coupons")
    return fragment(request, template, rows=rows, document=view.document, phrase=phrase, look=look)


HANDLERS = (show, show_rows, put, take_off, show_applied)
