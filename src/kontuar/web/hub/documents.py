"""Screens of the hub: documents from all stores, and one of them in full (HUB-04)."""

import datetime
from decimal import Decimal
from typing import Annotated, Any, Final
from urllib.parse import quote, urlencode

from litestar import Request, Response, get
from litestar.params import Parameter

from kontuar.domain.documents.types import TYPES
from kontuar.kernel.quantity import unscaled
from kontuar.operations import hub_documents
from kontuar.operations.actor import Actor
from kontuar.operations.ports.hub_lists import DocumentCard, DocumentFilter, DocumentRow
from kontuar.web.http import language_of
from kontuar.web.hub.rendering import NavArea, NavLink, page
from kontuar.web.hub_document_parts import PARTS, ROWS_PER_PAGE, HubDocumentParts
from kontuar.web.i18n import Texts, texts

AREA: Final = NavArea(
    "Documents",
    (
        NavLink("Documents", "receipt", "/documents"),
        NavLink("Verification", "warning", "/verification"),
        NavLink("Monitor", "chart", "/monitor"),
    ),
)
TYPE_NAMES: Final = {
    "receipt": "Receipt",
    "cash_in": "Cash in",
    "cash_out": "Cash out",
    "internal_release": "Internal release",
    "internal_receipt": "Internal receipt",
}
EVENT_NAMES: Final = {"fiscalised": "Fiscalised", "cancelled": "Cancelled", "printed": "Printed"}
STATE_NAMES: Final = (
    ("", "All states"),
    ("approved", "Approved"),
    ("cancelled", "Cancelled"),
    ("fiscalised", "Fiscalised"),
    ("not_fiscalised", "Not fiscalised"),
)
COLUMNS: Final = (
    ("number", "Number", "main", False),
    ("state", "State", "", False),
    ("type", "Type", "", False),
    ("store", "Store", "", False),
    ("station", "Station", "", False),
    ("day", "Business day", "", False),
    ("approved", "Approved at", "", False),
    ("buyer", "Contractor", "", True),
    ("operator", "Operator", "", True),
    ("lines", "Lines", "num", True),
    ("gid", "GID", "", True),
    ("gross", "Gross", "num", False),
)


def columns_of(table: tuple[tuple[str, str, str, bool], ...], words: Texts) -> list[dict[str, Any]]:
    """Columns in the form of the kit's lists."""
    return [
        {"key": key, "label": words.gettext(label), "align": align, "hidden": hidden}
        for key, label, align, hidden in table
    ]


@get("/documents", include_in_schema=False, dependencies=PARTS)
async def show_documents(
    request: Request[Any, Any, Any],
    documents: HubDocumentParts,
    actor: Actor,
    store: str = "",
    station: str = "",
    document_type: Annotated[str, Parameter(query="type")] = "",
    day: str = "",
    number: Annotated[str, Parameter(max_length=100)] = "",
    document_state: Annotated[str, Parameter(query="state")] = "",
    after: str = "",
) -> Response[str]:
    chosen = {
        "store": store, "station": station, "type": document_type, "day": day, "number": number,
        "state": document_state,
    }  # fmt: skip
    wanted = _filter_of(chosen, after)
    rows = await documents.run(hub_documents.documents, documents.documents, actor, wanted)
    stores, stations = await documents.run(hub_documents.choices, documents.documents)
    words = texts(language_of(request))
    more = f"/documents?{urlencode({**chosen, 'after': rows[-1].key})}" if len(rows) == ROWS_PER_PAGE else ""
    only_rows = request.headers.get("hx-request") == "true"
    return page(
        request,
        "hub/document_rows.jinja" if only_rows else "hub/documents.jinja",
        actor,
        columns=columns_of(COLUMNS, words),
        rows=[_listed(row, words) for row in rows],
        more_url=more,
        first=not after,
        chosen=chosen,
        stores=_options(stores, words.gettext("All stores")),
        stations=_options(stations, words.gettext("All stations")),
        types=[("", words.gettext("All types")), *((name, words.gettext(TYPE_NAMES[name])) for name in TYPES)],
        states=[(value, words.gettext(label)) for value, label in STATE_NAMES],
    )


@get("/documents/{store:str}/{doc_id:str}", include_in_schema=False, dependencies=PARTS)
async def show_document(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, store: str, doc_id: str
) -> Response[str]:
    card = await documents.run(hub_documents.document, documents.documents, actor, store, doc_id)
    words = texts(language_of(request))
    return page(request, "hub/document.jinja", actor, card=card, shown=shown(card, words), row=_listed(card.row, words))


