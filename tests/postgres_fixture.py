"""A real PostgreSQL for tests: one server per test process, a fresh database per test, with the tables of today.

from postgres_fixture import postgres_server, postgres_url  # in a conftest.py
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from kontuar.storage.postgres.embedded import EmbeddedPostgres
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.migrations import migrate

__all__ = ["empty_postgres_url", "fresh_database", "open_temporary_folder", "postgres_server", "postgres_url"]

EMPTY = "template0"
MIGRATED = "kontuar_migrated"

_numbers = itertools.count(1)


@contextmanager
def open_temporary_folder() -> Iterator[Path]:
    """A folder that the database's own user can enter; pytest's are closed to everybody but root."""
    folder = Path(tempfile.mkdtemp(prefix="kontuar-test-"))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


@contextmanager
def fresh_database(server_url: str, template: str = MIGRATED) -> Iterator[str]:
    """The URL of a database on that server, dropped at the end whoever is still connected."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        try:
            yield server_url.replace("/kontuar?", f"/{name}?")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the server's own database; tests want `postgres_url`."""
    with open_temporary_folder() as folder, EmbeddedPostgres(folder / "postgres", durable=False) as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {MIGRATED} TEMPLATE {EMPTY} STRATEGY file_copy")
        migrated = HubDatabase(url.replace("/kontuar?", f"/{MIGRATED}?"))
        migrate(migrated)
        migrated.close()
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """With every table and no row."""
    with fresh_database(postgres_server) as url:
        yield url


@pytest.fixture
def empty_postgres_url(postgres_server: str) -> Iterator[str]:
    """Without any table."""
    with fresh_database(postgres_server, EMPTY) as url:
        yield url
