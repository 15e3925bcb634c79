"""The receipt's form: open, resume, leave, discard, its fields and its columns (SALE-01, SALE-02, DOC-34)."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from kontuar.kernel.errors import Problem
from kontuar.operations.station import payment_plan, sale_form, sale_view, till
from kontuar.operations.station.sale_view import ReceiptView
from kontuar.web import parked
from kontuar.web.desk import Asked, Desk
from kontuar.web.station import quick
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import closed, fragment, go_to, page, words_for
from kontuar.web.station.sale_rows import Rows, fingerprints, rows_to_paint

QUICK_COOKIE: Final = "kontuar_quick"


@get("/sale")
async def open_receipt(request: Asked, desk: Desk) -> Redirect:
    """What was being made here, else a new document: a receipt, or an invoice where only those may be issued."""
    document = await desk.do(request, sale_form.open_sale)
    return Redirect(f"/sale/{document.doc_id}", status_code=303)


@get("/sale/{doc_id:str}")
async def show(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The whole form; with money assigned the payment window opens over it."""
    view = await desk.do(request, sale_view.view, doc_id)
    shown = await quick.panel(request, desk, doc_id) if is_quick(request, view) else {}
    return await page(
        request, desk, "station/sale/sale.jinja", back_url=f"/sale/{doc_id}/close",
        told=request.query_params.get("parked", ""), **shown,
        **context(request, view, Rows(whole=True)),
    )  # fmt: skip


@get("/sale/{doc_id:str}/close")
async def close(request: Asked, desk: Desk, doc_id: str) -> Response[Any]:
    """An empty receipt is simply left, an unchanged parked one goes back; one with lines asks (SALE-02)."""
    if await parked.leave(request, desk, doc_id):
        return go_to("/parked") if request.headers.get("hx-request") else Redirect("/parked", status_code=303)
    lines = await desk.do(request, sale_view.close, doc_id)
    if not lines:
        return go_to("/") if request.headers.get("hx-request") else Redirect("/", status_code=303)
    view = await desk.do(request, sale_view.view, doc_id)
    return fragment(request, "station/sale/leave.jinja", view=view, document=view.document)


@get("/sale/{doc_id:str}/discard")
async def ask_discard(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The question before a receipt is thrown away."""
    view = await desk.do(request, sale_view.view, doc_id)
    return fragment(request, "station/sale/discard.jinja", document=view.document, continued=view.continued)


@post("/sale/{doc_id:str}/discard", status_code=200)
async def discard(request: Asked, desk: Desk, doc_id: str, to: str = "receipt") -> Response[str]:
    """Throw it away; then a new receipt, or the menu where one was leaving."""
    await desk.do(request, till.discard, doc_id)
    return go_to("/" if to == "menu" else "/sale")


@get("/sale/{doc_id:str}/keep")
async def keep(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Leave it as it is: a draft is durable at every change."""
    await desk.do(request, till.look_at, doc_id)
    return go_to("/")


@get("/sale/{doc_id:str}/fields")
async def show_fields(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Handler, texts, attributes; of an invoice also its VAT direction and the law's flags."""
    view = await desk.do(request, sale_view.view, doc_id)
    people = await desk.do(request, sale_view.people)
    planned = await desk.do(request, payment_plan.planned_forms, doc_id)
    return fragment(
        request, "station/sale/fields.jinja", view=view, document=view.document, terms=view.terms, people=people,
        planned_forms=planned,
    )  # fmt: skip


@post("/sale/{doc_id:str}/fields", status_code=200)
async def set_fields(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Keep them: all or none."""
    fields = {name: value for name, value in data.items() if name not in ("shown", "flags")}
    # A box that is not ticked is not sent: `flags` names those that the form had.
    fields |= {name: data.get(name, "no") for name in data.get("flags", "").split()}
    view = await desk.do(request, sale_view.after, sale_form.set_fields, doc_id, 0, fields)
    return answer(request, view, data, **closed())


@post("/sale/{doc_id:str}/mode", status_code=200)
async def set_mode(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Quick sale on or off, until the browser is closed; then the parameter holds again (QUICK-01)."""
    view = await desk.do(request, sale_view.view, doc_id)
    reply = go_to(f"{request.url.path.rsplit('/', 1)[0]}")
    chosen = "no" if is_quick(request, view) else "yes"
    reply.set_cookie(Cookie(QUICK_COOKIE, path="/", value=chosen, samesite="strict"))
    return reply


def is_quick(request: Asked, view: ReceiptView) -> bool:
    """Whether the form is the one of quick sale: as switched in this browser, else as the parameter says."""
    return request.cookies.get(QUICK_COOKIE, "yes" if view.quick_by_default else "no") == "yes"


def context(request: Asked, view: ReceiptView, rows: Rows) -> dict[str, Any]:
    """What the templates of a receipt need."""
    return {
        "view": view, "document": view.document, "marked": view.marked, "rows": rows,
        "look": view.look, "quick": is_quick(request, view),
        "fingerprints": fingerprints(view.document.lines),
    }  # fmt: skip


def marked_of(data: Form) -> int:
    """The line that is marked in the browser, 0 = none; a change of the whole document leaves it marked."""
    text = data.get("marked", "")
    return int(text) if text.isdecimal() and len(text) < 9 else 0


def with_news(request: Asked, news: Sequence[Problem], triggers: Mapping[str, Any]) -> dict[str, Any]:
    """The triggers, with what could not be given as it was asked for as a message: after what they say already."""
    if not news:
        return dict(triggers)
    said = triggers.get("kontuar:toast", {"text": "", "name": "discounts"})
    words = words_for(request)
    text = " ".join(filter(None, [said["text"], *(words.problem(one) for one in news)]))
    return {**triggers, "kontuar:toast": {**said, "text": text, "kind": "warn"}}


def answer(request: Asked, view: ReceiptView, data: Form, **triggers: Any) -> Response[str]:
    """Only what changed: rows by what the browser says it shows, totals, details, actions."""
    rows = rows_to_paint(data.get("shown", ""), view.document.lines)
    told = {"kontuar:document-changed": {}, **with_news(request, view.news, triggers)}
    return fragment(
        request, "station/sale/answer.jinja", triggers=told, headers={"HX-Reswap": "none"},
        **context(request, view, rows),
    )  # fmt: skip


HANDLERS = (
    open_receipt, show, close, keep, ask_discard, discard, show_fields, set_fields, set_mode,
)  # fmt: skip
