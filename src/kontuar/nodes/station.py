"""The station: SQLite, devices, screens and API, and the sync with its agent. Wiring only."""

import asyncio
from functools import cached_property, partial
from typing import Final

import structlog
from litestar import Litestar

from kontuar import __version__
from kontuar.devices.build import DeviceSettings, build_devices
from kontuar.domain.firm.records import Firm
from kontuar.kernel.errors import Problem, Refused
from kontuar.kernel.time import instant_text
from kontuar.nodes.backup_desk import BackupDesk
from kontuar.nodes.books_proof import KeptVerdict, NightlyBooks
from kontuar.nodes.chores import Chore, Chores
from kontuar.nodes.device_desk import StationDevices
from kontuar.nodes.digest_desk import DigestDesk
from kontuar.nodes.enrolling import enrol_patiently
from kontuar.nodes.exchange_carriers import StationCarrier
from kontuar.nodes.exchange_desk import StoreExchangeDesk
from kontuar.nodes.lanes import Lane
from kontuar.nodes.machine import World, this_machine
from kontuar.nodes.parking_desk import ParkingDesk
from kontuar.nodes.prune_desk import PruneDesk
from kontuar.nodes.return_desk import ReturnDesk
from kontuar.nodes.running import say_and_stop, serve, set_up_logging
from kontuar.nodes.settings import StationSettings
from kontuar.nodes.station_lives import WITNESS_FILE, LifeDesk, begin
from kontuar.nodes.storage_trouble import on_storage_failure
from kontuar.operations.hub.certificates import KIND as CERTIFICATE
from kontuar.operations.pins import pin_fits
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.pruning import limits_in
from kontuar.operations.station import station_status
from kontuar.operations.station.decisions import carry_out
from kontuar.operations.station.exchange import note_export
from kontuar.operations.station.lives import open_life
from kontuar.operations.station.station import Identity, Station
from kontuar.storage.failures import StorageDamaged, StorageFailure
from kontuar.storage.sqlite.digests import StationDigests
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.exchange_shelf import SqliteExchangeShelf
from kontuar.storage.sqlite.proving import StationProofShelf
from kontuar.storage.sqlite.station.books import MIGRATIONS, SqliteBooks
from kontuar.storage.sqlite.station.pruning import StationPruning
from kontuar.storage.sqlite.sync_state import StationOutbox, StationSink
from kontuar.storage.witness import Witness
from kontuar.sync.bell import Bell
from kontuar.sync.connection import Connection
from kontuar.sync.downlink import Applied
from kontuar.sync.exchange_questions import CarriedQuestions
from kontuar.sync.identity import NodeKeys, load_identity
from kontuar.sync.keyring import fault_of_seal
from kontuar.sync.lives import Lives
from kontuar.sync.loops import StationSync
from kontuar.sync.questions import Questions
from kontuar.sync.second_copy import AgentCopy
from kontuar.web import coupons
from kontuar.web.desk import Desk, SyncStatus
from kontuar.web.station.app import station_routes
from kontuar.web.station.rendering import warm
from kontuar.web.station_app import build_broken_app, build_station_app

DATABASE_FILE: Final = "station.db"
IDENTITY_FOLDER: Final = "identity"
BEAT_SECONDS: Final = 0.5
WARM_SECONDS: Final = 2.0
DECISION_SECONDS: Final = 2.0
COUPON_SECONDS: Final = 2.0
HEARD_SECONDS: Final = 30.0
CHECKPOINT_SECONDS: Final = 60.0
_log = structlog.get_logger("station")


