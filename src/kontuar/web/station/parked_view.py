"""What the screens of parked documents show, gathered in one turn of the database thread (PARK-10)."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import TYPES, type_of
from kontuar.domain.firm.records import StationDefinition
from kontuar.domain.parties.records import Operator
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import ParkedHere
from kontuar.operations.station import till
from kontuar.operations.station.parking import continuing, errands, listing, putting
from kontuar.operations.station.parking.listing import ListedParked, ParkedQuery
from kontuar.operations.station.station import Station
from kontuar.web.prints.parked import ParkedPrint
from kontuar.web.prints.scene import PrintScene, scene_of
from kontuar.web.station.document_view import days_of

FORMS: Final = {"trade": "/sale", "goods": "/goods", "cash": "/cash"}


class ParkedFilters(msgspec.Struct, frozen=True, kw_only=True):
    """The filters as the screen sends them; `when` names a range of days."""

    family: str = ""
    type: str = ""
    text: str = ""
    when: str = ""
    handler: str = ""
    station: str = ""


class ParkedList(msgspec.Struct, frozen=True, kw_only=True):
    """The list and what its filters offer: `people` and `stations` = (code, name) known here."""

    rows: tuple[ListedParked, ...]
    filters: ParkedFilters
    names: PrintScene
    types: tuple[str, ...]
    people: tuple[tuple[str, str], ...]
    stations: tuple[tuple[str, str], ...]
    reachable: bool


def parked_list(station: Station, actor: Actor, filters: ParkedFilters) -> ParkedList:
    """The list by its filters, last changed first."""
    from_day, to_day = days_of(filters.when, station.business_day())
    query = ParkedQuery(
        type=filters.type, family=filters.family, text=filters.text, handler=filters.handler, station=filters.station,
        from_day=from_day, to_day=to_day,
    )  # fmt: skip
    return ParkedList(
        rows=tuple(listing.listed(station, actor, query)), filters=filters, names=scene_of(station),
        types=_types(station, actor, filters.family), people=_people(station), stations=_stations(station),
        reachable=station.connectivity() >= Connectivity.STORE,
    )  # fmt: skip


def one(station: Station, actor: Actor, doc_id: str) -> ListedParked:
    """One document of the list; raises `Refused("parking.not_found")`."""
    found = listing.one_listed(station, actor, doc_id)
    if found is None:
        raise refuse("parking.not_found", doc_id=doc_id[:64])
    return found


def names(station: Station, actor: Actor) -> dict[str, Any]:
    """What codes of tills and operators are called, and in which time zone the shop is."""
    del actor
    scene = scene_of(station)
    return {"stations": dict(_stations(station)), "people": scene.operators, "zone": scene.firm.time_zone}


def fresh_form(station: Station, actor: Actor, document_type: str) -> str:
    """The address of an empty form of the type: one that is empty already, else a new one."""
    empty = (draft for draft in station.books.drafts.every() if draft.type == document_type)
    found = next((draft for draft in empty if not putting.has_content(draft) and not draft.payments), None)
    document = found or till.begin(station, actor, document_type)
    return form_of(document)


def form_of(document: Document) -> str:
    """Where a draft is edited."""
    return f"{FORMS[type_of(document.type).family]}/{document.doc_id}"


def lost_work(station: Station, actor: Actor, doc_id: str) -> ParkedHere | None:
    """The copy that was kept when another station took the open document over; None while it is open here."""
    del actor
    return None if station.books.drafts.load(doc_id) is not None else errands.kept_work(station, doc_id)


def to_print(station: Station, actor: Actor, doc_id: str) -> ParkedPrint:
    """A draft that is open here, or the copy held here; raises `Refused("parking.not_here" | "right.missing")`."""
    document = station.books.drafts.load(doc_id)
    held = station.books.parking.find(doc_id)
    if document is None and held is not None and held.body:
        document = continuing.read_document(station, held.body)
    if document is None:
        raise refuse("parking.not_here")
    actor.require(type_of(document.type).issue_right, doc_id)
    row = putting.row_for(station, document, actor.operator, held.row if held else None)
    return ParkedPrint(document=document, row=row, scene=scene_of(station))


def _types(station: Station, actor: Actor, family: str) -> tuple[str, ...]:
    return tuple(
        name for name, kind in TYPES.items()
        if kind.issue_right in actor.rights and family in ("", kind.family) and putting.is_parkable(station, name)
    )  # fmt: skip


def _people(station: Station) -> tuple[tuple[str, str], ...]:
    here = (row for row in station.books.definitions.every(Operator).values() if row.active)
    found: Sequence[Operator] = [row for row in here if not row.stores or station.identity.store in row.stores]
    return tuple(sorted(((row.code, row.name) for row in found), key=lambda pair: pair[1]))


def _stations(station: Station) -> tuple[tuple[str, str], ...]:
    rows = station.books.definitions.every(StationDefinition).values()
    return tuple(sorted((row.code, row.name) for row in rows if row.store == station.identity.store))
