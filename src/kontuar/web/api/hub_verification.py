"""The inbox over the JSON API: what could not be booked, and the decisions on it (HUB-05)."""

from typing import Annotated

import msgspec
from litestar import Response, Router, get, post, put
from litestar.di import Provide
from litestar.params import Parameter

from kontuar.operations.actor import Actor
from kontuar.operations.hub import verification, verification_work
from kontuar.operations.ports.hub_lists import ItemFilter
from kontuar.web.api.hub_documents import Limit, Text, answer
from kontuar.web.hub_document_parts import HubDocumentParts, provide_document_parts

_ITEM = "/verification/{store:str}/{message:str}"


class NoteBody(msgspec.Struct, frozen=True):
    """Why, or what one wants others to know."""

    note: str


class AssignBody(msgspec.Struct, frozen=True):
    """`operator` empty: nobody. `expected`: whose it was when the asker looked; left out, it is not compared."""

    operator: str
    expected: str | None = None


class ManyBody(msgspec.Struct, frozen=True):
    """Which parked messages; everything empty = all, the oldest 200."""

    store: str = ""
    station: str = ""
    reason: str = ""
    assigned_to: str = ""
    number: str = ""


@get("/verification", summary="Messages that wait for a person, oldest first")
async def list_items(
    parts: HubDocumentParts,
    actor: Actor,
    store: Text = "",
    station: Text = "",
    reason: Text = "",
    item_state: Annotated[str, Parameter(query="state", max_length=20)] = "open",
    assigned_to: Text = "",
    number: Text = "",
    after: Text = "",
    limit: Limit = 50,
) -> Response[bytes]:
    wanted = ItemFilter(
        store=store, station=station, reason=reason, state=item_state, assigned_to=assigned_to, number=number,
        after=after, limit=limit,
    )  # fmt: skip
    rows = await parts.run(verification.items, parts.verification, actor, wanted)
    return answer({"rows": rows, "next": str(rows[-1].item_id) if len(rows) == limit else ""})


@get("/verification-reasons", summary="Why open messages wait, with counts")
async def list_reasons(parts: HubDocumentParts, actor: Actor, store: Text = "") -> Response[bytes]:
    return answer(await parts.run(verification.reasons, parts.verification, actor, store))


@post("/verification-retries", summary="Book all of these again, each alone", status_code=200)
async def retry_many(parts: HubDocumentParts, actor: Actor, data: ManyBody) -> Response[bytes]:
    wanted = msgspec.convert(msgspec.to_builtins(data), ItemFilter)
    now = parts.clock.now()
    return answer(await parts.run(verification_work.retry_many, parts.desk, parts.verification, actor, wanted, now))


@get(_ITEM, summary="One of them in full")
async def read_item(parts: HubDocumentParts, actor: Actor, store: str, message: str) -> Response[bytes]:
    return answer(await parts.run(verification.card, parts.verification, actor, store, message))


@post(f"{_ITEM}/retry", summary="Book it again", status_code=200)
async def retry_item(parts: HubDocumentParts, actor: Actor, store: str, message: str) -> Response[bytes]:
    now = parts.clock.now()
    return answer(await parts.run(verification.retry, parts.desk, parts.verification, actor, store, message, now))


@post(f"{_ITEM}/accept", summary="Book it with a deviation", status_code=200)
async def accept_item(
    parts: HubDocumentParts, actor: Actor, store: str, message: str, data: NoteBody
) -> Response[bytes]:
    item = await parts.run(
        verification.accept, parts.desk, parts.verification, actor, store, message, data.note, parts.clock.now(),
        parts.wishes,
    )  # fmt: skip
    return answer(item)


@post(f"{_ITEM}/cancel", summary="Have the station that made it cancel it", status_code=202)
async def cancel_item(
    parts: HubDocumentParts, actor: Actor, store: str, message: str, data: NoteBody
) -> Response[bytes]:
    wish = await parts.run(
        verification_work.ask_to_cancel, parts.desk, parts.verification, parts.wishes, actor, store, message,
        data.note, parts.clock.now(),
    )  # fmt: skip
    return answer(wish, 202)


@put(f"{_ITEM}/assignment", summary="Who looks after it")
async def assign_item(
    parts: HubDocumentParts, actor: Actor, store: str, message: str, data: AssignBody
) -> Response[bytes]:
    item = await parts.run(
        verification_work.assign, parts.verification, actor, store, message, data.operator, parts.clock.now(),
        data.expected,
    )  # fmt: skip
    return answer(item)


@post(f"{_ITEM}/notes", summary="Write something to it", status_code=201)
async def write_note(
    parts: HubDocumentParts, actor: Actor, store: str, message: str, data: NoteBody
) -> Response[bytes]:
    notes = await parts.run(
        verification_work.write_note, parts.verification, actor, store, message, data.note, parts.clock.now()
    )
    return answer(notes, 201)


router = Router(
    "/api/v1",
    route_handlers=[
        list_items, list_reasons, retry_many, read_item, retry_item, accept_item, cancel_item, assign_item, write_note,
    ],
    dependencies={"parts": Provide(provide_document_parts)},
    tags=["verification"],
)  # fmt: skip
