"""`kontuar backup` and `kontuar restore-drill`: what an administrator sees, and the exit status (REL-20)."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from kontuar import __version__
from kontuar.kernel.errors import Refused
from kontuar.kernel.time import instant_text, parse_instant
from kontuar.nodes.machine import MachineClock
from kontuar.nodes.restoring import chosen
from kontuar.operations.ports.backups import BackupInfo, BackupPiece, KeptBackup, OfferBackup
from kontuar.storage.backup_files import BackupWriter, image_hash
from kontuar.storage.backup_shelf import FolderShelf
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.still_picture import hold_still
from kontuar.tools.cli import app
from shop import MILK_EAN, fill, open_till, sell


def kontuar(*arguments: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, [str(each) for each in arguments])
    return done.exit_code, done.output


def keep(database: SqliteDatabase, folder: Path, station: str = "S1T1") -> Path:
    """As the till and the agent do it; the file that the agent has then."""
    picture = hold_still(database)
    assert picture is not None
    writer = BackupWriter(folder.parent / "made.ktb", b"")
    writer.add(picture.pages(0, picture.page_count))
    picture.close()
    info = BackupInfo(
        station=station, incarnation="i1", made_at=instant_text(MachineClock().now()), build=__version__,
        schema=picture.schema, page_size=picture.page_size, page_count=picture.page_count, changed=writer.changed,
        previous="", image=image_hash(writer.digests), seq=4,
    )  # fmt: skip
    digest = writer.finish(info)
    content = (folder.parent / "made.ktb").read_bytes()
    shelf = FolderShelf(folder / "backups", MachineClock(), least_free_bytes=0)
    shelf.offer(station, "i1", OfferBackup(hash=digest, bytes=len(content), previous="", every_minutes=5))
    assert shelf.take(station, "i1", BackupPiece(hash=digest, start=0, content=content)).complete
    (found,) = (folder / "backups" / f"till-{station}").rglob("*.ktb")
    return found


@pytest.fixture
def agent(tmp_path: Path) -> Path:
    """An agent's folder with a backup of a till that sold twice and has a draft."""
    (tmp_path / "till").mkdir()
    station = open_till(tmp_path / "till")
    sell(station, MILK_EAN)
    sell(station, MILK_EAN)
    fill(station, MILK_EAN)
    (tmp_path / "agent").mkdir()
    keep(station.books.database, tmp_path / "agent")  # type: ignore[attr-defined]
    return tmp_path / "agent"


def test_the_drill_proves_a_backup_and_throws_its_copy_away(agent: Path) -> None:
    """REL-20."""
    status, told = kontuar("restore-drill", agent)
    assert status == 0, told
    assert told.startswith("S1T1 (i1): made ")
    assert "1 drafts, 2 documents; ok" in told
    assert told.endswith("  all holds\n")


def test_the_drill_names_a_backup_that_cannot_be_restored(agent: Path) -> None:
    """REL-14, REL-20: one bad file of one till, and the others are still tried."""
    shutil.copytree(agent / "backups" / "till-S1T1", agent / "backups" / "till-S1T0")
    (bad,) = (agent / "backups" / "till-S1T0").rglob("*.ktb")
    content = bytearray(bad.read_bytes())
    content[-100] ^= 1
    bad.write_bytes(content)
    status, told = kontuar("restore-drill", agent)
    assert status == 1
    assert "does not hold: backup.damaged" in told
    assert told.endswith("all holds\n"), "S1T1 comes after S1T0"


def test_the_drill_says_that_the_books_of_a_backup_do_not_hold(tmp_path: Path) -> None:
    """REL-14, REL-20: the file is whole, what stands in it was altered before."""
    (tmp_path / "till").mkdir()
    station = open_till(tmp_path / "till")
    sell(station, MILK_EAN)
    database: SqliteDatabase = station.books.database  # type: ignore[attr-defined]
    with database.transaction():
        database.write("DELETE FROM document_tax")
    (tmp_path / "agent").mkdir()
    keep(database, tmp_path / "agent")
    status, told = kontuar("restore-drill", tmp_path / "agent")
    assert status == 1, told
    assert "does not hold:" in told


