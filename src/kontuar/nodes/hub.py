"""The hub: PostgreSQL, migrations, the web application, graceful stop; other parts are plugged in as extensions."""

import asyncio
import os
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import structlog
from litestar import Litestar

from kontuar.kernel.ids import Ids
from kontuar.kernel.time import Clock
from kontuar.nodes.chores import Chore, Chores
from kontuar.nodes.hub_health import health_handlers
from kontuar.nodes.lanes import Lane
from kontuar.nodes.machine import World, this_machine
from kontuar.nodes.settings import HubSettings
from kontuar.nodes.storage_trouble import on_storage_failure
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.files import DefinitionFiles
from kontuar.operations.hub.defining.input import DefinitionInput
from kontuar.operations.hub.defining.new_rights import give_new_rights
from kontuar.operations.hub.enrolment import Enrolment
from kontuar.operations.hub.hub_login import BOOTSTRAP_OPERATOR, HubLogin
from kontuar.operations.hub.second_factor import SecondFactors
from kontuar.operations.ports.exchange import OfficeExchange
from kontuar.storage.failures import StorageFailure, StorageUnavailable
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.embedded import EmbeddedPostgres
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.enrolment import PostgresNodes
from kontuar.storage.postgres.feed import PostgresFeed, SnapshotFolder
from kontuar.storage.postgres.given_rights import PostgresRightsGiven
from kontuar.storage.postgres.migrations import migrate
from kontuar.storage.postgres.operators import PostgresLogins
from kontuar.storage.postgres.sealed_secrets import SecretBox
from kontuar.storage.postgres.second_factors import PostgresSecondFactors
from kontuar.sync.keyring import CertifiedKeys
from kontuar.sync.keys import Signer, load_or_make
from kontuar.sync.server import SyncSite
from kontuar.web.hub.app import build_hub_app
from kontuar.web.hub.rendering import NavArea
from kontuar.web.hub_access import HubParts

KEY_FILE: Final = "hub.key"
ADMINISTRATOR_FILE: Final = "administrator-code"
ADDRESS_FILE: Final = "address"
STOP_SECONDS: Final = 10
_RETRY_SECONDS: Final = (0.2, 0.5, 1.0, 2.0, 5.0)
_WATCH_SECONDS: Final = 1.0

_log = structlog.get_logger(__name__)
HubLane = Lane[HubDatabase]


@dataclass(kw_only=True)
class HubCore:
    """What extensions find. `main`, `bulk`, `feed_lane`, `coupons`: threads, each with a connection of its own.

    `definitions_feed` and its snapshots live on `feed_lane`. `changed`: called from a database thread when the
    definitions have a new version. `incarnation` is set when the hub is ready. `site`: its end of the protocol,
    `exchange`: of files, when it is ready.
    """

    settings: HubSettings
    clock: Clock
    ids: Ids
    key: Signer
    keys: CertifiedKeys
    main: HubLane
    bulk: HubLane
    feed_lane: HubLane
    coupons: HubLane
    parts: HubParts
    definitions_feed: DefinitionsFeed
    changed: list[Callable[[], None]] = field(default_factory=list)
    incarnation: str = ""
    site: SyncSite | None = None
    exchange: OfficeExchange | None = None

    @property
    def lanes(self) -> tuple[HubLane, ...]:
        """All of them."""
        return self.main, self.bulk, self.feed_lane, self.coupons


@dataclass(kw_only=True)
class HubExtension:
    """What a part of the hub adds: screens, routes, links, state of the application, what runs when ready."""

    pages: Sequence[Any] = ()
    handlers: Sequence[Any] = ()
    areas: Sequence[NavArea] = ()
    state: dict[str, Any] = field(default_factory=dict)
    on_ready: Sequence[Callable[[], Awaitable[None]]] = ()
    on_stop: Sequence[Callable[[], Awaitable[None]]] = ()


Extend = Callable[[HubCore], HubExtension]


