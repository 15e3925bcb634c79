"""The agent of a store: takes its stations' documents in, relays them, gives them what the hub says. Wiring only."""

import asyncio
from collections.abc import Sequence
from functools import cached_property, partial
from typing import Any, Final

import msgspec
import structlog
from litestar import Litestar, Response, get
from litestar.di import Provide
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, ProcessCollector, generate_latest

from kontuar import __version__
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.kernel.time import instant_text
from kontuar.nodes.books_proof import NightlyBooks
from kontuar.nodes.chores import Chore, Chores
from kontuar.nodes.digest_desk import DigestDesk
from kontuar.nodes.enrolling import enrol_patiently
from kontuar.nodes.exchange_carriers import AgentCarrier
from kontuar.nodes.exchange_desk import StoreExchangeDesk
from kontuar.nodes.fork_desk import ForkDesk
from kontuar.nodes.lanes import Lane
from kontuar.nodes.machine import World, this_machine
from kontuar.nodes.prune_desk import PruneDesk
from kontuar.nodes.running import say_and_stop, serve, set_up_logging
from kontuar.nodes.settings import AgentSettings
from kontuar.nodes.storage_trouble import on_storage_failure
from kontuar.operations.agent.agent_access import AgentAccess
from kontuar.operations.agent.parking_buffer import ParkingBuffer
from kontuar.operations.agent.parking_chores import ParkingChores
from kontuar.operations.agent.parking_numbers import prefixes_in
from kontuar.operations.agent.relay import RelayGiver, RelayReceiver
from kontuar.operations.agent.store_parameters import store_parameters
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.hub.certificates import KIND as CERTIFICATE
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.ports.sync import Answerer, HubReach, NodeIdentity
from kontuar.operations.pruning import Limits, limits_in
from kontuar.storage.backup_shelf import FolderShelf
from kontuar.storage.failures import StorageFailure, StorageFull
from kontuar.storage.sqlite.agent.books import MIGRATIONS, AgentBooks
from kontuar.storage.sqlite.agent.held_messages import SqliteHeldMessages
from kontuar.storage.sqlite.agent.proving import AgentProofShelf
from kontuar.storage.sqlite.agent.pruning import AgentPruning
from kontuar.storage.sqlite.agent.reading import AgentReader
from kontuar.sync.backups import BackupAnswerer
from kontuar.sync.bell import Bell
from kontuar.sync.connection import Connection
from kontuar.sync.digest_answers import DigestAnswerer, DigestAnswers
from kontuar.sync.downlink import Applied
from kontuar.sync.exchange_questions import CarriedFor
from kontuar.sync.figures import StationsHeard
from kontuar.sync.identity import NodeKeys, load_identity
from kontuar.sync.keyring import fault_of_seal
from kontuar.sync.loops import NodeSync
from kontuar.sync.parking import ParkingAnswerer
from kontuar.sync.questions import EnrolmentPassedOn, PassedOn, Questions
from kontuar.sync.server import SyncSite, sync_routes
from kontuar.sync.stream_answers import MessagesAnswerer
from kontuar.sync.uplink import AGENT_LIMITS, MOST_LIVES, Push, Uplink, UplinkLimits, Woken
from kontuar.web.api import agent as agent_api
from kontuar.web.api.agent import AgentBench, AgentStatus
from kontuar.web.description import description_of, openapi_json
from kontuar.web.http import EXCEPTION_HANDLERS

DATABASE_FILE: Final = "agent.db"
IDENTITY_FOLDER: Final = "identity"
BACKUPS_FOLDER: Final = "backups"
CHECKPOINT_SECONDS: Final = 60.0
LEASES_SECONDS: Final = 1.0
"""How often leases that were not renewed are looked for: others see a document free so long after."""
BACKUPS_SECONDS: Final = 60.0
_DAMAGED: Final = 3
_log = structlog.get_logger("agent")


