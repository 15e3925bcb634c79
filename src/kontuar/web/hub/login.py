"""Logging in and out in the browser, and the choice of language."""

from typing import Annotated, Any

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.params import Body, FromQuery
from litestar.response import Redirect

from kontuar.kernel.errors import Refused
from kontuar.operations.hub.hub_login import LOGIN_HOURS
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import COOKIE, OPEN, Asker, Parts, require_same_origin
from kontuar.web.i18n import LANGUAGES, texts

Form = Annotated[dict[str, str], Body(media_type=RequestEncodingType.URL_ENCODED)]


@get("/login", opt=OPEN, include_in_schema=False)
async def show_login(request: Request[Any, Any, Any], next: FromQuery[str] = "/") -> Response[str]:
    return page(request, "hub/login.jinja", None, next=_own_path(next), problem="", code="", asks_code=False)


@post("/login", opt=OPEN, include_in_schema=False)
async def log_in(request: Request[Any, Any, Any], parts: Parts, data: Form) -> Response[Any]:
    require_same_origin(request)
    target = _own_path(data.get("next", "/"))
    code = data.get("operator", "")
    try:
        login = await parts.run(parts.login.log_in, code, data.get("pin", ""), data.get("one_time_code", ""))
    except Refused as refusal:
        words = texts(language_of(request)).problem(refusal.problems[0])
        status = status_of(refusal.problems)
        asks = refusal.problems[0].code == "login.code_needed" or bool(data.get("one_time_code"))
        return page(
            request, "hub/login.jinja", None, status, next=target, problem=words, code=code[:64], asks_code=asks
        )
    cookie = Cookie(
        COOKIE, path="/", value=login.token, httponly=True, samesite="strict",
        secure=request.url.scheme == "https", max_age=LOGIN_HOURS * 3600,
    )  # fmt: skip
    return Redirect(target, status_code=303, cookies=[cookie])


@post("/logout", include_in_schema=False)
async def log_out(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Redirect:  # noqa: ARG001 - asks for a login
    await parts.run(parts.login.log_out, request.scope["state"]["token"])
    return Redirect("/login", status_code=303, cookies=[Cookie(COOKIE, path="/", value="", max_age=0)])


@post("/language", opt=OPEN, include_in_schema=False)
async def choose_language(request: Request[Any, Any, Any], data: Form) -> Redirect:
    require_same_origin(request)
    chosen = data.get("lang", "")
    back = request.headers.get("referer", "").removeprefix(str(request.base_url).rstrip("/"))
    cookies = []
    if chosen in LANGUAGES:
        cookies = [Cookie("kontuar_language", path="/", value=chosen, samesite="strict", max_age=31_536_000)]
    return Redirect(_own_path(back), status_code=303, cookies=cookies)


def _own_path(path: str) -> str:
    """A path of this site; anything else (another host, a scheme) becomes the start page."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/"
