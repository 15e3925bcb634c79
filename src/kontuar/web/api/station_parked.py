"""The store's parked documents: list, park, continue, take over, give back, delete (PARK-01 … PARK-10)."""

from typing import Annotated

import msgspec
from litestar import delete, get, post
from litestar.params import Parameter

from kontuar.domain.documents.document import Document
from kontuar.operations.ports.parking import ParkedRow
from kontuar.operations.station.parking import listing
from kontuar.operations.station.parking.comparing import Comparison
from kontuar.operations.station.parking.listing import ListedParked, ParkedQuery
from kontuar.web import parked
from kontuar.web.desk import Asked, Desk
from kontuar.web.http import ProblemBody, language_of, problem_bodies


class ContinueBody(msgspec.Struct, frozen=True):
    """`take_over`: also when another station has it (PARK-06). `older`: also a copy that is older than the buffer's."""

    take_over: bool = False
    older: bool = False


class ParkedBody(msgspec.Struct, frozen=True, kw_only=True):
    """`outcome`: *parked*, *local* (on this station only), *conflict* (a second document), *kept* (taken over)."""

    outcome: str
    doc_id: str
    row: ParkedRow
    problems: tuple[ProblemBody, ...] = ()


class LeftBody(msgspec.Struct, frozen=True):
    """Whether it was given back; a changed document stays open."""

    given_back: bool


@get("/api/v1/parked", summary="Unapproved documents of the store, last changed first")
async def documents(
    request: Asked, desk: Desk, type_: Annotated[str, Parameter(query="type")] = "", family: str = "", text: str = "",
    handler: str = "", station: str = "", from_day: str = "", to_day: str = "",
) -> list[ListedParked]:  # fmt: skip
    """As known here, also while the store's server is away; `text`: a part of a number or of the contractor's name."""
    query = ParkedQuery(
        type=type_, family=family, text=text, handler=handler, station=station, from_day=from_day, to_day=to_day
    )
    return list(await desk.do(request, listing.listed, query))


@post("/api/v1/drafts/{doc_id:str}/park", summary="Park a draft", status_code=200)
async def park(request: Asked, doc_id: str, desk: Desk) -> ParkedBody:
    """Nothing that approval verifies is verified (PARK-01, PARK-13)."""
    told = await parked.park(request, desk, doc_id)
    return ParkedBody(
        outcome=told.outcome, doc_id=told.doc_id, row=told.row,
        problems=tuple(problem_bodies(told.problems, language_of(request))),
    )  # fmt: skip


@post("/api/v1/parked/{doc_id:str}/continue", summary="Continue a parked document", status_code=200)
async def proceed(request: Asked, doc_id: str, data: ContinueBody, desk: Desk) -> Document:
    """It becomes a draft of this station, under a lease (PARK-05)."""
    return await parked.proceed(request, desk, doc_id, take_over=data.take_over, older=data.older)


@post("/api/v1/parked/{doc_id:str}/leave", summary="Give a continued document back unchanged", status_code=200)
async def leave(request: Asked, doc_id: str, desk: Desk) -> LeftBody:
    """A changed one stays open: park it or throw it away."""
    return LeftBody(await parked.leave(request, desk, doc_id))


@get("/api/v1/parked/{doc_id:str}/versions", summary="Differing versions of a parked document, side by side")
async def versions(request: Asked, doc_id: str, desk: Desk) -> Comparison:
    """`lines` has a cell for each version with a `document`; null = its content cannot be had now (PARK-15)."""
    return await parked.compared(request, desk, doc_id)


@delete("/api/v1/parked/{doc_id:str}", summary="Delete a parked document", status_code=204)
async def remove(request: Asked, doc_id: str, desk: Desk) -> None:
    """Everywhere in the store; refused while another station edits it."""
    await parked.delete(request, desk, doc_id)


HANDLERS = (documents, park, proceed, leave, versions, remove)
