"""The authorisation window: another operator allows one action with a PIN, then the same request is repeated."""

from typing import Any

from litestar import Response, get, post

from kontuar.kernel.errors import Refused
from kontuar.operations.station import login
from kontuar.web.desk import Asked, Desk
from kontuar.web.station.forms import Form
from kontuar.web.station.pages import fragment, nothing, on_screen_refused


@get("/authorise")
async def show(request: Asked, desk: Desk, right: str = "", doc_id: str = "") -> Response[str]:
    """Tiles of those who have the right."""
    operators = await desk.do(request, login.who_may, right)
    return fragment(request, "station/authorise.jinja", right=right, doc_id=doc_id, operators=operators)


def on_not_given(request: Asked, refusal: Refused) -> Response[Any]:
    """A wrong PIN or an operator without the right: the PIN again, with what is wrong."""
    codes = {problem.code for problem in refusal.problems}
    if codes & {"login.wrong", "login.slowed", "authorisation.right_missing"}:
        return fragment(request, "station/login_pin.jinja", status_code=422, problems=refusal.problems)
    return on_screen_refused(request, refusal)


@post("/authorise", status_code=200, exception_handlers={Refused: on_not_given})
async def give(request: Asked, desk: Desk, data: Form) -> Response[str]:
    """Good once, for five minutes; authorise.js sends the refused request again with it."""
    grant = await desk.authorise(
        request, data.get("right", ""), data.get("operator", ""), data.get("pin", ""), data.get("doc_id", "")
    )
    return nothing({"kontuar:authorised": {"authorisation": grant.grant_id}})


HANDLERS = (show, give)
