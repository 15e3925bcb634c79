"""A small file outside the database that knows how far a till has come: a database that knows less was set up again
from a backup (REL-13, docs/protocol.md, *A till's lives*).

Two slots are written in turn, each with its own hash, so that a power cut spoils at most the newer one.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

import structlog

from kontuar.operations.ports.streams import Mark

_SLOT_BYTES: Final = 512
_SLOTS: Final = 2
_log = structlog.get_logger("witness")


class Witness:
    """One till's witness. What it cannot write it says once and goes on: a till sells whatever is down."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file = -1
        self._count = 0
        self._last: Mark | None = None
        self._unsynced = False
        self.writes = True
        """Whether the last mark could be written."""

    def read(self) -> Mark | None:
        """The newest mark; None when there is none that can be read."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return None
        found = max(_slots(data), default=None, key=lambda slot: slot[0])
        if found is None:
            return None
        self._count, self._last = found
        return self._last

    def note(self, mark: Mark) -> None:
        """Keep a mark; it is in the system's hands when this returns, on the disk after `sync`."""
        if mark == self._last:
            return
        self._count += 1
        text = f"{self._count} {mark.incarnation} {mark.ordinal} {mark.seq} {mark.hash}"
        slot = f"{hashlib.sha256(text.encode()).hexdigest()} {text}\n".encode().ljust(_SLOT_BYTES)
        try:
            os.pwrite(self._opened(), slot, (self._count % _SLOTS) * _SLOT_BYTES)
        except OSError as error:
            self._failed(error)
            return
        self._last, self._unsynced, self.writes = mark, True, True

    def sync(self) -> None:
        """Bring what was noted to the disk; beside the work, for it may take long."""
        if self._unsynced and self._file >= 0:
            self._unsynced = False
            try:
                os.fdatasync(self._file)
            except OSError as error:
                self._failed(error)

    def close(self) -> None:
        """Let go of the file."""
        self.sync()
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _opened(self) -> int:
        if self._file < 0:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        return self._file

    def _failed(self, error: OSError) -> None:
        if self.writes:
            _log.error("witness.not_written", file=self._path.name, reason=str(error)[:200])
        self.writes = False
        if self._file >= 0:  # the disk it lies on may be another one by now
            with suppress(OSError):
                os.close(self._file)
            self._file = -1


def _slots(data: bytes) -> Iterator[tuple[int, Mark]]:
    for start in range(0, _SLOTS * _SLOT_BYTES, _SLOT_BYTES):
        digest, _, text = data[start : start + _SLOT_BYTES].decode("ascii", "replace").strip().partition(" ")
        words = text.split(" ")
        if len(words) == 5 and hashlib.sha256(text.encode()).hexdigest() == digest:
            yield int(words[0]), Mark(words[1], int(words[2]), int(words[3]), words[4])
