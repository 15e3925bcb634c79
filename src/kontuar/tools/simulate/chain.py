"""A whole small chain in one thread: the real nodes over a network and disks that fail."""

import contextlib
import random
import shutil
import time
from pathlib import Path
from typing import Any, Final

import apsw
import psycopg

from kontuar.nodes.agent import AgentNode, enrol_agent
from kontuar.nodes.hub import Hub
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_exchange import extend_exchange
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import World
from kontuar.nodes.restoring import fetch
from kontuar.nodes.settings import AgentSettings, HubSettings, StationSettings
from kontuar.nodes.station import StationNode, enrol_station
from kontuar.nodes.station_lives import WITNESS_FILE
from kontuar.storage.sqlite.agent.books import MIGRATIONS as OF_AGENTS
from kontuar.storage.sqlite.station.books import MIGRATIONS as OF_STATIONS
from kontuar.sync.identity import load_identity
from kontuar.sync.transport import Unreachable
from kontuar.tools.simulate import disk as disks
from kontuar.tools.simulate import statements
from kontuar.tools.simulate.clocks import Calendar, NodeClock, SeededIds
from kontuar.tools.simulate.endpoint import SiteEndpoint
from kontuar.tools.simulate.firm import BOSS
from kontuar.tools.simulate.lives import Life
from kontuar.tools.simulate.network import Network, SimulatedTransport
from kontuar.tools.simulate.older_schema import set_back

HUB: Final = "hub"
_IDENTITY: Final = "identity"


class Node:
    """One machine of the chain: its folder, clock and chance stay, its lives come and go.

    `stands_by`: another machine has its place, nobody switches it on.
    """

    stands_by = False

    def __init__(self, name: str, folder: Path, chance: random.Random, calendar: Calendar, network: Network) -> None:
        self.name = name
        self.base = folder
        self.folder = folder / "0"
        self.chance = chance
        self.clock = NodeClock(calendar)
        self.ids = SeededIds(self.clock, random.Random(chance.random()))
        self.network = network
        self.life: Life | None = None
        self.faults: list[str] = []
        """What was answered with something that no program of ours should answer with."""
        self._folders = 0

    @property
    def is_up(self) -> bool:
        """Whether its process runs."""
        return self.life is not None and not self.life.over

    def world(self, life: Life) -> World:
        """What its node is given."""
        return World(
            clock=self.clock, ids=self.ids, transport=lambda url: SimulatedTransport(self.network, self.name, url),
            end=life.end_soon, settle=lambda: None,
        )  # fmt: skip

    def fresh_folder(self) -> Path:
        """The next folder of this machine, empty."""
        self._folders += 1
        self.folder = self.base / str(self._folders)
        self.folder.mkdir(parents=True)
        return self.folder


class SqliteNode(Node):
    """A station or an agent: a process over SQLite on a disk that can fail."""

    database_file: str
    migrations: Path

    def __init__(self, name: str, folder: Path, chance: random.Random, calendar: Calendar, network: Network) -> None:
        super().__init__(name, folder, chance, calendar, network)
        self.disk = disks.Disk(random.Random(chance.random()))
        self._backup: dict[str, bytes] = {}
        self._dying: tuple[int, bool] | None = None

    def end(self, *, power: bool) -> None:
        """The process is killed, or the machine loses power."""
        if power:
            self.disk.cut_power()
        else:
            self.disk.kill()

    def give_up(self) -> None:
        """It could not start: its process ends, its disk stays as it is."""
        if self.life is not None:
            self.life.over = self.life.doomed = True

    def _begin_life(self) -> Life:
        """On the machine's own disk, with what the last life left there."""
        self.disk = disks.under(self.folder, disks.Disk(random.Random(self.chance.random())))
        life = Life(self.name, self._ended)
        life.delay_seconds = self.disk.delay_seconds
        self.disk.ended = life.end_soon
        if self._dying is not None:
            (self.disk.writes_left, power), self._dying = self._dying, None
            self.disk.kills = not power
        self.life = life
        return life

    def dies_at_its_start(self, writes: int, *, power: bool) -> None:
        """The next process ends after so many writes; with `power` the machine does."""
        self._dying = (writes, power)

    def downgrade(self, back: int) -> bool:
        """The machine is down: its database becomes one of `back` changes ago; whether that can be."""
        return set_back(self.folder / self.database_file, self.migrations, back)

    def _ended(self, _: Life) -> None:
        self.network.nodes.pop(self.name, None)
        self.disk.kill()
        self._close()
        old = self.folder
        disks.forget(old)
        kept = self.fresh_folder()
        self.disk.restored(kept)
        for each in old.iterdir():
            if each.is_dir():
                shutil.copytree(each, kept / each.name)
        shutil.rmtree(old)

    def back_up(self) -> None:
        """Copy its database as it is now; the identity of a node is no part of a backup."""
        self._backup = {file.name: file.read_bytes() for file in self._database_files()}

    @property
    def has_backup(self) -> bool:
        """Whether there is one to go back to."""
        return bool(self._backup)

    def restore(self) -> None:
        """The machine is down: its database becomes that of the backup."""
        assert not self.is_up, "a database is restored while nobody uses it"
        for file in self._database_files():
            file.unlink()
        for name, content in self._backup.items():
            (self.folder / name).write_bytes(content)

    def _database_files(self) -> list[Path]:
        return [file for file in sorted(self.folder.iterdir()) if file.is_file() and not file.name.endswith("-shm")]

    def _close(self) -> None:
        raise NotImplementedError


