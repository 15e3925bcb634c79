"""The station itself: devices, identity, definitions, connection."""

from typing import Any

import msgspec
from litestar import Response, get, post

from kontuar import __version__
from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.station import lives, station_status
from kontuar.operations.station.station import Identity, Station
from kontuar.operations.station.station_status import LocalStatus
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.back_words import keys
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import page
from kontuar.web.station.preview import told


class AboutStation(msgspec.Struct, frozen=True, kw_only=True):
    """Who this station is and what it knows; `may_open_drawer` by own right; `began`: why this life of it did."""

    identity: Identity
    local: LocalStatus
    language: str
    may_open_drawer: bool
    last_message: int
    began: str


@get("/settings")
async def show(request: Asked, desk: Desk) -> Response[str]:
    """Devices, identity, definitions, connection."""
    seen = await desk.do(request, about)
    return await page(
        request, desk, "station/back/settings.jinja", seen=seen, devices=desk.devices.states(),
        sync=desk.sync_status(), build=__version__, shortcuts=keys(request, "print", "drawer"),
    )  # fmt: skip


@post("/settings/test-print", status_code=200)
async def test_print(request: Asked, desk: Desk) -> Response[str]:
    """A page that shows letters, widths and the code."""
    await desk.devices.test_print(await desk.actor(request))
    return told(request, "It was printed")


@post("/settings/drawer", status_code=200)
async def open_drawer(request: Asked, desk: Desk) -> Response[Any]:
    """By hand; head office is told."""
    await desk.devices.open_drawer(await desk.actor(request))
    return told(request, "The drawer is open")


@post("/settings/enrol", status_code=200)
async def enrol_anew(request: Asked, desk: Desk, data: Form) -> Response[Any]:
    """A machine that was replaced becomes this till again, by a one-time code (REL-13)."""
    await desk.do(request, lives.begin_enrolment)
    await desk.enrol_anew(data.get("code", "").strip())
    return told(request, "The till starts anew")


def about(station: Station, actor: Actor) -> AboutStation:
    """Read on the database thread."""
    return AboutStation(
        identity=station.identity,
        local=station_status.read(station),
        language=station.parameters().text("locale.language"),
        may_open_drawer=actor.may(rights.OPEN_DRAWER),
        last_message=station.books.stream.head().seq,
        began=lives.began(station),
    )


HANDLERS = (show, test_print, open_drawer, enrol_anew)
