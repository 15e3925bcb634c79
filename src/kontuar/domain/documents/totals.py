"""Sums of a document, always recomputed from its lines (SALE-07, DOC-24, DOC-28)."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from kontuar.domain.documents.document import Document, Line, Totals
from kontuar.domain.pricing.vat import Direction, TaxSum, tax_sum
from kontuar.kernel.money import Minor, line_value
from kontuar.kernel.rounding import half_up


def with_totals(document: Document) -> Document:
    """The same document with its tax rows and sums computed anew."""
    taxes = tax_rows(document.lines, document.direction)
    return msgspec.structs.replace(document, taxes=taxes, totals=_totals(document, taxes))


def tax_rows(lines: Iterable[Line], direction: Direction) -> tuple[TaxSum, ...]:
    """One row per VAT rate, in the order of the fiscal letters."""
    sums: dict[tuple[str, Decimal | None, str], int] = {}
    for line in lines:
        key = (line.vat, line.percent, line.letter)
        sums[key] = sums.get(key, 0) + line.value
    ordered = sorted(sums, key=lambda rate: (rate[2], rate[0]))
    return tuple(tax_sum(rate, Minor(sums[rate]), direction) for rate in ordered)


def total_quantity(lines: Iterable[Line]) -> tuple[Decimal, int]:
    """Sum whatever the unit, at the finest precision among them; services and negative lines left out (DOC-24)."""
    counted = [line for line in lines if line.kind != "service" and line.quantity > 0]
    places = max((line.precision for line in counted), default=0)
    return half_up(sum((line.quantity for line in counted), Decimal(0)), places), places


def _totals(document: Document, taxes: tuple[TaxSum, ...]) -> Totals:
    currency = document.currency
    initial = [line_value(line.initial_price, line.quantity, currency) for line in document.lines]
    base = [
        before if line.base_price == line.initial_price else line_value(line.base_price, line.quantity, currency)
        for line, before in zip(document.lines, initial, strict=True)
    ]
    changes = [line.value - before for line, before in zip(document.lines, initial, strict=True)]
    quantity, places = total_quantity(document.lines)
    return Totals(
        net=Minor(sum(row.net for row in taxes)),
        tax=Minor(sum(row.tax for row in taxes)),
        gross=Minor(sum(row.gross for row in taxes)),
        base_sum=Minor(sum(base)),
        initial_sum=Minor(sum(initial)),
        discount=Minor(-sum(change for change in changes if change < 0)),
        surcharge=Minor(sum(change for change in changes if change > 0)),
        quantity=quantity,
        quantity_places=places,
    )
