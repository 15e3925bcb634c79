"""What the agent keeps of its tills' databases: whole, in bounded room, whatever happens on the way (REL-04)."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused
from kontuar.kernel.time import instant_text
from kontuar.operations.ports.backups import (
    BackupInfo,
    BackupPiece,
    BackupTaken,
    BackupUnchanged,
    FetchBackup,
    OfferBackup,
)
from kontuar.storage.backup_shelf import FolderShelf
from small_disk import small_disk
from sync_chain import TestClock

MINUTE = 60


def backup(name: str, previous: str = "", size: int = 1000) -> tuple[bytes, str]:
    """A file that says of itself what a backup says; its bytes and their hash."""
    info = BackupInfo(
        station="T1", incarnation="i1", made_at=f"2026-03-02T08:00:00.00000{len(name)}Z", build=name, schema=8,
        page_size=4096, page_count=1, changed=1, previous=previous, image="0" * 64, seq=1,
    )  # fmt: skip
    head = encode(info)
    content = b"KTB1" + len(head).to_bytes(4, "big") + head + name.encode() * (size // len(name))
    return content, hashlib.sha256(content).hexdigest()


class Shelf:
    """A shelf, and a till that sends to it."""

    def __init__(self, folder: Path, least_free_bytes: int = 0) -> None:
        self.clock = TestClock()
        self.folder = folder
        folder.mkdir(exist_ok=True)
        self.shelf = FolderShelf(folder, self.clock, least_free_bytes=least_free_bytes)

    def offer(self, content: bytes, previous: str = "", life: str = "i1") -> BackupTaken:
        digest = hashlib.sha256(content).hexdigest()
        told = OfferBackup(hash=digest, bytes=len(content), previous=previous, every_minutes=10)
        return self.shelf.offer("T1", life, told)

    def piece(self, content: bytes, start: int, end: int, life: str = "i1") -> BackupTaken:
        piece = BackupPiece(hash=hashlib.sha256(content).hexdigest(), start=start, content=content[start:end])
        return self.shelf.take("T1", life, piece)

    def send(self, content: bytes, previous: str = "", life: str = "i1") -> BackupTaken:
        have = self.offer(content, previous, life).have
        return self.piece(content, have, len(content), life)

    def builds(self) -> list[str]:
        return [kept.build for kept in self.shelf.kept()]


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "backups")


def code(refused: pytest.ExceptionInfo[Refused]) -> str:
    return refused.value.problems[0].code


def test_a_transfer_that_is_cut_off_goes_on_where_it_was(shelf: Shelf) -> None:
    """Also after a restart of the agent; a piece that comes twice, or does not fit, changes nothing."""
    content, digest = backup("one")
    assert shelf.offer(content) == BackupTaken(have=0, complete=False)
    assert shelf.piece(content, 0, 400).have == 400
    assert shelf.piece(content, 0, 400).have == 400
    assert shelf.piece(content, 700, 800).have == 400
    again = Shelf(shelf.folder)
    assert again.builds() == []
    assert again.offer(content) == BackupTaken(have=400, complete=False)
    assert again.piece(content, 400, len(content)) == BackupTaken(have=len(content), complete=True)
    assert again.offer(content) == BackupTaken(have=len(content), complete=True), "its answer was lost"
    (kept,) = again.shelf.kept("T1")
    assert (kept.build, kept.files) == ("one", (digest,))
    assert again.shelf.piece("T1", FetchBackup(incarnation="i1", hash=digest, start=0)) == content


def test_damaged_bytes_are_refused_and_the_earlier_backup_stays(shelf: Shelf) -> None:
    """REL-14: checked by its hash before it counts."""
    shelf.send(backup("one")[0])
    content, _ = backup("two")
    shelf.offer(content)
    shelf.piece(content, 0, 500)
    (part,) = shelf.folder.rglob("*.part")
    part.write_bytes(part.read_bytes()[:-1] + b"?")
    with pytest.raises(Refused) as refused:
        shelf.piece(content, 500, len(content))
    assert code(refused) == "backup.damaged"
    assert shelf.builds() == ["one"]
    assert list(shelf.folder.rglob("*.part")) == []
    assert shelf.send(content).complete


def test_a_part_whose_end_was_torn_off_by_a_power_cut_is_found_out(shelf: Shelf) -> None:
    content, _ = backup("one")
    shelf.offer(content)
    shelf.piece(content, 0, 600)
    (part,) = shelf.folder.rglob("*.part")
    part.write_bytes(part.read_bytes()[:350] + bytes(250))
    with pytest.raises(Refused) as refused:
        shelf.piece(content, 600, len(content))
    assert code(refused) == "backup.damaged"


def test_what_adds_to_a_backup_that_is_not_here_is_refused(shelf: Shelf) -> None:
    """The till makes a whole one then."""
    first, first_hash = backup("one")
    second, _ = backup("two", first_hash)
    with pytest.raises(Refused) as refused:
        shelf.offer(second, first_hash)
    assert code(refused) == "backup.previous_missing"
    shelf.send(first)
    assert shelf.send(second, first_hash).complete
    with pytest.raises(Refused) as refused:
        shelf.shelf.unchanged("T1", "i1", BackupUnchanged(hash=first_hash, every_minutes=10))
    assert code(refused) == "backup.previous_missing"


def test_a_piece_that_nobody_offered_is_refused(shelf: Shelf) -> None:
    with pytest.raises(Refused) as refused:
        shelf.piece(backup("one")[0], 0, 10)
    assert code(refused) == "backup.not_offered"


def test_two_chains_of_a_life_and_three_lives_are_kept(shelf: Shelf) -> None:
    """Bounded room: what is older goes when what is newer is safe."""
    for name in ("one", "two", "three"):
        content, digest = backup(name)
        shelf.send(content)
        shelf.send(backup(name + "+", digest)[0], digest)
    assert sorted(shelf.builds()) == ["three+", "two+"]
    for life in ("i2", "i3", "i4"):
        shelf.clock.seconds += MINUTE
        shelf.send(backup(life)[0], life=life)
    assert [kept.build for kept in shelf.shelf.kept()] == ["i4", "i3", "i2"]
    assert len(list(shelf.folder.rglob("*.ktb"))) == 3


def test_a_file_that_went_bad_takes_only_what_was_built_on_it(shelf: Shelf) -> None:
    """REL-14."""
    first, first_hash = backup("one")
    second, second_hash = backup("two", first_hash)
    shelf.send(first)
    shelf.send(second, first_hash)
    (path,) = shelf.folder.rglob(f"*{second_hash}.ktb")
    path.write_bytes(b"no backup")
    (kept,) = shelf.shelf.kept()
    assert (kept.build, kept.files) == ("one", (first_hash,))


def test_without_room_nothing_is_taken_and_what_matters_more_keeps_its_room(tmp_path: Path) -> None:
    """REL-19: the store's documents come before backups of tills."""
    crowded = Shelf(tmp_path / "backups", least_free_bytes=2**60)
    with pytest.raises(Refused) as refused:
        crowded.offer(backup("one")[0])
    assert code(refused) == "backup.no_room"
    assert list(crowded.folder.rglob("*.part")) == []


