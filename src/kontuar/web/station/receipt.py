"""The receipt's form: open, resume, leave, discard, its fields and its columns (SALE-01, SALE-02, DOC-34)."""

from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from kontuar.operations import receipt_view, till
from kontuar.operations.receipt_view import ReceiptView
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import closed, fragment, go_to, page
from kontuar.web.station.sale_rows import (
    BUTTONS,
    COLUMNS,
    VIEW_COOKIE,
    Rows,
    chosen_view,
    fingerprints,
    rows_to_paint,
)

YEAR_SECONDS = 31_536_000


@get("/receipt")
async def open_receipt(request: Asked, desk: Desk) -> Redirect:
    """The receipt that was being made here, else a new one."""
    document = await desk.do(request, receipt_view.open_receipt)
    return Redirect(f"/receipt/{document.doc_id}", status_code=303)


@get("/receipt/{doc_id:str}")
async def show(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The whole form; with money assigned the payment window opens over it."""
    view = await desk.do(request, receipt_view.view, doc_id)
    return await page(
        request, desk, "station/sale/receipt.jinja", back_url=f"/receipt/{doc_id}/close",
        **context(request, view, Rows(whole=True)),
    )  # fmt: skip


@get("/receipt/{doc_id:str}/close")
async def close(request: Asked, desk: Desk, doc_id: str) -> Response[Any]:
    """An empty receipt is simply left; one with lines asks (SALE-02)."""
    lines = await desk.do(request, receipt_view.close, doc_id)
    if not lines:
        return go_to("/") if request.headers.get("hx-request") else Redirect("/", status_code=303)
    view = await desk.do(request, receipt_view.view, doc_id)
    return fragment(request, "station/sale/leave.jinja", document=view.document)


@get("/receipt/{doc_id:str}/discard")
async def ask_discard(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The question before a receipt is thrown away."""
    view = await desk.do(request, receipt_view.view, doc_id)
    return fragment(request, "station/sale/discard.jinja", document=view.document)


@post("/receipt/{doc_id:str}/discard", status_code=200)
async def discard(request: Asked, desk: Desk, doc_id: str, to: str = "receipt") -> Response[str]:
    """Throw it away; then a new receipt, or the menu where one was leaving."""
    await desk.do(request, till.discard, doc_id)
    return go_to("/" if to == "menu" else "/receipt")


@get("/receipt/{doc_id:str}/keep")
async def keep(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Leave it as it is: a draft is durable at every change."""
    await desk.do(request, till.look_at, doc_id)
    return go_to("/")


@get("/receipt/{doc_id:str}/fields")
async def show_fields(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Handler, order number, foreign number, description."""
    view = await desk.do(request, receipt_view.view, doc_id)
    people = await desk.do(request, receipt_view.people)
    return fragment(request, "station/sale/fields.jinja", document=view.document, people=people)


@post("/receipt/{doc_id:str}/fields", status_code=200)
async def set_fields(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Keep them."""
    texts = {field: data.get(field, "") for field in sorted(till.TEXT_FIELDS)}
    await desk.do(request, receipt_view.set_texts, doc_id, texts)
    view = await desk.do(request, receipt_view.after, till.set_handler, doc_id, 0, data.get("handler", ""))
    return answer(request, view, data, **closed())


@get("/receipt/{doc_id:str}/view")
async def show_view(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Columns and buttons that are hidden until chosen (DOC-10)."""
    await desk.actor(request)
    return fragment(
        request, "station/sale/view.jinja", doc_id=doc_id, columns=COLUMNS, buttons=BUTTONS, chosen=chosen_view(request)
    )


@post("/receipt/{doc_id:str}/view", status_code=200)
async def set_view(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Keep the choice in this browser and show the form anew."""
    await desk.actor(request)
    chosen = ".".join(key for key, _ in (*COLUMNS, *BUTTONS) if data.get(key))
    reply = go_to(f"/receipt/{doc_id}")
    reply.set_cookie(Cookie(VIEW_COOKIE, path="/", value=chosen, samesite="strict", max_age=YEAR_SECONDS))
    return reply


def context(request: Asked, view: ReceiptView, rows: Rows) -> dict[str, Any]:
    """What the templates of a receipt need."""
    return {
        "view": view, "document": view.document, "marked": view.marked, "rows": rows,
        "extra": [column for column in COLUMNS if column[0] in chosen_view(request)],
        "fingerprints": fingerprints(view.document.lines),
    }  # fmt: skip


def answer(request: Asked, view: ReceiptView, data: Form, **triggers: Any) -> Response[str]:
    """Only what changed: rows by what the browser says it shows, totals, details, actions."""
    rows = rows_to_paint(data.get("shown", ""), view.document.lines)
    told = {"kontuar:document-changed": {}, **triggers}
    return fragment(
        request, "station/sale/answer.jinja", triggers=told, headers={"HX-Reswap": "none"},
        **context(request, view, rows),
    )  # fmt: skip


HANDLERS = (
    open_receipt, show, close, keep, ask_discard, discard, show_fields, set_fields, show_view, set_view,
)  # fmt: skip
