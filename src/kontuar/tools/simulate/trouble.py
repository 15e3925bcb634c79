"""What goes wrong: the network in every shape, processes and machines, clocks; drawn by weights from the seed."""

import asyncio
import random
from collections.abc import Callable
from typing import Final

from kontuar.tools.simulate.chain import AgentMachine, SqliteNode, StationMachine
from kontuar.tools.simulate.ground import Machines
from kontuar.tools.simulate.network import Weather
from kontuar.tools.simulate.seen import Seen

_WEIGHTS: Final = {
    "storm": 6, "cut_store": 5, "cut_station": 5, "deaf": 4, "kill": 6, "kill_at_a_write": 8, "power": 4,
    "power_at_a_write": 10, "kill_hub": 4, "skew": 2, "no_room": 2,
    "back_up_agent": 3, "restore_agent": 2, "back_up_hub": 3, "restore_hub": 2,
    "back_up_station": 4, "restore_station": 2, "restore_station_unwitnessed": 1,
}  # fmt: skip


class Trouble:
    """Makes trouble until it is told to stop."""

    def __init__(self, machines: Machines, seen: Seen, chance: random.Random, pause: float,
                 restarted: Callable[[], None]) -> None:  # fmt: skip
        self._machines = machines
        self._seen = seen
        self._chance = chance
        self._pause = pause
        self._restarted = restarted
        self._pending: dict[asyncio.Task[None], None] = {}

    async def make(self) -> None:
        """One thing after another."""
        names, weights = list(_WEIGHTS), list(_WEIGHTS.values())
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / self._pause))
            (name,) = self._chance.choices(names, weights)
            self._seen.troubles[name] += 1
            getattr(self, f"_{name}")()

    def stop(self) -> None:
        """What was to end later ends now: the network is whole, every machine stands and its clock is right."""
        for task in list(self._pending):
            task.cancel()
        network = self._machines.network
        network.heal()
        network.forget_late()
        for machine in self._machines.every():
            machine.clock.skew_seconds = 0.0
            if isinstance(machine, SqliteNode):
                machine.disk.writes_left = machine.disk.free_bytes = None

    # -- the network ----------------------------------------------------------------------------------------------
    def _storm(self) -> None:
        chance = self._chance
        network = self._machines.network
        network.weather = Weather(
            delay_seconds=chance.choice((0.005, 0.05, 0.5)), loss=chance.choice((0.0, 0.05, 0.3)),
            twice=chance.choice((0.0, 0.1, 0.4)), slow=chance.choice((0.0, 0.02)),
            bytes_per_second=chance.choice((0.0, 0.0, 20_000.0)),
        )  # fmt: skip
        self._later(self._span(), lambda: setattr(network, "weather", Weather()))

    def _cut_store(self) -> None:
        agent = self._chance.choice(list(self._machines.agents))
        self._cut((agent, "hub"))

    def _cut_station(self) -> None:
        station = self._chance.choice(list(self._machines.stations))
        self._cut((station, self._machines.agent_of[station]))

    def _deaf(self) -> None:
        """Requests arrive, answers do not: everything is done and nobody learns of it."""
        station = self._chance.choice(list(self._machines.stations))
        agent = self._machines.agent_of[station]
        way = self._chance.choice(((station, agent), (agent, "hub")))
        self._machines.network.deaf[way] = None
        self._later(self._span(), lambda: self._machines.network.deaf.pop(way, None))

    def _cut(self, way: tuple[str, str]) -> None:
        self._machines.network.cut[way] = None
        self._later(self._span(), lambda: self._machines.network.cut.pop(way, None))

    # -- processes and machines -----------------------------------------------------------------------------------
    def _kill(self) -> None:
        self._end(self._some(), power=False)

    def _power(self) -> None:
        self._end(self._some(), power=True)

    def _kill_at_a_write(self) -> None:
        self._end_at_a_write(power=False)

    def _power_at_a_write(self) -> None:
        self._end_at_a_write(power=True)

    def _end_at_a_write(self, *, power: bool) -> None:
        machine = self._some()
        if machine.is_up:
            machine.disk.kept = self._chance.choice((0.0, 0.5, 1.0))
            machine.disk.kills = not power
            machine.disk.writes_left = self._chance.randint(1, 60)
            self._later(self._span() + 30, lambda: self._boot_if_down(machine))

    def _end(self, machine: StationMachine | AgentMachine, *, power: bool) -> None:
        if machine.is_up:
            machine.disk.kept = self._chance.choice((0.0, 0.5, 1.0))
            machine.end(power=power)
            self._later(self._chance.uniform(0.5, 60.0), lambda: self._boot_if_down(machine))

    def _kill_hub(self) -> None:
        self._machines.hub.end()
        self._later(self._chance.uniform(0.5, 60.0), lambda: self._boot_if_down(self._machines.hub))

    def _back_up_agent(self) -> None:
        """Those of all stores, as a nightly job would."""
        for agent in self._machines.agents.values():
            agent.back_up()

    def _restore_agent(self) -> None:
        """Its machine is set up again from an old backup: it knows less than its stations and the hub, which at times
        cannot be reached to tell it."""
        found = [each for each in self._machines.agents.values() if each.has_backup and each.is_up]
        if found:
            agent = self._chance.choice(found)
            self._end(agent, power=True)
            self._later(0.2, lambda: None if agent.is_up else agent.restore())
            if self._chance.random() < 0.5:
                self._cut((agent.name, "hub"))

    def _back_up_station(self) -> None:
        """All tills of the chain, as a nightly job would."""
        for station in self._machines.stations.values():
            station.back_up()

    def _restore_station(self) -> None:
        """Its machine is set up again from an old backup of its database: it must go on in another life."""
        self._set_back(witnessed=True)

    def _restore_station_unwitnessed(self) -> None:
        """An old image of its whole disk: only others know that it issued more."""
        self._set_back(witnessed=False)

    def _set_back(self, *, witnessed: bool) -> None:
        found = [each for each in self._machines.stations.values() if each.has_backup and each.is_up]
        if found:
            station = self._chance.choice(found)
            self._seen.restored[station.name] = None
            self._end(station, power=True)
            self._later(0.2, lambda: self._set_up_again(station, witnessed=witnessed))

    def _set_up_again(self, station: StationMachine, *, witnessed: bool) -> None:
        if station.is_up:  # it was started meanwhile
            return
        for doc_id in station.only_here():
            self._seen.destroyed[doc_id] = None
        if witnessed:
            station.restore()
        else:
            station.restore_with_witness()

    def _back_up_hub(self) -> None:
        hub = self._machines.hub
        hub.end()
        self._later(0.2, hub.back_up)
        self._later(1.0, lambda: self._boot_if_down(hub))

    def _restore_hub(self) -> None:
        """Head office is set up again from an old backup: what it had acknowledged since is gone there."""
        hub = self._machines.hub
        if hub.has_backup:
            hub.end()
            self._later(0.2, hub.restore)
            self._later(self._chance.uniform(1.0, 60.0), lambda: self._boot_if_down(hub))

    def _no_room(self) -> None:
        machine = self._some()
        machine.disk.free_bytes = self._chance.randint(0, 40_000)
        self._later(self._span(), lambda: setattr(machine.disk, "free_bytes", None))

    def _skew(self) -> None:
        machine = self._chance.choice(self._machines.every())
        machine.clock.skew_seconds += self._chance.choice((-1.5, 1.5, 90.0, 600.0))

    def _some(self) -> StationMachine | AgentMachine:
        machines: list[StationMachine | AgentMachine] = [*self._machines.stations.values()]
        machines += self._machines.agents.values()
        return self._chance.choice(machines)

    def _boot_if_down(self, machine: object) -> None:
        if not machine.is_up:  # type: ignore[attr-defined]
            self._machines.boot_all()
            self._restarted()

    def _span(self) -> float:
        return self._chance.choice((2.0, 10.0, 60.0, 300.0)) * self._chance.uniform(0.5, 1.5)

    def _later(self, seconds: float, doing: Callable[[], object]) -> None:
        async def wait() -> None:
            await asyncio.sleep(seconds)
            doing()

        task = asyncio.get_running_loop().create_task(wait())
        self._pending[task] = None
        task.add_done_callback(lambda done: self._pending.pop(done, None))
