"""Discounts on the form: given by the operator, bundles by the button, why a price is what it is (DISC-06 … 31)."""

from typing import Any

import msgspec
from litestar import Response, get, post

from kontuar.kernel.errors import refuse
from kontuar.operations.station import discount_view, gifts, sale_view, till
from kontuar.operations.station.sale_view import ReceiptView
from kontuar.web.api.station_discounts import LINE_CHANGES
from kontuar.web.desk import Asked, Desk
from kontuar.web.i18n import texts
from kontuar.web.prints.explanation import DISCOUNT_WORDS, IN_PERCENT, explanation_model
from kontuar.web.prints.scene import scene_of
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import closed, fragment, nothing, words_for
from kontuar.web.station.preview import paper, told
from kontuar.web.station.sale import answer, marked_of, with_news


@get("/sale/{doc_id:str}/lines/{number:int}/discount")
async def show_line(request: Asked, desk: Desk, doc_id: str, number: int, how: str = "percent") -> Response[str]:
    """The window *change discount*: per cent, price or value; `how` is what it begins with."""
    return await _line_field(request, desk, doc_id, number, how, "station/sale/line_discount.jinja")


@get("/sale/{doc_id:str}/lines/{number:int}/keypad/discount")
async def show_line_on_keypad(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """The same in the field of the on-screen keypad (QUICK-04)."""
    return await _line_field(request, desk, doc_id, number, "price", "station/sale/keypad_discount.jinja")


@post("/sale/{doc_id:str}/lines/{number:int}/discount", status_code=200)
async def change_line(request: Asked, desk: Desk, doc_id: str, number: int, data: Form) -> Response[str]:
    """Give it; what the limit lowered is told (DISC-06)."""
    await desk.actor(request)
    change = LINE_CHANGES.get(data.get("how", ""))
    if change is None:
        raise refuse("discount.kind_unknown", f"line:{number}", kind=data.get("how", "")[:20])
    view = await desk.do(request, sale_view.after, change, doc_id, number, number, data.get("amount", ""))
    return _changed(request, view, data, f"line:{number}")


@get("/sale/{doc_id:str}/lines/{number:int}/initial-price")
async def show_initial(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """The price that discounts are reckoned from (DOC-22)."""
    shown = await desk.do(request, discount_view.line_window, doc_id, number)
    return fragment(request, "station/sale/initial_price.jinja", shown=shown)


@post("/sale/{doc_id:str}/lines/{number:int}/initial-price", status_code=200)
async def change_initial(request: Asked, desk: Desk, doc_id: str, number: int, data: Form) -> Response[str]:
    """Another one, or the list's again; a bundle on the line is asked about first (DISC-23, DISC-32)."""
    if question := await asked_first(request, desk, doc_id, number, "initial-price", data):
        return question
    change = till.change_initial_price
    view = await desk.do(request, sale_view.after, change, doc_id, number, number, data.get("price", ""))
    return _changed(request, view, data, f"line:{number}")


@get("/sale/{doc_id:str}/header-discount")
async def show_header(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The window *header discount*: per cent or amount."""
    shown = await desk.do(request, discount_view.header_window, doc_id)
    return fragment(request, "station/sale/header_discount.jinja", shown=shown)


@get("/sale/{doc_id:str}/keypad/header")
async def show_header_on_keypad(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The same in the field of the on-screen keypad (QUICK-04)."""
    shown = await desk.do(request, discount_view.header_window, doc_id)
    return fragment(request, "station/sale/keypad_discount.jinja", shown=shown, line=None, how="percent")


@post("/sale/{doc_id:str}/header-discount", status_code=200)
async def change_header(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Give it; what the limit lowered is told (DISC-06)."""
    given = till.give_header_discount
    view = await desk.do(
        request, sale_view.after, given, doc_id, marked_of(data), data.get("how", ""), data.get("amount", "")
    )
    return _changed(request, view, data, "header")


@get("/sale/{doc_id:str}/promotions")
async def show_promotions(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The window *promotions*: the bundles that were applied, apply again, remove (DISC-23)."""
    view = await desk.do(request, sale_view.view, doc_id)
    return fragment(request, "station/sale/promotions.jinja", view=view, document=view.document)


@post("/sale/{doc_id:str}/promotions/apply", status_code=200)
async def apply_promotions(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Look for bundles over all lines."""
    view = await desk.do(request, sale_view.after, till.apply_promotions, doc_id, marked_of(data))
    triggers: dict[str, Any] = dict(closed())
    if not view.discounts.in_bundles:
        text = words_for(request).gettext("No bundle fits these lines.")
        triggers["kontuar:toast"] = {"text": text, "kind": "warn", "name": "promotions"}
    return answer(request, view, data, **triggers)


@post("/sale/{doc_id:str}/promotions/remove", status_code=200)
async def remove_promotions(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Take all bundles off."""
    view = await desk.do(request, sale_view.after, till.remove_promotions, doc_id, marked_of(data))
    return answer(request, view, data, **closed())


@get("/sale/{doc_id:str}/lines/{number:int}/explanation")
async def explain_line(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """Why the line costs what it costs (DISC-26)."""
    return await _explained(request, desk, doc_id, number)


@get("/documents/{doc_id:str}/explanation")
async def explain_document(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The same of every line of an approved document."""
    return await _explained(request, desk, doc_id, 0)


@get("/documents/{doc_id:str}/explanation/print")
async def explanation_on_screen(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """As a page that the browser can print, in the customer's language (DISC-26)."""
    return paper(request, await _model(request, desk, doc_id))


@post("/documents/{doc_id:str}/explanation/print", status_code=200)
async def explanation_on_paper(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """On the receipt printer; not counted among the document's prints."""
    await desk.devices.print_model_on_paper(await _model(request, desk, doc_id))
    return told(request, "It was printed")


@get("/sale/{doc_id:str}/summary")
async def show_summary(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The discount summary (DISC-31)."""
    return await _summary(request, desk, doc_id)


@get("/documents/{doc_id:str}/summary")
async def show_summary_of_document(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The same of an approved document, as it was given then."""
    return await _summary(request, desk, doc_id)


@get("/sale/{doc_id:str}/problems")
async def tell_problems(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """What stands of discounts that could not be given, as a message: the form asks when it is opened (DISC-06)."""
    document = await desk.do(request, till.look_at, doc_id)
    return nothing(with_news(request, document.discounts.problems, {}))


@post("/sale/{doc_id:str}/gifts", status_code=200)
async def add_gift(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """The reminder's *add now*: the window goes on by itself, to the next gift or to the payment (DISC-05)."""
    view = await desk.do(
        request, sale_view.after, gifts.add, doc_id, 0, data.get("rule", ""), data.get("article", ""),
        data.get("quantity") or "1",
    )  # fmt: skip
    return answer(request, view, data)


async def asked_first(
    request: Asked, desk: Desk, doc_id: str, number: int, path: str, data: Form
) -> Response[str] | None:
    """The question before a line in a bundle is changed; None where there is none, or it was answered (DISC-23)."""
    if data.get("sure") == "yes":
        return None
    names = await desk.do(request, till.bundles_on, doc_id, number)
    if not names:
        return None
    given = {name: value for name, value in data.items() if name != "shown"}
    return fragment(
        request, "station/sale/breaks_bundle.jinja", names=names, given={**given, "sure": "yes"},
        url=f"/sale/{doc_id}/lines/{number}/{path}", deletes=path == "delete",
        headers={"HX-Retarget": "#dialog-body", "HX-Reswap": "innerHTML"},
    )  # fmt: skip


async def _summary(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    shown = await desk.do(request, discount_view.summary, doc_id)
    return fragment(request, "station/sale/discount_summary.jinja", shown=shown)


async def _line_field(request: Asked, desk: Desk, doc_id: str, number: int, how: str, template: str) -> Response[str]:
    shown = await desk.do(request, discount_view.line_window, doc_id, number)
    return fragment(request, template, shown=shown, line=shown.line, how=how if how in LINE_CHANGES else "percent")


async def _explained(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    document, rows = await desk.do(request, discount_view.explained, doc_id, number)
    people = {row.code: row.name for row in await desk.do(request, sale_view.people)}
    return fragment(
        request, "station/sale/explanation.jinja", document=document, rows=rows, people=people, words=DISCOUNT_WORDS,
        in_percent=IN_PERCENT,
        printer=desk.devices.states().get("printer", "none") != "none",
    )  # fmt: skip


async def _model(request: Asked, desk: Desk, doc_id: str) -> Any:
    document, rows = await desk.do(request, discount_view.explained, doc_id)
    scene = await desk.run(scene_of, desk.station)
    return explanation_model(document, rows, scene, texts(scene.language))


def _changed(request: Asked, view: ReceiptView, data: Form, place: str) -> Response[str]:
    """The form anew; what the limit lowered is said, with the limit, however often it is tried (DISC-06)."""
    here = tuple(one for one in view.document.discounts.problems if one.place == place)
    others = tuple(one for one in view.news if one not in here)
    return answer(request, msgspec.structs.replace(view, news=(*here, *others)), data, **closed())


HANDLERS = (
    show_line, show_line_on_keypad, change_line, show_initial, change_initial, show_header, show_header_on_keypad,
    change_header, show_promotions, apply_promotions, remove_promotions, explain_line, explain_document,
    explanation_on_screen, explanation_on_paper, show_summary, show_summary_of_document, tell_problems, add_gift,
)  # fmt: skip
