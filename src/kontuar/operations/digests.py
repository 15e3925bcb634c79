"""Digests per stream and day: two nodes find out what one of them lost or holds otherwise, and mend it (REL-18)."""

import datetime
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.proof.chain import REVOKED
from kontuar.kernel.canonical import chain_hash
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.digests import (
    MOST_COPIES,
    MOST_IN_SEGMENT,
    MOST_SEGMENTS,
    Claimed,
    Compare,
    Compared,
    Copies,
    Day,
    Difference,
    Digest,
    DigestBooks,
    Fetch,
    Segment,
    Taken,
)
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.questions import KeptFork
from kontuar.operations.ports.streams import SealedMessage, StreamId
from kontuar.operations.ports.sync import NodeIdentity

RECENT_DAYS: Final = 7
EVERY_DAYS: Final = 28
"""Every night what is younger than a week, and of what is older one part in 28: all of it within four weeks."""
_DIGITS: Final = 64
_WRAP: Final = 2**53
_LARGEST_HOLE: Final = MOST_IN_SEGMENT // 2


# -- digests ------------------------------------------------------------------------------------------------
class _Totals(msgspec.Struct, frozen=True):
    gross: int = 0


class _Shift(msgspec.Struct, frozen=True):
    business_day: str = ""


class _Body(msgspec.Struct, frozen=True):
    business_day: str = ""
    shift: _Shift = _Shift()
    totals: _Totals = _Totals()


class _Said(msgspec.Struct, frozen=True):
    at: str = ""
    body: _Body = _Body()


_said = msgspec.json.Decoder(_Said)
_NO_WORD: Final = _Said()


def _read(payload: bytes) -> _Said:
    try:
        return _said.decode(payload)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _NO_WORD


def message_digest(message: SealedMessage) -> str:
    """Everything that is kept of a message as one number (hex): an altered payload shows although its hash column was
    left as it was."""
    parts = (message.hash, message.signature, message.payload)
    return hashlib.sha256(b"digest/1" + b"".join(len(part).to_bytes(4, "big") + part for part in parts)).hexdigest()


def digest_of(messages: Iterable[SealedMessage]) -> Digest:
    """Count, value and exclusive or."""
    count = amount = mixed = 0
    for message in messages:
        count += 1
        amount += _read(message.payload).body.totals.gross
        mixed ^= int(message_digest(message), 16)
    # A message of nonsense may name any figure; the sum has to fit into a number that travels.
    return Digest(count=count, amount=amount % _WRAP, xor=f"{mixed:0{_DIGITS}x}")


def joined(one: Digest, other: Digest) -> Digest:
    """Of two ranges that follow each other."""
    mixed = int(one.xor, 16) ^ int(other.xor, 16)
    return Digest(
        count=one.count + other.count, amount=(one.amount + other.amount) % _WRAP, xor=f"{mixed:0{_DIGITS}x}"
    )  # fmt: skip


def segments_of(
    stream: StreamId, messages: Iterable[SealedMessage], day: str = "", after: int = 0
) -> Iterator[Segment]:  # fmt: skip
    """The messages after a position as segments of one business day each, with what may be missing between them.

    A document and the opening of a shift name their day; what lies between belongs to it. `day`: what the messages
    before had. A hole that is too large to be a damage stands in no segment.
    """
    first, last = 0, after
    for message in messages:
        said = _read(message.payload)
        own = said.body.business_day or said.body.shift.business_day or day or said.at[:10]
        if first and (own != day or message.seq - first >= MOST_IN_SEGMENT):
            yield _segment(stream, day, first, last)
            first = 0
        if not first:
            first = last + 1 if message.seq - last < _LARGEST_HOLE else message.seq
        last, day = message.seq, own
    if first:
        yield _segment(stream, day, first, last)


def with_more(before: list[Segment], more: Iterable[Segment]) -> list[Segment]:
    """Segments of a page behind those of the pages before it: the first may go on with the last."""
    found = list(before)
    for each in more:
        last = found[-1] if found else None
        if last and last.day == each.day and last.last + 1 == each.first and each.last - last.first < MOST_IN_SEGMENT:
            found[-1] = msgspec.structs.replace(last, last=each.last)
        else:
            found.append(each)
    return found