class StationNode:
    """One station over one data folder."""

    def __init__(self, settings: StationSettings, keys: NodeKeys, world: World) -> None:
        """With the spare life instead of `keys` where that is over."""
        self.settings = settings
        self._world = world
        self.clock = world.clock
        news = Bell()
        self.connection = Connection(self.clock, changed=news.ring)
        self._transport = world.transport(settings.agent_url)
        self._keys = keys = self._begin(keys)
        certificate, books, outbox = keys.certificate, self._books, self._outbox
        self.lane = Lane(f"station {certificate.node}", books.database, on_damage=world.end)
        self.lane.open()
        sink = StationSink(books.database, books.definitions, outbox)
        self.sync = StationSync(
            self.lane, outbox, sink, self._transport,
            self.connection, self.clock, who=keys, build=__version__, folder=settings.data,
            applied=self._applied, acknowledged=news.ring, digests=self._digest_books.state,
        )  # fmt: skip
        self.devices = build_devices(_device_settings(settings))
        self.station = Station(
            identity=Identity(station=certificate.node, store=certificate.store,
                              incarnation=certificate.incarnation, series=certificate.series),
            books=books, clock=self.clock, ids=world.ids, connectivity=self.connection.level,
            committed=self.sync.wake, fiscal_device=self.devices.fiscal is not None,
            card_terminal=self.devices.card is not None, replay=settings.profile == "replay",
        )  # fmt: skip
        self._device_desk = StationDevices(
            self.station, self.lane, self.devices,
            second_copy=AgentCopy(self.lane, outbox, self.connection, news),
        )  # fmt: skip
        self.desk = self._new_desk(sink)
        self._make_night_desks()
        self._nightly = NightlyBooks(
            self.lane, books.fact, books.set_fact,
            lambda: StationProofShelf(settings.data / DATABASE_FILE, MIGRATIONS),
            partial(fault_of_seal, keys.keys), self.clock, self._tell_of_faults,
        )  # fmt: skip
        self._waiting = 0
        self._warnings = station_status.Warnings()
        self._tasks = Chores()

    def _make_night_desks(self) -> None:
        """What compares the books with the agent's, and lets go of old ones."""
        keys, books, certificate = self._keys, self._books, self._keys.certificate
        self.pruning = PruneDesk(
            self.lane, StationPruning(books.database, certificate.node),
            lambda: limits_in(self.station.parameters()), (certificate.node, certificate.incarnation),
            keys.signer.sign, self.connection, self.clock,
        )  # fmt: skip
        self.digests = DigestDesk(
            self.lane, self._digest_books, self.desk.questions, self.connection, partial(fault_of_seal, keys.keys),
            self.clock, books.fact, books.set_fact,
        )  # fmt: skip

    def _begin(self, keys: NodeKeys) -> NodeKeys:
        """Open the books in the life that goes on; its keys."""
        settings = self.settings
        database = SqliteDatabase(settings.data / DATABASE_FILE, migrations=MIGRATIONS, check_beside=True)
        self._witness = Witness(settings.witness or settings.data / IDENTITY_FOLDER / WITNESS_FILE)
        self._lives = Lives(settings.data / IDENTITY_FOLDER)
        begun = begin(self._lives, keys, database, self._witness)
        self._mark = begun.mark
        certificate = begun.keys.certificate
        stream = StreamId(certificate.node, certificate.incarnation)
        self._books = SqliteBooks(
            database, stream, certificate.store, begun.keys.signer.sign, self.clock,
            witness=self._witness, ordinal=certificate.ordinal, restored=begun.restored,
        )  # fmt: skip
        self._definitions = self._books.definitions
        self._outbox = StationOutbox(database, stream, certificate.store)
        self._digest_books = StationDigests(database, self._outbox, certificate.store)
        return begun.keys

    def _new_desk(self, sink: StationSink) -> Desk:
        keys, world = self._keys, self._world
        shelf = SqliteExchangeShelf(self._books.database)
        self._carrier = StationCarrier(shelf, self.station, self._lives, keys, world.ids)
        questions = CarriedQuestions(
            Questions(self._transport, keys.sender(__version__), keys.signed, keys.keys, self.clock), self.lane,
            shelf.kept, lambda: self.connection.level() > 0,
        )  # fmt: skip
        self.next_life = False
        """Whether the node stopped to go on in another life."""
        self.life_desk = LifeDesk(
            self._lives, keys, self._books.stream, self.lane, self.connection, questions, self._transport, world.ids,
            code=self.settings.enrolment_code, go_on=self._go_on, by_file=self._carrier.has_spare,
        )  # fmt: skip
        self._backup = BackupDesk(
            self.station, self.lane, questions, self.connection.level, self.clock, self.settings.data
        )  # fmt: skip
        return Desk(
            station=self.station, run=self.lane, check_pin=pin_fits, sync_status=self.sync_status,
            devices=self._device_desk, questions=questions, enrol_anew=self.life_desk.enrol,
            exchange=StoreExchangeDesk(
                self.lane, self._outbox, sink, keys, world, self._applied, carrier=self._carrier, log=shelf,
                note=partial(note_export, self.station),
            ),
        )  # fmt: skip

    @cached_property
    def app(self) -> Litestar:
        """Screens and API; they start and stop the node."""
        return build_station_app(
            self.desk, routes=station_routes(), exception_handlers={StorageFailure: on_storage_failure},
            on_startup=[self.start, self._begin_to_warm], on_shutdown=[self.stop],
        )  # fmt: skip

    async def start(self) -> None:
        """Begin to talk to the agent; selling never waits for it (REL-01)."""
        await self.learn()
        await self._tell_that_it_started()
        self.sync.start()
        self._tasks.begin("books", self._check_rest())
        self._tasks.until_done("devices", self._device_desk.resume)
        self._tasks.start(self._chores())

    def _chores(self) -> list[Chore]:
        lane = self.lane
        return [
            Chore(name="bar", look=self._look, seconds=BEAT_SECONDS),
            Chore(name="decisions", look=self._carry_out, seconds=DECISION_SECONDS),
            Chore(name="agent heard", look=self._note_heard, seconds=HEARD_SECONDS, waits_first=True),
            Chore(name="checkpoint", look=partial(lane, lane.database.checkpoint),
                  seconds=CHECKPOINT_SECONDS, waits_first=True),
            # Head office is told what need not be kept any more: let go while it was away, or by a crash (COUP-03).
            Chore(name="coupons", look=partial(coupons.settle_all, self.desk), seconds=COUPON_SECONDS),
            *ParkingDesk(self.desk).chores(),
            self._nightly.chore(),
            self.digests.chore(),
            self.pruning.chore(),
            self._backup.chore(),
            self.life_desk.chore(),
            ReturnDesk(self.desk, partial(fault_of_seal, self._keys.keys), self._carrier.has_messages).chore(),
        ]  # fmt: skip

    async def _carry_out(self) -> None:
        """What head office decided; how much it was says nothing of when to look again."""
        await self.lane(carry_out, self.station)

    def _go_on(self) -> None:
        """This life is over and another one is ready: the node ends, and begins in it."""
        self.next_life = True
        self._world.end()

    async def _tell_that_it_started(self) -> None:
        """A message of its own, so that head office knows of a till that has not sold yet (HUB-07)."""
        try:
            await self.lane(self._open_life)
            await self.lane(partial(self.station.event, "station.started", "", build=__version__))
        except StorageFailure as failure:
            _log.warning("station.start_not_told", code=failure.code)
        except Refused as refusal:  # a life that is over says nothing any more
            _log.error("station.is_stopped", code=refusal.problems[0].code)

    def _open_life(self) -> None:
        ordinal = self._keys.certificate.ordinal
        open_life(self.station, self._outbox, ordinal=ordinal, reason=self._lives.reason(), mark=self._mark)

    async def _check_rest(self) -> None:
        """Read what was not read at the start; damage ends the process, and the next start names it (REL-19)."""
        try:
            await asyncio.to_thread(self.lane.database.check_rest)
        except StorageDamaged as damage:
            _log.critical("station.books_damaged", detail=str(damage)[:500])
            self._world.end()
        except StorageFailure as failure:
            _log.warning("station.books_not_checked", code=failure.code)

    def _tell_of_faults(self, found: KeptVerdict) -> None:
        """Head office sees it among the technical events of this station (HUB-10)."""
        first = found.first
        facts = {"code": first.code, "document": first.name, "seq": str(first.seq)} if first else {}
        self.station.event("books.faulty", "", faults=str(found.faults), **facts)

    def _applied(self, news: Applied) -> None:
        if news.definitions:
            self._tasks.until_done("definitions", partial(self.lane, self._take_definitions))

    def _take_definitions(self) -> None:
        """What would otherwise be done at the next scan."""
        self._learn_certificates()
        self._make_rules_ready()

    def _make_rules_ready(self) -> None:
        """Thousands of discounts take a tenth of a second to read, and the collector as long to walk through them: both
        are done now, and not while a line is priced (PERF-01)."""
        for firm in self._definitions.every(Firm).values():
            self.station.rules.book(firm.currency)
        self._world.settle()

    async def _begin_to_warm(self) -> None:
        self._tasks.begin("warm", self._warm())

    async def _warm(self) -> None:
        """Compile the screens and the rules beside the work, after the first sale had its chance (PERF-03)."""
        await asyncio.sleep(WARM_SECONDS)
        await asyncio.to_thread(warm)
        await self.lane(self._make_rules_ready)

    def _learn_certificates(self) -> None:
        """A revoked agent is not believed any more (SEC-02). This till's own lives are known from its folder, too: an
        agent that hears nothing from head office has no certificate of the last ones."""
        for row in self._keys.lives(True):
            self._keys.keys.learn(row.certificate, row.signature)
        self._keys.keys.take_rows(self._definitions.bodies(CERTIFICATE))

    async def learn(self) -> None:
        """Who was revoked: before anybody is listened to."""
        await self.lane(self._learn_certificates)

    async def stop(self) -> None:
        """Let go of everything; what was not sent stays in the stream."""
        self._nightly.stop()
        await self._tasks.stop()
        self._backup.close()
        await self.sync.stop()
        await self._device_desk.close()
        self.devices.close()
        await self._transport.close()
        await asyncio.to_thread(self.lane.close)
        await asyncio.to_thread(self._witness.close)

    def sync_status(self) -> SyncStatus:
        """What the top bar shows."""
        state = self.connection.state()
        return SyncStatus(
            level=state.level.name.lower(), since=instant_text(state.since), waiting=self._waiting,
            problem=state.problem, warnings=self._warnings, clock_skew_seconds=self.connection.clock_skew_seconds(),
            books_checked=self.lane.database.checked, books=self._nightly.state(), backup=self._backup.status(),
        )  # fmt: skip

    async def _look(self) -> None:
        self._waiting, self._warnings = await self.lane(self._what_waits, self.connection.clock_skew_seconds())

    def _what_waits(self, clock_skew_seconds: float | None) -> tuple[int, station_status.Warnings]:
        """For the bar, which is on every page and must cost nothing; the witness is told what is durable by now."""
        self._books.stream.testify()
        return self.station.books.stream.waiting(), station_status.warnings(self.station, clock_skew_seconds)

    async def _note_heard(self) -> None:
        await asyncio.to_thread(self._witness.sync)
        if self.connection.level() > 0:
            await self.lane(self.station.books.set_fact, "agent_heard_at", instant_text(self.clock.now()))


