"""What the agent is still to be told of parked documents, and what its answers change here (PARK-03, PARK-05, PARK-15).

An errand is made and answered on the database thread; the way between is the asker's. An answer that comes after
something else was done to the document changes nothing: `at` tells it from a present one.
"""

import datetime
from collections.abc import Iterable, Sequence
from typing import Final, Literal

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.parking import copy_id, ean_of, with_identity
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Problem
from kontuar.kernel.time import instant_text
from kontuar.operations.ports.parking import (
    MOST_OFFERED,
    ApprovedDraft,
    HoldParked,
    Leased,
    Offered,
    OfferParked,
    Opened,
    OpenParked,
    ParkedRow,
    Saved,
    SaveParked,
)
from kontuar.operations.ports.station import ParkedHere
from kontuar.operations.station.parking.continuing import OPEN, read_opened
from kontuar.operations.station.parking.origin import in_state, stamp
from kontuar.operations.station.parking.putting import row_for
from kontuar.operations.station.station import Station

SAVE: Final = "parking.save"
RELEASE: Final = "parking.release"
DELETE: Final = "parking.delete"
RENEW: Final = "parking.renew"
OFFER: Final = "parking.offer"
APPROVING: Final = "parking.approving"
AWAY: Final = frozenset({"connectivity.too_low", "elsewhere.slow", "frame.unreadable"})
"""The agent did not answer, or not so that it could be understood: it is asked again later."""
LOST: Final = frozenset({"parking.lease_lost", "parking.approved", "parking.deleted"})
"""The lease is another station's now, or the document is gone."""
_NOT_THERE: Final = frozenset({"parking.not_found", "parking.approved", "parking.deleted"})
OFFERED_SO_FAR: Final = "parked_offered"
"""Fact: the epoch that is being offered what is held here, and the `at` of the last copy that it was."""
APPROVED_FOR: Final = datetime.timedelta(days=30)
"""How long a till remembers what it approved from the parking: for repeated questions, and for a new agent."""
_QUESTIONS: Final = {"waiting": SAVE, "releasing": RELEASE, "deleting": DELETE, "editing": RENEW}


Outcome = Literal["parked", "local", "conflict", "kept"]


class CameTo(msgspec.Struct, frozen=True, kw_only=True):
    """What parking came to, and the document as it is listed now."""

    outcome: Outcome
    doc_id: str
    row: ParkedRow


class Errand(msgspec.Struct, frozen=True, kw_only=True):
    """A question for the agent about what is held here as of `at`. An offer's `at` is the epoch of the agent that it
    is for, `upto` the `at` of its last copy, empty when there are no more."""

    doc_id: str
    question: str
    body: bytes
    at: str
    upto: str = ""


def due(station: Station) -> Sequence[Errand]:
    """All that the agent is to be told, oldest first; renewals only where the lease is no longer fresh."""
    held = station.books.parking.held("waiting", "releasing", "deleting", "editing")
    return [_errand(one) for one in held if _is_due(station, one)]


def errand_for(station: Station, doc_id: str) -> Errand | None:
    """What the agent is to be told of one document now; None = nothing."""
    held = station.books.parking.find(doc_id)
    return None if held is None or held.state not in ("waiting", "releasing", "deleting") else _errand(held)


def approving(station: Station, doc_id: str) -> Errand | None:
    """Tell the others that it is being approved here, under the lease (PARK-08); None where there is no lease."""
    held = station.books.parking.find(doc_id)
    if held is None or held.state != "editing" or not station.leases.live(doc_id):
        return None
    return Errand(doc_id=doc_id, question=APPROVING, body=_hold(held), at=held.at)


def begun(station: Station, errand: Errand) -> bool:
    """About to ask: from now on the agent may have it, whether or not its answer comes.

    False = not to be asked any more: since the errand was made something else was done to the document. What was parked
    may be a draft again, even approved; the agent would offer it to everybody. Only a lease is given back all the same.
    """
    held = _present(station, errand)
    if held is not None and errand.question == SAVE and not held.sent:
        station.books.parking.keep(msgspec.structs.replace(held, sent=True))
    return held is not None or errand.question == RELEASE


