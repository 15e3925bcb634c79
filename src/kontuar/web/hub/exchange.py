"""Screens of the hub: files for nodes that share no network with it, and files that come from them (REL-15)."""

import base64
from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.di import Provide

from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub import exchange
from kontuar.operations.ports.exchange import MOST_FILE_BYTES
from kontuar.web.api.hub_exchange import Files, enrol_by_file, give_file, newest_files, provide_files, take_file
from kontuar.web.downloads import as_download
from kontuar.web.exchange_words import told_entry, told_report
from kontuar.web.http import language_of
from kontuar.web.hub.documents import columns_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.i18n import texts

COLUMNS: Final = (
    ("at", "When", "main", False),
    ("way", "File", "", False),
    ("node", "Node", "", False),
    ("by", "Carried by", "", False),
    ("what", "What was in it", "", False),
    ("file", "Name", "", True),
)
NODE_COLUMNS: Final = (
    ("node", "Node", "main", False),
    ("store", "Store", "", False),
    ("came", "Its last file came", "", False),
    ("made", "Last made for it", "", False),
    ("make", "File for it", "", False),
)
_DEPENDENCIES: Final = {**PARTS, "files": Provide(provide_files)}
_ROOM_FOR_THE_FORM: Final = 64 * 1024


@get("/exchange", include_in_schema=False, dependencies=_DEPENDENCIES)
async def show_exchange(request: Request[Any, Any, Any], parts: Parts, files: Files, actor: Asker) -> Response[str]:
    """The nodes that a file may be made for, and all files that were made and that came."""
    return page(request, "hub/exchange.jinja", actor, **await _shown(request, parts, files, actor))


@get("/exchange/files", include_in_schema=False, dependencies=_DEPENDENCIES)
async def show_files(request: Request[Any, Any, Any], parts: Parts, files: Files, actor: Asker) -> Response[str]:
    """The lists again, after something was made or came."""
    return page(request, "hub/exchange_files.jinja", actor, **await _shown(request, parts, files, actor))


@post("/exchange/export", include_in_schema=False, dependencies=_DEPENDENCIES, status_code=200)
async def make_file(
    request: Request[Any, Any, Any], documents: HubDocumentParts, files: Files, actor: Asker
) -> Response[bytes]:
    """What is new for a node since its last file."""
    node = str((await request.form()).get("node", "")).strip()
    return as_download(await give_file(documents, files, actor, node))


@post(
    "/exchange/import", include_in_schema=False, dependencies=_DEPENDENCIES, status_code=200,
    request_max_body_size=MOST_FILE_BYTES + _ROOM_FOR_THE_FORM,
)  # fmt: skip
async def import_file(
    request: Request[Any, Any, Any], documents: HubDocumentParts, files: Files, actor: Asker
) -> Response[str]:
    """A node's file, or the request of a node that is to be enrolled."""
    exchange.begin_import(actor)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        raise refuse("exchange.not_a_file")
    data = await file.read()
    words = texts(language_of(request))
    if files.is_enrolment(data):
        made = await enrol_by_file(files, actor, data)
        content = base64.b64encode(made.content).decode()
        return page(request, "hub/exchange_taken.jinja", actor, told=[], node="", certificate=(made.name, content))
    report = await take_file(documents, files, actor, data)
    told = told_report(report, words, documents.clock.now())
    return page(request, "hub/exchange_taken.jinja", actor, told=told, node=report.sender, certificate=None)


async def _shown(request: Request[Any, Any, Any], parts: Parts, files: Files, actor: Actor) -> dict[str, Any]:
    words = texts(language_of(request))
    entries = await newest_files(files, actor)
    nodes = await parts.run(parts.enrolment.nodes, actor)
    latest = {(one.node, one.way): words.moment(one.at) for one in await files.latest()}
    return {
        "columns": columns_of(COLUMNS, words),
        "rows": [told_entry(entry, words) for entry in entries],
        "node_columns": columns_of(NODE_COLUMNS, words),
        "nodes": [
            {"node": one.node, "store": one.store, "came": latest.get((one.node, "in"), "–"),
             "made": latest.get((one.node, "out"), "–")}
            for one in nodes
        ],
    }  # fmt: skip


HANDLERS: Final = (show_exchange, show_files, make_file, import_file)
