"""`kontuar demo`: a hub, two stores and four tills as real processes, to sell in and to pull plugs from."""

import asyncio
import shutil
import signal
import socket
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rich.console import Console
from rich.table import Table

from kontuar.domain.definitions.kinds import KIND_OF
from kontuar.domain.firm.records import StationDefinition, Store
from kontuar.kernel.canonical import content_hash
from kontuar.kernel.errors import Refused
from kontuar.nodes.machine import MachineIds
from kontuar.operations.hub.hub_login import BOOTSTRAP_OPERATOR
from kontuar.operations.pins import SALT_BYTES, pin_verifier
from kontuar.storage.postgres.embedded import default_data_folder
from kontuar.tools.demo_firm.firm import demo_firm
from kontuar.tools.replay.http_node import HttpNode
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.node_process import NodeProcess, free_port

FIRST_PORT: Final = 8700
ADMINISTRATOR: Final = ("900", "9999")
LOADED_FILE: Final = "loaded"
OPENING_DAY: Final = "2026-01-01"
HELP: Final = "unplug NAME · plug NAME · status · quit"
"""Names are those of the table."""


class Demo:
    """The chain: processes by name, started in the order hub, agents, stations."""

    def __init__(self, folder: Path, console: Console) -> None:
        self.folder = folder
        self.console = console
        self.firm = demo_firm()
        self.nodes: dict[str, NodeProcess] = {}
        self.unplugged: set[str] = set()

    async def start(self) -> None:
        """Start everything; the first time also load the firm and enrol the nodes."""
        self.folder.mkdir(parents=True, exist_ok=True)
        ports = _Ports()
        self.console.print(f"Data: {self.folder}", markup=False)
        hub = await self._begin(NodeProcess("hub", "hub", self.folder, {}, ports.next()))
        client = await self._loaded_hub(hub)
        for store in self._of(Store):
            agent = await self._agent(client, store, hub, ports.next())
            for station in self._of(StationDefinition):
                if station.store == store.code:
                    await self._station(client, station, agent, ports.next())
        await client.close()

    async def stop(self) -> None:
        """Stop everything, tills first, so that what they hold still goes up."""
        for name in reversed(self.nodes):
            await self.nodes[name].stop()

    async def unplug(self, name: str) -> None:
        """Kill a node at once, as if its plug were pulled."""
        await self.nodes[name].kill()
        self.unplugged.add(name)

    async def plug(self, name: str) -> None:
        """Start a node again."""
        await self.nodes[name].start()
        self.unplugged.discard(name)

    def table(self) -> Table:
        """Where to click."""
        table = Table(title="Kontuar", title_justify="left")
        for heading in ("name", "what", "open in a browser", "state"):
            table.add_column(heading)
        for name, node in self.nodes.items():
            alive = name not in self.unplugged and node.is_running()
            state = "running" if alive else "unplugged"
            table.add_row(name, node.kind, node.url if node.kind != "agent" else "-", state)
        return table

    def people(self) -> Table:
        """Which PIN to type."""
        table = Table(title="Who logs in", title_justify="left")
        for heading in ("operator", "PIN", "name", "works in", "role"):
            table.add_column(heading)
        for person in self.firm.operators:
            operator = person.operator
            table.add_row(
                operator.code, person.pin, operator.name, ", ".join(operator.stores) or "everywhere",
                ", ".join(operator.roles),
            )  # fmt: skip
        return table

    async def _loaded_hub(self, hub: NodeProcess) -> HttpNode:
        client = HttpNode("hub", hub.url)
        done = self.folder / LOADED_FILE
        if done.exists():
            await client.login(*ADMINISTRATOR)
            return client
        code_file = hub.data / "administrator-code"
        if code_file.exists():
            await client.login(BOOTSTRAP_OPERATOR, code_file.read_text().strip())
            await self._load(client)
        await client.login(*ADMINISTRATOR)
        await self._open_stock(client)
        done.touch()
        return client

    async def _load(self, client: HttpNode) -> None:
        ids = MachineIds()
        records = self.firm.definitions(lambda pin: pin_verifier(pin, ids.secret(SALT_BYTES)))
        self.console.print(f"Loading {len(records)} definitions", markup=False)
        rows = [{"kind": KIND_OF[type(record)].name, "row": record} for record in records]
        await client.ask("POST", "/api/v1/definitions", {"put": rows})

    async def _open_stock(self, client: HttpNode) -> None:
        stock: dict[str, list[Mapping[str, Any]]] = {}
        for store, warehouse, article, quantity in self.firm.opening_stock:
            stock.setdefault(store, []).append({"warehouse": warehouse, "article": article, "quantity": quantity})
        for store, rows in stock.items():
            opening = {"opening_id": _stable_id(f"opening {store}"), "store": store, "business_day": OPENING_DAY}
            body = {**opening, "rows": rows}
            await client.ask("PUT", "/api/v1/stock/opening", body)

    async def _agent(self, client: HttpNode, store: Store, hub: NodeProcess, port: int) -> NodeProcess:
        name = f"agent-{store.code}"
        settings = {"hub_url": hub.url, "store": store.code, **await self._code(client, "agent", store.code, name)}
        return await self._begin(NodeProcess("agent", name, self.folder, settings, port))

    async def _station(self, client: HttpNode, station: StationDefinition, agent: NodeProcess, port: int) -> None:
        devices = {
            "printer": f"file:{self.folder / station.code}.escpos", "fiscal": "double", "card": "double",
            "drawer": "printer",
        }  # fmt: skip
        code = await self._code(client, "station", station.code, station.code)
        settings = {"agent_url": agent.url, "station": station.code, **devices, **code}
        await self._begin(NodeProcess("station", station.code, self.folder, settings, port))

    async def _code(self, client: HttpNode, kind: str, node: str, name: str) -> dict[str, str]:
        if (self.folder / name / "identity" / "identity.json").exists():
            return {}
        answer = await client.ask("POST", "/api/v1/enrolment-codes", {"kind": kind, "node": node})
        return {"enrolment_code": answer["code"]}

    async def _begin(self, node: NodeProcess) -> NodeProcess:
        self.nodes[node.name] = node
        await node.start()
        return node

    def _of(self, kind: type[Any]) -> list[Any]:
        return [row for row in self.firm.rows if isinstance(row, kind)]


