"""What every seed begins from, made once: a firm with its nodes enrolled and its definitions at every till."""

import asyncio
import gc
import hashlib
import itertools
import random
import shutil
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Final

import psycopg

from kontuar.storage.failures import StorageDamaged, StorageFull
from kontuar.storage.postgres.embedded import EmbeddedPostgres
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.migrations import migrate
from kontuar.tools.simulate import disk as disks
from kontuar.tools.simulate import quickly, signatures, statements
from kontuar.tools.simulate.chain import AgentMachine, HubMachine, StationMachine, enrol_all
from kontuar.tools.simulate.clocks import Calendar
from kontuar.tools.simulate.firm import BOSS, Place, definitions, places
from kontuar.tools.simulate.lives import owning_tasks
from kontuar.tools.simulate.network import CALM, Network
from kontuar.tools.simulate.virtual_time import VirtualLoop

_READY_SECONDS: Final = 600.0
_numbers = itertools.count(1)


class Machines:
    """All machines of a chain, with the network between them."""

    def __init__(self, folder: Path, url: str, admin: psycopg.Connection[Any], where: tuple[Place, ...], seed: int,
                 loop: VirtualLoop, tell: Callable[[str], None]) -> None:  # fmt: skip
        chance = random.Random(seed)
        self.calendar = calendar = Calendar(loop)
        self._folder = folder
        self.network = Network(random.Random(chance.random()), tell)
        self.hub = HubMachine(folder / "hub", url, admin, random.Random(chance.random()), calendar, self.network)
        self.agents: dict[str, AgentMachine] = {}
        self.stations: dict[str, StationMachine] = {}
        self.agent_of: dict[str, str] = {}
        for place in where:
            agent = f"agent@{place.store}"
            self.agents[agent] = AgentMachine(
                agent, folder / agent, random.Random(chance.random()), calendar, self.network
            )
            for code in place.stations:
                self.agent_of[code] = agent
                self.stations[code] = StationMachine(
                    code, folder / code, random.Random(chance.random()), calendar, self.network
                )
        self._chance = random.Random(chance.random())
        self._aside: list[StationMachine] = []

    def every(self) -> "list[HubMachine | AgentMachine | StationMachine]":
        """The hub, then agents, then stations with those beside them."""
        return [self.hub, *self.agents.values(), *self.stations.values(), *self.second()]

    def hears_agent(self, station: StationMachine) -> bool:
        """Whether its agent answers at once: nothing is wrong with either, nor on the way; and remembers everything."""
        agent, network = self.agents[self.agent_of[station.name]], self.network
        quick = not (agent.disk.slow_seconds or station.disk.slow_seconds)
        healthy = agent.sound and agent.disk.free_bytes is None
        return healthy and network.weather == CALM and quick and self.reaches_agent(station)

    def reaches_agent(self, station: StationMachine) -> bool:
        """Whether its agent runs and the way there is open, however slow."""
        agent, network = self.agents[self.agent_of[station.name]], self.network
        way = (station.name, agent.name)
        return agent.is_up and network.passes(way) and way not in network.deaf

    def silent_seconds(self, station: StationMachine) -> float:
        """Since its agent's last answer came."""
        answered = self.network.answered.get((station.name, self.agent_of[station.name]), 0.0)
        return self.calendar.elapsed_seconds() - answered

    # -- two machines for one place ------------------------------------------------------------------------------------
    def second(self) -> list[StationMachine]:
        """Machines whose place another one has."""
        return [machine for machine in self._aside if self.stations[machine.name] is not machine]

    def tills(self) -> list[StationMachine]:
        """All machines that are or were a till."""
        return [*self.stations.values(), *self.second()]

    def set_aside(self, machine: StationMachine) -> None:
        """Nobody switches it on until `stands_by` is taken away."""
        machine.stands_by = True
        self._aside.append(machine)

    def new_station(self, code: str) -> StationMachine:
        """A machine without anything on its disk, for a place."""
        folder = self._folder / f"{code}+{len(self._aside)}"
        machine = StationMachine(code, folder, random.Random(self._chance.random()), self.calendar, self.network)
        machine.folder.mkdir(parents=True)
        return machine

    def copy_of(self, original: StationMachine) -> StationMachine:
        """A machine with a copy of another one's disk; that is down."""
        machine = self.new_station(original.name)
        shutil.copytree(original.folder, machine.folder, dirs_exist_ok=True)
        return machine

    def take_place(self, machine: StationMachine) -> None:
        """It is the till of its place from now on."""
        self._aside.append(machine)
        self.stations[machine.name] = machine

    def find_tills(self) -> None:
        """Where two machines were one till, the one that goes on is the till; the other one was told to stop."""
        for machine in self.second():
            other = self.stations[machine.name]
            if machine.sells() and not other.sells():
                self._aside.append(other)
                self.stations[machine.name] = machine

    def boot_all(self) -> None:
        """Start whatever does not run. What does not start for want of room waits for the next time."""
        if not self.hub.is_up:
            self.hub.boot()
        for agent in self.agents.values():
            _started(agent, agent.boot)
        for station in self.tills():
            if not station.stands_by:
                _started(station, partial(station.boot, self.agent_of[station.name]))

    def go_on(self) -> bool:
        """Start each station that ended only to go on in its next life, as its process would; whether there was one."""
        found = [station for station in self.tills() if station.goes_on and not station.stands_by]
        for station in found:
            _started(station, partial(station.boot, self.agent_of[station.name]))
        return bool(found)

    def end_all(self) -> None:
        """End every process."""
        for machine in self.every():
            if machine.life is not None:
                machine.life.end()


