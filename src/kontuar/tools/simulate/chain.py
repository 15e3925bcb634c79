"""A whole small chain in one thread: the real nodes over a network and disks that fail."""

import contextlib
import datetime
import random
import shutil
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, Final

import apsw
import psycopg

from kontuar.kernel.errors import Problem, Refused
from kontuar.kernel.ids import uuid7
from kontuar.kernel.time import Clock
from kontuar.nodes.agent import AgentNode, enrol_agent
from kontuar.nodes.hub import Hub
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import World
from kontuar.nodes.settings import AgentSettings, HubSettings, StationSettings
from kontuar.nodes.station import StationNode, enrol_station
from kontuar.nodes.station_lives import WITNESS_FILE
from kontuar.storage.failures import StorageFailure
from kontuar.sync.identity import load_identity
from kontuar.sync.server import SyncSite, answer_question, give_down, give_snapshot, take_push
from kontuar.sync.transport import Declined
from kontuar.tools.simulate import disk as disks
from kontuar.tools.simulate.lives import Life
from kontuar.tools.simulate.network import Answer, Network, SimulatedTransport
from kontuar.tools.simulate.virtual_time import VirtualLoop
from kontuar.web.http import status_of

BEGINNING: Final = datetime.datetime(2026, 11, 21, 7, 0, tzinfo=datetime.UTC)
HUB: Final = "hub"
_IDENTITY: Final = "identity"


class NodeClock:
    """A machine's clock: the simulation's time, off by `skew_seconds`."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self.skew_seconds = 0.0

    def now(self) -> datetime.datetime:
        """The instant that this machine believes."""
        return BEGINNING + datetime.timedelta(seconds=round(self._loop.time() + self.skew_seconds, 6))

    def monotonic(self) -> float:
        """Seconds since the simulation began."""
        return self._loop.time()


class SeededIds:
    """Identities and secrets from a seed."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance

    def new_id(self) -> str:
        """A UUIDv7 of the machine's time."""
        return uuid7(self._clock.now(), self._chance.randbytes(10))

    def secret(self, byte_count: int) -> bytes:
        """Bytes of the seed."""
        return self._chance.randbytes(byte_count)


class Node:
    """One machine of the chain: its folder, clock and chance stay, its lives come and go."""

    def __init__(self, name: str, folder: Path, chance: random.Random, loop: VirtualLoop, network: Network) -> None:
        self.name = name
        self.base = folder
        self.folder = folder / "0"
        self.chance = chance
        self.clock = NodeClock(loop)
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

    def __init__(self, name: str, folder: Path, chance: random.Random, loop: VirtualLoop, network: Network) -> None:
        super().__init__(name, folder, chance, loop, network)
        self.disk = disks.Disk(random.Random(chance.random()))
        self._backup: dict[str, bytes] = {}

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
        self.disk.ended = life.end_soon
        self.life = life
        return life

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
    _kept_witness: bytes | None = None

    @property
    def goes_on(self) -> bool:
        """Whether its process ended only to go on in its next life."""
        return not self.is_up and self.node.next_life

    def back_up(self) -> None:
        """The database; and, for whoever takes an image of the whole disk, its witness."""
        super().back_up()
        witness = self.folder / _IDENTITY / WITNESS_FILE
        self._kept_witness = witness.read_bytes() if witness.exists() else None

    def only_here(self) -> list[str]:
        """Ids of messages that this till does not know to be held by anybody else; its process is down."""
        with contextlib.closing(apsw.Connection(str(self.folder / "station.db"))) as database:
            query = (
                "SELECT m.message_id FROM message m LEFT JOIN uplink u USING (incarnation)"
                " WHERE m.seq > coalesce(u.held_seq, 0)"
            )
            return [str(row[0]) for row in database.execute(query)]

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

    def boot(self) -> None:
        """Start its process."""
        life = self._begin_life()
        keys = load_identity(self.folder / _IDENTITY)
        assert keys is not None, f"{self.name} is enrolled"
        self.node = AgentNode(AgentSettings(data=self.folder, hub_url=HUB), keys, self.world(life))
        life.begin(self.node.start())
        self.network.nodes[self.name] = SiteEndpoint(self, life, self.node.site)

    def _close(self) -> None:
        with contextlib.suppress(apsw.Error):
            self.node.books.database.close()


