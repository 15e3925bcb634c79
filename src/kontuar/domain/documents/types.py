"""The table of document types: a new type is a row here, its life cycle and its rules."""

from collections.abc import Mapping
from typing import Final, Literal

import msgspec

from kontuar.domain.documents import cash_documents, internal_goods, receipt
from kontuar.domain.documents.life import DocumentLife
from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse


class DocumentType(msgspec.Struct, frozen=True, kw_only=True):
    """`symbol` stands in numbers; `issue_right` is needed to start one; `lines`: articles with prices, without, none.

    `paid`: the payment window opens before approval. `fiscal`: registered in the fiscal device.
    `sign`: what its gross adds to sales (0 = no sale). `family` groups lists.
    """

    name: str
    symbol: str
    life: DocumentLife
    issue_right: str
    lines: Literal["priced", "quantities", "none"]
    family: Literal["trade", "cash", "goods"]
    paid: bool = False
    fiscal: bool = False
    sign: int = 0


_ALL = (
    DocumentType(
        name="receipt", symbol="PAR", life=receipt.LIFE, issue_right=rights.SELL,
        lines="priced", family="trade", paid=True, fiscal=True, sign=1,
    ),
    DocumentType(
        name="cash_in", symbol="KP", life=cash_documents.IN_LIFE, issue_right=rights.CASH_IN,
        lines="none", family="cash",
    ),
    DocumentType(
        name="cash_out", symbol="KW", life=cash_documents.OUT_LIFE, issue_right=rights.CASH_OUT,
        lines="none", family="cash",
    ),
    DocumentType(
        name="internal_release", symbol="RW", life=internal_goods.RELEASE_LIFE,
        issue_right=rights.RELEASE_GOODS, lines="quantities", family="goods",
    ),
    DocumentType(
        name="internal_receipt", symbol="PW", life=internal_goods.RECEIPT_LIFE,
        issue_right=rights.RECEIVE_GOODS, lines="quantities", family="goods",
    ),
)  # fmt: skip

TYPES: Final[Mapping[str, DocumentType]] = {kind.name: kind for kind in _ALL}


def type_of(name: str) -> DocumentType:
    """The row of a type; raises `Refused("document.type_unknown")`."""
    found = TYPES.get(name)
    if found is None:
        raise refuse("document.type_unknown", "type", type=name[:60])
    return found
