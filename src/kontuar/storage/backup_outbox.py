"""What a till remembers of its backups, beside its database and no part of it: what the agent has, what is on its way.

Nothing here has to survive: without it the next backup has all pages again.
"""

from pathlib import Path
from typing import Final

import msgspec

from kontuar.storage.backup_files import DIGEST_BYTES

MOST_ADDED: Final = 47
"""Files after a whole one; then all pages go again, which also ends whatever may have gone wrong unseen."""


class BackupState(msgspec.Struct, frozen=True, kw_only=True):
    """A backup as the till made it: `hash` and `size` (bytes) of its file, `digests` of all pages, when it was made.

    `whole_bytes`, `added_bytes`, `added`: of the chain that ends with it.
    """

    hash: str
    size: int
    previous: str
    image: str
    page_size: int
    digests: bytes
    made_at: str
    whole_bytes: int
    added_bytes: int
    added: int

    def is_long(self) -> bool:
        """Whether the next one should have all pages."""
        return self.added >= MOST_ADDED or self.added_bytes > self.whole_bytes


class BackupOutbox:
    """One folder. Blocks; from one thread at a time."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.file = folder / "outgoing.ktb"

    def sent(self) -> BackupState | None:
        """The last one that the agent has."""
        return _read(self._folder / "sent")

    def outgoing(self) -> BackupState | None:
        """One that was made and is not known to be there yet."""
        state = _read(self._folder / "outgoing")
        return state if state is not None and self.file.exists() and self.file.stat().st_size == state.size else None

    def made(self, state: BackupState) -> None:
        """The file lies in its place."""
        _write(self._folder / "outgoing", state)

    def complete(self, state: BackupState) -> None:
        """The agent has it."""
        _write(self._folder / "sent", state)
        self.drop()

    def drop(self) -> None:
        """What is on its way is not sent."""
        for name in ("outgoing", "outgoing.ktb", "outgoing.ktb.body", "outgoing.ktb.new"):
            (self._folder / name).unlink(missing_ok=True)

    def begin_anew(self) -> None:
        """The agent has something else: the next one has all pages."""
        self.drop()
        (self._folder / "sent").unlink(missing_ok=True)

    def piece(self, start: int, count: int) -> bytes:
        """Bytes of the file on its way."""
        with self.file.open("rb") as file:
            file.seek(start)
            return file.read(count)


def _read(path: Path) -> BackupState | None:
    try:
        found = msgspec.msgpack.decode(path.read_bytes(), type=BackupState)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
    return found if len(found.digests) % DIGEST_BYTES == 0 else None


def _write(path: Path, state: BackupState) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_bytes(msgspec.msgpack.encode(state))
    unfinished.replace(path)
