"""One SQLite file with one owner connection, set up so that an acknowledged write survives a power cut.

Settings and reasons: `docs/adr/0003-sqlite-through-apsw.md`. A failed sync or a damaged page is never retried:
the process stops with a state that the screens name (REL-04, REL-19).
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import apsw
import apsw.sqlite_extra

from kontuar.storage.failures import NO_ROOM, StorageDamaged, StorageFailure, StorageFull
from kontuar.storage.sqlite.soundness import CheckBeside, check, note_sound, sync_folder, was_sound

CHECKSUM_VFS = "cksmvfs"
_RESERVED_BYTES = 8
_STATEMENTS = 500
"""Kept prepared: a node has more than the hundred that are usual, and runs all of them in turn."""
_FAULTS = (apsw.FullError, apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.CantOpenError)
_GROWING = frozenset((apsw.SQLITE_IOERR_WRITE, apsw.SQLITE_IOERR_SHMSIZE))
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA trusted_schema = OFF",
    "PRAGMA cell_size_check = ON",
    "PRAGMA recursive_triggers = ON",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -16384",
    "PRAGMA wal_autocheckpoint = 4000",
)


class SqliteDatabase:
    """The owner connection of one file. Not for use from two threads at once."""

    def __init__(self, path: Path, *, migrations: Path, vfs: str | None = None, check_beside: bool = False) -> None:
        """Open or create, check, migrate forward. Raises `StorageDamaged` or `StorageFull`.

        `check_beside`: a file that the last run left sound is not read whole here; `check_rest` does that beside the
        work (PERF-03).
        """
        self.path = path
        self._vfs = vfs
        self._beside = CheckBeside()
        self.checked = not (was_sound(path) and check_beside)
        """Whether the whole file was checked since it was opened."""
        with naming_failures(path):
            self._connection = _open(path, vfs)
        try:
            with naming_failures(path, self._connection):
                _set_up(self._connection, path)
                if self.checked:
                    check(self._connection, path)
                migrate(self._connection, migrations)
        except BaseException:
            with suppress(apsw.Error):  # what kept it from opening is what has to be told
                self._connection.close(True)
            raise
        self._depth = 0
        self._fault = ""
        self.begun = 0
        """How many outermost transactions there were: tells whether something belongs to the running one."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; the outermost one is durable when it is left. Inner ones join it.

        After a failed sync or a damaged page nothing is written any more: what the disk holds is not known.
        """
        return nullcontext() if self._depth else self._outermost()

    @contextmanager
    def _outermost(self) -> Iterator[None]:
        if self._fault:
            raise StorageDamaged(self._fault)
        with self._remembering_faults(), self._naming():
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth = 1
            self.begun += 1
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0

    @contextmanager
    def _remembering_faults(self) -> Iterator[None]:
        try:
            yield
        except StorageDamaged as fault:
            if isinstance(fault.__cause__, apsw.Error):
                self._fault = str(fault)
            raise

    @contextmanager
    def _naming(self) -> Iterator[None]:
        """As `naming_failures`; after damage the next start checks the file before anything else."""
        try:
            yield
        except _FAULTS as error:
            raise self._named(error) from error
        except StorageDamaged:
            self.checked = False
            raise

    def _named(self, error: apsw.Error) -> StorageFailure:
        failure = named_failure(error, self.path, self._connection)
        if isinstance(failure, StorageDamaged):
            self.checked = False
        return failure

    def write(self, statement: str, values: Sequence[Any] = ()) -> int:
        """Execute one statement inside a transaction; returns the rows it changed."""
        assert self._depth, "writes happen inside a transaction"
        self._connection.execute(statement, values)
        return int(self._connection.changes())

    def write_many(self, statement: str, rows: Sequence[Sequence[Any]]) -> None:
        """The same statement for many rows."""
        assert self._depth, "writes happen inside a transaction"
        if rows:
            self._connection.executemany(statement, rows)

    def rows(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        try:
            return list(self._connection.execute(statement, values))
        except _FAULTS as error:
            raise self._named(error) from error

    def row(self, statement: str, values: Sequence[Any] = ()) -> tuple[Any, ...] | None:
        """The first row of a query, or None."""
        try:
            return next(iter(self._connection.execute(statement, values)), None)
        except _FAULTS as error:
            raise self._named(error) from error

    def value(self, statement: str, values: Sequence[Any] = ()) -> Any:
        """The first column of the first row, or None."""
        found = self.row(statement, values)
        return found[0] if found else None

    def checkpoint(self, *, truncate: bool = False) -> None:
        """Move the log into the file; called when idle, with `truncate` when closing a shift."""
        with self._naming():
            mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if truncate else apsw.SQLITE_CHECKPOINT_PASSIVE
            self._connection.wal_checkpoint(mode=mode)

    def took_log_in(self) -> bool:
        """Move the log into the file; whether the file alone holds everything now."""
        with self._naming():
            pages, moved = self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_PASSIVE)
        return bool(pages == moved)

    def reader(self) -> apsw.Connection:
        """A connection beside the owner's, for whoever only reads."""
        with naming_failures(self.path):
            connection = _open(self.path, self._vfs)
            connection.execute("PRAGMA query_only = ON")
        return connection

    @property
    def vfs(self) -> str:
        """Through which its files are read."""
        return self._vfs or CHECKSUM_VFS

    def check_rest(self) -> None:
        """Check the whole file where opening did not. Blocks: for a thread that is not the owner's.

        Raises `StorageDamaged`. Broken off when the file is closed; then the next start checks before anything else.
        """
        if not self.checked:
            with naming_failures(self.path):
                self.checked = self._beside.run(self.path, lambda: _open(self.path, self._vfs))

    def close(self) -> None:
        """Close the file; open statements are finished first."""
        self._beside.stop()
        self._connection.close()
        if self.checked and not self._fault:
            note_sound(self.path)


