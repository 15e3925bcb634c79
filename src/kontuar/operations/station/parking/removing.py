"""Deleting a parked document: under a lease, so that nobody is editing what goes (PARK-16)."""

import msgspec

from kontuar.domain.documents import life
from kontuar.domain.documents.messages import DraftDiscarded
from kontuar.domain.documents.types import type_of
from kontuar.kernel.canonical import encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.parking import OpenParked, ParkedRow
from kontuar.operations.ports.station import ParkedHere
from kontuar.operations.station.parking.continuing import adopt_lease, known, read_opened, require_not_over
from kontuar.operations.station.parking.origin import require_own, stamp
from kontuar.operations.station.station import Station


class Removing(msgspec.Struct, frozen=True, kw_only=True):
    """What deleting needs: the answer to `question` (bytes of `OpenParked`); `draft`: it is open here as a draft, and
    is thrown away as one. Neither: it is gone already, no other station ever knew it.
    """

    question: bytes = b""
    draft: bool = False


def removing(station: Station, actor: Actor, doc_id: str) -> Removing:
    """Begin to delete a document of the list; needs what throwing a draft of its type away needs (PARK-07).

    Raises `Refused("parking.not_found" | "right.missing" | "parking.delete_needs_agent")`.
    """
    held, row = station.books.parking.find(doc_id), station.books.parking.row(doc_id)
    draft = station.books.drafts.load(doc_id)
    if held is None and row is None and draft is not None:
        _require_discard(actor, draft.type, doc_id)
        return Removing(draft=True)
    _require(actor, known(held, row, doc_id))
    if held is not None and held.state == "editing":
        return Removing(draft=True)
    if held is not None and row is None and _is_only_here(held):
        _forget(station, actor, held)
        return Removing()
    if station.connectivity() < Connectivity.STORE:
        raise refuse("parking.delete_needs_agent")
    return Removing(question=encode(OpenParked(doc_id=doc_id, by=actor.operator)))


def removed(station: Station, actor: Actor, answer: bytes, asked_at: float) -> None:
    """The agent gave the lease: from now on it is to be deleted there, whatever happens here; head office is told.

    `asked_at`: monotonic seconds when the question was sent. What was opened or parked here in between, in another
    window of this till, stays: `Refused("parking.changed_here")`; what ended in between: as `require_not_over`.
    """
    given = read_opened(answer)
    here = station.books.parking.find(given.doc_id)
    require_not_over(station, here, given.row)
    if here is not None and here.state in ("editing", "waiting"):
        adopt_lease(station, here, given, asked_at)
        raise refuse("parking.changed_here")
    held = ParkedHere(
        doc_id=given.doc_id, type=given.row.type, state="deleting", version=given.version, token=given.token,
        lease=given.token,
        row=given.row, body=bytes(given.document), origin=given.doc_id, sent=True, at=stamp(station),
    )  # fmt: skip
    with station.books.transaction():
        station.books.parking.keep(held)
        _tell(station, actor, held)
    station.committed()


def _is_only_here(held: ParkedHere) -> bool:
    """As this database knows; one that was set up again from a backup may have parked it since, so the list says no."""
    return held.state == "refused" or (held.state == "waiting" and not held.version and not held.sent)


def _require(actor: Actor, row: ParkedRow) -> None:
    _require_discard(actor, row.type, row.doc_id)
    require_own(actor, row.doc_id, row.created_by)


def _require_discard(actor: Actor, document_type: str, doc_id: str) -> None:
    """What throwing a draft of the type away needs."""
    kind = type_of(document_type)
    actor.require(kind.issue_right, doc_id)
    step = kind.life.steps[kind.life.start, life.DISCARD]
    if step.right is not None:
        actor.require(step.right, doc_id)


def _forget(station: Station, actor: Actor, held: ParkedHere) -> None:
    with station.books.transaction():
        station.books.parking.forget(held.doc_id)
        _tell(station, actor, held)
    station.committed()


def _tell(station: Station, actor: Actor, held: ParkedHere) -> None:
    row = held.row
    body = DraftDiscarded(
        doc_id=row.doc_id, document_type=row.type, lines=_lines(held.body), gross=row.gross, token=held.lease
    )
    station.announce("draft.discarded/1", station.ids.new_id(), body, actor.operator)
    station.count("voided_drafts")
    station.note(row.doc_id, "deleted", actor.operator)


def _lines(body: bytes) -> int:
    """How many lines the document has; its other content may be newer than this program."""
    content = msgspec.json.decode(body, type=dict)
    return len(content.get("lines", ()))
