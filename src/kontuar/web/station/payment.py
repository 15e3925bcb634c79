"""The payment window (PAY-01 … PAY-05): over the receipt, so that nothing else can be pressed by mistake."""

from typing import Any, Final

from litestar import Response, get, post

from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.station import approval, own_documents, payment_view, payments
from kontuar.operations.station.gifts import before_payment
from kontuar.operations.station.payment_view import PaymentView
from kontuar.operations.station.sale_rules import warns_of_undefined
from kontuar.web import approving, coupons
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import (
    closed,
    events,
    fragment,
    go_to,
    loading_window,
    nothing,
    on_screen_refused,
    words_for,
)
from kontuar.web.station.sale import with_news

IN_WINDOW: Final = {"HX-Retarget": "#dialog-body", "HX-Reswap": "innerHTML"}


@get("/payment/{doc_id:str}")
async def show(
    request: Asked, desk: Desk, doc_id: str, currency: str = "", gifts: str = "", undefined: str = ""
) -> Response[str]:
    """Ask about a missing contractor (HUB-12), remind of gifts that nobody took (DISC-05), reserve coupons, verify the
    document and show what is to pay. What was asked and answered is not asked again."""
    if not (gifts or undefined or currency) and await desk.do(request, warns_of_undefined, doc_id):
        return fragment(request, "station/sale/no_contractor.jinja", doc_id=doc_id, headers=IN_WINDOW)
    due = () if gifts == "no" else await desk.do(request, before_payment, doc_id)
    if due:
        return fragment(request, "station/sale/gifts.jinja", gifts=due, doc_id=doc_id, headers=IN_WINDOW)
    return _window(request, await coupons.open_payment(request, desk, payment_view.view, doc_id, currency))


def on_changed(request: Asked, refusal: Refused) -> Response[Any]:
    """What is to pay is another amount than the window shows: the window anew, and what happened."""
    if refusal.problems[0].code != "payment.changed":
        return on_screen_refused(request, refusal)
    return _told_in_window(request, refusal, "warn")


