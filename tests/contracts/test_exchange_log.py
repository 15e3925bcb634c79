"""The hub's list of exchange files, at a real PostgreSQL (REL-15)."""

import datetime

import pytest

from hub_documents_world import NOON, Hub
from kontuar.operations.ports.exchange import ExchangeEntry
from kontuar.storage.postgres.exchange_log import PostgresExchangeLog

pytestmark = pytest.mark.postgres
LISTED = 200


@pytest.fixture
def log(hub: Hub) -> PostgresExchangeLog:
    return PostgresExchangeLog(hub.database)


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


def test_the_list_is_bounded_and_keeps_the_latest_of_every_node(hub: Hub) -> None:
    """REL-15, REL-17: refused files of a node that never comes back go, too."""
    log = PostgresExchangeLog(hub.database, most=3)
    rare = entry("K1", "in", 0), entry("K1", "out", 1)
    for one in (entry("K1", "in", -9), *rare, entry("K1", "in", 2, "exchange.damaged")):
        log.add(one)
    for minute in range(10):
        log.add(entry("K2", "in", minute))
    newest = [entry("K2", "in", minute) for minute in (9, 8, 7)]
    assert log.newest(LISTED) == [*newest, *reversed(rare)]
    assert log.latest() == [*rare, newest[0]]
