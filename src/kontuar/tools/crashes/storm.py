"""Who is killed, when and how: SIGKILL at random moments, a node or head office's database server."""

import asyncio
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from kontuar.storage.postgres import embedded_processes
from kontuar.tools.replay.node_process import NodeProcess

CALM_SECONDS: Final = (0.0, 1.5)
"""Between two kills of one group: some come while the node is still catching up."""
DEAD_SECONDS: Final = (0.0, 0.6)


class Kill(msgspec.Struct, frozen=True):
    """`what`: station, agent, hub, database, or hub and database; how long until the node answered again."""

    what: str
    seconds: float


class Storm:
    """Kills so many of each group, groups side by side; every node of a group is hit before any is hit again."""

    def __init__(self, processes: Sequence[NodeProcess], chance: random.Random) -> None:
        self._processes = processes
        self._chance = chance
        self.kills: list[Kill] = []

    async def rage(self, nodes: int, hubs: int) -> None:
        """`nodes` kills of tills and agents, `hubs` of the hub, its database, or both."""
        tills = [process for process in self._processes if process.kind == "station"]
        agents = [process for process in self._processes if process.kind == "agent"]
        (hub,) = (process for process in self._processes if process.kind == "hub")
        of_agents = nodes * len(agents) // (len(tills) + len(agents))
        async with asyncio.TaskGroup() as group:
            for share, some in ((of_agents, agents), *_shares(nodes - of_agents, tills)):
                group.create_task(self._group(share, some))
            group.create_task(self._head_office(hubs, hub))

    def counts(self) -> dict[str, int]:
        """How many of which kind."""
        return dict(sorted(Counter(kill.what for kill in self.kills).items()))

    async def _group(self, kills: int, nodes: Sequence[NodeProcess]) -> None:
        order: list[NodeProcess] = []
        while len(order) < kills:
            order += self._chance.sample(nodes, len(nodes))
        for node in order[:kills]:
            await self._one(node.kind, node.kill, node.start)

    async def _head_office(self, kills: int, hub: NodeProcess) -> None:
        ways: list[tuple[str, Callable[[], Awaitable[None]], Callable[[], Awaitable[None]]]] = [
            ("hub", hub.kill, hub.start),
            ("database", lambda: _kill_server(hub.data), hub.until_it_answers),
            ("hub and database", lambda: _kill_both(hub), hub.start),
        ]
        for number in range(kills):
            await self._one(*ways[number % len(ways)])

    async def _one(self, what: str, kill: Callable[[], Awaitable[None]], back: Callable[[], Awaitable[None]]) -> None:
        await asyncio.sleep(self._chance.uniform(*CALM_SECONDS))
        await kill()
        await asyncio.sleep(self._chance.uniform(*DEAD_SECONDS))
        began = time.monotonic()
        await back()
        self.kills.append(Kill(what, round(time.monotonic() - began, 2)))


def _shares(kills: int, tills: Sequence[NodeProcess]) -> list[tuple[int, Sequence[NodeProcess]]]:
    """Two groups of tills, so that two may be dead at once and the others sell meanwhile."""
    half = len(tills) // 2
    groups = [group for group in (tills[:half], tills[half:]) if group]
    each, rest = divmod(kills, len(groups))
    return [(each + (place < rest), group) for place, group in enumerate(groups)]


async def _kill_both(hub: NodeProcess) -> None:
    """As when the machine loses its power."""
    await hub.kill()
    await _kill_server(hub.data)


async def _kill_server(data: Path) -> None:
    """The server of the hub's database with all its processes; none of them is asked."""
    cluster = data / "postgres" / "cluster"
    leader = embedded_processes.recorded_pid(cluster)
    if leader is None or not embedded_processes.serves(leader, cluster):
        return  # it is just being started again
    for pid in (leader, *_children(leader)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    while embedded_processes.running(leader):
        await asyncio.sleep(0.01)


def _children(leader: int) -> list[int]:
    try:
        text = Path(f"/proc/{leader}/task/{leader}/children").read_text()
    except OSError:
        return []
    return [int(pid) for pid in text.split()]
