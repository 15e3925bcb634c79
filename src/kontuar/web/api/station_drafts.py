"""Drafts, lines and payments of a station: everything that happens before approval."""

from litestar import delete, get, patch, post, put

from kontuar.domain.documents.document import Document
from kontuar.kernel.errors import refuse
from kontuar.operations.station import approval, cash_documents, own_documents, payments, till
from kontuar.operations.station.payments import PaymentWindow
from kontuar.web import approving, coupons
from kontuar.web.api.station_bodies import (
    AmountBody,
    Approved,
    BuyerBody,
    CardDecisionBody,
    LineBody,
    LineChangeBody,
    NewDocumentBody,
    PaymentBody,
    TextBody,
)
from kontuar.web.desk import Asked, Desk
from kontuar.web.http import language_of, problem_bodies


@post("/api/v1/documents", summary="Begin a draft", status_code=201)
async def begin(request: Asked, data: NewDocumentBody, desk: Desk) -> Document:
    """It has an identity at once and a number only when approved (DOC-01)."""
    return await desk.do(request, till.begin, data.type)


@get("/api/v1/drafts", summary="Drafts kept on this station")
async def drafts(request: Asked, desk: Desk) -> list[Document]:
    """Newest first."""
    return list(await desk.do(request, own_documents.drafts))


@get("/api/v1/drafts/{doc_id:str}", summary="One draft")
async def draft(request: Asked, doc_id: str, desk: Desk) -> Document:
    """As last saved (DOC-34)."""
    return await desk.do(request, till.look_at, doc_id)


@delete("/api/v1/drafts/{doc_id:str}", summary="Throw a draft away", status_code=204)
async def discard(request: Asked, doc_id: str, desk: Desk) -> None:
    """One with lines is told to head office."""
    await desk.do(request, till.discard, doc_id)
    await coupons.settle(desk, doc_id)


@post("/api/v1/documents/{doc_id:str}/lines", summary="Scan or type a code", status_code=201)
async def add_line(request: Asked, doc_id: str, data: LineBody, desk: Desk) -> Document:
    """An article's code (DOC-20), else a coupon's (COUP-01)."""
    return await coupons.scan(request, desk, doc_id, data.code, data.quantity, data.scan_id)


@patch("/api/v1/documents/{doc_id:str}/lines/{number:int}", summary="Change quantity, price or value of a line")
async def change_line(request: Asked, doc_id: str, number: int, data: LineChangeBody, desk: Desk) -> Document:
    """Price and value need a right or an authorisation (DOC-22)."""
    given = [name for name in ("quantity", "price", "value") if getattr(data, name)]
    if len(given) != 1:
        raise refuse("line.one_change", f"line:{number}")
    if data.quantity:
        return await desk.do(request, till.change_quantity, doc_id, number, data.quantity, data.unit)
    change = till.change_price if data.price else till.change_value
    return await desk.do(request, change, doc_id, number, data.price or data.value)


@delete("/api/v1/documents/{doc_id:str}/lines/{number:int}", summary="Remove a line", status_code=200)
async def remove_line(request: Asked, doc_id: str, number: int, desk: Desk) -> Document:
    """Head office is told (loss prevention)."""
    return await desk.do(request, till.remove_line, doc_id, number)


@put("/api/v1/documents/{doc_id:str}/buyer", summary="Choose the contractor")
async def set_buyer(request: Asked, doc_id: str, data: BuyerBody, desk: Desk) -> Document:
    """Prices follow the contractor's list (DOC-27)."""
    return await desk.do(request, till.set_buyer, doc_id, data.code)


@put("/api/v1/documents/{doc_id:str}/handler", summary="Choose who serves the document")
async def set_handler(request: Asked, doc_id: str, data: BuyerBody, desk: Desk) -> Document:
    """DOC-26."""
    return await desk.do(request, till.set_handler, doc_id, data.code)


@put("/api/v1/documents/{doc_id:str}/reason", summary="Choose the reason")
async def set_reason(request: Asked, doc_id: str, data: BuyerBody, desk: Desk) -> Document:
    """From the dictionary for this type."""
    return await desk.do(request, till.set_reason, doc_id, data.code)