class StationMachine(SqliteNode):
    """A till."""

    node: StationNode
    database_file = "station.db"
    migrations = OF_STATIONS
    _kept_witness: bytes | None = None

    @property
    def goes_on(self) -> bool:
        """Whether its process ended only to go on in its next life."""
        return hasattr(self, "node") and not self.is_up and self.node.next_life

    def back_up(self) -> None:
        """The database; and, for whoever takes an image of the whole disk, its witness."""
        super().back_up()
        witness = self.folder / _IDENTITY / WITNESS_FILE
        self._kept_witness = witness.read_bytes() if witness.exists() else None

    def sells(self) -> bool:
        """Whether it runs in a life that is not over."""
        return self.is_up and not self.node.station.books.stream.stopped()

    def restore_with_witness(self) -> None:
        """Nothing on the machine knows that it was set back."""
        self.restore()
        witness = self.folder / _IDENTITY / WITNESS_FILE
        if self._kept_witness is None:
            witness.unlink(missing_ok=True)
        else:
            witness.write_bytes(self._kept_witness)

    def boot(self, agent: str) -> None:
        """Start its process."""
        life = self._begin_life()
        keys = load_identity(self.folder / _IDENTITY)
        assert keys is not None, f"{self.name} is enrolled"
        settings = StationSettings(data=self.folder, agent_url=agent, station=self.name)
        self.node = StationNode(settings, keys, self.world(life))
        life.begin(self.node.start())

    def _close(self) -> None:
        with contextlib.suppress(apsw.Error):
            self.node.lane.database.close()


class AgentMachine(SqliteNode):
    """The server of a store."""

    node: AgentNode
    sound = True
    """Whether it was never set up again from a backup."""
    database_file = "agent.db"
    migrations = OF_AGENTS

    def boot(self) -> None:
        """Start its process."""
        life = self._begin_life()
        keys = load_identity(self.folder / _IDENTITY)
        assert keys is not None, f"{self.name} is enrolled"
        self.node = AgentNode(AgentSettings(data=self.folder, hub_url=HUB), keys, self.world(life))
        life.begin(self.node.start())
        self.network.nodes[self.name] = SiteEndpoint(life, self.node.site, self.faults)

    def _close(self) -> None:
        with contextlib.suppress(apsw.Error):
            self.node.books.database.close()


