"""Earlier lives of this station: what agent and hub hold of them becomes the truth here (REL-05, REL-13).

A till that was set up again from a backup lacks what it issued after it; one that was used twice has issued something
else. Both are told by the agent what is held; what contradicts that is kept apart and offered to head office.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.booking_checks import says_where_it_lies
from kontuar.domain.documents.document import CANCELLED, FORKED, Document, HistoryEntry
from kontuar.domain.documents.messages import (
    OFFERED,
    Cancelled,
    Fiscalised,
    Message,
    MessageOffered,
    ShiftOpened,
    read_body,
)
from kontuar.kernel.canonical import chain_hash, decode
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import instant_text
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.questions import HeldMessage
from kontuar.operations.ports.station.returned import ForkedMessage
from kontuar.operations.ports.streams import START, Position, SealedMessage, StreamId
from kontuar.operations.station.returned_effects import Effects
from kontuar.operations.station.station import Station

BY_QUESTION: Final = 0
"""The position at which a replaced machine tells of a message by a question: before any message."""
MOST_OFFERS: Final = 50
TOTAL: Final = "perpetual_gross"
TOTAL_OF: Final = "perpetual_gross_of"
"""Whose total that is: the life, and the last row of `document` when this was found."""
_KNOWN: Final = "returned:"
"""Fact for each life that was asked for: how far it is held elsewhere."""
_REVOKED: Final = "certificate.revoked"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A life to ask for, from a position on that both certainly share."""

    incarnation: str
    after: Position


class Fetched(msgspec.Struct, frozen=True, kw_only=True):
    """What is held of a life after a position: a run of it, checked. `complete`: it goes to the `head`."""

    incarnation: str
    messages: tuple[SealedMessage, ...]
    head: Position
    complete: bool


