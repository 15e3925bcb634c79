"""An approved document as a print: the same model for paper, PDF and screen (DOC-32)."""

import datetime
from typing import cast

from kontuar.domain.documents.document import Document, Line
from kontuar.domain.documents.types import type_of
from kontuar.domain.parties.records import UNDEFINED
from kontuar.domain.pricing.vat import TaxSum
from kontuar.kernel.money import Minor
from kontuar.operations.print_model import (
    Language,
    LineHeadings,
    PrintLine,
    PrintModel,
    PrintRow,
    VatHeadings,
    VatRow,
)
from kontuar.web.i18n import Texts
from kontuar.web.prints import law
from kontuar.web.prints.scene import PrintScene

CODE_PREFIX = "kontuar:document:"
"""What stands before the document's identity in its QR code, so that a scanner's reading names a document."""


def document_model(
    document: Document, scene: PrintScene, texts: Texts, *, copy: bool = False, fiscal_number: str = ""
) -> PrintModel:
    """The print of a document. `copy` marks trade documents only, from the second print on (DOC-32)."""
    priced = type_of(document.type).lines == "priced"
    return PrintModel(
        language=cast("Language", texts.language),
        title=_title(document, texts),
        number=document.number,
        copy_mark=_copy_mark(document, texts) if copy else "",
        seller=(*seller_rows(scene, texts), *(law.seller_more(scene, texts) if law.is_invoice(document) else ())),
        buyer=_buyer_rows(document, texts),
        store=scene.store.name,
        station=scene.station,
        operator=scene.operators.get(document.approved_by, document.approved_by),
        issued_at=moment_of(document.approved_at or document.created_at, scene, texts),
        details=_details(document, scene, texts, fiscal_number),
        headings=_headings(document, texts, priced=priced),
        lines=tuple(_line(line, document, texts, priced=priced) for line in document.lines),
        totals=_totals(document, texts, priced=priced),
        vat_headings=VatHeadings(
            rate=texts.gettext("Rate of VAT"),
            net=texts.gettext("Net"),
            vat=texts.gettext("VAT"),
            gross=texts.gettext("Gross"),
        ),
        vat=tuple(_vat_row(row, document.currency, texts) for row in document.taxes) if priced else (),
        payments=_payments(document, scene, texts),
        footer=_footer(document, scene, texts),
        qr=CODE_PREFIX + document.doc_id,
    )


def seller_rows(scene: PrintScene, texts: Texts) -> tuple[str, ...]:
    """The firm, its tax number, and the shop's address (the firm's where the shop has none)."""
    firm, store = scene.firm, scene.store
    place = store if store.city else firm
    town = " ".join(part for part in (place.postal_code, place.city) if part)
    address = ", ".join(part for part in (place.street, town) if part)
    number = f"{texts.gettext('Tax number')} {firm.tax_number}" if firm.tax_number else ""
    return tuple(row for row in (firm.name, address, number) if row)


def moment_of(instant: datetime.datetime, scene: PrintScene, texts: Texts) -> str:
    """Date and time where the firm keeps its books."""
    return texts.moment(instant, scene.firm.time_zone)


def title_of(document_type: str, texts: Texts) -> str:
    """The name of a document type as it heads a print."""
    _ = texts.gettext
    titles = {
        "receipt": _("RECEIPT"),
        "invoice": _("INVOICE"),
        "cash_in": _("CASH RECEIVED (KP)"),
        "cash_out": _("CASH PAID OUT (KW)"),
        "internal_release": _("INTERNAL RELEASE (RW)"),
        "internal_receipt": _("INTERNAL RECEIPT (PW)"),
    }
    return titles.get(document_type, document_type)


def _title(document: Document, texts: Texts) -> str:
    return title_of(document.type, texts)


def _copy_mark(document: Document, texts: Texts) -> str:
    return texts.gettext("COPY") if type_of(document.type).family == "trade" else ""


def _buyer_rows(document: Document, texts: Texts) -> tuple[str, ...]:
    buyer = document.buyer
    _ = texts.gettext
    if buyer.code == UNDEFINED:
        return (f"{_('Buyer')}: {_('Tax number')} {buyer.tax_number}",) if buyer.tax_number else ()
    label = _("Buyer") if type_of(document.type).family == "trade" else _("Contractor")
    recipient = law.party_rows(_("Recipient"), document.recipient, texts) if document.recipient else ()
    return (*law.party_rows(label, buyer, texts), *recipient)


def _details(document: Document, scene: PrintScene, texts: Texts, fiscal_number: str) -> tuple[PrintRow, ...]:
    _ = texts.gettext
    family = type_of(document.type).family
    handler = document.handler if document.handler != document.approved_by else ""
    rows = (
        (_("Warehouse"), scene.warehouses.get(document.warehouse, document.warehouse) if family == "goods" else ""),
        (_("Register"), document.register if family == "cash" else ""),
        (_("Reason"), scene.reasons.get(document.reason, document.reason)),
        (_("Served by"), scene.operators.get(handler, handler)),
        *((row.label, row.value) for row in (law.date_rows(document, texts) if law.is_invoice(document) else ())),
        (_("Delivery"), scene.deliveries.get(document.delivery_method, document.delivery_method)),
        (_("Order number"), document.order_number),
        (_("Foreign number"), document.foreign_number),
        (_("Fiscal number"), fiscal_number),
        (_("Description"), document.description),
        *((scene.attributes.get(code, code), value) for code, value in sorted(document.attributes.items())),
    )
    return tuple(PrintRow(label=label, value=value) for label, value in rows if value)


