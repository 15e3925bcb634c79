"""A document as the fiscal device needs it: gross amounts, never percents, to the grosz (SALE-05)."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from kontuar.domain.cash.records import Payment
from kontuar.domain.documents.document import Document, Line
from kontuar.domain.pricing.vat import other_price
from kontuar.kernel.money import Minor, line_value, to_minor
from kontuar.kernel.rounding import to_whole
from kontuar.operations.ports.devices import FiscalLine, FiscalPayment, FiscalSale, PaymentKind

_KINDS: Final[Mapping[str, PaymentKind]] = {
    "cash": "cash", "card": "card", "bank": "transfer", "coupon": "coupon", "deferred": "credit",
}  # fmt: skip


def fiscal_sale(document: Document) -> FiscalSale:
    """The sale of an approved document. Lines given away for nothing are left out: devices do not take them.

    Worked: 3 pcs at 3.99 with a typed value of 10.00 → value 11.97, discount 1.97. The same with a typed value of
    12.00 → value 12.00, no discount. Net documents: the gross of each rate is spread over its lines so that the
    lines sum to the rate's gross.
    """
    gross = _gross_values(document)
    entered = [payment for payment in document.payments if payment.role == "payment"]
    change = -sum(payment.in_system for payment in document.payments if payment.role == "change")
    return FiscalSale(
        doc_id=document.doc_id,
        system_number=document.number,
        lines=tuple(_line(line, gross[line.number], document) for line in document.lines if gross[line.number]),
        payments=tuple(_payment(payment) for payment in entered),
        change=Minor(change),
        buyer_nip="".join(filter(str.isalnum, document.buyer.tax_number)),
        total=document.totals.gross,
    )


def _line(line: Line, gross: int, document: Document) -> FiscalLine:
    initial = line.initial_price
    if document.direction == "net":
        initial = other_price(initial, line.percent, "net")
    listed = line_value(initial, line.quantity, document.currency)
    cheaper = bool(line.adjustments) and gross < listed
    price = initial if cheaper or not line.adjustments else Decimal(gross) / line.quantity / 100
    value = Minor(listed if cheaper else gross)
    return FiscalLine(
        name=line.name, quantity=line.quantity, unit=line.unit, vat_letter=line.letter, value=value,
        unit_price=max(Minor(1), to_minor(price, document.currency)), discount=Minor(value - gross),
    )  # fmt: skip


def _gross_values(document: Document) -> dict[int, int]:
    """Line number → gross. From net values by cumulative rounding per rate, so that nothing is lost or made."""
    if document.direction == "gross":
        return {line.number: line.value for line in document.lines}
    result: dict[int, int] = {}
    for tax in document.taxes:
        rate = (tax.vat, tax.percent, tax.letter)
        lines = [line for line in document.lines if (line.vat, line.percent, line.letter) == rate]
        net = given = 0
        for line in lines:
            net += line.value
            until_here = tax.gross if line is lines[-1] else to_whole(Decimal(tax.gross * net) / (tax.net or 1))
            result[line.number] = until_here - given
            given = until_here
    return result


def _payment(payment: Payment) -> FiscalPayment:
    return FiscalPayment(kind=_KINDS.get(payment.kind, "other"), amount=payment.in_system)
