"""A till's database as the release before left it, and the start that brings it forward (REL-16)."""

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from kontuar.operations.station import own_documents, shifts
from kontuar.storage.failures import StorageFailure
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS
from kontuar.tools.simulate import disk as disks
from kontuar.tools.simulate.older_schema import set_back
from lives_world import EWA, database_of, life, put_away, stream_of
from shop import MILK, WATER, HandClock, fill, sell

NEWEST = len(sorted(MIGRATIONS.glob("[0-9]*.sql")))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Of a till that sold twice and has a basket open."""
    station = life(tmp_path, 1, HandClock())
    shifts.open_shift(station, EWA, "100")
    sell(station, MILK)
    sell(station, WATER)
    fill(station, MILK, WATER)
    put_away(station)
    return tmp_path / "station.db"


@pytest.fixture
def layer() -> Iterator[None]:
    with disks.layer():
        yield


def version_of(database: Path) -> int:
    with apsw.Connection(str(database)) as connection:
        return int(connection.pragma("user_version"))


@pytest.mark.parametrize("back", [1, 2])
def test_an_upgrade_keeps_what_the_older_program_left(database: Path, back: int) -> None:
    """REL-16: drafts, documents and the stream with its bytes."""
    before = life(database.parent, 1, HandClock())
    told, documents = stream_of(before), own_documents.drafts(before, EWA)
    put_away(before)
    assert set_back(database, MIGRATIONS, back)
    assert version_of(database) == NEWEST - back
    after = life(database.parent, 1, HandClock())
    assert version_of(database) == NEWEST
    assert stream_of(after) == told
    assert own_documents.drafts(after, EWA) == documents
    assert [row.number for row in own_documents.page(after, EWA, _all()).rows] == [
        "PAR/2026/11/00002/POS1", "PAR/2026/11/00001/POS1",
    ]  # fmt: skip
    put_away(after)


def test_what_only_the_newer_schema_has_a_place_for_keeps_it(database: Path) -> None:
    """It is left as it is: an older program could not have written it."""
    station = life(database.parent, 1, HandClock())
    books = database_of(station)
    with books.transaction():
        books.write("INSERT INTO fork_effect VALUES ('d1', 'cancelled')")
    put_away(station)
    assert not set_back(database, MIGRATIONS, NEWEST - 6)
    assert version_of(database) == NEWEST


@pytest.mark.usefixtures("layer")
@pytest.mark.parametrize("power", [True, False])
def test_a_crash_at_any_write_of_an_upgrade_loses_nothing(database: Path, tmp_path: Path, *, power: bool) -> None:
    """REL-16: the next start begins where the last one was durable."""
    assert set_back(database, MIGRATIONS, 1)
    crashes = 0
    for writes in range(1, 60):
        folder = tmp_path / f"till{writes}"
        folder.mkdir()
        shutil.copy(database, folder)
        disk = disks.under(folder, disks.Disk(random.Random(writes)))
        disk.writes_left, disk.kills = writes, not power
        try:
            SqliteDatabase(folder / "station.db", migrations=MIGRATIONS).close()
        except (StorageFailure, apsw.Error):
            crashes += 1
        finally:
            disks.forget(folder)
        if not disk.dead:
            break
        kept = disk.restored(tmp_path / f"kept{writes}")
        after = life(kept, 1, HandClock())
        assert len(own_documents.drafts(after, EWA)) == 1
        assert after.books.stream.head().seq >= 2
        put_away(after)
    assert crashes >= 5


def _all() -> own_documents.DocumentQuery:
    return own_documents.DocumentQuery(family="trade", limit=10)