class AgentNode:
    """One agent over one data folder."""

    def __init__(self, settings: AgentSettings, keys: NodeKeys, world: World) -> None:
        self._keys = keys = msgspec.structs.replace(keys, lives=self._lives)
        self._kept_lives: set[str] = set()
        self._world = world
        self._clock = clock = world.clock
        self.damaged = False
        self.books = AgentBooks(settings.data / DATABASE_FILE, settings.data / "snapshots",
                                keys.certificate.store, clock, world.ids.new_id())  # fmt: skip
        self._reader = AgentReader(self.books.database)
        self.parking = ParkingBuffer(
            self.books.parking, clock, prefix_of=prefixes_in(self.books.definitions), new_epoch=world.ids.new_id
        )
        self.run = Lane("agent", self.books.database, self._damage)
        self.run.open()
        self._bell = Bell()
        self._transport = world.transport(settings.hub_url)
        self.connection = Connection(clock, changed=self._bell.ring)
        self._backups_late: frozenset[str] = frozenset()
        self._stations = StationsHeard(clock, lambda: self._backups_late)
        self.sync = NodeSync(
            self.run, self.books.outbox, self.books.sink, self._transport, self.connection, clock, who=keys,
            build=__version__, folder=settings.data / "incoming", applied=self._applied,
            acknowledged=self._bell.ring, limits=AGENT_LIMITS, nodes=self._stations.fresh,
            digests=self.books.digests.state,
        )  # fmt: skip
        self._carrier = AgentCarrier(self.books.exchange, self.books.forks, clock)
        self.exchange = StoreExchangeDesk(
            self.run, self.books.outbox, self.books.sink, keys, world, self._applied, carrier=self._carrier,
            log=self.books.exchange,
        )  # fmt: skip
        questions = Questions(self._transport, keys.sender(__version__), keys.signed, keys.keys, clock)
        self.forks = ForkDesk(self.run, self.books.forks, questions, self.connection, clock)
        seal = partial(fault_of_seal, keys.keys)
        self.digests = DigestDesk(
            self.run, self.books.digests, questions, self.connection, seal, clock, self.books.fact, self.books.set_fact
        )
        self.backups = FolderShelf(settings.backups or settings.data / BACKUPS_FOLDER, clock)
        self.pruning = PruneDesk(
            self.run, AgentPruning(self.books.database), self._limits,
            (keys.certificate.node, keys.certificate.incarnation), keys.signer.sign, self.connection, clock,
        )  # fmt: skip
        self.site = self._site(questions)
        self.nightly = NightlyBooks(
            self.run, self.books.fact, self.books.set_fact,
            lambda: AgentProofShelf(settings.data / DATABASE_FILE, MIGRATIONS),
            partial(fault_of_seal, keys.keys), clock,
        )  # fmt: skip
        self._tasks = Chores()

    async def _look_at_backups(self) -> None:
        """Head office is told whose is late."""
        ages = await asyncio.to_thread(self.backups.ages)
        self._backups_late = frozenset(age.station for age in ages if age.late)

    def _limits(self) -> Limits:
        """How long messages are kept, as head office says for the store."""
        return limits_in(store_parameters(self.books.definitions, self._keys.certificate.store))

    def _damage(self) -> None:
        """What is damaged is not written to any further; the process ends and says so (REL-19)."""
        self.damaged = True
        self._world.end()

    def reach(self) -> HubReach:
        """Whether the hub answers, for the stations."""
        state = self.connection.state()
        return HubReach(state.level > Connectivity.OFFLINE, state.hub_seen_at)

    async def start(self) -> None:
        """Begin to talk to the hub; stations are served without it as well."""
        await self.learn()
        self.sync.start()
        self._tasks.start(self._chores())

    def _chores(self) -> list[Chore]:
        parked = ParkingChores(self.parking, self._clock)
        return [
            Chore(name="checkpoint", look=partial(self.run, self.books.database.checkpoint),
                  seconds=CHECKPOINT_SECONDS, waits_first=True),
            Chore(name="leases", look=partial(self._end_leases, parked), seconds=LEASES_SECONDS),
            Chore(name="backups late", look=self._look_at_backups, seconds=BACKUPS_SECONDS),
            self.nightly.chore(),
            self.forks.chore(),
            self.digests.chore(),
            self.pruning.chore(),
        ]  # fmt: skip

    async def learn(self) -> None:
        """Who was revoked: before anybody is listened to."""
        await self.run(self._learn_certificates)

    async def stop(self) -> None:
        """Let go of everything; what was not relayed stays."""
        self.nightly.stop()
        self._bell.close()
        await self._tasks.stop()
        await self.sync.stop()
        await self._transport.close()
        await asyncio.to_thread(self.run.close)

    def _site(self, questions: Questions) -> SyncSite:
        keys = self._keys
        sender = keys.sender(__version__)
        books = self.books
        feed = DefinitionsFeed(books.definitions, books.snapshots)
        return SyncSite(
            sender=sender, certificate=keys.signed, keys=keys.keys,
            receiver=RelayReceiver(
                books.log, self.parking, node=keys.certificate.node, epoch=books.stock.epoch(),
                restored=books.feeds.tell_again,
            ),
            giver=RelayGiver(feed, books.feeds, self.parking, self.reach, books.definitions.kinds),
            answerer=self._answerer(questions),
            enroller=EnrolmentPassedOn(self._transport, self._tell_lives), runner=self.run, giver_runner=self.run,
            clock=self._clock, bell=self._bell, taken=self.sync.wake, store=keys.certificate.store,
            heard=self._stations.heard, adopt=self._adopt,
            is_closed=lambda who: books.log.state(StreamId(who.node, who.incarnation)).closed,
        )  # fmt: skip

    def _answerer(self, questions: Questions) -> Answerer:
        """What the agent answers itself; all else is the hub's."""
        books, seal = self.books, partial(fault_of_seal, self._keys.keys)
        answers = DigestAnswers(books.digests, self.run, seal, self._clock, self.digests.wish)
        passed_on = CarriedFor(PassedOn(questions), self.run, books.exchange.kept, self._carrier.remember)
        beyond = DigestAnswerer(answers, passed_on)
        messages = MessagesAnswerer(SqliteHeldMessages(books.database), self.run, beyond)
        return ParkingAnswerer(self.parking, self.run, BackupAnswerer(self.backups, messages), self._bell.ring)

    def _status(self) -> AgentStatus:
        epoch, version, _ = self.books.definitions.cursor()
        waiting = sum(head.held - head.final for head in self._reader.heads())
        state = self.connection.state()
        return AgentStatus(
            node=self._keys.certificate.node, store=self._keys.certificate.store, level=state.level.name.lower(),
            waiting=waiting, definitions=(epoch, version), problem=state.problem, build=__version__,
        )  # fmt: skip

    @cached_property
    def app(self) -> Litestar:
        """The protocol, health and API; they start and stop the node."""
        access = AgentAccess(self.books.definitions, self._keys.certificate.store, self._clock)
        bench = AgentBench(
            run=self.run, books=self._reader, access=access, status=self._status, parking=self.parking,
            exchange=self.exchange,
        )  # fmt: skip
        return Litestar(
            route_handlers=[*sync_routes(self.site), openapi_json, *health_routes(self), *agent_api.HANDLERS],
            dependencies={"bench": Provide(lambda: bench, sync_to_thread=False)},
            exception_handlers={**EXCEPTION_HANDLERS, StorageFailure: on_storage_failure},
            openapi_config=description_of("Kontuar agent"),
            on_startup=[self.start], on_shutdown=[self.stop], logging_config=None,
        )  # fmt: skip

    def _applied(self, news: Applied) -> None:
        self._bell.ring()
        if news.definitions:
            self._tasks.until_done("certificates", self.learn)

    def _learn_certificates(self) -> None:
        """What head office says now is kept, for it may be set up again from a backup that lacks some of it."""
        defined = [body for _, body in self.books.definitions.of_kind(CERTIFICATE)]
        self._keys.keys.take_rows(defined)
        for row in self.books.certificates.every():
            self._keys.keys.learn(row.certificate, row.signature)
        try:
            self.books.certificates.keep_defined(defined)
        except StorageFull as failure:
            _log.warning("agent.certificates_not_kept", code=failure.code)

    async def _adopt(self, teller: NodeIdentity, rows: Sequence[CertificateRow]) -> None:
        """Certificates of the store that the definitions lack: the hub may have lost them."""
        news = [row for row in rows if row.certificate not in self._kept_lives and self._keys.keys.vouches_for(row)]
        if news:
            await self.run(self.books.certificates.keep, news)
            self._kept_lives.update(row.certificate for row in news)
            _log.info("agent.certificates_told", by=teller.node, count=len(news))

    def _lives(self, everything: bool) -> Sequence[CertificateRow]:
        return self.books.certificates.lives(everything, MOST_LIVES)

    async def _tell_lives(self) -> bytes:
        """One claim with all certificates in it; its answer is that of any push, and is not waited for."""
        return await self.run(self._claim)

    def _claim(self) -> bytes:
        keys = self._keys
        uplink = Uplink(
            self.books.outbox, keys.sender(__version__), keys.signed, keys.keys, self._clock,
            UplinkLimits(most_messages=1), keys.lives,
        )  # fmt: skip
        effect = uplink.step(Woken())
        return effect.body if isinstance(effect, Push) else b""

    async def _end_leases(self, parked: ParkingChores) -> None:
        """Who holds what is looked at all the time; what left the buffer long ago is forgotten once a day."""
        if await self.run(parked.beat):
            self._bell.ring()