def up_to(segments: list[Segment], head: int) -> list[Segment]:
    """With the last one reaching to where the stream is said to end: what is missing there is looked for as well."""
    if not segments or not 0 < head - segments[-1].last < _LARGEST_HOLE:
        return segments
    last = segments[-1]
    more = _segment(last.stream, last.day, last.last + 1, head)
    return with_more(segments, [more])


def _segment(stream: StreamId, day: str, first: int, last: int) -> Segment:
    return Segment(origin=stream.origin, incarnation=stream.incarnation, day=day, first=first, last=last)


# -- which are due ------------------------------------------------------------------------------------------
def due_at_night(days: Sequence[Day], today: datetime.date) -> list[Day]:
    """What is young, what does not agree, and this night's part of all that is older."""
    return [day for day in days if not day.agreed_at or day.faults or _is_due(day.segment.day, today)]


def _is_due(day: str, today: datetime.date) -> bool:
    try:
        age = (today - datetime.date.fromisoformat(day)).days
    except ValueError:
        age = 0
    return age < RECENT_DAYS or age % EVERY_DAYS == 0


# -- the answerer's side ------------------------------------------------------------------------------------
def check_asker(asker: NodeIdentity, origin: str, store: str) -> None:
    """A station compares its own streams, an agent those of its store.

    Raises `Refused("digests.not_yours")`.
    """
    if asker.kind == "station" and asker.node == origin and store in ("", asker.store):
        return
    if asker.kind == "agent" and store == asker.store:
        return
    raise refuse("digests.not_yours", node=asker.node, origin=origin[:80])


def compare(books: DigestBooks, asker: NodeIdentity, asked: Compare) -> Compared:
    """Where this node holds something else; raises `Refused("digests.too_many" | "digests.not_yours")`."""
    if len(asked.claimed) > MOST_SEGMENTS:
        raise refuse("digests.too_many", most=MOST_SEGMENTS)
    with books.reading():
        found = (_compared(books, asker, claimed) for claimed in asked.claimed)
        return Compared(differ=tuple(difference for difference in found if difference is not None))


def _compared(books: DigestBooks, asker: NodeIdentity, claimed: Claimed) -> Difference | None:
    segment = claimed.segment
    if not 0 <= segment.last - segment.first < MOST_IN_SEGMENT:
        raise refuse("digests.too_many", most=MOST_IN_SEGMENT)
    check_asker(asker, segment.origin, books.store_of(segment.stream))
    messages = books.within(segment.stream, segment.first, segment.last, MOST_IN_SEGMENT)
    digest = digest_of(messages)
    if digest == claimed.digest:
        return None
    return Difference(
        segment=segment, digest=digest, held=tuple((m.seq, message_digest(m)) for m in messages),
        excused=tuple(books.excused(segment.stream, segment.first, segment.last)),
    )  # fmt: skip


def fetch(books: DigestBooks, asker: NodeIdentity, asked: Fetch) -> Copies:
    """This node's copies; raises as `compare`."""
    stream = StreamId(asked.origin, asked.incarnation)
    if len(asked.seqs) > MOST_COPIES:
        raise refuse("digests.too_many", most=MOST_COPIES)
    with books.reading():
        check_asker(asker, asked.origin, books.store_of(stream))
        return Copies(
            origin=asked.origin, incarnation=asked.incarnation, messages=tuple(copies(books, stream, asked.seqs))
        )  # fmt: skip


def take_offer(
    books: DigestBooks, asker: NodeIdentity, offered: Copies, seal: SealCheck, now: datetime.datetime
) -> Taken:  # fmt: skip
    """Mend what is missing or unsound here by what is offered; raises as `compare`."""
    stream = StreamId(offered.origin, offered.incarnation)
    if len(offered.messages) > MOST_COPIES:
        raise refuse("digests.too_many", most=MOST_COPIES)
    with books.transaction():
        check_asker(asker, offered.origin, books.store_of(stream))
        taken = [copy.seq for copy in offered.messages if mended_by(books, stream, copy, seal, now)]
    return Taken(seqs=tuple(taken))


# -- both sides ---------------------------------------------------------------------------------------------
def copies(books: DigestBooks, stream: StreamId, seqs: Iterable[int]) -> Iterator[KeptFork]:
    """Messages with what they are built on."""
    for seq in seqs:
        for m in books.within(stream, seq, seq, 1):
            previous = books.hash_before(stream, seq)
            yield KeptFork(seq=seq, previous=previous, hash=m.hash, signature=m.signature, payload=m.payload)


