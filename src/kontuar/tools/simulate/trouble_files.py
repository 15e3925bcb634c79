"""A store or a till that never reaches anybody: its messages travel in files, late, twice, in any order, or never."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from kontuar.kernel.errors import Refused
from kontuar.operations.ports.exchange import OfficeExchange, StoreExchange
from kontuar.storage.failures import StorageFailure
from kontuar.tools.simulate.chain import AgentMachine, HubMachine, StationMachine
from kontuar.tools.simulate.lives import Ended
from kontuar.tools.simulate.scene import Scene

_WALK_SECONDS: Final = 25.0
"""Between two files, on the average."""
_MOST_IN_THE_BAG: Final = 6


def cut_for_good(scene: Scene) -> None:
    """From now until everything heals; somebody carries files (REL-15). One place of a chain."""
    if scene.seen.carried or scene.seen.replaced or scene.seen.copied:
        return
    node = scene.some_node()
    above = "hub" if isinstance(node, AgentMachine) else scene.machines.agent_of[node.name]
    scene.seen.carried[node.name] = None
    scene.machines.network.cut_for_good[node.name, above] = None
    courier = Courier(scene, node)
    scene.begin(courier.walk())
    scene.at_the_end(lambda: scene.begin(courier.late()))


class Courier:
    """Carries files between one node and head office; each bag keeps what was carried, for once more."""

    def __init__(self, scene: Scene, node: StationMachine | AgentMachine) -> None:
        self._scene = scene
        self._node = node
        self._up: list[bytes] = []
        self._down: list[bytes] = []

    async def walk(self) -> None:
        """Until everything heals."""
        chance = self._scene.chance
        while True:
            await asyncio.sleep(chance.expovariate(1 / _WALK_SECONDS))
            await self._once(self._trip)

    async def _once(self, doing: Callable[[], Awaitable[None]]) -> None:
        try:
            await doing()
        except Refused as refusal:
            self._scene.seen.refusals[refusal.problems[0].code] += 1
        except StorageFailure as failure:
            self._scene.seen.refusals[failure.code] += 1
        except Ended:
            self._scene.seen.refusals["ended"] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, no person should have seen it
            self._scene.seen.faults.append(f"{self._node.name} carried file: {error!r}")

    async def _trip(self) -> None:
        what = self._scene.chance.random()
        if what < 0.3:
            await self._made_below()
        elif what < 0.5:
            await self._made_above()
        elif what < 0.75:
            await self._taken_above()
        else:
            await self._taken_below()

    async def _made_below(self) -> None:
        _keep(self._up, await file_made(self._node))

    async def _made_above(self) -> None:
        _keep(self._down, await file_from(self._scene.machines.hub, self._node.name))

    async def _taken_above(self) -> None:
        if self._up and _exchange(self._scene.machines.hub) is not None:
            self._scene.seen.operations["carried_up"] += 1
            await take_file(self._scene.machines.hub, self._picked(self._up))

    async def _taken_below(self) -> None:
        if self._down and _exchange(self._node) is not None:
            self._scene.seen.operations["carried_down"] += 1
            await take_file(self._node, self._picked(self._down))

    async def late(self) -> None:
        """Everything is healed; some files come all the same."""
        for _ in range(3):
            await asyncio.sleep(self._scene.chance.uniform(1.0, 40.0))
            await self._once(self._scene.chance.choice((self._taken_above, self._taken_below)))

    def _picked(self, bag: list[bytes]) -> bytes:
        """The newest mostly, else any: again, or later than one that was made after it."""
        chance = self._scene.chance
        return bag[-1] if chance.random() < 0.6 else chance.choice(bag)


async def file_made(node: StationMachine | AgentMachine) -> bytes:
    """For head office; empty where the node does not run. Raises `Ended`, and as making a file does."""
    exchange = _exchange(node)
    assert not isinstance(exchange, OfficeExchange), "head office makes files for somebody"
    return b"" if exchange is None or node.life is None else (await node.life.do(exchange.make())).content


async def file_from(hub: HubMachine, name: str) -> bytes:
    """Of head office for a node; empty where it does not run. Raises as `file_made`."""
    exchange = hub.node.core.exchange if hub.is_up else None
    return b"" if exchange is None or hub.life is None else (await hub.life.do(exchange.give(name))).content


async def take_file(node: StationMachine | AgentMachine | HubMachine, file: bytes) -> None:
    """Where the node runs. Raises `Ended`, and as taking a file in does."""
    exchange = _exchange(node)
    if exchange is not None and node.life is not None:
        await node.life.do(exchange.take(file))


def _exchange(node: StationMachine | AgentMachine | HubMachine) -> StoreExchange | OfficeExchange | None:
    if not node.is_up:
        return None
    if isinstance(node, HubMachine):
        return node.node.core.exchange
    return node.node.exchange if isinstance(node, AgentMachine) else node.node.desk.exchange


def _keep(bag: list[bytes], file: bytes) -> None:
    """What lay in it longest is lost."""
    if file:
        bag.append(file)
        del bag[:-_MOST_IN_THE_BAG]


KINDS: Final[dict[str, Callable[[Scene], None]]] = {"cut_for_good": cut_for_good}
