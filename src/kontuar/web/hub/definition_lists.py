"""Lists of every kind of definition: search, filters, pages; and the choices of a field that names another row."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.firm.parameters import PARAMETERS
from kontuar.domain.firm.records import Parameter, View
from kontuar.domain.parties.rights import DEFINE, SEE_HUB
from kontuar.kernel.errors import refuse
from kontuar.kernel.sorting import search_key
from kontuar.operations.ports.hub_definitions import StoredRow
from kontuar.web.http import language_of
from kontuar.web.hub.definition_columns import columns_of, record_of, text_of
from kontuar.web.hub.definition_fields import SCOPE
from kontuar.web.hub.definition_names import (
    Names,
    named_in,
    names_of,
    parameter_told,
    scope_told,
    scopes_of,
    with_names,
)
from kontuar.web.hub.definition_words import CHOICES, FILTERS, NAMES
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.i18n import Texts, texts

ROWS_PER_PAGE = 50
MOST_CHOICES = 20
_SPECIAL = {
    "role": ("/definitions/role/matrix", "Permission matrix", "lock"),
    "parameter": ("/definitions/parameter/scopes", "By scope", "settings"),
    "price": ("/definitions/price/table", "By article", "list"),
    "discount": ("/definitions/discount/order", "Order of discounts", "list"),
}
"""Kinds with a screen that serves better than a list: its path, name and icon."""
_SEARCHES = {
    "article": "Search by code, name or EAN",
    "batch": "Search by code, name or EAN",
    "price": "Search by list, article, its name or EAN",
    "quick_favourite": "Search by code, name or EAN",
    "contractor": "Search by code, name, tax number, town, phone or card",
}
"""What the search of a list finds rows by."""


@get("/definitions/{kind:str}", include_in_schema=False)
async def show_list(
    request: Request[Any, Any, Any],
    parts: Parts,
    actor: Asker,
    kind: FromPath[str],
    after: FromQuery[str] = "",
    q: Annotated[str, QueryParameter(max_length=100)] = "",
) -> Response[str]:
    if kind not in KINDS:
        raise refuse("definition_kind.unknown", kind=kind[:40])
    chosen = {target: request.query_params.get(target, "")[:80] for target in FILTERS.get(kind, ())}
    narrowed = next(((target, key) for target, key in chosen.items() if key), None)
    refers = f"{'vat' if narrowed[0] == 'vat_rate' else narrowed[0]}:{narrowed[1]}" if narrowed else ""
    rows = await parts.run(parts.definitions.page, actor, kind, after, q, ROWS_PER_PAGE, refers)
    words = texts(language_of(request))
    columns = columns_of(kind, words)
    records = [KINDS[kind].as_written(record_of(kind, row.body)) for row in rows]
    names = await parts.run(names_of, parts.definitions, named_in(kind, records))
    asked = {"q": q, **{target: key for target, key in chosen.items() if key}}
    more = f"/definitions/{kind}?{urlencode({'after': rows[-1].key, **asked})}" if len(rows) == ROWS_PER_PAGE else ""
    only_rows = request.headers.get("hx-request") == "true"
    return page(
        request,
        "hub/definition_rows.jinja" if only_rows else "hub/definitions.jinja",
        actor,
        kind=kind,
        name=NAMES[kind],
        columns=columns,
        rows=[_listed(kind, row, record, columns, words, names) for row, record in zip(rows, records, strict=True)],
        more_url=more,
        q=q,
        search=_SEARCHES.get(kind, "Search by code or name"),
        narrowed=bool(q or narrowed),
        first=not after,
        filters_shown=[(target, NAMES[target], chosen[target]) for target in chosen],
        may_define=DEFINE in actor.rights,
        special=_SPECIAL.get(kind),
        shortcuts=[{"key": "F4", "action": "new", "label": words.gettext("New"), "group": words.gettext(NAMES[kind])}],
    )


@get("/definitions/{kind:str}/choose", include_in_schema=False)
async def show_choices(
    request: Request[Any, Any, Any], parts: Parts, actor: Asker, kind: FromPath[str]
) -> Response[str]:
    """Options of a field that names a row of this kind; whatever the field is called, its text is what to search."""
    text = next(iter(request.query_params.values()), "")[:80]
    options: dict[str, str] = {}
    if kind == SCOPE:
        actor.require(SEE_HUB)
        options = _scopes(await parts.run(scopes_of, parts.definitions), text, texts(language_of(request)))
        return _options(options)
    rows = await parts.run(parts.definitions.page, actor, kind, "", text, MOST_CHOICES)
    for row in rows:
        record = record_of(kind, row.body)
        options.setdefault(str(getattr(record, KINDS[kind].key[0])), getattr(record, "name", ""))
    return _options(options)


def row_path(kind: str, key: str) -> str:
    """The address of a row's form."""
    return f"/definitions/{kind}/row?key={quote(key, safe='')}"


def _scopes(scopes: Sequence[tuple[str, str]], text: str, words: Texts) -> dict[str, str]:
    """Scopes whose code or name holds what was typed."""
    names = dict(scopes)
    told = {scope: scope_told(scope, words, names) for scope, _ in scopes}
    sought = search_key(text)
    found = [(scope, name) for scope, name in told.items() if sought in search_key(f"{scope} {name}")]
    return dict(found[:MOST_CHOICES])


def _options(options: Mapping[str, str]) -> Response[str]:
    content = "".join(f'<option value="{_escaped(value)}">{_escaped(name)}</option>' for value, name in options.items())
    return Response(content, media_type=MediaType.HTML)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _listed(
    kind: str, row: StoredRow, record: Any, columns: list[dict[str, Any]], words: Texts, names: Names
) -> dict[str, Any]:
    return {
        "key": row.key,
        "href": row_path(kind, row.key),
        "cells": [_cell(kind, record, column["key"], words, names) for column in columns],
        "inactive": getattr(record, "active", True) is False or getattr(record, "state", "") == "withdrawn",
    }


def _kind_of(parameter: str) -> str:
    """What values a parameter takes; a row of another version of the program may name one that is not known here."""
    return PARAMETERS[parameter].kind if parameter in PARAMETERS else "text"


def _cell(kind: str, record: Any, field: str, words: Texts, names: Names) -> str:
    if isinstance(record, Parameter) and field == "name":
        return parameter_told(record.name, words) or record.name
    if isinstance(record, Parameter) and field == "value" and _kind_of(record.name) in ("yes_no", "choice"):
        return words.gettext(CHOICES.get(record.value, record.value))
    if isinstance(record, Parameter | View) and field == "scope":
        return scope_told(record.scope, words, {})
    return with_names(kind, field, getattr(record, field), text_of(record, field, words), names)
