"""Internal releases and receipts of goods: the form."""

from typing import Any

from litestar import Response, get, post
from litestar.response import Redirect

from kontuar.kernel.errors import Refused
from kontuar.operations.station import article_list, till
from kontuar.web import parked
from kontuar.web.desk import Asked, Desk
from kontuar.web.station import cash_view, goods_view
from kontuar.web.station.back_words import TYPE_WORDS, keys
from kontuar.web.station.forms import Form
from kontuar.web.station.goods_view import GoodsForm
from kontuar.web.station.leaving import approved, left
from kontuar.web.station.pages import (
    closed,
    events,
    fragment,
    nothing,
    page,
)
from kontuar.web.station.parked import park_form
from kontuar.web.station.scan_refused import on_code_refused
from kontuar.web.station.stock import article_page


@get("/goods/release")
async def release(request: Asked, desk: Desk) -> Redirect:
    """The RW that was being made here, else a new one."""
    document = await desk.do(request, cash_view.open_form, "internal_release")
    return Redirect(f"/goods/{document.doc_id}", status_code=303)


@get("/goods/receipt")
async def receive(request: Asked, desk: Desk) -> Redirect:
    """The PW that was being made here, else a new one."""
    document = await desk.do(request, cash_view.open_form, "internal_receipt")
    return Redirect(f"/goods/{document.doc_id}", status_code=303)


@get("/goods/{doc_id:str}")
async def show(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The form."""
    seen = await desk.do(request, goods_view.goods_form, doc_id)
    return await page(
        request, desk, "station/back/goods_form.jinja", back_url=f"/goods/{doc_id}/leave", types=TYPE_WORDS,
        shortcuts=keys(request, "find", "reason", "delete-line", "park", "approve"),
        told=request.query_params.get("parked", ""), **_context(seen),
    )  # fmt: skip


@get("/goods/{doc_id:str}/leave")
async def leave(request: Asked, desk: Desk, doc_id: str) -> Redirect:
    """Back to the list; an empty form is forgotten, an unchanged continued one goes back to where it was."""
    if await parked.leave(request, desk, doc_id):
        return Redirect("/parked?family=goods", status_code=303)
    return await left(request, desk, doc_id, "/goods")


@post("/goods/{doc_id:str}/park", status_code=200)
async def park(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Keep reason and description as shown, then park."""
    await desk.do(request, cash_view.keep, doc_id, data)
    return await park_form(request, desk, doc_id)


@get("/goods/{doc_id:str}/approval")
async def approval_button(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The button that approves, or why it cannot be pressed now (asked when the connection changes)."""
    seen = await desk.do(request, goods_view.goods_form, doc_id)
    return fragment(request, "station/back/goods_approval.jinja", **_context(seen))


@post("/goods/{doc_id:str}", status_code=200)
async def keep(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Reason and description, kept at every change (DOC-34)."""
    await desk.do(request, cash_view.keep, doc_id, data)
    return nothing()


@post("/goods/{doc_id:str}/lines", status_code=200, exception_handlers={Refused: on_code_refused("goods")})
async def add(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """A scan or a typed code."""
    code, scan_id = data.get("code", ""), data.get("scan_id", "")
    seen = await desk.do(request, goods_view.after, till.scan, doc_id, code, scan_id=scan_id)
    return _lines(request, seen, **{"kontuar:added": {"text": _name(seen)}})


@post("/goods/{doc_id:str}/articles", status_code=200)
async def add_chosen(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """The article marked in the list."""
    seen = await desk.do(request, goods_view.after, till.add_article, doc_id, data.get("article", ""))
    return _lines(request, seen, **closed())


@get("/goods/{doc_id:str}/articles")
async def articles(request: Asked, desk: Desk, doc_id: str, phrase: str = "") -> Response[str]:
    """The window with the article list."""
    found, warehouses = await article_page(request, desk)
    part = "choose_rows" if "rows" in request.query_params else "choose"
    groups = await desk.do(request, article_list.groups)
    return fragment(
        request, f"station/back/{part}.jinja", doc_id=doc_id, found=found, warehouses=warehouses, phrase=phrase,
        group=request.query_params.get("group", ""), groups=groups,
    )  # fmt: skip


@get("/goods/{doc_id:str}/lines/{number:int}")
async def details(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """The marked line: quantity, unit, stock."""
    seen = await desk.do(request, goods_view.goods_form, doc_id, number)
    return fragment(request, "station/back/goods_details.jinja", **_context(seen))


@post("/goods/{doc_id:str}/lines/{number:int}", status_code=200)
async def change(request: Asked, desk: Desk, doc_id: str, number: int, data: Form) -> Response[str]:
    """Another quantity or unit."""
    quantity, unit = data.get("quantity", ""), data.get("unit", "")
    seen = await desk.do(request, goods_view.after, till.change_quantity, doc_id, number, quantity, unit)
    return _lines(request, seen)


@post("/goods/{doc_id:str}/lines/{number:int}/delete", status_code=200)
async def delete(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """Take the line off."""
    seen = await desk.do(request, goods_view.after, till.remove_line, doc_id, number)
    return _lines(request, seen)


@post("/goods/{doc_id:str}/approve", status_code=200)
async def approve(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Goods move."""
    await desk.actor(request)
    await parked.tell_approving(desk, doc_id)
    document = await desk.do(request, goods_view.approve, doc_id, data)
    return await approved(request, desk, document)


def _lines(request: Asked, seen: GoodsForm, **triggers: Any) -> Response[str]:
    answer = fragment(request, "station/back/goods_lines.jinja", swapped=True, **_context(seen))
    if triggers:
        answer.headers["HX-Trigger"] = events(triggers)
    return answer


def _name(seen: GoodsForm) -> str:
    return next((line.name for line in seen.document.lines if line.number == seen.added), "")


def _context(seen: GoodsForm) -> dict[str, Any]:
    lines = seen.document.lines
    marked = next((line for line in lines if line.number == seen.added), lines[-1] if lines else None)
    return {"seen": seen, "document": seen.document, "marked": marked}


HANDLERS = (
    release, receive, show, leave, park, approval_button, keep, add, add_chosen, articles, details, change, delete,
    approve,
)  # fmt: skip
