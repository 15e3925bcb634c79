"""A document of any store as a print at head office: the same model as at the till (DOC-32)."""

from typing import Any, TypeVar

import msgspec
from litestar import Response

from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import DeliveryMethod, Firm, Reason, StationDefinition, Store, Warehouse
from kontuar.domain.parties.records import Operator
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.print_model import PrintModel
from kontuar.web.hub_document_parts import HubDocumentParts
from kontuar.web.i18n import texts
from kontuar.web.prints.documents import document_model
from kontuar.web.prints.scene import PrintScene

T = TypeVar("T", bound=msgspec.Struct)


async def pdf_answer(documents: HubDocumentParts, model: PrintModel, name: str) -> Response[bytes]:
    """A print on A4, shown by the browser under this name; it is nobody's to keep on the way."""
    data = await documents.bulk(documents.pdf, model, "page")
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return Response(data, media_type="application/pdf", headers=headers)


def print_model(definitions: Definitions, actor: Actor, document: Document, language: str) -> PrintModel:
    """The print of a document in the asker's language, with the names that are defined now; a copy of what the
    customer was given. Runs on the database thread."""
    return document_model(document, scene_of(definitions, actor, document, language), texts(language), copy=True)


def scene_of(definitions: Definitions, actor: Actor, document: Document, language: str) -> PrintScene:
    """Whose print it is, with the names that are defined now. Runs on the database thread."""

    def one(kind: str, key: str, record: type[T], instead: T) -> T:
        found = definitions.some(actor, kind, [key]).get(key)
        return instead if found is None else msgspec.json.decode(found.body, type=record)

    def names(kind: str, record: type[Any], keys: set[str]) -> dict[str, str]:
        found = definitions.some(actor, kind, sorted(keys - {""}))
        return {key: msgspec.json.decode(row.body, type=record).name for key, row in found.items()}

    firms = definitions.all_rows(actor, "firm")
    nobody = Firm(code="", name="", tax_number="")
    here = document.store
    store = one("store", here, Store, Store(code=here, name=here, centre="", price_list="", warehouse=""))
    return PrintScene(
        language=language,
        firm=msgspec.json.decode(firms[0].body, type=Firm) if firms else nobody,
        store=store,
        station=names("station", StationDefinition, {document.station}).get(document.station, document.station),
        operators=names("operator", Operator, {document.approved_by, document.created_by}),
        forms=names("payment_form", PaymentForm, {payment.form for payment in document.payments}),
        reasons=names("reason", Reason, {document.reason}),
        warehouses=names("warehouse", Warehouse, {document.warehouse}),
        deliveries=names("delivery_method", DeliveryMethod, {document.delivery_method}),
    )