class Merged(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages came back, how many of this database were moved aside, how many had no effect."""

    returned: int = 0
    aside: int = 0
    without_effect: int = 0


def wanted(station: Station, ordinals: Mapping[str, int]) -> Sequence[Wanted]:
    """Lives that others may hold otherwise, oldest first. `ordinals`: of this station's certificates, as far as known;
    a life that this database never heard of (its backup is older) is among them."""
    shelf, running = station.books.returned, station.identity.incarnation
    known = {life.incarnation: life for life in shelf.lives()}
    mine = ordinals.get(running, 0)
    names = known.keys() | {name for name, ordinal in ordinals.items() if ordinal < mine}
    found = []
    for name in sorted(names - {running}, key=lambda each: (ordinals.get(each, 0), each)):
        life = known.get(name)
        if (life is not None and life.forked) or not station.books.fact(_KNOWN + name):
            found.append(Wanted(incarnation=name, after=life.certain if life is not None else START))
    return found


def settled(station: Station, ordinals: Mapping[str, int]) -> Sequence[Wanted]:
    """Lives that others were asked for, and that may grow all the same: a machine that was replaced drains what it had
    sold alone when it is switched on again (REL-13). From how far they were known on, or what was confirmed since."""
    running = station.identity.incarnation
    certain = {life.incarnation: life.certain for life in station.books.returned.lives()}
    found = []
    for name in sorted((certain.keys() | ordinals.keys()) - {running}, key=lambda each: (ordinals.get(each, 0), each)):
        seq, _, digest = (station.books.fact(_KNOWN + name) or "").partition(" ")
        if seq:
            known = Position(int(seq), digest)
            found.append(Wanted(incarnation=name, after=max(known, certain.get(name, START), key=_seq)))
    return found


def _seq(position: Position) -> int:
    return position.seq


def checked(
    stream: StreamId, after: Position, messages: Sequence[HeldMessage], seal: SealCheck
) -> tuple[SealedMessage, ...]:
    """The messages, each of them following the one before and signed by this station's own key of that life.

    Raises `Refused("stream.answer_wrong")`; for the first one too, when others hold something else at `after`.
    """
    found = []
    previous = bytes.fromhex(after.hash)
    for number, told in enumerate(messages, after.seq + 1):
        sealed = _sealed(told)
        fault = "" if sealed.seq == number and chain_hash(previous, sealed.payload) == sealed.hash else "hash"
        fault = fault or seal(stream, sealed)
        if fault not in ("", _REVOKED):
            raise refuse("stream.answer_wrong", seq=number, reason=fault)
        previous = sealed.hash
        found.append(sealed)
    return tuple(found)


def follows(after: Position, told: HeldMessage) -> bool:
    """Whether the next message builds on what is known at `after`."""
    sealed = _sealed(told)
    return sealed.seq == after.seq + 1 and chain_hash(bytes.fromhex(after.hash), sealed.payload) == sealed.hash


def holds(station: Station, incarnation: str, position: Position) -> bool:
    """Whether this database has the same there."""
    return station.books.returned.hash_at(incarnation, position.seq) == position.hash


def merge(station: Station, fetched: Fetched, ordinals: Mapping[str, int]) -> Merged:
    """Make it the truth of this database, in one transaction; what is here already with the same hash is left alone."""
    name, shelf = fetched.incarnation, station.books.returned
    assert name != station.identity.incarnation, "the running life is nobody else's to tell"
    with station.books.transaction():
        kept = _behind_the_mark(fetched.messages, shelf.pruned_to(name))
        fresh = [sealed for sealed in kept if shelf.hash_at(name, sealed.seq) != sealed.hash.hex()]
        done = _put(station, name, fresh) if fresh else Merged()
        if fetched.complete:
            shelf.settle(name, fetched.head)
            station.books.set_fact(_KNOWN + name, f"{fetched.head.seq} {fetched.head.hash}")
        if done.returned:
            shelf.ask_stock_anew()
            _carry_total(station, ordinals)
    station.committed()
    return done


def _behind_the_mark(messages: Sequence[SealedMessage], pruned: Position) -> Sequence[SealedMessage]:
    """What was let go of does not come back, wherever one began to ask (REL-17).

    Raises `Refused("stream.answer_wrong")` where others hold something else than what head office signed.
    """
    at_the_mark = next((sealed for sealed in messages if sealed.seq == pruned.seq), None)
    if at_the_mark is not None and at_the_mark.hash.hex() != pruned.hash:
        raise refuse("stream.answer_wrong", seq=pruned.seq, reason="pruned")
    return [sealed for sealed in messages if sealed.seq > pruned.seq]


def offer_forks(station: Station) -> int:
    """Tell head office of messages that were moved aside, as news of the running life; how many were told now.

    A shift that is still open here, or that was closed behind what was moved aside, went on: its opening is told as
    this life's own, because nothing that is issued in it could be booked while a person decides on an offer. What this
    machine told by a question, while it had no life to tell it in, is told now: the proof of the books counts on that.
    Raises `Refused` as announcing does, when that life is over too.
    """
    books, running = station.books, station.identity.incarnation
    with books.transaction():
        books.returned.offered_no_more(BY_QUESTION)
    if not books.returned.to_offer(running, 1):
        return 0
    with books.transaction():
        waiting = books.returned.to_offer(running, MOST_OFFERS)
        for forked in waiting:
            position = _tell_again(station, forked)
            books.returned.offered(forked.sealed.hash, running, position)
    station.committed()
    return len(waiting)


def _tell_again(station: Station, forked: ForkedMessage) -> int:
    """Its position in the running life."""
    message, body = _body_of(forked.sealed)
    if message is not None and isinstance(body, ShiftOpened) and _went_on(station, body.shift.shift_id):
        return station.announce(message.kind, message.message_id, body, message.by)
    return station.announce(OFFERED, station.ids.new_id(), _offer(forked), "")


def opens_a_shift_that_goes_on(station: Station, forked: ForkedMessage) -> bool:
    """Whether what is sold in that shift builds on it."""
    _, body = _body_of(forked.sealed)
    return isinstance(body, ShiftOpened) and _went_on(station, body.shift.shift_id)


def _went_on(station: Station, shift_id: str) -> bool:
    """Whether the shift is open here, or its closing stands in a stream that holds."""
    shift = station.books.cash.open_shift()
    is_open = shift is not None and shift.shift_id == shift_id
    return is_open or station.books.returned.tells_closing(shift_id)


def _put(station: Station, name: str, fresh: Sequence[SealedMessage]) -> Merged:
    shelf = station.books.returned
    effects = Effects(station, shelf.of(name))
    aside = _move_aside(station, name, fresh[0].seq)
    without = 0
    for sealed in fresh:
        message = _message_in(station, name, sealed)
        shelf.put(message, sealed)
        reason = effects.apply(message, sealed.hash)
        if reason:
            shelf.without_effect(name, sealed.seq, reason)
            without += 1
    effects.end()
    return Merged(returned=len(fresh), aside=aside, without_effect=without)


def _move_aside(station: Station, name: str, first: int) -> int:
    """What this database says instead from there on. The money that was taken stays in the drawer's ledger."""
    moved = station.books.returned.move_aside(name, first, instant_text(station.clock.now()))
    for sealed in moved:
        _forked(station, name, sealed)
    return len(moved)


def _forked(station: Station, name: str, sealed: SealedMessage) -> None:
    books = station.books
    body = _body_of(sealed)[1]
    if isinstance(body, Document) and books.returned.fork_document(body.doc_id, name, sealed.seq):
        entry = HistoryEntry(
            at=station.clock.now(), event=FORKED, operator="", station=station.identity.station,
        )  # fmt: skip
        books.documents.note(body.doc_id, entry)
    elif isinstance(body, Cancelled | Fiscalised):
        stored = books.documents.find(body.doc_id)
        if stored is not None and stored.row.state != FORKED:
            what = CANCELLED if isinstance(body, Cancelled) else "fiscalised"
            books.returned.only_forked(body.doc_id, what, holds=True)


def _body_of(sealed: SealedMessage) -> tuple[Message | None, object]:
    """A message and its body; None where it cannot be read."""
    try:
        message = decode(sealed.payload, Message)
        return message, read_body(message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None, None


def _carry_total(station: Station, ordinals: Mapping[str, int]) -> None:
    """The perpetual total goes on from the last document that came back; once the running life has issued one of its
    own it stays what that says."""
    books, running = station.books, station.identity.incarnation
    of, total = running, books.returned.last_total(running)
    if total is None:
        others = sorted(books.returned.lives(), key=lambda life: (ordinals.get(life.incarnation, 0), life.incarnation))
        for life in others:
            last = books.returned.last_total(life.incarnation)
            of, total = (life.incarnation, last) if last is not None else (of, total)
        books.set_fact(TOTAL, str(total or 0))
    books.set_fact(TOTAL_OF, f"{of} {books.returned.newest_row()[0]}")


def _message_in(station: Station, name: str, sealed: SealedMessage) -> Message:
    """Raises `Refused("stream.answer_wrong")` when it says that it lies elsewhere."""
    try:
        message = decode(sealed.payload, Message)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise refuse("stream.answer_wrong", seq=sealed.seq, reason="unreadable") from None
    mine = station.identity
    if not says_where_it_lies(message, mine.store, mine.station, name, sealed.seq):
        raise refuse("stream.answer_wrong", seq=sealed.seq, reason="place")
    return message


def _sealed(told: HeldMessage) -> SealedMessage:
    try:
        return SealedMessage(told.seq, told.payload.encode(), bytes.fromhex(told.hash), bytes.fromhex(told.signature))
    except ValueError:
        raise refuse("stream.answer_wrong", seq=told.seq, reason="hex") from None


def _offer(forked: ForkedMessage) -> MessageOffered:
    sealed = forked.sealed
    return MessageOffered(
        incarnation=forked.incarnation, seq=sealed.seq, previous=forked.previous.hex(), hash=sealed.hash.hex(),
        signature=sealed.signature.hex(), payload=sealed.payload.decode(),
    )  # fmt: skip