def unanswered(station: Station, errand: Errand) -> None:
    """The agent is away; it is told later (PARK-03)."""
    held = _present(station, errand)
    if held is not None:
        station.books.parking.keep(msgspec.structs.replace(held, tries=held.tries + 1))


def answered(station: Station, errand: Errand, answer: bytes, asked_at: float) -> Errand | None:
    """The agent did as asked. `asked_at`: monotonic seconds when it was asked. What it is to be told next, if any."""
    held = _present(station, errand)
    if held is None:
        return None
    if errand.question == SAVE:
        _saved(station, held, decode(answer, Saved))
    elif errand.question == RENEW:
        station.leases.took(held.doc_id, held.lease, asked_at, decode(answer, Leased).lease_seconds)
    elif errand.question == OPEN:
        return _leased_again(station, held, read_opened(answer), asked_at)
    elif errand.question == RELEASE and held.state == "releasing":
        station.leases.dropped(held.doc_id)
        station.books.parking.keep(msgspec.structs.replace(in_state(station, held, "copy"), lease=0))
    elif errand.question == DELETE:
        station.leases.dropped(held.doc_id)
        station.books.parking.forget(held.doc_id)
        station.books.parking.unlist(held.doc_id)
    return None


def declined(station: Station, errand: Errand, problems: Sequence[Problem]) -> None:
    """The agent says no: a lease that is lost leaves the work here as a copy of its own (PARK-06)."""
    held = _present(station, errand)
    if held is None or (errand.question == RELEASE and held.state == "editing"):
        return
    lost = next((problem for problem in problems if problem.code in LOST), None)
    if errand.question == APPROVING and lost is None and not _nobody_has_it(station, problems):
        return
    if errand.question == DELETE and any(problem.code in _NOT_THERE for problem in problems):
        station.leases.dropped(held.doc_id)  # an agent that never had it: a copy would bring it back there
        station.books.parking.forget(held.doc_id)
        station.books.parking.unlist(held.doc_id)
    elif errand.question in (RELEASE, DELETE):
        station.leases.dropped(held.doc_id)
        station.books.parking.keep(msgspec.structs.replace(in_state(station, held, "copy"), lease=0))
    elif errand.question == OPEN or _nobody_has_it(station, problems):
        station.leases.took(held.doc_id, 0, station.clock.monotonic())
        station.books.parking.keep(msgspec.structs.replace(held, lease=0))
    elif lost is None:
        station.leases.took(held.doc_id, 0, station.clock.monotonic())  # asked again in a while, not every second
        station.books.parking.keep(msgspec.structs.replace(held, tries=held.tries + 1))
    elif errand.question == SAVE and held.tries and held.lease:
        # Parked while the agent was away: what came first there stays, this is offered as a version of its own.
        station.books.parking.keep(msgspec.structs.replace(held, lease=0))
    else:
        lose(station, held, lost)


def lose(station: Station, held: ParkedHere, problem: Problem) -> str:
    """Keep the work under an identity of its own, with the reason; the identity, or empty while it cannot be moved.

    While money is assigned the draft stays where it is: approving it makes a document of its own (PARK-08).
    """
    station.leases.dropped(held.doc_id)
    draft = station.books.drafts.load(held.doc_id)
    if draft is not None and (draft.payments or station.books.cards.unfinished(held.doc_id)):
        station.books.parking.keep(msgspec.structs.replace(held, lease=0))
        return ""
    document = draft or decode(held.body, Document)
    kept_id, taken_by = station.ids.new_id(), problem.facts.get("station", "")
    copy = msgspec.structs.replace(document, doc_id=kept_id)
    row = row_for(station, document, held.opened_by, held.row) if draft is not None else held.row
    row = msgspec.structs.replace(row, doc_id=kept_id, ean=ean_of(kept_id), temporary_number="", holder=taken_by)
    kept = ParkedHere(
        doc_id=kept_id, type=held.type, state="refused", version=held.version, row=row, body=encode(copy),
        origin=held.origin, own=True, at=stamp(station), reason=problem.code,
    )  # fmt: skip
    with station.books.transaction():
        station.books.parking.keep(kept)
        station.books.parking.forget(held.doc_id)
        station.books.drafts.remove(held.doc_id)
        station.note(held.doc_id, "lease_lost", "", copy=kept_id, station=taken_by)
    return kept_id