def _headings(document: Document, texts: Texts, *, priced: bool) -> LineHeadings:
    _ = texts.gettext
    if law.is_invoice(document):
        net = document.direction == "net"
        return LineHeadings(
            code=_("Code"), name=_("Name"), quantity=_("Quantity"), unit=_("Unit"),
            unit_price=_("Net price") if net else _("Gross price"),
            value=_("Net value") if net else _("Gross value"), vat=_("Rate of VAT"),
        )  # fmt: skip
    return LineHeadings(
        code=_("Code"), name=_("Name"), quantity=_("Quantity"), unit=_("Unit"),
        unit_price=_("Price") if priced else "", value=_("Value") if priced else "", vat=_("VAT") if priced else "",
    )  # fmt: skip


def _name(line: Line) -> str:
    """The article, and which kind of it (DOC-29)."""
    return ", ".join([line.name, *line.properties.values()])


def _line(line: Line, document: Document, texts: Texts, *, priced: bool) -> PrintLine:
    quantity = texts.quantity(line.quantity, 0 if line.quantity == line.quantity.to_integral_value() else 1)
    if not priced:
        return PrintLine(name=_name(line), quantity=quantity, unit=line.unit, code=line.article)
    return PrintLine(
        name=_name(line), quantity=quantity, unit=line.unit, code=line.article,
        unit_price=texts.price(line.price), value=texts.amount(line.value, document.currency),
        discount=_discount(line, document, texts),
        vat_letter=law.line_rate(line, texts) if law.is_invoice(document) else line.letter,
    )  # fmt: skip


def _discount(line: Line, document: Document, texts: Texts) -> str:
    """By how much the value differs from the list price, in words; empty when it does not."""
    change = sum(adjustment.amount for adjustment in line.adjustments)
    if not change:
        return ""
    word = texts.gettext("Discount") if change < 0 else texts.gettext("Surcharge")
    return f"{word}: {texts.amount(Minor(change), document.currency)}"


def _totals(document: Document, texts: Texts, *, priced: bool) -> tuple[PrintRow, ...]:
    totals = document.totals
    if type_of(document.type).family == "cash":
        return (_row(texts.gettext("AMOUNT"), document.amount, document.currency, texts),)
    quantity = PrintRow(label=texts.gettext("Quantity in all"), value=texts.quantity(totals.quantity))
    if not priced:
        return (quantity,)
    shown = []
    if totals.discount:
        shown.append(_row(texts.gettext("Discounts"), Minor(-totals.discount), document.currency, texts, strong=False))
    if totals.surcharge:
        shown.append(_row(texts.gettext("Surcharges"), totals.surcharge, document.currency, texts, strong=False))
    total = _row(texts.gettext("TOTAL"), totals.gross, document.currency, texts)
    if not law.is_invoice(document):
        return (*shown, total)
    return (*shown, *law.before_total(document, texts), total, *law.sum_rows(document, texts))


def _row(label: str, amount: Minor, currency: str, texts: Texts, *, strong: bool = True) -> PrintRow:
    return PrintRow(label=f"{label} {currency}", value=texts.amount(amount, currency), strong=strong)


def _vat_row(row: TaxSum, currency: str, texts: Texts) -> VatRow:
    return VatRow(
        letter=row.letter, rate=law.rate_of(row.vat, row.percent, texts), net=texts.amount(row.net, currency),
        vat=texts.amount(row.tax, currency), gross=texts.amount(row.gross, currency),
    )  # fmt: skip


def _payments(document: Document, scene: PrintScene, texts: Texts) -> tuple[PrintRow, ...]:
    """Money in the currency it was in; foreign money also with its rate and worth; change as a positive figure."""
    rows: list[PrintRow] = []
    for payment in document.payments:
        name = scene.forms.get(payment.form, payment.form)
        if payment.role == "change":
            rows.append(
                _row(texts.gettext("Change given"), Minor(-payment.amount), payment.currency, texts, strong=False)
            )
            continue
        card = f" {payment.card}" if payment.card else ""
        rows.append(_row(f"{name}{card}", payment.amount, payment.currency, texts, strong=False))
        if payment.currency != document.currency:
            worth = texts.money(payment.in_system, document.currency)
            rows.append(
                PrintRow(label=f"  {texts.gettext('Rate of exchange')} {texts.price(payment.rate)}", value=worth)
            )
    return tuple(rows)


def _footer(document: Document, scene: PrintScene, texts: Texts) -> tuple[str, ...]:
    family = type_of(document.type).family
    if family == "trade":
        notes = law.legal_notes(document, scene, texts)
        warning = texts.gettext("This is not a fiscal receipt") if scene.fiscal_device else ""
        if law.is_invoice(document):
            return notes
        return tuple(row for row in (*notes, warning, *scene.footer.splitlines()) if row)
    dots = "." * 20
    parties = {
        "cash": (texts.gettext("Paid by"), texts.gettext("Received by")),
        "goods": (texts.gettext("Released by"), texts.gettext("Received by")),
    }[family]
    return tuple(f"{party}: {dots}" for party in parties)
