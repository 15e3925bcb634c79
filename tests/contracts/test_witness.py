"""A till's witness outside its database tells whether that was set up again from a backup (REL-13)."""

import os
from pathlib import Path

import pytest

from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.operations.ports.streams import Mark, StreamId
from kontuar.operations.station import lives, shifts
from kontuar.operations.station.station import Identity, Station
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS, SqliteBooks
from kontuar.storage.sqlite.sync_state import StationOutbox
from kontuar.storage.witness import Witness
from shop import CountedIds, HandClock, actor_of, load, sell, signer, small_shop

LIFE = StreamId("S1T1", "i1")


class WitnessedTill:
    """A till over a real file, with a witness beside it."""

    def __init__(self, folder: Path, *, restored: bool = False, life: StreamId = LIFE, ordinal: int = 1) -> None:
        self.folder = folder
        self.witness = Witness(folder / "witness")
        self.database = SqliteDatabase(folder / "till.db", migrations=MIGRATIONS)
        self.log = StationOutbox(self.database, life, "S1")
        self.mark = self.witness.read()
        self.why = lives.why_over(self.log, life, ordinal, self.mark)
        clock = HandClock()
        books = SqliteBooks(
            self.database, life, "S1", signer().sign, clock, witness=self.witness, ordinal=ordinal, restored=restored
        )
        if not books.definitions.version()[0]:
            load(books, small_shop())
        self.station = Station(
            identity=Identity(station="S1T1", store="S1", incarnation=life.incarnation, series="POS1"), books=books,
            clock=clock, ids=CountedIds(clock), connectivity=lambda: Connectivity.ONLINE, committed=lambda: None,
        )  # fmt: skip
        if self.station.books.cash.open_shift() is None and not restored:
            shifts.open_shift(self.station, actor_of(), "100")

    def close(self) -> "WitnessedTill":
        self.witness.close()
        self.database.close()
        return self


def backup_of(folder: Path) -> bytes:
    return (folder / "till.db").read_bytes()


def test_a_database_that_goes_on_where_it_ended_is_no_restored_one(tmp_path: Path) -> None:
    till = WitnessedTill(tmp_path)
    for _ in range(3):
        sell(till.station, "MILK")
    head = till.station.books.stream.head()
    till.close()
    again = WitnessedTill(tmp_path)
    assert again.mark == Mark("i1", 1, head.seq - 1, again.mark.hash if again.mark else "")
    assert again.why == ""
    assert again.station.books.stream.head() == head


def test_a_database_from_before_the_last_sale_is_found_out_at_its_start(tmp_path: Path) -> None:
    till = WitnessedTill(tmp_path)
    sell(till.station, "MILK")
    till.database.checkpoint(truncate=True)
    old = backup_of(tmp_path)
    sell(till.station, "MILK")
    till.station.books.stream.testify()  # type: ignore[attr-defined]
    till.close()
    (tmp_path / "till.db").write_bytes(old)
    assert WitnessedTill(tmp_path, restored=True).close().why == lives.RESTORED


def begin_two_events(till: WitnessedTill) -> None:
    with till.database.transaction():
        till.station.event("a", "")
        till.station.event("b", "")
        raise ZeroDivisionError


def test_a_sale_that_was_rolled_back_or_cut_off_before_its_commit_is_no_restored_one(tmp_path: Path) -> None:
    till = WitnessedTill(tmp_path)
    sell(till.station, "MILK")
    with pytest.raises(ZeroDivisionError):
        begin_two_events(till)
    till.close()
    assert WitnessedTill(tmp_path).close().why == ""


def test_another_history_of_the_same_length_is_found_out(tmp_path: Path) -> None:
    """REL-13: the hash counts, not the number."""
    till = WitnessedTill(tmp_path)
    till.database.checkpoint(truncate=True)
    old = backup_of(tmp_path)
    for _ in range(2):
        sell(till.station, "MILK")
    till.station.books.stream.testify()  # type: ignore[attr-defined]
    till.close()
    witnessed = (tmp_path / "witness").read_bytes()
    (tmp_path / "till.db").write_bytes(old)
    (tmp_path / "witness").unlink()
    other = WitnessedTill(tmp_path)
    for _ in range(3):
        sell(other.station, "MILK", "MILK")
    other.close()
    (tmp_path / "witness").write_bytes(witnessed)
    assert WitnessedTill(tmp_path, restored=True).close().why == lives.RESTORED


def test_a_restored_till_without_another_life_issues_nothing(tmp_path: Path) -> None:
    """REL-13: not a number is taken, and the payment does not open."""
    till = WitnessedTill(tmp_path)
    till.close()
    stopped = WitnessedTill(tmp_path, restored=True)
    head = stopped.station.books.stream.head()
    with pytest.raises(Refused, match=r"stream\.restored"):
        sell(stopped.station, "MILK")
    with pytest.raises(Refused, match=r"stream\.restored"):
        stopped.station.event("anything", "")
    stopped.station.books.stream.testify()  # type: ignore[attr-defined]
    assert stopped.station.books.stream.head() == head
    assert stopped.witness.read() == stopped.mark, "the witness is not told of the older state"


def test_a_later_life_goes_on_and_says_which_it_closes(tmp_path: Path) -> None:
    till = WitnessedTill(tmp_path)
    sell(till.station, "MILK")
    head = till.station.books.stream.head()
    till.close()
    later = WitnessedTill(tmp_path, life=StreamId("S1T1", "i2"), ordinal=2)
    assert later.why == ""
    assert not lives.is_unused(later.log, "i1", 1, later.mark)
    later.station.books.stream.testify()  # type: ignore[attr-defined]
    older = WitnessedTill(tmp_path, restored=True)
    assert older.why == lives.RESTORED, "the first life is over: the second one was witnessed"
    assert older.log.heads()[0] == ("i1", head)


@pytest.mark.parametrize("spoiled", range(3))
def test_a_spoiled_witness_tells_of_the_mark_before_it_or_of_none(tmp_path: Path, spoiled: int) -> None:
    file = tmp_path / "witness"
    witness = Witness(file)
    first, second = Mark("i1", 1, 7, "a" * 64), Mark("i1", 1, 8, "b" * 64)
    witness.note(first)
    witness.note(second)
    witness.close()
    data = bytearray(file.read_bytes())
    if spoiled < 2:
        data[spoiled * 512 + 100] ^= 1
        file.write_bytes(data)
        assert Witness(file).read() == (second if spoiled == 1 else first)
    else:
        file.write_bytes(os.urandom(1024))
        assert Witness(file).read() is None


def test_a_witness_that_cannot_be_written_stops_no_sale(tmp_path: Path) -> None:
    """REL-01: a till works whatever is down; that it has no witness is told."""
    (tmp_path / "witness").mkdir()
    till = WitnessedTill(tmp_path)
    assert sell(till.station, "MILK").number
    assert not till.witness.writes
