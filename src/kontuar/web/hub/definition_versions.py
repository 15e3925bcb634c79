"""Screens of the versions: change sets, what each did, what each station runs, withdrawing one (HUB-03)."""

from typing import Annotated, Any, Final

from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.hub.defining import versions
from kontuar.operations.ports.hub_definitions import VersionRow
from kontuar.web.http import language_of
from kontuar.web.hub.definition_forms import told_changes
from kontuar.web.hub.definition_lists import row_path
from kontuar.web.hub.definition_words import NAMES
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.i18n import Texts, texts

VERSIONS_PER_PAGE: Final = 50
MOST_KINDS_NAMED: Final = 5
_OTHER_KINDS: Final = {"certificate": "Certificates of nodes"}
"""What has versions too and is defined on no screen."""
_MOST: Final = 2**62
Page = Request[Any, Any, Any]


@get("/definition-versions", include_in_schema=False)
async def show_versions(
    request: Page, parts: Parts, actor: Asker, before: Annotated[int, QueryParameter(ge=0, le=_MOST)] = 0
) -> Response[str]:
    words = texts(language_of(request))
    found = await parts.run(versions.versions, parts.definitions, actor, before, VERSIONS_PER_PAGE)
    running = await parts.run(versions.running_versions, parts.definitions, actor)
    newest = found[0].version if found and not before else 0
    return page(
        request,
        "hub/definition_versions.jinja",
        actor,
        rows=[_listed(row, words) for row in found],
        before=found[-1].version if len(found) == VERSIONS_PER_PAGE else 0,
        newest=newest,
        running=[(one.node, one.store, one.version, words.moment(one.seen_at)) for one in running],
    )


@get("/definition-versions/{version:int}", include_in_schema=False)
async def show_version(request: Page, parts: Parts, actor: Asker, version: FromPath[int]) -> Response[str]:
    words = texts(language_of(request))
    found = await parts.run(versions.changes_of, parts.definitions, actor, min(version, _MOST))
    made = (await parts.run(versions.versions, parts.definitions, actor, min(version, _MOST) + 1, 1))[0]
    return page(
        request,
        "hub/definition_version.jinja",
        actor,
        version=version,
        made=_listed(made, words),
        rows=[
            {
                "kind": _kind_told(row.kind, words),
                "key": row.key,
                "href": row_path(row.kind, row.key) if row.kind in KINDS and row.action != "removed" else "",
                "action": row.action,
                "changes": told_changes(row.changes, words),
            }
            for row in found
        ],
        cut=len(found) == versions.MOST_ROWS_TOLD,
        may_withdraw=DEFINE in actor.rights and all(row.kind in KINDS for row in found),
    )


@get("/definition-versions/{version:int}/withdraw", include_in_schema=False)
async def ask_to_withdraw(request: Page, actor: Asker, version: FromPath[int]) -> Response[str]:
    actor.require(DEFINE)
    return page(request, "hub/definition_withdraw.jinja", actor, version=version, problems=[])


@post("/definition-versions/{version:int}/withdraw", include_in_schema=False, status_code=200)
async def withdraw(request: Page, parts: Parts, actor: Asker, version: FromPath[int]) -> Response[Any]:
    actor.require(DEFINE)
    words = texts(language_of(request))
    try:
        written = await parts.bulk(versions.withdraw, parts.bulk_definitions, actor, min(version, _MOST))
    except Refused as refusal:
        told = [(_told(problem, words), _place(problem)) for problem in refusal.problems]
        return page(request, "hub/definition_withdraw.jinja", actor, 422, version=version, problems=told)
    return Response("", headers={"HX-Redirect": f"/definition-versions/{written.version}"})


def _listed(row: VersionRow, words: Texts) -> dict[str, Any]:
    kinds = [_kind_told(kind, words) for kind in row.kinds]
    return {
        "version": row.version,
        "when": words.moment(row.made_at),
        "who": row.made_by,
        "count": row.rows,
        "kinds": ", ".join(kinds[:MOST_KINDS_NAMED]),
        "more_kinds": len(kinds[MOST_KINDS_NAMED:]),
        "withdraws": row.withdraws,
    }


def _kind_told(kind: str, words: Texts) -> str:
    return words.gettext(NAMES.get(kind) or _OTHER_KINDS.get(kind, kind))


def _told(problem: Problem, words: Texts) -> str:
    return words.problem(Problem(problem.code, "", problem.facts))


def _place(problem: Problem) -> str:
    """The address of what stands in the way."""
    by_kind, by = problem.facts.get("by_kind", ""), problem.facts.get("by", "")
    if by_kind in KINDS:
        return row_path(by_kind, by)
    kind, _, key = problem.place.partition(":")
    return row_path(kind, key) if kind in KINDS else ""


HANDLERS: Final = (show_versions, show_version, ask_to_withdraw, withdraw)
