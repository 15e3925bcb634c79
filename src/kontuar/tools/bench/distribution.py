"""PERF-03 (snapshot and changes) and PERF-05: hub, agent and station together."""

import asyncio
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.nodes.station import IDENTITY_FOLDER
from kontuar.sync.identity import load_identity
from kontuar.tools.bench import chain
from kontuar.tools.bench.chain import STATION, CountingLine, Hub, NewStore
from kontuar.tools.bench.figures import latency, repeated
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.selling import LONG_RECEIPT, Cashier
from kontuar.tools.bench.shop import price_of
from kontuar.tools.bench.till import opened, sell
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.node_process import NodeProcess

MEASURED: Final = ("PERF-03", "PERF-05")
_MEGABYTE: Final = 1_000_000
_IDLE_SECONDS: Final = 3.0
_SCAN_PAUSE_SECONDS: Final = 0.02


async def measure(ground: Ground, hub: Hub) -> None:
    """A new store comes up, gets changes, is cut off and comes back."""
    version = await hub.define([price_of(ground.shop.articles[0])])
    ground.tell("a new agent and a new station take the first snapshot")
    async with chain.store(ground, hub) as store:
        arrived = await chain.until_version(store.station.port, version)
        if ground.wants("PERF-03"):
            _first_snapshot(ground, arrived - store.began, store)
            await _changes(ground, hub, store.station)
        if ground.wants("PERF-05"):
            await _drain(ground, hub, store.station, store.agent_line)


def _first_snapshot(ground: Ground, seconds: float, store: NewStore) -> None:
    name = f"first snapshot of {ground.sizes.articles} articles"
    note = "from the start of two new processes; building the snapshot, both hops and both switches included"
    hops = {"hub to agent": store.hub_line.bytes_down, "agent to station": store.agent_line.bytes_down}
    ground.add(repeated("PERF-03", f"{name}, hub to station", "s", [seconds], target=15.0, note=note))
    for hop, count in hops.items():
        ground.add(repeated("PERF-03", f"{name}, {hop}", "MB", [count / _MEGABYTE], target=15.0,
                            note="bytes on the wire, HTTP and frames included"))  # fmt: skip


async def _changes(ground: Ground, hub: Hub, station: NodeProcess) -> None:
    """Prices of articles change at the hub; until the idle station sells at them."""
    found = []
    for run in range(1, ground.sizes.runs + 1):
        await asyncio.sleep(_IDLE_SECONDS)
        changed = [price_of(article, change=run) for article in ground.shop.articles[: ground.sizes.changed_articles]]
        renamed = [
            msgspec.structs.replace(article, name=f"{article.name[:190]} {run}")
            for article in ground.shop.articles[: ground.sizes.changed_articles]
        ]
        version = await hub.define([*renamed, *changed])
        committed = time.perf_counter()
        found.append(await chain.until_version(station.port, version) - committed)
    name = f"{ground.sizes.changed_articles} changed articles reach an idle station"
    ground.add(repeated("PERF-03", name, "s", found, target=2.0,
                        note="name and price of each; from the hub's answer to the switch at the station"))  # fmt: skip


# -- PERF-05 ----------------------------------------------------------------------------------------------------
async def _drain(ground: Ground, hub: Hub, station: NodeProcess, line: CountingLine) -> None:
    documents = ground.sizes.offline_documents
    await station.stop()
    ground.tell(f"selling {documents} receipts on a station that is cut off")
    await asyncio.to_thread(_sell_offline, ground, station, documents)
    await line.cut()
    await station.start()
    cashier = Cashier(station.port, ground.shop.eans)
    await asyncio.to_thread(cashier.log_in)
    quiet = await asyncio.to_thread(_scan_until, cashier, ground.sizes.lines_scanned, time.monotonic() + 3.0)
    head = (await asyncio.to_thread(cashier.watch.ask, "GET", "/api/v1/status"))["waiting"]
    before = hub.places([STATION])[0]
    await line.restore()
    began = time.perf_counter()
    stop = asyncio.Event()
    selling = asyncio.create_task(_sell_on(cashier, ground.sizes.lines_scanned, stop))
    final = await _until_final(hub, before + head)
    drained = time.perf_counter() - began
    stop.set()
    during = await selling
    ground.add(
        repeated("PERF-05", f"{documents} offline documents drained, final at the hub", "s", [drained], target=10.0,
                 note=f"{final - before} messages; a cashier scans all the while"),
        latency("PERF-05", "scan to priced line while draining, receipt of 30 lines", [during],
                targets={"p50": 3.0, "p99": 8.0}, beside=[quiet], limit_name="the same scans just before, cut off"),
    )  # fmt: skip


def _sell_offline(ground: Ground, station: NodeProcess, documents: int) -> None:
    keys = load_identity(station.data / IDENTITY_FOLDER)
    assert keys is not None, "the station was enrolled"
    with opened(station.data, keys) as till:
        sell(till, ground.shop, documents, ground.sizes.hub_lines, seed=5)


def _scan_until(cashier: Cashier, lines: int, end: float) -> list[float]:
    """One receipt after the other, a scan every now and then; the scans of long receipts."""
    found: list[float] = []
    while time.monotonic() < end:
        for number, seconds in cashier.scan_receipts(1, lines):
            time.sleep(_SCAN_PAUSE_SECONDS if number in LONG_RECEIPT else 0)
            if number in LONG_RECEIPT:
                found.append(seconds)
    return found


async def _sell_on(cashier: Cashier, lines: int, stop: asyncio.Event) -> Sequence[float]:
    found: list[float] = []
    while not stop.is_set():
        found += await asyncio.to_thread(_scan_until, cashier, lines, time.monotonic() + 0.001)
    return found


async def _until_final(hub: Hub, wanted: int) -> int:
    deadline = time.monotonic() + chain.PATIENCE_SECONDS
    while time.monotonic() < deadline:
        final, _ = await asyncio.to_thread(hub.places, [STATION])
        if final >= wanted:
            return final
        await asyncio.sleep(0.05)
    raise NodeSaidNo(f"the hub has {final} of {wanted} messages after {chain.PATIENCE_SECONDS} s")
