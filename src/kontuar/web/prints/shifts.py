"""The report of a cash shift as a print (PAY-10)."""

from typing import cast

from kontuar.domain.cash.records import FormTotal, ShiftReport
from kontuar.kernel.money import Minor
from kontuar.operations.print_model import Language, PrintModel, PrintRow, VatHeadings, VatRow
from kontuar.web.i18n import Texts
from kontuar.web.prints.documents import moment_of, seller_rows, title_of
from kontuar.web.prints.scene import PrintScene

SIGNED_CHARACTERS = 16
"""How much of the chain's head is printed: enough to compare by eye."""


def shift_model(report: ShiftReport, scene: PrintScene, texts: Texts) -> PrintModel:
    """The report as it is printed at closing, or the summary so far while the shift is open."""
    _ = texts.gettext
    shift, currency = report.shift, report.shift.currency
    closed = report.closed_at is not None
    return PrintModel(
        language=cast("Language", texts.language),
        title=_("SHIFT REPORT") if closed else _("SHIFT SUMMARY"),
        number=f"{_('Shift')} {shift.number}",
        seller=seller_rows(scene, texts),
        store=scene.store.name,
        station=scene.station,
        operator=scene.operators.get(report.closed_by or shift.opened_by, report.closed_by or shift.opened_by),
        issued_at=moment_of(report.closed_at, scene, texts) if report.closed_at else "",
        details=_details(report, scene, texts),
        vat_headings=VatHeadings(rate=_("Rate of VAT"), net=_("Net"), vat=_("VAT"), gross=_("Gross")),
        vat=tuple(
            VatRow(
                letter="", rate=row.vat, net=texts.amount(row.net, currency), vat=texts.amount(row.tax, currency),
                gross=texts.amount(row.gross, currency),
            )
            for row in report.taxes
        ),
        totals=_totals(report, texts),
        payments=tuple(row for form in report.forms for row in _form_rows(form, scene, texts)),
        footer=(f"{_('Signed')}: {report.chain_head[:SIGNED_CHARACTERS]}",) if report.chain_head else (),
    )  # fmt: skip


def _details(report: ShiftReport, scene: PrintScene, texts: Texts) -> tuple[PrintRow, ...]:
    _ = texts.gettext
    shift = report.shift
    rows = [
        PrintRow(label=_("Business day"), value=texts.day(shift.business_day)),
        PrintRow(label=_("Register"), value=shift.register),
        PrintRow(label=_("Opened"), value=moment_of(shift.opened_at, scene, texts)),
        PrintRow(label=_("Opened by"), value=scene.operators.get(shift.opened_by, shift.opened_by)),
        PrintRow(label=_("Float"), value=texts.money(shift.opening_float, shift.currency)),
    ]
    for row in report.documents:
        label = f"{title_of(row.document_type, texts).capitalize()}: {row.count}"
        rows.append(PrintRow(label=label, value=texts.money(row.gross, shift.currency)))
        rows.append(PrintRow(label=f"  {row.first_number}", value=row.last_number))
    return tuple(rows)


def _totals(report: ShiftReport, texts: Texts) -> tuple[PrintRow, ...]:
    _ = texts.gettext
    currency = report.shift.currency
    return (
        PrintRow(label=_("Sales"), value=texts.money(report.sales_gross, currency), strong=True),
        PrintRow(label=_("Receipts given up"), value=str(report.voided_drafts)),
        PrintRow(label=_("Lines removed"), value=str(report.voided_lines)),
        PrintRow(label=_("Documents not fiscalised"), value=str(report.not_fiscalised)),
        PrintRow(label=_("Perpetual total"), value=texts.money(report.perpetual_gross, currency)),
    )


def _form_rows(form: FormTotal, scene: PrintScene, texts: Texts) -> tuple[PrintRow, ...]:
    """A heading, then what was there, came, went, should be, and was counted."""
    _ = texts.gettext
    figures: list[tuple[str, Minor | None]] = [
        (_("At the start"), form.opening), (_("Received"), form.received), (_("Paid out"), Minor(-form.paid_out)),
        (_("Should be there"), form.expected), (_("Counted"), form.counted), (_("Difference"), form.difference),
    ]  # fmt: skip
    return (
        PrintRow(label=f"{scene.forms.get(form.form, form.form)} {form.currency}", value="", strong=True),
        *(
            PrintRow(label=f"  {label}", value=texts.amount(amount, form.currency))
            for label, amount in figures
            if amount is not None
        ),
    )
