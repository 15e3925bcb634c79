"""The receipt that an invoice is made of, as this station knows it (SALE-04, SALE-06)."""

from kontuar.domain.documents.document import Document
from kontuar.kernel.codes import plain_tax_number
from kontuar.kernel.errors import refuse
from kontuar.operations.station.station import Station


def require_source(station: Station, invoice: Document) -> None:
    """Ask of an invoice of a receipt once more what may have changed since it was begun; others pass (SALE-06).

    A business gets one only where the receipt bears its number (art. 106b sec. 5). Raises
    `Refused("invoice.made_already" | "invoice.receipt_without_number")`.
    """
    if not invoice.repeats:
        return
    number = next((link.number for link in invoice.links if link.doc_id == invoice.repeats), "")
    made = station.books.documents.repeating(invoice.repeats)
    if made:
        raise refuse("invoice.made_already", number=number, invoice=made)
    asked = station.parameters().yes("sale.invoice_needs_tax_number_on_receipt")
    if asked and invoice.buyer.kind == "business" and not _bears_number(invoice):
        raise refuse("invoice.receipt_without_number", "contractor", number=number)


def _bears_number(invoice: Document) -> bool:
    return invoice.repeated is not None and plain_tax_number(invoice.repeated.tax_number) == plain_tax_number(
        invoice.buyer.tax_number
    )
