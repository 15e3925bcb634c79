"""Proving a node's books, and that nodes hold the same: the same rules for a station, an agent and the hub (REL-14)."""

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Final

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import Cancelled
from kontuar.domain.documents.proof.records import BooksProof, Fault, StreamProof
from kontuar.domain.documents.proof.walk import StreamWalk
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.proofs import HeldStream, ProofShelf
from kontuar.operations.ports.streams import Head, SealedMessage, StreamId
from kontuar.operations.ports.sync import HUB_NODE
from kontuar.operations.signed_heads import against, cut_off, heads_of, let_go, pruned_of

CHUNK: Final = 200
RANK: Final = {"station": 0, "agent": 1, "hub": 2}
NIGHT_HOURS_UTC: Final = range(5)
_A_NIGHT_LATER: Final = datetime.timedelta(hours=18)
_TOO_LONG: Final = datetime.timedelta(hours=44)


def nothing() -> None:
    """No pause between two pieces of work."""


def is_due(since: datetime.datetime | None, now: datetime.datetime) -> bool:
    """Whether the books are to be proved now: once a night; by day only where a machine is switched off at night.

    `since`: the last proof, or the first message where there was none; None = there is nothing to prove.
    """
    if since is None:
        return False
    passed = now - since
    return passed > _TOO_LONG or (passed > _A_NIGHT_LATER and now.hour in NIGHT_HOURS_UTC)


def prove(shelf: ProofShelf, seal: SealCheck, rest: Callable[[], None] = nothing) -> BooksProof:
    """All streams and balances as of one moment. `rest` is called between pieces of work.

    Raises `StorageFailure` where the books cannot be read.
    """
    with shelf.reading():
        told: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
        aside: defaultdict[str, dict[str, Document | Cancelled]] = defaultdict(dict)
        pruned: defaultdict[str, set[str]] = defaultdict(set)
        walked = []
        for stream in shelf.streams():
            read = _walk(shelf, stream, seal, rest)
            told[stream.id.origin] |= read.walk.told
            aside[stream.id.origin] |= read.walk.aside
            if read.pruned is not None:
                pruned[stream.id.origin].add(stream.id.incarnation)
            walked.append(read)
        for each in walked:
            origin, others = each.stream.id.origin, pruned[each.stream.id.origin] - {each.stream.id.incarnation}
            each.walk.end(told[origin], aside[origin], others_whole=not others)
        streams = tuple(_proof_of(each) for each in walked)
        return BooksProof(kind=shelf.kind, node=shelf.node, streams=streams, faults=tuple(shelf.faults()))


class _Walked(msgspec.Struct, frozen=True):
    """A stream that was read to its end. `signed`: how far others hold it; `bad`: where it is not what they hold."""

    stream: HeldStream
    walk: StreamWalk
    signed: Mapping[int, Sequence[Head]]
    bad: Sequence[Fault]
    pruned: Head | None


def _walk(shelf: ProofShelf, stream: HeldStream, seal: SealCheck, rest: Callable[[], None]) -> _Walked:
    """One stream from its first message."""
    signed, bad = heads_of(stream, seal)
    pruned = pruned_of(stream, seal, signed, bad)
    walk = StreamWalk(
        shelf.kind, stream.id.origin, stream.id.incarnation, stream.store,
        lambda digest, signature: seal(stream.id, SealedMessage(0, b"", digest, signature)),
        shelf.rules(), may_begin_later=stream.begins_later, elsewhere=stream.elsewhere,
        holes=stream.holes, pruned=None if pruned is None else (pruned.seq, bytes.fromhex(pruned.hash)),
    )  # fmt: skip
    after = 0
    while chunk := shelf.stored(stream, after, CHUNK):
        for stored in chunk:
            walk.take(stored)
            bad += against(signed, stored.seq, stored.hash)
        after = chunk[-1].seq
        rest()
    return _Walked(stream, walk, signed, bad, pruned)


def _proof_of(read: _Walked) -> StreamProof:
    """What is to be said of it, once all streams of its origin have told what became of their documents, and offered
    what lies aside."""
    stream, walk, pruned = read.stream, read.walk, read.pruned
    last, digest = walk.chain.held
    faults = [*walk.faults, *read.bad, *_at_the_end(stream, walk), *cut_off(read.signed, _reached(stream, walk))]
    first = walk.chain.first
    let_go_to = pruned.seq if pruned and first > pruned.seq else 0
    notes = {
        **stream.notes, "begins_later": first if first > 1 and first != let_go_to + 1 else 0,
        "not_booked": walk.undecided, "numbers_unread": walk.unread,
    }  # fmt: skip
    return StreamProof(
        store=stream.store, origin=stream.id.origin, incarnation=stream.id.incarnation, first=first,
        last=last, messages=walk.messages, documents=walk.documents, hash=digest.hex(),
        notes={name: number for name, number in notes.items() if number}, held=stream.held, faults=tuple(faults),
        pruned_to=let_go_to, pruned_at=pruned.at if pruned else "",
        behind_holes=tuple(walk.chain.behind),
    )  # fmt: skip


