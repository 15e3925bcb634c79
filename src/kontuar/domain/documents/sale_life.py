"""The life that selling documents lead: paid, approved once, fiscalised, printed; only checks and rights differ."""

from collections.abc import Mapping

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
    "delivery_method.not_here": sale_checks.no_such_delivery,
    "attribute.missing": sale_checks.missing_attribute,
    "attribute.bad_value": sale_checks.bad_attribute,
}
"""What every selling document is asked before it is paid and when it is approved."""


def sale_life(*, approve: str, void: str, more_checks: Mapping[str, life.Check] | None = None) -> DocumentLife:
    """The table of a selling document; `approve` and `void` are rights, `more_checks` what its type asks besides."""
    asked = {**SALE_CHECKS, **(more_checks or {})}
    paid = {"payment.too_low": checks.underpaid, "payment.above_total": checks.overpaid}
    return DocumentLife(
        start=UNAPPROVED,
        steps={
            (UNAPPROVED, life.OPEN_PAYMENT): DocumentStep(to=UNAPPROVED, right=approve, unless=asked),
            (UNAPPROVED, life.APPROVE): DocumentStep(
                to=APPROVED,
                right=approve,
                unless={**asked, **paid},
                writes=(checks.goods_leave_to_customer, checks.money_arrives),
            ),
            (UNAPPROVED, life.DISCARD): DocumentStep(to=life.DISCARDED, right=void),
            (APPROVED, life.FISCALISE): DocumentStep(to=APPROVED, unless={"line.name_too_short": checks.short_name}),
            (APPROVED, life.MARK_FISCALISED): DocumentStep(to=APPROVED, right=rights.REFISCALISE),
            (APPROVED, life.PRINT): DocumentStep(to=APPROVED),
        },
    )
