"""A code that names nothing, or more than one article: the same on every form that is scanned into (DOC-20)."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from litestar import Response

from kontuar.kernel.errors import Refused
from kontuar.web.desk import Asked
from kontuar.web.station.pages import (
    SCAN_HEADER,
    events,
    loading_window,
    nothing,
    on_screen_refused,
    words_for,
)

TO_THE_LIST: Final = frozenset({"article.code_unknown", "article.code_ambiguous", "article.code_empty"})


def on_code_refused(area: str) -> Callable[[Asked, Refused], Response[Any]]:
    """For the forms below `/AREA/{doc_id}`: an unknown scan sounds and says what to do; a typed phrase, or a code of
    several articles, opens the article list."""

    def answer(request: Asked, refusal: Refused) -> Response[Any]:
        problem = refusal.problems[0]
        if problem.code not in TO_THE_LIST:
            return on_screen_refused(request, refusal)
        told = words_for(request).problem(problem)
        if SCAN_HEADER in request.headers and problem.code == "article.code_unknown":
            message = {"text": told, "kind": "warn", "name": "unknown-code"}
            return nothing({"kontuar:unknown": {"text": told}, "kontuar:toast": message})
        phrase = quote(problem.facts.get("code_text", ""))
        url = f"/{area}/{request.path_params['doc_id']}/articles?phrase={phrase}"
        window = loading_window(request, url, "Articles")
        if SCAN_HEADER in request.headers:
            window.headers["HX-Trigger"] = events({"kontuar:unknown": {"text": told}})
        return window

    return answer
