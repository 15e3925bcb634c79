"""Cash in and cash out (KP, KW): money that no sale explains, with a reason (PAY-09)."""

from kontuar.domain.documents import checks, life
from kontuar.domain.documents.document import APPROVED, CANCELLED, UNAPPROVED
from kontuar.domain.documents.life import DocumentLife, DocumentStep
from kontuar.domain.parties import rights

_CHECKS = {
    "shift.not_open": checks.no_shift,
    "cash.amount_missing": checks.no_amount,
    "reason.missing": checks.no_reason,
}

IN_LIFE = DocumentLife(
    start=UNAPPROVED,
    steps={
        (UNAPPROVED, life.APPROVE): DocumentStep(
            to=APPROVED, right=rights.CASH_IN, unless=_CHECKS, writes=(checks.money_arrives,)
        ),
        (UNAPPROVED, life.DISCARD): DocumentStep(to=life.DISCARDED),
        (APPROVED, life.PRINT): DocumentStep(to=APPROVED),
        (APPROVED, life.CANCEL): DocumentStep(
            to=CANCELLED,
            right=rights.CANCEL_CASH,
            unless={"shift.not_open": checks.no_shift, "cash.register_too_low": checks.register_too_low},
            writes=(checks.money_goes_back,),
        ),
    },
)

OUT_LIFE = DocumentLife(
    start=UNAPPROVED,
    steps={
        (UNAPPROVED, life.APPROVE): DocumentStep(
            to=APPROVED,
            right=rights.CASH_OUT,
            unless={**_CHECKS, "cash.register_too_low": checks.register_too_low},
            writes=(checks.money_leaves,),
        ),
        (UNAPPROVED, life.DISCARD): DocumentStep(to=life.DISCARDED),
        (APPROVED, life.PRINT): DocumentStep(to=APPROVED),
        (APPROVED, life.CANCEL): DocumentStep(
            to=CANCELLED,
            right=rights.CANCEL_CASH,
            unless={"shift.not_open": checks.no_shift},
            writes=(checks.money_goes_back,),
        ),
    },
)
