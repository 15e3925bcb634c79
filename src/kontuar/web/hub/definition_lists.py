"""Read-only lists of every kind of definition, and one row with its history."""

from typing import Annotated, Any
from urllib.parse import quote, urlencode

from litestar import Request, Response, get
from litestar.params import FromPath, FromQuery, QueryParameter

from kontuar.domain.definitions.kinds import KINDS
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_definitions import StoredRow
from kontuar.web.http import language_of
from kontuar.web.hub.definition_columns import NAMES, columns_of, record_of, text_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.i18n import Texts, texts

ROWS_PER_PAGE = 50


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
    rows = await parts.run(parts.definitions.page, actor, kind, after, q, ROWS_PER_PAGE)
    words = texts(language_of(request))
    columns = columns_of(kind, words)
    more = f"/definitions/{kind}?{urlencode({'after': rows[-1].key, 'q': q})}" if len(rows) == ROWS_PER_PAGE else ""
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
        first=not after,
    )


@get("/definitions/{kind:str}/row", include_in_schema=False)
async def show_row(
    request: Request[Any, Any, Any], parts: Parts, actor: Asker, kind: FromPath[str], key: FromQuery[str]
) -> Response[str]:
    row = await parts.run(parts.definitions.row, actor, kind, key)
    history = await parts.run(parts.definitions.history, actor, kind, key)
    words = texts(language_of(request))
    record = record_of(kind, row.body)
    return page(
        request,
        "hub/definition.jinja",
        actor,
        kind=kind,
        key=key,
        name=NAMES[kind],
        fields=[(column["label"], text_of(record, column["key"], words)) for column in columns_of(kind, words)],
        past=[(past.version, words.moment(past.changed_at), past.changed_by, past.body is None) for past in history],
    )


def _listed(kind: str, row: StoredRow, columns: list[dict[str, Any]], words: Texts) -> dict[str, Any]:
    record = record_of(kind, row.body)
    return {
        "key": row.key,
        "href": f"/definitions/{kind}/row?key={quote(row.key, safe='')}",
        "cells": [text_of(record, column["key"], words) for column in columns],
    }
