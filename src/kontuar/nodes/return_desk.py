"""What a station does about its earlier lives without help: fetch back what it lacks, offer what contradicts (REL-05,
REL-13; docs/protocol.md, *A till's lives*)."""

import asyncio
from collections.abc import Callable, Container, Mapping, Sequence
from typing import Final

import msgspec
import structlog

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused, refuse
from kontuar.nodes.chores import Chore
from kontuar.operations.hub.certificates import KIND as CERTIFICATE
from kontuar.operations.hub.certificates import CertificateRow, NodeCertificate
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.questions import (
    FORKS,
    MESSAGES,
    AskMessages,
    ForksTold,
    HeldMessage,
    HeldMessages,
    TellForks,
)
from kontuar.operations.ports.streams import START, Position, StreamId
from kontuar.operations.station import handing_over, returned
from kontuar.operations.station.returned import Fetched, Merged, Wanted
from kontuar.operations.station.station import Station
from kontuar.web.desk import Desk

IDLE_SECONDS: Final = 30.0
AGAIN_SECONDS: Final = 5.0
LATER_SECONDS: Final = 300.0
"""So often others are asked whether an earlier life grew: the machine that was replaced may drain."""
HANDED_AGAIN_SECONDS: Final = 3600.0
"""So often a machine that was replaced tells again what lies on its disk alone; head office keeps each once."""
MOST_AT_ONCE: Final = 5_000
"""Messages of one transaction: while they are written nobody sells here."""
_log = structlog.get_logger("lives")


