"""A till's database goes to the agent beside the work: when it is due, in pieces, and on from where it was cut off
(REL-01, REL-20). Time is virtual."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused, refuse
from kontuar.nodes.backup_desk import PARAMETER, BackupDesk
from kontuar.nodes.lanes import Lane
from kontuar.nodes.restoring import put_in_place
from kontuar.operations.ports.backups import PIECE, PIECE_BYTES, UNCHANGED
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.storage.backup_shelf import FolderShelf
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS
from kontuar.sync.backups import BackupAnswerer
from kontuar.tools.simulate.virtual_time import VirtualLoop
from shop import MILK_EAN, HandClock, fill, open_till, sell, with_parameter

MINUTES = 10
TILL = NodeIdentity(node="S1T1", kind="station", store="S1", incarnation="i1", public_key=b"")


class ToAgent:
    """The way to the agent, which can be cut after so many questions."""

    def __init__(self, answerer: BackupAnswerer) -> None:
        self.answerer = answerer
        self.asked: list[str] = []
        self.left = 10_000

    async def ask(self, question: str, body: bytes) -> bytes:
        if not self.left:
            raise refuse("connectivity.too_low", needs="store")
        self.left -= 1
        self.asked.append(question)
        problems, answer = await self.answerer(TILL, question, body)
        if problems:
            raise Refused(*problems)
        return answer


class Counter:
    """A till with a database, and an agent's shelf."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = HandClock()
        self.station = open_till(folder, clock=self.clock)
        with_parameter(self.station.books, PARAMETER, str(MINUTES))  # type: ignore[arg-type]
        self.lane: Lane[SqliteDatabase] = Lane("station", self.station.books.database)  # type: ignore[attr-defined]
        self.lane.open()
        self.level = Connectivity.STORE
        self.shelf = self.new_shelf("backups")
        self.way = ToAgent(BackupAnswerer(self.shelf, _nobody))
        self.loop = VirtualLoop()
        self.desk = self.new_desk()

    def new_shelf(self, name: str, least_free_bytes: int = 0) -> FolderShelf:
        return FolderShelf(self.folder / name, self.clock, least_free_bytes=least_free_bytes)

    def new_desk(self) -> BackupDesk:
        return BackupDesk(self.station, self.lane, self.way, lambda: self.level, self.clock, self.folder)

    def look(self) -> None:
        self.done(self.desk.look())

    def done(self, work: Coroutine[Any, Any, Any]) -> Any:
        asyncio.set_event_loop(self.loop)
        try:
            return self.loop.run_until_complete(work)
        finally:
            asyncio.set_event_loop(None)

    def passed(self, minutes: int) -> None:
        self.clock.turn(minutes * 60)

    def restored(self) -> SqliteDatabase:
        """What a new machine would have, of the latest backup."""
        place = self.folder / f"restored-{len(list(self.folder.iterdir()))}"
        place.mkdir()
        put_in_place(self.shelf.chain(self.shelf.kept()[0]), place)
        return SqliteDatabase(place / "station.db", migrations=MIGRATIONS)

    def files(self) -> int:
        return len(self.shelf.kept()[0].files)


async def _nobody(asker: NodeIdentity, question: str, body: bytes) -> Any:
    raise AssertionError(f"{question} is not for the hub")


@pytest.fixture
def counter(tmp_path: Path) -> Iterator[Counter]:
    made = Counter(tmp_path)
    yield made
    made.loop.close()
    made.lane.close()


def refused(work: Callable[[], Any]) -> str:
    with pytest.raises(Refused) as caught:
        work()
    return caught.value.problems[0].code


def test_drafts_documents_and_settings_are_at_the_agent_after_the_first_look(counter: Counter) -> None:
    """REL-20: not only what is in the stream."""
    receipt = sell(counter.station, MILK_EAN)
    draft = fill(counter.station, MILK_EAN, MILK_EAN)
    counter.look()
    restored = counter.restored()
    assert restored.value("SELECT number FROM document WHERE doc_id = ?", (receipt.doc_id,)) == receipt.number
    assert restored.rows("SELECT doc_id FROM draft") == [(draft.doc_id,)]
    assert restored.rows("SELECT * FROM fact ORDER BY name") == counter.lane.database.rows(
        "SELECT * FROM fact ORDER BY name"
    )
    assert counter.desk.status().at == counter.clock.now()


def test_the_next_one_comes_when_it_is_due_and_has_little_to_carry(counter: Counter) -> None:
    """REL-20."""
    for number in range(10):
        _noise(counter, number)
    counter.look()
    whole = counter.shelf.kept()[0].bytes
    sell(counter.station, MILK_EAN)
    counter.passed(MINUTES - 1)
    counter.look()
    assert counter.files() == 1
    counter.passed(1)
    counter.look()
    assert counter.files() == 2
    assert counter.shelf.kept()[0].bytes - whole < whole / 20
    assert counter.restored().value("SELECT count(*) FROM document") == 1


def test_where_nothing_changed_the_agent_only_hears_that(counter: Counter) -> None:
    counter.look()
    counter.passed(MINUTES)
    counter.look()
    assert counter.files() == 1
    assert [age.seconds for age in counter.shelf.ages()] == [0.0]
    assert counter.desk.status().at == counter.clock.now()


