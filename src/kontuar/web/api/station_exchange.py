"""Exchange by file at a station: for one that shares no network with head office (REL-15)."""

from collections.abc import Sequence
from typing import Final

from litestar import Response, get, post

from kontuar.operations.ports.exchange import MOST_FILE_BYTES, ExchangeEntry, ExchangeFile, ExchangeReport
from kontuar.operations.station import exchange
from kontuar.web.desk import Asked, Desk
from kontuar.web.downloads import as_download

MOST_LISTED: Final = 100


@post("/api/v1/exchange/export", summary="A file with everything head office does not hold yet", status_code=200)
async def export_file(request: Asked, desk: Desk) -> Response[bytes]:
    """Nothing is taken away by it: it may be made, and carried, as often as one likes."""
    return as_download(await make_file(request, desk))


@post(
    "/api/v1/exchange/import", summary="Apply a file of head office", status_code=200,
    request_max_body_size=MOST_FILE_BYTES,
)  # fmt: skip
async def import_file(request: Asked, desk: Desk) -> ExchangeReport:
    """The body is the file; it is applied whole or not at all, and may come again."""
    return await take_file(request, desk, await request.body())


@get("/api/v1/exchange/files", summary="The files that were made and that came")
async def list_files(request: Asked, desk: Desk) -> Sequence[ExchangeEntry]:
    """The last hundred, newest first; `outcome` is the code of a refusal, empty = done."""
    return await newest_files(request, desk)


async def newest_files(request: Asked, desk: Desk) -> Sequence[ExchangeEntry]:
    """For whoever may carry files."""
    await desk.do(request, exchange.begin_import)
    return await desk.exchange.newest(MOST_LISTED)


async def make_file(request: Asked, desk: Desk) -> ExchangeFile:
    """Make it for the operator who asks."""
    await desk.do(request, exchange.begin_export)
    return await desk.exchange.make((await desk.actor(request)).operator)


async def take_file(request: Asked, desk: Desk, data: bytes) -> ExchangeReport:
    """Apply it for the operator who asks."""
    await desk.do(request, exchange.begin_import)
    report = await desk.exchange.take(data, (await desk.actor(request)).operator)
    await desk.do(request, exchange.end_import, report)
    return report


HANDLERS = (export_file, import_file, list_files)
