"""Definitions over the JSON API: read, write, import, export (HUB-01, HUB-02)."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from litestar import Request, Response, delete, get, post, put
from litestar.params import FromPath, FromQuery, HeaderParameter, QueryParameter

from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.hub.defining.definitions import Written
from kontuar.operations.hub.defining.history import Action, FieldChange, history_of
from kontuar.operations.hub.defining.input import shown, shown_body
from kontuar.web.hub_access import Asker, HubParts, Parts

MOST_BATCH_BYTES = 32 * 1024 * 1024


class RowBody(msgspec.Struct, frozen=True):
    """A row as the API shows it: its key, the version that wrote it, and the record."""

    key: str
    version: int
    row: msgspec.Raw


class PageBody(msgspec.Struct, frozen=True):
    """A page of rows; `next` is the key to ask on from, empty at the end."""

    rows: tuple[RowBody, ...]
    next: str


class PastBody(msgspec.Struct, frozen=True):
    """One entry of a row's history; `row` is null where it was removed; `changes`: each field before and after."""

    version: int
    changed_at: datetime
    changed_by: str
    row: msgspec.Raw | None
    action: Action
    changes: tuple[FieldChange, ...]


class PutBody(msgspec.Struct, frozen=True):
    """A row to write: `{"kind": "article", "row": {…}}`."""

    kind: str
    row: msgspec.Raw


class BatchBody(msgspec.Struct, frozen=True):
    """Rows of any kinds that are written together, all or none."""

    put: tuple[PutBody, ...]


@get("/", summary="How many rows there are of each kind")
async def count_rows(parts: Parts, actor: Asker) -> dict[str, int]:
    return await parts.run(parts.definitions.counts, actor)


@get("/{kind:str}", summary="A page of rows in the order of their keys")
async def list_rows(
    parts: Parts,
    actor: Asker,
    kind: FromPath[str],
    after: FromQuery[str] = "",
    text: Annotated[str, QueryParameter(max_length=100)] = "",
    limit: Annotated[int, QueryParameter(ge=1, le=500)] = 50,
    refers: Annotated[str, QueryParameter(max_length=100, description="only rows that name this one: KIND:KEY")] = "",
) -> Response[bytes]:
    rows = await parts.run(parts.definitions.page, actor, kind, after, text, limit, refers)
    bodies = tuple(RowBody(row.key, row.version, shown(row)) for row in rows)
    return json_response(PageBody(bodies, rows[-1].key if len(rows) == limit else ""))


@get("/{kind:str}/{key:str}", summary="One row")
async def read_row(parts: Parts, actor: Asker, kind: FromPath[str], key: FromPath[str]) -> Response[bytes]:
    row = await parts.run(parts.definitions.row, actor, kind, key)
    return json_response(RowBody(row.key, row.version, shown(row)), headers={"ETag": f'"{row.version}"'})


@get("/{kind:str}/{key:str}/history", summary="All versions of a row, newest first")
async def read_history(parts: Parts, actor: Asker, kind: FromPath[str], key: FromPath[str]) -> Response[bytes]:
    found = await parts.run(parts.definitions.history, actor, kind, key)
    told = await parts.run(history_of, parts.definitions, actor, kind, key)
    return json_response(
        tuple(
            PastBody(
                past.version,
                past.changed_at,
                past.changed_by,
                None if past.body is None else msgspec.Raw(shown_body(kind, past.body)),
                entry.action,
                entry.changes,
            )
            for past, entry in zip(found, told, strict=False)
        )
    )


@put("/{kind:str}/{key:str}", summary="Write one row", status_code=200)
async def write_row(
    request: Request[Any, Any, Any],
    parts: Parts,
    actor: Asker,
    kind: FromPath[str],
    key: FromPath[str],
    if_match: Annotated[str, HeaderParameter(name="If-Match", required=False)] = "",
) -> Written:
    """With `If-Match: "VERSION"` (as the row's ETag said; `"0"` = there is none yet) a row that was changed meanwhile
    is not written over: status 409 with `definition.conflict` or `definition.taken`."""
    expected = expected_version(if_match)
    record = await parts.run(parts.reader.from_json, actor, kind, await request.body())
    return await parts.run(parts.definitions.put_one, actor, kind, key, record, expected)


@delete("/{kind:str}/{key:str}", summary="Remove one row", status_code=200)
async def remove_row(parts: Parts, actor: Asker, kind: FromPath[str], key: FromPath[str]) -> Written:
    return await parts.run(parts.definitions.remove_rows, actor, [(kind, key)])


@post("/", summary="Write rows of several kinds together", status_code=200, request_max_body_size=MOST_BATCH_BYTES)
async def write_rows(request: Request[Any, Any, Any], parts: Parts, actor: Asker) -> Written:
    try:
        batch = msgspec.json.decode(await request.body(), type=BatchBody)
    except msgspec.DecodeError as error:
        raise refuse("definition.unreadable", detail=str(error)[:200]) from None
    return await parts.bulk(_write_batch, parts, actor, batch)


def json_response(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response[bytes]:
    """JSON whose raw parts are the stored bytes."""
    encoded = msgspec.json.encode(content)
    return Response(encoded, status_code=status, media_type="application/json", headers=headers)


def expected_version(if_match: str) -> int | None:
    """The version that a writer saw; None when he does not say."""
    text = if_match.strip().strip('"')
    if not text or text == "*":
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise refuse("http.400", "If-Match", detail=if_match[:40])
    return int(text)


def _write_batch(parts: HubParts, actor: Actor, batch: BatchBody) -> Written:
    rows: list[tuple[str, Any]] = []
    problems: list[Problem] = []
    for position, wanted in enumerate(batch.put):
        try:
            rows.append((wanted.kind, parts.bulk_reader.from_json(actor, wanted.kind, bytes(wanted.row))))
        except Refused as refusal:
            problems += _numbered(refusal.problems, position)
    if problems:
        raise Refused(*problems)
    return parts.bulk_definitions.put_rows(actor, rows)


def _numbered(problems: Sequence[Problem], position: int) -> list[Problem]:
    return [Problem(problem.code, f"row:{position}", {**problem.facts, "field": problem.place}) for problem in problems]


handlers = [count_rows, list_rows, read_row, read_history, write_row, remove_row, write_rows]
