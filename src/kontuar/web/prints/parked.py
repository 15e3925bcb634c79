"""The print of a document that is not approved: marked as such, with the number to find it by (PARK-09)."""

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import type_of
from kontuar.kernel.time import parse_instant
from kontuar.operations.ports.parking import ParkedRow
from kontuar.operations.print_model import PrintModel
from kontuar.web.i18n import texts
from kontuar.web.prints.documents import document_model, moment_of
from kontuar.web.prints.scene import PrintScene


class ParkedPrint(msgspec.Struct, frozen=True, kw_only=True):
    """A parked document to be printed, with the row that names it."""

    document: Document
    row: ParkedRow
    scene: PrintScene


def parked_model(printed: ParkedPrint) -> PrintModel:
    """The print, in the customer's language: no payments, no parties' signatures, the EAN as a bar code."""
    scene, row = printed.scene, printed.row
    words = texts(scene.language)
    model = document_model(printed.document, scene, words)
    number = row.ean if not row.temporary_number else f"{row.temporary_number} · {row.ean}"
    unpriced = type_of(printed.document.type).lines != "priced"
    return msgspec.structs.replace(
        model, number=number, copy_mark=words.gettext("NOT APPROVED"),
        operator=scene.operators.get(row.modified_by, row.modified_by),
        issued_at=moment_of(parse_instant(row.modified_at), scene, words), payments=(),
        vat=() if unpriced else model.vat, footer=(words.gettext("Show this number at any till of the shop."),),
        qr="", barcode=row.ean,
    )  # fmt: skip
