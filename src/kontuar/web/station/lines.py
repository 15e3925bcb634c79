"""Lines of a receipt: scans, typed codes, changes in small windows (DOC-20, DOC-22, DOC-23)."""

from litestar import Response, get, post

from kontuar.domain.documents import lines
from kontuar.kernel.errors import Refused
from kontuar.operations.station import sale_view, till
from kontuar.operations.station.sale_rules import chooses_several
from kontuar.web.coupons import is_meant
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.coupons import put_on_form
from kontuar.web.station.discounts import asked_first
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import (
    closed,
    fragment,
)
from kontuar.web.station.quick import kinds_of
from kontuar.web.station.sale import answer, context
from kontuar.web.station.sale_rows import Rows
from kontuar.web.station.scan_refused import on_code_refused


@post("/sale/{doc_id:str}/lines", status_code=200, exception_handlers={Refused: on_code_refused("sale")})
async def add(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """A scan (with `scan_id`, added once) or a typed code: an article's, else a coupon's (COUP-01)."""
    code, scan_id = data.get("code", ""), data.get("scan_id", "")
    try:
        view = await desk.do(
            request, sale_view.after, till.scan, doc_id, 0, code, data.get("quantity") or "1", scan_id=scan_id
        )
    except Refused as refusal:
        if not await is_meant(desk, code, refusal):
            raise
        return await put_on_form(request, desk, doc_id, data)
    return answer(request, view, data, **{"kontuar:added": _added(view)})


@post("/sale/{doc_id:str}/articles", status_code=200)
async def add_chosen(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """The article marked in the list or touched on the panel, perhaps one of its batches (DOC-29, QUICK-03); the list
    closes, unless the firm has several chosen from it (HUB-12)."""
    view = await desk.do(
        request, sale_view.after, till.add_article, doc_id, 0, data.get("article", ""), data.get("quantity") or "1",
        data.get("batch", ""),
    )  # fmt: skip
    stays = "from_list" in data and await desk.do(request, chooses_several)
    return answer(request, view, data, **{"kontuar:added": _added(view)}, **({} if stays else closed()))


@get("/sale/{doc_id:str}/lines/{number:int}")
async def show_details(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """Details of the marked line (DOC-25)."""
    view = await desk.do(request, sale_view.view, doc_id, number)
    return fragment(request, "station/sale/details.jinja", **context(request, view, Rows(whole=False)))


@get("/sale/{doc_id:str}/lines/{number:int}/edit/quantity")
async def show_edit(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """The small window for the quantity and its unit; discounts have windows of their own (`discounts`)."""
    view = await desk.do(request, sale_view.view, doc_id, number)
    return fragment(request, "station/sale/edit.jinja", **context(request, view, Rows(whole=False)))


@get("/sale/{doc_id:str}/lines/{number:int}/keypad/quantity")
async def show_on_keypad(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """The field that the on-screen keypad types into for the quantity (QUICK-04)."""
    view = await desk.do(request, sale_view.view, doc_id, number)
    return fragment(request, "station/sale/keypad_edit.jinja", **context(request, view, Rows(whole=False)))


@get("/sale/{doc_id:str}/lines/{number:int}/pictures")
async def show_pictures(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """All pictures of the line's article (DOC-25)."""
    view = await desk.do(request, sale_view.view, doc_id, number)
    return fragment(request, "station/sale/pictures.jinja", marked=view.marked)


@get("/sale/{doc_id:str}/lines/{number:int}/properties")
async def show_properties(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """Which kind of the article the line is (DOC-29)."""
    line = lines.find((await desk.do(request, sale_view.view, doc_id)).document, number)
    shown = await desk.do(request, kinds_of, line.article)
    url = f"/sale/{doc_id}/lines/{number}/properties"
    return fragment(
        request, "station/sale/properties.jinja", url=url, chosen=line.batch, clearable=True, given={}, **shown
    )


@post("/sale/{doc_id:str}/lines/{number:int}/properties", status_code=200)
async def choose_properties(request: Asked, desk: Desk, doc_id: str, number: int, data: Form) -> Response[str]:
    """Another kind, or none."""
    view = await desk.do(request, sale_view.after, till.choose_batch, doc_id, number, number, data.get("batch", ""))
    return answer(request, view, data, **closed())


@post("/sale/{doc_id:str}/lines/{number:int}/quantity", status_code=200)
async def change_quantity(request: Asked, desk: Desk, doc_id: str, number: int, data: Form) -> Response[str]:
    """Another quantity or unit; a bundle on the line is asked about first (DISC-23)."""
    if question := await asked_first(request, desk, doc_id, number, "quantity", data):
        return question
    view = await desk.do(
        request, sale_view.after, till.change_quantity, doc_id, number, number, data.get("quantity", ""),
        data.get("unit", ""),
    )  # fmt: skip
    return answer(request, view, data, **closed())


@post("/sale/{doc_id:str}/lines/{number:int}/delete", status_code=200)
async def delete(request: Asked, desk: Desk, doc_id: str, number: int, data: Form) -> Response[str]:
    """Take the line off; a bundle on it is asked about first (DISC-23)."""
    if question := await asked_first(request, desk, doc_id, number, "delete", data):
        return question
    view = await desk.do(request, sale_view.after, till.remove_line, doc_id, 0, number)
    return answer(request, view, data, **(closed() if "sure" in data else {}))


def _added(view: sale_view.ReceiptView) -> dict[str, str]:
    return {"text": view.marked.line.name if view.marked else ""}


HANDLERS = (
    add, add_chosen, show_details, show_edit, show_on_keypad, show_pictures, show_properties, choose_properties,
    change_quantity, delete,
)  # fmt: skip
