"""The hub's connection: what is read inside is of one moment, and nothing can be written there."""

from collections.abc import Iterator

import psycopg
import pytest
from psycopg import errors

from kontuar.storage.postgres.engine import HubDatabase

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(postgres_url: str) -> Iterator[HubDatabase]:
    made = HubDatabase(postgres_url)
    with made.transaction():
        made.connection.execute("CREATE TABLE thing (n integer)")
    yield made
    made.close()


def count(database: HubDatabase) -> int:
    row = database.connection.execute("SELECT count(*) FROM thing").fetchone()
    assert row is not None
    return int(row[0])


def test_looks_inside_one_look_are_of_one_moment(database: HubDatabase, postgres_url: str) -> None:
    """REL-10: an answer to a store is made of several."""
    with database.transaction(reading=True):
        with database.transaction(reading=True):
            assert count(database) == 0
        with psycopg.connect(postgres_url, autocommit=True) as other:
            other.execute("INSERT INTO thing VALUES (1)")
        with database.transaction(reading=True):
            assert count(database) == 0
    with database.transaction(reading=True):
        assert count(database) == 1


def test_whoever_only_looks_cannot_write(database: HubDatabase) -> None:
    """REL-04: and the next one who writes can."""
    with pytest.raises(errors.ReadOnlySqlTransaction), database.transaction(reading=True):
        database.connection.execute("INSERT INTO thing VALUES (1)")
    with database.transaction():
        database.connection.execute("INSERT INTO thing VALUES (2)")
    with database.transaction(reading=True):
        assert count(database) == 1


def test_a_look_inside_what_writes_is_a_mistake(database: HubDatabase) -> None:
    """It would not be of one moment."""
    with pytest.raises(AssertionError), database.transaction(), database.transaction(reading=True):
        count(database)


def test_what_a_part_undoes_leaves_the_rest(database: HubDatabase) -> None:
    """A part that fails is undone alone."""
    with database.transaction():
        database.connection.execute("INSERT INTO thing VALUES (1)")
        with pytest.raises(errors.DivisionByZero), database.transaction():
            database.connection.execute("INSERT INTO thing VALUES (1 / 0)")
    with database.transaction(reading=True):
        assert count(database) == 1
