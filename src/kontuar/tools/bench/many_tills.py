"""PERF-06: one agent, held to one core, takes the sales of fifty tills that sell once a second each.

The tills are this program: every push is a frame that a till would send, signed by its own key, on a connection of its
own, at its own moment of the second. What is measured is the answer that says *held*.
"""

import asyncio
import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import httpx
import msgspec

from kontuar.nodes.station import IDENTITY_FOLDER
from kontuar.sync.identity import NodeKeys
from kontuar.tools.bench.chain import Hub, enrolled
from kontuar.tools.bench.figures import Figure, latency, repeated
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.ingestion import Sent, requests_of, sold_by
from kontuar.tools.bench.machine import processor_seconds
from kontuar.tools.bench.shop import CROWDED_STORE, CROWDED_TILLS
from kontuar.tools.replay.node_process import NodeProcess

MEASURED: Final = ("PERF-06",)
KNOWN_ARTICLES: Final = 200
LINES: Final = 5
SECONDS_TO_SETTLE: Final = 2.0


class Till(msgspec.Struct, frozen=True):
    """A till and its pushes, one sale each."""

    station: str
    pushes: Sequence[Sent]


async def measure(ground: Ground, hub: Hub) -> None:
    """Make the sales, start the agent, sell, tell how long the answers took."""
    sizes = ground.sizes
    ground.tell(f"{sizes.tills} tills of one agent")
    tills = [await _till(ground, hub, code) for code in CROWDED_TILLS[: sizes.tills]]
    agent = NodeProcess("agent", "crowded-agent", ground.folder, {"hub_url": hub.process.url, "store": CROWDED_STORE})
    await enrolled(hub, agent.data / IDENTITY_FOLDER, "agent", CROWDED_STORE)
    try:
        await agent.start()
        os.sched_setaffinity(agent.pid, {sorted(os.sched_getaffinity(agent.pid))[0]})
        await asyncio.sleep(SECONDS_TO_SETTLE)
        before = processor_seconds(agent.pid)
        took = await _selling(agent.url, tills, sizes.tills_seconds)
        share = (processor_seconds(agent.pid) - before) / sizes.tills_seconds
    finally:
        await agent.stop()
    ground.add(*_figures(took, share, sizes.tills))


def _figures(took: list[float], share: float, tills: int) -> tuple[Figure, ...]:
    note = f"{tills} tills, a receipt of {LINES} lines a second each, the agent on one core, relaying to the hub"
    return (
        latency("PERF-06", "a till's push to the agent's answer", [took], targets={"p99": 50.0}, note=note),
        repeated("PERF-06", "share of its core that the agent used", "", [share]),
    )


async def _selling(url: str, tills: Sequence[Till], seconds: int) -> list[float]:
    """All tills at once, spread over the second; seconds of every push."""
    began = time.perf_counter() + 1.0
    async with httpx.AsyncClient(base_url=url, timeout=30, limits=httpx.Limits(max_connections=None)) as client:
        each = [_sell(client, till, began + number / len(tills), seconds) for number, till in enumerate(tills)]
        return [took for found in await asyncio.gather(*each) for took in found]


async def _sell(client: httpx.AsyncClient, till: Till, first: float, seconds: int) -> list[float]:
    found = []
    for second, push in enumerate(till.pushes[:seconds]):
        await asyncio.sleep(max(0.0, first + second - time.perf_counter()))
        began = time.perf_counter()
        answer = await client.post(
            "/sync/v1/push", content=push.body, headers={"Content-Type": "application/octet-stream"}
        )
        answer.raise_for_status()
        found.append(time.perf_counter() - began)
    return found


async def _till(ground: Ground, hub: Hub, code: str) -> Till:
    keys: NodeKeys = await enrolled(hub, Path(ground.folder) / f"crowded-{code}", "station", code)
    sold = await asyncio.to_thread(sold_by, ground, keys, code, ground.sizes.tills_seconds + 1, LINES, KNOWN_ARTICLES)
    return Till(station=code, pushes=requests_of(keys, CROWDED_STORE, sold, 1, frames_each=1))
