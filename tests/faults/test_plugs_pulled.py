"""Any process dies at any moment while tills sell: nothing lost, nothing twice (REL-02, REL-04, REL-05, REL-08)."""

import asyncio
from pathlib import Path

import pytest

from kontuar.tools.crashes.round import Wanted, one_round
from kontuar.tools.replay.progress import Silent
from postgres_fixture import open_temporary_folder

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.timeout(600)]

KILLS, HUB_KILLS = 12, 3


def test_every_receipt_that_was_answered_is_everywhere_once_whatever_dies() -> None:
    """`kontuar crashes` in small; docs/crashes.md tells of the long run."""
    wanted = Wanted(seed=11, kills=KILLS, hub_kills=HUB_KILLS, stores=2, stations_per_store=2)
    with open_temporary_folder() as folder:
        told = asyncio.run(one_round(wanted, Path(folder) / "round", Silent()))
    assert told.faults == ()
    assert told.kills == {"agent": 4, "database": 1, "hub": 1, "hub and database": 1, "station": 8}
    assert told.receipts > 2 * KILLS, "the tills hardly sold"
