"""Documents of other stations and stock of other stores on the screens: asked online, to look at (DOC-11, DOC-21)."""

from typing import Final
from urllib.parse import urlencode

import msgspec
from litestar import Response, get

from kontuar.domain.documents.document import Document, HistoryEntry
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import Store
from kontuar.kernel.money import Minor
from kontuar.kernel.time import instant_text
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import DocumentRow, StoredDocument
from kontuar.operations.station import article_list, views
from kontuar.operations.station.elsewhere import DocumentElsewhere
from kontuar.operations.station.station import Station
from kontuar.web import elsewhere
from kontuar.web.desk import Asked, Desk
from kontuar.web.i18n import texts
from kontuar.web.prints.documents import document_model
from kontuar.web.prints.scene import PrintScene, scene_of
from kontuar.web.station.back_words import FAMILY_PATHS, TYPE_WORDS, history_rows, keys
from kontuar.web.station.document_view import Shown
from kontuar.web.station.documents import view_of
from kontuar.web.station.pages import fragment, page, words_for
from kontuar.web.station.preview import paper

SHOWN_AT_FIRST: Final = 3
"""Stores in a cell of the article list before a person asks for all of them."""


@get("/documents/elsewhere")
async def show(request: Asked, desk: Desk, number: str) -> Response[str]:
    """The preview, as head office holds the document; nothing can be done with it but look and print on screen."""
    found = await elsewhere.document(request, desk, number)
    names = await desk.do(request, _names)
    seen = as_shown(found, names)
    return await page(
        request, desk, "station/back/preview.jinja", back_url=FAMILY_PATHS[seen.family],
        shortcuts=keys(request, "print"), notes=[], seen=seen, stored=seen.stored, document=found.document,
        row=seen.stored.row, names=names, types=TYPE_WORDS, path=FAMILY_PATHS[seen.family], elsewhere=found,
        history=history_rows(seen.stored.history, dict(names.operators), words_for(request)),
    )  # fmt: skip


@get("/documents/elsewhere/print")
async def on_screen(request: Asked, desk: Desk, number: str) -> Response[str]:
    """The print as a page, always marked as a copy; nothing is counted."""
    found = await elsewhere.document(request, desk, number)
    scene = await desk.do(request, _scene_there, found)
    return paper(request, document_model(found.document, scene, texts(scene.language), copy=True))


@get("/documents/elsewhere/row")
async def row(request: Asked, desk: Desk, number: str, family: str = "trade") -> Response[str]:
    """The row of the list, or why there is none; the list itself did not wait for it."""
    found, problems = await elsewhere.document_or_why(request, desk, number)
    names = await desk.do(request, _names)
    known = family if family in FAMILY_PATHS else "trade"
    look = await desk.do(request, views.look, view_of(known))
    return fragment(
        request, "station/back/elsewhere_row.jinja", look=look, found=found, problems=problems, number=number,
        names=names, family=known, types=TYPE_WORDS,
        row=as_shown(found, names).stored.row if found else None,
    )  # fmt: skip


@get("/documents/elsewhere/actions")
async def actions(request: Asked, desk: Desk, number: str) -> Response[str]:
    """The buttons for the marked row; head office is not asked again."""
    await desk.actor(request)
    return fragment(request, "station/back/elsewhere_actions.jinja", number=number, in_list=True)


@get("/stock/elsewhere")
async def stock(request: Asked, desk: Desk, code: str, every: bool = False) -> Response[str]:
    """What other stores have, for the cell of an article's row: the first few, or `every` store."""
    rows, problems = await elsewhere.stock_or_why(request, desk, code)
    known = [one for one in rows if one.quantity]
    shown = known if every else known[:SHOWN_AT_FIRST]
    unit = (await desk.do(request, article_list.article, code)).article.unit if shown else ""
    following = f"/stock/elsewhere?{urlencode({'code': code, 'every': 'true'})}"
    return fragment(
        request, "station/back/stock_elsewhere.jinja", rows=shown, more=len(known) - len(shown), problems=problems,
        unit=unit, code=code, every_url=following,
    )  # fmt: skip


def as_shown(found: DocumentElsewhere, names: PrintScene) -> Shown:
    """The document as the preview shows those of this station; what only its own station knows stays empty."""
    document = found.document
    entry = HistoryEntry(
        at=document.approved_at or document.created_at, event="approved", operator=document.approved_by,
        station=document.station,
    )  # fmt: skip
    stored = StoredDocument(
        row=_row(document, found), document=document, history=(entry,), links=(), prints=0, fiscal_number="",
        reason="", gid=found.gid,
    )  # fmt: skip
    return Shown(
        stored=stored, names=names, family=type_of(document.type).family, cancel="has_none", linked=(),
        fiscal_uncertain=False, printer=False, fiscal=False,
    )  # fmt: skip


def _row(document: Document, found: DocumentElsewhere) -> DocumentRow:
    return DocumentRow(
        id=0, doc_id=document.doc_id, type=document.type, number=document.number, state=found.state,
        fiscal="done" if found.fiscalised else "", buyer_name=document.buyer.name,
        recipient=document.recipient.name if document.recipient else "", attributes=document.attributes,
        gross=document.amount or document.totals.gross,
        paid=Minor(sum(payment.in_system for payment in document.payments)), currency=document.currency,
        approved_at=instant_text(document.approved_at or document.created_at),
        business_day=document.business_day.isoformat() if document.business_day else "",
        operator=document.approved_by, handler=document.handler,
        payment_forms=",".join(dict.fromkeys(payment.form for payment in document.payments)), seq=0, sync="elsewhere",
    )  # fmt: skip


def _names(station: Station, actor: Actor) -> PrintScene:
    del actor
    return scene_of(station)


def _scene_there(station: Station, actor: Actor, found: DocumentElsewhere) -> PrintScene:
    """The print names the shop that sold; that shop's footer is not known here, and a look is no fiscal receipt."""
    del actor
    code = found.document.store
    store = station.books.definitions.get(Store, code)
    there = store or Store(code=code, name=code, centre="", price_list="", warehouse="")
    return msgspec.structs.replace(
        scene_of(station), store=there, station=found.station_name, footer="", fiscal_device=True
    )


HANDLERS = (show, on_screen, row, actions, stock)