class Hub:
    """One hub over one data folder."""

    def __init__(
        self, settings: HubSettings, extend: Sequence[Extend] = (), world: World | None = None
    ) -> None:  # fmt: skip
        world = self._world = world or this_machine()
        settings.data.mkdir(parents=True, exist_ok=True)
        self.settings = settings
        self._postgres = _embedded(settings)
        # Starting the embedded server gives its URL; until then nothing connects, the lanes are closed.
        self._url = settings.database_url or self._start_postgres()
        self.core = self._assemble(world.clock, world.ids)
        self.extensions = [part(self.core) for part in extend]
        self._tasks = Chores()

    async def start(self) -> None:
        """Prepare the database in the background; until then requests are answered with `storage.unavailable`."""
        self._tasks.begin("prepare", self._prepare_or_end())
        if self._postgres is not None:
            watch = Chore(name="postgres", look=self._watch_postgres, seconds=_WATCH_SECONDS, waits_first=True)
            self._tasks.start([watch])

    async def stop(self) -> None:
        """Let go of everything, in the reverse order."""
        await self._tasks.stop()
        for extension in self.extensions:
            for stop in extension.on_stop:
                await stop()
        for lane in self.core.lanes:
            await asyncio.to_thread(lane.close)
        if self._postgres is not None:
            await asyncio.to_thread(self._postgres.stop)

    def _start_postgres(self) -> str:
        assert self._postgres is not None
        return self._postgres.start()

    def _assemble(self, clock: Clock, ids: Ids) -> HubCore:
        key = load_or_make(self._key_file(), self._world.ids.secret)
        box = SecretBox(self._key_file().read_bytes(), "second factor", ids.secret)
        changed: list[Callable[[], None]] = []

        def announce() -> None:
            for tell in changed:
                tell()

        main, bulk, feed_lane, coupons = (
            Lane(name, HubDatabase(self._url, name=f"kontuar hub {name}"))
            for name in ("main", "bulk", "feed", "coupons")
        )
        store = PostgresDefinitions(main.database)
        bulk_store = PostgresDefinitions(bulk.database)
        bulk_definitions = Definitions(bulk_store, clock, announce)
        bulk_reader = DefinitionInput(bulk_store, ids)
        source = PostgresFeed(feed_lane.database)
        factors = self._second_factors = PostgresSecondFactors(main.database, box)
        parts = HubParts(
            run=main,
            bulk=bulk,
            definitions=Definitions(store, clock, announce),
            reader=DefinitionInput(store, ids),
            bulk_definitions=bulk_definitions,
            bulk_reader=bulk_reader,
            files=DefinitionFiles(bulk_definitions, bulk_reader),
            enrolment=Enrolment(PostgresNodes(main.database), store, key, clock, ids, announce),
            login=HubLogin(PostgresLogins(main.database), clock, ids, factors),
            factors=SecondFactors(factors, main.database.transaction, clock, ids),
        )
        shelf = SnapshotFolder(self.settings.data / "snapshots", source)
        return HubCore(
            settings=self.settings, clock=clock, ids=ids, key=key, keys=CertifiedKeys(key.public_key),
            main=main, bulk=bulk, feed_lane=feed_lane, coupons=coupons,
            parts=parts, definitions_feed=DefinitionsFeed(source, shelf), changed=changed,
        )  # fmt: skip

    @cached_property
    def app(self) -> Litestar:
        """Screens, API and the protocol; they start and stop the node."""
        state: dict[str, Any] = {}
        for extension in self.extensions:
            state.update(extension.state)
        return build_hub_app(
            self.core.parts,
            pages=[page for extension in self.extensions for page in extension.pages],
            handlers=[
                *health_handlers(self.core.main, self.core.feed_lane, self.core.definitions_feed),
                *(handler for extension in self.extensions for handler in extension.handlers),
            ],
            areas=[area for extension in self.extensions for area in extension.areas],
            state=state,
            exception_handlers={StorageFailure: on_storage_failure},
            on_startup=[self.start],
            on_shutdown=[self.stop],
        )

    async def _prepare(self) -> None:
        """Migrate and open the lanes, trying again for as long as the database is away."""
        tries = 0
        while True:
            try:
                await self.core.main.run_unopened(migrate, self.core.main.database)
                lost = await self.core.main.run_unopened(self._second_factors.seal_all)
                self.core.incarnation = await self.core.main.run_unopened(self.core.parts.enrolment.certify_hub)
                code = await self.core.main.run_unopened(self.core.parts.login.prepare_first_login)
                given = await self.core.main.run_unopened(self._give_new_rights)
                break
            except StorageUnavailable as failure:
                _log.warning("hub.database_away", reason=str(failure).strip()[:200])
                await asyncio.sleep(_RETRY_SECONDS[min(tries, len(_RETRY_SECONDS) - 1)])
                tries += 1
        self._tell_administrator(code)
        if given:
            _log.warning("hub.new_rights_given", roles=list(given))
        if lost:
            _log.error("hub.second_factors_sealed_by_another_key", count=lost, key_is_in=str(self._key_file()))
        for lane in self.core.lanes:
            lane.open()
        for extension in self.extensions:
            for begin in extension.on_ready:
                await begin()
        _log.info("hub.ready", data=str(self.settings.data))

    def _give_new_rights(self) -> Sequence[str]:
        """What an update asks a right for that nobody could have had before."""
        rights = PostgresRightsGiven(self.core.main.database)
        return give_new_rights(self.core.parts.definitions.store, rights, self.core.clock.now())

    def _key_file(self) -> Path:
        return self.settings.data / KEY_FILE

    def _tell_administrator(self, code: str | None) -> None:
        file = self.settings.data / ADMINISTRATOR_FILE
        file.unlink(missing_ok=True)
        if code is not None:
            descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "w") as writing:
                writing.write(f"{code}\n")
            _log.warning("hub.no_operators", log_in_as=BOOTSTRAP_OPERATOR, code_is_in=str(file))

    async def _watch_postgres(self) -> None:
        """The embedded server is started again when it ends; connections heal by themselves."""
        assert self._postgres is not None
        if not self._postgres.alive():
            _log.error("hub.postgres_ended")
            await asyncio.to_thread(self._postgres.start)

    async def _prepare_or_end(self) -> None:
        """A hub that could not be prepared must not look alive: the process ends and says why."""
        try:
            await self._prepare()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is said and ends the process
            _log.critical("hub.failed", error=repr(error))
            self._world.end()


def _embedded(settings: HubSettings) -> EmbeddedPostgres | None:
    if settings.database_url:
        return None
    return EmbeddedPostgres(settings.data / "postgres", durable=settings.durable)
