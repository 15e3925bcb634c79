"""Lists of every kind of definition: search, filters, pages; and the choices of a field that names another row."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import MediaType, Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_definitions import StoredRow
from kontuar.web.http import language_of
from kontuar.web.hub.definition_columns import columns_of, record_of, text_of
from kontuar.web.hub.definition_words import FILTERS, NAMES
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
        rows=[_listed(kind, row, columns, words) for row in rows],
        more_url=more,
        q=q,
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
    rows = await parts.run(parts.definitions.page, actor, kind, "", text, MOST_CHOICES)
    options: dict[str, str] = {}
    for row in rows:
        record = record_of(kind, row.body)
        options.setdefault(str(getattr(record, KINDS[kind].key[0])), getattr(record, "name", ""))
    content = "".join(f'<option value="{_escaped(value)}">{_escaped(name)}</option>' for value, name in options.items())
    return Response(content, media_type=MediaType.HTML)


def row_path(kind: str, key: str) -> str:
    """The address of a row's form."""
    return f"/definitions/{kind}/row?key={quote(key, safe='')}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")


def _listed(kind: str, row: StoredRow, columns: list[dict[str, Any]], words: Texts) -> dict[str, Any]:
    record = KINDS[kind].as_written(record_of(kind, row.body))
    return {
        "key": row.key,
        "href": row_path(kind, row.key),
        "cells": [text_of(record, column["key"], words) for column in columns],
        "inactive": getattr(record, "active", True) is False or getattr(record, "state", "") == "withdrawn",
    }
