"""Fixtures of several contracts."""

from collections.abc import Iterator

import pytest

from hub_documents_world import Hub


@pytest.fixture
def hub(postgres_url: str) -> Iterator[Hub]:
    """Intake and booking of head office on a database of its own."""
    world = Hub(postgres_url)
    yield world
    world.database.close()
