"""Screen of the hub: the asker's own account and second factor (HUB-09)."""

from typing import Any, Final

import segno
from litestar import Request, Response, get, post
from litestar.response import Redirect

from kontuar.kernel.errors import Refused
from kontuar.operations.hub.second_factor import NewFactor
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import BEFORE_SECOND_FACTOR, Asker, Parts
from kontuar.web.i18n import texts


@get("/account", include_in_schema=False, opt=dict(BEFORE_SECOND_FACTOR))
async def show_account(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[str]:
    return await _account(request, parts, actor)


@post("/account/second-factor", include_in_schema=False, opt=dict(BEFORE_SECOND_FACTOR))
async def begin_second_factor(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[str]:
    try:
        begun = await parts.run(parts.factors.begin, actor)
    except Refused as refusal:
        return await _account(request, parts, actor, refusal=refusal)
    return await _account(request, parts, actor, begun=begun)


@post("/account/second-factor/confirm", include_in_schema=False, opt=dict(BEFORE_SECOND_FACTOR))
async def confirm_second_factor(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Response[Any]:
    code = str((await request.form()).get("code", ""))
    try:
        await parts.run(parts.factors.confirm, actor, code)
    except Refused as refusal:
        return await _account(request, parts, actor, refusal=refusal, waiting=True)
    return Redirect("/account", status_code=303)


async def _account(
    request: Request[Any, Any, Any], parts: Any, actor: Asker, *, begun: NewFactor | None = None,
    refusal: Refused | None = None, waiting: bool = False,
) -> Response[str]:  # fmt: skip
    state = await parts.run(parts.factors.state, actor)
    words = texts(language_of(request))
    told = [words.problem(problem) for problem in refusal.problems] if refusal else []
    picture = segno.make(begun.address, error="m").svg_data_uri(scale=5, border=0) if begun else ""
    return page(
        request, "hub/account.jinja", actor, status_of(refusal.problems) if refusal else 200, state=state, told=told,
        secret=_in_fours(begun.secret) if begun else "", picture=picture, waiting=waiting or begun is not None,
        asker=actor.operator,
    )  # fmt: skip


def _in_fours(secret: str) -> str:
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


HANDLERS: Final = (show_account, begin_second_factor, confirm_second_factor)