def shown(card: DocumentCard, words: Texts) -> dict[str, Any]:
    """A document's parts as people read them."""
    return {
        "type": words.gettext(TYPE_NAMES.get(card.row.type, card.row.type)),
        **_sums_and_facts(card, words),
        **_tables(card, words),
        "history": [
            (words.moment(entry["at"]), words.gettext(EVENT_NAMES.get(entry["event"], entry["event"])),
             entry["operator"], ", ".join(f"{name}: {value}" for name, value in entry["facts"].items() if value))
            for entry in card.history
        ],
        "links": [
            (link["number"], f"/documents/{quote(card.row.store, safe='')}/{target}")
            for link, target in (
                *((link, link["to_doc"]) for link in card.links),
                *((link, link["doc_id"]) for link in card.linked_from),
            )
        ],
    }  # fmt: skip


def _sums_and_facts(card: DocumentCard, words: Texts) -> dict[str, Any]:
    header, currency = card.header, card.row.currency
    return {
        "summary": [
            (words.gettext("Net"), words.money(header["net"], currency)),
            (words.gettext("VAT"), words.money(header["tax"], currency)),
            (words.gettext("Discount"), words.money(header["discount"], currency)),
            (words.gettext("Total"), words.money(card.row.gross, currency), "is-strong"),
        ],
        "facts": [
            (words.gettext("Store"), card.row.store),
            (words.gettext("Station"), card.row.station),
            (words.gettext("Warehouse"), header["warehouse"]),
            (words.gettext("Business day"), words.day(card.row.business_day)),
            (words.gettext("Approved at"), words.moment(card.row.approved_at)),
            (words.gettext("Operator"), card.row.approved_by),
            (words.gettext("Contractor"), card.row.buyer),
            (words.gettext("GID"), card.row.gid),
            (words.gettext("Place in the stream"), f"{header['origin']} · {header['incarnation']} · {header['seq']}"),
            (words.gettext("Booked at"), words.moment(header["booked_at"])),
            *([(words.gettext("Deviation"), header["deviation"])] if header["deviation"] else []),
        ],
    }


def _tables(card: DocumentCard, words: Texts) -> dict[str, Any]:
    currency = card.row.currency
    return {
        "lines": [
            (line["line"], line["name"], line["article"], _quantity(line["quantity_e4"], words), line["unit"],
             words.price(unscaled(line["price_e4"])), line["vat"], words.amount(line["value"], currency))
            for line in card.lines
        ],
        "taxes": [
            (tax["vat"], words.amount(tax["net"], currency), words.amount(tax["tax"], currency),
             words.amount(tax["gross"], currency))
            for tax in card.taxes
        ],
        "payments": [
            (words.gettext("Change") if paid["role"] == "change" else paid["form"],
             words.money(paid["amount"], paid["currency"]), paid["card"])
            for paid in card.payments
        ],
        "moves": [
            (move["article"], move["from_place"], move["to_place"], _quantity(move["quantity_e4"], words))
            for move in card.stock_moves
        ],
    }  # fmt: skip


def _quantity(ten_thousandths: int, words: Texts) -> str:
    value = unscaled(ten_thousandths)
    places = max(0, -int(Decimal(value).normalize().as_tuple().exponent))
    return words.quantity(value, min(places, 4))


def _filter_of(chosen: dict[str, str], after: str) -> DocumentFilter:
    try:
        day = datetime.date.fromisoformat(chosen["day"]) if chosen["day"] else None
    except ValueError:
        day = None
    return DocumentFilter(
        store=chosen["store"], station=chosen["station"], type=chosen["type"], day_from=day, day_to=day,
        number=chosen["number"], state=chosen["state"], after=after, limit=ROWS_PER_PAGE,
    )  # fmt: skip


def _options(values: Any, everything: str) -> list[tuple[str, str]]:
    return [("", everything), *((value, value) for value in values)]


def _listed(row: DocumentRow, words: Texts) -> dict[str, Any]:
    state = "cancelled" if row.state == "cancelled" else "fiscalised" if row.fiscalised else "approved"
    return {
        "key": row.key,
        "href": f"/documents/{quote(row.store, safe='')}/{row.doc_id}",
        "state": state,
        "cells": [
            row.number, "", words.gettext(TYPE_NAMES.get(row.type, row.type)), row.store, row.station,
            words.day(row.business_day), words.moment(row.approved_at), row.buyer, row.approved_by,
            str(row.line_count), row.gid, words.money(row.gross, row.currency),
        ],
    }  # fmt: skip
