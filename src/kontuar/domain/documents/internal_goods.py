"""Internal release and receipt of goods (RW, PW): made while the agent is in reach, with a reason."""

from kontuar.domain.documents import checks, life
from kontuar.domain.documents.document import APPROVED, CANCELLED, UNAPPROVED
from kontuar.domain.documents.life import DocumentLife, DocumentStep
from kontuar.domain.parties import rights
from kontuar.kernel.connectivity import Connectivity

_CHECKS = {
    "document.empty": checks.no_lines,
    "line.quantity_zero": checks.zero_quantity,
    "reason.missing": checks.no_reason,
}

RELEASE_LIFE = DocumentLife(
    start=UNAPPROVED,
    steps={
        (UNAPPROVED, life.APPROVE): DocumentStep(
            to=APPROVED,
            right=rights.RELEASE_GOODS,
            needs=Connectivity.STORE,
            unless={**_CHECKS, "stock.too_low": checks.goods_missing},
            writes=(checks.goods_leave,),
        ),
        (UNAPPROVED, life.DISCARD): DocumentStep(to=life.DISCARDED),
        (APPROVED, life.PRINT): DocumentStep(to=APPROVED),
        (APPROVED, life.CANCEL): DocumentStep(
            to=CANCELLED,
            right=rights.CANCEL_GOODS,
            needs=Connectivity.STORE,
            writes=(checks.goods_go_back,),
        ),
    },
)

RECEIPT_LIFE = DocumentLife(
    start=UNAPPROVED,
    steps={
        (UNAPPROVED, life.APPROVE): DocumentStep(
            to=APPROVED,
            right=rights.RECEIVE_GOODS,
            needs=Connectivity.STORE,
            unless=_CHECKS,
            writes=(checks.goods_arrive,),
        ),
        (UNAPPROVED, life.DISCARD): DocumentStep(to=life.DISCARDED),
        (APPROVED, life.PRINT): DocumentStep(to=APPROVED),
        (APPROVED, life.CANCEL): DocumentStep(
            to=CANCELLED,
            right=rights.CANCEL_GOODS,
            needs=Connectivity.STORE,
            unless={"stock.too_low": checks.goods_missing},
            writes=(checks.goods_go_back,),
        ),
    },
)
