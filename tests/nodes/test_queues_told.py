"""What waits at a till and at its agent is told to head office, shown, and an alarm while it is long (HUB-07)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from agent_chain import RunningTill
from hub_server import HubServer
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import MachineClock
from kontuar.sync.identity import enrol
from kontuar.sync.transport import HttpTransport
from postgres_fixture import fresh_database, open_temporary_folder
from sync_chain import Till
from sync_hub import agent_process, until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]
MANY = 600
"""More than the 500 messages from which on a queue counts as long."""


@contextmanager
def head_office(postgres_server: str) -> Iterator[tuple[HubServer, str, Path]]:
    with (
        open_temporary_folder() as folder,
        fresh_database(postgres_server) as url,
        HubServer(folder / "hub", url, (extend_sync, extend_documents)) as hub,
    ):
        yield hub, url, folder


def code_for(hub: HubServer, kind: str, node: str) -> str:
    answer = hub.client.post("/api/v1/enrolment-codes", json={"kind": kind, "node": node})
    return str(answer.raise_for_status().json()["code"])


async def shown(hub: HubServer, node: str) -> dict[str, Any]:
    """A node on the monitor, with its alarms."""
    answer = await asyncio.to_thread(hub.client.get, "/api/v1/monitor")
    for row in answer.raise_for_status().json():
        if row["node"]["node"] == node:
            return {**row["node"], "alarms": row["alarms"]}
    return {}


async def alarm_states(hub: HubServer, node: str) -> list[bool]:
    """Whether it is over, of every alarm of a long queue that this node had."""
    answer = await asyncio.to_thread(hub.client.get, "/api/v1/alarms", params={"node": node})
    found = [row for row in answer.raise_for_status().json()["rows"] if row["code"] == "node.queue_long"]
    return [row.get("ended_at") is not None for row in found]


async def metric(hub: HubServer, name: str, node: str) -> float:
    text = (await asyncio.to_thread(httpx.get, f"{hub.url}/metrics/nodes")).text
    start = f'kontuar_node_{name}{{kind="agent",node="{node}",'
    return next(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(start))


async def sell_while_head_office_cannot_write(hub: HubServer, url: str, folder: Path) -> None:
    code = code_for(hub, "agent", "S1")
    with agent_process(folder / "agent", hub.url, code) as agent:
        transport = HttpTransport((await agent.address()).url)
        keys = await enrol(
            folder / "till" / "identity", transport, code=code_for(hub, "station", "K1"), kind="station",
            new_incarnation="life1", build="9.9",
        )  # fmt: skip
        running = RunningTill(Till(folder / "till", MachineClock(), keys), transport, folder / "till")
        running.sync.start()
        try:
            await play(hub, url, running)
        finally:
            await running.sync.stop()
            await transport.close()
            running.lane.close()


async def play(hub: HubServer, url: str, running: RunningTill) -> None:
    agent = "agent@S1"
    await running.sell()
    await until(running.final(1), 30)
    with psycopg.connect(url) as blocking:
        blocking.execute("LOCK TABLE message IN EXCLUSIVE MODE")
        await running.sell(count=MANY)
        await until(running.held(MANY + 1), 30)

        async def is_long() -> bool:
            return "node.queue_long" in (await shown(hub, agent)).get("alarms", ())

        async def is_all_told() -> bool:
            return await metric(hub, "queue_length", agent) == MANY

        await until(is_long, 30)
        await until(is_all_told, 30)
        found = await shown(hub, agent)
        assert found["queue_length"] == MANY
        assert found["oldest_unsent_at"] > "2026-03-02"
        assert await metric(hub, "oldest_unsent_seconds", agent) > 0

        async def is_on() -> bool:
            return await alarm_states(hub, agent) == [False]

        await until(is_on, 30)

        async def is_till_told() -> bool:
            till = await shown(hub, "K1")
            return (till.get("queue_length"), till.get("oldest_unsent_at"), till.get("build")) == (0, None, "1")

        await until(is_till_told, 30)
        blocking.rollback()
    await until(running.final(MANY + 1), 60)

    async def is_over() -> bool:
        state = await shown(hub, agent)
        return state["queue_length"] == 0 and await alarm_states(hub, agent) == [True]

    async def is_drained() -> bool:
        return await metric(hub, "queue_length", agent) == 0

    await until(is_over, 40)
    await until(is_drained, 40)


def test_a_long_queue_at_an_agent_is_an_alarm_until_it_is_drained(postgres_server: str) -> None:
    """HUB-07: a real agent between a till and a real head office that takes nothing in for a while."""
    with head_office(postgres_server) as (hub, url, folder):
        asyncio.run(sell_while_head_office_cannot_write(hub, url, folder))
