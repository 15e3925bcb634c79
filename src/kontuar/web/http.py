"""Refusals become statuses in one place; answers carry headers that keep a browser strict (SEC-03)."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException, ValidationException

from kontuar.kernel.errors import Conflict, Problem, Refused
from kontuar.web.i18n import LANGUAGES, texts

_STATUS_BY_CODE: Final[Mapping[str, int]] = {
    "right.missing": 403,
    "csrf.missing": 403,
    "login.needed": 401,
    "login.expired": 401,
    "login.unreadable": 401,
    "login.wrong": 401,
    "login.code_needed": 401,
    "second_factor.needed": 403,
    "second_factor.key_missing": 503,
    "verification.decided": 409,
    "contractor.anonymised_meanwhile": 409,
    "verification.assigned_meanwhile": 409,
    "verification.cancellation_asked": 409,
    "alarm.acknowledged": 409,
    "alarm.ended": 409,
    "login.slowed": 429,
    "connectivity.too_low": 503,
    "coupon.busy": 503,
    "elsewhere.slow": 503,
    "storage.unavailable": 503,
    "storage.busy": 503,
    "storage.full": 507,
    "storage.damaged": 503,
    "protocol.too_old": 426,
    "protocol.too_new": 426,
    "upload.too_large": 413,
}
_STATUS_BY_ENDING: Final = ((".not_found", 404), (".unknown", 404), (".taken", 409), (".conflict", 409))

SECURITY_HEADERS: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class ProblemBody(msgspec.Struct, frozen=True):
    """One problem as the API tells it: `message` in the asker's language."""

    code: str
    message: str
    place: str


def status_of(problems: tuple[Problem, ...]) -> int:
    """The HTTP status of a refusal: by its first problem's code, 422 where nothing else is said."""
    code = problems[0].code
    if code in _STATUS_BY_CODE:
        return _STATUS_BY_CODE[code]
    return next((status for ending, status in _STATUS_BY_ENDING if code.endswith(ending)), 422)


def language_of(request: Request[Any, Any, Any]) -> str:
    """The asker's language: cookie, then Accept-Language, then Polish."""
    chosen = request.cookies.get("kontuar_language", "")
    if chosen in LANGUAGES:
        return chosen
    for part in request.headers.get("accept-language", "").split(","):
        language = part.split(";")[0].strip()[:2].lower()
        if language in LANGUAGES:
            return language
    return "pl"


def problem_response(
    request: Request[Any, Any, Any], problems: tuple[Problem, ...], status: int | None = None
) -> Response[Any]:
    """`{"problems": [{"code", "message", "place"}]}`, all at once (DOC-05)."""
    words = texts(language_of(request))
    bodies = [ProblemBody(problem.code, words.problem(problem), problem.place) for problem in problems]
    return Response(
        content={"problems": [msgspec.to_builtins(body) for body in bodies]},
        status_code=status or status_of(problems),
        media_type=MediaType.JSON,
    )


def on_refused(request: Request[Any, Any, Any], refusal: Refused) -> Response[Any]:
    """A rule said no."""
    return problem_response(request, refusal.problems)


def on_conflict(request: Request[Any, Any, Any], conflict: Conflict) -> Response[Any]:
    """The same identity with other content."""
    return problem_response(request, (Problem(conflict.code, "", conflict.facts),), 409)


def on_http(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """The framework's own refusals (unknown path, wrong method, unreadable body) in our form."""
    extra = error.extra if isinstance(error, ValidationException) else None
    place = ""
    if isinstance(extra, list) and extra and isinstance(extra[0], dict):
        place = str(extra[0].get("key", ""))
    facts = {"detail": str(error.detail)[:200]}
    return problem_response(request, (Problem(f"http.{error.status_code}", place, facts),), error.status_code)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    """Whether someone looks at the answer: a browser that opens an address, not a script nor a program."""
    return "text/html" in request.headers.get("accept", "") and not request.url.path.startswith("/api/")


EXCEPTION_HANDLERS: Final[dict[Any, Any]] = {
    Refused: on_refused,
    Conflict: on_conflict,
    HTTPException: on_http,
}


def problem_bodies(problems: tuple[Problem, ...], language: str) -> tuple[ProblemBody, ...]:
    """Problems in the asker's words."""
    words = texts(language)
    return tuple(ProblemBody(problem.code, words.problem(problem), problem.place) for problem in problems)
