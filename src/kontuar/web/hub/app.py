"""The hub's web application: pages, JSON API, whatever other routers the node brings."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from litestar import Litestar, Request, Response, Router, get
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from kontuar.kernel.errors import Problem, Refused
from kontuar.web.api import hub_definition_versions, hub_discounts, hub_login
from kontuar.web.asset_files import give_asset
from kontuar.web.description import description_of, openapi_json
from kontuar.web.http import (
    EXCEPTION_HANDLERS,
    SECURITY_HEADERS,
    language_of,
    on_http,
    on_refused,
    status_of,
    wants_page,
)
from kontuar.web.hub import (
    definition_eans,
    definition_files,
    definition_forms,
    definition_lists,
    definition_matrices,
    definition_versions,
    discounts,
    login,
)
from kontuar.web.hub.definition_words import AREAS, ICONS, NAMES
from kontuar.web.hub.rendering import NavArea, page
from kontuar.web.hub_access import Asker, HubParts, Parts, provide_actor, provide_parts, require_login
from kontuar.web.i18n import texts

_LOGIN_CODES = frozenset({"login.needed", "login.expired"})


@get("/", include_in_schema=False)
async def show_home(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[str]:
    counts = await parts.run(parts.definitions.counts, actor)
    words = texts(language_of(request))
    shown = [
        (words.gettext(NAMES[kind]), count, f"/definitions/{kind}", ICONS[kind])
        for kind, count in counts.items()
        if kind in NAMES
    ]
    return page(request, "hub/home.jinja", actor, counts=shown)


@get("/api/status", summary="What the bar on top shows")
async def status(actor: Asker) -> dict[str, Any]:  # noqa: ARG001 - asks for a login
    return {"state": "online", "waiting": 0, "since": None}


def on_page_refused(request: Request[Any, Any, Any], refusal: Refused) -> Response[Any]:
    """A page was refused: to the login, or told in words; a part of a page leaves what stands there."""
    if _asks_for_a_part(request):
        return _beside(on_refused(request, refusal))
    if refusal.problems[0].code == "second_factor.needed":
        return Redirect("/account", status_code=303)
    if refusal.problems[0].code in _LOGIN_CODES:
        return Redirect(f"/login?next={quote(request.url.path)}", status_code=303)
    words = texts(language_of(request))
    told = [words.problem(problem) for problem in refusal.problems]
    return page(request, "hub/problem.jinja", None, status_of(refusal.problems), problems=told)


def on_page_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """The framework refused a page's request; a form that was sent keeps what was typed."""
    if _asks_for_a_part(request):
        return _beside(on_http(request, error))
    words = texts(language_of(request))
    told = [words.problem(Problem(f"http.{error.status_code}", "", {"detail": str(error.detail)[:200]}))]
    return page(request, "hub/problem.jinja", None, error.status_code, problems=told)


def _asks_for_a_part(request: Request[Any, Any, Any]) -> bool:
    return request.headers.get("hx-request") == "true"


def _beside(answer: Response[Any]) -> Response[Any]:
    """Nothing is put in the place of anything: the page tells the problems of such an answer in a message."""
    answer.headers["HX-Reswap"] = "none"
    return answer


def on_nowhere(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """No such path: a page for whoever opened one in a browser, our form for the rest."""
    return on_page_http(request, error) if wants_page(request) else on_http(request, error)


def _own_screens() -> tuple[Any, ...]:
    """The screens that every hub has, but its first page."""
    return (
        definition_lists.show_list,
        definition_lists.show_choices,
        *definition_forms.HANDLERS,
        *definition_eans.HANDLERS,
        *definition_files.HANDLERS,
        *definition_matrices.HANDLERS,
        *definition_versions.HANDLERS,
        *discounts.HANDLERS,
        login.show_login,
        login.log_in,
        login.log_out,
        login.choose_language,
    )


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
    shown before the definitions; a page at `/` takes the place of the first page. `state`: what those handlers find in
    `app.state`.

    Every handler needs a login unless it is declared with `opt=OPEN`.
    """
    screens = Router(
        "/",
        route_handlers=[
            *([] if any("/" in getattr(page, "paths", ()) for page in pages) else [show_home]),
            *_own_screens(),
            *pages,
        ],
        exception_handlers={Refused: on_page_refused, HTTPException: on_page_http},
    )
    return Litestar(
        route_handlers=[
            screens,
            *hub_definition_versions.ROUTERS,
            hub_discounts.router,
            hub_login.router,
            status,
            openapi_json,
            give_asset,
            *handlers,
        ],
        dependencies={"parts": Provide(provide_parts), "actor": Provide(provide_actor)},
        guards=[require_login],
        exception_handlers={**EXCEPTION_HANDLERS, 404: on_nowhere, **(exception_handlers or {})},
        response_headers=dict(SECURITY_HEADERS),
        state=State({"hub": parts, "areas": (*areas, *AREAS), **(state or {})}),
        openapi_config=description_of("Kontuar hub"),
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
        logging_config=None,
    )
