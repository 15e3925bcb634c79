"""The disk of every node of a chain runs full, one after the other, and gets room again (REL-01, REL-02, REL-19).

Nothing is restarted by hand: whole processes go on when there is room.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import pytest

from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.clients import HttpStation
from kontuar.tools.replay.definitions import ADMINISTRATOR, Chain, chain_of
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.node_process import NodeProcess
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from small_disk import SmallDisk, small_disk
from stubborn_cashier import CSV, DAY, EAN, StubbornCashier, until_final, until_it_works

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.timeout(300)]

MEGABYTES = {"hub": 160, "agent": 8, "station": 8}


class Shop:
    """One till of a small chain, whose three nodes have a small disk each, their logs on it too."""

    def __init__(self, nodes: RunningChain, chain: Chain, disks: dict[str, SmallDisk]) -> None:
        till = chain.tills[0]
        self.nodes = nodes
        self.disks = disks
        self.processes: dict[str, NodeProcess] = {process.kind: process for process in nodes.processes}
        self.store = chain.stores[till.store]
        self.station: HttpStation = nodes.stations[till.station]
        self.manager = nodes.managers[till.station]
        self.till = self.station.node
        self.cashier = StubbornCashier(self.station, EAN)
        for kind, disk in disks.items():
            disk.process = self.processes[kind]

    async def sell(self, receipts: int) -> None:
        for _ in range(receipts):
            await self.cashier.sell_one()

    async def sell_until(self, told: Callable[[], Awaitable[bool]]) -> None:
        """Go on selling until something is so."""
        for _ in range(150):
            if await told():
                return
            await self.sell(1)
            await asyncio.sleep(0.05)
        raise AssertionError("it never became so")

    async def problem_of(self, kind: str) -> str:
        """What stands in the way of a node's way up, as it says itself."""
        node = self.till if kind == "station" else self.nodes.agents[self.store].node
        return str((await node.ask("GET", "/api/v1/status"))["problem"])

    async def at_hub(self) -> tuple[str, ...]:
        hub = self.nodes.hub
        for _ in range(60):
            found = await until_it_works(lambda: hub.totals(self.store, DAY))
            if found.documents >= len(self.cashier.numbers):
                break
            await asyncio.sleep(0.25)
        assert (found.gross, await hub.parked()) == (349 * found.documents, 0)
        assert [row.problem for row in await hub.verify_chains()] == [""] * len(await hub.verify_chains())
        return tuple(found.numbers)

    async def everything_arrives_once(self) -> None:
        await until_final(self.nodes)
        sold = self.cashier.numbers
        assert list(await self.at_hub()) == sold
        assert [int(number.split("/")[3]) for number in sold] == list(range(1, len(sold) + 1)), "a series has a gap"


@asynccontextmanager
async def shop_on_small_disks() -> AsyncIterator[Shop]:
    with open_temporary_folder() as folder, ExitStack() as mounts:
        (folder / "baskets.csv").write_text(CSV, "utf-8")
        selection, _ = read(folder / "baskets.csv", "PLN", "Europe/Warsaw", 10)
        chain = chain_of(selection, 1, 4)
        till = chain.tills[0]
        names = {"hub": "hub", "agent": f"agent-{chain.stores[till.store]}", "station": f"station-{till.station}"}
        disks = {}
        for kind, name in names.items():
            disks[kind] = mounts.enter_context(small_disk(folder / "chain" / name, MEGABYTES[kind]))
            (folder / "chain" / f"{name}.log").symlink_to(folder / "chain" / name / "node.log")
        async with running(chain, DAY, folder / "chain", Silent()) as nodes:
            shop = Shop(nodes, chain, disks)
            await shop.station.login(till.cashier, till.cashier_pin)
            await shop.station.open_shift(DAY, 0)  # type: ignore[arg-type]
            await nodes.hub.login(ADMINISTRATOR, chain.administrator_pin)
            await shop.sell(3)
            await shop.everything_arrives_once()
            try:
                yield shop
            finally:
                for disk in disks.values():
                    disk.make_room()


async def refusal_of(work: Awaitable[Any]) -> str:
    with pytest.raises(NodeSaidNo) as caught:
        await work
    return str(caught.value)


async def the_till_runs_full(shop: Shop) -> None:
    doc_id = await shop.station.new_receipt()
    lines = f"/api/v1/documents/{doc_id}/lines"
    await shop.till.ask("POST", lines, {"code": EAN})
    await shop.cashier._pay(doc_id)
    shop.disks["station"].fill()
    said = [
        await refusal_of(shop.till.ask("POST", f"/api/v1/documents/{doc_id}/approve")),
        await refusal_of(shop.station.new_receipt()),
    ]
    for refusal in said:
        assert " 507 " in refusal
        assert '"storage.full"' in refusal
        assert "The disk is full. Nothing was written" in refusal
    assert list((await shop.manager.totals(DAY)).numbers) == shop.cashier.numbers
    draft = await shop.till.ask("GET", f"/api/v1/drafts/{doc_id}")
    assert (len(draft["lines"]), draft["number"]) == (1, "")
    await asyncio.sleep(1)
    shop.processes["station"].check_running()
    shop.disks["station"].make_room()
    answer = await shop.till.ask("POST", f"/api/v1/documents/{doc_id}/approve")
    shop.cashier.note(answer["document"], pieces=1)


async def the_till_starts_on_a_full_disk(shop: Shop) -> None:
    process, disk = shop.processes["station"], shop.disks["station"]
    await process.kill()
    disk.fill()
    await process.start()
    disk.fill()
    assert list((await shop.manager.totals(DAY)).numbers) == shop.cashier.numbers
    assert '"storage.full"' in await refusal_of(shop.station.new_receipt())
    disk.make_room()


async def the_agent_runs_full(shop: Shop) -> None:
    shop.disks["agent"].fill()

    async def till_says_so() -> bool:
        return await shop.problem_of("station") == "storage.full"

    await shop.sell_until(till_says_so)
    await shop.sell(2)
    held = await shop.nodes.agents[shop.store].totals(DAY)
    assert list(held.numbers) == shop.cashier.numbers[: held.documents]
    assert held.documents < len(shop.cashier.numbers)
    shop.disks["agent"].make_room()


async def the_hub_runs_full(shop: Shop) -> None:
    disk = shop.disks["hub"]
    disk.fill()
    # A PostgreSQL that may not even go on with its log ends, and is started again until it can.
    expected = "storage.full" if disk.mounted else "storage.unavailable"

    async def agent_says_so() -> bool:
        return await shop.problem_of("agent") == expected

    await shop.sell_until(agent_says_so)
    await shop.sell(2)
    disk.make_room()


def test_a_full_disk_at_any_node_loses_nothing_and_heals_without_a_restart() -> None:
    """REL-01, REL-02, REL-05, REL-19: what was answered stays, what is refused is said in words and leaves nothing,
    the tills sell on while others are full, and with room again all arrives once."""

    async def scenario() -> None:
        async with shop_on_small_disks() as shop:
            pids = {kind: process.pid for kind, process in shop.processes.items()}
            for trouble in (the_till_runs_full, the_agent_runs_full, the_hub_runs_full):
                await trouble(shop)
                await shop.sell(2)
                await shop.everything_arrives_once()
            assert {kind: process.pid for kind, process in shop.processes.items()} == pids
            for process in shop.processes.values():
                process.check_running()
            await the_till_starts_on_a_full_disk(shop)
            await shop.sell(2)
            await shop.everything_arrives_once()

    asyncio.run(scenario())
