"""A disk that can lose power, run full, or fail to sync: a layer between SQLite's page checksums and the real one.

A power cut keeps everything that was synced and, of what was written since, any part: all, none, some of the writes,
some of the 512-byte sectors of a write. What is then on the platter is given as files for another folder.
"""

import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import apsw.sqlite_extra

from kontuar.storage.sqlite.engine import CHECKSUM_VFS

SECTOR = 512
_TRACKED = apsw.SQLITE_OPEN_MAIN_DB | apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
_disks: "dict[str, Disk]" = {}
_standing: "list[_Vfs]" = []
"""Kept for the life of the process: files that are still open go through them."""


@dataclass(slots=True)
class Change:
    """A write (or, with `cut`, a truncation) that no sync has covered yet."""

    offset: int
    old: bytes
    new: bytes
    old_size: int
    cut: bool = False


@dataclass(slots=True)
class Disk:
    """What happens to the files of one folder. `writes_left`, `syncs_left`: until the power goes, until syncs fail;
    with `kills` only the process ends. `kept`: how much of what was not synced survives a power cut. `slow_seconds`:
    how long a piece of work takes, about. `ended` is called once, when it ends."""

    chance: random.Random
    writes_left: int | None = None
    syncs_left: int | None = None
    free_bytes: int | None = None
    kills: bool = False
    changes: dict[str, list[Change]] = field(default_factory=dict)
    platter: dict[str, bytes] | None = None
    kept: float = 0.5
    slow_seconds: float = 0.0
    ended: Callable[[], None] = lambda: None

    @property
    def dead(self) -> bool:
        return self.platter is not None

    def delay_seconds(self) -> float:
        """How long the next piece of work takes."""
        return self.slow_seconds * self.chance.uniform(0.5, 1.5) if self.slow_seconds else 0.0

    def cut_power(self) -> None:
        """Now. What survives is decided here: all that was synced, and some of the rest."""
        if self.platter is None:
            self.platter = {path: self._surviving(path, changes) for path, changes in self._files()}
            self.ended()

    def kill(self) -> None:
        """The process ends now; the machine keeps what was written."""
        if self.platter is None:
            self.platter = {path: Path(path).read_bytes() for path, _ in self._files()}
            self.ended()

    def _files(self) -> list[tuple[str, list[Change]]]:
        return [(path, changes) for path, changes in self.changes.items() if os.path.exists(path)]

    def restored(self, folder: Path) -> Path:
        """A new folder with what survived; raises `AssertionError` while the disk lives."""
        assert self.platter is not None
        folder.mkdir(exist_ok=True)
        for path, content in self.platter.items():
            (folder / Path(path).name).write_bytes(content)
        return folder

    def require_power(self) -> None:
        if self.dead:
            raise apsw.IOError("the power is off")

    def take_room(self, growth: int) -> None:
        if self.free_bytes is not None and growth > 0:
            if growth > self.free_bytes:
                raise apsw.FullError("no room left")
            self.free_bytes -= growth

    def count_down(self) -> None:
        if self.writes_left is not None:
            self.writes_left -= 1
            if self.writes_left <= 0:
                if self.kills:
                    self.kill()
                else:
                    self.cut_power()
                raise apsw.IOError("the power went")

    def sync(self, path: str) -> None:
        self.require_power()
        if self.syncs_left is not None:
            self.syncs_left -= 1
            if self.syncs_left < 0:
                raise apsw.IOError("fsync failed")
        self.changes[path].clear()

    def _surviving(self, path: str, changes: list[Change]) -> bytes:
        content = bytearray(Path(path).read_bytes())
        for change in reversed(changes):
            _put(content, change.offset, change.old)
            del content[change.old_size :]
        for change in changes:
            self._maybe(content, change)
        return bytes(content)

    def _maybe(self, content: bytearray, change: Change) -> None:
        fate = self.chance.random()
        if fate >= self.kept:
            return
        if change.cut:
            del content[change.offset :]
        elif fate < self.kept * 0.9:
            _put(content, change.offset, change.new)
        else:
            for start in range(0, len(change.new), SECTOR):
                if self.chance.random() < 0.5:
                    _put(content, change.offset + start, change.new[start : start + SECTOR])


def _put(content: bytearray, offset: int, data: bytes) -> None:
    if len(content) < offset + len(data):
        content.extend(bytes(offset + len(data) - len(content)))
    content[offset : offset + len(data)] = data


class _File(apsw.VFSFile):
    def __init__(self, name: "str | apsw.URIFilename | None", flags: list[int]) -> None:
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name or "")
        self._disk = _disks.get(os.path.dirname(self._path)) if flags[0] & _TRACKED else None
        if self._disk is not None:
            self._disk.changes.setdefault(self._path, [])
        super().__init__("unix", name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        disk = self._disk
        if disk is None:
            super().xWrite(data, offset)
            return
        disk.require_power()
        size = self.xFileSize()
        disk.take_room(offset + len(data) - size)
        old = self._bytes(offset, len(data), size)
        super().xWrite(data, offset)
        disk.changes[self._path].append(Change(offset, old, bytes(data), size))
        disk.count_down()

    def xTruncate(self, new_size: int) -> None:  # noqa: N802
        disk = self._disk
        if disk is not None:
            disk.require_power()
            size = self.xFileSize()
            old = self._bytes(new_size, size - new_size, size)
            disk.changes[self._path].append(Change(new_size, old, b"", size, cut=True))
        super().xTruncate(new_size)

    def xSync(self, flags: int) -> None:  # noqa: N802
        if self._disk is None:
            super().xSync(flags)
        else:
            # The platter is ours: the real disk need not be waited for.
            self._disk.sync(self._path)

    def _bytes(self, offset: int, count: int, size: int) -> bytes:
        """Of a file of that size; as much as there is."""
        there = min(count, size - offset)
        return bytes(self.xRead(there, offset)) if there > 0 else b""


class _Vfs(apsw.VFS):
    def __init__(self) -> None:
        super().__init__("faulty", "unix", makedefault=True)

    def xOpen(self, name: "str | apsw.URIFilename | None", flags: list[int]) -> _File:  # noqa: N802
        return _File(name, flags)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        disk = _disks.get(os.path.dirname(filename))
        if disk is not None:
            if disk.dead:
                return
            disk.changes.pop(filename, None)
        super().xDelete(filename, syncdir)


@contextmanager
def layer() -> Iterator[None]:
    """Puts the layer below the page checksums, for all databases of this process, and takes it away again."""
    _standing.append(_Vfs())
    _put_checksums_above_the_default()
    try:
        yield
    finally:
        apsw.set_default_vfs("unix")
        _put_checksums_above_the_default()


@contextmanager
def faulty_disk(folder: Path, chance: random.Random) -> Iterator[Disk]:
    """The disk under one folder; needs the layer."""
    disk = under(folder, Disk(chance))
    try:
        yield disk
    finally:
        forget(folder)


def under(folder: Path, disk: Disk) -> Disk:
    """Files of this folder that are opened from now on lie on this disk; needs the layer."""
    _disks[str(folder)] = disk
    return disk


def forget(folder: Path) -> None:
    """Files that are opened from now on lie on the machine's own disk."""
    _disks.pop(str(folder), None)


def _put_checksums_above_the_default() -> None:
    """Registered anew, it stands on what is the default then."""
    if CHECKSUM_VFS in apsw.vfs_names():
        apsw.unregister_vfs(CHECKSUM_VFS)
    with apsw.Connection(":memory:", vfs="unix") as loader:
        apsw.sqlite_extra.load(loader, "cksumvfs")
