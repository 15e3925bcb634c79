"""The ground that the stories of a module are told on."""

from collections.abc import Iterator

import pytest

from kontuar.tools.simulate.ground import Ground, ground
from postgres_fixture import open_temporary_folder


@pytest.fixture(scope="module")
def small_ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """A chain as the module's `CHAIN` says: (stores, stations in each)."""
    stores, stations = request.module.CHAIN
    with open_temporary_folder() as folder, ground(folder, stores, stations) as made:
        yield made
