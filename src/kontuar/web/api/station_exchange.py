"""Exchange by file at a station: for one that shares no network with head office (REL-15)."""

from litestar import Response, post

from kontuar.operations.ports.exchange import MOST_FILE_BYTES, ExchangeReport
from kontuar.operations.station import exchange
from kontuar.web.desk import Asked, Desk
from kontuar.web.downloads import as_download


@post("/api/v1/exchange/export", summary="A file with everything head office does not hold yet", status_code=200)
async def export_file(request: Asked, desk: Desk) -> Response[bytes]:
    """Nothing is taken away by it: it may be made, and carried, as often as one likes."""
    await desk.do(request, exchange.begin_export)
    return as_download(await desk.exchange.make())


@post(
    "/api/v1/exchange/import", summary="Apply a file of head office", status_code=200,
    request_max_body_size=MOST_FILE_BYTES,
)  # fmt: skip
async def import_file(request: Asked, desk: Desk) -> ExchangeReport:
    """The body is the file; it is applied whole or not at all, and may come again."""
    return await take_file(request, desk, await request.body())


async def take_file(request: Asked, desk: Desk, data: bytes) -> ExchangeReport:
    """Apply it for the operator who asks."""
    await desk.do(request, exchange.begin_import)
    report = await desk.exchange.take(data)
    await desk.do(request, exchange.end_import, report)
    return report


HANDLERS = (export_file, import_file)
