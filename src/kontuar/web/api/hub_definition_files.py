"""Files of definitions over the JSON API: import, what an import would do, export (HUB-02)."""

from typing import Annotated, Any

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath, QueryParameter

from kontuar.operations.hub.defining.files import MOST_BYTES, PreviewRow, form_of
from kontuar.web.api.hub_definitions import json_response
from kontuar.web.file_problems import file_problems
from kontuar.web.http import ProblemBody, language_of
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.i18n import texts

XLSX_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_Fingerprint = Annotated[str, QueryParameter(max_length=64, description="SHA-256 of the file that was looked at")]


class ImportBody(msgspec.Struct, frozen=True):
    """What became of a file; with problems nothing of it was written."""

    accepted: int
    changed: int
    version: int
    problems: tuple[ProblemBody, ...]


class PreviewBody(msgspec.Struct, frozen=True):
    """What a file would do: rows made, changed, the same; the first 200 of them field by field."""

    fingerprint: str
    made: int
    changed: int
    same: int
    rows: tuple[PreviewRow, ...]
    problems: tuple[ProblemBody, ...]


@post("/{kind:str}/import", summary="Import a CSV or XLSX file", status_code=200, request_max_body_size=MOST_BYTES + 1)
async def import_file(
    request: Request[Any, Any, Any],
    parts: Parts,
    actor: Asker,
    kind: FromPath[str],
    fingerprint: _Fingerprint = "",
) -> Response[bytes]:
    """The body is the file itself; what it is shows in its first bytes. Bad rows give status 422, each with its place
    and reason. With `fingerprint` (from the preview) another file is refused."""
    data = await request.body()
    report = await parts.bulk(parts.files.import_file, actor, kind, data, form_of(data), fingerprint)
    problems = file_problems(report.problems, texts(language_of(request)))
    body = ImportBody(report.accepted, report.changed, report.version, problems)
    return json_response(body, 422 if problems else 200)


@post(
    "/{kind:str}/preview", summary="What importing a file would change", status_code=200,
    request_max_body_size=MOST_BYTES + 1,
)  # fmt: skip
async def preview_file(
    request: Request[Any, Any, Any], parts: Parts, actor: Asker, kind: FromPath[str]
) -> Response[bytes]:
    """Nothing is written. Bad rows give status 422, each with its place and reason."""
    data = await request.body()
    found = await parts.bulk(parts.files.preview, actor, kind, data, form_of(data))
    problems = file_problems(found.problems, texts(language_of(request)))
    body = PreviewBody(found.fingerprint, found.made, found.changed, found.same, found.rows, problems)
    return json_response(body, 422 if problems else 200)


@get("/{kind:str}/export.csv", summary="All rows of a kind as CSV")
async def export_csv(parts: Parts, actor: Asker, kind: FromPath[str]) -> Response[bytes]:
    data = await parts.bulk(parts.files.export_csv, actor, kind)
    return _download(data, f"{kind}.csv", "text/csv; charset=utf-8")


@get("/{kind:str}/export.xlsx", summary="All rows of a kind as a workbook")
async def export_xlsx(parts: Parts, actor: Asker, kind: FromPath[str]) -> Response[bytes]:
    data = await parts.bulk(parts.files.export_xlsx, actor, kind)
    return _download(data, f"{kind}.xlsx", XLSX_TYPE)


def _download(data: bytes, name: str, media_type: str) -> Response[bytes]:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(data, media_type=media_type, headers=headers)


handlers = [import_file, preview_file, export_csv, export_xlsx]
