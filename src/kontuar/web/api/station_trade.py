"""Receipts and invoices beyond their lines, and contractors, as the station's API (SALE-01, DOC-26, DOC-27)."""

import msgspec
from litestar import post, put

from kontuar.domain.documents.document import Document
from kontuar.domain.parties.records import Address, Contractor
from kontuar.operations.station import contractors, invoicing, sale_form, till
from kontuar.operations.station.contractors import ContractorForm
from kontuar.web.api.station_bodies import BuyerBody
from kontuar.web.desk import Asked, Desk


class FieldsBody(msgspec.Struct, frozen=True):
    """Fields by name: `handler`, `order_number`, `foreign_number`, `description`, `tax_number`, `direction`,
    `payment_form`, `delivery_method`, `reverse_charge` and `split_payment` (yes/no), `oss_country`, `attribute:CODE`.
    What is not sent stays."""

    fields: dict[str, str]


class CardBody(msgspec.Struct, frozen=True):
    """A loyalty card's number."""

    card: str


class AddressBody(msgspec.Struct, frozen=True, kw_only=True):
    """A further address; `instead_of`: the name of the one it replaces."""

    address: Address
    instead_of: str = ""


@post("/api/v1/documents/{doc_id:str}/type", summary="Make an invoice of a receipt being edited, or back",
      status_code=200)  # fmt: skip
async def change_type(request: Asked, doc_id: str, data: BuyerBody, desk: Desk) -> Document:
    """`code`: receipt or invoice; needs the right to issue both (SALE-01)."""
    return await desk.do(request, till.change_type, doc_id, data.code)


@put("/api/v1/documents/{doc_id:str}/heading", summary="Fields of the document at once")
async def set_heading(request: Asked, doc_id: str, data: FieldsBody, desk: Desk) -> Document:
    """All or none (SALE-01, SALE-07, DOC-26, DOC-30)."""
    return await desk.do(request, sale_form.set_fields, doc_id, data.fields)


@put("/api/v1/documents/{doc_id:str}/lines/{number:int}/heading", summary="Handler and attributes of a line")
async def set_line_heading(request: Asked, doc_id: str, number: int, data: FieldsBody, desk: Desk) -> Document:
    """All or none (DOC-26, DOC-30)."""
    return await desk.do(request, sale_form.set_line_fields, doc_id, number, data.fields)


@put("/api/v1/documents/{doc_id:str}/recipient", summary="Who receives, where it is not the buyer")
async def set_recipient(request: Asked, doc_id: str, data: BuyerBody, desk: Desk) -> Document:
    """An empty code takes him off (DOC-27)."""
    return await desk.do(request, till.set_recipient, doc_id, data.code)


@put("/api/v1/documents/{doc_id:str}/address", summary="Which of the buyer's addresses")
async def choose_address(request: Asked, doc_id: str, data: BuyerBody, desk: Desk) -> Document:
    """By its name; empty = the main one (DOC-27)."""
    return await desk.do(request, till.choose_address, doc_id, data.code)


@put("/api/v1/documents/{doc_id:str}/card", summary="A loyalty card: its owner becomes the buyer")
async def set_card(request: Asked, doc_id: str, data: CardBody, desk: Desk) -> Document:
    """A number that is nobody's stands alone on a document without a contractor (DOC-27)."""
    return await desk.do(request, till.set_card, doc_id, data.card)


@post("/api/v1/documents/{doc_id:str}/invoice", summary="An invoice of an approved receipt, as a draft",
      status_code=201)  # fmt: skip
async def invoice_receipt(request: Asked, doc_id: str, desk: Desk) -> Document:
    """The whole receipt, once, within the days allowed (SALE-04, SALE-06)."""
    return await desk.do(request, invoicing.from_receipt, doc_id)


@post("/api/v1/contractors", summary="A new contractor, known here at once", status_code=201)
async def add_contractor(request: Asked, data: ContractorForm, desk: Desk) -> Contractor:
    """Head office is told by the stream; `seen`: codes of possible duplicates that were looked at (DOC-27)."""
    return await desk.do(request, contractors.add, data)


@put("/api/v1/contractors/{code:str}", summary="Change a contractor")
async def change_contractor(request: Asked, code: str, data: ContractorForm, desk: Desk) -> Contractor:
    """What the form does not hold stays (DOC-27)."""
    return await desk.do(request, contractors.change, code, data)


@post("/api/v1/contractors/{code:str}/addresses", summary="A further address of a contractor", status_code=200)
async def put_address(request: Asked, code: str, data: AddressBody, desk: Desk) -> Contractor:
    """Names are unique among his addresses (DOC-27)."""
    return await desk.do(request, contractors.put_address, code, data.address, instead_of=data.instead_of)


@post("/api/v1/contractors/{code:str}/cards", summary="A loyalty card more for a contractor", status_code=200)
async def add_card(request: Asked, code: str, data: CardBody, desk: Desk) -> Contractor:
    """A card belongs to one contractor (DOC-27)."""
    return await desk.do(request, contractors.add_card, code, data.card)


HANDLERS = (
    change_type, set_heading, set_line_heading, set_recipient, choose_address, set_card, invoice_receipt,
    add_contractor, change_contractor, put_address, add_card,
)  # fmt: skip
