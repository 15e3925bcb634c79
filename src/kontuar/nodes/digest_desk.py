"""A station compares its messages with its agent's, an agent with the hub's: at each closure and at night (REL-18)."""

import asyncio
import datetime
from collections.abc import Callable, Iterable
from typing import Final, Protocol

import structlog

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.kernel.time import Clock, instant_text, parse_instant
from kontuar.nodes.chores import Chore
from kontuar.operations.digests import (
    agrees,
    digest_of,
    due_at_night,
    in_parts,
    joined,
    odds,
    segments_of,
    sound_copies,
    take_copies,
    up_to,
    with_more,
)
from kontuar.operations.ports.digests import (
    COMPARE,
    FETCH,
    MOST_SEGMENTS,
    OFFER,
    Claimed,
    Compare,
    Compared,
    Copies,
    Difference,
    Digest,
    DigestBooks,
    DigestDays,
    Fetch,
    Segment,
    Taken,
)
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.questions import HubQuestions
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.proving import is_due
from kontuar.sync.connection import Connection

FACT: Final = "digests_at"
LOOK_SECONDS: Final = 30.0
PAGE: Final = 100
"""Messages that are read at a time: whoever sells meanwhile waits no longer than for these (PERF-01)."""
REST_SECONDS: Final = 0.01
_log = structlog.get_logger("digests")


class _Books(DigestBooks, DigestDays, Protocol):
    """Both sides of a node's books."""


class DigestDesk:
    """Asks the node above; what cannot be compared now is compared later."""

    def __init__(
        self, run: Runner, books: _Books, questions: HubQuestions, connection: Connection, seal: SealCheck,
        clock: Clock, fact: Callable[[str], str], set_fact: Callable[[str, str], None],
    ) -> None:  # fmt: skip
        """`fact` and `set_fact`: the node's small facts, on its database thread."""
        self._run = run
        self._books = books
        self._questions = questions
        self._connection = connection
        self._seal = seal
        self._clock = clock
        self._fact = fact
        self._set_fact = set_fact
        self._wished: set[StreamId] = set()

    def chore(self) -> Chore:
        """Every half minute it is looked whether anything is to be compared."""
        return Chore(name="digests", look=self.look, seconds=LOOK_SECONDS, waits_first=True)

    def wish(self, stream: StreamId) -> None:
        """A station compared this stream: it is compared further up as well."""
        self._wished.add(stream)

    async def look(self) -> None:
        """Compare what is due; raises `Refused` where the node above cannot answer."""
        if self._connection.level() == Connectivity.OFFLINE:
            return
        is_night = is_due(await self._run(self._since), self._clock.now())
        for stream, held in await self._run(self._books.streams):
            if is_night or await self._closed(stream):
                await self.compare(stream, held, everything=is_night)
                self._wished.discard(stream)
        if is_night:
            await self._run(self._set_fact, FACT, instant_text(self._clock.now()))

    async def compare(self, stream: StreamId, held: int, *, everything: bool) -> None:
        """The segments of a stream that never agreed yet; at night also what else is due."""
        await self._list_new(stream, held)
        days = await self._run(self._books.all, stream)
        due = due_at_night(days, self._clock.now().date()) if everything else [d for d in days if not d.agreed_at]
        for start in range(0, len(due), MOST_SEGMENTS):
            await self._compare([day.segment for day in due[start : start + MOST_SEGMENTS]])

    def _since(self) -> datetime.datetime:
        known = self._fact(FACT)
        if not known:
            self._set_fact(FACT, instant_text(self._clock.now()))
            return self._clock.now()
        return parse_instant(known)

    async def _closed(self, stream: StreamId) -> bool:
        if stream in self._wished:
            return True
        last = await self._run(self._books.last, stream)
        return bool(await self._run(self._books.closed_after, stream, last.last if last else 0))

    # -- the list -----------------------------------------------------------------------------------------
    async def _list_new(self, stream: StreamId, held: int) -> None:
        """Segments of what came since; the last day that is listed may have gone on."""
        last = await self._run(self._books.last, stream)
        if last is not None and last.last >= held:
            return
        found: list[Segment] = []
        after, day = (last.first - 1, last.day) if last else (0, "")
        while page := await self._run(self._books.within, stream, after + 1, held, PAGE):
            found = with_more(found, segments_of(stream, page, day, after))
            after, day = page[-1].seq, found[-1].day
            await asyncio.sleep(REST_SECONDS)
        found = up_to(found, held)
        await self._run(self._books.put, [segment for segment in found if segment != last])

    # -- comparing ----------------------------------------------------------------------------------------
    async def _compare(self, segments: list[Segment]) -> None:
        claimed = [Claimed(segment=segment, digest=await self._digest(segment)) for segment in segments]
        body = await self._questions.ask(COMPARE, encode(Compare(claimed=tuple(claimed))))
        for segment, difference in agrees(claimed, decode(body, Compared)).items():
            faults, mended = (0, 0) if difference is None else await self._mend(difference)
            agreed_at = "" if faults else instant_text(self._clock.now())
            await self._run(self._settle, segment, agreed_at, faults, mended)

    def _settle(self, segment: Segment, agreed_at: str, faults: int, mended: int) -> None:
        self._books.settled(segment, agreed_at=agreed_at, faults=faults, mended=mended)

    async def _digest(self, segment: Segment) -> Digest:
        found = digest_of(())
        after = segment.first - 1
        while page := await self._run(self._books.within, segment.stream, after + 1, segment.last, PAGE):
            found = joined(found, digest_of(page))
            after = page[-1].seq
            await asyncio.sleep(REST_SECONDS)
        return found

    async def _mend(self, difference: Difference) -> tuple[int, int]:
        """(messages that stay different, messages that were mended on either side)."""
        stream = difference.segment.stream
        found = await self._run(odds, self._books, difference)
        mended: set[int] = set()
        for part in in_parts(found.to_fetch):
            mended |= await self._fetch(stream, part)
        for part in in_parts([seq for seq in found.to_offer if seq not in mended]):
            mended |= await self._offer(stream, part)
        left = ({*found.to_fetch, *found.to_offer}) - mended
        if mended:
            _log.warning("digests.mended", origin=stream.origin, messages=len(mended), first=min(mended))
        if left:
            _log.error("digests.differ", origin=stream.origin, messages=len(left), first=min(left))
        return len(left), len(mended)

    async def _fetch(self, stream: StreamId, seqs: tuple[int, ...]) -> set[int]:
        asked = Fetch(origin=stream.origin, incarnation=stream.incarnation, seqs=seqs)
        told = decode(await self._questions.ask(FETCH, encode(asked)), Copies)
        return set(await self._run(take_copies, self._books, stream, told, self._seal, self._clock.now()))

    async def _offer(self, stream: StreamId, seqs: Iterable[int]) -> set[int]:
        messages = await self._run(sound_copies, self._books, stream, tuple(seqs), self._seal)
        if not messages:
            return set()
        offered = Copies(origin=stream.origin, incarnation=stream.incarnation, messages=messages)
        try:
            return set(decode(await self._questions.ask(OFFER, encode(offered)), Taken).seqs)
        except Refused as refusal:
            if refusal.problems[0].code == "connectivity.too_low":
                raise
            _log.error("digests.offer_declined", origin=stream.origin, code=refusal.problems[0].code)
            return set()
