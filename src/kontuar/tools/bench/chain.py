"""A small chain of real processes to measure: PostgreSQL, the hub, one agent, one station; lines that count bytes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

import msgspec
import psycopg

from kontuar import __version__
from kontuar.domain.definitions.kinds import KIND_OF
from kontuar.nodes.machine import MachineIds
from kontuar.nodes.station import IDENTITY_FOLDER
from kontuar.operations.hub.hub_login import BOOTSTRAP_OPERATOR
from kontuar.storage.postgres.embedded import EmbeddedPostgres
from kontuar.sync.identity import NodeKeys, enrol
from kontuar.sync.transport import HttpTransport
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.shop import OPERATOR, PIN, SELLING_STORE
from kontuar.tools.bench.stopwatch import Stopwatch
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.node_process import NodeProcess
from kontuar.tools.replay.proxy import Line

ROWS_PER_WRITE: Final = 20_000
PATIENCE_SECONDS: Final = 180.0
STATION: Final = "S1T1"
_PLACES: Final = "SELECT coalesce(sum(seq), 0), coalesce(sum(processed_seq), 0) FROM stream WHERE origin = ANY(%s)"


class CountingLine(Line):
    """A line that knows how many bytes came down it."""

    def __init__(self, target_port: int) -> None:
        super().__init__(target_port)
        self.bytes_down = 0

    def came_down(self, count: int) -> None:
        """Bytes from the far node."""
        self.bytes_down += count


class Hub:
    """The head office process and its database."""

    def __init__(self, process: NodeProcess, url: str) -> None:
        self.process = process
        self.url = url
        self.watch = Stopwatch(process.port)

    async def log_in_first(self) -> None:
        """As whoever set the hub up."""
        code = (self.process.data / "administrator-code").read_text().strip()
        await asyncio.to_thread(self.watch.log_in, BOOTSTRAP_OPERATOR, code)

    async def define(self, rows: Sequence[msgspec.Struct]) -> int:
        """Write definitions, many at once; the version after them."""
        version = 0
        for batch in _batches(rows):
            put = [{"kind": KIND_OF[type(row)].name, "row": row} for row in batch]
            version = (await asyncio.to_thread(self.watch.ask, "POST", "/api/v1/definitions", {"put": put}))["version"]
        return version

    async def code_for(self, kind: str, node: str) -> str:
        """An enrolment code for the agent of a store or for a station."""
        body = {"kind": kind, "node": node}
        return str((await asyncio.to_thread(self.watch.ask, "POST", "/api/v1/enrolment-codes", body))["code"])

    def places(self, stations: Sequence[str]) -> tuple[int, int]:
        """(messages final, messages booked or parked) of these stations' streams."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute(_PLACES, [list(stations)]).fetchone()
        assert row is not None
        return int(row[0]), int(row[1])

    def parked(self) -> int:
        """Messages that wait for a person: in a benchmark a fault of the benchmark."""
        with psycopg.connect(self.url, autocommit=True) as connection:
            row = connection.execute("SELECT count(*) FROM verification_item WHERE state = 'parked'").fetchone()
        assert row is not None
        return int(row[0])


@asynccontextmanager
async def hub(ground: Ground) -> AsyncIterator[Hub]:
    """PostgreSQL and a hub over it, with the shop's definitions; `postgres` is ours, so that limits use the same."""
    async with AsyncExitStack() as stack:
        postgres = EmbeddedPostgres(ground.folder / "postgres")
        stack.callback(postgres.stop)
        ground.tell("starting PostgreSQL and the hub")
        url = await asyncio.to_thread(postgres.start)
        process = NodeProcess("hub", "hub", ground.folder, {"database_url": url})
        stack.push_async_callback(process.stop)
        await process.start()
        found = Hub(process, url)
        await found.log_in_first()
        ground.tell(f"loading {len(ground.shop.everything())} definitions over the hub's API")
        await found.define(ground.shop.everything())
        await asyncio.to_thread(found.watch.log_in, OPERATOR, PIN)
        yield found


class NewStore(msgspec.Struct, frozen=True):
    """A store that has just been switched on: its nodes, their lines, and when (`time.perf_counter`)."""

    agent: NodeProcess
    station: NodeProcess
    hub_line: CountingLine
    agent_line: CountingLine
    began: float


@asynccontextmanager
async def store(ground: Ground, at: Hub) -> AsyncIterator[NewStore]:
    """The selling store's agent and station: enrolled beforehand, without data, started together."""
    async with AsyncExitStack() as stack:
        hub_line = await stack.enter_async_context(CountingLine(at.process.port))
        agent = NodeProcess("agent", "agent", ground.folder, {"hub_url": hub_line.url, "store": SELLING_STORE})
        agent_line = await stack.enter_async_context(CountingLine(agent.port))
        station = NodeProcess("station", "station", ground.folder, {"agent_url": agent_line.url, "station": STATION})
        await enrolled(at, agent.data / IDENTITY_FOLDER, "agent", SELLING_STORE)
        await enrolled(at, station.data / IDENTITY_FOLDER, "station", STATION)
        for process in (agent, station):
            stack.push_async_callback(process.stop)
        began = time.perf_counter()
        await asyncio.gather(agent.start(), station.start())
        yield NewStore(agent, station, hub_line, agent_line, began)


async def enrolled(at: Hub, folder: Path, kind: str, node: str) -> NodeKeys:
    """A node certified by the hub, its identity in the folder."""
    code = await at.code_for(kind, node)
    transport = HttpTransport(at.process.url)
    try:
        return await enrol(folder, transport, code=code, kind=kind, new_incarnation=MachineIds().new_id(),
                           build=__version__)  # fmt: skip
    finally:
        await transport.close()


async def until_version(port: int, version: int) -> float:
    """Wait until the station has the definitions; the time on the clock then."""
    watch = Stopwatch(port)
    for _ in _tries():
        status = await asyncio.to_thread(watch.ask, "GET", "/api/v1/status")
        if status["definitions"][1] >= version:
            watch.close()
            return time.perf_counter()
        await asyncio.sleep(0.01)
    raise NodeSaidNo(f"no definitions of version {version} after {PATIENCE_SECONDS} s")


def _tries() -> Iterator[None]:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        yield


def _batches(rows: Sequence[msgspec.Struct]) -> Iterator[Sequence[msgspec.Struct]]:
    for start in range(0, len(rows), ROWS_PER_WRITE):
        yield rows[start : start + ROWS_PER_WRITE]
