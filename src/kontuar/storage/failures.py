"""How a database fails, the same for SQLite and PostgreSQL (REL-19). None of these is a rule that says no."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

NO_ROOM: Final = frozenset((errno.ENOSPC, errno.EDQUOT, errno.EFBIG))
"""Disk, quota, and size of a file."""


class StorageFailure(Exception):
    """The database did not do what was asked; nothing was written. The text is for the log, not for people."""

    code = "storage.unavailable"


class StorageUnavailable(StorageFailure):
    """The database is away (stopped, cut off, shutting down); it may come back by itself."""


class StorageBusy(StorageFailure):
    """Somebody else holds what is needed for longer than was to be waited; it may be asked again."""

    code = "storage.busy"


class StorageFull(StorageFailure):
    """There is no room left to write; reading still works."""

    code = "storage.full"


class StorageDamaged(StorageFailure):
    """What is stored cannot be trusted; a person has to look at it."""

    code = "storage.damaged"


@contextmanager
def writing_beside(unfinished: Path) -> Iterator[None]:
    """A file is being made: what cannot be finished is taken away, so that it fills the disk no further.

    Raises `StorageFull` when there is no room.
    """
    try:
        yield
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        if error.errno in NO_ROOM:
            raise StorageFull(f"{unfinished}: {error}") from error
        raise