def test_without_the_parameter_nothing_is_made(counter: Counter) -> None:
    with_parameter(counter.station.books, PARAMETER, "0")  # type: ignore[arg-type]
    counter.look()
    assert (counter.way.asked, counter.desk.status().at, list((counter.folder).glob("backup*"))) == ([], None, [])


def test_where_backups_are_switched_off_nobody_waits_for_them(counter: Counter) -> None:
    """The alarm of the agent ends; what is there stays, as old as it is."""
    counter.look()
    with_parameter(counter.station.books, PARAMETER, "0")  # type: ignore[arg-type]
    counter.passed(600)
    assert [age.late for age in counter.shelf.ages()] == [True]
    counter.look()
    counter.look()
    assert [(age.seconds, age.late) for age in counter.shelf.ages()] == [(36_000.0, False)]
    assert counter.way.asked.count(UNCHANGED) == 1


def test_while_the_agent_is_away_nothing_is_made(counter: Counter) -> None:
    """REL-01: selling is not disturbed for what nobody can take."""
    counter.level = Connectivity.OFFLINE
    counter.look()
    assert (counter.way.asked, list(counter.folder.glob("backup*"))) == ([], [])


def test_a_transfer_that_is_cut_off_goes_on_where_it_was_after_a_restart_too(counter: Counter) -> None:
    """REL-04."""
    for number in range(40):
        _noise(counter, number)
    counter.way.left = 3
    assert refused(counter.look) == "connectivity.too_low"
    assert counter.shelf.kept() == ()
    sell(counter.station, MILK_EAN)
    counter.desk = counter.new_desk()
    counter.way.left, counter.way.asked = 10_000, []
    counter.look()
    whole = counter.shelf.kept()[0]
    pieces = -(-whole.bytes // PIECE_BYTES)
    assert pieces > 4
    assert counter.way.asked.count(PIECE) == pieces - 2, "two were there already"
    assert counter.restored().value("SELECT count(*) FROM document") == 0, "the database of then"
    counter.passed(MINUTES)
    counter.look()
    assert counter.restored().value("SELECT count(*) FROM document") == 1


def _noise(counter: Counter, number: int) -> None:
    database = counter.lane.database
    with database.transaction():
        values = (f"d{number}", "receipt", "now")
        database.write("INSERT INTO draft VALUES (?, ?, ?, randomblob(40000))", values)


def test_an_agent_that_lost_its_folder_gets_a_whole_one(counter: Counter) -> None:
    """REL-04: it says that it lacks what the new one adds to."""
    counter.look()
    counter.way.answerer = BackupAnswerer(fresh := counter.new_shelf("another"), _nobody)
    sell(counter.station, MILK_EAN)
    counter.passed(MINUTES)
    assert refused(counter.look) == "backup.previous_missing"
    counter.look()
    counter.shelf = fresh
    assert counter.restored().value("SELECT count(*) FROM document") == 1


def test_an_agent_without_room_says_so_and_gets_the_next_one(counter: Counter) -> None:
    """REL-19."""
    counter.way.answerer = BackupAnswerer(counter.new_shelf("full", least_free_bytes=2**60), _nobody)
    (counter.folder / "full").mkdir()
    assert refused(counter.look) == "backup.no_room"
    assert list((counter.folder / "backup").iterdir()) == [], "nothing fills the till's disk either"
    counter.way.answerer = BackupAnswerer(counter.shelf, _nobody)
    counter.passed(MINUTES)
    counter.look()
    assert counter.files() == 1


def test_after_many_small_ones_all_pages_go_again(counter: Counter) -> None:
    """Bounded room, and an end to whatever went wrong unseen."""
    for _ in range(50):
        sell(counter.station, MILK_EAN)
        counter.look()
        counter.passed(MINUTES)
    found = counter.shelf.kept()
    assert len(found) == 2
    assert found[0].files[0] != found[1].files[0]
    assert counter.restored().value("SELECT count(*) FROM document") == 50


def test_a_sale_between_two_pieces_is_in_the_next_backup_and_not_half_in_this_one(counter: Counter) -> None:
    """REL-01, REL-04: the till sells while its database is read."""

    async def both() -> None:
        backup = asyncio.ensure_future(counter.desk.look())
        for number in itertools.count():
            await asyncio.sleep(0.001)
            if backup.done():
                break
            _noise(counter, number)
            await counter.lane(counter.lane.database.checkpoint)
        await backup

    for number in range(1000, 1040):
        _noise(counter, number)
    counter.done(both())
    restored = counter.restored()
    assert restored.rows("PRAGMA integrity_check") == [("ok",)]
    assert (
        40 <= restored.value("SELECT count(*) FROM draft") < counter.lane.database.value("SELECT count(*) FROM draft")
    )


def test_what_only_a_till_may_ask_is_refused_to_others(counter: Counter) -> None:
    """SEC-02: another node gets nothing, and nobody another till's database."""
    counter.look()

    async def asked(node: str, kind: str) -> Any:
        who = NodeIdentity(node=node, kind=kind, store="S1", incarnation="i1", public_key=b"")
        return await counter.way.answerer(who, "backup.list", b"{}")

    problems, _ = counter.done(asked("agent@S2", "agent"))
    assert [problem.code for problem in problems] == ["question.unknown"]
    assert counter.done(asked("S1T2", "station")) == ((), b'{"backups":[]}')
    problems, _ = counter.done(counter.way.answerer(TILL, "backup.piece", b"{}"))
    assert [problem.code for problem in problems] == ["question.unreadable"]
