"""Backups of a till's database: consistent while it sells, small where little changed, nothing damaged in them
(REL-04, REL-14, REL-16, REL-20)."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kontuar.kernel.errors import Refused
from kontuar.nodes.restoring import put_in_place
from kontuar.operations.ports.backups import BackupInfo
from kontuar.storage.backup_files import BackupWriter, file_hash, image_hash, put_together, read_info
from kontuar.storage.failures import StorageDamaged
from kontuar.storage.sqlite.engine import CHECKSUM_VFS, SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS
from kontuar.storage.sqlite.still_picture import StillPicture, hold_still
from sync_chain import TestClock, Till


def held(database: SqliteDatabase) -> StillPicture:
    picture = hold_still(database)
    assert picture is not None
    return picture


def back_up(database: SqliteDatabase, file: Path, before: bytes = b"", previous: str = "") -> tuple[BackupInfo, bytes]:
    """As a till does it, in one go."""
    picture = held(database)
    writer = BackupWriter(file, before)
    for first in range(0, picture.page_count, 50):
        writer.add(picture.pages(first, 50))
    picture.close()
    info = BackupInfo(
        station="T1", incarnation="i1", made_at="2026-03-02T08:00:00.000000Z", build="1", schema=picture.schema,
        page_size=picture.page_size, page_count=picture.page_count, changed=writer.changed, previous=previous,
        image=image_hash(writer.digests), seq=0,
    )  # fmt: skip
    assert writer.finish(info) == file_hash(file)
    return info, writer.digests


@pytest.fixture
def till(tmp_path: Path) -> Till:
    (tmp_path / "till").mkdir()
    return Till(tmp_path / "till", TestClock())


def sold(till: Till, count: int) -> None:
    for _ in range(count):
        till.sell(note="x" * 500)


def test_a_backup_taken_while_the_till_sells_is_the_database_of_one_moment(till: Till, tmp_path: Path) -> None:
    """REL-04: sales and checkpoints go on between the pages that are read."""
    sold(till, 40)
    picture = held(till.database)
    writer = BackupWriter(tmp_path / "b.ktb", b"")
    for first in range(0, picture.page_count, 3):
        writer.add(picture.pages(first, 3))
        sold(till, 2)
        till.database.checkpoint()
    picture.close()
    info = BackupInfo(
        station="T1", incarnation="i1", made_at="2026-03-02T08:00:00.000000Z", build="1", schema=picture.schema,
        page_size=picture.page_size, page_count=picture.page_count, changed=writer.changed, previous="",
        image=image_hash(writer.digests), seq=40,
    )  # fmt: skip
    writer.finish(info)
    (tmp_path / "restored").mkdir()
    put_in_place([tmp_path / "b.ktb"], tmp_path / "restored")
    restored = SqliteDatabase(tmp_path / "restored" / "station.db", migrations=MIGRATIONS)
    assert restored.rows("PRAGMA integrity_check") == [("ok",)]
    assert restored.rows("SELECT seq, payload FROM message ORDER BY seq") == till.payloads()[:40]
    assert till.stream.head().seq > 80


def test_the_till_writes_on_into_its_file_after_the_picture_is_closed(till: Till) -> None:
    """The log does not grow for good."""
    sold(till, 5)
    picture = held(till.database)
    sold(till, 5)
    assert not till.database.took_log_in()
    assert hold_still(till.database) is None, "a second picture would not be of one moment"
    picture.close()
    assert till.database.took_log_in()


def test_the_second_backup_has_the_changed_pages_only_and_both_make_the_whole(till: Till, tmp_path: Path) -> None:
    """REL-20: every few minutes a few pages go, not the database."""
    sold(till, 200)
    files = [tmp_path / "1.ktb", tmp_path / "2.ktb", tmp_path / "3.ktb"]
    first, digests = back_up(till.database, files[0])
    sold(till, 1)
    second, digests = back_up(till.database, files[1], digests, file_hash(files[0]))
    with till.database.transaction():
        till.database.write("INSERT OR REPLACE INTO draft VALUES ('d1', 'receipt', 'now', x'7b7d')")
    third, _ = back_up(till.database, files[2], digests, file_hash(files[1]))
    assert first.changed == first.page_count
    assert 0 < second.changed <= 12
    assert 0 < third.changed <= 12
    assert put_together(files, tmp_path / "image") == third
    assert (tmp_path / "image").read_bytes() == till.database.path.read_bytes()
    assert put_together(files[:2], tmp_path / "earlier") == second


def test_a_database_that_shrank_is_put_together_as_it_is(till: Till, tmp_path: Path) -> None:
    with till.database.transaction():
        till.database.write("CREATE TABLE big (x BLOB)")
        till.database.write("INSERT INTO big VALUES (zeroblob(400000))")
    first, digests = back_up(till.database, tmp_path / "1.ktb")
    with till.database.transaction():
        till.database.write("DROP TABLE big")
    till.database._connection.execute("VACUUM")
    second, _ = back_up(till.database, tmp_path / "2.ktb", digests, file_hash(tmp_path / "1.ktb"))
    assert second.page_count < first.page_count
    put_together([tmp_path / "1.ktb", tmp_path / "2.ktb"], tmp_path / "image")
    assert (tmp_path / "image").read_bytes() == till.database.path.read_bytes()


@pytest.mark.parametrize("place", [2, 30, 900, -3])
def test_a_file_with_one_wrong_byte_makes_no_database(till: Till, tmp_path: Path, place: int) -> None:
    """REL-14: neither in what it says of itself nor in its pages."""
    sold(till, 20)
    back_up(till.database, tmp_path / "1.ktb")
    content = bytearray((tmp_path / "1.ktb").read_bytes())
    content[place] ^= 4
    (tmp_path / "1.ktb").write_bytes(content)
    with pytest.raises(Refused) as refused:
        put_in_place([tmp_path / "1.ktb"], tmp_path)
    assert refused.value.problems[0].code == "backup.damaged"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1.ktb", "till"]


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200), st.integers(0, 3_000))
def test_whatever_bytes_stand_in_a_file_it_is_refused_or_makes_what_it_made(
    till: Till, tmp_path: Path, junk: bytes, place: int
) -> None:
    """SEC-04: what a till sends is only believed where it holds together."""
    file = tmp_path / "whole.ktb"
    if not file.exists():
        back_up(till.database, file)
    content = file.read_bytes()
    (tmp_path / "junk.ktb").write_bytes(content[:place] + junk + content[place + len(junk) :])
    made = True
    try:
        put_together([tmp_path / "junk.ktb"], tmp_path / "image")
    except Refused:
        made = False
    assert not made or (tmp_path / "image").read_bytes() == till.database.path.read_bytes()


@pytest.mark.parametrize("kept", [0, 7, 40, 2_000])
def test_half_a_file_makes_no_database(till: Till, tmp_path: Path, kept: int) -> None:
    back_up(till.database, tmp_path / "1.ktb")
    (tmp_path / "1.ktb").write_bytes((tmp_path / "1.ktb").read_bytes()[:kept])
    with pytest.raises(Refused, match=r"backup\.damaged"):
        put_together([tmp_path / "1.ktb"], tmp_path / "image")


def test_a_page_number_beyond_the_database_is_no_way_to_fill_a_disk(till: Till, tmp_path: Path) -> None:
    """SEC-04."""
    writer = BackupWriter(tmp_path / "1.ktb", b"")
    page = bytes(4096)
    writer.add([page] * 3)
    info = BackupInfo(
        station="T1", incarnation="i1", made_at="", build="", schema=1, page_size=4096, page_count=2, changed=3,
        previous="", image=image_hash(writer.digests), seq=0,
    )  # fmt: skip
    writer.finish(info)
    with pytest.raises(Refused, match=r"backup\.damaged"):
        put_together([tmp_path / "1.ktb"], tmp_path / "image")


def test_a_damaged_page_is_not_backed_up(till: Till, tmp_path: Path) -> None:
    """REL-14, REL-19: a good backup is not followed by a bad one."""
    sold(till, 50)
    assert till.database.took_log_in()
    with till.database.path.open("r+b") as file:
        file.seek(5 * 4096 + 200)
        file.write(b"\xff\x00\xff")
    picture = held(till.database)
    with pytest.raises(StorageDamaged):
        picture.pages(0, picture.page_count)
    picture.close()


def test_a_backup_of_an_older_program_opens_after_its_migration(tmp_path: Path) -> None:
    """REL-16: the draft in it is there."""
    older = tmp_path / "migrations"
    older.mkdir()
    for file in sorted(MIGRATIONS.glob("[0-9]*.sql"))[:5]:
        shutil.copy(file, older)
    database = SqliteDatabase(tmp_path / "old.db", migrations=older)
    with database.transaction():
        database.write("INSERT INTO draft VALUES ('d1', 'receipt', 'then', x'7b7d')")
    info, _ = back_up(database, tmp_path / "1.ktb")
    assert info.schema == 5
    (tmp_path / "new").mkdir()
    put_in_place([tmp_path / "1.ktb"], tmp_path / "new")
    restored = SqliteDatabase(tmp_path / "new" / "station.db", migrations=MIGRATIONS)
    assert restored.value("PRAGMA user_version") == len(list(MIGRATIONS.glob("[0-9]*.sql")))
    assert restored.rows("SELECT doc_id, body FROM draft") == [("d1", b"{}")]


def test_a_restored_database_keeps_its_checksums(till: Till, tmp_path: Path) -> None:
    """REL-14: a flipped bit in it is found as in the one that was backed up."""
    sold(till, 50)
    back_up(till.database, tmp_path / "1.ktb")
    assert read_info(tmp_path / "1.ktb").page_size == 4096
    put_in_place([tmp_path / "1.ktb"], tmp_path)
    with (tmp_path / "station.db").open("r+b") as file:
        file.seek(7 * 4096 + 50)
        file.write(b"\xff\x00\xff")
    connection = apsw.Connection(str(tmp_path / "station.db"), vfs=CHECKSUM_VFS)
    assert list(connection.execute("PRAGMA integrity_check")) != [("ok",)]
    connection.close()


def test_a_database_that_is_there_is_never_restored_over(till: Till, tmp_path: Path) -> None:
    """REL-02."""
    back_up(till.database, tmp_path / "1.ktb")
    with pytest.raises(Refused, match=r"backup\.database_exists"):
        put_in_place([tmp_path / "1.ktb"], till.database.path.parent)