def test_where_there_is_no_backup_the_drill_fails(tmp_path: Path) -> None:
    """An empty folder is no proof."""
    status, told = kontuar("restore-drill", tmp_path)
    assert (status, "backup.none" in told) == (2, True)


def test_a_till_is_restored_from_carried_files_once_and_never_over_a_database(agent: Path, tmp_path: Path) -> None:
    """REL-20, REL-02."""
    status, told = kontuar("backup", "list", agent)
    assert (status, told.count("\n")) == (0, 1)
    assert told.startswith("1  S1T1 (i1): made ")
    status, told = kontuar("backup", "restore", tmp_path / "new", "--from", agent, "--station", "S1T1")
    assert (status, told.startswith("restored: S1T1")) == (0, True)
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["station.db"]
    status, told = kontuar("backup", "restore", tmp_path / "new", "--from", agent, "--station", "S1T1")
    assert (status, "backup.database_exists" in told) == (2, True)
    status, told = kontuar("backup", "restore", tmp_path / "other", "--from", agent, "--pick", "2")
    assert (status, "backup.none" in told) == (2, True)


def test_a_log_that_was_left_behind_is_a_database_too(agent: Path, tmp_path: Path) -> None:
    """REL-20, REL-02: it may hold sales, and SQLite would take it into the restored file."""
    left = tmp_path / "new"
    left.mkdir()
    (left / "station.db-wal").write_bytes(b"the last sales")
    status, told = kontuar("backup", "restore", left, "--from", agent, "--station", "S1T1")
    assert (status, "backup.database_exists" in told) == (2, True)
    assert [path.name for path in left.iterdir()] == ["station.db-wal"]


def kept(made_at: str) -> KeptBackup:
    return KeptBackup(
        station="S1T1", incarnation="i1", made_at=made_at, checked_at=made_at, build="1", schema=1, seq=1,
        image_bytes=1, image="", bytes=1, files=(),
    )  # fmt: skip


def test_a_backup_is_chosen_by_its_moment() -> None:
    """REL-20: the latest that was made by then; a moment before all of them is refused with the oldest."""
    found = [kept(f"2026-03-0{day}T08:00:00.000000Z") for day in (5, 4, 2)]
    assert chosen(found, None) is found[0]
    for moment, expected in (
        ("2026-03-04T08:00:00Z", 1),
        ("2026-03-04T07:59:59Z", 2),
        ("2026-03-09T08:00:00+01:00", 0),
    ):
        assert chosen(found, parse_instant(moment)) is found[expected]
    with pytest.raises(Refused) as refused:
        chosen(found, parse_instant("2026-03-02T07:00:00Z"))
    problem = refused.value.problems[0]
    assert (problem.code, problem.facts) == ("backup.none_so_old", {"oldest": "2026-03-02T08:00:00.000000Z"})
    with pytest.raises(Refused, match=r"backup\.none\b"):
        chosen([], parse_instant("2026-03-02T07:00:00Z"))


def test_the_command_takes_a_moment_or_a_number(agent: Path, tmp_path: Path) -> None:
    """REL-20: and neither nonsense nor both."""
    new, here = tmp_path / "new", ("--from", agent, "--station", "S1T1")
    status, told = kontuar("backup", "restore", new, *here, "--at", "2000-01-01T00:00:00Z")
    assert (status, "backup.none_so_old" in told) == (2, True)
    for wrong in (("--at", "yesterday"), ("--at", "2026-03-02T07:00:00Z", "--pick", "1")):
        assert kontuar("backup", "restore", new, *here, *wrong)[0] == 2
    assert not new.exists()
    status, told = kontuar("backup", "restore", new, *here, "--at", "2999-01-01T00:00:00Z")
    assert (status, told.startswith("restored: S1T1")) == (0, True)
