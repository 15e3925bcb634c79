"""A till compares its clock with the agent's at every answer (REL-19)."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path

import pytest

from kontuar.operations.agent.relay import RelayGiver
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.ports.sync import HubReach
from kontuar.sync import frames, wire
from kontuar.sync.bell import Bell
from kontuar.sync.connection import Connection
from kontuar.sync.downlink import Answered, Ask, Downlink, Pause, Start
from kontuar.sync.loops import StationSync
from kontuar.sync.server import SyncSite, give_down
from kontuar.sync.transport import Unreachable
from sync_chain import NOW, STORE, Store, TestClock, Till


class TwoClocks(TestClock):
    """Its wall clock can be set without time passing."""

    __test__ = False

    def __init__(self, ahead_seconds: float = 0.0) -> None:
        super().__init__()
        self.ahead_seconds = ahead_seconds

    def now(self) -> datetime.datetime:
        return super().now() + datetime.timedelta(seconds=self.ahead_seconds)


class Line:
    """The way from a till to an agent: takes time, on both clocks, and waits at the agent as asked."""

    def __init__(self, folder: Path, till_ahead_seconds: float, way_seconds: float) -> None:
        self.till_clock = TwoClocks(till_ahead_seconds)
        self.agent_clock = TestClock()
        self.store = Store(folder / "store", self.agent_clock)
        self.till = Till(folder / "till", self.till_clock)
        self.way_seconds = way_seconds
        self.answers = 0
        self.over = asyncio.Event()
        books = self.store.books
        feed = DefinitionsFeed(books.definitions, books.snapshots)
        giver = RelayGiver(feed, books.feeds, self.store.parking, lambda: HubReach(True, ""))
        self.site = SyncSite(
            sender=self.store.sender, certificate=self.store.keys.signed, keys=self.store.keys.keys,
            receiver=self.store.receiver, giver=giver, answerer=None, enroller=None, runner=at_once,
            giver_runner=at_once, clock=self.agent_clock, bell=Bell(), store=STORE,
        )  # type: ignore[arg-type] # fmt: skip

    def pass_time(self, seconds: float) -> None:
        self.till_clock.seconds += seconds
        self.agent_clock.seconds += seconds

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        if path != "/sync/v1/down" or self.answers == 2:
            if self.answers == 2:
                self.over.set()
            await asyncio.sleep(0.05)
            raise Unreachable("cut")
        self.answers += 1
        frame = frames.open_frame(frames.split(body)[0], lambda *_: self.till.keys.signer.public_key)
        waited = wire.fields_of(frame, "down", wire.DownFields).wait_seconds
        self.pass_time(self.way_seconds + waited)
        asked = wire.to_fields(wire.DownFields(
            store=STORE, definitions=wire.WireDefinitions(), confirmations=wire.FeedCursor(),
            stock=wire.FeedCursor(), certificate=self.till.keys.signed,
        ))  # fmt: skip
        sealed = frames.seal(self.till.keys.sender("1"), "down", asked, b"", self.till_clock.now())
        answer = await give_down(self.site, frames.join([sealed]))
        self.pass_time(self.way_seconds)
        return answer


async def at_once(operation, *arguments):  # type: ignore[no-untyped-def]
    return operation(*arguments)


@pytest.mark.parametrize(("ahead_seconds", "way_seconds"), [(300.0, 0.0), (-300.0, 0.4), (0.0, 1.0), (125.0, 3.0)])
def test_the_skew_is_measured_without_the_way_and_the_wait(
    tmp_path: Path, ahead_seconds: float, way_seconds: float
) -> None:
    """REL-19: half the round trip is taken off, and a long poll's waiting is no part of it."""
    line = Line(tmp_path, ahead_seconds, way_seconds)
    connection = Connection(line.till_clock)
    sync = StationSync(
        at_once, line.till.outbox, line.till.sink, line, connection, line.till_clock, who=line.till.keys, build="1",
        folder=tmp_path,
    )  # type: ignore[arg-type] # fmt: skip

    async def play() -> None:
        sync.start()
        await asyncio.wait_for(line.over.wait(), 10)
        await sync.stop()

    asyncio.run(play())
    assert line.answers == 2
    assert connection.clock_skew_seconds() == pytest.approx(ahead_seconds, abs=0.001)


def test_a_skew_is_not_known_before_the_first_answer_nor_after_the_clock_was_set() -> None:
    """REL-19: a till that was set right while offline stops warning; time that passes changes nothing."""
    clock = TwoClocks(600.0)
    connection = Connection(clock)
    told = [connection.clock_skew_seconds()]
    connection.compared(600.0)
    connection.compared(None)
    clock.seconds += 40 * 3600
    connection.lost()
    told.append(connection.clock_skew_seconds())
    clock.ahead_seconds = 0.0
    told.append(connection.clock_skew_seconds())
    connection.compared(0.2)
    told.append(connection.clock_skew_seconds())
    assert told == [None, 600.0, None, 0.2]


def answer_told_at(line: Line, time: str) -> bytes:
    fields = wire.DownAnswerFields(
        definitions=wire.AnswerDefinitions(action="same", epoch="", version=0, checksum="0"),
        confirmations=wire.FeedCursor(), stock=wire.AnswerStock(epoch="", version=0), hub_reachable=True, time=time,
        certificate=line.store.keys.signed,
    )  # fmt: skip
    return frames.join([frames.seal(line.store.sender, "answer", wire.to_fields(fields), b"{}", NOW)])


def test_an_answer_that_tells_no_time_is_taken_and_one_that_tells_nonsense_is_not(tmp_path: Path) -> None:
    """REL-19: the protocol lets an agent leave its time out."""
    line = Line(tmp_path, 0.0, 0.0)
    keys = line.till.keys
    downlink = Downlink(line.till.sink, STORE, keys.sender("1"), keys.signed, keys.keys, line.till_clock)
    downlink.step(Start())
    assert isinstance(downlink.step(Answered(answer_told_at(line, ""), NOW)), Ask)
    assert (downlink.skew_seconds, downlink.problem) == (None, "")
    assert isinstance(downlink.step(Answered(answer_told_at(line, "noon"), NOW)), Pause)
    assert downlink.problem == "frame.unreadable"
