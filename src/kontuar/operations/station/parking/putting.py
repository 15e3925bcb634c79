"""Parking a draft, and leaving one that was continued (PARK-01 … PARK-03, PARK-13).

What is parked is durable here first; the agent is told by an errand, now or when it can be reached again.
"""

import msgspec

from kontuar.domain.documents.discounting import as_carried
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.parking import row_of
from kontuar.domain.documents.types import TYPES, type_of
from kontuar.domain.firm.records import DocumentSettings
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import instant_text
from kontuar.operations.actor import Actor
from kontuar.operations.ports.parking import ParkedRow
from kontuar.operations.ports.station import ParkedHere, ParkedState
from kontuar.operations.station import coupon_marks
from kontuar.operations.station.parking.continuing import unchanged
from kontuar.operations.station.parking.origin import in_state, require_edit, stamp
from kontuar.operations.station.split_payment import with_split_payment
from kontuar.operations.station.station import Station


def is_parkable(station: Station, document_type: str) -> bool:
    """Whether documents of this type may be parked: the firm's switch, else the table of types (PARK-02)."""
    settings = station.books.definitions.get(DocumentSettings, document_type)
    if settings is not None and settings.parking:
        return settings.parking == "yes"
    kind = TYPES.get(document_type)
    return kind is not None and kind.parkable


def park(station: Station, actor: Actor, doc_id: str) -> ParkedHere:
    """Take the draft off this till's forms and keep it as parked; nothing that approval verifies is verified.

    Raises `Refused("parking.not_for_type" | "parking.money_assigned" | "parking.nothing_entered" | "right.missing")`.
    """
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    require_edit(station, actor, document)
    if not is_parkable(station, document.type):
        raise refuse("parking.not_for_type", type=document.type)
    if document.payments or station.books.cards.unfinished(doc_id):
        raise refuse("parking.money_assigned", "payment")
    if not has_content(document):
        raise refuse("parking.nothing_entered")
    before = station.books.parking.find(doc_id)
    with station.books.transaction():
        free = coupon_marks.let_go(station, document)  # whoever continues it reserves anew
        held = _to_wait(station, actor, as_carried(with_split_payment(station, free)), before)
        station.books.parking.keep(held)
        station.books.drafts.remove(doc_id)
        station.note(doc_id, "parked", actor.operator)
    station.leases.dropped(doc_id)
    return held


def has_content(document: Document) -> bool:
    """Whether anything was entered at all."""
    entered = (document.lines, document.reason, document.description, document.order_number, document.foreign_number)
    return any(entered) or bool(document.attributes)


def leave(station: Station, actor: Actor, doc_id: str) -> bool:
    """Leave the form of a continued document: unchanged it goes back to where it was, True; changed it stays open.

    False too for a draft that was never parked. Raises `Refused("draft.not_found" | "right.missing")`.
    """
    document = station.draft(doc_id)
    actor.require(type_of(document.type).issue_right, doc_id)
    held = station.books.parking.find(doc_id)
    if held is None or held.state != "editing":
        return False
    if not unchanged(station, held, document) or document.payments or station.books.cards.unfinished(doc_id):
        return False
    give_back(station, held)
    return True


def give_back(station: Station, held: ParkedHere) -> None:
    """Drop the draft, keep what was parked; a lease is to be given back, after saving what the buffer lacks."""
    state: ParkedState = "refused" if held.reason else "waiting" if held.own else "copy"
    if held.lease and not held.own:
        state = "releasing"
    with station.books.transaction():
        station.books.parking.keep(in_state(station, held, state))
        station.books.drafts.remove(held.doc_id)


def row_for(station: Station, document: Document, operator: str, before: ParkedRow | None) -> ParkedRow:
    """The row of the list as this station last changed it; EAN and temporary number never change (PARK-09)."""
    row = row_of(
        document, station=station.identity.station, modified_at=instant_text(station.clock.now()), modified_by=operator
    )
    if before is None or before.doc_id != row.doc_id:
        return row
    return msgspec.structs.replace(
        row, version=before.version, ean=before.ean or row.ean, temporary_number=before.temporary_number,
        conflict_of=before.conflict_of,
    )  # fmt: skip


def _to_wait(station: Station, actor: Actor, document: Document, before: ParkedHere | None) -> ParkedHere:
    row = row_for(station, document, actor.operator, before.row if before else None)
    if before is not None and before.reason:  # work whose lease was lost is parked as a document of its own
        row = msgspec.structs.replace(row, conflict_of=before.origin)
        before = None
    return ParkedHere(
        doc_id=document.doc_id, type=document.type, state="waiting", row=row, body=encode(document),
        version=before.version if before else 0, token=before.token if before else 0,
        lease=before.lease if before else 0, origin=document.doc_id, own=True, at=stamp(station),
        sent=before is not None and before.sent,  # a question of long ago may reach the agent yet
    )  # fmt: skip
