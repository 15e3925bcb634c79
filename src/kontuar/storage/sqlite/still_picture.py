"""The file of a database as it is at one moment, held still while the owner goes on writing.

When the log was taken in whole, a reader that begins then reads the file alone, and SQLite takes nothing into the file
before that reader ends. So its bytes can be read at leisure: page by page, through the checksums.
"""

import threading
from collections.abc import Sequence
from contextlib import suppress

import apsw

from kontuar.storage.sqlite.engine import SqliteDatabase, naming_failures

_FLAGS = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_MAIN_DB


class StillPicture:
    """Made by `hold_still`; close it soon, for the log grows meanwhile. Any thread may read or close it."""

    def __init__(self, database: SqliteDatabase, reader: apsw.Connection) -> None:
        self._path = database.path
        self._reader = reader
        self.schema = int(reader.pragma("user_version"))
        self.page_size = int(reader.pragma("page_size"))
        self.page_count = int(reader.pragma("page_count"))
        # Through SQLite's own files: a file that is opened otherwise and closed takes this process's locks with it.
        self._file = apsw.VFSFile(database.vfs, str(database.path), [_FLAGS, 0])
        self._one_at_a_time = threading.Lock()
        self._closed = False
        self._file.xRead(self.page_size, 0)  # from the first page the checksums learn that there are any

    def pages(self, first: int, count: int) -> Sequence[bytes]:
        """So many pages from `first` on, or as many as there are; raises `StorageDamaged` where one is not sound."""
        last = min(first + count, self.page_count)
        with self._one_at_a_time, naming_failures(self._path):
            if self._closed:
                return []
            return [self._file.xRead(self.page_size, page * self.page_size) for page in range(first, last)]

    def close(self) -> None:
        """Let the file change again."""
        with self._one_at_a_time:
            if self._closed:
                return
            self._closed = True
            with suppress(apsw.Error):
                self._file.xClose()
            self._reader.close(True)


def hold_still(database: SqliteDatabase) -> StillPicture | None:
    """On the owner's thread, between transactions; None while another reader keeps the log from being taken in."""
    if not database.took_log_in():
        return None
    reader = database.reader()
    try:
        with naming_failures(database.path):
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM sqlite_schema").get  # noqa: B018 - the reading begins with the first row
            return StillPicture(database, reader)
    except BaseException:
        reader.close(True)
        raise
