"""Managing views: which columns and buttons a list or form shows, in which order, for whom (DOC-10)."""

from typing import Any, Literal

from litestar import Response, get, post

from kontuar.domain.firm.views import Choice
from kontuar.operations.station import views
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import fragment, nothing, words_for
from kontuar.web.station.view_words import BUTTON_WORDS, VIEW_NAMES, column_word


@get("/views/{name:str}")
async def show(request: Asked, desk: Desk, name: str) -> Response[str]:
    """The window with all columns and buttons of a view."""
    seen = await desk.do(request, views.seen, name)
    owner = await desk.do(request, views.chosen_by, name)
    attributes = await desk.do(request, views.attribute_names)
    words = words_for(request)
    return fragment(
        request, "station/views/window.jinja", seen=seen, owner=owner, title=VIEW_NAMES[name],
        columns=[(piece, column_word(piece.key, words, attributes)) for piece in seen.columns],
        buttons=[(piece, words.gettext(BUTTON_WORDS[piece.key])) for piece in seen.buttons],
    )  # fmt: skip


@post("/views/{name:str}", status_code=200)
async def choose(request: Asked, desk: Desk, name: str, data: Form) -> Response[str]:
    """Keep the choice; the page is shown anew."""
    choice = Choice(columns=tuple(data.get("columns", "").split()), buttons=tuple(data.get("buttons", "").split()))
    await desk.do(request, views.choose, name, _owner(data), choice)
    return _again()


@post("/views/{name:str}/reset", status_code=200)
async def reset(request: Asked, desk: Desk, name: str, data: Form) -> Response[str]:
    """As head office set it, or as it was made."""
    await desk.do(request, views.reset, name, _owner(data))
    return _again()


def _owner(data: Form) -> Literal["operator", "station"]:
    return "station" if data.get("owner") == "station" else "operator"


def _again() -> Response[Any]:
    return nothing(headers={"HX-Refresh": "true"})


HANDLERS = (show, choose, reset)
