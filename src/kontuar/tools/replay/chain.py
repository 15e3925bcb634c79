"""A whole chain of real nodes in one folder: hub, an agent per store, stations; every line between them a proxy."""

import asyncio
import datetime
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import msgspec

from kontuar.domain.definitions.kinds import KINDS
from kontuar.operations.hub.hub_login import BOOTSTRAP_OPERATOR
from kontuar.tools.replay.clients import HttpAgent, HttpHub, HttpStation
from kontuar.tools.replay.definitions import ADMINISTRATOR, Chain, Till, warehouse_code
from kontuar.tools.replay.http_node import HttpNode
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.node_process import NodeProcess
from kontuar.tools.replay.progress import Watch
from kontuar.tools.replay.proxy import Line

ROWS_PER_WRITE = 20_000
DEFINITIONS_SECONDS = 600.0
ADMINISTRATOR_CODE_FILE = "administrator-code"


class RunningChain(msgspec.Struct, frozen=True, kw_only=True):
    """Nodes that run. Stations and their lines by station code, agents and theirs by store code.

    `managers`: the same stations, asked by somebody who may see all documents.
    """

    hub: HttpHub
    agents: Mapping[str, HttpAgent]
    stations: Mapping[str, HttpStation]
    managers: Mapping[str, HttpStation]
    station_lines: Mapping[str, Line]
    store_lines: Mapping[str, Line]
    processes: tuple[NodeProcess, ...]

    def check_running(self) -> None:
        """Raise `NodeSaidNo` when a node ended by itself."""
        for process in self.processes:
            process.check_running()


@asynccontextmanager
async def running(
    chain: Chain, first_day: datetime.date, folder: Path, watch: Watch, *, again: bool = False
) -> AsyncIterator[RunningChain]:
    """Start all nodes, load the definitions, wait until every station has them; stop all at the end.

    `again`: the folder has the data of nodes that were enrolled and given their definitions by a run before this one.
    """
    async with AsyncExitStack() as stack:
        builder = _Builder(chain, folder, watch, stack, again)
        hub = await builder.hub()
        version = 0 if again else await builder.define(hub, first_day)
        result = await builder.stores(hub)
        watch.step(f"waiting until {len(result.stations)} stations have the definitions (version {version})")
        await _until_defined(result, version)
        for till in chain.tills:
            await result.managers[till.station].login(till.manager, till.manager_pin)
            result.agents[chain.stores[till.store]].sign_in(till.manager, till.manager_pin)
        yield result


class _Builder:
    """Starts nodes one after the other; what it starts, `stack` stops."""

    def __init__(self, chain: Chain, folder: Path, watch: Watch, stack: AsyncExitStack, again: bool) -> None:
        self._chain = chain
        self._again = again
        self._folder = folder
        self._watch = watch
        self._stack = stack
        self._processes: list[NodeProcess] = []

    async def hub(self) -> HttpHub:
        self._watch.step("starting the hub")
        process = NodeProcess("hub", "hub", self._folder, {})
        await self._start(process)
        hub = HttpHub(await self._node("hub", process))
        if self._again:
            await hub.login(ADMINISTRATOR, self._chain.administrator_pin)
            return hub
        code = (process.data / ADMINISTRATOR_CODE_FILE).read_text().strip()
        await hub.login(BOOTSTRAP_OPERATOR, code)
        return hub

    async def define(self, hub: HttpHub, first_day: datetime.date) -> int:
        rows = [(kind, row) for kind in KINDS for row in self._chain.definitions.get(kind, ())]
        self._watch.step(f"loading {len(rows)} definitions")
        version = 0
        for batch in _batches(rows, ROWS_PER_WRITE):
            version = await hub.define(batch)
        await hub.login(ADMINISTRATOR, self._chain.administrator_pin)
        eve = first_day - datetime.timedelta(days=1)
        for store, code in self._chain.stores.items():
            opening = [row for row in self._chain.opening if row.warehouse == warehouse_code(store)]
            await hub.set_opening(code, eve, opening)
        return version

    async def stores(self, hub: HttpHub) -> RunningChain:
        agents: dict[str, HttpAgent] = {}
        stations: dict[str, HttpStation] = {}
        managers: dict[str, HttpStation] = {}
        store_lines: dict[str, Line] = {}
        station_lines: dict[str, Line] = {}
        for store, code in self._chain.stores.items():
            self._watch.step(f"starting store {code}")
            store_lines[code] = await self._stack.enter_async_context(Line(self._processes[0].port))
            agent = await self._agent(hub, code, store_lines[code])
            agents[code] = HttpAgent(await self._node(agent.name, agent))
            for till in self._chain.tills:
                if till.store == store:
                    line = await self._stack.enter_async_context(Line(agent.port))
                    process = await self._station(hub, till, line)
                    station_lines[till.station] = line
                    stations[till.station] = await self._till(till, process)
                    managers[till.station] = await self._till(till, process)
        return RunningChain(
            hub=hub, agents=agents, stations=stations, managers=managers, station_lines=station_lines,
            store_lines=store_lines, processes=tuple(self._processes),
        )  # fmt: skip

    async def _agent(self, hub: HttpHub, store: str, line: Line) -> NodeProcess:
        settings = {"hub_url": line.url, "store": store, **await self._code(hub, "agent", store)}
        return await self._start(NodeProcess("agent", f"agent-{store}", self._folder, settings))

    async def _station(self, hub: HttpHub, till: Till, line: Line) -> NodeProcess:
        code = await self._code(hub, "station", till.station)
        settings = {"agent_url": line.url, "station": till.station, "profile": "replay", **code}
        return await self._start(NodeProcess("station", f"station-{till.station}", self._folder, settings))

    async def _code(self, hub: HttpHub, kind: str, node: str) -> dict[str, str]:
        """What a node needs to enrol; nothing when it has an identity already."""
        return {} if self._again else {"enrolment_code": await hub.enrolment_code(kind, node)}

    async def _start(self, process: NodeProcess) -> NodeProcess:
        self._stack.push_async_callback(process.stop)
        await process.start()
        self._processes.append(process)
        return process

    async def _till(self, till: Till, process: NodeProcess) -> HttpStation:
        return HttpStation(await self._node(till.station, process), self._chain.currency)

    async def _node(self, name: str, process: NodeProcess) -> HttpNode:
        node = HttpNode(name, process.url)
        self._stack.push_async_callback(node.close)
        return node


async def _until_defined(chain: RunningChain, version: int) -> None:
    deadline = time.monotonic() + DEFINITIONS_SECONDS
    for code, station in chain.stations.items():
        while (await station.status()).definitions < version:
            chain.check_running()
            if time.monotonic() > deadline:
                raise NodeSaidNo(f"{code} has no definitions of version {version} after {DEFINITIONS_SECONDS} s")
            await asyncio.sleep(0.2)


def _batches(rows: Sequence[tuple[str, msgspec.Struct]], size: int) -> Iterator[Sequence[tuple[str, msgspec.Struct]]]:
    remaining = iter(rows)
    while batch := list(itertools.islice(remaining, size)):
        yield batch