def _reached(stream: HeldStream, walk: StreamWalk) -> int:
    """How far the stream is here, or known to have passed elsewhere."""
    elsewhere = max((last for _, last, _ in stream.elsewhere), default=0)
    head = stream.head.seq if stream.head is not None and stream.begins_later and not walk.messages else 0
    return max(walk.chain.seq, elsewhere, head)


def _at_the_end(stream: HeldStream, walk: StreamWalk) -> Iterator[Fault]:
    if stream.head is not None and (walk.messages or not stream.begins_later):
        yield from walk.chain.ends_at(stream.head.seq, bytes.fromhex(stream.head.hash))
    if stream.perpetual is not None and walk.perpetual is not None and stream.perpetual != walk.perpetual:
        yield Fault(code="chain.total_differs", detail=f"{stream.perpetual} instead of {walk.perpetual}")


def _believed(stream: StreamId, message: SealedMessage) -> str:
    """Where no key is known."""
    del stream, message
    return ""


class Comparison:
    """The same streams at two nodes: *lower* wrote or relayed what *higher* holds (station below agent below hub)."""

    def __init__(self, lower: ProofShelf, higher: ProofShelf, seal: SealCheck = _believed) -> None:
        """`seal` checks what the lower node says that the higher one signed."""
        self._lower = lower
        self._higher = higher
        self._seal = seal

    def faults(self, here: HeldStream, there: HeldStream | None) -> tuple[int, tuple[Fault, ...]]:
        """(how far the higher node holds the stream, what is not the same); call inside both nodes' `reading()`."""
        if there is None:
            return 0, tuple(self._promised(here, 0))
        found: list[Fault] = []
        rewritten: list[Fault] = []
        signed, pruned = self._signed(here), let_go(here)
        last_here = last_there = 0
        ours, theirs = _pages(self._lower, here), _pages(self._higher, there)
        mine = next(ours, None)
        for other in theirs:
            while mine is not None and mine[0] < other[0]:
                found += [] if _passed(there, mine[0]) else self._lacks(mine[0], last_there)
                last_here, mine = mine[0], next(ours, None)
            if mine is None or mine[0] > other[0]:
                if pruned is not None and other[0] <= pruned.seq:
                    rewritten += against({pruned.seq: [pruned]}, *other[:2], f"{self._where()}: ")
                else:
                    found += [] if _passed(here, other[0]) else self._lacks_below(other[0], last_here)
            else:
                found += [] if mine == other else [Fault(code="chain.copy_differs", seq=other[0], detail=self._where())]
                last_here, mine = mine[0], next(ours, None)
            last_there = other[0]
            rewritten += against(signed, other[0], other[1], f"{self._where()}: ")
        if self._higher.kind == "hub":  # an agent may be replaced by one that begins later
            rewritten += cut_off(signed, last_there, f"{self._where()}: ")
        return last_there, (*_shortened(found), *rewritten, *self._promised(here, _gone_by(there, last_there)))

    def _signed(self, here: HeldStream) -> Mapping[int, Sequence[Head]]:
        """What the higher node signed: it cannot say otherwise now."""
        found, _ = heads_of(here, self._seal)
        is_hub = self._higher.kind == "hub"
        mine = {seq: [head for head in heads if (head.signer == HUB_NODE) == is_hub] for seq, heads in found.items()}
        return {seq: heads for seq, heads in mine.items() if heads}

    def _lacks(self, seq: int, last_there: int) -> list[Fault]:
        """A message that the higher node lacks although it has later ones; where it began later, that is so."""
        return [Fault(code="chain.copy_missing", seq=seq, detail=self._where())] if last_there else []

    def _lacks_below(self, seq: int, last_here: int) -> list[Fault]:
        """A message that only the higher node has; a relay that was replaced does not have what came before it."""
        if self._lower.kind == "agent" and not last_here:
            return []
        return [Fault(code="chain.copy_beyond", seq=seq, detail=self._where())]

    def _promised(self, here: HeldStream, last_there: int) -> Iterator[Fault]:
        promised = here.held.get(self._higher.kind, 0)
        if promised > last_there:
            detail = f"{self._where()}: said to be held to {promised}, is to {last_there}"
            yield Fault(code="chain.copy_missing", seq=last_there + 1, detail=detail)

    def _where(self) -> str:
        return f"{self._higher.kind} {self._higher.node}".strip()


def _passed(relay: HeldStream, seq: int) -> bool:
    """Whether a message came to the node above another way, or is asked for again since that one lost it."""
    return any(first <= seq <= last for first, last, _ in (*relay.elsewhere, *relay.holes))


def _gone_by(relay: HeldStream, last: int) -> int:
    """How far a relay's copy goes with what came to the node above another way behind its last message."""
    while run := next((end for first, end, _ in relay.elsewhere if first <= last + 1 <= end), 0):
        last = run
    return last


def _pages(shelf: ProofShelf, stream: HeldStream) -> Iterator[tuple[int, bytes, bytes]]:
    after = 0
    while page := shelf.sealed(stream, after, CHUNK):
        yield from page
        after = page[-1][0]


def _shortened(found: Sequence[Fault]) -> Sequence[Fault]:
    """The first of many: one cause makes hundreds."""
    return found[:20]
