"""What the document is: receipt or invoice, and the invoice of a receipt (SALE-01, SALE-06, PAY-02)."""

from typing import Final

from litestar import Response, get, post
from litestar.response import Redirect

from kontuar.operations.station import invoicing, payment_view, sale_form, sale_view, till
from kontuar.web import approving, elsewhere
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import closed, fragment, go_to
from kontuar.web.station.sale import answer, context
from kontuar.web.station.sale_rows import Rows

IN_WINDOW: Final = {"HX-Retarget": "#dialog-body", "HX-Reswap": "innerHTML"}


@get("/invoice")
async def open_invoice(request: Asked, desk: Desk) -> Redirect:
    """The invoice that was being made here, else a new one."""
    document = await desk.do(request, sale_form.open_sale, "invoice")
    return Redirect(f"/sale/{document.doc_id}", status_code=303)


@post("/sale/{doc_id:str}/type", status_code=200)
async def change_type(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """To an invoice or to a receipt; the form is shown anew."""
    await desk.do(request, till.change_type, doc_id, data.get("type", ""))
    return go_to(f"/sale/{doc_id}")


@get("/sale/{doc_id:str}/lines/{number:int}/fields")
async def show_line_fields(request: Asked, desk: Desk, doc_id: str, number: int) -> Response[str]:
    """Handler and attributes of a line."""
    view = await desk.do(request, sale_view.view, doc_id, number)
    people = await desk.do(request, sale_view.people)
    return fragment(
        request, "station/sale/line_fields.jinja", people=people, **context(request, view, Rows(whole=False))
    )


@post("/sale/{doc_id:str}/lines/{number:int}/fields", status_code=200)
async def set_line_fields(request: Asked, desk: Desk, doc_id: str, number: int, data: Form) -> Response[str]:
    """Keep them (DOC-26, DOC-30)."""
    view = await desk.do(request, sale_view.after, sale_form.set_line_fields, doc_id, number, number, data)
    return answer(request, view, data, **closed())


@post("/payment/{doc_id:str}/invoice", status_code=200)
async def approve_and_invoice(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """PAY-02: the receipt is approved, fiscalised and printed; then its invoice is opened."""
    receipt, invoice = await approving.approved(request, desk, doc_id, invoicing.approve_and_invoice)
    notes = await desk.devices.after_approval(await desk.actor(request), receipt)
    ending = await desk.run(payment_view.ending, desk.station, receipt)
    if ending.closes and not notes:
        return go_to(f"/sale/{invoice.doc_id}")
    return fragment(request, "station/sale/done.jinja", ending=ending, notes=notes, invoice=invoice, headers=IN_WINDOW)


@post("/documents/{doc_id:str}/invoice", status_code=200)
async def invoice_receipt(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """An invoice of a receipt from the list or the preview (DOC-12)."""
    draft = await desk.do(request, invoicing.from_receipt, doc_id)
    return go_to(f"/sale/{draft.doc_id}")


@post("/documents/elsewhere/invoice", status_code=200)
async def invoice_elsewhere(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """An invoice of another station's receipt, asked of head office by its whole number."""
    found = await elsewhere.document(request, desk, data.get("number", ""))
    draft = await desk.do(request, invoicing.from_elsewhere, found)
    return go_to(f"/sale/{draft.doc_id}")


HANDLERS = (
    open_invoice, change_type, show_line_fields, set_line_fields, approve_and_invoice, invoice_receipt,
    invoice_elsewhere,
)  # fmt: skip
