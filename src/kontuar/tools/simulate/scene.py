"""Where trouble is made: the machines of a chain, what people saw, chance, and what ends or comes later."""

import asyncio
import random
from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from kontuar.tools.simulate.chain import AgentMachine, StationMachine
from kontuar.tools.simulate.ground import Machines
from kontuar.tools.simulate.seen import Seen


class Machine(Protocol):
    """Whatever can be down."""

    @property
    def is_up(self) -> bool:
        """Whether its process runs."""
        ...


class Scene:
    """What each kind of trouble is given."""

    def __init__(self, machines: Machines, seen: Seen, chance: random.Random, restarted: Callable[[], None]) -> None:
        """`restarted` is called when machines were started again: people come back to them."""
        self.machines = machines
        self.seen = seen
        self.chance = chance
        self.restarted = restarted
        self._pending: dict[asyncio.Task[None], None] = {}
        self._endings: list[Callable[[], None]] = []

    def some_node(self) -> StationMachine | AgentMachine:
        """A station or an agent."""
        found: list[StationMachine | AgentMachine] = [*self.machines.stations.values()]
        found += self.machines.agents.values()
        return self.chance.choice(found)

    def some_station(self) -> StationMachine:
        """A till."""
        return self.chance.choice(list(self.machines.stations.values()))

    def span(self) -> float:
        """Seconds that something lasts: moments, or minutes."""
        return self.chance.choice((2.0, 10.0, 60.0, 300.0)) * self.chance.uniform(0.5, 1.5)

    def boot_if_down(self, machine: Machine) -> None:
        """Somebody switches it on."""
        if not machine.is_up:
            self.machines.boot_all()
            self.restarted()

    def cut(self, way: tuple[str, str], seconds: float | None = None) -> None:
        """Nothing passes from an asker to an address for a while."""
        self.machines.network.cut[way] = None
        self.later(self.span() if seconds is None else seconds, lambda: self.machines.network.mend(way))

    def later(self, seconds: float, doing: Callable[[], object]) -> None:
        """Do it then, unless everything heals first."""

        async def wait() -> None:
            await asyncio.sleep(seconds)
            doing()

        self.begin(wait())

    def begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Trouble that takes its time; it ends when everything heals."""
        task = asyncio.get_running_loop().create_task(work)
        self._pending[task] = None
        task.add_done_callback(lambda done: self._pending.pop(done, None))

    def at_the_end(self, doing: Callable[[], None]) -> None:
        """What has to be put right when everything heals."""
        self._endings.append(doing)

    def calm(self) -> None:
        """What was to end later ends now."""
        for task in list(self._pending):
            task.cancel()
        for doing in self._endings:
            doing()
        self._endings.clear()
