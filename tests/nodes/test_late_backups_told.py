"""A till of which the agent misses a backup is an alarm at head office (HUB-07, REL-20)."""

from __future__ import annotations

import asyncio
import datetime
from pathlib import Path
from typing import Any

import pytest

from agent_chain import RunningTill
from hub_server import HubServer
from kontuar.kernel.canonical import encode
from kontuar.kernel.time import instant_text
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import MachineClock
from kontuar.storage.backup_shelf import Seen
from kontuar.sync.identity import enrol
from kontuar.sync.transport import HttpTransport
from postgres_fixture import fresh_database, open_temporary_folder
from sync_chain import Till
from sync_hub import agent_process, until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]
CODE = "node.backup_late"


def code_for(hub: HubServer, kind: str, node: str) -> str:
    answer = hub.client.post("/api/v1/enrolment-codes", json={"kind": kind, "node": node})
    return str(answer.raise_for_status().json()["code"])


async def alarms_of(hub: HubServer, node: str) -> list[str]:
    answer = await asyncio.to_thread(hub.client.get, "/api/v1/monitor")
    rows: list[dict[str, Any]] = answer.raise_for_status().json()
    return next((row["alarms"] for row in rows if row["node"]["node"] == node), [])


def last_backup(agent: Path, hours_ago: float) -> None:
    """As the shelf keeps it, of a till that hopes for one every ten minutes."""
    life = agent / "backups" / "till-K1" / "life-life1"
    life.mkdir(parents=True, exist_ok=True)
    at = MachineClock().now() - datetime.timedelta(hours=hours_ago)
    (life / "seen.json").write_bytes(encode(Seen(at=instant_text(at), every_minutes=10)))


async def told(hub: HubServer, folder: Path) -> None:
    last_backup(folder / "agent", hours_ago=2)
    with agent_process(folder / "agent", hub.url, code_for(hub, "agent", "S1")) as agent:
        transport = HttpTransport((await agent.address()).url)
        keys = await enrol(
            folder / "till" / "identity", transport, code=code_for(hub, "station", "K1"), kind="station",
            new_incarnation="life1", build="9.9",
        )  # fmt: skip
        running = RunningTill(Till(folder / "till", MachineClock(), keys), transport, folder / "till")
        running.sync.start()

        async def is_late() -> bool:
            return CODE in await alarms_of(hub, "K1")

        async def is_over() -> bool:
            return not await is_late()

        try:
            await until(is_late, 30)
            assert CODE not in await alarms_of(hub, "agent@S1")
            last_backup(folder / "agent", hours_ago=0.9)
            agent.kill()
            agent.start()
            await until(is_over, 60)
        finally:
            await running.sync.stop()
            await transport.close()
            running.lane.close()


def test_a_late_backup_is_an_alarm_until_there_is_one_again(postgres_server: str) -> None:
    """HUB-07, REL-20: told by the agent of a till that it hears."""
    with (
        open_temporary_folder() as folder,
        fresh_database(postgres_server) as url,
        HubServer(folder / "hub", url, (extend_sync, extend_documents)) as hub,
    ):
        asyncio.run(told(hub, folder))
