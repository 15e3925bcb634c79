"""The invoice (FS): sells to a known contractor; its own VAT direction, terms and print (SALE-01, SALE-03, SALE-07)."""

from kontuar.domain.documents import sale_checks
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.sale_life import sale_life
from kontuar.domain.parties import rights

_INVOICE_CHECKS = {
    "invoice.contractor_missing": sale_checks.no_contractor,
    "invoice.tax_number_missing": sale_checks.no_tax_number,
    "invoice.name_missing": sale_checks.nameless_buyer,
    "invoice.address_missing": sale_checks.homeless_buyer,
    "invoice.reverse_charge_not_business": sale_checks.reverse_charge_misused,
    "invoice.oss_not_consumer": sale_checks.oss_misused,
    "invoice.split_payment_not_possible": sale_checks.split_payment_misused,
    "payment.split_by_bank_only": sale_checks.split_payment_unpaid_by_bank,
}

LIFE = sale_life(approve=rights.APPROVE_INVOICE, void=rights.VOID_INVOICE, more_checks=_INVOICE_CHECKS)


def is_fiscal(document: Document) -> bool:
    """Registered in the fiscal device only for a retail buyer, counted from gross, and once (SALE-05, SALE-06)."""
    retail = document.buyer.kind == "retail" and document.direction == "gross"
    return retail and not document.repeats and not document.oss_country
