"""The connection to PostgreSQL breaks in the middle of booking."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import psycopg
import pytest

from hub_documents_world import Hub, Till
from kontuar.storage.failures import StorageUnavailable
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.engine import HubDatabase

pytestmark = pytest.mark.postgres


class Breaking(psycopg.Connection[Any]):
    """Is closed right before a chosen statement."""

    left = 0

    def cursor(self, *given: Any, **more: Any) -> Any:
        Breaking.left -= 1
        if Breaking.left == 0:
            self.close()
        return super().cursor(*given, **more)


@pytest.fixture
def hub(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    monkeypatch.setattr(HubDatabase, "connect", staticmethod(Breaking.connect))
    world = Hub(postgres_url)
    yield world
    world.database.close()


def test_at_whatever_statement_of_booking_it_breaks_everything_is_booked_afterwards(hub: Hub) -> None:
    """REL-08, REL-09: what a process had half read is not taken for all there is."""
    till = Till()
    till.open_shift()
    for statement in count(1):
        till.sell((1, 1))
        hub.push(till)
        hub.desk = PostgresBookingDesk(hub.database, lambda *_: "")
        Breaking.left = statement
        try:
            hub.book()
        except StorageUnavailable:
            hub.book()
        else:
            break
    Breaking.left = 0
    assert statement > 10
    assert hub.reasons() == []
    assert hub.one("SELECT count(*) FROM document") == statement
