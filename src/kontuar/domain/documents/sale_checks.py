"""Checks of selling documents about who buys, what the law asks for and what the firm asks for."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Final

from kontuar.domain.documents.case import Case
from kontuar.domain.documents.checks import place_of
from kontuar.domain.documents.document import Buyer, Document
from kontuar.domain.firm.attributes import fits
from kontuar.domain.firm.parameters import Parameters
from kontuar.domain.parties.records import UNDEFINED
from kontuar.kernel.codes import is_eu_vat, is_nip
from kontuar.kernel.lifecycle import Found

EU_COUNTRIES: Final = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "EL", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT",
        "LU", "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
BANK: Final = "bank"
CHECK_TAX_NUMBER: Final = "contractor.check_tax_number"


def no_contractor(case: Case) -> Iterable[Found]:
    """An invoice is made out to somebody (SALE-01)."""
    if case.document.buyer.code == UNDEFINED:
        yield Found("contractor")


def bad_tax_number(case: Case) -> Iterable[Found]:
    """A tax number that is told is right by its country's rule, unless the firm does not check them (HUB-14)."""
    buyer = case.document.buyer
    checked = case.parameters.yes(CHECK_TAX_NUMBER)
    if checked and buyer.tax_number and not has_right_tax_number(buyer):
        yield Found("contractor", {"name": buyer.name, "value": buyer.tax_number[:20], "country": buyer.country})


def no_tax_number(case: Case) -> Iterable[Found]:
    """A business gets its invoice with its tax number on it."""
    buyer = case.document.buyer
    if buyer.kind == "business" and not buyer.tax_number.strip():
        yield Found("contractor", {"name": buyer.name})


def has_right_tax_number(buyer: Buyer) -> bool:
    """A Polish NIP, an EU country's VAT number, or, from elsewhere, anything at all.

    `buyer.country` is that of the address on the document: a domestic business keeps its NIP at a branch abroad, and
    a number that names another country of the EU is read by that country's rule.
    """
    number = buyer.tax_number.strip()
    named = number[:2].upper()
    if buyer.country == "PL" or (buyer.status == "domestic" and is_nip(number)):
        return is_nip(number)
    if named in EU_COUNTRIES:
        return is_eu_vat(named, number)
    return is_eu_vat(buyer.country, number) if buyer.country in EU_COUNTRIES else bool(number)


def nameless_buyer(case: Case) -> Iterable[Found]:
    """An invoice names its buyer."""
    buyer = case.document.buyer
    if buyer.code != UNDEFINED and not buyer.name.strip():
        yield Found("contractor")


def homeless_buyer(case: Case) -> Iterable[Found]:
    """An invoice to a business says where it is: a town, and a street or a postal code."""
    buyer = case.document.buyer
    if buyer.kind == "business" and not (buyer.city.strip() and (buyer.street.strip() or buyer.postal_code.strip())):
        yield Found("contractor", {"name": buyer.name})


def reverse_charge_misused(case: Case) -> Iterable[Found]:
    """Only a business accounts for the VAT itself."""
    document = case.document
    if document.reverse_charge and document.buyer.kind != "business":
        yield Found("contractor", {"name": document.buyer.name})


def oss_misused(case: Case) -> Iterable[Found]:
    """OSS is for consumers of another country of the EU."""
    document = case.document
    if document.oss_country and (document.oss_country not in EU_COUNTRIES or document.buyer.kind == "business"):
        yield Found("contractor", {"name": document.buyer.name, "country": document.oss_country})


def split_payment_misused(case: Case) -> Iterable[Found]:
    """Split payment is between businesses, and never with reverse-charge lines (PAY-08)."""
    document = case.document
    if document.split_payment and not may_split(document):
        yield Found("contractor", {"name": document.buyer.name})


def split_payment_unpaid_by_bank(case: Case) -> Iterable[Found]:
    """Under split payment złotys are paid by transfer only; other currencies are free (PAY-08)."""
    if not case.document.split_payment:
        return
    for payment in case.document.payments:
        if payment.currency == "PLN" and payment.kind != BANK:
            yield Found("payment", {"form": payment.form})


def may_split(document: Document) -> bool:
    """Whether the flag may be set at all: a business, no reverse-charge lines (PAY-08)."""
    reversed_lines = document.reverse_charge and any(line.reverse_charge for line in document.lines)
    return document.buyer.kind == "business" and not reversed_lines and not document.repeats


def needs_split_payment(document: Document, parameters: Parameters) -> bool:
    """Domestic, a business, a flagged line, and more than the threshold that holds on the day (PAY-08)."""
    if not parameters.yes("invoice.split_payment") or document.business_day is None:
        return False
    buyer = document.buyer
    flagged = any(line.split_payment for line in document.lines)
    polish = buyer.country == "PL" or is_nip(buyer.tax_number)
    domestic = polish and buyer.status == "domestic"
    least = parameters.amount_on("invoice.split_payment_limits", document.business_day, document.currency)
    return domestic and flagged and may_split(document) and document.totals.gross > (least or 0)


def no_such_delivery(case: Case) -> Iterable[Found]:
    """A delivery method that was withdrawn since, or that this type or store never had (DISC-10).

    An invoice of a receipt repeats what the receipt says.
    """
    method = case.document.delivery_method
    if method and method not in case.deliveries and not case.document.repeats:
        yield Found("delivery_method", {"method": method[:60]})


def missing_attribute(case: Case) -> Iterable[Found]:
    """What the firm requires here (DOC-30); asked for at approval only, never for parking (PARK-13)."""
    for attribute in case.attributes:
        if attribute.code not in case.required:
            continue
        facts = {"name": attribute.name}
        if attribute.level == "document" and not case.document.attributes.get(attribute.code):
            yield Found(f"attribute:{attribute.code}", facts)
        if attribute.level == "line":
            for line in case.document.lines:
                if not line.attributes.get(attribute.code):
                    yield Found(place_of(line), facts)


def bad_attribute(case: Case) -> Iterable[Found]:
    """A value that is none of its type."""
    by_code = {attribute.code: attribute for attribute in case.attributes}
    for place, values in _attribute_places(case.document):
        for code, value in values.items():
            if code in by_code and not fits(by_code[code], value):
                yield Found(place or f"attribute:{code}", {"name": by_code[code].name, "value": value[:60]})


def _attribute_places(document: Document) -> Iterable[tuple[str, Mapping[str, str]]]:
    yield "", document.attributes
    yield from ((place_of(line), line.attributes) for line in document.lines)


def is_simplified(document: Document, parameters: Parameters) -> bool:
    """Whether a receipt counts as an invoice: the buyer's NIP and not more than the day's limit (SALE-04)."""
    if document.type != "receipt" or not document.buyer.tax_number or document.currency != "PLN":
        return False
    day = document.business_day
    limit = parameters.amount_on("sale.simplified_limits", day, document.currency) if day else None
    return limit is not None and document.totals.gross <= limit


def credit_left(limit: int | None, owed: Decimal | int, document_gross: int, *, with_document: bool) -> int | None:
    """What a contractor may still owe, with or without this document (DOC-28); None = no limit was set."""
    return None if limit is None else int(limit - owed - (document_gross if with_document else 0))
