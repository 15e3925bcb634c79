"""Exchange by file at head office: for stores and stations that share no network with it (REL-15)."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Request, Response, Router, get, post
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide
from litestar.params import FromPath

from kontuar.operations.actor import Actor
from kontuar.operations.hub import exchange
from kontuar.operations.ports.exchange import (
    MOST_FILE_BYTES,
    ExchangeEntry,
    ExchangeFile,
    ExchangeReport,
    OfficeExchange,
)
from kontuar.web.api.hub_documents import answer
from kontuar.web.downloads import as_download
from kontuar.web.hub_access import Asker
from kontuar.web.hub_document_parts import HubDocumentParts, provide_document_parts

STATE_KEY: Final = "hub_exchange"
MOST_LISTED: Final = 200
Files = NamedDependency[OfficeExchange]


async def provide_files(state: State) -> OfficeExchange:
    """Head office's end, as the application was given it."""
    files: OfficeExchange = state[STATE_KEY]
    return files


@post("/import", summary="Take in a file of a store or a station", status_code=200,
      request_max_body_size=MOST_FILE_BYTES)  # fmt: skip
async def import_file(
    request: Request[Any, Any, Any], parts: HubDocumentParts, files: Files, actor: Asker
) -> Response[bytes]:
    """The body is the file; it is taken in whole or not at all, and may come again."""
    return answer(await take_file(parts, files, actor, await request.body()))


@post("/export/{node:str}", summary="A file with everything that is new for a node", status_code=200)
async def export_file(
    parts: HubDocumentParts, files: Files, actor: Asker, node: FromPath[str]
) -> Response[bytes]:  # fmt: skip
    """Since the node's last file; all there is when none is known. What came in a moment ago is booked first."""
    return as_download(await give_file(parts, files, actor, node))


@post("/enrol", summary="Enrol a node by its request file", status_code=200)
async def enrol_file(request: Request[Any, Any, Any], files: Files, actor: Asker) -> Response[bytes]:
    """The body is the request; the answer is the file with the certificate. The same request again gets the same."""
    return as_download(await enrol_by_file(files, actor, await request.body()))


async def enrol_by_file(files: OfficeExchange, actor: Actor, data: bytes) -> ExchangeFile:
    """For whoever may carry files."""
    exchange.begin_import(actor)
    return await files.certify(data, actor)


@get("/files", summary="The files that were made for nodes and that came from them")
async def list_files(files: Files, actor: Asker) -> Response[bytes]:
    """The last two hundred, newest first; `outcome` is the code of a refusal, empty = done."""
    return answer(list(await newest_files(files, actor)))


async def newest_files(files: OfficeExchange, actor: Actor) -> Sequence[ExchangeEntry]:
    """For whoever may carry files."""
    exchange.begin_import(actor)
    return await files.newest(MOST_LISTED)


async def take_file(parts: HubDocumentParts, files: OfficeExchange, actor: Asker, data: bytes) -> ExchangeReport:
    """Take it in for whoever asks."""
    exchange.begin_import(actor)
    report = await files.take(data, actor.operator)
    await parts.run(exchange.end_import, parts.audit, actor, report, parts.clock.now())
    return report


async def give_file(parts: HubDocumentParts, files: OfficeExchange, actor: Asker, node: str) -> ExchangeFile:
    """Make it for whoever asks."""
    await parts.run(exchange.begin_export, parts.audit, actor, node, parts.clock.now())
    return await files.give(node, actor.operator)


router = Router(
    "/api/v1/exchange",
    route_handlers=[import_file, export_file, enrol_file, list_files],
    dependencies={"parts": Provide(provide_document_parts), "files": Provide(provide_files)},
    tags=["exchange"],
)