class _Ports:
    """Ports in a row from 8700; one that is taken is replaced by a free one."""

    def __init__(self) -> None:
        self._next = FIRST_PORT

    def next(self) -> int:
        port = self._next
        self._next += 1
        return port if _is_free(port) else free_port()


def run(folder: Path | None, *, reset: bool) -> int:
    """Run the demo until Ctrl-C or *quit*; the exit status."""
    console = Console(soft_wrap=True)
    chosen = folder or default_data_folder().parent / "demo"
    if reset and chosen.exists():
        shutil.rmtree(chosen)
        console.print(f"Removed {chosen}", markup=False)
    try:
        return asyncio.run(_run(Demo(chosen, console)))
    except (NodeSaidNo, Refused) as refusal:
        console.print(str(refusal), markup=False)
        return 1


async def _run(demo: Demo) -> int:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, over.set)
    try:
        starting = asyncio.create_task(demo.start())
        stopping = asyncio.create_task(over.wait())
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            demo.console.print(demo.table(), demo.people())
            demo.console.print(f"Type: {HELP}   (Ctrl-C stops)", markup=False)
            await _converse(demo, over)
        starting.cancel()
        return 0
    finally:
        demo.console.print("Stopping", markup=False)
        await demo.stop()


async def _converse(demo: Demo, over: asyncio.Event) -> None:
    """Read commands from the terminal until the end; without a terminal just wait."""
    lines: asyncio.Queue[str] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    if sys.stdin is not None and sys.stdin.isatty():
        loop.add_reader(sys.stdin.fileno(), lambda: lines.put_nowait(sys.stdin.readline()))
    while not over.is_set():
        waiting = asyncio.create_task(lines.get())
        ended = asyncio.create_task(over.wait())
        await asyncio.wait({waiting, ended}, return_when=asyncio.FIRST_COMPLETED)
        if waiting.done():
            await _obey(demo, waiting.result().split(), over)
        waiting.cancel()
        ended.cancel()


async def _obey(demo: Demo, words: list[str], over: asyncio.Event) -> None:
    match words:
        case ["quit" | "exit"]:
            over.set()
        case ["status"]:
            demo.console.print(demo.table())
        case ["unplug" | "plug" as what, name] if name in demo.nodes:
            await (demo.unplug(name) if what == "unplug" else demo.plug(name))
            demo.console.print(demo.table())
        case []:
            pass
        case _:
            demo.console.print(f"Type: {HELP}", markup=False)


def _stable_id(text: str) -> str:
    """An identity that is the same at every try, so that a repeat has no second effect."""
    digits = content_hash(text.encode()).hex()
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0
