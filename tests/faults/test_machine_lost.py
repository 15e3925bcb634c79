"""A till's machine dies with its disk: drafts, settings and documents come back from the agent, on real processes
(REL-13, REL-20)."""

import asyncio
import os
import shutil
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from kontuar.domain.firm.records import Parameter
from kontuar.nodes.settings import PREFIX
from kontuar.tools.crashes.cashier import StubbornCashier
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.clients import HttpStation
from kontuar.tools.replay.definitions import Chain, Till, chain_of
from kontuar.tools.replay.http_node import HttpNode
from kontuar.tools.replay.node_process import NodeProcess
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN, until_final

pytestmark = [pytest.mark.faults, pytest.mark.postgres, pytest.mark.timeout(300)]


async def kontuar(*arguments: str, **settings: str) -> tuple[int, str]:
    """The command as an administrator runs it: (exit status, what it printed)."""
    environment = {**os.environ, **{PREFIX + name.upper(): value for name, value in settings.items()}}
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "kontuar", *arguments, env=environment, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    told, _ = await process.communicate()
    return process.returncode or 0, told.decode()


async def drilled(agent: Path, documents: int) -> str:
    """The drill, once a backup with so many documents is there."""
    told = ""
    for _ in range(60):
        status, told = await kontuar("restore-drill", str(agent))
        if status == 0 and f" {documents} documents;" in told:
            return told
        await asyncio.sleep(2)
    raise AssertionError(told)


async def on_a_new_machine(chain: Chain, nodes: RunningChain, till: Till, folder: Path) -> dict[str, Any]:
    """Sell, leave a draft, lose the machine, restore, sell on."""
    (old,) = [process for process in nodes.processes if process.kind == "station"]
    (agent,) = [process for process in nodes.processes if process.kind == "agent"]
    station = nodes.stations[till.station]
    await station.login(till.cashier, till.cashier_pin)
    await station.open_shift(DAY, 0)  # type: ignore[arg-type]
    cashier = StubbornCashier(station, EAN)
    before = [await cashier.sell_one() for _ in range(3)]
    draft = await station.new_receipt()
    await station.node.ask("POST", f"/api/v1/documents/{draft}/lines", {"code": EAN})
    told = await drilled(agent.data, 3)
    after = [await cashier.sell_one() for _ in range(2)]
    await until_final(nodes)
    health: Any = await HttpNode("agent", agent.url).ask("GET", "/health")
    async with httpx.AsyncClient(trust_env=False) as client:
        metrics = (await client.get(f"{agent.url}/metrics")).text
    await old.kill()
    shutil.rmtree(old.data)

    code = await nodes.hub.enrolment_code("station", till.station)
    settings = {"agent_url": nodes.station_lines[till.station].url, "station": till.station, "profile": "replay"}
    new = NodeProcess("station", "new-machine", folder, settings)
    status, said = await kontuar("backup", "restore", str(new.data), **settings, enrolment_code=code)
    assert status == 0, said
    again, refused = await kontuar("backup", "restore", str(new.data), **settings, enrolment_code=code)
    await new.start()
    try:
        restored = HttpStation(HttpNode("new", new.url), chain.currency)
        await restored.login(till.cashier, till.cashier_pin)
        drafts: Any = await restored.node.ask("GET", "/api/v1/drafts")
        listed = await _listed(restored, till, {*before, *after})
        await restored.node.ask("POST", f"/api/v1/documents/{draft}/payments", {"form": "cash"})
        finished: Any = await restored.node.ask("POST", f"/api/v1/documents/{draft}/approve")
        hub = await _at_the_hub(chain, nodes, 6)
        await restored.node.close()
    finally:
        await new.stop()
    return {"before": before, "after": after, "draft": draft, "drafts": drafts, "told": told, "listed": listed,
            "finished": finished["document"]["number"], "hub": hub, "again": again, "refused": refused,
            "metrics": metrics, "health": health}  # fmt: skip


async def _listed(station: HttpStation, till: Till, numbers: set[str]) -> set[str]:
    await station.login(till.manager, till.manager_pin)
    found: set[str] = set()
    for _ in range(100):
        answer: Any = await station.node.ask("GET", "/api/v1/documents?family=trade&limit=100")
        found = {row["number"] for row in answer["rows"]}
        if numbers <= found:
            break
        await asyncio.sleep(0.5)
    await station.login(till.cashier, till.cashier_pin)
    return found


async def _at_the_hub(chain: Chain, nodes: RunningChain, count: int) -> list[str]:
    store = next(iter(chain.stores.values()))
    for _ in range(100):
        hub = await nodes.hub.totals(store, DAY)
        if hub.documents >= count:
            break
        await asyncio.sleep(0.5)
    return sorted(hub.numbers)


def test_a_till_whose_machine_is_destroyed_goes_on_from_its_backup_on_another_one() -> None:
    """REL-13, REL-20: the draft comes back, documents that are younger than the backup as well, in a new series."""
    with open_temporary_folder() as folder:
        file = folder / "baskets.csv"
        file.write_text(CSV, "utf-8")
        selection, bad = read(file, "PLN", "Europe/Warsaw", 10)
        assert not bad
        chain = chain_of(selection, 1, 3)
        wanted = Parameter(name="backup.minutes", scope="global", value="1")
        chain.definitions["parameter"] = (*chain.definitions["parameter"], wanted)  # type: ignore[index]

        async def tell() -> dict[str, Any]:
            async with running(chain, DAY, folder / "chain", Silent()) as nodes:
                return await on_a_new_machine(chain, nodes, chain.tills[0], folder / "chain")

        found = asyncio.run(tell())
    sold = {*found["before"], *found["after"]}
    assert len(sold) == 5
    assert [document["doc_id"] for document in found["drafts"]] == [found["draft"]]
    assert len(found["drafts"][0]["lines"]) == 1
    assert found["listed"] == sold
    assert "/S1T1-" in found["finished"], "a life of its own, so a series of its own"
    assert found["hub"] == sorted({*sold, found["finished"]})
    assert "all holds" in found["told"]
    assert "1 drafts, 3 documents; ok" in found["told"]
    assert "unchecked" not in found["told"], "the agent's folder has the key that signatures are checked by"
    assert found["again"] == 2
    assert "backup.database_exists" in found["refused"]
    assert found["health"]["backups"] == "fine"
    assert "kontuar_agent_backups_late 0.0" in found["metrics"]
    assert f'kontuar_agent_backup_age_seconds{{station="{chain.tills[0].station}"}}' in found["metrics"]
