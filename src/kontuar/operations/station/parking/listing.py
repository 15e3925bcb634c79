"""The list of unapproved documents of the store, as known here: from the agent and from this station (PARK-10)."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, Literal

import msgspec

from kontuar.domain.documents.parking import is_parking_ean
from kontuar.domain.documents.types import TYPES
from kontuar.kernel.sorting import search_key
from kontuar.kernel.time import local_day, parse_instant
from kontuar.operations.actor import Actor
from kontuar.operations.ports.parking import ParkedRow
from kontuar.operations.ports.station import ParkedHere
from kontuar.operations.station.parking.continuing import is_over
from kontuar.operations.station.station import Station

MOST: Final = 500
Condition = Literal["parked", "here", "elsewhere", "approving", "local", "lost"]


class ParkedQuery(msgspec.Struct, frozen=True, kw_only=True):
    """Filters (PARK-10); days are ISO dates of issue, `text` = a part of a number or of the contractor's name,
    `handler` and `station` = who changed it last, and where."""

    type: str = ""
    family: str = ""
    text: str = ""
    handler: str = ""
    station: str = ""
    from_day: str = ""
    to_day: str = ""


class ListedParked(msgspec.Struct, frozen=True, kw_only=True):
    """One document of the list. `condition`: *parked*, *here* = open on this station, *elsewhere* = edited at
    `row.holder`, *approving* = being approved at `row.approving`, *local* = on this station only (PARK-03), *lost* =
    work kept here after the lease was lost. `version_of`: the document that this is a differing version of (PARK-15);
    `others`: how many other versions of the same document are listed. `copy_here`: can be opened while the agent is
    away (PARK-04). `lost_by`: the code of why; `row.holder` has it now.
    """

    row: ParkedRow
    condition: Condition
    copy_here: bool = False
    lost_by: str = ""
    version_of: str = ""
    others: int = 0


def listed(station: Station, actor: Actor, query: ParkedQuery) -> Sequence[ListedParked]:
    """Documents of the types that the operator may issue, last changed first, at most 500."""
    found = [one for one in _allowed(station, actor) if _fits(station, one.row, query)]
    return sorted(found, key=lambda one: (one.row.modified_at, one.row.doc_id), reverse=True)[:MOST]


def by_ean(station: Station, actor: Actor, code: str) -> str:
    """The document that a scanned EAN names; empty when it is none of the list (PARK-09)."""
    code = code.strip()
    if not is_parking_ean(code):
        return ""
    found = (one.row for one in _allowed(station, actor))
    return next((row.doc_id for row in found if row.ean == code), "")


def versions_of(station: Station, actor: Actor, doc_id: str) -> Sequence[ListedParked]:
    """All listed versions of the document that this is a version of, as they were made: the first one first."""
    found = list(_allowed(station, actor))
    parents = _parents(found)
    same = [one for one in found if _root(one.row.doc_id, parents) == _root(doc_id, parents)]
    return sorted(same, key=lambda one: (bool(one.version_of), one.row.modified_at, one.row.doc_id))


def one_listed(station: Station, actor: Actor, doc_id: str) -> ListedParked | None:
    """One document of the list, also of what the list is too long to show."""
    return next((one for one in _allowed(station, actor) if one.row.doc_id == doc_id), None)


def _allowed(station: Station, actor: Actor) -> Iterable[ListedParked]:
    allowed = {name for name, kind in TYPES.items() if kind.issue_right in actor.rights}
    found = [one for one in _everything(station) if one.row.type in allowed]
    parents = _parents(found)
    counted = Counter(_root(one.row.doc_id, parents) for one in found)
    for one in found:
        others = counted[_root(one.row.doc_id, parents)] - 1
        yield msgspec.structs.replace(one, others=others) if others else one


def _parents(found: Iterable[ListedParked]) -> dict[str, str]:
    return {one.row.doc_id: one.version_of for one in found if one.version_of}


def _root(doc_id: str, parents: Mapping[str, str]) -> str:
    """The document that all its versions come from, listed or gone."""
    seen: set[str] = set()
    while doc_id in parents and doc_id not in seen:
        seen.add(doc_id)
        doc_id = parents[doc_id]
    return doc_id


def _everything(station: Station) -> Iterable[ListedParked]:
    here = {held.doc_id: held for held in station.books.parking.held()}
    for row in station.books.parking.rows():
        held = here.pop(row.doc_id, None)
        if held is None or (held.state == "approved" and not is_over(held, row)):
            yield ListedParked(row=row, condition=_of_row(station, row), version_of=row.conflict_of)
        elif not is_over(held, row):
            yield _with_held(station, row, held)
    for held in here.values():
        if held.state not in ("approved", "deleting"):
            yield _of_held(held, held.row)


def _of_row(station: Station, row: ParkedRow) -> Condition:
    if row.approving and row.approving != station.identity.station:
        return "approving"
    if row.holder and row.holder != station.identity.station:
        return "elsewhere"
    return "parked"


def _with_held(station: Station, row: ParkedRow, held: ParkedHere) -> ListedParked:
    """Listed by the agent and held here: what is waiting or open here is what the list shows."""
    if held.state in ("waiting", "editing", "refused"):
        return _of_held(held, held.row)
    return ListedParked(row=row, condition=_of_row(station, row), copy_here=True, version_of=row.conflict_of)


def _of_held(held: ParkedHere, row: ParkedRow) -> ListedParked:
    conditions: dict[str, Condition] = {"waiting": "local", "editing": "here", "refused": "lost"}
    condition = conditions.get(held.state, "parked")
    origin = held.origin if held.origin != held.doc_id else ""
    return ListedParked(
        row=row, condition=condition, copy_here=True, lost_by=held.reason, version_of=row.conflict_of or origin
    )


def _fits(station: Station, row: ParkedRow, query: ParkedQuery) -> bool:
    wanted = (
        (query.type, row.type), (query.family, TYPES[row.type].family), (query.handler, row.modified_by),
        (query.station, row.station),
    )  # fmt: skip
    if any(asked and asked != there for asked, there in wanted):
        return False
    if query.from_day or query.to_day:
        day = local_day(parse_instant(row.created_at), station.firm().time_zone).isoformat()
        if day < query.from_day or (query.to_day and day > query.to_day):
            return False
    return _fits_text(row, query.text.strip())


def _fits_text(row: ParkedRow, text: str) -> bool:
    if text.startswith("%"):
        return search_key(text[1:]) in search_key(row.buyer_name)
    shown = (row.ean, row.temporary_number, row.original_number, row.buyer_name)
    return not text or any(search_key(text) in search_key(part) for part in shown)
