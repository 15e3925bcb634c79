"""A real PostgreSQL for tests: one server per test process, a fresh database per test.

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

__all__ = ["fresh_database", "open_temporary_folder", "postgres_server", "postgres_url"]

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
def fresh_database(server_url: str) -> Iterator[str]:
    """The URL of an empty database on that server, dropped at the end whoever is still connected."""
    name = f"test_{next(_numbers)}"
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy")
        try:
            yield server_url.replace("/kontuar?", f"/{name}?")
        finally:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The URL of the server's own database; tests want `postgres_url`."""
    with open_temporary_folder() as folder, EmbeddedPostgres(folder / "postgres", durable=False) as url:
        yield url


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    with fresh_database(postgres_server) as url:
        yield url
