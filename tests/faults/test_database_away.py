"""The hub's PostgreSQL dies under it: tills sell on, the hub says so, all arrives afterwards (REL-01, REL-02)."""

import asyncio
import os
import signal
from pathlib import Path

import httpx
import pytest

from kontuar.tools.replay.chain import running
from kontuar.tools.replay.definitions import ADMINISTRATOR, Chain, chain_of
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN, StubbornCashier, until_final, until_it_works

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.timeout(300)]


def postmaster(hub_data: Path) -> int:
    """The process id that the server wrote down itself."""
    return int((hub_data / "postgres" / "cluster" / "postmaster.pid").read_text().splitlines()[0])


async def sell_while_the_database_dies(chain: Chain, folder: Path) -> tuple[list[str], tuple[str, ...], set[int]]:
    async with running(chain, DAY, folder, Silent()) as nodes:
        till, station = chain.tills[0], nodes.stations[chain.tills[0].station]
        await station.login(till.cashier, till.cashier_pin)
        await station.open_shift(DAY, 0)  # type: ignore[arg-type]
        cashier = StubbornCashier(station, EAN)
        hub = nodes.processes[0]
        statuses: set[int] = set()
        for number in range(12):
            if number == 4:
                os.kill(postmaster(hub.data), signal.SIGKILL)
            async with httpx.AsyncClient() as client:
                statuses.add((await client.get(f"{hub.url}/health")).status_code)
            await cashier.sell_one()
        await until_final(nodes)
        await until_it_works(lambda: nodes.hub.login(ADMINISTRATOR, chain.administrator_pin))
        for _ in range(60):
            found = await until_it_works(lambda: nodes.hub.totals(chain.stores[till.store], DAY))
            if found.documents >= len(cashier.numbers):
                break
            await asyncio.sleep(0.5)
        return cashier.numbers, found.numbers, statuses


def test_the_hub_comes_back_with_its_database_and_has_everything_once() -> None:
    with open_temporary_folder() as folder:
        file = folder / "baskets.csv"
        file.write_text(CSV, "utf-8")
        selection, _ = read(file, "PLN", "Europe/Warsaw", 10)
        chain = chain_of(selection, 1, 4)
        sold, at_hub, statuses = asyncio.run(sell_while_the_database_dies(chain, folder / "chain"))
    assert len(sold) == 12
    assert list(at_hub) == sold
    assert statuses <= {200, 503}
