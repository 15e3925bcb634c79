"""Files for and from a node that does not run: its data folder is opened, used and let go of again."""

import asyncio
import dataclasses
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from kontuar.kernel.errors import refuse
from kontuar.nodes import agent, station
from kontuar.nodes.hub import KEY_FILE, Hub
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_exchange import extend_exchange
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import this_machine
from kontuar.nodes.running import read_address
from kontuar.nodes.settings import AgentSettings, HubSettings, NodeSettings, StationSettings, load
from kontuar.operations.ports.exchange import OfficeExchange, StoreExchange
from kontuar.sync.identity import NodeKeys, load_identity

READY_SECONDS: Final = 120.0
_LOOK_SECONDS: Final = 0.05
S = TypeVar("S", bound=NodeSettings)
Result = TypeVar("Result")
Work = Callable[[StoreExchange | OfficeExchange], Awaitable[Result]]


def with_node(folder: Path, settings: Path | None, work: Work[Result]) -> Result:
    """Do something with the exchange of the node whose data folder it is.

    Raises `Refused("exchange.no_node" | "exchange.node_runs" | "exchange.hub_not_ready")`, as the settings, and as
    the work does.
    """
    identity_of(folder)
    if (folder / KEY_FILE).exists():
        return asyncio.run(_with_hub(_read(HubSettings, folder, settings), work))
    if (folder / agent.DATABASE_FILE).exists():
        return asyncio.run(_with_agent(_read(AgentSettings, folder, settings), work))
    if (folder / station.DATABASE_FILE).exists():
        return asyncio.run(_with_station(_read(StationSettings, folder, settings), work))
    raise refuse("exchange.no_node", folder=folder)


def identity_of(folder: Path) -> Path:
    """Where a stopped node of this data folder keeps who it is; raises `Refused("exchange.node_runs")`."""
    address = read_address(folder)
    if address is not None and _runs(address.pid):
        raise refuse("exchange.node_runs", node=address.node, url=address.url)
    return folder / station.IDENTITY_FOLDER


async def _with_station(settings: StationSettings, work: Work[Result]) -> Result:
    node = station.StationNode(settings, _keys(settings.data / station.IDENTITY_FOLDER), this_machine())
    try:
        await node.learn()
        return await work(node.desk.exchange)
    finally:
        await node.stop()


async def _with_agent(settings: AgentSettings, work: Work[Result]) -> Result:
    node = agent.AgentNode(settings, _keys(settings.data / agent.IDENTITY_FOLDER), this_machine())
    try:
        await node.learn()
        return await work(node.exchange)
    finally:
        await node.stop()


async def _with_hub(settings: HubSettings, work: Work[Result]) -> Result:
    """All of it but the server: what comes in is booked, and what is booked is told."""
    failed = asyncio.Event()
    world = dataclasses.replace(this_machine(), end=failed.set)
    hub = Hub(settings, [extend_sync, extend_documents, extend_exchange], world)
    await hub.start()
    try:
        for _ in range(round(READY_SECONDS / _LOOK_SECONDS)):
            if hub.core.exchange is not None:
                return await work(hub.core.exchange)
            if failed.is_set():
                break
            await asyncio.sleep(_LOOK_SECONDS)
        raise refuse("exchange.hub_not_ready")
    finally:
        await hub.stop()


def _keys(folder: Path) -> NodeKeys:
    found = load_identity(folder)
    if found is None:
        raise refuse("exchange.no_node", folder=folder.parent)
    return found


def _read(kind: type[S], folder: Path, settings: Path | None) -> S:
    return load(kind, settings, {**os.environ, "KONTUAR_DATA": str(folder)})


def _runs(pid: int) -> bool:
    """A node that was killed leaves its address behind."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
