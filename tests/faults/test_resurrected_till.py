"""A till that is set up again from an old backup goes on at once, uses no number twice, and gets back what it had sent
(REL-05, REL-13), on real processes."""

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.clients import HttpStation
from kontuar.tools.replay.definitions import Chain, chain_of
from kontuar.tools.replay.http_node import HttpNode
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.node_process import NodeProcess
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN, StubbornCashier, until_final

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.timeout(300)]


class Store:
    """A small chain that runs, its first till, and what was sold there."""

    def __init__(self, chain: Chain, nodes: RunningChain) -> None:
        self.chain = chain
        self.nodes = nodes
        self.till = chain.tills[0]
        self.station = nodes.stations[self.till.station]
        self.cashier = StubbornCashier(self.station, EAN)
        (self.process,) = [p for p in nodes.processes if p.name == f"station-{self.till.station}"]
        self.line = nodes.station_lines[self.till.station]

    async def begin_work(self, *, shift: bool = True) -> None:
        await self.station.login(self.till.cashier, self.till.cashier_pin)
        if shift:
            await self.station.open_shift(DAY, 0)  # type: ignore[arg-type]

    async def sell(self, count: int) -> list[str]:
        return [await self.cashier.sell_one() for _ in range(count)]

    async def documents(self) -> list[str]:
        """Numbers that the till's own list shows to its manager, newest first."""
        manager = self.nodes.managers[self.till.station]
        await manager.login(self.till.manager, self.till.manager_pin)
        answer: Any = await manager.node.ask("GET", "/api/v1/documents?family=trade&limit=100")
        return [row["number"] for row in answer["rows"]]

    async def at_the_hub(self, count: int) -> list[str]:
        """Numbers that are booked at the hub, once there are so many."""
        store = next(iter(self.chain.stores.values()))
        for _ in range(60):
            hub = await self.nodes.hub.totals(store, DAY)
            if hub.documents >= count:
                break
            await asyncio.sleep(0.5)
        return sorted(hub.numbers)

    async def drawer(self) -> int:
        """What the open shift expects in cash, in grosze."""
        manager = self.nodes.managers[self.till.station]
        answer: Any = await manager.node.ask("GET", "/api/v1/shift")
        return sum(form["expected"] for form in answer["forms"])

    async def until_back(self, numbers: set[str]) -> list[str]:
        """The till's own list, once it shows these numbers."""
        for _ in range(100):
            found = await self.documents()
            if numbers <= set(found):
                return found
            await asyncio.sleep(0.5)
        raise AssertionError(f"{numbers - set(found)} did not come back")

    async def until_series(self, ending: str) -> None:
        """It goes on in another series by itself."""
        status: Any = {}
        for _ in range(100):
            try:
                status = await self.station.node.ask("GET", "/api/v1/status")
            except NodeSaidNo:
                status = {}
            if str(status.get("series", "")).endswith(ending):
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"still {status}")

    async def until_stopped(self) -> str:
        """Why it issues nothing any more, once that is so."""
        for _ in range(100):
            status: Any = await self.station.node.ask("GET", "/api/v1/status")
            if status["stopped"]:
                return str(status["stopped"])
            await asyncio.sleep(0.2)
        raise AssertionError("it goes on")

    async def until_spare(self) -> None:
        for _ in range(100):
            if (self.process.data / "identity" / "spare").exists():
                return
            await asyncio.sleep(0.1)
        raise AssertionError("no spare life was made")


def back_up(process: NodeProcess, folder: Path, *, witness: bool) -> None:
    """The database, as an administrator would copy it; with `witness` a whole disk's image, keys excepted."""
    folder.mkdir()
    for file in process.data.glob("station.db*"):
        shutil.copy(file, folder / file.name)
    if witness:
        shutil.copy(process.data / "identity" / "witness", folder / "witness")


def restore(process: NodeProcess, folder: Path) -> None:
    for file in process.data.glob("station.db*"):
        file.unlink()
    for file in folder.iterdir():
        shutil.copy(file, process.data / ("identity/witness" if file.name == "witness" else file.name))


def in_a_store(folder: Path, story: Any) -> Any:
    file = folder / "baskets.csv"
    file.write_text(CSV, "utf-8")
    selection, bad = read(file, "PLN", "Europe/Warsaw", 10)
    assert not bad
    chain = chain_of(selection, 1, 3)

    async def tell() -> Any:
        async with running(chain, DAY, folder / "chain", Silent()) as nodes:
            return await story(Store(chain, nodes), folder)

    return asyncio.run(tell())


async def restored_while_cut_off(store: Store, folder: Path) -> dict[str, Any]:
    await store.begin_work()
    before = await store.sell(3)
    await store.until_spare()
    await store.process.stop()
    back_up(store.process, folder / "backup", witness=False)
    await store.process.start()
    await store.begin_work(shift=False)
    lost = await store.sell(3)
    await until_final(store.nodes)
    await store.process.stop()
    restore(store.process, folder / "backup")
    await store.line.cut()
    await store.process.start()
    await store.begin_work(shift=False)
    cut_off = await store.sell(2)
    await store.line.restore()
    await until_final(store.nodes)
    booked = await store.at_the_hub(8)
    listed = await store.until_back({*before, *lost, *cut_off})
    drawer = await store.drawer()
    parked = await store.nodes.hub.parked()
    chains = await store.nodes.hub.verify_chains()
    return {
        "before": before,
        "lost": lost,
        "cut_off": cut_off,
        "booked": booked,
        "parked": parked,
        "chains": chains,
        "listed": listed,
        "drawer": drawer,
    }


