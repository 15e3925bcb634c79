"""The hub's tables for definitions, nodes and logins on a real PostgreSQL: feed, races, codes, failures."""

import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from hub_definitions_world import ADMIN, Taker, World, open_world, read_snapshot
from kontuar.domain.catalogue.records import PriceList, Unit
from kontuar.kernel.canonical import row_checksum
from kontuar.kernel.errors import Refused
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.storage.failures import StorageUnavailable
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.feed import PostgresFeed, SnapshotFolder
from kontuar.storage.postgres.migrations import Migration, MigrationRefused, known_migrations, migrate

pytestmark = pytest.mark.postgres


@pytest.fixture
def world(postgres_url: str, tmp_path: Path) -> Iterator[World]:
    opened = open_world(postgres_url, tmp_path)
    yield opened
    opened.database.close()


@pytest.fixture
def shop(world: World) -> World:
    world.load_guide()
    return world


def test_a_new_store_takes_a_snapshot_then_deltas_and_always_holds_the_hubs_view(shop: World) -> None:
    """REL-10."""
    taker = Taker(shop.feed, "S1")
    assert taker.take().action == "snapshot"
    assert taker.take().action == "same"
    shop.definitions.put_rows(ADMIN, [("unit", Unit(code="m", name="metr", precision=2))])
    delta = taker.take()
    assert (delta.action, [row[:2] for row in delta.put], delta.removed) == ("delta", [("unit", "m")], ())
    shop.definitions.remove_rows(ADMIN, [("unit", "m")])
    delta = taker.take()
    assert (delta.put, delta.removed) == ((), (("unit", "m"),))


def test_each_store_gets_its_own_view(shop: World) -> None:
    first, second = Taker(shop.feed, "S1"), Taker(shop.feed, "S2")
    first.take()
    second.take()
    only_second = set(second.rows) - set(first.rows)
    assert only_second == {
        ("parameter", "locale.language|store:S2"),
        ("price", "S2|MLEKO|szt|2026-01-01"),
        ("price_list", "S2"),
        ("station", "K2"),
        ("view", "documents-trade|store:S2"),
    }
    assert set(first.rows) - set(second.rows) == {
        ("delivery_method", "KURIER"),
        ("operator", "ANNA"),
        ("station", "K1"),
    }


def test_rows_that_leave_a_stores_view_are_removed_there_and_others_never_hear_of_them(shop: World) -> None:
    first, second = Taker(shop.feed, "S1"), Taker(shop.feed, "S2")
    third = Taker(shop.feed, "S3")
    for taker in (first, second, third):
        taker.take()
    moved = PriceList(code="S2", name="Ceny sklepu 2", currency="PLN", stores=("S1",))
    shop.definitions.put_rows(ADMIN, [("price_list", moved)])
    moving = [("price", "S2|MLEKO|szt|2026-01-01"), ("price_list", "S2")]
    assert sorted(row[:2] for row in first.take().put) == moving
    assert sorted(second.take().removed) == moving
    answer = third.take()
    assert (answer.action, answer.put, answer.removed) == ("delta", (), ())


def test_a_wrong_checksum_another_epoch_or_an_unknown_version_bring_a_snapshot(shop: World) -> None:
    view = shop.feed.version_of("S1")
    right = (view.epoch, view.version, view.checksum)
    assert shop.feed.definitions_since("S1", *right).action == "same"
    for cursor in (
        (view.epoch, view.version, view.checksum + 1),
        ("another", view.version, view.checksum),
        (view.epoch, view.version + 1, view.checksum),
    ):
        answer = shop.feed.definitions_since("S1", *cursor)
        assert (answer.action, answer.version, answer.checksum) == ("snapshot", view.version, view.checksum)


def test_a_delta_larger_than_the_view_becomes_a_snapshot(world: World) -> None:
    world.load("unit", "code;name\n" + "".join(f"u{n};u\n" for n in range(20)))
    taker = Taker(world.feed, "S1")
    taker.take()
    keys = [("unit", f"u{n}") for n in range(19)]
    world.definitions.remove_rows(ADMIN, keys)
    assert taker.take().action == "snapshot"
    assert set(taker.rows) == {("unit", "u19")}


def test_a_snapshot_is_built_once_kept_with_its_predecessor_and_older_ones_are_pruned(world: World) -> None:
    names = []
    for number in range(4):
        world.load("unit", f"code;name\nu{number};u\n")
        info = world.feed.snapshot("S1")
        assert world.feed.snapshot("S1") == info
        names.append(info.id)
    assert len(set(names)) == 4
    assert world.feed.snapshot_by_id(names[2]).version == 3
    for name in (names[0], "../hub", ""):
        with pytest.raises(Refused, match=r"snapshot\.not_found"):
            world.feed.snapshot_by_id(name)


def writer_of(url: str, name: str, writes: int, versions: list[int]) -> threading.Thread:
    def work() -> None:
        database = HubDatabase(url)
        definitions = Definitions(PostgresDefinitions(database), StillClock())
        for number in range(writes):
            row = Unit(code=f"{name}{number}", name=name)
            versions.append(definitions.put_rows(ADMIN, [("unit", row)]).version)
        database.close()

    return threading.Thread(target=work)