class _Place(msgspec.Struct, frozen=True):
    origin: str
    incarnation: str
    seq: int


def is_sound(stream: StreamId, message: SealedMessage, before: Iterable[bytes], seal: SealCheck) -> bool:
    """Whether these bytes are what the station wrote at that place: they say where they lie, they follow from one of
    the hashes known to lie before, and the station signed the hash."""
    try:
        place = msgspec.json.decode(message.payload, type=_Place)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    if (place.origin, place.incarnation, place.seq) != (stream.origin, stream.incarnation, message.seq):
        return False
    follows = any(previous and chain_hash(previous, message.payload) == message.hash for previous in before)
    return follows and seal(stream, message) in ("", REVOKED)


def mended_by(
    books: DigestBooks, stream: StreamId, copy: KeptFork, seal: SealCheck, now: datetime.datetime
) -> bool:  # fmt: skip
    """Whether the other side's copy is held here now: it was, or it took the place of nothing or of what was unsound.

    What is sound here stays: two sound messages at one place are a fork, which a person decides on. What need not be
    here is not put here.
    """
    theirs = SealedMessage(copy.seq, copy.payload, copy.hash, copy.signature)
    before = (copy.previous, books.hash_before(stream, copy.seq))
    here = next(iter(books.within(stream, copy.seq, copy.seq, 1)), None)
    if here == theirs:
        return True
    if books.excused(stream, copy.seq, copy.seq) or not is_sound(stream, theirs, before, seal):
        return False
    if here is not None and is_sound(stream, here, before, seal):
        return False
    books.mend(stream, theirs, now.isoformat())
    return True


# -- the asker's side ---------------------------------------------------------------------------------------
class Odds(msgspec.Struct, frozen=True, kw_only=True):
    """What one side holds otherwise than the other: positions whose copies are to be looked at, and offered."""

    segment: Segment
    to_fetch: tuple[int, ...]
    to_offer: tuple[int, ...]


def odds(books: DigestBooks, difference: Difference) -> Odds:
    """Position by position; what either side need not hold is no difference. Call it on the database thread."""
    segment = difference.segment
    mine = {
        m.seq: message_digest(m) for m in books.within(segment.stream, segment.first, segment.last, MOST_IN_SEGMENT)
    }
    theirs = dict(difference.held)
    off = (*difference.excused, *books.excused(segment.stream, segment.first, segment.last))
    unlike = [
        seq for seq in range(segment.first, segment.last + 1)
        if mine.get(seq) != theirs.get(seq) and not any(first <= seq <= last for first, last in off)
    ]  # fmt: skip
    return Odds(
        segment=segment, to_fetch=tuple(seq for seq in unlike if seq in theirs),
        to_offer=tuple(seq for seq in unlike if seq in mine),
    )  # fmt: skip


def take_copies(
    books: DigestBooks, stream: StreamId, told: Copies, seal: SealCheck, now: datetime.datetime
) -> tuple[int, ...]:  # fmt: skip
    """Mend this node by the other's copies; positions that are the same now."""
    with books.transaction():
        return tuple(copy.seq for copy in told.messages if mended_by(books, stream, copy, seal, now))


def sound_copies(
    books: DigestBooks, stream: StreamId, seqs: Sequence[int], seal: SealCheck
) -> tuple[KeptFork, ...]:  # fmt: skip
    """What can be offered: only what this node's own station did write."""
    return tuple(
        copy for copy in copies(books, stream, seqs)
        if is_sound(
            stream, SealedMessage(copy.seq, copy.payload, copy.hash, copy.signature), (copy.previous,), seal
        )
    )  # fmt: skip


def in_parts(seqs: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """As many as go into one question."""
    for start in range(0, len(seqs), MOST_COPIES):
        yield tuple(seqs[start : start + MOST_COPIES])


def agrees(claimed: Sequence[Claimed], answer: Compared) -> Mapping[Segment, Difference | None]:
    """Each segment with its difference, None where both hold the same."""
    differ = {difference.segment: difference for difference in answer.differ}
    return {each.segment: differ.get(each.segment) for each in claimed}
