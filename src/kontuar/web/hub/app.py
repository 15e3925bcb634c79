"""The hub's web application: pages, JSON API, whatever other routers the node brings."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from litestar import Litestar, MediaType, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.response import Redirect
from litestar.static_files import create_static_files_router

from kontuar import __version__
from kontuar.kernel.errors import Problem, Refused
from kontuar.web.api import hub_definitions, hub_login
from kontuar.web.http import EXCEPTION_HANDLERS, SECURITY_HEADERS, language_of, status_of
from kontuar.web.hub import definition_lists, login
from kontuar.web.hub.definition_columns import AREAS, NAMES
from kontuar.web.hub.rendering import NavArea, page
from kontuar.web.hub_access import OPEN, Asker, HubParts, Parts, provide_actor, provide_parts, require_login
from kontuar.web.i18n import texts

_ASSETS = Path(__file__).resolve().parents[1] / "assets"
_LOGIN_CODES = frozenset({"login.needed", "login.expired"})


@get("/", include_in_schema=False)
async def show_home(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[str]:
    counts = await parts.run(parts.definitions.counts, actor)
    words = texts(language_of(request))
    icons = {link.href: link.icon for area in AREAS for link in area.links}
    shown = [
        (words.gettext(NAMES[kind]), count, f"/definitions/{kind}", icons[f"/definitions/{kind}"])
        for kind, count in counts.items()
    ]
    return page(request, "hub/home.jinja", actor, counts=shown)


@get("/api/status", summary="What the bar on top shows")
async def status(actor: Asker) -> dict[str, Any]:  # noqa: ARG001 - asks for a login
    return {"state": "online", "waiting": 0, "since": None}


def on_page_refused(request: Request[Any, Any, Any], refusal: Refused) -> Response[Any]:
    """A page was refused: to the login, or told in words."""
    if refusal.problems[0].code in _LOGIN_CODES:
        return Redirect(f"/login?next={quote(request.url.path)}", status_code=303)
    words = texts(language_of(request))
    told = [words.problem(problem) for problem in refusal.problems]
    return page(request, "hub/problem.jinja", None, status_of(refusal.problems), problems=told)


def on_page_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """The framework refused a page's request."""
    words = texts(language_of(request))
    told = [words.problem(Problem(f"http.{error.status_code}", "", {"detail": str(error.detail)[:200]}))]
    return page(request, "hub/problem.jinja", None, error.status_code, problems=told)


def build_hub_app(
    parts: HubParts,
    *,
    pages: Sequence[Any] = (),
    handlers: Sequence[Any] = (),
    areas: Sequence[NavArea] = (),
    state: Mapping[str, Any] | None = None,
    exception_handlers: Mapping[Any, Any] | None = None,
    on_startup: Sequence[Any] = (),
    on_shutdown: Sequence[Any] = (),
) -> Litestar:
    """The application. `pages`: further screens; `handlers`: further API, sync and health routes; `areas`: their links,
    shown before the definitions; `state`: what those handlers find in `app.state`.

    Every handler needs a login unless it is declared with `opt=OPEN`.
    """
    screens = Router(
        "/",
        route_handlers=[
            show_home,
            definition_lists.show_list,
            definition_lists.show_row,
            login.show_login,
            login.log_in,
            login.log_out,
            login.choose_language,
            *pages,
        ],
        exception_handlers={Refused: on_page_refused, HTTPException: on_page_http},
    )
    assets = create_static_files_router("/assets", [_ASSETS], opt=dict(OPEN), include_in_schema=False)
    return Litestar(
        route_handlers=[screens, hub_definitions.router, hub_login.router, status, assets, *handlers],
        dependencies={"parts": Provide(provide_parts), "actor": Provide(provide_actor)},
        guards=[require_login],
        exception_handlers={**EXCEPTION_HANDLERS, **(exception_handlers or {})},
        response_headers=dict(SECURITY_HEADERS),
        state=State({"hub": parts, "areas": (*areas, *AREAS), **(state or {})}),
        openapi_config=OpenAPIConfig(
            title="Kontuar hub",
            version=__version__,
            openapi_router=Router("/api", route_handlers=[], opt=dict(OPEN)),
            render_plugins=[JsonRenderPlugin(path="/openapi.json", media_type=MediaType.JSON)],
        ),
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
        logging_config=None,
    )