class StillClock:
    def now(self) -> "object":
        from datetime import UTC, datetime

        return datetime(2026, 11, 21, tzinfo=UTC)

    def monotonic(self) -> float:
        return 0.0


def test_writers_at_once_make_gapless_versions_and_a_polling_reader_loses_no_row(
    world: World, postgres_url: str
) -> None:
    """REL-10: with a sequence in the counter's place a reader loses rows, as the next test shows."""
    versions: list[int] = []
    threads = [writer_of(postgres_url, name, 40, versions) for name in ("a", "b", "c")]
    taker = Taker(world.feed, "S1")
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        taker.take()
    taker.take()
    assert sorted(versions) == list(range(1, 121))
    assert set(taker.rows) == {("unit", f"{name}{number}") for name in "abc" for number in range(40)}


def test_without_the_counter_row_a_reader_loses_what_commits_late(postgres_url: str) -> None:
    """The twin of the race: versions from a sequence are taken before commit, so a cursor may jump over one."""
    with psycopg.connect(postgres_url) as slow, psycopg.connect(postgres_url) as quick:
        slow.execute("CREATE TABLE t (version bigint)")
        slow.execute("CREATE SEQUENCE s")
        slow.commit()
        slow.execute("INSERT INTO t VALUES (nextval('s'))")
        quick.execute("INSERT INTO t VALUES (nextval('s'))")
        quick.commit()
        seen = [row[0] for row in quick.execute("SELECT version FROM t WHERE version > 0")]
        slow.commit()
        quick.commit()
        seen += [row[0] for row in quick.execute("SELECT version FROM t WHERE version > %s", [max(seen)])]
    assert seen == [2]


def test_a_reader_in_the_middle_of_a_write_sees_one_version_whole(world: World, postgres_url: str) -> None:
    """REL-10: never a mix of two versions."""
    world.load("unit", "code;name\na;old\nb;old\n")
    taker = Taker(world.feed, "S1")
    taker.take()
    other = HubDatabase(postgres_url)
    store = PostgresDefinitions(other)
    with other.transaction():
        store.next_version()
        other.connection.execute("UPDATE definition SET version = 2, body = '{}' WHERE key = 'a'")
        assert taker.take().action == "same"
    other.close()


def test_the_history_of_definitions_can_only_grow(world: World) -> None:
    world.load("unit", "code;name\na;a\n")
    for statement in (
        "DELETE FROM definition_history",
        "UPDATE definition_history SET changed_by = 'x'",
        "TRUNCATE definition_history",
    ):
        with pytest.raises(psycopg.errors.RaiseException), world.database.transaction():
            world.database.connection.execute(statement.encode())


def test_checksums_stay_right_whatever_is_written(shop: World) -> None:
    for store in ("S1", "S2", "S9"):
        view = shop.feed.version_of(store)
        rows = read_snapshot(shop.feed.snapshot(store))
        assert view.rows == len(rows)
        assert view.checksum == sum(row_checksum(kind, key, body) for (kind, key), body in rows) % 2**64


def test_migrations_are_applied_once_and_a_newer_database_is_refused(empty_postgres_url: str) -> None:
    """REL-16."""
    database = HubDatabase(empty_postgres_url)
    numbers = [migration.number for migration in known_migrations()]
    assert migrate(database) == numbers
    assert migrate(database) == []
    with pytest.raises(MigrationRefused, match="newer"):
        migrate(database, known_migrations()[:-1])
    changed = (Migration(1, "definitions", b"SELECT 1"), *known_migrations()[1:])
    with pytest.raises(MigrationRefused, match="another content"):
        migrate(database, changed)
    database.close()


def test_a_migration_that_fails_leaves_nothing_behind(empty_postgres_url: str) -> None:
    database = HubDatabase(empty_postgres_url)
    broken = Migration(9999, "broken", b"CREATE TABLE half (x int); SELECT 1/0")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrate(database, (*known_migrations(), broken))
    with pytest.raises(psycopg.errors.UndefinedTable), database.transaction():
        database.connection.execute("SELECT * FROM half")
    assert migrate(database) == []
    database.close()


def test_a_cut_connection_is_named_and_the_next_transaction_connects_anew(world: World, postgres_url: str) -> None:
    """REL-19."""
    with world.database.transaction():
        row = world.database.connection.execute("SELECT pg_backend_pid()").fetchone()
    assert row is not None
    with psycopg.connect(postgres_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s)", [row[0]])
    with pytest.raises(StorageUnavailable):
        world.load("unit", "code;name\na;a\n")
    assert world.load("unit", "code;name\na;a\n").version == 1


def test_a_server_that_is_not_there_is_unavailable(tmp_path: Path) -> None:
    database = HubDatabase(f"postgresql://kontuar@/kontuar?host={tmp_path}")
    with pytest.raises(StorageUnavailable):
        database.ping()


def test_a_folder_of_snapshots_survives_a_restart(shop: World, tmp_path: Path) -> None:
    info = shop.feed.snapshot("S1")
    source = PostgresFeed(shop.database)
    again = DefinitionsFeed(source, SnapshotFolder(tmp_path / "snapshots", source))
    assert again.snapshot("S1") == info
