"""What the tests of exchange by file begin from."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from exchange_world import HeadOffice, LoneTill
from sync_chain import TestClock


@pytest.fixture
def office(tmp_path: Path) -> Iterator[HeadOffice]:
    found = HeadOffice(tmp_path / "hub")
    yield found
    found.close()


@pytest.fixture
def till(tmp_path: Path, office: HeadOffice) -> LoneTill:
    made = LoneTill(tmp_path / "till", TestClock())
    office.enrol(made.keys)
    return made
