"""The station's web application: JSON API, health, metrics, and the screens that are handed in."""

from collections.abc import Mapping, Sequence
from typing import Any

import prometheus_client
import structlog
from litestar import Litestar, MediaType, Request, Response, get, route
from litestar.datastructures import State
from litestar.di import Provide
from litestar.exceptions import HTTPException
from litestar.plugins import PluginProtocol
from litestar.plugins.core import MsgspecDIPlugin

from kontuar.kernel.errors import Problem
from kontuar.kernel.time import instant_text
from kontuar.web.api import (
    station_coupons,
    station_discounts,
    station_documents,
    station_drafts,
    station_exchange,
    station_lists,
    station_parked,
    station_session,
    station_trade,
)
from kontuar.web.description import description_of, openapi_json
from kontuar.web.desk import Desk
from kontuar.web.http import EXCEPTION_HANDLERS, SECURITY_HEADERS, on_http, problem_response, status_of, wants_page
from kontuar.web.i18n import LANGUAGES, texts
from kontuar.web.station.pages import on_screen_http

MAX_BODY_BYTES = 1024 * 1024
_BUG = Problem("internal.error")
_log = structlog.get_logger("web")


class _StationApp(Litestar):
    """Without what lets handlers take and give types of other libraries: ours have none of theirs, and reading them
    would be a tenth of a till's start (PERF-03)."""

    @staticmethod
    def _get_default_plugins(plugins: list[PluginProtocol]) -> list[PluginProtocol]:
        return [*plugins, MsgspecDIPlugin()]


def build_station_app(
    desk: Desk,
    *,
    routes: Sequence[Any] = (),
    exception_handlers: Mapping[Any, Any] | None = None,
    on_startup: Sequence[Any] = (),
    on_shutdown: Sequence[Any] = (),
) -> Litestar:
    """The application; `routes` are the screens (`kontuar.web.station`)."""
    return _StationApp(
        route_handlers=[
            *station_session.HANDLERS, *station_drafts.HANDLERS, *station_documents.HANDLERS,
            *station_parked.HANDLERS, *station_lists.HANDLERS, *station_discounts.HANDLERS, *station_trade.HANDLERS,
            *station_coupons.HANDLERS, *station_exchange.HANDLERS,
            openapi_json, health, metrics, *routes,
        ],
        dependencies={"desk": Provide(lambda: desk, sync_to_thread=False)},
        exception_handlers={**EXCEPTION_HANDLERS, 404: on_nowhere, 500: on_bug, **(exception_handlers or {})},
        response_headers=dict(SECURITY_HEADERS),
        request_max_body_size=MAX_BODY_BYTES,
        state=State({"desk": desk}),
        openapi_config=description_of("Kontuar station"),
        on_startup=list(on_startup),
        on_shutdown=list(on_shutdown),
        logging_config=None,
    )  # fmt: skip


def build_broken_app(problem: Problem) -> Litestar:
    """What a station shows whose database cannot be opened: why, and what to do; never a blank page (REL-19)."""

    @route("/{path:path}", http_method=["GET", "POST", "PUT", "PATCH", "DELETE"], include_in_schema=False)
    async def explain(request: Request[Any, Any, Any]) -> Response[Any]:
        if request.url.path.startswith("/api/"):
            return problem_response(request, (problem,))
        told = "".join(f"<p lang='{code}'>{texts(code).problem(problem)}</p>" for code in LANGUAGES)
        page = (
            f"<!doctype html><html lang='pl'><meta charset='utf-8'><title>Kontuar</title><h1>Kontuar</h1>{told}</html>"
        )
        return Response(page, media_type=MediaType.HTML, status_code=status_of((problem,)))

    return Litestar(route_handlers=[explain], response_headers=dict(SECURITY_HEADERS), openapi_config=None)


@get("/health", summary="The process answers and its database does", security=[])
async def health(desk: Desk) -> dict[str, str]:
    """503 with the reason when the database does not. `books`: being checked beside the work after a tidy stop.

    `proof`: what the last nightly proof of them found: never, holds or faulty (HUB-10). `backup_at`: when the last
    backup was made that the store's agent has, empty = there is none.
    """
    await desk.run(desk.station.books.fact, "definitions")
    status = desk.sync_status()
    checked = "checked" if status.books_checked else "being checked"
    told = {"node": desk.station.identity.station, "live": "yes", "ready": "yes", "books": checked}
    at = status.books.proved_at
    backup = instant_text(status.backup.at) if status.backup.at else ""
    return {**told, "proof": status.books.word, "proved_at": instant_text(at) if at else "", "backup_at": backup}


@get("/metrics", include_in_schema=False)
async def metrics(desk: Desk) -> Response[bytes]:
    """For Prometheus: what waits, connection, what only this till holds, how far the clock is ahead, the process."""
    status = desk.sync_status()
    lines = [
        f"kontuar_station_messages_waiting {status.waiting}",
        f'kontuar_station_connectivity{{level="{status.level}"}} 1',
        f"kontuar_station_books_checked {int(status.books_checked)}",
        f"kontuar_station_book_faults {status.books.faults}",
        f"kontuar_station_issued_alone {status.warnings.alone}",
    ]
    if status.backup.at is not None:
        age = desk.station.clock.now() - status.backup.at
        lines.append(f"kontuar_station_backup_age_seconds {max(age.total_seconds(), 0):.0f}")
    if status.clock_skew_seconds is not None:
        lines.append(f"kontuar_station_clock_skew_seconds {status.clock_skew_seconds:.3f}")
    known = prometheus_client.generate_latest(prometheus_client.REGISTRY)
    return Response("\n".join(lines).encode() + b"\n" + known, media_type=prometheus_client.CONTENT_TYPE_LATEST)


def on_nowhere(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """No such path: a page for whoever opened one in a browser, our form for the rest."""
    return on_screen_http(request, error) if wants_page(request) else on_http(request, error)


def on_bug(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A fault of ours: logged with its trace, told without it."""
    _log.error("web.bug", path=request.url.path, exc_info=error)
    return problem_response(request, (_BUG,), 500)
