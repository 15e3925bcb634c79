"""Screens where a matrix serves better than a form: rights of roles, parameters of a scope, prices of articles."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from kontuar.domain.catalogue.records import Article, Price, PriceList
from kontuar.domain.firm.records import Parameter
from kontuar.domain.parties.records import Role
from kontuar.domain.parties.rights import ALL_RIGHTS, DEFINE, SEE_HUB
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.parameters import DEFAULT_SCOPE, ParameterHere, parameters_at
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.definition_columns import record_of
from kontuar.web.hub.definition_words import NAMES
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, HubParts, Parts
from kontuar.web.i18n import Texts, texts

ARTICLES_PER_PAGE: Final = 30
Page = Request[Any, Any, Any]
_LEVEL_NAMES: Final = {"centre": "Centre", "store": "Store", "station": "Station"}
"""Scopes of parameters below *everywhere*; each is named like the kind of its rows."""


@get("/definitions/role/matrix", include_in_schema=False)
async def show_roles(
    request: Page, parts: Parts, actor: Asker, saved: Annotated[int, QueryParameter(ge=0)] = 0
) -> Response[str]:
    """Every right × every role (HUB-15)."""
    rows = await parts.run(parts.definitions.all_rows, actor, "role")
    roles = [(row.version, record_of("role", row.body)) for row in rows]
    words = texts(language_of(request))
    areas: dict[str, list[tuple[str, str]]] = {}
    for right in sorted(ALL_RIGHTS):
        areas.setdefault(right.partition(".")[0], []).append((right, words.gettext(f"right:{right}")))
    return page(
        request, "hub/role_matrix.jinja", actor, roles=roles, areas=areas, may_define=DEFINE in actor.rights,
        saved=saved, shortcuts=[_save_key(words, "role")],
    )  # fmt: skip


@post("/definitions/role/matrix", include_in_schema=False, status_code=200)
async def save_roles(request: Page, parts: Parts, actor: Asker) -> Response[str]:
    """Write the roles whose ticks differ, all or none; a role that somebody changed meanwhile refuses all."""
    items = list((await request.form()).multi_items())
    ticked = {value for name, value in items if name == "tick" and isinstance(value, str)}
    seen = {name.partition(".")[2]: value for name, value in items if name.startswith("version.")}
    rows = await parts.run(parts.definitions.all_rows, actor, "role")
    wanted: list[tuple[str, Any]] = []
    expected = {}
    for row in rows:
        role: Role = record_of("role", row.body)
        if role.code not in seen:
            continue
        rights = tuple(right for right in sorted(ALL_RIGHTS) if f"{role.code}|{right}" in ticked)
        if set(rights) != set(role.rights):
            wanted.append(("role", msgspec.structs.replace(role, rights=rights)))
            expected["role", role.code] = _number(str(seen[role.code]))
    return await _write(request, parts, actor, wanted, expected, [], "/definitions/role/matrix?")


@get("/definitions/parameter/scopes", include_in_schema=False)
async def show_parameters(
    request: Page,
    parts: Parts,
    actor: Asker,
    at: Annotated[str, QueryParameter(max_length=100)] = "global",
    saved: Annotated[int, QueryParameter(ge=0)] = 0,
) -> Response[str]:
    """All parameters at one scope, each with where its value comes from."""
    words = texts(language_of(request))
    found = await parts.run(parameters_at, parts.definitions, actor, at)
    scopes = await parts.run(_scopes, parts.definitions)
    names = dict(scopes)
    return page(
        request, "hub/parameter_scopes.jinja", actor, at=at,
        scopes=[(scope, _scope_told(scope, names, words)) for scope, _ in scopes],
        rows=[_parameter(one, at, names, words) for one in found],
        may_define=DEFINE in actor.rights, saved=saved, shortcuts=[_save_key(words, "parameter")],
    )  # fmt: skip


@post("/definitions/parameter/scopes", include_in_schema=False, status_code=200)
async def save_parameters(
    request: Page, parts: Parts, actor: Asker, at: Annotated[str, QueryParameter(max_length=100)] = "global"
) -> Response[str]:
    """Set what is marked as set here, let go of what is not any more, all as one version."""
    sent = {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}
    put: list[tuple[str, Any]] = []
    remove: list[tuple[str, str]] = []
    for one in await parts.run(parameters_at, parts.definitions, actor, at):
        own = sent.get(f"own.{one.name}") == "yes"
        value = sent.get(f"value.{one.name}", one.value).replace("\0", "").strip()
        if own and (one.given != at or value != one.value):
            put.append(("parameter", Parameter(name=one.name, scope=at, value=value)))
        elif not own and one.given == at:
            remove.append(("parameter", f"{one.name}|{at}"))
    return await _write(request, parts, actor, put, {}, remove, f"/definitions/parameter/scopes?at={quote(at)}&")


@get("/definitions/price/table", include_in_schema=False)
async def show_prices(
    request: Page,
    parts: Parts,
    actor: Asker,
    q: Annotated[str, QueryParameter(max_length=100)] = "",
    after: Annotated[str, QueryParameter(max_length=100)] = "",
    day: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[str]:
    """Articles × price lists: the price of the base unit on a day (all lists; empty where a list has none)."""
    shown = day if len(day) == 10 else "9999-12-31"
    lists, rows = await parts.run(_prices, parts.definitions, actor, q, after, shown)
    words = texts(language_of(request))
    return page(
        request, "hub/price_table.jinja", actor, lists=lists, q=q, day=day,
        rows=[
            (article, [(price and words.price(price.price), price and price.valid_from, one) for one, price in prices])
            for article, prices in rows
        ],
        after=rows[-1][0].code if len(rows) == ARTICLES_PER_PAGE else "", may_define=DEFINE in actor.rights,
    )  # fmt: skip


def _prices(
    definitions: Definitions, actor: Actor, text: str, after: str, day: str
) -> tuple[list[PriceList], list[tuple[Article, list[tuple[PriceList, Price | None]]]]]:
    actor.require(SEE_HUB)
    articles = [
        record_of("article", r.body) for r in definitions.page(actor, "article", after, text, ARTICLES_PER_PAGE)
    ]
    lists = [record_of("price_list", row.body) for row in definitions.all_rows(actor, "price_list")]
    found = []
    with definitions.store.transaction():
        for article in articles:
            prices = [(one, _price_on(definitions, one.code, article, day)) for one in lists]
            found.append((article, prices))
    return lists, found


def _price_on(definitions: Definitions, price_list: str, article: Article, day: str) -> Price | None:
    rows = definitions.store.beneath("price", f"{price_list}|{article.code}|{article.unit}|")
    begun = [row for row in rows if row.key.rpartition("|")[2] <= day]
    return record_of("price", begun[-1].body) if begun else None


async def _write(
    request: Page,
    parts: HubParts,
    actor: Actor,
    rows: Sequence[tuple[str, Any]],
    expected: Mapping[tuple[str, str], int],
    remove: Sequence[tuple[str, str]],
    back: str,
) -> Response[str]:
    """Write as one version and show the screen anew, or tell what is wrong and leave it as it is."""
    words = texts(language_of(request))
    try:
        written = await parts.run(parts.definitions.change, actor, rows, remove, expected)
    except Refused as refusal:
        told = [words.problem(problem) for problem in refusal.problems]
        return page(request, "hub/matrix_refused.jinja", actor, status_of(refusal.problems), problems=told)
    return Response("", headers={"HX-Redirect": f"{back}saved={written.version}"})


def _scopes(definitions: Definitions) -> list[tuple[str, str]]:
    """(scope, name) of every scope there is, the widest first."""
    found = [("global", "")]
    with definitions.store.transaction():
        for level in _LEVEL_NAMES:
            for row in definitions.store.rows(level):
                found.append((f"{level}:{row.key}", record_of(level, row.body).name))
    return found


def _scope_told(scope: str, names: Mapping[str, str], words: Texts) -> str:
    if scope == "global":
        return words.gettext("Everywhere")
    if scope == DEFAULT_SCOPE:
        return words.gettext("Nobody set it")
    level, _, code = scope.partition(":")
    level_told = words.gettext(_LEVEL_NAMES[level])
    return f"{level_told} {code} · {names.get(scope, '')}"


def _parameter(one: ParameterHere, at: str, names: Mapping[str, str], words: Texts) -> dict[str, Any]:
    told = words.gettext(f"parameter:{one.name}")
    return {
        "name": one.name,
        "told": "" if told.startswith("parameter:") else told,
        "kind": one.kind,
        "choices": ("yes", "no") if one.kind == "yes_no" else one.choices,
        "value": one.value,
        "own": one.given == at,
        "given": _scope_told(one.given, names, words),
        "inherited": one.inherited,
        "inherited_from": _scope_told(one.inherited_from, names, words),
    }


def _save_key(words: Texts, kind: str) -> dict[str, str]:
    return {"key": "F10", "action": "save", "label": words.gettext("Save"), "group": words.gettext(NAMES[kind])}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


HANDLERS: Final = (show_roles, save_roles, show_parameters, save_parameters, show_prices)
