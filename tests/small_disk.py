"""A real disk that runs full under a real node, and gets room again.

Where mounting is allowed the folder lies on a small file system of its own, filled to the last byte (ENOSPC). Elsewhere
the system refuses the node every write to a file (EFBIG), which needs no rights. What the node started (PostgreSQL)
may belong to another user: it is ended, and what the node starts in its place may not write either.
"""

import os
import resource
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kontuar.tools.replay.node_process import NodeProcess

BALLAST = "ballast"
SMALLEST_BYTES = 512
_NO_LIMIT = resource.RLIM_INFINITY


class SmallDisk:
    """The disk under one node's data folder. Set `process` once the node runs."""

    def __init__(self, folder: Path, *, mounted: bool) -> None:
        self._folder = folder
        self.mounted = mounted
        self.process: NodeProcess | None = None

    def fill(self) -> None:
        """Not a byte of room is left."""
        if not self.mounted:
            self._limit(0)
            return
        with (self._folder / BALLAST).open("ab", buffering=0) as ballast:
            size = 1024 * 1024
            while size >= SMALLEST_BYTES:
                try:
                    ballast.write(bytes(size))
                except OSError:
                    size //= 2

    def make_room(self) -> None:
        """As when somebody deletes old films."""
        if self.mounted:
            (self._folder / BALLAST).unlink(missing_ok=True)
        else:
            self._limit(_NO_LIMIT)

    def _limit(self, size: int) -> None:
        if self.process is not None and self.process.is_running():
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (size, _NO_LIMIT))
            for child in _children(self.process.pid) if size == 0 else ():
                os.kill(child, signal.SIGKILL)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """A disk at a folder that nobody uses yet."""
    folder.mkdir(parents=True)
    options = f"size={megabytes}m,mode=0755"
    told = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], capture_output=True)
    disk = SmallDisk(folder, mounted=told.returncode == 0)
    try:
        yield disk
    finally:
        disk.make_room()
        if disk.mounted:
            subprocess.run(["umount", str(folder)], check=True)


def _children(pid: int) -> list[int]:
    threads = os.listdir(f"/proc/{pid}/task")
    return [int(child) for thread in threads for child in _told(Path(f"/proc/{pid}/task/{thread}/children"))]


def _told(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except FileNotFoundError:  # the thread ended meanwhile
        return []
