"""What reaches the agent's parking other than by asking: messages of streams, and copies offered after a loss."""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

from kontuar.domain.documents import parking as rules
from kontuar.domain.documents.document import ParkedOrigin
from kontuar.domain.documents.parking import FREE, Gone, Hold, Parked
from kontuar.kernel.canonical import content_hash
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.agent.parking_buffer import ParkingBuffer, held_by
from kontuar.operations.ports.parking import MOST_OFFERED, Offered, OfferFate, OfferParked, SaveParked
from kontuar.operations.ports.parking_books import ParkingBooks
from kontuar.operations.ports.streams import Batch, SealedMessage

_ID_TAKEN: Final = "message.id_taken"
"""Parked at the hub as a second document of this identity; its draft was approved all the same."""


class _Link(msgspec.Struct):
    kind: str = ""
    doc_id: str = ""


class _Body(msgspec.Struct):
    doc_id: str = ""
    number: str = ""
    token: int = 0
    parked: ParkedOrigin | None = None
    links: tuple[_Link, ...] = ()


class _Message(msgspec.Struct):
    kind: str
    body: msgspec.Raw


# -- messages -----------------------------------------------------------------------------------------------
def take_in(
    buffer: ParkingBuffer, batch: Batch, messages: Sequence[SealedMessage], parked: Collection[tuple[str, str]]
) -> None:
    """Drafts whose approval is among the messages leave the buffer (PARK-08); inside the push's transaction.

    `parked`: (message id, reason) of what the agent could not take for what it says.
    """
    refused = {message_id for message_id, reason in parked if reason != _ID_TAKEN}
    for message in messages:
        kind, body = _read(message.payload)
        if not body.doc_id or body.doc_id in refused:
            continue
        if kind == "approved":
            _approved(buffer, batch.stream.origin, body)
        elif kind == "discarded":
            buffer.discarded(body.doc_id, batch.stream.origin, body.token)


def _approved(buffer: ParkingBuffer, station: str, body: _Body) -> None:
    ended = body.parked.doc_id if body.parked is not None else ""
    if body.parked is not None:
        buffer.ended(ended, version=body.parked.version, number=body.number, station=station)
    for link in body.links:
        if link.kind == "approved_from" and link.doc_id != ended:
            buffer.twin_approved(link.doc_id, body.number)
    if body.doc_id != ended:
        buffer.ended(body.doc_id, version=0, number=body.number, station=station, is_named=False)


def _read(payload: bytes) -> tuple[str, _Body]:
    """(approved, discarded or nothing; its body). What cannot be read is kept and said no by others."""
    try:
        message = msgspec.json.decode(payload, type=_Message)
        name, _, _ = message.kind.partition("/")
        kind = "discarded" if name == "draft.discarded" else name.rpartition(".")[2]
        if kind not in ("approved", "discarded"):
            return "", _Body()
        return kind, msgspec.json.decode(message.body, type=_Body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return "", _Body()


def contest_all(books: ParkingBooks) -> None:
    """This database turned out to be older than what stations were told: of every document here a station that is cut
    off may have a lease that is forgotten, and approve it (REL-02)."""
    with books.transaction():
        for parked in books.every():
            if not parked.contested:
                books.put(msgspec.structs.replace(parked, contested=True))


# -- offers -------------------------------------------------------------------------------------------------
def offer(buffer: ParkingBuffer, asker: str, asked: OfferParked) -> Offered:
    """Copies of a station, after an agent was lost or restored (PARK-15).

    Raises `Refused("question.unreadable")` for more than 50 copies, or numbers that nobody gave.
    """
    tokens = [asked.highest_token, *(copy.token for copy in asked.copies)]
    if len(asked.copies) > MOST_OFFERED or not rules.are_numbers(*tokens):
        raise refuse("question.unreadable")
    if not rules.are_numbers(
        *(copy.version - 1 for copy in asked.copies), *(draft.version for draft in asked.approved)
    ):
        raise refuse("question.unreadable")
    with buffer.books.transaction():
        buffer.raise_tokens(max(tokens))
        for draft in asked.approved:
            buffer.ended(draft.doc_id, version=draft.version, number=draft.number, station=asker)
        return Offered(fates=tuple(_offered(buffer, asker, copy) for copy in asked.copies))


def _offered(buffer: ParkingBuffer, asker: str, copy: SaveParked) -> OfferFate:
    books, digest = buffer.books, content_hash(bytes(copy.document))
    parked = books.find(copy.doc_id)
    if parked is None:
        gone = buffer.gone(copy.doc_id)
        if gone is not None and not rules.outlives(gone, copy.version):
            return OfferFate(doc_id=copy.doc_id, fate="gone", number=gone.number)
        _take(buffer, asker, copy, None, gone)
        return OfferFate(doc_id=copy.doc_id, fate="taken")
    fate = rules.offering(parked, books.versions(copy.doc_id), version=copy.version, token=copy.token, digest=digest)
    if fate == "copied":
        return _copied(buffer, asker, copy)
    if fate == "taken":
        _take(buffer, asker, copy, parked, None)
    elif fate == "known" and copy.version == parked.row.version:
        hold = _claimed(asker, copy, parked.hold)
        if hold != parked.hold:
            contested = rules.is_contested(parked, hold.station)
            buffer.books.put(msgspec.structs.replace(held_by(parked, hold), contested=contested))
    return OfferFate(doc_id=copy.doc_id, fate=fate)


def _claimed(asker: str, copy: SaveParked, now: Hold) -> Hold:
    """The lease that its holder had from the agent that was lost; of two that claim one, the later token has it. The
    same one lives again where a backup knows it as run out: it was renewed since."""
    is_own = (now.station, now.token) == (asker, copy.token)
    claims = copy.keep_lease and (copy.token > now.token or is_own)
    return Hold(station=asker, token=copy.token, by=copy.by) if claims else now


def _take(buffer: ParkingBuffer, asker: str, copy: SaveParked, parked: Parked | None, gone: Gone | None) -> None:
    """Its numbers are those that were printed: the one in the buffer's first, then the copy's."""
    row = msgspec.structs.replace(
        copy.row, doc_id=copy.doc_id, version=copy.version, station=copy.row.station or asker,
        temporary_number=(parked.row if parked else copy.row).temporary_number or copy.row.temporary_number,
        conflict_of=(parked.row if parked else copy.row).conflict_of, ean=parked.row.ean if parked else "",
        approved_as=parked.row.approved_as if parked else gone.number if gone else copy.row.approved_as,
    )  # fmt: skip
    hold = _claimed(asker, copy, parked.hold if parked else FREE)
    forgotten = parked is None and gone is None and hold == FREE  # whose it was meanwhile nobody here knows
    taken = Parked(
        row=row, base=copy.version - 1, token=copy.token, hold=hold, contested=copy.row.contested or forgotten
    )
    if parked is not None:
        contested = taken.contested or rules.is_contested(parked, hold.station)
        taken = msgspec.structs.replace(taken, taken_over=parked.taken_over, contested=contested)
    buffer.keep_ordinal(row)
    buffer.write(taken, copy, content_hash(bytes(copy.document)))


def _copied(buffer: ParkingBuffer, asker: str, copy: SaveParked) -> OfferFate:
    try:
        saved = buffer.add_copy(asker, copy)
    except Refused as refusal:
        if refusal.problems[0].code not in ("parking.approved", "parking.deleted"):
            raise
        number = refusal.problems[0].facts.get("number", "")
        return OfferFate(doc_id=copy.doc_id, fate="gone", number=number)
    return OfferFate(doc_id=copy.doc_id, fate="copied", conflict_copy=saved.conflict_copy)