class HubMachine(Node):
    """Head office: the real hub over a real PostgreSQL database of its own."""

    node: Hub

    def __init__(
        self, folder: Path, url: str, admin: psycopg.Connection[Any], chance: random.Random, calendar: Calendar,
        network: Network,
    ) -> None:  # fmt: skip
        super().__init__(HUB, folder, chance, calendar, network)
        self.url = url
        self._backup = ""
        self.statements_left: int | None = None
        self.statement_kills = False
        self.statements_of = ""
        """The part of head office whose statements are counted; empty = all."""
        self._admin = admin
        self._name = url.rpartition("/")[2].partition("?")[0]
        statements.watch(self._name, self)

    def boot(self) -> None:
        """Start its process."""
        life = Life(self.name, self._ended)
        self.life = life
        settings = HubSettings(data=self.folder, database_url=self.url)
        self.node = Hub(settings, [extend_sync, extend_documents, extend_exchange], self.world(life))
        life.begin(self.node.start())
        site = self.node.core.site
        assert site is not None, "the hub speaks the protocol"
        self.network.nodes[self.name] = SiteEndpoint(life, site, self.faults)

    def end(self) -> None:
        """Its process is killed; PostgreSQL drops what was not committed."""
        if self.life is not None:
            self.life.end()

    def _ended(self, _: Life) -> None:
        self.network.nodes.pop(self.name, None)
        self.disconnect()

    def statement(self, lane: str) -> bool:
        """One more of its statements; whether its connections were cut now."""
        if self.statements_left is None or not lane.endswith(self.statements_of):
            return False
        self.statements_left -= 1
        if self.statements_left > 0:
            return False
        self.statements_left = None
        if self.statement_kills and self.life is not None and not self.life.doomed:
            self.life.end_soon()
        self.disconnect()
        return True

    def may_connect(self) -> bool:
        """A process that ends makes no connection any more."""
        return self.life is None or not self.life.doomed or self.life.over

    def disconnect(self) -> None:
        """End every connection to its database, as the end of the process does."""
        mine = "FROM pg_stat_activity WHERE datname = %s"
        self._admin.execute(f"SELECT pg_terminate_backend(pid) {mine}", [self._name])
        # The function's own waiting looks ten times a second, connection after connection: a sixth of a seed.
        while self._admin.execute(f"SELECT 1 {mine} LIMIT 1", [self._name]).fetchone():
            time.sleep(0.001)

    def back_up(self) -> None:
        """Copy its database; its process is down."""
        assert not self.is_up, "PostgreSQL copies a database that nobody uses"
        self._backup = f"{self._name}_backup"
        self._copy(self._name, self._backup)

    def backed_up_as(self, database: str) -> None:
        """Last night's backup is there under that name."""
        self._backup = database

    @property
    def has_backup(self) -> bool:
        """Whether there is one to go back to."""
        return bool(self._backup)

    def restore(self) -> None:
        """Its process is down: its database becomes that of the backup."""
        assert not self.is_up, "a database is restored while nobody uses it"
        self._copy(self._backup, self._name)

    def _copy(self, source: str, target: str) -> None:
        self._admin.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        self._admin.execute(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy")


async def enrol_all(hub: HubMachine, agents: list[AgentMachine], stations: dict[str, list[StationMachine]]) -> None:
    """Certify every machine, agents first; the hub runs, an agent is started when it has its certificate."""
    enrolment = hub.node.core.parts.enrolment
    for agent in agents:
        store = agent.name.partition("@")[2]
        code = enrolment.issue_code(BOSS, "agent", store).code
        settings = AgentSettings(data=agent.folder, hub_url=HUB, store=store, enrolment_code=code)
        await enrol_agent(settings, agent.world(Life(agent.name, lambda _: None)))
        agent.boot()
        for station in stations[agent.name]:
            await certify(hub, station, agent.name)


async def fetched_back(station: StationMachine, agent: str) -> tuple[int, int]:
    """The database of a machine that is enrolled and has none: the latest backup that the agent keeps of its till.

    (the last message that the backup said to hold, the last one it has). Raises `Refused`, `Unreachable`.
    """
    settings = StationSettings(data=station.folder, agent_url=agent, station=station.name)
    kept, _ = await fetch(settings, station.world(Life(station.name, lambda _: None)))
    with contextlib.closing(apsw.Connection(str(station.folder / station.database_file))) as database:
        query = "SELECT max(seq) FROM message WHERE incarnation = ?"
        return kept.seq, int(database.execute(query, (kept.incarnation,)).fetchall()[0][0] or 0)


async def certify(hub: HubMachine, station: StationMachine, agent: str) -> None:
    """With a new code of head office, through its agent. Raises `Unreachable`, `Refused`, `StorageFailure`."""
    if not hub.is_up or hub.life is None:
        raise Unreachable("head office is closed")
    parts = hub.node.core.parts
    issued = await hub.life.do(parts.run(parts.enrolment.issue_code, BOSS, "station", station.name))
    settings = StationSettings(
        data=station.folder, agent_url=agent, station=station.name, enrolment_code=issued.code
    )  # fmt: skip
    await enrol_station(settings, station.world(Life(station.name, lambda _: None)))
