"""Screen of the hub: what is kept of a contractor, to take away or to take out (HUB-09)."""

from typing import Any, Final

from litestar import Request, Response, get, post

from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub import privacy
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub_access import Parts
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.hub_files.contractors import contractor_file_of
from kontuar.web.i18n import texts


@get("/privacy", include_in_schema=False, dependencies=PARTS)
async def show_privacy(request: Request[Any, Any, Any], actor: Actor, code: str = "") -> Response[str]:
    actor.require(rights.PRIVACY)
    return page(request, "hub/privacy.jinja", actor, code=code[:60], told=(), done=None)


@get("/privacy/file", include_in_schema=False, dependencies=PARTS)
async def export_contractor(documents: HubDocumentParts, parts: Parts, actor: Actor, code: str = "") -> Response[bytes]:
    return await contractor_file_of(documents, parts, actor, code)


@post("/privacy", include_in_schema=False, dependencies=PARTS)
async def anonymise_contractor(
    request: Request[Any, Any, Any], documents: HubDocumentParts, parts: Parts, actor: Actor
) -> Response[str]:
    form = await request.form()
    code, reason = str(form.get("code", "")).strip(), str(form.get("reason", ""))
    words = texts(language_of(request))
    try:
        done = await documents.run(
            privacy.anonymise, parts.definitions, documents.privacy, documents.audit, actor, code, reason,
            documents.clock.now(),
        )  # fmt: skip
    except Refused as refusal:
        told = tuple(words.problem(problem) for problem in refusal.problems)
        return page(
            request, "hub/privacy.jinja", actor, status_of(refusal.problems), code=code[:60], told=told, done=None
        )
    return page(request, "hub/privacy.jinja", actor, code=code[:60], told=(), done=done)


HANDLERS: Final = (show_privacy, export_contractor, anonymise_contractor)