@put("/api/v1/documents/{doc_id:str}/fields/{field:str}", summary="Order number, foreign number or description")
async def set_text(request: Asked, doc_id: str, field: str, data: TextBody, desk: Desk) -> Document:
    """SALE-01."""
    return await desk.do(request, till.set_text, doc_id, field, data.text)


@put("/api/v1/documents/{doc_id:str}/amount", summary="The money of a KP or KW")
async def set_amount(request: Asked, doc_id: str, data: AmountBody, desk: Desk) -> Document:
    """PAY-09."""
    return await desk.do(request, cash_documents.set_amount, doc_id, data.form, data.amount, data.currency)


@post("/api/v1/documents/{doc_id:str}/payment/open", summary="Verify and open the payment window", status_code=200)
async def open_payment(request: Asked, doc_id: str, desk: Desk) -> PaymentWindow:
    """All that is wrong at once (DOC-05, PAY-01); coupons whose discounts are given are reserved first (COUP-03)."""
    return await coupons.open_payment(request, desk, payments.window, doc_id)


@post("/api/v1/documents/{doc_id:str}/payment/leave", summary="Back to the document", status_code=200)
async def leave_payment(request: Asked, doc_id: str, desk: Desk) -> Document:
    """Refused while money is assigned (PAY-02); coupons are reserved no more."""
    document = await desk.do(request, payments.leave, doc_id)
    await coupons.settle(desk, doc_id)
    return document


@post("/api/v1/documents/{doc_id:str}/payments", summary="Assign an amount to a form", status_code=201)
async def assign(request: Asked, doc_id: str, data: PaymentBody, desk: Desk) -> Document:
    """Change is worked out at once; the first amount opens the payment, if nobody did (PAY-01)."""
    return await coupons.open_payment(request, desk, payments.assign, doc_id, data.form, data.amount, data.currency)


@delete("/api/v1/documents/{doc_id:str}/payments", summary="Remove what was assigned", status_code=200)
async def clear(request: Asked, doc_id: str, desk: Desk) -> Document:
    """Except card payments (PAY-02)."""
    return await desk.do(request, payments.clear, doc_id)


@post("/api/v1/documents/{doc_id:str}/payments/undo", summary="Take back the last assignment", status_code=200)
async def undo(request: Asked, doc_id: str, desk: Desk) -> Document:
    """Except a card payment (PAY-02)."""
    return await desk.do(request, payments.undo, doc_id)


@post("/api/v1/documents/{doc_id:str}/payments/card", summary="Pay by card at the terminal", status_code=200)
async def pay_by_card(request: Asked, doc_id: str, data: PaymentBody, desk: Desk) -> Document:
    """Answers when the terminal has; an uncertain end stays open for a person (PAY-05)."""
    asked = await coupons.open_payment(
        request, desk, payments.start_card, doc_id, data.form, data.amount, data.currency
    )
    return await desk.devices.pay_by_card(await desk.actor(request), asked)


@post("/api/v1/documents/{doc_id:str}/payments/card/decide", summary="Say whether the card payment succeeded",
      status_code=200)  # fmt: skip
async def decide_card(request: Asked, doc_id: str, data: CardDecisionBody, desk: Desk) -> Document:
    """PAY-05."""
    return await desk.do(request, payments.decide_card, doc_id, data.operation_id, succeeded=data.succeeded)


@post("/api/v1/documents/{doc_id:str}/approve", summary="Approve", status_code=200)
async def approve(request: Asked, doc_id: str, desk: Desk) -> Approved:
    """The single commit; repeating it after a lost answer gives the same document."""
    document = await approving.approved(request, desk, doc_id, approval.approve)
    notes = await desk.devices.after_approval(await desk.actor(request), document)
    return Approved(document, problem_bodies(notes, language_of(request)))


HANDLERS = (
    begin, drafts, draft, discard, add_line, change_line, remove_line, set_buyer, set_handler, set_reason, set_text,
    set_amount, open_payment, leave_payment, assign, clear, undo, pay_by_card, decide_card, approve,
)  # fmt: skip
