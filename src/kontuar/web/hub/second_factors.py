"""Screen of the hub: who has a second factor, and taking a lost one off (HUB-09)."""

from typing import Any, Final

from litestar import Request, Response, get, post

from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.i18n import texts


@get("/second-factors", include_in_schema=False)
async def show_second_factors(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[str]:
    return await _shown(request, parts, actor)


@post("/second-factors", include_in_schema=False)
async def take_second_factor_off(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[str]:
    actor.require(rights.SECOND_FACTORS)
    form = await request.form()
    operator, note = str(form.get("operator", "")).strip(), str(form.get("note", ""))
    try:
        ended = await parts.run(parts.factors.take_off, actor, operator, note)
    except Refused as refusal:
        return await _shown(request, parts, actor, refusal=refusal)
    return await _shown(request, parts, actor, done={"operator": operator, "logins": ended})


async def _shown(
    request: Request[Any, Any, Any], parts: Any, actor: Asker, *, refusal: Refused | None = None,
    done: dict[str, Any] | None = None,
) -> Response[str]:  # fmt: skip
    holders = await parts.run(parts.factors.holders, actor)
    words = texts(language_of(request))
    told = [words.problem(problem) for problem in refusal.problems] if refusal else []
    rows = [(row.operator, f"{row.operator} · {row.name}" if row.name else row.operator,
             words.moment(row.since), row.logins) for row in holders]  # fmt: skip
    choices = [("", "–"), *((operator, label) for operator, label, _, _ in rows)]
    status = status_of(refusal.problems) if refusal else 200
    return page(
        request, "hub/second_factors.jinja", actor, status, rows=rows, choices=choices,
        told=told, done=done,
    )  # fmt: skip


HANDLERS: Final = (show_second_factors, take_second_factor_off)