def health_routes(node: AgentNode) -> list[Any]:
    """`/health`, `/health/live` and `/metrics`; they need no login and tell no secrets."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    gauges: dict[str, Gauge] = {}
    backup_age = Gauge("kontuar_agent_backup_age_seconds", "a till's last backup", ["station"], registry=registry)

    @get("/health", summary="Ready to work: the database answers")
    async def ready() -> Response[dict[str, Any]]:
        try:
            counts = dict(await node.run(node.books.log.counts))
            state = "up"
        except StorageFailure as failure:
            counts, state = {}, failure.code
        hub = node.reach()
        body = {
            "node": "agent", "live": "yes", "ready": "yes" if state == "up" else "no", "database": state,
            "hub": "reachable" if hub.reachable else "away", "hub_seen_at": hub.seen_at,
            "backups": "late" if any(age.late for age in await asyncio.to_thread(node.backups.ages)) else "fine",
            "problem": node.connection.state().problem, "proof": node.nightly.state().word, **counts,
        }  # fmt: skip
        return Response(body, status_code=200 if state == "up" else 503)

    @get("/health/live", summary="The process answers")
    async def live() -> dict[str, str]:
        return {"node": "agent", "live": "yes"}

    @get("/metrics", include_in_schema=False)
    async def metrics() -> Response[bytes]:
        figures: dict[str, float] = dict(await node.run(node.books.log.counts))
        figures.update(await node.run(node.books.parking.counts))
        figures["hub_reachable"] = int(node.reach().reachable)
        figures["book_faults"] = node.nightly.state().faults
        ages = await asyncio.to_thread(node.backups.ages)
        figures["backups_late"] = sum(age.late for age in ages)
        for age in ages:
            backup_age.labels(station=age.station).set(age.seconds)
        for outcome, count in node.site.frames_by_outcome.items():
            figures[f"frames_{outcome.replace('.', '_')}"] = count
        for name, value in figures.items():
            gauges.setdefault(name, Gauge(f"kontuar_agent_{name}", name, registry=registry)).set(value)
        return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)

    return [ready, live, metrics]


def run(settings: AgentSettings) -> int:
    """Enrol if needed, then run until SIGTERM or SIGINT; the exit status (3 = the database is damaged)."""
    set_up_logging(settings.log_level)
    settings.data.mkdir(parents=True, exist_ok=True)
    world = this_machine()
    try:
        keys = load_identity(settings.data / IDENTITY_FOLDER) or asyncio.run(enrol_agent(settings, world))
    except Refused as refusal:
        return say_and_stop(refusal)
    try:
        node = AgentNode(settings, keys, world)
    except StorageFailure as failure:
        _log.critical("agent.database_failed", code=failure.code, detail=str(failure)[:500])
        return _DAMAGED
    _log.info("agent.starting", store=keys.certificate.store, at=instant_text(world.clock.now()))
    serve(node.app, settings, keys.certificate.node)
    return _DAMAGED if node.damaged else 0


async def enrol_agent(settings: AgentSettings, world: World) -> NodeKeys:
    """Ask the hub for a certificate."""
    return await enrol_patiently(
        settings.data / IDENTITY_FOLDER, world, settings.hub_url, code=settings.enrolment_code, kind="agent",
        place=settings.store,
    )  # fmt: skip
