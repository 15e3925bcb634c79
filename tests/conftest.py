"""Fixtures that every suite may use."""

from collections.abc import Iterator

import pytest
import structlog

from postgres_fixture import empty_postgres_url, postgres_server, postgres_url

__all__ = ["empty_postgres_url", "postgres_server", "postgres_url"]


LONGEST = ("test_station_access.py", "test_speed.py", "test_versions_beside_each_other.py", "test_seeds.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first: workers that share files out end at about the same time."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command sets up logging for its process: onto a standard error that is closed when its test is over."""
    yield
    structlog.reset_defaults()
