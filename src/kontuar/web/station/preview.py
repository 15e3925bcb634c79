"""One document: preview, history, links, prints, cancelling (DOC-03, DOC-04, DOC-12)."""

import base64
import datetime
import io
from typing import Any

from litestar import Response, get, post

from kontuar.kernel.errors import Problem
from kontuar.operations.actor import Actor
from kontuar.operations.station import own_documents, views
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk
from kontuar.web.http import language_of
from kontuar.web.station import document_view
from kontuar.web.station.back_words import FAMILY_PATHS, TYPE_WORDS, history_rows, keys
from kontuar.web.station.document_view import Shown
from kontuar.web.station.documents import filters_of
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import fragment, go_to, nothing, page, words_for
from kontuar.web.station.rendering import render


@get("/documents/{doc_id:str}")
async def show(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The preview."""
    seen = await _shown(request, desk, doc_id)
    return await page(
        request, desk, "station/back/preview.jinja", back_url=FAMILY_PATHS[seen.family],
        shortcuts=keys(
            request, "print", "fiscalise", "linked", "cancel-document", "explain", "discount-summary", "coupons"
        ),
        notes=_notes(request), **_context(request, seen),
    )  # fmt: skip


@get("/documents/{doc_id:str}/actions")
async def actions(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The buttons for the marked row of a list; those that are refused say why."""
    seen = await _shown(request, desk, doc_id)
    look = await desk.do(request, views.look, f"documents-{seen.family}")
    return fragment(request, "station/back/actions.jinja", in_list=True, look=look, **_context(request, seen))


@get("/documents/{doc_id:str}/linked")
async def linked(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """All documents linked with this one, in a list with filters of its own (DOC-04)."""
    return await _linked(request, desk, doc_id, "station/back/linked.jinja")


@get("/documents/{doc_id:str}/linked/rows")
async def linked_rows(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Those that fit: any part of a number, `%` and a part of the contractor's name, state, date, gross."""
    return await _linked(request, desk, doc_id, "station/back/linked_rows.jinja")


async def _linked(request: Asked, desk: Desk, doc_id: str, template: str) -> Response[str]:
    seen = await _shown(request, desk, doc_id)
    asked = filters_of(request)
    wanted, elsewhere_numbers = document_view.linked_rows(seen, asked, await desk.do(request, _today))
    look = await desk.do(request, views.look, "linked")
    return fragment(
        request, template, wanted=wanted, elsewhere_numbers=elsewhere_numbers, asked=asked, look=look,
        **_context(request, seen),
    )  # fmt: skip


@get("/documents/{doc_id:str}/print")
async def on_screen(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The print as a page, in the customer's language; the browser can print it."""
    model = await desk.devices.print_model(await desk.actor(request), doc_id)
    return paper(request, model)


@post("/documents/{doc_id:str}/print", status_code=200)
async def on_paper(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """On the receipt printer."""
    await desk.devices.print_document(await desk.actor(request), doc_id)
    return told(request, "It was printed")


@get("/documents/{doc_id:str}/pdf", media_type="application/pdf")
async def as_pdf(request: Asked, desk: Desk, doc_id: str, form: str = "roll") -> Response[bytes]:
    """As a file."""
    data = await desk.devices.pdf(await desk.actor(request), doc_id, form)
    headers = {"Content-Disposition": f'inline; filename="{doc_id}.pdf"', "Cache-Control": "no-store"}
    return Response(data, media_type="application/pdf", headers=headers)


@get("/documents/{doc_id:str}/cancel")
async def ask_cancel(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The question before a document is cancelled."""
    seen = await _shown(request, desk, doc_id)
    return fragment(request, "station/back/cancel.jinja", **_context(request, seen))


@post("/documents/{doc_id:str}/cancel", status_code=200)
async def cancel(request: Asked, desk: Desk, doc_id: str, data: Form) -> Response[str]:
    """Its effects are taken back."""
    await desk.do(request, own_documents.cancel, doc_id, data.get("reason", ""))
    return go_to(f"/documents/{doc_id}")


def paper(request: Asked, model: Any) -> Response[str]:
    """A print model as a page of its own, its buttons in the asker's language."""
    import segno  # what draws codes is read with the first print, not with the program (PERF-03)

    code = segno.make(model.qr, error="m", micro=False).svg_data_uri(border=0) if model.qr else ""
    text = render(
        language_of(request), "station/back/paper.jinja", {"model": model, "code": code, "bars": _bars(model.barcode)}
    )
    return Response(text, media_type="text/html", headers={"Cache-Control": "no-store"})


def _bars(content: str) -> str:
    """The bar code as the address of a picture; empty when there is none."""
    if not content:
        return ""
    from barcode import Code128
    from barcode.writer import SVGWriter

    target = io.BytesIO()
    Code128(content, writer=SVGWriter()).write(target, {"write_text": False, "module_height": 12.0})
    return "data:image/svg+xml;base64," + base64.b64encode(target.getvalue()).decode("ascii")


def told(request: Asked, text: str) -> Response[str]:
    """A message and nothing else."""
    return nothing({"kontuar:toast": {"text": words_for(request).gettext(text), "kind": "good"}})


async def _shown(request: Asked, desk: Desk, doc_id: str) -> Shown:
    return await desk.do(request, document_view.shown, doc_id, desk.devices.states())


def _context(request: Asked, seen: Shown) -> dict[str, Any]:
    names = dict(seen.names.operators)
    history = history_rows(seen.stored.history, names, words_for(request))
    return {
        "seen": seen, "stored": seen.stored, "document": seen.stored.document, "row": seen.stored.row,
        "names": seen.names, "history": history, "types": TYPE_WORDS, "path": FAMILY_PATHS[seen.family],
        "elsewhere": None,
    }  # fmt: skip


def _notes(request: Asked) -> list[str]:
    """What the devices could not do right after approval; only codes that have words are shown."""
    words = words_for(request)
    codes = request.query_params.get("notes", "").split(",")
    return [words.problem(Problem(code)) for code in codes if words.knows(code)]


def _today(station: Station, actor: Actor) -> datetime.date:
    del actor
    return station.business_day()


HANDLERS = (show, actions, linked, linked_rows, on_screen, on_paper, as_pdf, ask_cancel, cancel)
