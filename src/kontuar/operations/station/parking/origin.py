"""What having been parked means for a draft: who may edit it, what its approval says (PARK-07, PARK-08)."""

import msgspec

from kontuar.domain.documents.document import Document, Link, ParkedOrigin
from kontuar.domain.documents.parking import ean_of
from kontuar.domain.parties import rights
from kontuar.kernel.time import instant_text
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import ParkedHere, ParkedState
from kontuar.operations.station.station import Station


def require_edit(station: Station, actor: Actor, document: Document) -> None:
    """Another operator's parked document needs *edit other operators' documents*, or to have been opened with it.

    A draft that was never parked belongs to whoever stands at the till. Raises `Refused("right.missing")`.
    """
    held = station.books.parking.find(document.doc_id)
    if held is not None and held.opened_by != actor.operator:
        require_own(actor, document.doc_id, document.created_by)


def require_own(actor: Actor, doc_id: str, created_by: str) -> None:
    """Raise `Refused("right.missing")` for another operator's document without the right (PARK-07)."""
    if created_by != actor.operator:
        actor.require(rights.EDIT_OTHERS, doc_id)


def is_continued(station: Station, doc_id: str) -> bool:
    """Whether the draft was parked before: its discounts are not refreshed (PARK-12)."""
    return station.books.parking.find(doc_id) is not None


def approved_as(station: Station, doc_id: str) -> str:
    """The document that an approved draft became: itself, or the new one of a continued draft without a live lease."""
    held = station.books.parking.find(doc_id)
    return held.became or doc_id if held is not None else doc_id


def with_origin(station: Station, document: Document) -> Document:
    """The document as it is approved (PARK-08).

    Under a live lease it keeps its identity and names version and token, so that the agent takes it out of the buffer.
    Without one somebody else may be continuing it, whoever it was taken over from may be approving it unawares, and of
    one whose earlier version was approved the identity is used: then it becomes a document of its own, linked *approved
    from*. A conflict copy is linked so to what it differs from.
    """
    held = station.books.parking.find(document.doc_id)
    if held is None or not held.origin:
        return document
    token = station.leases.live(held.doc_id) if held.doc_id == held.origin else 0
    origin = ParkedOrigin(doc_id=held.origin, version=held.version, token=token)
    links = document.links
    if held.row.conflict_of:
        links = (*links, Link(kind="approved_from", doc_id=held.row.conflict_of, number=ean_of(held.row.conflict_of)))
    if token and not held.row.contested and not _is_used(station, held):
        return msgspec.structs.replace(document, parked=origin, links=links)
    link = Link(kind="approved_from", doc_id=held.origin, number=held.row.ean)
    doc_id = station.ids.new_id() if document.doc_id == held.origin else document.doc_id
    return msgspec.structs.replace(document, doc_id=doc_id, parked=origin, links=(*links, link))


def _is_used(station: Station, held: ParkedHere) -> bool:
    """Whether a document of this identity was approved already, here or as far as the list says."""
    row = station.books.parking.row(held.doc_id) or held.row
    number = row.approved_as or held.row.approved_as
    return bool(number) or station.books.documents.find(held.doc_id) is not None


def was_approved(station: Station, draft_id: str, approved: Document) -> None:
    """Remember what the draft became; inside the approving transaction."""
    held = station.books.parking.find(draft_id)
    if held is not None:
        station.leases.dropped(draft_id)
        ended = msgspec.structs.replace(
            held, state="approved", became=approved.doc_id, body=b"", at=stamp(station)
        )  # fmt: skip
        station.books.parking.keep(ended)


def came_back_approved(station: Station, document: Document) -> None:
    """A till that was set up again has as parked work, beside its drafts, what it sold since: that is over."""
    held = station.books.parking.find(document.doc_id)
    if held is not None and held.state in ("waiting", "refused"):
        was_approved(station, document.doc_id, document)


def lease_of(station: Station, doc_id: str) -> int:
    """The fencing token under which a document of the buffer is open here; 0 for none."""
    held = station.books.parking.find(doc_id)
    return held.lease if held is not None and held.doc_id == held.origin else 0


def was_thrown_away(station: Station, doc_id: str) -> None:
    """The draft was discarded: under a lease it is to leave the buffer too; inside the discarding transaction."""
    held = station.books.parking.find(doc_id)
    if held is None:
        return
    if held.lease and held.doc_id == held.origin:
        station.books.parking.keep(in_state(station, held, "deleting"))
    elif held.version and not held.own:
        station.books.parking.keep(in_state(station, held, "copy"))
    else:
        station.books.parking.forget(doc_id)


def in_state(station: Station, held: ParkedHere, state: ParkedState) -> ParkedHere:
    """Held in another state from now on, open to nobody."""
    return msgspec.structs.replace(held, state=state, at=stamp(station), opened_by="")


def stamp(station: Station) -> str:
    """When something was done to what is held: unique, so that a late answer is told from a present one."""
    return instant_text(station.clock.now()) + " " + station.ids.new_id()
