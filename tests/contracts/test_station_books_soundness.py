"""After a tidy stop a station's file is checked beside the work, else before it (REL-14, REL-19, PERF-03)."""

import os
import threading
from pathlib import Path

import apsw
import pytest

from kontuar.storage.failures import StorageDamaged
from kontuar.storage.sqlite import engine
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.soundness import CheckBeside
from kontuar.storage.sqlite.station.books import MIGRATIONS
from shop import MILK, NUTS, WATER, open_till, sell


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """The file of a till that sold and was closed tidily."""
    station = open_till(tmp_path)
    for _ in range(5):
        sell(station, MILK, WATER, NUTS)
    station.books.database.close()
    return tmp_path / "S1T1.db"


def opened(path: Path) -> SqliteDatabase:
    return SqliteDatabase(path, migrations=MIGRATIONS, check_beside=True)


def flip(path: Path, offset: int, *, unseen: bool) -> None:
    """One bit; `unseen` = as a disk does it, without the file's time being touched."""
    known = path.stat()
    content = bytearray(path.read_bytes())
    content[offset] ^= 0x10
    path.write_bytes(content)
    if unseen:
        os.utime(path, ns=(known.st_atime_ns, known.st_mtime_ns))


def mark_of(path: Path) -> Path:
    return path.with_name("S1T1.db.checked")


def last_page(path: Path) -> int:
    return path.stat().st_size - 2000


def test_after_a_tidy_stop_the_file_is_not_read_whole_before_the_first_sale(closed: Path) -> None:
    """PERF-03: opening and the check beside it; both leave a file that the next start believes again."""
    database = opened(closed)
    assert (database.checked, mark_of(closed).exists()) == (False, False)
    database.check_rest()
    assert database.checked
    database.close()
    again = opened(closed)
    assert not again.checked
    again.close()


def test_what_is_closed_before_it_was_checked_whole_is_checked_first_at_the_next_start(closed: Path) -> None:
    """REL-19: two short runs are not a way around the check."""
    opened(closed).close()
    assert not mark_of(closed).exists()
    database = opened(closed)
    assert database.checked
    database.close()


def test_after_a_run_that_ended_untidily_the_file_is_checked_first(closed: Path) -> None:
    """REL-19: a power cut, a killed process."""
    database = opened(closed)
    database.check_rest()
    database._connection.close(True)
    again = opened(closed)
    assert again.checked
    again.close()


def test_a_file_that_somebody_touched_is_checked_before_anything_is_sold(closed: Path) -> None:
    """REL-14: restored, copied or edited between two runs."""
    flip(closed, last_page(closed), unseen=False)
    with pytest.raises(StorageDamaged):
        opened(closed)


def test_a_log_that_waits_beside_the_file_takes_the_belief_away(closed: Path) -> None:
    """REL-19: what lies there was not written by the run that closed the file."""
    closed.with_name("S1T1.db-wal").write_bytes(b"left over" * 100)
    database = opened(closed)
    assert database.checked
    database.close()


def test_damage_that_came_between_two_runs_is_found_beside_the_work_and_named_at_the_next_start(closed: Path) -> None:
    """REL-14, REL-19: a bit that the disk turned over is never sold past twice."""
    flip(closed, last_page(closed), unseen=True)
    database = opened(closed)
    with pytest.raises(StorageDamaged):
        database.check_rest()
    assert not database.checked
    database.close()
    with pytest.raises(StorageDamaged):
        opened(closed)


def test_damage_that_selling_meets_first_is_named_at_the_next_start(closed: Path) -> None:
    """REL-19: a page is held against its checksum whenever it is read; closing does not hide that."""
    station_file = SqliteDatabase(closed, migrations=MIGRATIONS)
    station_file.close()
    database = opened(closed)
    database.check_rest()
    size = closed.stat().st_size
    for page in range(1, size // 4096):
        flip(closed, page * 4096 + 2000, unseen=True)
    database._connection.release_memory()
    with pytest.raises(StorageDamaged):
        database.rows("SELECT (SELECT count(body) FROM definition), (SELECT count(payload) FROM message)")
    database.close()
    with pytest.raises(StorageDamaged):
        opened(closed)


def test_closing_breaks_a_running_check_off(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PERF-03: a stop does not wait for the end of a long file, and believes nothing of it."""
    database = opened(closed)
    begun, ended = threading.Event(), threading.Event()
    real = engine._open

    def slowly(path: Path, vfs: str | None) -> apsw.Connection:
        connection = real(path, vfs)
        begun.set()
        ended.wait(20)
        return connection

    monkeypatch.setattr(engine, "_open", slowly)
    monkeypatch.setattr("kontuar.storage.sqlite.soundness._STEPS_BETWEEN_LOOKS", 1)
    checking = threading.Thread(target=database.check_rest)
    checking.start()
    assert begun.wait(20)
    closing = threading.Thread(target=database.close)
    closing.start()
    while not database._beside._stopped.is_set():
        pass
    ended.set()
    closing.join(20)
    checking.join(20)
    assert not closing.is_alive()
    assert (database.checked, mark_of(closed).exists()) == (False, False)


def test_a_check_that_may_run_beside_may_also_be_asked_for_first(closed: Path) -> None:
    """REL-14: agents and tools check before they work, whatever the last run said."""
    database = SqliteDatabase(closed, migrations=MIGRATIONS)
    assert database.checked
    database.close()
    flip(closed, last_page(closed), unseen=True)
    with pytest.raises(StorageDamaged):
        SqliteDatabase(closed, migrations=MIGRATIONS)


def test_the_check_steps_back_without_taking_its_caller_along(tmp_path: Path) -> None:
    """PERF-03: a thread that was made less urgent stays so for good, and so does all that it starts."""
    path = tmp_path / "books.db"
    apsw.Connection(str(path)).execute("CREATE TABLE t (x)")
    seen: list[int] = []

    def opened() -> apsw.Connection:
        seen.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))
        return apsw.Connection(str(path))

    before = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    assert CheckBeside().run(path, opened)
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == before
    assert seen == [min(before + 10, 19)] or seen == [10]