@post("/payment/{doc_id:str}/assign", status_code=200, exception_handlers={Refused: on_changed})
async def assign(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """The amount in the field goes to the form of the tile; the drawer opens where the parameter says so (PAY-04)."""
    actor = await desk.actor(request)
    await coupons.before_payment(request, desk, doc_id)
    view = await desk.run(
        payment_view.assign, desk.station, actor, doc_id, data.get("form", ""), data.get("amount", ""),
        data.get("currency", ""),
    )  # fmt: skip
    notes = await desk.devices.after_assignment(data.get("form", ""))
    return _window(request, view, notes=notes)


@post("/payment/{doc_id:str}/clear", status_code=200)
async def clear(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Everything but cards is taken back."""
    return _window(request, await desk.do(request, payment_view.clear, doc_id))


@post("/payment/{doc_id:str}/undo", status_code=200)
async def undo(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The last assignment is taken back."""
    return _window(request, await desk.do(request, payment_view.undo, doc_id))


def on_stay(request: Asked, refusal: Refused) -> Response[Any]:
    """Money is assigned: the window asks whether to clear it first (PAY-02)."""
    if refusal.problems[0].code != "payment.clear_first":
        return on_screen_refused(request, refusal)
    return fragment(request, "station/sale/clear_first.jinja", doc_id=request.path_params["doc_id"], headers=IN_WINDOW)


@post("/payment/{doc_id:str}/leave", status_code=200, exception_handlers={Refused: on_stay})
async def leave(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Back to the document, which can be changed again."""
    await desk.do(request, payments.leave, doc_id)
    await coupons.settle(desk, doc_id)
    return nothing(closed())


@post("/payment/{doc_id:str}/clear-and-leave", status_code=200, exception_handlers={Refused: on_stay})
async def clear_and_leave(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Take the money back and go back to the document; a card payment keeps the window."""
    await desk.do(request, payments.clear, doc_id)
    await desk.do(request, payments.leave, doc_id)
    await coupons.settle(desk, doc_id)
    return nothing(closed())


@post("/payment/{doc_id:str}/card", status_code=200, exception_handlers={Refused: on_changed})
async def begin_card(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Write down that a card is charged; the window that follows asks the terminal, or the operator (PAY-05)."""
    await coupons.before_payment(request, desk, doc_id)
    view = await desk.do(
        request, payment_view.begin_card, doc_id, data.get("form", ""), data.get("amount", ""),
        data.get("currency", ""),
    )  # fmt: skip
    template = "card_working" if view.card_terminal else "card_question"
    return fragment(request, f"station/sale/{template}.jinja", view=view, doc_id=doc_id, headers=IN_WINDOW)


def on_declined(request: Asked, refusal: Refused) -> Response[Any]:
    """The terminal said no: the window again, with the reason. Who is not logged in is told that, as everywhere."""
    if not refusal.problems[0].code.startswith(("card.", "payment.", "connectivity.")):
        return on_screen_refused(request, refusal)
    return _told_in_window(request, refusal, "bad")


def _told_in_window(request: Asked, refusal: Refused, kind: str) -> Response[Any]:
    told = " ".join(words_for(request).problem(problem) for problem in refusal.problems)
    window = loading_window(request, f"/payment/{request.path_params['doc_id']}", "Payment")
    window.headers["HX-Trigger"] = events({"kontuar:toast": {"text": told, "kind": kind, "name": "payment"}})
    return window


@post("/payment/{doc_id:str}/card/{operation_id:str}/wait", status_code=200, exception_handlers={Refused: on_declined})
async def wait_for_card(request: Asked, desk: Desk, doc_id: str, operation_id: str) -> Response[str]:
    """Ask the terminal and wait for its answer; the screen is locked meanwhile."""
    actor = await desk.actor(request)
    asked = await desk.run(payments.open_card_request, desk.station, actor, doc_id, operation_id)
    await desk.devices.pay_by_card(actor, asked)
    return _window(request, await desk.run(payment_view.view, desk.station, actor, doc_id, asked.currency))


@post("/payment/{doc_id:str}/card/{operation_id:str}/again", status_code=200, exception_handlers={Refused: on_declined})
async def ask_card_again(request: Asked, desk: Desk, doc_id: str, operation_id: str) -> Response[str]:
    """Ask the terminal what became of a payment whose answer was lost."""
    actor = await desk.actor(request)
    await desk.devices.ask_card_again(actor, doc_id, operation_id)
    return _window(request, await desk.run(payment_view.view, desk.station, actor, doc_id))


@post("/payment/{doc_id:str}/card/{operation_id:str}/decide", status_code=200)
async def decide_card(request: Asked, desk: Desk, doc_id: str, operation_id: str, data: Form) -> Response[str]:
    """The operator says whether the card was charged all the same."""
    succeeded = data.get("succeeded", "") == "yes"
    view = await desk.do(request, payment_view.decide, doc_id, operation_id, succeeded=succeeded)
    return _window(request, view)


@post("/payment/{doc_id:str}/approve", status_code=200)
async def approve(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The commit; then fiscal device, printer and drawer, whose failures are told and never undo the sale."""
    document = await approving.approved(request, desk, doc_id, approval.approve)
    notes = await desk.devices.after_approval(await desk.actor(request), document)
    ending = await desk.run(payment_view.ending, desk.station, document)
    if ending.closes and not notes:
        return go_to("/sale")
    return fragment(request, "station/sale/done.jinja", ending=ending, notes=notes, invoice=None, headers=IN_WINDOW)


@get("/payment/{doc_id:str}/issued")
async def issued(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """What became of the print since the window said that it waits for a second copy (REL-21)."""
    stored = await desk.do(request, own_documents.preview, doc_id)
    notes = await desk.devices.after_issue(doc_id)
    ending = await desk.run(payment_view.ending, desk.station, stored.document)
    return fragment(request, "station/sale/issued.jinja", ending=ending, notes=notes)


def _window(request: Asked, view: PaymentView, notes: tuple[Problem, ...] = ()) -> Response[str]:
    template = "card_question" if view.open_card else "payment"
    return fragment(
        request, f"station/sale/{template}.jinja", view=view, doc_id=view.window.document.doc_id, notes=notes,
        headers=IN_WINDOW, triggers=with_news(request, view.news, {}),
    )  # fmt: skip


HANDLERS = (
    show, assign, clear, undo, leave, clear_and_leave, begin_card, wait_for_card, ask_card_again,
    decide_card, approve, issued,
)  # fmt: skip