def test_a_till_restored_from_a_backup_sells_on_at_once_in_a_new_series_though_nobody_can_be_reached() -> None:
    """REL-13, REL-05: the witness knows more than the database, and the next life was certified beforehand."""
    with open_temporary_folder() as folder:
        found = in_a_store(folder, restored_while_cut_off)
    old, new = {*found["before"], *found["lost"]}, set(found["cut_off"])
    assert len(old) == 6
    assert not old & new
    assert all("-2/" in number or number.endswith("-2") for number in new), new
    assert found["booked"] == sorted(old | new)
    assert found["parked"] == 0
    assert sorted(found["listed"]) == sorted(old | new), "what was sent came back"
    assert found["drawer"] == 8 * 349, "the money of all eight receipts lies in the drawer"
    assert [check.problem for check in found["chains"]] == ["", ""]


async def restored_with_its_witness(store: Store, folder: Path) -> dict[str, Any]:
    await store.begin_work()
    before = await store.sell(2)
    await store.until_spare()
    await until_final(store.nodes)
    await store.process.stop()
    back_up(store.process, folder / "backup", witness=True)
    await store.process.start()
    await store.begin_work(shift=False)
    lost = await store.sell(2)
    await until_final(store.nodes)
    await store.process.stop()
    restore(store.process, folder / "backup")
    await store.line.cut()
    await store.process.start()
    await store.begin_work(shift=False)
    again = await store.sell(3)
    await store.line.restore()
    await store.until_series("-2")
    await store.begin_work(shift=False)
    after = await store.sell(1)
    await until_final(store.nodes)
    booked = await store.at_the_hub(5)
    listed = await store.until_back({*before, *lost, *after, *(f"{number} (2)" for number in again)})
    for _ in range(60):
        if await store.nodes.hub.parked() >= 3:
            break
        await asyncio.sleep(0.5)
    inbox: Any = await store.nodes.hub.node.ask("GET", "/api/v1/verification?state=open")
    return {"before": before, "lost": lost, "again": again, "after": after, "booked": booked, "listed": listed,
            "inbox": inbox["rows"], "drawer": await store.drawer()}  # fmt: skip


def test_what_was_sold_under_numbers_that_were_used_already_is_kept_and_decided_on_by_a_person() -> None:
    """REL-05, REL-13: nothing knew of the restore until the store's server was reached; every sale is somewhere."""
    with open_temporary_folder() as folder:
        found = in_a_store(folder, restored_with_its_witness)
    before, lost, again, after = (found[name] for name in ("before", "lost", "again", "after"))
    assert again[:2] == lost, "the same numbers were used again"
    assert found["booked"] == sorted([*before, *lost, *after])
    forked = [row for row in found["inbox"] if row["reason"] == "stream.forked" and row["document_type"] == "receipt"]
    assert sorted(row["number"] for row in forked) == sorted(again)
    named = [f"{number} (2)" for number in again]
    assert sorted(found["listed"]) == sorted([*before, *lost, *after, *named]), "each has its place in the list"
    assert found["drawer"] == 8 * 349


async def copied_to_a_second_machine(store: Store, folder: Path) -> dict[str, Any]:
    await store.begin_work()
    before = await store.sell(2)
    await store.until_spare()
    await until_final(store.nodes)
    await store.process.stop()
    shutil.copytree(store.process.data, folder / "copies" / "copy")
    await store.process.start()
    await store.begin_work(shift=False)
    first = await store.sell(1)
    await until_final(store.nodes)
    settings = {"agent_url": store.line.url, "station": store.till.station, "profile": "replay"}
    copy = NodeProcess("station", "copy", folder / "copies", settings)
    await copy.start()
    try:
        node = HttpNode("copy", copy.url)
        second = Store(store.chain, store.nodes)
        second.station = HttpStation(node, store.chain.currency)
        second.cashier = StubbornCashier(second.station, EAN)
        await second.until_series("-2")
        await second.begin_work(shift=False)
        sold = await second.sell(1)
        stopped = await store.until_stopped()
        with pytest.raises(NodeSaidNo, match=r"stream\.closed"):
            await store.sell(1)
        booked = await store.at_the_hub(4)
        await node.close()
    finally:
        await copy.stop()
    return {"before": before, "first": first, "sold": sold, "stopped": stopped, "booked": booked}


def test_of_a_till_and_its_copy_one_goes_on_in_a_new_series_and_the_other_stops() -> None:
    """REL-13: a cloned till is found out at the store's server; no number is used twice."""
    with open_temporary_folder() as folder:
        found = in_a_store(folder, copied_to_a_second_machine)
    assert found["stopped"] == "stream.closed"
    assert found["booked"] == sorted([*found["before"], *found["first"], *found["sold"]])
    assert len(set(found["booked"])) == 4
