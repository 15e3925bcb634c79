"""Older and newer programs beside each other: a till, its agent and head office over real HTTP (REL-16)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent_chain import RunningTill
from hub_server import HubServer
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import MachineClock
from kontuar.operations.known_kinds import known_kinds
from kontuar.sync.frames import PROTOCOL, Sender, reading_back
from kontuar.sync.identity import NodeKeys, enrol
from kontuar.sync.loops import StationSync
from kontuar.sync.transport import HttpTransport
from postgres_fixture import fresh_database, open_temporary_folder
from sync_chain import Till
from sync_hub import agent_process, until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(180)]
AGENT, TILL = "agent@S1", "K1"


class OtherKeys(NodeKeys, frozen=True, kw_only=True):
    """A program that speaks other versions of the protocol."""

    speaks: tuple[int, int]

    def sender(self, build: str) -> Sender:
        return msgspec.structs.replace(super().sender(build), protocol=self.speaks)


class World:
    """Head office, an agent, and the data folder of a till that is upgraded in between."""

    def __init__(self, hub: HubServer, agent_url: str, folder: Path) -> None:
        self.hub = hub
        self.agent_url = agent_url
        self.folder = folder
        self.keys: NodeKeys | None = None

    @asynccontextmanager
    async def till(
        self, speaks: tuple[int, int] = PROTOCOL, kinds: Collection[str] | None = None
    ) -> AsyncIterator[RunningTill]:
        """The till with a program of another version; `kinds` None: it does not say which it knows."""
        transport = HttpTransport(self.agent_url)
        keys = self.keys = self.keys or await enrol(
            self.folder / "identity", transport, code=code_for(self.hub, "station", TILL), kind="station",
            new_incarnation="life1", build="9.9",
        )  # fmt: skip
        spoken = OtherKeys(
            certificate=keys.certificate, signed=keys.signed, signer=keys.signer, keys=keys.keys, speaks=speaks
        )
        running = RunningTill(Till(self.folder, MachineClock(), spoken), transport, self.folder)
        running.sync = StationSync(
            running.lane, running.till.outbox, running.till.sink, transport, running.connection, running.till.clock,
            who=spoken, build="9.9", folder=self.folder / "incoming", kinds=lambda: kinds,
        )  # fmt: skip
        running.till.sold = len(running.till.payloads())
        running.sync.start()
        try:
            yield running
        finally:
            await running.sync.stop()
            await transport.close()
            running.lane.close()

    async def shown(self, node: str = TILL) -> dict[str, Any]:
        """A node on the monitor, with its alarms."""
        answer = await asyncio.to_thread(self.hub.client.get, "/api/v1/monitor")
        rows = answer.raise_for_status().json()
        return next(({**row["node"], "alarms": row["alarms"]} for row in rows if row["node"]["node"] == node), {})

    async def has_alarm(self, code: str, *, on: bool = True) -> bool:
        found = await self.shown()
        return bool(found) and (code in found["alarms"]) == on


def code_for(hub: HubServer, kind: str, node: str) -> str:
    answer = hub.client.post("/api/v1/enrolment-codes", json={"kind": kind, "node": node})
    return str(answer.raise_for_status().json()["code"])


@contextmanager
def world_of(postgres_server: str) -> Iterator[tuple[HubServer, Path]]:
    with (
        open_temporary_folder() as folder,
        fresh_database(postgres_server) as url,
        HubServer(folder / "hub", url, (extend_sync, extend_documents)) as hub,
    ):
        yield hub, folder


async def kinds_at(running: RunningTill) -> set[str]:
    rows = await running.lane(running.till.database.rows, "SELECT DISTINCT kind FROM definition")
    return {kind for (kind,) in rows}


async def final(running: RunningTill, count: int) -> None:
    await until(running.final(count), 30)


async def an_older_and_a_newer_till(world: World) -> None:
    """One after the other over one database, as upgrades go."""
    async with world.till(speaks=(1, 1)) as older:
        await older.sell(count=3)
        await final(older, 3)
        assert older.connection.state().problem == ""
        assert "node.protocol_refused" not in (await world.shown())["alarms"]
    async with world.till(speaks=(PROTOCOL[1] + 1, PROTOCOL[1] + 3)) as newer:
        await newer.sell(count=2)
        await until(lambda: newer.connection.state().problem == "protocol.too_old", 30)
        await until(lambda: world.has_alarm("node.protocol_refused"), 30)
        assert await newer.lane(newer.till.held) == 3
        assert len(newer.till.payloads()) == 5
    async with world.till(kinds=known_kinds()) as ours:
        await final(ours, 5)
        await until(lambda: world.has_alarm("node.protocol_refused", on=False), 30)


async def a_till_that_knows_fewer_kinds(world: World) -> None:
    """It is told so at head office, and its whole store waits for the new kind."""
    older = known_kinds() - {"article"}
    async with world.till(kinds=older) as till:
        await until(lambda: world.has_alarm("node.kinds_unknown"), 30)
        assert (await world.shown())["unknown_kinds"] == ["article"]

        async def has_definitions() -> bool:
            return "unit" in await kinds_at(till)

        await until(has_definitions, 30)
        assert "article" not in await kinds_at(till)
        epoch = (await till.lane(till.till.definitions.version))[0]
    async with world.till(kinds=known_kinds()) as till:

        async def has_articles() -> bool:
            return "article" in await kinds_at(till)

        await until(has_articles, 30)
        assert (await till.lane(till.till.definitions.version))[0] != epoch
        await until(lambda: world.has_alarm("node.kinds_unknown", on=False), 30)
    assert "node.kinds_unknown" not in (await world.shown(AGENT))["alarms"]


@pytest.mark.parametrize("story", [an_older_and_a_newer_till, a_till_that_knows_fewer_kinds], ids=["protocol", "kinds"])
def test_programs_of_different_versions_lose_nothing_and_mix_nothing(postgres_server: str, story: Any) -> None:
    """REL-16: N beside N−1; who is too new or too old is told in words and keeps what it has; definitions of a kind
    reach a store when all its tills know it, and never in part."""
    with world_of(postgres_server) as (hub, folder):

        async def play() -> None:
            with agent_process(folder / "agent", hub.url, code_for(hub, "agent", "S1")) as agent:
                await story(World(hub, (await agent.address()).url, folder / "till"))
            assert "Traceback" not in (folder / "agent" / "log").read_text()

        asyncio.run(asyncio.wait_for(play(), 120))


def test_two_versions_back_are_still_read() -> None:
    """REL-16: N−2."""
    assert [reading_back(highest) for highest in (1, 2, 3, 4, 9)] == [(1, 1), (1, 2), (1, 3), (2, 4), (7, 9)]
