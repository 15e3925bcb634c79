"""Lists of documents: trade, cash, goods (DOC-10, DOC-11, DOC-13)."""

from typing import Any
from urllib.parse import quote, urlencode

import msgspec
from litestar import Response, get, post

from kontuar.operations.station import views
from kontuar.operations.station.views import Look
from kontuar.web.desk import Asked, Desk
from kontuar.web.prints.documents import CODE_PREFIX
from kontuar.web.station import document_view
from kontuar.web.station.back_words import FAMILY_PATHS, TYPE_WORDS, keys
from kontuar.web.station.document_view import Filters
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import fragment, go_to, page


@get("/documents")
async def trade(request: Asked, desk: Desk) -> Response[str]:
    """Receipts and what comes of them."""
    return await _list(request, desk, "trade", "print", "preview", "fiscalise", "linked")


@get("/cash")
async def cash(request: Asked, desk: Desk) -> Response[str]:
    """Cash in and cash out."""
    return await _list(request, desk, "cash", "cash-in", "cash-out", "print", "preview", "cancel-document")


@get("/goods")
async def goods(request: Asked, desk: Desk) -> Response[str]:
    """Internal releases and receipts of goods."""
    return await _list(request, desk, "goods", "release", "receive", "print", "preview", "cancel-document")


@get("/documents/rows")
async def rows(request: Asked, desk: Desk) -> Response[str]:
    """The list by other filters, or its next page."""
    seen = await desk.do(request, document_view.listed, filters_of(request))
    look = await desk.do(request, views.look, view_of(seen.filters.family))
    return fragment(request, "station/back/list_rows.jinja", **_context(request, seen, look))


@post("/documents/scan", status_code=200)
async def scan(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """The code of a print opens the document, a number too; an article's code filters the list."""
    code = data.get("code", "").strip()
    doc_id = code.removeprefix(CODE_PREFIX) if code.startswith(CODE_PREFIX) else ""
    doc_id = doc_id or await desk.do(request, document_view.by_code, code)
    return go_to(f"/documents/{quote(doc_id)}" if doc_id else f"/documents?{urlencode({'text': code})}")


def filters_of(request: Asked, **more: str) -> Filters:
    """The filters that the address carries; unknown ones are nothing to us."""
    known = {name: request.query_params.get(name, "")[:100] for name in Filters.__struct_fields__}
    return Filters(**{**known, "family": known["family"] or "trade", **more})


async def _list(request: Asked, desk: Desk, family: str, *actions: str) -> Response[str]:
    seen = await desk.do(request, document_view.listed, filters_of(request, family=family))
    look = await desk.do(request, views.look, view_of(family))
    return await page(
        request, desk, "station/back/list.jinja", shortcuts=keys(request, *actions), **_context(request, seen, look)
    )


def view_of(family: str) -> str:
    """The view of a family's list; raises `Refused("view.unknown")` when it is looked at for a family that has none."""
    return f"documents-{family}"


def _context(request: Asked, seen: document_view.Listed, look: Look) -> dict[str, Any]:
    asked = msgspec.structs.replace(seen.filters, before=str(seen.page.next or ""))
    following = {name: value for name, value in msgspec.structs.asdict(asked).items() if value}
    return {
        "seen": seen, "look": look, "types": TYPE_WORDS, "path": FAMILY_PATHS[seen.filters.family],
        "next_url": f"/documents/rows?{urlencode(following)}" if seen.page.next else "",
        "first_page": not request.query_params.get("before"),
    }  # fmt: skip


HANDLERS = (trade, cash, goods, rows, scan)
