"""What the handlers of the screens answer with: whole pages, fragments, and refusals in the screens' way."""

import json
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
from litestar import MediaType, Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from kontuar.domain.parties import rights
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.station.station import Station
from kontuar.web.desk import Asked, Desk, csrf_token
from kontuar.web.http import language_of, on_http, problem_response, status_of
from kontuar.web.i18n import LANGUAGES, Texts, texts
from kontuar.web.station.rendering import render
from kontuar.web.station.warnings import in_words

LANGUAGE_NAMES: Final = {"pl": "Polski", "en": "English", "fr": "Français"}
LOGIN_CODES: Final = frozenset({"login.needed", "login.expired", "login.revoked"})
SCAN_HEADER: Final = "x-kontuar-scan"
SHORTCUTS: Final = (
    ("F2", "contractor", "Contractor", "Document"),
    ("F3", "discount", "Change discount", "Line"),
    ("Shift+F3", "explain", "How the price came about", "Line"),
    ("F4", "header-discount", "Header discount", "Document"),
    ("Shift+F4", "discount-summary", "Discount summary", "Document"),
    ("Shift+F8", "promotions", "Promotions", "Document"),
    ("Shift+F9", "coupons", "Coupons", "Document"),
    ("F6", "quantity", "Quantity", "Line"),
    ("F7", "delete-line", "Delete the line", "Line"),
    ("F8", "park", "Park", "Document"),
    ("F9", "pay", "Pay", "Document"),
    ("F10", "approve", "Approve", "Payment"),
    ("+", "pay-rest", "Rest in the default form", "Payment"),
    ("/", "pay-cash", "Cash", "Payment"),
    ("*", "pay-card", "Card", "Payment"),
    ("Enter", "approve", "Approve", "Payment"),
    ("F3", "contractor-new", "New contractor", "Document"),
    ("Ctrl+I", "change-type", "Invoice or receipt", "Document"),
    ("Escape", "back", "Back", "Everywhere"),
    ("F1", "help", "Keys", "Everywhere"),
)
"""The one table of keys: key, action, words, group (both translated when shown)."""


class Frame(msgspec.Struct, frozen=True, kw_only=True):
    """What the bar on top of every page shows, and on which side the pad stands where nobody chose in the browser."""

    actor: Actor
    store: str
    station: str
    left_handed: bool
    zone: str


def frame(station: Station, actor: Actor) -> Frame:
    """The operation behind the bar."""
    return Frame(
        actor=actor, store=station.store().name, station=station.definition().name,
        left_handed=station.parameters().yes("screen.left_handed"), zone=station.firm().time_zone,
    )  # fmt: skip


async def page(
    request: Asked, desk: Desk, template: str, *, status_code: int = 200, back_url: str = "/", **context: Any
) -> Response[str]:
    """A whole page for the operator who asks, with bar, shortcuts, connectivity; raises `Refused("login.…")`."""
    shown = await desk.do(request, frame)
    token, _ = desk.credentials(request)
    everything = {
        "operator": shown.actor.name,
        "station": {"store": shown.store, "name": shown.station},
        "left_handed": shown.left_handed,
        "zone": shown.zone,
        "csrf_token": csrf_token(token),
        "back_url": back_url,
        "actor": shown.actor,
        "rights": rights,
        **_common(request, desk),
        **context,
    }
    return _html(render(language_of(request), template, everything), status_code)


async def open_page(
    request: Asked, desk: Desk, template: str, *, status_code: int = 200, **context: Any
) -> Response[str]:
    """A page that needs no login."""
    store, name, left_handed, zone = await desk.run(_place, desk.station)
    everything = {
        "operator": "", "station": {"store": store, "name": name}, "csrf_token": "", "back_url": "",
        "left_handed": left_handed, "zone": zone, **_common(request, desk), **context,
    }  # fmt: skip
    return _html(render(language_of(request), template, everything), status_code)


def fragment(
    request: Asked,
    template: str,
    *,
    status_code: int = 200,
    triggers: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> Response[str]:
    """A piece of a page for htmx. `triggers`: events with details, told as HX-Trigger (kit/README.md)."""
    answer = _html(render(language_of(request), template, context), status_code)
    answer.headers.update(headers or {})
    if triggers:
        answer.headers["HX-Trigger"] = events(triggers)
    return answer


def nothing(triggers: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None) -> Response[str]:
    """An answer that swaps nothing; `triggers` say what happens instead."""
    answer = _html("", 200)
    answer.headers.update({"HX-Reswap": "none", **(headers or {})})
    if triggers:
        answer.headers["HX-Trigger"] = events(triggers)
    return answer


def go_to(path: str) -> Response[str]:
    """Let the browser open another page, after an htmx request."""
    return nothing(headers={"HX-Redirect": path})


def closed() -> dict[str, Any]:
    """The trigger that closes the dialog."""
    return {"kontuar:dialog-close": {}}


def events(triggers: Mapping[str, Any]) -> str:
    """The value of HX-Trigger; headers carry no Polish letters, so JSON escapes them."""
    return json.dumps(triggers, ensure_ascii=True, separators=(",", ":"))


def words_for(request: Asked) -> Texts:
    """The texts of the asker's language."""
    return texts(language_of(request))


def own_path(path: str) -> str:
    """A path of this site; anything else (another host, a scheme) becomes the menu."""
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) and "\n" not in path else "/"


