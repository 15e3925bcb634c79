"""Screens of the hub: documents from all stores, one of them in full, both as files (HUB-04)."""

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Request, Response, get
from litestar.response import Stream

from kontuar.domain.documents.types import TYPES
from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.hub import hub_documents
from kontuar.operations.hub.explaining import explained
from kontuar.operations.ports.hub_lists import DocumentRow
from kontuar.web.http import language_of
from kontuar.web.hub.document_card import document_href, shown, type_name
from kontuar.web.hub.document_explanation import HANDLERS as EXPLANATION
from kontuar.web.hub.document_explanation import explained_lines, summary_rows
from kontuar.web.hub.document_query import chosen_of, filter_of
from kontuar.web.hub.rendering import NavArea, NavLink, page
from kontuar.web.hub_access import Parts
from kontuar.web.hub_document_parts import PARTS, ROWS_PER_PAGE, HubDocumentParts
from kontuar.web.hub_files.documents import document_pdf_of, documents_file_of
from kontuar.web.i18n import Texts, texts

AREAS: Final = (
    NavArea(
        "Documents",
        (
            NavLink("Dashboard", "chart", "/"),
            NavLink("Documents", "receipt", "/documents", rights.SEE_HUB),
            NavLink("Verification", "warning", "/verification", rights.SEE_HUB),
        ),
    ),
    NavArea(
        "Reports",
        (
            NavLink("Sales", "percent", "/reports/sales", rights.SEE_REPORTS),
            NavLink("Voids and corrections", "erase", "/reports/losses", rights.SEE_REPORTS),
        ),
    ),
    NavArea(
        "Supervision",
        (
            NavLink("Monitor", "store", "/monitor", rights.SEE_HUB),
            NavLink("Audit log", "list", "/audit", rights.SEE_AUDIT),
            NavLink("Exchange by file", "swap", "/exchange", rights.EXCHANGE),
            NavLink("Personal data", "user", "/privacy", rights.PRIVACY),
            NavLink("Second factors", "lock", "/second-factors", rights.SECOND_FACTORS),
            NavLink("My account", "user", "/account"),
        ),
    ),
)
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
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, after: str = ""
) -> Response[str]:
    chosen = chosen_of(request)
    rows = await documents.run(hub_documents.documents, documents.documents, actor, filter_of(chosen, after))
    stores, stations = await documents.run(hub_documents.choices, documents.documents)
    words = texts(language_of(request))
    asked = {name: value for name, value in chosen.items() if value}
    more = f"/documents?{urlencode({**asked, 'after': rows[-1].key})}" if len(rows) == ROWS_PER_PAGE else ""
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
        narrowed=any(chosen[name] for name in ("operator", "buyer", "article", "form", "gross_from", "gross_to")),
        file_href=f"/documents/file?{urlencode(asked)}",
        stores=_options(stores, words.gettext("All stores")),
        stations=_options(stations, words.gettext("All stations")),
        types=[("", words.gettext("All types")), *((name, type_name(name, words)) for name in TYPES)],
        states=[(value, words.gettext(label)) for value, label in STATE_NAMES],
    )


@get("/documents/file", include_in_schema=False, dependencies=PARTS)
async def documents_file(
    request: Request[Any, Any, Any], documents: HubDocumentParts, actor: Actor, file: str = "csv"
) -> Response[Any] | Stream:
    return await documents_file_of(documents, actor, filter_of(chosen_of(request)), file)


@get("/documents/{store:str}/{doc_id:str}", include_in_schema=False, dependencies=PARTS)
async def show_document(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Parts, actor: Actor, store: str, doc_id: str
) -> Response[str]:
    card = await documents.run(hub_documents.document, documents.documents, actor, store, doc_id)
    words = texts(language_of(request))
    found = await documents.run(explained, documents.documents, parts.definitions, actor, store, doc_id)
    return page(
        request, "hub/document.jinja", actor, card=card, shown=shown(card, words, found.delivery),
        row=_listed(card.row, words), explained=explained_lines(found, words), summary_rows=summary_rows(found, words),
        may_reckon=bool(found.rows) and not found.document.repeats,
    )  # fmt: skip


@get("/documents/{store:str}/{doc_id:str}/pdf", include_in_schema=False, dependencies=PARTS)
async def document_pdf(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Parts, actor: Actor, store: str, doc_id: str
) -> Response[bytes]:
    return await document_pdf_of(documents, parts, actor, store, doc_id, language_of(request))


def _options(values: Any, everything: str) -> list[tuple[str, str]]:
    return [("", everything), *((value, value) for value in values)]


def _listed(row: DocumentRow, words: Texts) -> dict[str, Any]:
    state = "cancelled" if row.state == "cancelled" else "fiscalised" if row.fiscalised else "approved"
    return {
        "key": row.key,
        "href": document_href(row.store, row.doc_id),
        "state": state,
        "cells": [
            row.number, "", type_name(row.type, words), row.store, row.station,
            words.day(row.business_day), words.moment(row.approved_at), row.buyer, row.approved_by,
            str(row.line_count), row.gid, words.money(row.gross, row.currency),
        ],
    }  # fmt: skip


HANDLERS: Final = (show_documents, documents_file, show_document, document_pdf, *EXPLANATION)