def test_a_disk_that_runs_full_on_the_way_leaves_the_earlier_backup_whole(tmp_path: Path) -> None:
    """REL-19."""
    with small_disk(tmp_path / "small", 1) as disk:
        if not disk.mounted:
            pytest.skip("no right to mount a small disk")
        shelf = Shelf(tmp_path / "small" / "backups")
        shelf.send(backup("one")[0])
        content, _ = backup("two", size=300_000)
        shelf.offer(content)
        shelf.piece(content, 0, 1000)
        disk.fill()
        with pytest.raises(Refused) as refused:
            shelf.piece(content, 1000, len(content))
        assert code(refused) == "backup.no_room"
        assert shelf.builds() == ["one"]
        disk.make_room()
        assert shelf.send(content).complete


def test_the_age_of_a_backup_is_known_and_becomes_an_alarm(shelf: Shelf) -> None:
    """REL-20: three missed, or an hour, whichever is longer; what did not change is as good as new."""
    _, digest = backup("one")
    shelf.send(backup("one")[0])
    shelf.clock.seconds = 59 * MINUTE
    assert [(age.seconds, age.late) for age in shelf.shelf.ages()] == [(59 * MINUTE, False)]
    shelf.clock.seconds = 61 * MINUTE
    assert [age.late for age in shelf.shelf.ages()] == [True]
    shelf.shelf.unchanged("T1", "i1", BackupUnchanged(hash=digest, every_minutes=10))
    assert [(age.station, age.seconds, age.late) for age in shelf.shelf.ages()] == [("T1", 0.0, False)]
    (kept,) = shelf.shelf.kept()
    assert kept.checked_at == instant_text(shelf.clock.now())


def test_names_of_tills_and_lives_stay_inside_the_folder(shelf: Shelf, tmp_path: Path) -> None:
    """SEC-04."""
    content, digest = backup("one")
    told = OfferBackup(hash=digest, bytes=len(content), previous="", every_minutes=10)
    shelf.shelf.offer("../../T1", "../i1", told)
    shelf.shelf.take("../../T1", "../i1", BackupPiece(hash=digest, start=0, content=content))
    assert [path.name for path in tmp_path.iterdir()] == ["backups"]
    with pytest.raises(Refused):
        shelf.shelf.piece("T2", FetchBackup(incarnation="../../till-..%2F..%2FT1/life-..%2Fi1", hash=digest, start=0))
