"""Fixtures that every suite may use."""

from collections.abc import Iterator

import pytest
import structlog

from postgres_fixture import postgres_server, postgres_url

__all__ = ["postgres_server", "postgres_url"]


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    """A command sets up logging for its process: onto a standard error that is closed when its test is over."""
    yield
    structlog.reset_defaults()
