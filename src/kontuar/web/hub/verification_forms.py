"""Decisions on parked documents in the browser; a refusal is told on the item's own page (HUB-05)."""

from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

import msgspec
from litestar import Request, Response, post
from litestar.response import Redirect

from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.hub import verification, verification_work
from kontuar.operations.ports.hub_lists import ItemFilter
from kontuar.web.http import language_of, status_of
from kontuar.web.hub.rendering import page
from kontuar.web.hub.verification import href_of, item_page
from kontuar.web.hub_document_parts import PARTS, HubDocumentParts
from kontuar.web.i18n import texts

Asked = Request[Any, Any, Any]
_ITEM: Final = "/verification/{store:str}/{message:str}"


async def _decide(
    request: Asked, documents: HubDocumentParts, actor: Actor, store: str, message: str, *doing: Any
) -> Response[Any]:
    """Do it, then show the item; what was refused (somebody was quicker, no note) is told beside it."""
    operation: Callable[..., Any] = doing[0]
    try:
        await documents.run(operation, *doing[1:])
    except Refused as refusal:
        words = texts(language_of(request))
        told = tuple(words.problem(problem) for problem in refusal.problems)
        return await item_page(request, documents, actor, store, message, told, status_of(refusal.problems))
    return Redirect(href_of(store, message), status_code=303)


async def _text(request: Asked, name: str) -> str:
    return str((await request.form()).get(name, ""))


@post(f"{_ITEM}/retry", include_in_schema=False, dependencies=PARTS)
async def retry_item(
    request: Asked, documents: HubDocumentParts, actor: Actor, store: str, message: str
) -> Response[Any]:
    d, now = documents, documents.clock.now()
    return await _decide(
        request, d, actor, store, message, verification.retry, d.desk, d.verification, actor, store, message, now
    )


@post(f"{_ITEM}/accept", include_in_schema=False, dependencies=PARTS)
async def accept_item(
    request: Asked, documents: HubDocumentParts, actor: Actor, store: str, message: str
) -> Response[Any]:
    d, note = documents, await _text(request, "note")
    return await _decide(
        request, d, actor, store, message, verification.accept, d.desk, d.verification, actor, store, message, note,
        d.clock.now(), d.wishes,
    )  # fmt: skip


@post(f"{_ITEM}/cancel", include_in_schema=False, dependencies=PARTS)
async def cancel_item(
    request: Asked, documents: HubDocumentParts, actor: Actor, store: str, message: str
) -> Response[Any]:
    d, note = documents, await _text(request, "note")
    return await _decide(
        request, d, actor, store, message, verification_work.ask_to_cancel, d.desk, d.verification, d.wishes, actor,
        store, message, note, d.clock.now(),
    )  # fmt: skip


@post(f"{_ITEM}/assign", include_in_schema=False, dependencies=PARTS)
async def assign_item(
    request: Asked, documents: HubDocumentParts, actor: Actor, store: str, message: str
) -> Response[Any]:
    d, to, expected = documents, await _text(request, "operator"), await _text(request, "expected")
    return await _decide(
        request, d, actor, store, message, verification_work.assign, d.verification, actor, store, message, to,
        d.clock.now(), expected,
    )  # fmt: skip


@post(f"{_ITEM}/notes", include_in_schema=False, dependencies=PARTS)
async def write_note(
    request: Asked, documents: HubDocumentParts, actor: Actor, store: str, message: str
) -> Response[Any]:
    d, text = documents, await _text(request, "text")
    return await _decide(
        request, d, actor, store, message, verification_work.write_note, d.verification, actor, store, message, text,
        d.clock.now(),
    )  # fmt: skip


@post("/verification/retry", include_in_schema=False, dependencies=PARTS)
async def retry_many(request: Asked, documents: HubDocumentParts, actor: Actor) -> Response[Any]:
    form = await request.form()
    chosen = {name: str(form.get(name, "")) for name in ("store", "station", "reason", "assigned_to", "number")}
    now = documents.clock.now()
    wanted = msgspec.convert(chosen, ItemFilter)
    done = await documents.run(verification_work.retry_many, documents.desk, documents.verification, actor, wanted, now)
    words = texts(language_of(request))
    return page(
        request, "hub/verification_retried.jinja", actor,
        booked=sum(1 for row in done if row.state == "booked"), tried=len(done),
        rows=[
            (row.number or row.message[:12], href_of(row.store, row.message),
             words.brief(row.problem) if row.problem else words.gettext("Booked") if row.state == "booked"
             else words.gettext("Still parked"))
            for row in done
        ],
        back=f"/verification?{urlencode({name: value for name, value in chosen.items() if value})}",
    )  # fmt: skip


HANDLERS: Final = (retry_item, accept_item, cancel_item, assign_item, write_note, retry_many)
