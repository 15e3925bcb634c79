"""An invoice of a receipt: the whole receipt once more on paper, without stock, money or turnover of its own.

Refused for receipts that count as invoices already (SALE-04), twice, and after the days allowed (SALE-06).
"""

import datetime
from typing import Final

import msgspec

from kontuar.domain.cash.settlement import owed
from kontuar.domain.documents.document import APPROVED, Document, Link, Repeated
from kontuar.domain.documents.sale_checks import is_simplified
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import UNDEFINED, Contractor
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station import contractors, own_documents
from kontuar.operations.station.approval import INVOICE, approve
from kontuar.operations.station.attributes import attributes_of
from kontuar.operations.station.elsewhere import DocumentElsewhere
from kontuar.operations.station.station import Station
from kontuar.operations.station.till.drafts import begin, buyer_of

RECEIPT: Final = "receipt"


def from_receipt(station: Station, actor: Actor, doc_id: str) -> Document:
    """A draft invoice of a receipt issued here; the one that was begun already, where there is one.

    Raises `Refused("invoice.only_of_receipts" | "invoice.receipt_cancelled" | "invoice.receipt_too_old" |
    "invoice.receipt_is_simplified" | "invoice.made_already" | "right.missing")`, all that apply at once.
    """
    actor.require(rights.INVOICE_FROM_RECEIPT, doc_id)
    stored = own_documents.preview(station, actor, doc_id)
    begun = _begun(station, doc_id)
    if begun is not None:
        actor.require(rights.ISSUE_INVOICE)
        return begun
    _require(station, stored.document, stored.row.state, station.books.documents.repeating(doc_id))
    return _draft(station, actor, stored.document)


def from_elsewhere(station: Station, actor: Actor, found: DocumentElsewhere) -> Document:
    """The same for a receipt of another station of this store, as head office gave it."""
    actor.require(rights.INVOICE_FROM_RECEIPT, found.document.doc_id)
    begun = _begun(station, found.document.doc_id)
    if begun is not None:
        actor.require(rights.ISSUE_INVOICE)
        return begun
    if found.document.store != station.identity.store:
        raise refuse("invoice.receipt_of_other_store", number=found.document.number)
    made = found.invoice or station.books.documents.repeating(found.document.doc_id)
    _require(station, found.document, found.state, made)
    return _draft(station, actor, found.document)


def approve_and_invoice(station: Station, actor: Actor, doc_id: str) -> tuple[Document, Document]:
    """PAY-02: approve the receipt in the payment window, then the draft of its invoice. (receipt, invoice).

    What would refuse the invoice refuses before the receipt is approved.
    """
    actor.require(rights.INVOICE_FROM_RECEIPT, doc_id)
    actor.require(rights.ISSUE_INVOICE)
    actor.require(rights.OWN_DOCUMENTS)
    draft = station.books.drafts.load(doc_id)
    if draft is not None:
        _require(station, msgspec.structs.replace(draft, business_day=station.business_day()), APPROVED, "")
    receipt = approve(station, actor, doc_id)
    return receipt, from_receipt(station, actor, receipt.doc_id)


def _require(station: Station, receipt: Document, state: str, made: str) -> None:
    facts = {"number": receipt.number}
    if receipt.type != RECEIPT:
        raise refuse("invoice.only_of_receipts", number=receipt.number)
    problems = []
    if state != APPROVED:
        problems.append(Problem("invoice.receipt_cancelled", "", facts))
    if made:
        problems.append(Problem("invoice.made_already", "", {**facts, "invoice": made}))
    parameters = station.parameters()
    days = parameters.whole("sale.invoice_days")
    last = (receipt.business_day or station.today()) + datetime.timedelta(days=days)
    if station.today() > last:
        problems.append(Problem("invoice.receipt_too_old", "", {**facts, "days": str(days)}))
    if parameters.yes("sale.block_invoice_from_simplified") and is_simplified(receipt, parameters):
        problems.append(Problem("invoice.receipt_is_simplified", "", facts))
    if problems:
        raise Refused(*problems)


def _begun(station: Station, doc_id: str) -> Document | None:
    """An invoice of it that is being edited here."""
    drafts = station.books.drafts.every()
    return next((draft for draft in drafts if draft.repeats == doc_id), None)


def _draft(station: Station, actor: Actor, receipt: Document) -> Document:
    """All lines as they are: prices, discounts, adjustments, rates; linked with their quantities both ways (DOC-04)."""
    with station.books.transaction():
        empty = begin(station, actor, INVOICE)
        quantities = tuple((line.number, line.base_quantity) for line in receipt.lines)
        link = Link(kind="generated_from", doc_id=receipt.doc_id, number=receipt.number, quantities=quantities)
        buyer = receipt.buyer
        if buyer.code == UNDEFINED:
            known = contractors.with_tax_number(station, buyer.tax_number)
            buyer = buyer_of(known[0]) if len(known) == 1 else buyer
        elif (now := station.books.definitions.get(Contractor, buyer.code)) is not None:
            buyer = msgspec.structs.replace(buyer_of(now), loyalty_card=buyer.loyalty_card)
        draft = msgspec.structs.replace(
            empty, direction=receipt.direction, buyer=buyer, recipient=receipt.recipient,
            price_list=receipt.price_list, definitions=receipt.definitions, next_line=receipt.next_line,
            lines=receipt.lines, taxes=receipt.taxes, totals=receipt.totals, links=(link,),
            sold_on=receipt.sold_on or receipt.business_day, due_on=receipt.due_on, repeats=receipt.doc_id,
            repeated=Repeated(tax_number=receipt.buyer.tax_number, owed=owed(receipt.payments)),
            warehouse=receipt.warehouse, handler=receipt.handler, currency=receipt.currency,
            delivery_method=receipt.delivery_method, order_number=receipt.order_number,
            foreign_number=receipt.foreign_number, discounts=receipt.discounts,
            attributes={code: value for code, value in receipt.attributes.items() if _has(station, code)},
        )  # fmt: skip
        return station.save(draft)


def _has(station: Station, code: str) -> bool:
    """Whether invoices have that attribute too."""
    return any(row.code == code and row.level == "document" for row in attributes_of(station, INVOICE))
