"""Numbered, forward-only changes of the hub's tables, each applied once and whole (REL-16)."""

import re
from importlib import resources

import msgspec

from kontuar.kernel.canonical import content_hash
from kontuar.storage.postgres.engine import HubDatabase

_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.sql")
_LOCK = 5_202_611
"""Key of the advisory lock: two hubs that start at once migrate one after the other."""

_VERSIONS = """
CREATE TABLE IF NOT EXISTS schema_version (
    number integer PRIMARY KEY,
    name text NOT NULL,
    hash text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)"""


class MigrationRefused(Exception):
    """The database is of a newer program, or a change that was applied reads differently now."""


class Migration(msgspec.Struct, frozen=True):
    """One file: `0001_definitions.sql`."""

    number: int
    name: str
    sql: bytes

    @property
    def hash(self) -> str:
        """SHA-256 of the file, hex."""
        return content_hash(self.sql).hex()


def known_migrations() -> tuple[Migration, ...]:
    """The files that this program brings, in their order."""
    folder = resources.files("kontuar.storage.postgres").joinpath("migrations")
    found = []
    for file in folder.iterdir():
        match = _NAME.fullmatch(file.name)
        if match:
            found.append(Migration(int(match[1]), match[2], file.read_bytes()))
    return tuple(sorted(found, key=lambda migration: migration.number))


def migrate(database: HubDatabase, migrations: tuple[Migration, ...] | None = None) -> list[int]:
    """Apply what is missing, each in its own transaction; the numbers applied. Raises `MigrationRefused`."""
    wanted = known_migrations() if migrations is None else migrations
    with database.transaction():
        database.connection.execute(_VERSIONS)
        rows = database.connection.execute("SELECT number, hash FROM schema_version").fetchall()
    applied = {int(number): str(content) for number, content in rows}
    _check(applied, wanted)
    missing = [migration for migration in wanted if migration.number not in applied]
    return [migration.number for migration in missing if _apply(database, migration)]


def _check(applied: dict[int, str], wanted: tuple[Migration, ...]) -> None:
    newest = max((migration.number for migration in wanted), default=0)
    newer = [number for number in applied if number > newest]
    if newer:
        raise MigrationRefused(
            f"the database is of a newer Kontuar (change {max(newer)}, this program knows {newest}): "
            "start the newer program, nothing was changed"
        )
    for migration in wanted:
        if applied.get(migration.number, migration.hash) != migration.hash:
            raise MigrationRefused(
                f"change {migration.number:04}_{migration.name} was applied with another content; nothing was changed"
            )


def _apply(database: HubDatabase, migration: Migration) -> bool:
    """Whether it had still to be applied (another hub may have been quicker)."""
    with database.transaction():
        connection = database.connection
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        done = connection.execute("SELECT 1 FROM schema_version WHERE number = %s", [migration.number])
        if done.fetchone() is not None:
            return False
        connection.execute(migration.sql)
        connection.execute(
            "INSERT INTO schema_version (number, name, hash) VALUES (%s, %s, %s)",
            [migration.number, migration.name, migration.hash],
        )
        return True
