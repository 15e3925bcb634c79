"""A database as the release before left it: the same content under an older schema (REL-16)."""

import shutil
import tempfile
from pathlib import Path
from typing import Final

import apsw

from kontuar.storage.sqlite.engine import CHECKSUM_VFS, SqliteDatabase

_LEARNED_AGAIN: Final = frozenset({("stream", "ordinal")})
"""Columns that an upgraded node fills by itself."""
_TOLD_AGAIN: Final = frozenset({"certificate"})
"""Tables that an upgraded node fills from its definitions."""
_TABLES: Final = (
    "SELECT name, sql FROM {0}.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name"
)


def set_back(database: Path, migrations: Path, back: int) -> bool:
    """Make it one of `back` changes ago, while nobody uses it; whether that can be, for it holds nothing that only the
    present schema has a place for."""
    files = sorted(migrations.glob("[0-9]*.sql"))
    older = database.with_name(f"older-{database.name}")
    _make(older, files[: max(len(files) - back, 1)])
    connection = apsw.Connection(str(older), vfs=CHECKSUM_VFS)
    try:
        connection.execute("ATTACH ? AS now", (str(database),))
        fits = _fits(connection)
        if fits:
            _copy(connection)
    finally:
        connection.close(True)
    _put_in_place(older, database, fits=fits)
    return fits


def _make(older: Path, files: list[Path]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for file in files:
            shutil.copy(file, folder)
        SqliteDatabase(older, migrations=Path(folder)).close()


def _tables(connection: apsw.Connection, schema: str) -> list[str]:
    """Those that hold rows of their own; of a full-text index that is its shadow tables."""
    rows = connection.execute(_TABLES.format(schema))
    return [name for name, sql in rows if not str(sql).startswith("CREATE VIRTUAL")]


def _columns(connection: apsw.Connection, schema: str, table: str) -> dict[str, str | None]:
    """Name → default."""
    return {row[1]: row[4] for row in connection.execute(f"PRAGMA {schema}.table_info({table})")}


def _fits(connection: apsw.Connection) -> bool:
    old = set(_tables(connection, "main"))
    for table in _tables(connection, "now"):
        if table in _TOLD_AGAIN:
            continue
        if table not in old:
            lost = [f"SELECT 1 FROM now.{table} LIMIT 1"]
        else:
            mine, theirs = _columns(connection, "main", table), _columns(connection, "now", table)
            if mine.keys() - theirs.keys():
                return False
            lost = [
                f"SELECT 1 FROM now.{table} WHERE {name} IS NOT {default} LIMIT 1"
                for name, default in theirs.items()
                if name not in mine and (table, name) not in _LEARNED_AGAIN
            ]
        if any(list(connection.execute(query)) for query in lost):
            return False
    return True


def _copy(connection: apsw.Connection) -> None:
    now = set(_tables(connection, "now"))
    connection.execute("BEGIN")
    for table in _tables(connection, "main"):
        if table in now:
            names = ", ".join(_columns(connection, "main", table))
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(f"INSERT INTO main.{table} ({names}) SELECT {names} FROM now.{table}")
    connection.execute("COMMIT")


def _put_in_place(older: Path, database: Path, *, fits: bool) -> None:
    for file in sorted(older.parent.glob(f"{older.name}?*")):
        file.unlink()
    if not fits:
        older.unlink()
        return
    for file in sorted(database.parent.glob(f"{database.name}*")):
        file.unlink()
    older.rename(database)
