"""Power cuts at any write of the agent's parking: what was answered is there, nothing by halves (REL-04, PARK-08)."""

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from kontuar.storage.failures import StorageFailure
from kontuar.tools.simulate.disk import faulty_disk, layer
from parking_world import Buffer, approved
from sync_chain import TestClock

SEEDS = 120
MOST_WRITES = 250


@pytest.fixture(scope="module", autouse=True)
def _layer() -> Iterator[None]:
    with layer():
        yield


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of an agent whose stations park with temporary numbers, copied for every cut."""
    folder = tmp_path_factory.mktemp("morning") / "agent"
    buffer = Buffer(folder)
    buffer.number_with("TMP-")
    buffer.books.database.checkpoint(truncate=True)
    buffer.stop()
    return folder


@dataclass
class Store:
    """Parks, opens, saves and approves at random, and remembers what was answered."""

    buffer: Buffer
    chance: random.Random
    parked: dict[str, tuple[int, str, str]] = field(default_factory=dict)
    ended: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    doing: str = ""
    count: int = 0

    def work(self) -> None:
        """Until the disk fails, which it does long before so many documents."""
        for _ in range(300):
            self.buffer.clock.seconds += 1
            if not self.parked or self.chance.random() < 0.4:
                self._park()
            else:
                self._go_on(self.chance.choice(sorted(self.parked)))
            if self.chance.random() < 0.1:
                self.buffer.books.database.checkpoint()

    def _park(self) -> None:
        self.count += 1
        self._save(f"D{self.count}", 0, 0)

    def _go_on(self, doc_id: str) -> None:
        version = self.parked[doc_id][0]
        self.doing = doc_id
        token = self.tokens[doc_id] = self.buffer.open("K2", doc_id, take_over=True).token
        if self.chance.random() < 0.6:
            self._save(doc_id, version, token)
        elif self.chance.random() < 0.3:
            self.buffer.delete("K2", token, doc_id)
            self._ended(doc_id, version)
        else:
            self.buffer.push("K2", approved(doc_id, version, number=f"PAR/{doc_id}", token=token))
            self._ended(doc_id, version)

    def _save(self, doc_id: str, version: int, token: int) -> None:
        self.doing = doc_id
        self.count += 1
        saved = self.buffer.save("K2", f"text {self.count}", version, token, doc_id=doc_id)
        self.parked[doc_id] = (saved.version, f"text {self.count}", saved.row.temporary_number)
        self.doing = ""

    def _ended(self, doc_id: str, version: int) -> None:
        self.ended[doc_id] = version
        del self.parked[doc_id]
        self.doing = ""


def work_until_the_power_goes(morning: Path, folder: Path, seed: int, synchronous: str = "FULL") -> tuple[Store, Path]:
    """What was answered, and a folder with what was on the platter."""
    chance = random.Random(seed)
    shutil.copytree(morning, folder / "agent")
    with faulty_disk(folder / "agent", chance) as disk:
        store = Store(Buffer(folder / "agent"), chance)
        connection = store.buffer.books.database._connection
        connection.pragma("synchronous", synchronous)
        disk.kept = chance.choice([0.0, 0.5, 0.5, 1.0])
        disk.writes_left = chance.randint(1, MOST_WRITES)
        with suppress(StorageFailure):
            store.work()
        assert disk.dead
        with suppress(apsw.Error):
            connection.close(True)
        return store, disk.restored(folder / "platter")


def losses(store: Store, platter: Path) -> list[str]:
    """What the agent that comes back no longer has, or has wrong."""
    clock = TestClock()
    clock.seconds = store.buffer.clock.seconds + 60
    try:
        after = Buffer(platter, clock)
    except StorageFailure as failure:
        return [f"does not open: {failure}"]
    found = [*_lost(store, after), *_halves(after)]
    after.stop()
    return found


def _lost(store: Store, after: Buffer) -> Iterator[str]:
    listed = after.listed()
    for doc_id, (version, text, number) in store.parked.items():
        if doc_id == store.doing:
            continue
        row = listed.get(doc_id)
        if row is None or (row.version, after.text(doc_id), row.temporary_number) != (version, text, number):
            yield f"lost {doc_id} {version}"
    for doc_id, version in store.ended.items():
        gone = after.books.parking.gone(doc_id)
        if doc_id in listed or gone is None or gone.version != version:
            yield f"came back {doc_id}"
    if set(listed) - set(store.parked) - {store.doing}:
        yield "documents that nobody parked"
    highest = max(store.tokens.values(), default=0)
    if store.doing and store.tokens.get(store.doing) == highest:
        return
    if after.save("K9", "next", doc_id="NEXT").token <= highest:
        yield "a token twice"


def _halves(after: Buffer) -> Iterator[str]:
    database = after.books.database
    without = database.value(
        "SELECT count(*) FROM parked_document d WHERE NOT EXISTS"
        " (SELECT 1 FROM parked_version v WHERE v.doc_id = d.doc_id)"
    )
    both = database.value("SELECT count(*) FROM parked_document JOIN parked_gone USING (doc_id)")
    ahead = database.value("SELECT coalesce(max(feed_version), 0) FROM parked_document")
    if without or both or ahead > after.books.parking.cursor().version:
        yield f"{without} without versions, {both} here and gone, feed {ahead}"
    numbers = [row.temporary_number for row in after.listed().values()]
    if len(set(numbers)) != len(numbers):
        yield f"numbers twice {numbers}"
    for (payload,) in database.rows("SELECT payload FROM message"):
        doc_id = payload.split(b'"doc_id":"')[1].split(b'"')[0].decode()
        if doc_id in after.listed():
            yield f"{doc_id} is approved and parked"


def test_what_was_parked_or_ended_survives_a_power_cut_at_any_write(morning: Path, tmp_path: Path) -> None:
    found, answered = {}, 0
    for seed in range(SEEDS):
        folder = tmp_path / str(seed)
        folder.mkdir()
        store, platter = work_until_the_power_goes(morning, folder, seed)
        answered += len(store.parked) + len(store.ended)
        if lost := losses(store, platter):
            found[seed] = lost
        shutil.rmtree(folder)
    assert found == {}
    assert answered > SEEDS


def test_with_less_syncing_a_power_cut_loses_parked_documents(morning: Path, tmp_path: Path) -> None:
    """The twin: the test above can fail."""
    lost: list[str] = []
    for seed in range(20):
        folder = tmp_path / str(seed)
        folder.mkdir()
        lost += losses(*work_until_the_power_goes(morning, folder, seed, "OFF"))
    assert any("lost D" in each for each in lost)
