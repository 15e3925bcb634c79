"""Screens where a matrix serves better than a form: rights of roles, parameters of a scope, prices of articles."""

import datetime
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Final
from urllib.parse import quote

import msgspec
from litestar import Request, Response, get, post
from litestar.params import QueryParameter

from kontuar.domain.catalogue.records import Article, Price, PriceList
from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.firm.records import Parameter
from kontuar.domain.parties.records import Role
from kontuar.domain.parties.rights import ALL_RIGHTS, DEFINE, SEE_HUB
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.parameters import ParameterHere, parameters_at
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.definition_columns import record_of
from kontuar.web.hub.definition_names import parameter_told, scope_told, scopes_of
from kontuar.web.hub.definition_words import CHOICES, NAMES
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, HubParts, Parts
from kontuar.web.i18n import Texts, texts

ARTICLES_PER_PAGE: Final = 30
Page = Request[Any, Any, Any]

_AREAS_OF_RIGHTS: Final[Mapping[str, tuple[str, ...]]] = {
    "Sale": ("receipt.", "price.", "payment.", "discount."),
    "Invoices": ("invoice.",),
    "Documents": ("documents.", "parking."),
    "Cash": ("cash.", "drawer.", "shift."),
    "Goods": ("goods.",),
    "Contractors": ("contractors.",),
    "Till": ("station.", "views.", "clock."),
    "Head office": ("hub.",),
}
"""Headings of the matrix, and how the rights under each begin."""
_OTHER_RIGHTS: Final = "Other"


@get("/definitions/role/matrix", include_in_schema=False)
async def show_roles(
    request: Page, parts: Parts, actor: Asker, saved: Annotated[int, QueryParameter(ge=0)] = 0
) -> Response[str]:
    """Every right × every role (HUB-15)."""
    rows = await parts.run(parts.definitions.all_rows, actor, "role")
    roles = [(row.version, record_of("role", row.body)) for row in rows]
    words = texts(language_of(request))
    areas: dict[str, list[tuple[str, str]]] = {words.gettext(area): [] for area in (*_AREAS_OF_RIGHTS, _OTHER_RIGHTS)}
    for right in sorted(ALL_RIGHTS):
        area = next((area for area, begins in _AREAS_OF_RIGHTS.items() if right.startswith(begins)), _OTHER_RIGHTS)
        areas[words.gettext(area)].append((right, words.gettext(f"right:{right}")))
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
    scopes = await parts.run(scopes_of, parts.definitions)
    names = dict(scopes)
    return page(
        request, "hub/parameter_scopes.jinja", actor, at=at,
        scopes=[(scope, scope_told(scope, words, names)) for scope, _ in scopes],
        rows=[_parameter(one, at, names, words) for one in found],
        may_define=DEFINE in actor.rights, saved=saved, shortcuts=[_save_key(words, "parameter")],
    )  # fmt: skip


@post("/definitions/parameter/scopes", include_in_schema=False, status_code=200)
async def save_parameters(
    request: Page, parts: Parts, actor: Asker, at: Annotated[str, QueryParameter(max_length=100)] = "global"
) -> Response[str]:
    """Set what is marked as set here or was given another value, let go of what is not marked any more: one version.

    The form tells of each parameter the value and the version it showed, so that nobody's later change is written over.
    """
    sent = {name: value for name, value in (await request.form()).multi_items() if isinstance(value, str)}
    put: list[tuple[str, Any]] = []
    remove: list[tuple[str, str]] = []
    expected: dict[tuple[str, str], int] = {}
    for one in await parts.run(parameters_at, parts.definitions, actor, at):
        key = ("parameter", f"{one.name}|{at}")
        seen = _number(sent.get(f"version.{one.name}", str(one.row_version)))
        value = sent.get(f"value.{one.name}", one.value).replace("\0", "").strip()
        is_other = value != sent.get(f"shown.{one.name}", one.value)
        if sent.get(f"own.{one.name}") == "yes" or (not seen and is_other):
            if is_other or not seen:
                put.append(("parameter", Parameter(name=one.name, scope=at, value=value)))
                expected[key] = seen
        elif seen:
            remove.append(key)
            expected[key] = seen
    return await _write(request, parts, actor, put, expected, remove, f"/definitions/parameter/scopes?at={quote(at)}&")


@get("/definitions/price/table", include_in_schema=False)
async def show_prices(
    request: Page,
    parts: Parts,
    actor: Asker,
    q: Annotated[str, QueryParameter(max_length=100)] = "",
    after: Annotated[str, QueryParameter(max_length=100)] = "",
    day: Annotated[str, QueryParameter(max_length=10)] = "",
) -> Response[str]:
    """Articles × price lists: the price of the base unit on a day, today's at first; empty where a list has none."""
    on_day = _day(day) or parts.definitions.author(actor).at.date()
    lists, rows = await parts.run(_prices, parts.definitions, actor, q, after, on_day.isoformat())
    words = texts(language_of(request))
    return page(
        request, "hub/price_table.jinja", actor, lists=lists, q=q, day=on_day.isoformat(),
        rows=[(article, [(one, price and _price_told(price, words)) for one, price in prices])
              for article, prices in rows],
        after=rows[-1][0].code if len(rows) == ARTICLES_PER_PAGE else "", may_define=DEFINE in actor.rights,
    )  # fmt: skip


def _day(text: str) -> datetime.date | None:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def _price_told(price: Price, words: Texts) -> tuple[str, str, str]:
    """(key of its row, the price, since when) as the table shows it."""
    since = _day(price.valid_from)
    key = KINDS["price"].key_of(price)
    return key, words.price(price.price), words.day(since) if since else price.valid_from


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


def _parameter(one: ParameterHere, at: str, names: Mapping[str, str], words: Texts) -> dict[str, Any]:
    options = ("yes", "no") if one.kind == "yes_no" else one.choices
    return {
        "name": one.name,
        "told": parameter_told(one.name, words),
        "kind": one.kind,
        "choices": [(option, words.gettext(CHOICES.get(option, option))) for option in options],
        "value": one.value,
        "own": one.given == at,
        "version": one.row_version,
        "given": scope_told(one.given, words, names),
        "inherited": one.inherited,
        "inherited_from": scope_told(one.inherited_from, words, names),
    }


def _save_key(words: Texts, kind: str) -> dict[str, str]:
    return {"key": "F10", "action": "save", "label": words.gettext("Save"), "group": words.gettext(NAMES[kind])}


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else 0


HANDLERS: Final = (show_roles, save_roles, show_parameters, save_parameters, show_prices)
