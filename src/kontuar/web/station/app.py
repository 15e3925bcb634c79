"""All screens of a station, for `build_station_app(routes=…)`."""

from collections.abc import Sequence
from typing import Any, Final

from litestar import Response, Router, get, post
from litestar.datastructures import Cookie
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from kontuar.kernel.errors import Refused
from kontuar.web.asset_files import give_asset
from kontuar.web.desk import Asked, Desk
from kontuar.web.i18n import LANGUAGES
from kontuar.web.station import (
    authorise,
    back,
    choose,
    contractor,
    copying,
    coupons,
    discounts,
    lines,
    login,
    menu,
    payment,
    pictures,
    quick,
    sale,
    terms,
    views,
)
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import (
    on_screen_http,
    on_screen_refused,
    open_page,
    own_path,
    require_same_origin,
    status_for_bar,
)

YEAR_SECONDS: Final = 31_536_000


@get("/api/status", summary="What the bar on top shows", security=[])
async def bar_status(request: Asked, desk: Desk) -> dict[str, Any]:
    """Never blocks on the network; asked every two seconds."""
    return status_for_bar(request, desk)


@get("/design", include_in_schema=False)
async def design(request: Asked, desk: Desk) -> Response[str]:
    """All parts of the interface on one page, for visual checks."""
    return await open_page(request, desk, "design.jinja")


@post("/language", include_in_schema=False)
async def choose_language(request: Asked, data: Form) -> Redirect:
    """Keep the language in a cookie and go back to where one was."""
    require_same_origin(request)
    back = request.headers.get("referer", "").removeprefix(str(request.base_url).rstrip("/"))
    chosen = data.get("lang", "")
    cookies = []
    if chosen in LANGUAGES:
        cookies = [Cookie("kontuar_language", path="/", value=chosen, samesite="strict", max_age=YEAR_SECONDS)]
    return Redirect(own_path(back), status_code=303, cookies=cookies)


def station_routes() -> Sequence[Any]:
    """The screens, the assets and what the bar asks for; templates are compiled here, not under a customer's eyes."""
    handlers = [
        bar_status, design, choose_language, *login.HANDLERS, *menu.HANDLERS, *authorise.HANDLERS, *sale.HANDLERS,
        *lines.HANDLERS, *choose.HANDLERS, *payment.HANDLERS, *contractor.HANDLERS, *terms.HANDLERS,
        *pictures.HANDLERS, *views.HANDLERS,
        *discounts.HANDLERS, *coupons.HANDLERS, *quick.HANDLERS, *copying.HANDLERS, *back.HANDLERS,
    ]  # fmt: skip
    screens = Router(
        "/",
        route_handlers=handlers,
        exception_handlers={Refused: on_screen_refused, HTTPException: on_screen_http},
        include_in_schema=False,
    )
    return [screens, give_asset]