def run(settings: StationSettings) -> int:
    """Enrol if needed, then run until SIGTERM or SIGINT; the exit status."""
    set_up_logging(settings.log_level)
    settings.data.mkdir(parents=True, exist_ok=True)
    world = this_machine()
    try:
        keys = load_identity(settings.data / IDENTITY_FOLDER) or asyncio.run(enrol_station(settings, world))
    except Refused as refusal:
        return say_and_stop(refusal)
    while True:
        try:
            node = StationNode(settings, keys, world)
        except StorageFailure as failure:
            _log.critical("station.database_failed", code=failure.code, detail=str(failure)[:500])
            serve(build_broken_app(Problem(failure.code)), settings, keys.certificate.node)
            return 3
        serve(node.app, settings, keys.certificate.node)
        if not node.next_life:
            return 0
        keys = load_identity(settings.data / IDENTITY_FOLDER) or keys


async def enrol_station(settings: StationSettings, world: World) -> NodeKeys:
    """Ask for a certificate through the agent."""
    return await enrol_patiently(
        settings.data / IDENTITY_FOLDER, world, settings.agent_url, code=settings.enrolment_code, kind="station",
        place=settings.station,
    )  # fmt: skip


def _device_settings(settings: StationSettings) -> DeviceSettings:
    return DeviceSettings(printer=settings.printer, fiscal=settings.fiscal, card=settings.card, drawer=settings.drawer)
