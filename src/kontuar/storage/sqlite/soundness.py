"""Whether a database file is sound: checked whole, and what is remembered of that between two runs (REL-14, REL-19).

Beside the file lies a mark while nobody has it open: *checked whole in its last run and closed tidily, so many bytes
as of that moment*. A file whose mark fits may be worked with at once and is checked beside the work; every page that
is read meanwhile is held against its checksum anyway. One without (a power cut, a crash, damage, a file that was
exchanged) is checked before anything else, so damage that ended a run is named at the next start.
"""

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

import apsw

from kontuar.storage.failures import StorageDamaged

_MARK: Final = ".checked"
_STEPS_BETWEEN_LOOKS: Final = 20_000
_NICENESS: Final = 10


def check(connection: apsw.Connection, path: Path) -> None:
    """Read every page and hold tables against their indexes' shape; raises `StorageDamaged`."""
    answer = connection.execute("PRAGMA quick_check(1)").get
    if answer != "ok":
        raise StorageDamaged(f"{path}: {answer}")


def was_sound(path: Path) -> bool:
    """Whether the last run checked this very file whole and closed it tidily. From now on nothing is said of it."""
    mark = _mark_of(path)
    try:
        noted = mark.read_text("ascii", errors="replace")
        mark.unlink()
        sync_folder(path.parent)
    except OSError:
        return False
    return noted == _figures(path)


def note_sound(path: Path) -> None:
    """Remember it for the next start. Where that cannot be written the next start checks first, nothing worse."""
    mark, figures = _mark_of(path), _figures(path)
    if not figures:
        return
    with suppress(OSError):
        with mark.open("w", encoding="ascii") as file:
            file.write(figures)
            file.flush()
            os.fsync(file.fileno())
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make names that came or went durable."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class CheckBeside:
    """One check of the whole file on a connection of its own, while the owner works."""

    def __init__(self) -> None:
        self._stopped = threading.Event()
        self._running = threading.Lock()

    def run(self, path: Path, open_connection: Callable[[], apsw.Connection]) -> bool:
        """Blocks; whether it came to its end. Raises `StorageDamaged` and the engine's own faults.

        The work is done by a thread of its own: one that stepped back never comes forward again.
        """
        with self._running, ThreadPoolExecutor(1, "books", step_back) as apart:
            return apart.submit(self._run, path, open_connection).result()

    def _run(self, path: Path, open_connection: Callable[[], apsw.Connection]) -> bool:
        if self._stopped.is_set():
            return False
        connection = open_connection()
        try:
            connection.execute("PRAGMA query_only = ON")
            connection.set_progress_handler(self._stopped.is_set, _STEPS_BETWEEN_LOOKS)
            check(connection, path)
        except apsw.InterruptError:
            return False
        finally:
            connection.close(True)
        return True

    def stop(self) -> None:
        """Break it off, and wait until its connection is closed."""
        self._stopped.set()
        with self._running:
            pass


def _mark_of(path: Path) -> Path:
    return path.with_name(path.name + _MARK)


def _figures(path: Path) -> str:
    """Size and time of the last change; empty while a log beside the file waits to be taken in."""
    log = path.with_name(path.name + "-wal")
    try:
        if log.exists() and log.stat().st_size:
            return ""
        found = path.stat()
    except OSError:
        return ""
    return f"{found.st_size} {found.st_mtime_ns}"


def step_back() -> None:
    """This thread gives way to selling, where the system lets a thread do that."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
