"""The table of document types: a new type is a row here, its life cycle and its rules."""

from collections.abc import Callable, Mapping
from typing import Final, Literal

import msgspec

from kontuar.domain.documents import cash_documents, internal_goods, invoice, receipt
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.life import DocumentLife
from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.kernel.money import Minor


def always(document: Document) -> bool:
    """Every document of the type."""
    del document
    return True


def never(document: Document) -> bool:
    """No document of the type."""
    del document
    return False


class DocumentType(msgspec.Struct, frozen=True, kw_only=True):
    """`symbol` stands in numbers; `issue_right` is needed to start one; `lines`: articles with prices, without, none.

    `paid`: the payment window opens before approval. `fiscal`: which documents the fiscal device registers (SALE-05).
    `sign`: what its gross adds to sales (0 = no sale). `family` groups lists. `parkable`: may be parked (PARK-02).
    """

    name: str
    symbol: str
    life: DocumentLife
    issue_right: str
    lines: Literal["priced", "quantities", "none"]
    family: Literal["trade", "cash", "goods"]
    paid: bool = False
    fiscal: Callable[[Document], bool] = never
    sign: int = 0
    parkable: bool = False


_ALL = (
    DocumentType(
        name="receipt", symbol="PAR", life=receipt.LIFE, issue_right=rights.SELL,
        lines="priced", family="trade", paid=True, fiscal=always, sign=1, parkable=True,
    ),
    DocumentType(
        name="invoice", symbol="FS", life=invoice.LIFE, issue_right=rights.ISSUE_INVOICE,
        lines="priced", family="trade", paid=True, fiscal=invoice.is_fiscal, sign=1, parkable=True,
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
        issue_right=rights.RELEASE_GOODS, lines="quantities", family="goods", parkable=True,
    ),
    DocumentType(
        name="internal_receipt", symbol="PW", life=internal_goods.RECEIPT_LIFE,
        issue_right=rights.RECEIVE_GOODS, lines="quantities", family="goods", parkable=True,
    ),
)  # fmt: skip

TYPES: Final[Mapping[str, DocumentType]] = {kind.name: kind for kind in _ALL}


def type_of(name: str) -> DocumentType:
    """The row of a type; raises `Refused("document.type_unknown")`."""
    found = TYPES.get(name)
    if found is None:
        raise refuse("document.type_unknown", "type", type=name[:60])
    return found


def is_fiscal(document: Document) -> bool:
    """Whether the fiscal device registers this document (SALE-05)."""
    return type_of(document.type).fiscal(document)


def turnover(document: Document) -> Minor:
    """What a document adds to sales, signed; an invoice that repeats a receipt adds nothing (SALE-06)."""
    return Minor(0 if document.repeats else type_of(document.type).sign * document.totals.gross)