def came_to(station: Station, parked: ParkedHere) -> CameTo:
    """What became of a document after it was parked as `parked`."""
    held = station.books.parking.find(parked.doc_id)
    if held is not None and held.state == "waiting":
        return CameTo(outcome="local", doc_id=held.doc_id, row=held.row)
    if held is not None:
        return CameTo(outcome="parked", doc_id=held.doc_id, row=held.row)
    kept = kept_work(station, parked.doc_id)
    if kept is not None:
        return CameTo(outcome="kept", doc_id=kept.doc_id, row=kept.row)
    copy_here = station.books.parking.find(copy_id(parked.doc_id, parked.body))
    outcome: Outcome = "conflict" if copy_here is not None else "parked"
    found = copy_here or parked
    return CameTo(outcome=outcome, doc_id=found.doc_id, row=found.row)


def kept_work(station: Station, doc_id: str) -> ParkedHere | None:
    """The copy that became of a document whose lease was lost here, the newest one."""
    found = [one for one in station.books.parking.held("refused") if one.origin == doc_id and one.doc_id != doc_id]
    return found[-1] if found else None


def offer(station: Station) -> Errand | None:
    """What is held here of the buffer, for an agent that was lost or replaced; None = no agent is to be offered it."""
    epoch = station.books.parking.offer_due()
    if not epoch:
        return None
    held = station.books.parking.held()
    begun, _, last = (station.books.fact(OFFERED_SO_FAR) or "").partition(" ")
    last = last if begun == epoch else ""
    known = [one for one in held if one.version and not one.own and one.state in ("copy", "editing", "releasing")]
    copies = [one for one in known if one.at > last]
    body = OfferParked(
        copies=tuple(_copy(station, one) for one in copies[:MOST_OFFERED]),
        highest_token=max((max(one.token, one.lease) for one in held), default=0),
        approved=tuple(_approved(station, held))[-MOST_OFFERED:],
    )
    upto = copies[MOST_OFFERED - 1].at if len(copies) > MOST_OFFERED else ""
    return Errand(doc_id="", question=OFFER, body=encode(body), at=epoch, upto=upto)


def offered(station: Station, errand: Errand, answer: bytes) -> None:
    """The new agent has these copies; those of documents that are gone are forgotten. More of them are due next."""
    fates = decode(answer, Offered).fates
    with station.books.transaction():
        for told in fates:
            held = station.books.parking.find(told.doc_id)
            if told.fate in ("gone", "copied") and held is not None and held.state == "copy":
                station.books.parking.forget(told.doc_id)
        if station.books.parking.offer_due() != errand.at:
            return  # yet another agent meanwhile: it is offered everything
        if not errand.upto:
            station.books.parking.offered()
        station.books.set_fact(OFFERED_SO_FAR, f"{errand.at} {errand.upto}" if errand.upto else "")


def forget_old(station: Station) -> None:
    """What was approved here long ago needs no answer any more."""
    before = instant_text(station.clock.now() - APPROVED_FOR)
    with station.books.transaction():
        for held in station.books.parking.held("approved"):
            if held.at < before:
                station.books.parking.forget(held.doc_id)


def _is_due(station: Station, held: ParkedHere) -> bool:
    """What the agent declined is not asked again at once; one opened while it was away gets a lease when it is back."""
    if held.state != "editing":
        return station.leases.renewal_due(held.doc_id)
    row = station.books.parking.row(held.doc_id)
    of_buffer = held.doc_id == held.origin and bool(held.version)
    is_older = row is not None and row.version > held.version
    if not held.lease and (is_older or not of_buffer):
        return False
    return station.leases.renewal_due(held.doc_id) or (bool(held.lease) and _is_taken(station, held.doc_id))


