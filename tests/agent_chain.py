"""Tills that talk to a real agent process between them and a hub double, over real HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.nodes.lanes import Lane
from kontuar.nodes.machine import MachineClock
from kontuar.sync.connection import Connection
from kontuar.sync.identity import enrol
from kontuar.sync.loops import StationSync
from kontuar.sync.questions import Questions
from kontuar.sync.transport import HttpTransport
from sync_chain import Till, sold
from sync_hub import AgentProcess, HubDouble, agent_process, served

T = TypeVar("T")


class Chain:
    """A hub double, an agent process, and tills that talk to it."""

    def __init__(self, folder: Path, hub: HubDouble, agent: AgentProcess, url: str) -> None:
        self.folder = folder
        self.hub = hub
        self.agent = agent
        self.url = url

    @asynccontextmanager
    async def till(self, name: str) -> AsyncIterator[RunningTill]:
        transport = HttpTransport(self.url)
        folder = self.folder / name
        keys = await enrol(
            folder / "identity", transport, code=f"{name}-CODE", kind="station", new_incarnation=f"{name}-1", build="1"
        )
        running = RunningTill(Till(folder, MachineClock(), keys), transport, folder)
        running.sync.start()
        try:
            yield running
        finally:
            await running.sync.stop()
            await transport.close()
            running.lane.close()


class RunningTill:
    """A till's database with its sync tasks."""

    def __init__(self, till: Till, transport: HttpTransport, folder: Path) -> None:
        self.till = till
        self.lane = Lane("till", till.database)
        self.lane.open()
        self.connection = Connection(till.clock)
        self.questions = Questions(transport, till.keys.sender("1"), till.keys.signed, till.keys.keys, till.clock)
        self.sync = StationSync(
            self.lane, till.outbox, till.sink, transport, self.connection, till.clock,
            who=till.keys, build="1", folder=folder / "incoming",
        )  # fmt: skip

    async def sell(self, article: str = "MILK", quantity: str = "1", count: int = 1) -> None:
        def work() -> None:
            with self.till.database.transaction():
                for _ in range(count):
                    self.till.sell(sold(article, quantity))

        await self.lane(work)
        self.sync.wake()

    async def ask(self, question: str, body: msgspec.Struct, shape: type[T]) -> T:
        return decode(await self.questions.ask(question, encode(body)), shape)

    async def stock(self, article: str) -> dict[tuple[str, str], object]:
        return dict(await self.lane(self.till.stock.balances, [article]))

    def is_(self, level: Connectivity) -> Callable[[], bool]:
        return lambda: self.connection.level() == level

    def held(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            return bool(await self.lane(self.till.held) == count)

        return check

    def final(self, count: int) -> Callable[[], Awaitable[bool]]:
        async def check() -> bool:
            return bool(await self.lane(self.till.final) == count)

        return check


def in_a_chain(folder: Path, scenario: Callable[[Chain], Awaitable[None]]) -> None:
    async def play() -> None:
        hub = HubDouble(folder / "hub")
        async with served(hub.app()) as hub_url:
            with agent_process(folder / "agent", hub_url) as agent:
                address = await agent.address()
                await scenario(Chain(folder, hub, agent, address.url))
                assert "Traceback" not in (folder / "agent" / "log").read_text()

    asyncio.run(asyncio.wait_for(play(), 60))
