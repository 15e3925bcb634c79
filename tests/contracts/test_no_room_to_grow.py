"""A quota, or a limit of the file's size, is a full disk like any other (REL-19)."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kontuar.nodes.machine import MachineClock
from kontuar.operations.feed import DefinitionsFeed
from kontuar.storage.failures import StorageFull
from kontuar.storage.sqlite.agent.books import AgentBooks
from kontuar.storage.sqlite.engine import SqliteDatabase


@contextmanager
def no_file_may_grow() -> Iterator[None]:
    """The system refuses this process every write to a file; the interpreter ignores the signal that goes with it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def migrations(tmp_path: Path) -> Path:
    folder = tmp_path / "migrations"
    folder.mkdir()
    (folder / "0001.sql").write_text("CREATE TABLE thing (name TEXT);")
    return folder


def put(database: SqliteDatabase, name: str) -> None:
    with database.transaction():
        database.write("INSERT INTO thing VALUES (?)", (name,))


def test_a_file_that_may_not_grow_is_named_a_full_disk_and_writing_goes_on_later(
    tmp_path: Path, migrations: Path
) -> None:
    """REL-19: not taken for damage, after which a node would stop."""
    database = SqliteDatabase(tmp_path / "till.db", migrations=migrations)
    put(database, "before")
    with no_file_may_grow():
        for _ in range(2):
            with pytest.raises(StorageFull):
                put(database, "refused")
        with pytest.raises(StorageFull):
            database.checkpoint()
        assert database.rows("SELECT name FROM thing") == [("before",)]
    put(database, "after")
    assert database.rows("SELECT name FROM thing") == [("before",), ("after",)]
    database.close()


def test_a_database_that_cannot_be_made_for_want_of_room_is_made_when_there_is_some(
    tmp_path: Path, migrations: Path
) -> None:
    """REL-19."""
    with no_file_may_grow(), pytest.raises(StorageFull):
        SqliteDatabase(tmp_path / "till.db", migrations=migrations)
    database = SqliteDatabase(tmp_path / "till.db", migrations=migrations)
    put(database, "first")
    database.checkpoint(truncate=True)
    database.close()
    assert (tmp_path / "till.db").read_bytes()[20] == 8, "made without room for page checksums"


def test_a_snapshot_that_finds_no_room_leaves_nothing_behind_and_is_made_later(tmp_path: Path) -> None:
    """REL-19: a station that asks for it is told that the agent's disk is full."""
    books = AgentBooks(tmp_path / "agent.db", tmp_path / "snapshots", "S1", MachineClock(), "epoch")
    feed = DefinitionsFeed(books.definitions, books.snapshots)
    with no_file_may_grow(), pytest.raises(StorageFull):
        feed.snapshot("S1")
    assert list((tmp_path / "snapshots").iterdir()) == []
    assert Path(feed.snapshot("S1").path).stat().st_size > 0
    books.database.close()
