"""The hub's list of exchange files, at a real PostgreSQL (REL-15)."""

import datetime
from collections.abc import Iterator

import pytest

from hub_documents_world import NOON, Hub
from kontuar.operations.ports.exchange import ExchangeEntry
from kontuar.storage.postgres.exchange_log import PostgresExchangeLog

pytestmark = pytest.mark.postgres
LISTED = 200


@pytest.fixture
def log(postgres_url: str) -> Iterator[PostgresExchangeLog]:
    world = Hub(postgres_url)
    yield PostgresExchangeLog(world.database)
    world.database.close()


def entry(node: str, way: str, minute: int, outcome: str = "") -> ExchangeEntry:
    at = NOON + datetime.timedelta(minutes=minute)
    return ExchangeEntry(at=at, way=way, node=node, by="admin", outcome=outcome)  # type: ignore[arg-type]


def test_the_last_file_of_a_node_is_known_however_many_came_from_others(log: PostgresExchangeLog) -> None:
    """REL-15: a store that brings a file once a week is not shown as one that never brought any."""
    rare = entry("K1", "in", 0), entry("K1", "out", 1)
    for one in (entry("K1", "in", -9), *rare, entry("K1", "in", 2, "exchange.damaged")):
        log.add(one)
    for minute in range(LISTED):
        log.add(entry("K2", "in", minute))
    assert {one.node for one in log.newest(LISTED)} == {"K2"}
    assert log.latest() == [*rare, entry("K2", "in", LISTED - 1)]
