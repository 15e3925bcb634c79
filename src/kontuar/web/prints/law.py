"""What the law wants on a sale's print, by the country of the firm: Poland (art. 106e) and France."""

from collections.abc import Iterator
from decimal import Decimal

from kontuar.domain.cash.settlement import collected, owed
from kontuar.domain.documents.document import Buyer, Document, Line
from kontuar.domain.documents.sale_checks import is_simplified
from kontuar.domain.pricing.vat import REVERSE_CHARGE
from kontuar.kernel.money import Minor
from kontuar.operations.print_model import PrintRow
from kontuar.web.i18n import Texts
from kontuar.web.prints.scene import PrintScene

SPLIT_PAYMENT = "mechanizm podzielonej płatności"
"""The words of the Polish law; never translated."""
INVOICE = "invoice"


def is_invoice(document: Document) -> bool:
    """Whether the rules of invoices hold for its print."""
    return document.type == INVOICE


def seller_more(scene: PrintScene, texts: Texts) -> tuple[str, ...]:
    """Beside name, address and tax number: the EU number, the register, legal form and capital, the account."""
    firm, _ = scene.firm, texts.gettext
    form = " · ".join(
        part
        for part in (
            firm.legal_form,
            _("capital of %(sum)s") % {"sum": firm.capital} if firm.capital else "",
            f"{firm.register or _('Registry number')} {firm.registry_number}" if firm.registry_number else "",
        )
        if part
    )
    account = " ".join(part for part in (firm.bank_name, firm.bank_account) if part)
    rows = (
        f"{_('VAT number')} {firm.vat_number}" if firm.vat_number else "",
        form,
        f"{_('Bank account')} {account}" if account else "",
    )
    return tuple(row for row in rows if row)


def party_rows(label: str, buyer: Buyer, texts: Texts) -> tuple[str, ...]:
    """Name, address with the country where it is another one, tax number."""
    town = " ".join(part for part in (buyer.postal_code, buyer.city) if part)
    country = buyer.country if buyer.status != "domestic" else ""
    address = ", ".join(part for part in (buyer.street, town, country) if part)
    number = f"{texts.gettext('Tax number')} {buyer.tax_number}" if buyer.tax_number else ""
    return tuple(row for row in (f"{label}: {buyer.name}", buyer.second_name, address, number) if row)


def date_rows(document: Document, texts: Texts) -> tuple[PrintRow, ...]:
    """Day of issue, day of sale, last day of payment, and the receipt that it repeats."""
    _ = texts.gettext
    issued = document.business_day
    receipt = next((link.number for link in document.links if link.kind == "generated_from"), "")
    rows = (
        (_("Date of issue"), texts.day(issued) if issued else ""),
        (_("Date of sale"), texts.day(document.sold_on) if document.sold_on else ""),
        (_("To be paid until"), texts.day(document.due_on) if document.due_on else ""),
        (_("Invoice of the receipt"), receipt if document.repeats else ""),
    )
    return tuple(PrintRow(label=label, value=value) for label, value in rows if value)


def sum_rows(document: Document, texts: Texts) -> tuple[PrintRow, ...]:
    """Net and VAT before the total; what was paid and what is left after it."""
    _, currency = texts.gettext, document.currency
    paid, left = collected(document.payments), owed(document.payments)
    if document.repeats:
        left = document.repeated.owed if document.repeated else Minor(0)
        paid = Minor(document.totals.gross - left)
    rows = [(_("Paid"), paid), (_("Left to pay"), left)] if left or document.repeats else []
    return tuple(PrintRow(label=f"{label} {currency}", value=texts.amount(amount, currency)) for label, amount in rows)


def before_total(document: Document, texts: Texts) -> tuple[PrintRow, ...]:
    """The net and the VAT of the whole document."""
    _, totals, currency = texts.gettext, document.totals, document.currency
    rows: tuple[tuple[str, Minor], ...] = ((_("Net in all"), totals.net), (_("VAT in all"), totals.tax))
    return tuple(PrintRow(label=f"{label} {currency}", value=texts.amount(amount, currency)) for label, amount in rows)


def rate_of(vat: str, percent: Decimal | None, texts: Texts) -> str:
    """A rate as a print names it: 23 %, exempt, or not taxed here."""
    if percent is not None:
        return f"{texts.quantity(percent)}%"
    return REVERSE_CHARGE if vat == REVERSE_CHARGE else texts.gettext("exempt")


def line_rate(line: Line, texts: Texts) -> str:
    """The rate of a line in words; receipts print the letter instead."""
    return rate_of(line.vat, line.percent, texts)


def legal_notes(document: Document, scene: PrintScene, texts: Texts) -> tuple[str, ...]:
    """The sentences that the law wants, in its order."""
    return tuple(_notes(document, scene, texts))


def _notes(document: Document, scene: PrintScene, texts: Texts) -> Iterator[str]:
    _ = texts.gettext
    if is_simplified(document, scene.parameters) and scene.firm.country == "PL":
        yield _("With the buyer's tax number this receipt is a simplified invoice.")
    if not is_invoice(document):
        return
    if document.split_payment and any(payment.currency == "PLN" for payment in document.payments):
        yield SPLIT_PAYMENT
    if any(line.vat == REVERSE_CHARGE for line in document.lines):
        yield _("Reverse charge: the buyer accounts for the VAT")
    exempt = any(line.percent is None and line.vat != REVERSE_CHARGE for line in document.lines)
    ground = scene.parameters.text("invoice.exemption_ground")
    if exempt and ground:
        yield _("Ground of exemption: %(ground)s") % {"ground": ground}
    if document.oss_country:
        yield _("VAT of %(country)s under the one-stop shop (OSS)") % {"country": document.oss_country}
    if scene.firm.country == "FR" and document.buyer.kind == "business":
        yield from _french_terms(scene, texts)


def _french_terms(scene: PrintScene, texts: Texts) -> Iterator[str]:
    """What the French code of commerce wants between businesses: interest on late payment, the indemnity."""
    own = scene.parameters.text("invoice.late_payment_words")
    yield own or texts.gettext(
        "Late payment bears interest at three times the legal rate; no discount for early payment."
    )
    indemnity = scene.parameters.text("invoice.recovery_indemnity")
    amount = texts.money(Minor(int(Decimal(indemnity) * 100)), "EUR")
    yield texts.gettext("Fixed indemnity for recovery costs when paid late: %(sum)s") % {"sum": amount}
