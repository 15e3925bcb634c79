"""Discounts on a draft: what an operator gives, bundles on request, gifts, explanations, the summary (DISC-06 … 32)."""

from collections.abc import Sequence
from typing import Final, Literal

import msgspec
from litestar import delete, get, post, put

from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import DeliveryMethod
from kontuar.kernel.errors import refuse
from kontuar.operations.explained import Explanation
from kontuar.operations.station import delivery, discount_view, gifts, payment_plan, till
from kontuar.operations.station.discount_view import DiscountSummary
from kontuar.operations.station.gifts import GiftDue
from kontuar.web.desk import Asked, Desk

LINE_CHANGES: Final = {
    "percent": till.change_by_percent, "price": till.change_price, "value": till.change_value,
}  # fmt: skip
"""How the operator may say what he gives on a line → the operation."""


class LineDiscountBody(msgspec.Struct, frozen=True):
    """A percent off, a unit price, or a value of the line; a percent of 0 takes the discount back."""

    kind: Literal["percent", "price", "value"]
    value: str


class HeaderDiscountBody(msgspec.Struct, frozen=True):
    """A percent or an amount off the whole document; 0 takes the discount back."""

    kind: Literal["percent", "amount"]
    value: str


class PriceBody(msgspec.Struct, frozen=True):
    """A unit price in major units; empty = the list's again."""

    price: str = ""


class ChoiceBody(msgspec.Struct, frozen=True):
    """The code of a payment form or of a delivery method; empty = not known yet."""

    code: str = ""


class GiftBody(msgspec.Struct, frozen=True):
    """The article that is taken as the gift of a promotion, in its base unit."""

    rule: str
    article: str
    quantity: str = "1"


class ExplainedLines(msgspec.Struct, frozen=True):
    """Lines, each explained."""

    lines: tuple[Explanation, ...]


@put("/api/v1/documents/{doc_id:str}/lines/{number:int}/discount", summary="Give a discount on a line")
async def give_on_line(request: Asked, doc_id: str, number: int, data: LineDiscountBody, desk: Desk) -> Document:
    """More than the limit is lowered to it, and `discounts.problems` of the answer says so (DISC-06)."""
    change = LINE_CHANGES[data.kind]
    return await desk.do(request, change, doc_id, number, data.value)


@put("/api/v1/documents/{doc_id:str}/lines/{number:int}/initial-price", summary="Type the initial price of a line")
async def set_initial_price(request: Asked, doc_id: str, number: int, data: PriceBody, desk: Desk) -> Document:
    """Discounts are reckoned from it (DOC-22, DISC-32)."""
    return await desk.do(request, till.change_initial_price, doc_id, number, data.price)


@get("/api/v1/documents/{doc_id:str}/lines/{number:int}/explanation", summary="Why a line costs what it costs")
async def explain_line(request: Asked, doc_id: str, number: int, desk: Desk) -> Explanation:
    """Of a draft or of an approved document: each change in order (DISC-26)."""
    if number < 1:
        raise refuse("line.unknown", f"line:{number}")
    _, rows = await desk.do(request, discount_view.explained, doc_id, number)
    return rows[0]


@get("/api/v1/documents/{doc_id:str}/explanation", summary="Why the lines cost what they cost")
async def explain(request: Asked, doc_id: str, desk: Desk) -> ExplainedLines:
    """The same of all lines (DISC-26)."""
    _, rows = await desk.do(request, discount_view.explained, doc_id)
    return ExplainedLines(tuple(rows))


@put("/api/v1/documents/{doc_id:str}/discount", summary="Give a header discount")
async def give_on_header(request: Asked, doc_id: str, data: HeaderDiscountBody, desk: Desk) -> Document:
    """As on a line (DISC-06)."""
    return await desk.do(request, till.give_header_discount, doc_id, data.kind, data.value)


@post("/api/v1/documents/{doc_id:str}/promotions", summary="Apply bundles", status_code=200)
async def apply_promotions(request: Asked, doc_id: str, desk: Desk) -> Document:
    """Over all lines, anew (DISC-23)."""
    return await desk.do(request, till.apply_promotions, doc_id)


@delete("/api/v1/documents/{doc_id:str}/promotions", summary="Take all bundles off", status_code=200)
async def remove_promotions(request: Asked, doc_id: str, desk: Desk) -> Document:
    """None comes back until asked for (DISC-23)."""
    return await desk.do(request, till.remove_promotions, doc_id)


@get("/api/v1/documents/{doc_id:str}/discounts", summary="The discount summary")
async def summary(request: Asked, doc_id: str, desk: Desk) -> DiscountSummary:
    """Of a draft, or of an approved document as it was given then; refused where no discount is applied (DISC-31)."""
    return await desk.do(request, discount_view.summary, doc_id)


@get("/api/v1/documents/{doc_id:str}/gifts", summary="Gifts that nobody took yet")
async def unused_gifts(request: Asked, doc_id: str, desk: Desk) -> Sequence[GiftDue]:
    """What the bundles on the draft would still give (DISC-05)."""
    return await desk.do(request, gifts.unused, doc_id)


@post("/api/v1/documents/{doc_id:str}/gifts", summary="Add an article as a gift", status_code=201)
async def add_gift(request: Asked, doc_id: str, data: GiftBody, desk: Desk) -> Document:
    """DISC-05."""
    return await desk.do(request, gifts.add, doc_id, data.rule, data.article, data.quantity)


@put("/api/v1/documents/{doc_id:str}/payment-form", summary="Plan how it will be paid")
async def plan_payment(request: Asked, doc_id: str, data: ChoiceBody, desk: Desk) -> Document:
    """Some discounts are given for some forms only; payment then takes no others (DISC-10)."""
    return await desk.do(request, payment_plan.set_planned_form, doc_id, data.code)


@get("/api/v1/documents/{doc_id:str}/delivery-methods", summary="How it may be delivered")
async def deliveries(request: Asked, doc_id: str, desk: Desk) -> Sequence[DeliveryMethod]:
    """Those that may be chosen on this draft here, in their order (DISC-10)."""
    return await desk.do(request, delivery.methods_for, doc_id)


@put("/api/v1/documents/{doc_id:str}/delivery-method", summary="Choose how it is delivered")
async def choose_delivery(request: Asked, doc_id: str, data: ChoiceBody, desk: Desk) -> Document:
    """Some discounts are given for some methods only; prices follow (DISC-10)."""
    return await desk.do(request, delivery.set_delivery_method, doc_id, data.code)


HANDLERS = (
    give_on_line, set_initial_price, explain_line, explain, give_on_header, apply_promotions, remove_promotions,
    summary, unused_gifts, add_gift, plan_payment, deliveries, choose_delivery,
)  # fmt: skip
