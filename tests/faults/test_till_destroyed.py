"""A paid sale survives the destruction of the till a moment later, and no till stands still for it (REL-21), on real
processes."""

import asyncio
import os
import shutil
import signal
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from kontuar.domain.firm.records import Parameter
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.clients import HttpStation
from kontuar.tools.replay.definitions import Chain, Till, chain_of
from kontuar.tools.replay.node_process import NodeProcess
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.timeout(300)]
Story = Callable[["Store"], Awaitable[Any]]


class Store:
    """A chain of two tills that wait for a second copy."""

    def __init__(self, chain: Chain, nodes: RunningChain) -> None:
        self.chain = chain
        self.nodes = nodes

    def process(self, name: str) -> NodeProcess:
        (found,) = [each for each in self.nodes.processes if name in (each.name, each.kind)]
        return found

    async def open(self, till: Till) -> HttpStation:
        station = self.nodes.stations[till.station]
        await station.login(till.cashier, till.cashier_pin)
        await station.open_shift(DAY, 0)  # type: ignore[arg-type]
        return station

    async def sell(self, station: HttpStation) -> tuple[str, str, list[str]]:
        """(document, number, codes of what the approval told)."""
        doc_id = await station.new_receipt()
        await station.node.ask("POST", f"/api/v1/documents/{doc_id}/lines", {"code": EAN})
        await station.node.ask("POST", f"/api/v1/documents/{doc_id}/payments", {"form": "cash"})
        answer: Any = await station.node.ask("POST", f"/api/v1/documents/{doc_id}/approve")
        return doc_id, answer["document"]["number"], [note["code"] for note in answer["notes"]]

    async def at_the_hub(self, count: int) -> list[str]:
        store = next(iter(self.chain.stores.values()))
        for _ in range(100):
            hub = await self.nodes.hub.totals(store, DAY)
            if hub.documents >= count:
                break
            await asyncio.sleep(0.5)
        return sorted(hub.numbers)

    async def seen(self, station: HttpStation, doc_id: str, *, until: str) -> tuple[list[str], str]:
        """(history, where it is on its way), once the history says so."""
        for _ in range(100):
            answer: Any = await station.node.ask("GET", f"/api/v1/documents/{doc_id}")
            history = [entry["event"] for entry in answer["history"]]
            if until in (*history, answer["row"]["sync"]):
                return history, answer["row"]["sync"]
            await asyncio.sleep(0.2)
        raise AssertionError(answer)

    async def figure(self, station: HttpStation, *, wanted: int) -> int:
        """Documents that only this till holds, as its status says."""
        for _ in range(50):
            status: Any = await station.node.ask("GET", "/api/v1/status")
            if status["issued_alone"] == wanted:
                break
            await asyncio.sleep(0.2)
        return int(status["issued_alone"])


def in_a_store(story: Story, seconds: str) -> Any:
    with open_temporary_folder() as folder:
        (folder / "baskets.csv").write_text(CSV, "utf-8")
        selection, bad = read(folder / "baskets.csv", "PLN", "Europe/Warsaw", 10)
        assert not bad
        chain = chain_of(selection, 2, 3)
        wanted = Parameter(name="print.second_copy_seconds", scope="global", value=seconds)
        chain.definitions["parameter"] = (*chain.definitions["parameter"], wanted)  # type: ignore[index]

        async def tell() -> Any:
            async with running(chain, DAY, folder / "chain", Silent()) as nodes:
                return await story(Store(chain, nodes))

        return asyncio.run(tell())


async def both_tills_are_destroyed(store: Store) -> tuple[list[str], list[str], list[list[str]]]:
    sold, told = [], []
    for till in store.chain.tills:
        station = await store.open(till)
        process = store.process(f"station-{till.station}")
        _, number, codes = await store.sell(station)
        await process.kill()
        _destroy(process.data)
        sold.append(number)
        told.append(codes)
    return sorted(sold), await store.at_the_hub(len(sold)), told


def _destroy(folder: Path) -> None:
    shutil.rmtree(folder)


def test_a_sale_outlives_a_till_that_is_destroyed_right_after_its_receipt() -> None:
    """REL-21, REL-02: killed and its disk gone as soon as the approval was answered without a word of waiting."""
    sold, booked, told = in_a_store(both_tills_are_destroyed, "30")
    assert told == [[], []], "the agent held both before they were answered"
    assert booked == sold
    assert len(sold) == 2


async def without_an_agent(store: Store) -> dict[str, Any]:
    station = await store.open(store.chain.tills[0])
    agent = store.process("agent")
    os.kill(agent.pid, signal.SIGSTOP)
    late, _, late_codes = await store.sell(station)
    late_seen = await store.seen(station, late, until="issued_alone")
    await agent.kill()
    await _until_offline(station)
    away, _, away_codes = await store.sell(station)
    away_seen = await store.seen(station, away, until="issued_alone")
    alone = await store.figure(station, wanted=2)
    metrics = await _metrics(store.process(f"station-{store.chain.tills[0].station}").url)
    await agent.start()
    there = [await store.seen(station, doc_id, until="final") for doc_id in (late, away)]
    left, hub = await store.figure(station, wanted=0), await store.at_the_hub(2)
    return {"late": (late_codes, late_seen), "away": (away_codes, away_seen), "alone": alone, "metrics": metrics,
            "there": there, "left": left, "hub": hub}  # fmt: skip


async def _until_offline(station: HttpStation) -> None:
    for _ in range(100):
        status: Any = await station.node.ask("GET", "/api/v1/status")
        if status["level"] == "offline":
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it never noticed")


async def _metrics(url: str) -> list[str]:
    import httpx

    async with httpx.AsyncClient(trust_env=False) as client:
        text = (await client.get(f"{url}/metrics")).text
    return [line for line in text.splitlines() if line.startswith("kontuar_station_issued_alone")]


def test_a_till_whose_agent_does_not_answer_sells_on_and_says_what_only_it_holds() -> None:
    """REL-21, REL-01: a frozen agent is waited for as long as was said, a dead one not at all."""
    found = in_a_store(without_an_agent, "1")
    assert found["late"] == (["copy.waiting"], (["approved", "issued_alone"], "alone"))
    assert found["away"] == (["copy.away"], (["approved", "issued_alone"], "alone"))
    assert (found["alone"], found["metrics"]) == (2, ["kontuar_station_issued_alone 2"])
    assert [history for history, _ in found["there"]] == [["approved", "issued_alone"]] * 2, "that is history for good"
    assert (found["left"], len(found["hub"])) == (0, 2)


async def killed_while_it_waits(store: Store) -> tuple[list[str], list[str], list[str]]:
    station = await store.open(store.chain.tills[0])
    agent, process = store.process("agent"), store.process(f"station-{store.chain.tills[0].station}")
    os.kill(agent.pid, signal.SIGSTOP)
    doc_id, number, codes = await store.sell(station)
    await process.kill()
    os.kill(agent.pid, signal.SIGCONT)
    await process.start()
    await station.login(store.chain.tills[0].cashier, store.chain.tills[0].cashier_pin)
    history, _ = await store.seen(station, doc_id, until="booked")
    assert await store.figure(station, wanted=0) == 0
    return codes, history, [number] if number in await store.at_the_hub(1) else []


def test_a_till_that_is_killed_while_it_waits_goes_on_where_it_was() -> None:
    """REL-21, REL-04."""
    codes, history, booked = in_a_store(killed_while_it_waits, "30")
    assert codes == ["copy.waiting"]
    assert history[0] == "approved"
    assert len(booked) == 1