class HubMachine(Node):
    """Head office: the real hub over a real PostgreSQL database of its own."""

    node: Hub

    def __init__(
        self, folder: Path, url: str, admin: psycopg.Connection[Any], chance: random.Random, loop: VirtualLoop,
        network: Network,
    ) -> None:  # fmt: skip
        super().__init__(HUB, folder, chance, loop, network)
        self.url = url
        self.has_backup = False
        self._admin = admin
        self._name = url.rpartition("/")[2].partition("?")[0]

    def boot(self) -> None:
        """Start its process."""
        life = Life(self.name, self._ended)
        self.life = life
        settings = HubSettings(data=self.folder, database_url=self.url)
        self.node = Hub(settings, [extend_sync, extend_documents], self.world(life))
        life.begin(self.node.start())
        site = self.node.core.site
        assert site is not None, "the hub speaks the protocol"
        self.network.nodes[self.name] = SiteEndpoint(self, life, site)

    def end(self) -> None:
        """Its process is killed; PostgreSQL drops what was not committed."""
        if self.life is not None:
            self.life.end()

    def _ended(self, _: Life) -> None:
        self.network.nodes.pop(self.name, None)
        self.disconnect()

    def disconnect(self) -> None:
        """End every connection to its database, as the end of the process does."""
        self._admin.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [self._name]
        )

    def back_up(self) -> None:
        """Copy its database; its process is down."""
        assert not self.is_up, "PostgreSQL copies a database that nobody uses"
        self._copy(self._name, f"{self._name}_backup")
        self.has_backup = True

    def restore(self) -> None:
        """Its process is down: its database becomes that of the backup."""
        assert not self.is_up, "a database is restored while nobody uses it"
        self._copy(f"{self._name}_backup", self._name)

    def _copy(self, source: str, target: str) -> None:
        self._admin.execute(f"DROP DATABASE IF EXISTS {target} WITH (FORCE)")
        self._admin.execute(f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy")


class SiteEndpoint:
    """A node's end of the protocol, answering as its web server would."""

    def __init__(self, node: Node, life: Life, site: SyncSite) -> None:
        self._node = node
        self._life = life
        self._site = site

    def begin(self, answering: Coroutine[Any, Any, Answer]) -> Any:
        """In a task of the node's life."""
        return self._life.begin(answering)

    async def post(self, path: str, body: bytes) -> bytes:
        """One of the protocol's questions."""
        doing = {
            "/sync/v1/push": take_push, "/sync/v1/down": give_down, "/sync/v1/ask": answer_question,
            "/sync/v1/enrol": _enrol,
        }[path]  # fmt: skip
        return await self._answered(path, lambda: doing(self._site, body))

    async def fetch(self, path: str, start: int, proof: str) -> bytes:
        """A snapshot's bytes from a position on."""

        async def piece() -> bytes:
            snapshot = path.rpartition("/")[2]
            answer = await give_snapshot(self._site, snapshot, proof, f"bytes={start}-")
            return bytes(answer.content)

        return await self._answered(path, piece)

    async def _answered(self, path: str, work: Callable[[], Coroutine[Any, Any, bytes]]) -> bytes:
        try:
            return await work()
        except Refused as refusal:
            raise Declined(status_of(refusal.problems), refusal.problems[0].code) from None
        except StorageFailure as failure:
            raise Declined(status_of((Problem(failure.code),)), failure.code) from None
        except Exception as error:
            if not self._life.over:
                self._node.faults.append(f"{path}: {error!r}")
            raise Declined(500, "") from error


async def _enrol(site: SyncSite, body: bytes) -> bytes:
    return await site.enroller(body)


async def enrol_all(hub: HubMachine, agents: list[AgentMachine], stations: dict[str, list[StationMachine]]) -> None:
    """Certify every machine, agents first; the hub runs, an agent is started when it has its certificate."""
    from kontuar.tools.simulate.firm import BOSS

    enrolment = hub.node.core.parts.enrolment
    for agent in agents:
        store = agent.name.partition("@")[2]
        code = enrolment.issue_code(BOSS, "agent", store).code
        settings = AgentSettings(data=agent.folder, hub_url=HUB, store=store, enrolment_code=code)
        await enrol_agent(settings, agent.world(Life(agent.name, lambda _: None)))
        agent.boot()
        for station in stations[agent.name]:
            code = enrolment.issue_code(BOSS, "station", station.name).code
            wanted = StationSettings(
                data=station.folder, agent_url=agent.name, station=station.name, enrolment_code=code
            )
            await enrol_station(wanted, station.world(Life(station.name, lambda _: None)))