def require_same_origin(request: Asked) -> None:
    """Refuse a plain form that another site's page sent (forms that come without the page's token)."""
    origin = request.headers.get("origin", "")
    if origin and origin != "null" and urlsplit(origin).netloc != request.headers.get("host", ""):
        raise refuse("csrf.missing")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise refuse("csrf.missing")


def is_htmx(request: Asked) -> bool:
    """Whether a piece of a page is asked for."""
    return request.headers.get("hx-request", "") == "true"


def status_for_bar(request: Asked, desk: Desk) -> dict[str, Any]:
    """What the bar shows of the connection; `detail` counts what waits in the right plural form. `warnings` are bands
    with what to do (SEC-01, REL-19); nothing here asks the database."""
    sync = desk.sync_status()
    words = words_for(request)
    shown: dict[str, Any] = {"state": sync.level, "waiting": sync.waiting, "since": sync.since or None}
    shown["warnings"] = msgspec.to_builtins(in_words(words, sync.warnings))
    if sync.waiting and sync.level != "online":
        told = words.ngettext("%(num)s document waits", "%(num)s documents wait", sync.waiting)
        shown["detail"] = told % {"num": sync.waiting}
    return shown


def on_screen_refused(request: Asked, refusal: Refused) -> Response[Any]:
    """A rule said no: to the login, to the authorisation, in a window, in a message, or on a page of its own."""
    codes = {problem.code for problem in refusal.problems}
    if codes & LOGIN_CODES:
        return _to_login(request)
    if not is_htmx(request):
        context = {"problems": refusal.problems, "csrf_token": "", "lang_names": LANGUAGE_NAMES}
        status = status_of(refusal.problems)
        return _html(render(language_of(request), "station/problem.jinja", context), status)
    if SCAN_HEADER in request.headers:
        return problem_response(request, refusal.problems)
    if codes == {"right.missing"}:
        return _to_authorisation(request, refusal.problems[0])
    if len(refusal.problems) > 1 or "shift.not_open" in codes:
        return window_of_problems(request, refusal.problems)
    return problem_response(request, refusal.problems)


def on_screen_http(request: Asked, error: HTTPException) -> Response[Any]:
    """The framework's refusals (no such page, unreadable form) in words."""
    if is_htmx(request):
        return on_http(request, error)
    problems = (Problem(f"http.{error.status_code}", "", {"detail": str(error.detail)[:200]}),)
    context = {"problems": problems, "csrf_token": "", "lang_names": LANGUAGE_NAMES}
    return _html(render(language_of(request), "station/problem.jinja", context), error.status_code)


def window_of_problems(request: Asked, problems: tuple[Problem, ...]) -> Response[str]:
    """Everything that is wrong, in a window, each with what to do (DOC-05)."""
    return fragment(
        request, "station/problems.jinja", status_code=422, problems=problems,
        headers={"HX-Retarget": "#dialog-body", "HX-Reswap": "innerHTML"},
    )  # fmt: skip


def loading_window(request: Asked, url: str, title: str, status_code: int = 200) -> Response[str]:
    """A window that fetches its content at once (refusals have no database at hand)."""
    return fragment(
        request, "station/loading.jinja", status_code=status_code, url=url, title=title,
        headers={"HX-Retarget": "#dialog-body", "HX-Reswap": "innerHTML"},
    )  # fmt: skip


def _to_login(request: Asked) -> Response[Any]:
    if not is_htmx(request):
        asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
        return Redirect(f"/login?next={quote(asked)}", status_code=303)
    here = urlsplit(request.headers.get("hx-current-url", "")).path or "/"
    answer = _html("", 401)
    answer.headers["HX-Redirect"] = f"/login?next={quote(here)}"
    return answer


def _to_authorisation(request: Asked, problem: Problem) -> Response[str]:
    """The window in which another operator allows it; authorise.js repeats the request afterwards."""
    right = problem.facts.get("right", "")
    doc_id = str(request.path_params.get("doc_id", ""))
    url = f"/authorise?right={quote(right)}&doc_id={quote(doc_id)}"
    answer = loading_window(request, url, "Authorisation", 403)
    answer.headers["X-Kontuar-Right"] = right
    return answer


def _common(request: Asked, desk: Desk) -> dict[str, Any]:
    words = words_for(request)
    return {
        "languages": [(code, LANGUAGE_NAMES[code]) for code in LANGUAGES],
        "status": status_for_bar(request, desk),
        "shortcuts": [
            {"key": key, "action": action, "label": words.gettext(label), "group": words.gettext(group)}
            for key, action, label, group in SHORTCUTS
        ],
    }


def _place(station: Station) -> tuple[str, str, bool, str]:
    """(store, station, left-handed, time zone) by name; by code before the first definitions came."""
    if not station.books.definitions.version()[0]:
        return station.identity.store, station.identity.station, False, ""
    left_handed = station.parameters().yes("screen.left_handed")
    return station.store().name, station.definition().name, left_handed, station.firm().time_zone


def _html(text: str, status_code: int) -> Response[str]:
    return Response(text, media_type=MediaType.HTML, status_code=status_code, headers={"Cache-Control": "no-store"})