def _started(machine: AgentMachine | StationMachine, boot: Callable[[], None]) -> None:
    if machine.is_up:
        return
    try:
        boot()
    except StorageFull:
        machine.give_up()
    except StorageDamaged as damage:
        if machine.disk.dead:  # it ends by itself: the power went while it started
            return
        machine.give_up()
        if not any("damaged" in fault for fault in machine.faults):
            machine.faults.append(f"its database is damaged at a start: {damage}")
    except Exception as error:  # noqa: BLE001 - whatever it is, somebody stands before a till that does not start
        machine.give_up()
        machine.faults.append(f"it does not start: {error!r}")


class Ground:
    """Folders and a database to copy for each seed."""

    def __init__(self, folder: Path, url: str, stores: int, stations_per_store: int) -> None:
        self.where = places(stores, stations_per_store)
        self._folder = folder
        self._server_url = url
        self._admin = psycopg.connect(url, autocommit=True)
        self._template = f"ground_{next(_numbers)}"
        self._admin.execute(f"CREATE DATABASE {self._template} TEMPLATE template0 STRATEGY file_copy")
        _with_given_epochs(self._url(self._template), self.where)
        loop = VirtualLoop()
        machines = Machines(folder / "ground", self._url(self._template), self._admin, self.where, 0, loop, _silent)
        for number, machine in enumerate(machines.every()):
            machine.folder.mkdir(parents=True)
            _give_key(machine.folder / ("hub.key" if machine is machines.hub else "identity/key"), number)
        run_to_the_end(loop, _prepared(machines))
        self._machines = machines
        self._kept = {machine.name: machine.folder for machine in machines.every()}

    def close(self) -> None:
        """Let go of the server."""
        self._admin.close()

    @contextmanager
    def copy(self, seed: int, loop: VirtualLoop, tell: Callable[[str], None]) -> Iterator[Machines]:
        """A chain of its own for one seed; gone afterwards."""
        number = next(_numbers)
        name, folder = f"seed_{number}", self._folder / f"seed_{number}"
        self._admin.execute(f"CREATE DATABASE {name} TEMPLATE {self._template} STRATEGY file_copy")
        try:
            machines = Machines(folder, self._url(name), self._admin, self.where, seed, loop, tell)
            for machine in machines.every():
                shutil.copytree(self._kept[machine.name], machine.folder)
            for node in (*machines.agents.values(), *machines.stations.values()):
                node.back_up()
            machines.hub.backed_up_as(self._template)
            yield machines
        finally:
            statements.forget(name)
            shutil.rmtree(folder, ignore_errors=True)
            self._admin.execute(f"DROP DATABASE {name} WITH (FORCE)")
            self._admin.execute(f"DROP DATABASE IF EXISTS {name}_backup WITH (FORCE)")
            gc.collect()  # what a seed leaves in circles, a thousand of them would not leave room for

    def _url(self, name: str) -> str:
        return self._server_url.replace("/kontuar?", f"/{name}?")


@contextmanager
def ground(folder: Path, stores: int, stations_per_store: int) -> Iterator[Ground]:
    """The ground over a PostgreSQL server of its own, and the disk layer below every SQLite file."""
    postgres = EmbeddedPostgres(folder / "postgres", durable=False)
    with disks.layer(), statements.layer(), signatures.layer(), quickly.layer(), postgres as url:
        made = Ground(folder, url, stores, stations_per_store)
        try:
            with _rare_collections():
                yield made
        finally:
            made.close()


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Python looks for cycles that nobody needs any more seldom: what a seed leaves is small."""
    before = gc.get_threshold()
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)
        gc.unfreeze()


def run_to_the_end(loop: VirtualLoop, work: Coroutine[Any, Any, None]) -> None:
    """Run it on the loop, then let everything that is left end."""
    loop.set_task_factory(owning_tasks)
    try:
        loop.run_until_complete(work)
    finally:
        left = asyncio.all_tasks(loop)
        for task in sorted(left, key=lambda each: each.get_name()):
            task.cancel()
        if left:
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()


async def _prepared(machines: Machines) -> None:
    hub = machines.hub
    hub.boot()
    while not hub.node.core.incarnation or not hub.node.core.main.is_open:
        await asyncio.sleep(0.1)
    where = tuple(
        Place(agent.partition("@")[2], tuple(code for code, its in machines.agent_of.items() if its == agent))
        for agent in machines.agents
    )
    hub.node.core.parts.definitions.put_rows(BOSS, definitions(where))
    stations = {
        agent: [machines.stations[code] for code, its in machines.agent_of.items() if its == agent]
        for agent in machines.agents
    }
    await enrol_all(hub, list(machines.agents.values()), stations)
    machines.boot_all()
    async with asyncio.timeout(_READY_SECONDS):
        while not all(station.node.station.books.definitions.version()[0] for station in machines.stations.values()):
            await asyncio.sleep(1)
    await asyncio.sleep(30)
    machines.end_all()
    await asyncio.sleep(1)


def _with_given_epochs(url: str, where: tuple[Place, ...]) -> None:
    """The database makes its epochs by chance; here they are the same every time."""
    database = HubDatabase(url)
    migrate(database)
    with database.transaction():
        database.connection.execute("UPDATE definition_feed SET epoch = 'definitions-1'")
        for place in where:
            database.connection.execute(
                "INSERT INTO store_feed (store, epoch) VALUES (%s, %s)", [place.store, f"feed-{place.store}"]
            )
    database.close()


def _give_key(file: Path, number: int) -> None:
    """The same key every time: what is signed is then the same, too."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(hashlib.sha256(f"key {number}".encode()).digest())
    file.chmod(0o600)


def _silent(_: str) -> None:
    pass