def _is_taken(station: Station, doc_id: str) -> bool:
    """The list says that another station has it: ask at once, so that the screen is told at once (PARK-06)."""
    row = station.books.parking.row(doc_id)
    return row is not None and row.holder not in ("", station.identity.station)


def _nobody_has_it(station: Station, problems: Sequence[Problem]) -> bool:
    """The lease is worth nothing any more, but no other station got one: an agent that was lost and came back."""
    own = station.identity.station
    return any(
        problem.code == "parking.not_found"
        or (problem.code == "parking.lease_lost" and problem.facts.get("station", "") in ("", own))
        for problem in problems
    )


def _leased_again(station: Station, held: ParkedHere, given: Opened, asked_at: float) -> Errand | None:
    """Only for the version that is open here: under a lease nothing newer may be lost, and it is given back."""
    if given.version != held.version:
        station.leases.took(held.doc_id, 0, asked_at)
        station.books.parking.list_row(msgspec.structs.replace(given.row, holder=""))
        back = encode(HoldParked(doc_id=held.doc_id, token=given.token, by=held.opened_by))
        return Errand(doc_id=held.doc_id, question=RELEASE, body=back, at=held.at)
    row = msgspec.structs.replace(held.row, contested=given.row.contested)
    station.books.parking.keep(msgspec.structs.replace(held, lease=given.token, row=row))
    station.leases.took(held.doc_id, given.token, asked_at, given.lease_seconds)
    return None


def _present(station: Station, errand: Errand) -> ParkedHere | None:
    """What is held, if nothing was done to it since the errand was made."""
    held = station.books.parking.find(errand.doc_id)
    return held if held is not None and held.at == errand.at else None


def _saved(station: Station, held: ParkedHere, saved: Saved) -> None:
    """In the buffer: as its next version, or beside it as a conflict copy (PARK-15)."""
    station.leases.dropped(held.doc_id)
    doc_id = saved.conflict_copy or held.doc_id
    body = held.body
    if saved.conflict_copy:
        body = with_identity(body, doc_id)
    copy = msgspec.structs.replace(
        in_state(station, held, "copy"), doc_id=doc_id, origin=doc_id, version=saved.version, token=saved.token,
        lease=0, row=saved.row, body=body, own=False, sent=True, tries=0,
    )  # fmt: skip
    with station.books.transaction():
        station.books.parking.forget(held.doc_id)
        station.books.parking.keep(copy)
        station.books.parking.list_row(saved.row)
        if saved.conflict_copy:
            station.note(held.doc_id, "conflict_copy", "", copy=doc_id)


def _errand(held: ParkedHere) -> Errand:
    if held.state == "editing" and not held.lease:
        body = encode(OpenParked(doc_id=held.doc_id, by=held.opened_by))
        return Errand(doc_id=held.doc_id, question=OPEN, body=body, at=held.at)
    body = encode(_save(held)) if held.state == "waiting" else _hold(held)
    return Errand(doc_id=held.doc_id, question=_QUESTIONS[held.state], body=body, at=held.at)


def _save(held: ParkedHere) -> SaveParked:
    return SaveParked(
        doc_id=held.doc_id, version=held.version, token=held.lease, by=held.row.modified_by,
        document=msgspec.Raw(held.body), row=held.row,
    )  # fmt: skip


def _copy(station: Station, held: ParkedHere) -> SaveParked:
    """As it was parked; what is open here keeps the lease that its holder still counts as live."""
    live = station.leases.live(held.doc_id) if held.state == "editing" else 0
    return msgspec.structs.replace(
        _save(held), token=live or held.token, keep_lease=bool(live), by=held.opened_by or held.row.modified_by
    )


def _approved(station: Station, held: Sequence[ParkedHere]) -> Iterable[ApprovedDraft]:
    for one in held:
        stored = station.books.documents.find(one.became) if one.became else None
        if stored is not None:
            yield ApprovedDraft(
                doc_id=one.origin, version=one.version, approved_id=one.became, number=stored.document.number
            )


def _hold(held: ParkedHere) -> bytes:
    return encode(HoldParked(doc_id=held.doc_id, token=held.lease, by=held.opened_by or held.row.modified_by))
