"""The receipt (PAR): sells goods to a walk-in or known customer, paid at once, fiscalised at approval."""

from kontuar.domain.documents import checks, life, sale_checks
from kontuar.domain.documents.document import APPROVED, UNAPPROVED
from kontuar.domain.documents.life import DocumentLife, DocumentStep
from kontuar.domain.parties import rights

SALE_CHECKS = {
    "document.empty": checks.no_lines,
    "shift.not_open": checks.no_shift,
    "line.quantity_zero": checks.zero_quantity,
    "line.value_negative": checks.negative_value,
    "line.name_too_short": checks.short_name,
    "stock.too_low": checks.stock_too_low,
    "contractor.tax_number_wrong": sale_checks.bad_tax_number,
    "attribute.missing": sale_checks.missing_attribute,
    "attribute.bad_value": sale_checks.bad_attribute,
}
"""What every selling document is asked before it is paid and when it is approved."""

LIFE = DocumentLife(
    start=UNAPPROVED,
    steps={
        (UNAPPROVED, life.OPEN_PAYMENT): DocumentStep(to=UNAPPROVED, right=rights.APPROVE_RECEIPT, unless=SALE_CHECKS),
        (UNAPPROVED, life.APPROVE): DocumentStep(
            to=APPROVED,
            right=rights.APPROVE_RECEIPT,
            unless={
                **SALE_CHECKS,
                "payment.too_low": checks.underpaid,
                "payment.above_total": checks.overpaid,
            },
            writes=(checks.goods_leave_to_customer, checks.money_arrives),
        ),
        (UNAPPROVED, life.DISCARD): DocumentStep(to=life.DISCARDED, right=rights.VOID_RECEIPT),
        (APPROVED, life.FISCALISE): DocumentStep(to=APPROVED, unless={"line.name_too_short": checks.short_name}),
        (APPROVED, life.MARK_FISCALISED): DocumentStep(to=APPROVED, right=rights.REFISCALISE),
        (APPROVED, life.PRINT): DocumentStep(to=APPROVED),
    },
)
