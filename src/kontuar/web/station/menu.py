"""The main menu: tiles by rights, those that are refused say why (DOC-14)."""

from litestar import Response, get

from kontuar.operations.station import sale_view
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.pages import page


@get("/")
async def show_menu(request: Asked, desk: Desk) -> Response[str]:
    """What can be done here, and whether a shift is open."""
    seen = await desk.do(request, sale_view.menu)
    return await page(request, desk, "station/menu.jinja", back_url="", seen=seen)


HANDLERS = (show_menu,)
