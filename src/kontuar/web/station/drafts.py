"""Documents that were begun and not finished: go on, or throw away (DOC-34)."""

from typing import Final

import msgspec
from litestar import Response, get, post

from kontuar.domain.documents.document import Document
from kontuar.operations.actor import Actor
from kontuar.operations.station import own_documents, till, views
from kontuar.operations.station.parking import origin
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk
from kontuar.web.prints.scene import PrintScene, scene_of
from kontuar.web.station.back_words import TYPE_WORDS, keys
from kontuar.web.station.pages import fragment, go_to, page

PATHS: Final = {
    "receipt": "/sale", "invoice": "/sale", "cash_in": "/cash", "cash_out": "/cash",
    "internal_release": "/goods", "internal_receipt": "/goods",
}  # fmt: skip


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """Drafts with something in them, newest first."""

    drafts: tuple[Document, ...]
    names: PrintScene


@get("/drafts")
async def show(request: Asked, desk: Desk) -> Response[str]:
    """The list."""
    seen = await desk.do(request, begun)
    return await page(
        request, desk, "station/back/drafts.jinja", seen=seen, paths=PATHS, types=TYPE_WORDS,
        look=await desk.do(request, views.look, "drafts"), shortcuts=keys(request, "cancel-document"),
    )  # fmt: skip


@get("/drafts/{doc_id:str}/discard")
async def ask(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """The question before a draft is thrown away."""
    document, continued = await desk.do(request, looked_at, doc_id)
    return fragment(request, "station/back/discard.jinja", document=document, types=TYPE_WORDS, continued=continued)


@post("/drafts/{doc_id:str}/discard", status_code=200)
async def discard(request: Asked, desk: Desk, doc_id: str) -> Response[str]:
    """Gone; head office is told when it had lines."""
    await desk.do(request, till.discard, doc_id)
    return go_to("/drafts")


def looked_at(station: Station, actor: Actor, doc_id: str) -> tuple[Document, bool]:
    """The draft, and whether it was parked before: then it goes from every till."""
    return till.look_at(station, actor, doc_id), origin.is_continued(station, doc_id)


def begun(station: Station, actor: Actor) -> Begun:
    """Empty forms are not worth a row."""
    found = own_documents.drafts(station, actor)
    kept = tuple(row for row in found if row.lines or row.payments or row.reason or row.description)
    return Begun(drafts=kept, names=scene_of(station))


HANDLERS = (show, ask, discard)
