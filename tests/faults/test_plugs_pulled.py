"""Any process dies at any moment while two tills sell: nothing lost, nothing twice (REL-02, REL-04, REL-05, REL-08)."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.definitions import Chain, chain_of
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, StubbornCashier, until_final

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.timeout(600)]

KILLS = 10


async def pull_plugs(nodes: RunningChain, chance: random.Random, over: asyncio.Event) -> list[str]:
    """Kill and restart: every node is hit at least twice."""
    order = [*nodes.processes, *nodes.processes]
    order += chance.choices(nodes.processes, k=max(0, KILLS - len(order)))
    chance.shuffle(order)
    killed = []
    for process in order:
        await asyncio.sleep(chance.uniform(0.1, 1.2))
        await process.kill()
        killed.append(process.name)
        await asyncio.sleep(chance.uniform(0.0, 0.6))
        await process.start()
    over.set()
    return killed


async def sell_through_a_storm(chain: Chain, folder: Path) -> tuple[list[str], list[str], RunningChain, Any]:
    async with running(chain, DAY, folder, Silent()) as nodes:
        till_of = {till.station: till for till in chain.tills}
        cashiers = []
        for code, station in nodes.stations.items():
            await station.login(till_of[code].cashier, till_of[code].cashier_pin)
            await station.open_shift(DAY, 0)  # type: ignore[arg-type]
            cashiers.append(StubbornCashier(station._node, station))
        over = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            for cashier in cashiers:
                group.create_task(cashier.sell_until(over))
            storm = group.create_task(pull_plugs(nodes, random.Random(11), over))
        await until_final(nodes)
        store = next(iter(chain.stores.values()))
        await nodes.hub.login("ADMIN", chain.administrator_pin)
        for _ in range(60):
            hub = await nodes.hub.totals(store, DAY)
            if hub.documents >= sum(len(cashier.numbers) for cashier in cashiers):
                break
            await asyncio.sleep(0.5)
        chains = await nodes.hub.verify_chains()
        parked = await nodes.hub.parked()
        sold = [number for cashier in cashiers for number in cashier.numbers]
        return sold, storm.result(), nodes, (hub, chains, parked)


def series_of(chain: Chain, station: str) -> str:
    return next(row.series for row in chain.definitions["station"] if row.code == station)  # type: ignore[attr-defined]


def test_every_receipt_that_was_answered_is_at_the_hub_once_whatever_dies() -> None:
    with open_temporary_folder() as folder:
        file = folder / "baskets.csv"
        file.write_text(CSV, "utf-8")
        selection, bad = read(file, "PLN", "Europe/Warsaw", 10)
        assert not bad
        chain = chain_of(selection, 2, 3)
        sold, killed, _, (hub, chains, parked) = asyncio.run(sell_through_a_storm(chain, folder / "chain"))
    assert len(killed) >= KILLS
    assert len(sold) > 2 * len(killed), "the tills hardly sold"
    assert sorted(hub.numbers) == sorted(sold)
    assert len(set(hub.numbers)) == len(hub.numbers) == hub.documents
    assert hub.gross == 349 * len(sold)
    assert [row.problem for row in chains] == [""] * len(chains)
    assert parked == 0
    for till in chain.tills:
        ordinals = sorted(
            int(number.split("/")[3]) for number in sold if number.endswith(f"/{series_of(chain, till.station)}")
        )
        assert ordinals == list(range(1, len(ordinals) + 1)), "a series has a gap"