class ReturnDesk:
    """One chore. `seal` says what is wrong with a message's signature."""

    def __init__(self, desk: Desk, seal: SealCheck, by_file: Callable[[], bool] = lambda: False) -> None:
        """`by_file`: whether a file brought answers; asked on the database thread."""
        self._desk = desk
        self._by_file = by_file
        self._station = desk.station
        self._seal = seal
        self._grows_asked_at = -LATER_SECONDS
        self._handed_over_at = -HANDED_AGAIN_SECONDS

    def chore(self) -> Chore:
        """For as long as the station runs."""
        return Chore(name="earlier lives", look=self._look, seconds=AGAIN_SECONDS)

    async def _look(self) -> float:
        return IDLE_SECONDS if await self.once() else AGAIN_SECONDS

    async def once(self) -> bool:
        """All that is due now; whether nothing is left that waits for the agent or the hub. Raises `Refused` when this
        life may not announce anything."""
        ordinals = await self._desk.run(ordinals_of, self._station)
        wanted = await self._desk.run(returned.wanted, self._station, ordinals)
        done = not wanted
        if self._station.connectivity() > Connectivity.OFFLINE or await self._desk.run(self._by_file):
            done = True
            for life in wanted:
                done = await self._brought(life, ordinals) and done
        if done and self._station.connectivity() > Connectivity.OFFLINE:
            await self._bring_what_grew(ordinals, asked={life.incarnation for life in wanted})
        if await self._desk.run(handing_over.is_due, self._station):
            return await self._hand_over() and done
        while await self._desk.run(returned.offer_forks, self._station):
            _log.warning("lives.fork_offered")
        return done

    async def _hand_over(self) -> bool:
        """What this machine cannot offer any more; whether head office has all of it."""
        now = self._station.clock.monotonic()
        if self._station.connectivity() is Connectivity.ONLINE and now - self._handed_over_at >= HANDED_AGAIN_SECONDS:
            await self._desk.run(handing_over.begin_again, self._station)
            self._handed_over_at = now
        while (telling := await self._desk.run(handing_over.next_telling, self._station)) is not None:
            try:
                answer = await self._told(telling)
            except Refused as refusal:
                _log.info("lives.handing_over_waits", code=refusal.problems[0].code)
                return False
            refused = await self._desk.run(handing_over.told, self._station, telling, answer)
            _log.warning("lives.handed_over", incarnation=telling.incarnation, messages=len(telling.messages))
            if refused:
                _log.error("lives.forks_refused", messages=refused, code=answer.refused[0][1])
        return True

    async def _told(self, telling: TellForks) -> ForksTold:
        try:
            return decode(await self._desk.questions.ask(FORKS, encode(telling)), ForksTold)
        except msgspec.DecodeError as error:
            raise refuse("stream.answer_wrong", seq=telling.messages[0].seq, reason=error) from None

    async def _bring_what_grew(self, ordinals: Mapping[str, int], asked: Container[str]) -> None:
        """What a machine that was replaced had sold alone, and told when it was switched on again. `asked`: lives that
        others told everything of just now."""
        now = self._station.clock.monotonic()
        if now - self._grows_asked_at < LATER_SECONDS:
            return
        self._grows_asked_at = now
        for life in await self._desk.run(returned.settled, self._station, ordinals):
            if life.incarnation in asked:
                continue
            try:
                held = await self._ask(life.incarnation, life.after.seq)
            except Refused as refusal:
                _log.info("lives.growth_unknown", incarnation=life.incarnation, code=refusal.problems[0].code)
                return
            if held.head.seq > life.after.seq:
                await self._brought(life, ordinals)

    async def _brought(self, life: Wanted, ordinals: Mapping[str, int]) -> bool:
        try:
            after = life.after
            if after != START and not await self._is_common(life.incarnation, after):
                after = START
            await self._bring(life.incarnation, after, ordinals)
        except Refused as refusal:
            _log.warning("lives.return_waits", incarnation=life.incarnation, code=refusal.problems[0].code)
            return False
        return True

    async def _is_common(self, incarnation: str, after: Position) -> bool:
        """Whether what is held elsewhere goes on from what this database knows to be final; the hub may have been set
        up again from a backup and have taken in something else since."""
        answer = await self._ask(incarnation, after.seq)
        if answer.head.seq > after.seq and answer.messages:
            return returned.follows(after, answer.messages[0])
        return bool(await self._desk.run(returned.holds, self._station, incarnation, answer.head))

    async def _bring(self, incarnation: str, after: Position, ordinals: Mapping[str, int]) -> None:
        """Run by run, each in one transaction; cut off in the middle, the next beginning finds what is there."""
        complete = False
        while not complete:
            told, head, complete = await self._run_of(incarnation, after)
            stream = StreamId(self._station.identity.station, incarnation)
            messages = await asyncio.to_thread(returned.checked, stream, after, told, self._seal)
            fetched = Fetched(incarnation=incarnation, messages=messages, head=head, complete=complete)
            done = await self._desk.run(returned.merge, self._station, fetched, ordinals)
            _tell(incarnation, done)
            if messages:
                after = Position(messages[-1].seq, messages[-1].hash.hex())

    async def _run_of(self, incarnation: str, after: Position) -> tuple[Sequence[HeldMessage], Position, bool]:
        """(messages, head, whether they reach it), with as many questions as it takes."""
        told: list[HeldMessage] = []
        while True:
            answer = await self._ask(incarnation, after.seq + len(told))
            told += answer.messages
            if answer.complete or len(told) >= MOST_AT_ONCE:
                return told, answer.head, answer.complete
            if not answer.messages:
                raise refuse("stream.answer_wrong", seq=after.seq + len(told) + 1, reason="missing")

    async def _ask(self, incarnation: str, after: int) -> HeldMessages:
        body = encode(AskMessages(incarnation=incarnation, after=after))
        try:
            return decode(await self._desk.questions.ask(MESSAGES, body), HeldMessages)
        except msgspec.DecodeError as error:
            raise refuse("stream.answer_wrong", seq=after + 1, reason=error) from None


def _tell(incarnation: str, done: Merged) -> None:
    if done.returned:
        _log.warning(
            "lives.returned", incarnation=incarnation, messages=done.returned, forked=done.aside,
            without_effect=done.without_effect,
        )  # fmt: skip


def ordinals_of(station: Station) -> dict[str, int]:
    """Which life of this station each of its certificates is for."""
    found: dict[str, int] = {}
    for _, _, body in station.books.definitions.rows(CERTIFICATE):
        told = decode(decode(body, CertificateRow).certificate.encode(), NodeCertificate)
        if (told.kind, told.node) == ("station", station.identity.station):
            found[told.incarnation] = told.ordinal
    return found
