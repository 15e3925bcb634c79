"""Login at the till: operator tile or card, then PIN; the way back to where one was (SEC-01)."""

from typing import Any, Final

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from kontuar.kernel.errors import Refused
from kontuar.operations.station import login
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import (
    fragment,
    nothing,
    on_screen_refused,
    open_page,
    own_path,
    require_same_origin,
)

LAST_OPERATOR: Final = "kontuar_operator"
DAY_SECONDS: Final = 86_400


@get("/login")
async def show_login(request: Asked, desk: Desk, next: str = "/") -> Response[str]:
    """Tiles of those who may work here; the last one of this till is chosen."""
    operators = await desk.operators()
    last = request.cookies.get(LAST_OPERATOR, "")
    chosen = last if last in {operator.code for operator in operators} else ""
    return await open_page(
        request, desk, "station/login.jinja", operators=operators, chosen=chosen, next=own_path(next)
    )


def on_login_refused(request: Asked, refusal: Refused) -> Response[Any]:
    """A wrong PIN: the field again, empty, with what is wrong and how long to wait."""
    if not refusal.problems[0].code.startswith("login."):
        return on_screen_refused(request, refusal)
    return fragment(request, "station/login_pin.jinja", status_code=422, problems=refusal.problems)


@post("/login", status_code=200, exception_handlers={Refused: on_login_refused})
async def log_in(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """Check the PIN; then back to where one was."""
    require_same_origin(request)
    operator = data.get("operator", "")
    done = await desk.log_in(operator, data.get("pin", ""))
    answer = nothing(headers={"HX-Redirect": own_path(data.get("next", "/"))})
    answer.set_cookie(
        Cookie(desk.cookie, path="/", value=done.token, httponly=True, samesite="strict",
               secure=request.url.scheme == "https")
    )  # fmt: skip
    answer.set_cookie(
        Cookie(LAST_OPERATOR, path="/", value=operator, samesite="strict", httponly=True, max_age=30 * DAY_SECONDS)
    )
    if "kontuar_language" not in request.cookies:
        language = done.actor.language
        answer.set_cookie(
            Cookie("kontuar_language", path="/", value=language, samesite="strict", max_age=365 * DAY_SECONDS)
        )
    return answer


@post("/login/card", status_code=200)
async def choose_by_card(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """A scanned operator's card chooses the operator; the PIN is still asked (never a card alone)."""
    require_same_origin(request)
    operator = await desk.run(login.by_card, desk.station, data.get("code", ""))
    operators = await desk.operators()
    return fragment(
        request, "station/login_operators.jinja", operators=operators, chosen=operator.code,
        triggers={"kontuar:added": {"text": operator.name}},
    )  # fmt: skip


@post("/logout")
async def log_out(request: Asked, desk: Desk) -> Redirect:
    """The token is worth nothing from now on."""
    require_same_origin(request)
    await desk.run(login.log_out, desk.station, request.cookies.get(desk.cookie, ""))
    return Redirect("/login", status_code=303, cookies=[Cookie(desk.cookie, path="/", value="", max_age=0)])


HANDLERS = (show_login, log_in, choose_by_card, log_out)
