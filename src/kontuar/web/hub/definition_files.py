"""Importing a file of definitions in two steps: what it would change is shown before anything is written (HUB-02)."""

from typing import Any, Final

from litestar import Request, Response, get, post
from litestar.datastructures import UploadFile
from litestar.params import FromPath

from kontuar.domain.definitions.kinds import KINDS
from kontuar.domain.parties.rights import DEFINE
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.operations.hub.defining.cells import required_fields
from kontuar.operations.hub.defining.files import MOST_BYTES, ImportPreview, form_of
from kontuar.operations.hub.defining.input import PIN, SECRET
from kontuar.web.file_problems import file_problems
from kontuar.web.http import language_of
from kontuar.web.hub.definition_forms import told_changes
from kontuar.web.hub.definition_words import NAMES
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Asker, Parts
from kontuar.web.i18n import Texts, texts

MOST_PROBLEMS_SHOWN: Final = 100
_ROOM_FOR_THE_FORM: Final = 64 * 1024


@get("/definitions/{kind:str}/import", include_in_schema=False)
async def show_import(request: Request[Any, Any, Any], actor: Asker, kind: FromPath[str]) -> Response[str]:
    actor.require(DEFINE)
    if kind not in KINDS:
        raise refuse("definition_kind.unknown", kind=kind[:40])
    record = KINDS[kind].record
    columns = [PIN if name == SECRET else name for name in record.__struct_fields__]
    needed = [name for name in required_fields(record) if name != SECRET]
    return page(
        request, "hub/definition_import.jinja", actor, kind=kind, name=NAMES[kind], columns=columns, needed=needed
    )


@post(
    "/definitions/{kind:str}/preview", include_in_schema=False, status_code=200,
    request_max_body_size=MOST_BYTES + _ROOM_FOR_THE_FORM,
)  # fmt: skip
async def preview_import(
    request: Request[Any, Any, Any], parts: Parts, actor: Asker, kind: FromPath[str]
) -> Response[str]:
    """What the file would do, or everything that is wrong with it."""
    actor.require(DEFINE)
    words = texts(language_of(request))
    try:
        data, _ = await _file(request)
        found = await parts.bulk(parts.files.preview, actor, kind, data, form_of(data))
    except Refused as refusal:
        found = ImportPreview(fingerprint="", problems=refusal.problems)
    return page(
        request, "hub/definition_preview.jinja", actor, 422 if found.problems else 200, kind=kind, found=found,
        rows=[(row.key, row.action, told_changes(row.changes, words)) for row in found.rows],
        problems=_told(found.problems, words), more_problems=max(0, len(found.problems) - MOST_PROBLEMS_SHOWN),
    )  # fmt: skip


@post(
    "/definitions/{kind:str}/import", include_in_schema=False, status_code=200,
    request_max_body_size=MOST_BYTES + _ROOM_FOR_THE_FORM,
)  # fmt: skip
async def import_file(
    request: Request[Any, Any, Any], parts: Parts, actor: Asker, kind: FromPath[str]
) -> Response[str]:
    """Write the file that was looked at."""
    actor.require(DEFINE)
    words = texts(language_of(request))
    try:
        data, fingerprint = await _file(request)
        report = await parts.bulk(parts.files.import_file, actor, kind, data, form_of(data), fingerprint)
        problems = report.problems
    except Refused as refusal:
        problems, report = refusal.problems, None
    if problems or report is None:
        return page(
            request, "hub/definition_preview.jinja", actor, 422, kind=kind, found=ImportPreview(fingerprint=""),
            rows=[], problems=_told(problems, words), more_problems=0,
        )  # fmt: skip
    return page(request, "hub/definition_imported.jinja", actor, kind=kind, report=report)


async def _file(request: Request[Any, Any, Any]) -> tuple[bytes, str]:
    """The posted file and the fingerprint of the one that was looked at."""
    form = await request.form()
    file, fingerprint = form.get("file"), form.get("fingerprint", "")
    if not isinstance(file, UploadFile):
        raise refuse("import.empty")
    return await file.read(), fingerprint if isinstance(fingerprint, str) else ""


def _told(problems: tuple[Problem, ...], words: Texts) -> list[str]:
    return [body.message for body in file_problems(problems[:MOST_PROBLEMS_SHOWN], words)]


HANDLERS: Final = (show_import, preview_import, import_file)
