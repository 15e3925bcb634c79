"""Continuing a parked document: opening it under a lease, or one's own copy while the agent is away (PARK-04 … 07)."""

from typing import Final

import msgspec

from kontuar.domain.documents.document import UNAPPROVED, Authorisation, Document
from kontuar.domain.documents.types import TYPES, type_of
from kontuar.domain.parties import rights
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.parking import Opened, OpenParked, ParkedRow
from kontuar.operations.ports.station import ParkedHere
from kontuar.operations.station import coupon_marks
from kontuar.operations.station.parking.origin import require_own, stamp
from kontuar.operations.station.station import Station

OPEN: Final = "parking.open"


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What continuing needs: nothing more (`document` is open), or the answer to `question` (bytes of `OpenParked`).

    `settle_first`: the agent has to be told of what is parked here before it is asked.
    """

    document: Document | None = None
    question: bytes = b""
    settle_first: bool = False


def opening(station: Station, actor: Actor, doc_id: str, *, take_over: bool = False) -> Opening:
    """Begin to continue a document of the list.

    Raises `Refused("parking.not_found" | "right.missing")`.
    """
    held, row = station.books.parking.find(doc_id), station.books.parking.row(doc_id)
    draft = station.books.drafts.load(doc_id)
    if held is None and row is None and draft is not None:  # never parked: it is open here already
        actor.require(type_of(draft.type).issue_right, doc_id)
        return Opening(document=draft)
    _require(actor, doc_id, known(held, row, doc_id), take_over=take_over)
    if held is not None and held.state == "editing":
        return Opening(document=_reopened(station, actor, held))
    if held is not None and held.state == "refused":
        return Opening(document=_open_here(station, actor, held))
    if held is not None and held.state == "waiting" and not held.sent and not held.version:
        return Opening(document=_open_unsent(station, actor, held))
    question = encode(OpenParked(doc_id=doc_id, by=actor.operator, take_over=take_over))
    return Opening(question=question, settle_first=held is not None and held.state in ("waiting", "releasing"))


def opened(station: Station, actor: Actor, answer: bytes, asked_at: float, *, take_over: bool = False) -> Document:
    """The agent gave the document and a lease: it becomes a draft here, whole or not at all (PARK-04).

    `asked_at`: monotonic seconds when the question was sent. Raises `Refused("parking.unreadable")` for a document
    that this program is too old for, and as `require_not_over` when it ended here while the answer was on its way.
    """
    given = read_opened(answer)
    document = _adopted(station, given)
    here = station.books.parking.find(given.doc_id)
    require_not_over(station, here, given.row)
    if here is not None and here.state == "editing":  # asked twice: what was entered since stays
        return _reopened(station, actor, adopt_lease(station, here, given, asked_at))
    if here is not None and here.state == "waiting":  # parked here meanwhile
        return _open_here(station, actor, here)
    before = station.books.parking.row(given.doc_id)
    taken_from = (before.holder or before.approving) if before else ""
    if take_over:
        document = _with_take_over(station, actor, document, taken_from)
    held = ParkedHere(
        doc_id=given.doc_id, type=document.type, state="editing", version=given.version, token=given.token,
        lease=given.token,
        row=given.row, body=bytes(given.document), origin=given.doc_id, opened_by=actor.operator, sent=True,
        at=stamp(station),
    )  # fmt: skip
    _open(station, actor, held, document)
    station.books.parking.list_row(given.row)
    if take_over:
        with station.books.transaction():
            station.note(given.doc_id, "taken_over", actor.operator, station=taken_from)
    station.leases.took(given.doc_id, given.token, asked_at, given.lease_seconds)
    return document


def open_offline(station: Station, actor: Actor, doc_id: str, *, older: bool = False) -> Document:
    """The agent is away: this station's own copy, if it has one (PARK-04).

    Raises `Refused("parking.not_here")` for a document never held here, and `Refused("parking.copy_older")` unless
    `older` was chosen, where another station has changed it since: what is made of it becomes a second document.
    """
    held, row = station.books.parking.find(doc_id), station.books.parking.row(doc_id)
    _require(actor, doc_id, known(held, row, doc_id), take_over=False)
    if held is not None and held.state == "editing":
        return _reopened(station, actor, held)
    if held is None or held.state not in ("copy", "waiting", "releasing"):
        raise refuse("parking.not_here")
    if row is not None and row.version > held.version and not older:
        raise refuse("parking.copy_older", doc_id=doc_id, station=row.station, at=row.modified_at)
    return _open_here(station, actor, held)


def read_opened(answer: bytes) -> Opened:
    """The answer to `parking.open`; raises `Refused("parking.unreadable")`."""
    try:
        return decode(answer, Opened)
    except msgspec.DecodeError:
        raise refuse("parking.unreadable") from None


def read_document(station: Station, body: bytes) -> Document:
    """An unapproved document of this store; raises `Refused("parking.unreadable")`."""
    try:
        document = decode(body, Document)
    except msgspec.DecodeError:
        raise refuse("parking.unreadable") from None
    if document.type not in TYPES or document.state != UNAPPROVED or document.store != station.identity.store:
        raise refuse("parking.unreadable")
    return document


def known(held: ParkedHere | None, row: ParkedRow | None, doc_id: str) -> ParkedRow:
    """What the list shows of it; raises `Refused("parking.not_found")`."""
    found = row if held is None or held.state in ("approved", "deleting") else held.row
    if found is None or (held is not None and is_over(held, row)):
        raise refuse("parking.not_found", doc_id=doc_id[:64])
    return found


def is_over(held: ParkedHere, row: ParkedRow | None) -> bool:
    """Whether it ended here; what was approved here and continued elsewhere lives on (PARK-08)."""
    if held.state == "approved" and row is not None:
        return row.version <= held.version and not row.approved_as
    return held.state in ("approved", "deleting")


def require_not_over(station: Station, here: ParkedHere | None, row: ParkedRow) -> None:
    """What another window of this till approved or deleted since the question was asked does not come back.

    Raises `Refused("parking.approved" | "parking.deleted")`.
    """
    if here is None or not is_over(here, row):
        return
    if here.state == "deleting":
        raise refuse("parking.deleted", station=station.identity.station)
    stored = station.books.documents.find(here.became)
    raise refuse("parking.approved", number=stored.document.number if stored else "", station=station.identity.station)


def adopt_lease(station: Station, here: ParkedHere, given: Opened, asked_at: float) -> ParkedHere:
    """The agent counts the token it gave last: of two windows that asked, the later one's. Only for the version that
    is open or waits here; a lease of another one is given back by the next errand."""
    if given.version != here.version or given.token <= here.lease:
        return here
    adopted = msgspec.structs.replace(here, lease=given.token)
    station.books.parking.keep(adopted)
    if here.state == "editing":
        station.leases.took(here.doc_id, given.token, asked_at, given.lease_seconds)
    return adopted


def unchanged(station: Station, held: ParkedHere, document: Document) -> bool:
    """Whether a draft is what it was opened as; who allowed a take-over is no change of it."""
    before = _as_here(station, read_document(station, held.body))
    return msgspec.structs.replace(document, authorisations=()) == msgspec.structs.replace(before, authorisations=())


def _require(actor: Actor, doc_id: str, row: ParkedRow, *, take_over: bool) -> None:
    """PARK-06, PARK-07: who allows a take-over allows to go on with it."""
    actor.require(type_of(row.type).issue_right, doc_id)
    if take_over:
        actor.require(rights.TAKE_OVER, doc_id)
    if not take_over or actor.granted(rights.TAKE_OVER, doc_id) is None:
        require_own(actor, doc_id, row.created_by)


def _adopted(station: Station, given: Opened) -> Document:
    """The document as this station goes on with it: what it issues bears its own number and register."""
    document = read_document(station, bytes(given.document))
    if document.doc_id != given.doc_id:
        raise refuse("parking.unreadable")
    return _as_here(station, document)


def _as_here(station: Station, document: Document) -> Document:
    here = msgspec.structs.replace(document, station=station.identity.station, register=station.register())
    return coupon_marks.unreserved(here)


def _with_take_over(station: Station, actor: Actor, document: Document, taken_from: str) -> Document:
    """Who allowed it travels with the document (PARK-06)."""
    grant = actor.granted(rights.TAKE_OVER, document.doc_id) if rights.TAKE_OVER not in actor.rights else None
    allowed_by = grant.operator if grant else actor.operator
    entry = Authorisation(right=rights.TAKE_OVER, operator=allowed_by, at=station.moment(), place=taken_from)
    return msgspec.structs.replace(document, authorisations=(*document.authorisations, entry))


def _reopened(station: Station, actor: Actor, held: ParkedHere) -> Document:
    """Already open here: whoever goes on with it has the right to."""
    document = station.draft(held.doc_id)
    station.books.parking.keep(msgspec.structs.replace(held, opened_by=actor.operator))
    return station.save(document)


def _open_here(station: Station, actor: Actor, held: ParkedHere) -> Document:
    """What this station holds, without a lease."""
    document = _as_here(station, read_document(station, held.body))
    changed = msgspec.structs.replace(held, state="editing", lease=0, opened_by=actor.operator, at=stamp(station))
    _open(station, actor, changed, document)
    return document


def _open_unsent(station: Station, actor: Actor, held: ParkedHere) -> Document:
    """Parked here and known to nobody else: a draft like any other again."""
    with station.books.transaction():
        document = coupon_marks.let_go(station, read_document(station, held.body))
        station.books.parking.forget(held.doc_id)
        station.save(document)
        grant = actor.granted(rights.EDIT_OTHERS, held.doc_id)
        if grant is not None and rights.EDIT_OTHERS not in actor.rights:
            station.note(held.doc_id, "authorised", grant.operator, right=grant.right, place="")
        station.note(held.doc_id, "continued", actor.operator)
    return document


def _open(station: Station, actor: Actor, held: ParkedHere, document: Document) -> None:
    with station.books.transaction():
        station.books.parking.keep(held)
        station.save(coupon_marks.let_go(station, document))
        grant = actor.granted(rights.EDIT_OTHERS, held.doc_id)
        if grant is not None and rights.EDIT_OTHERS not in actor.rights:
            station.note(held.doc_id, "authorised", grant.operator, right=grant.right, place="")
        station.note(held.doc_id, "continued", actor.operator)
