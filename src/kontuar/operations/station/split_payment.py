"""Split payment where the law asks for it: set on parking, when payment opens and at approval (PAY-08)."""

from typing import Final

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.sale_checks import needs_split_payment
from kontuar.operations.station.station import Station

INVOICE: Final = "invoice"


HOME: Final = "PL"


def is_used(station: Station) -> bool:
    """Whether there is split payment here at all: it is Polish law, and the parameter may turn it off (PAY-08)."""
    return station.firm().country == HOME and station.parameters().yes("invoice.split_payment")


def with_split_payment(station: Station, document: Document) -> Document:
    """The document with the flag where it needs one; the same document where it has it or needs none."""
    if document.type != INVOICE or document.split_payment or not is_used(station):
        return document
    if not needs_split_payment(document, station.parameters()):
        return document
    return msgspec.structs.replace(document, split_payment=True)