@contextmanager
def naming_failures(path: Path, connection: apsw.Connection | None = None) -> Iterator[None]:
    """Turn the engine's faults into the three that screens name."""
    try:
        yield
    except _FAULTS as error:
        raise named_failure(error, path, connection) from error


def named_failure(error: apsw.Error, path: Path, connection: apsw.Connection | None) -> StorageFailure:
    """One of the engine's faults as what screens name."""
    if isinstance(error, apsw.FullError):
        return StorageFull(str(path))
    if connection is not None and _lacks_room(error, connection):
        return StorageFull(f"{path}: {error}")
    return StorageDamaged(f"{path}: {error}")


def _lacks_room(error: apsw.Error, connection: apsw.Connection) -> bool:
    """Whether the system refused to let a file grow; SQLite itself knows a full disk only, no quota and no limit.

    A sync that failed is never that: what it wrote is not known.
    """
    can_be = getattr(error, "extendedresult", 0) in _GROWING or isinstance(error, apsw.CantOpenError)
    return can_be and connection.system_errno in NO_ROOM


def migrate(connection: apsw.Connection, folder: Path) -> None:
    """Bring the schema forward, one file per transaction; a schema from the future is refused."""
    files = sorted(folder.glob("[0-9]*.sql"))
    have = int(connection.pragma("user_version"))
    if have > len(files):
        raise StorageDamaged(f"schema {have} is newer than this program's {len(files)}; install the newer version")
    for number, file in enumerate(files[have:], have + 1):
        connection.execute(f"BEGIN IMMEDIATE;\n{file.read_text('utf-8')}\nPRAGMA user_version = {number};\nCOMMIT;")


def _open(path: Path, vfs: str | None) -> apsw.Connection:
    load_checksum_vfs()
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = apsw.Connection(str(path), vfs=vfs or CHECKSUM_VFS, statementcachesize=_STATEMENTS)
    connection.set_busy_timeout(5_000)
    return connection


def _set_up(connection: apsw.Connection, path: Path) -> None:
    # By pages and not by the file: a power cut while it was made may have left an empty one.
    fresh = connection.pragma("page_count") == 0
    if fresh:
        connection.reserve_bytes("main", _RESERVED_BYTES)
    for pragma in _PRAGMAS:
        connection.execute(pragma)
    if fresh:
        connection.execute("PRAGMA user_version = 0")
        sync_folder(path.parent)


def load_checksum_vfs() -> None:
    """Every page has its checksum: who opens a file through it is told of a flipped bit."""
    if CHECKSUM_VFS not in apsw.vfs_names():
        with apsw.Connection(":memory:") as loader:
            apsw.sqlite_extra.load(loader, "cksumvfs")
