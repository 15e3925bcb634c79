"""Exchange by file on the till's screens: a file for head office, head office's file, what was carried (REL-15)."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import UploadFile

from kontuar.kernel.errors import refuse
from kontuar.operations.ports.exchange import MOST_FILE_BYTES
from kontuar.operations.station import exchange
from kontuar.operations.station.exchange import Waiting
from kontuar.web.api.station_exchange import make_file, newest_files, take_file
from kontuar.web.desk import Asked, Desk
from kontuar.web.downloads import as_download
from kontuar.web.exchange_words import told_entry, told_report
from kontuar.web.station.back_words import keys
from kontuar.web.station.pages import fragment, page, words_for

_ROOM_FOR_THE_FORM: Final = 64 * 1024


@get("/settings/exchange")
async def show(request: Asked, desk: Desk) -> Response[str]:
    """What waits, and the files that were made and that came."""
    waiting = await desk.do(request, exchange.waiting)
    return await page(
        request, desk, "station/back/exchange.jinja", back_url="/settings", waiting=waiting, shortcuts=keys(request),
        files=await _files(request, desk, waiting),
    )  # fmt: skip


@get("/settings/exchange/files")
async def files(request: Asked, desk: Desk) -> Response[str]:
    """The list again, after something was made or came."""
    waiting = await desk.do(request, exchange.waiting)
    listed = await _files(request, desk, waiting)
    return fragment(request, "station/back/exchange_files.jinja", waiting=waiting, files=listed)


@get("/settings/exchange/file")
async def export_file(request: Asked, desk: Desk) -> Response[bytes]:
    """Everything that head office is not known to hold, to be carried there; nothing is taken away by it."""
    return as_download(await make_file(request, desk))


@post("/settings/exchange/import", status_code=200, request_max_body_size=MOST_FILE_BYTES + _ROOM_FOR_THE_FORM)
async def import_file(request: Asked, desk: Desk) -> Response[Any]:
    """Head office's file, whole or not at all."""
    await desk.do(request, exchange.begin_import)
    file = (await request.form()).get("file")
    if not isinstance(file, UploadFile):
        raise refuse("exchange.not_a_file")
    report = await take_file(request, desk, await file.read())
    words = words_for(request)
    told = told_report(report, words, desk.station.clock.now())
    return fragment(request, "station/back/exchange_taken.jinja", told=told)


async def _files(request: Asked, desk: Desk, waiting: Waiting) -> list[dict[str, Any]]:
    words = words_for(request)
    return [told_entry(entry, words, waiting.zone) for entry in await newest_files(request, desk)]


HANDLERS = (show, files, export_file, import_file)
