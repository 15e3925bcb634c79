"""The hub's end of the sync protocol: intake, booking right behind it, feeds, enrolment, online questions."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import partial
from typing import Final

import msgspec
import structlog
from litestar import Router

from kontuar import __version__
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import Clock, instant_text
from kontuar.nodes.chores import Chore, Chores
from kontuar.nodes.hub import HubCore, HubExtension
from kontuar.nodes.hub_answers import HubAnswerer
from kontuar.nodes.hub_coupons import CouponAnswerer
from kontuar.nodes.hub_forks import ForkAnswer
from kontuar.nodes.lanes import Lane
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.hub.adoption import Adopted, Adoption
from kontuar.operations.hub.booking import book_certified_since, book_stream, park_forks
from kontuar.operations.hub.certificates import KIND as CERTIFICATE
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.hub.confirmations import confirmations_since
from kontuar.operations.hub.enrolment import EnrolRequest
from kontuar.operations.hub.monitor import contact_of, joined, note_contact
from kontuar.operations.incoming import receive
from kontuar.operations.known_kinds import withheld_from
from kontuar.operations.ports.hub_definitions import DefinitionsAnswer, SnapshotInfo
from kontuar.operations.ports.hub_documents import Confirmations, StockFigures, StreamPlace
from kontuar.operations.ports.hub_lists import Contact
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.streams import Acknowledgement, Batch, Position, StreamId
from kontuar.operations.ports.sync import (
    HUB_NODE,
    DefinitionCursor,
    FeedCursor,
    Heard,
    HubReach,
    NodeIdentity,
    StreamPosition,
)
from kontuar.storage.failures import StorageFailure
from kontuar.storage.postgres.booking import PostgresBookingDesk
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.digests import PostgresDigests
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.enrolment import PostgresNodes
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.storage.postgres.stock import PostgresFeedsOfStore
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.sync.bell import Bell
from kontuar.sync.digest_answers import DigestAnswerer, DigestAnswers
from kontuar.sync.frames import Sender
from kontuar.sync.keyring import fault_of_seal
from kontuar.sync.keys import SignedCertificate
from kontuar.sync.server import SyncSite, sync_routes
from kontuar.web.hub_access import OPEN

BOOKING_SECONDS: Final = 5.0
GATHER_SECONDS: Final = 0.03
"""Messages that come one at a time are booked together: the intake gets the machine in between (PERF-04)."""
CONTACT_SECONDS: Final = 2.0
_log = structlog.get_logger("hub")


class HubReceiver:
    """Takes pushes: *held* and *final* are one at the hub."""

    def __init__(self, log: PostgresStreamLog, core: HubCore) -> None:
        self._log = log
        self._core = core
        self._lost: dict[StreamId, Position] = {}

    def take(self, batch: Batch) -> Acknowledgement:
        """One push of one stream, in one transaction."""
        told = receive(batch, self._log, receiver=HUB_NODE, epoch=self._core.incarnation, is_hub=True)
        if told.rewind and self._lost.get(batch.stream) != batch.claim:
            self._restored(batch, told.held)
        return told

    def _restored(self, batch: Batch, held: Position) -> None:
        """Somebody was acknowledged more than is here: this database was set up again from a backup (push rule 5).

        What the store was told since has versions that are given anew now, so it is told everything again.
        """
        self._lost[batch.stream] = batch.claim
        self._log.begin_epoch(batch.store, self._core.ids.new_id())
        _log.error("hub.was_restored", origin=batch.stream.origin, acknowledged=batch.claim.seq, held=held.seq)

    def keep_unreadable(self, data: bytes, reason: str) -> None:
        """Kept for a person to look at."""
        self._log.keep_unreadable(data, "", reason)


class HubGiver:
    """Gives agents their store's view; works on the feed lane."""

    def __init__(self, definitions: DefinitionsFeed, database: HubDatabase, clock: Clock) -> None:
        self._definitions = definitions
        self._feeds = PostgresFeedsOfStore(database)
        self._monitor = PostgresMonitorShelf(database)
        self._told: dict[str, tuple[float, Mapping[str, frozenset[str]]]] = {}
        self._database = database
        self._clock = clock

    def one_moment(self) -> AbstractContextManager[None]:
        """One look at the database for all that follows."""
        return self._database.transaction(reading=True)

    def definitions_since(
        self, asker: NodeIdentity, cursor: DefinitionCursor, kinds: Collection[str] | None
    ) -> DefinitionsAnswer:
        """Same, delta or snapshot, of the kinds that every node of the store knows (REL-16)."""
        told = [known for node, known in self._kinds_told(asker.store).items() if node != asker.node]
        withheld = withheld_from([kinds, *told])
        return self._definitions.definitions_since(
            asker.store, cursor.epoch, cursor.version, cursor.checksum, withheld
        )  # fmt: skip

    def _kinds_told(self, store: str) -> Mapping[str, frozenset[str]]:
        """As of the last beat of contacts: every question asks for it."""
        now = self._clock.monotonic()
        known = self._told.get(store)
        if known is None or now - known[0] >= CONTACT_SECONDS:
            with self._database.transaction(reading=True):
                known = self._told[store] = (now, self._monitor.kinds_told(store))
        return known[1]

    def confirmations_since(self, asker: NodeIdentity, cursor: FeedCursor) -> Confirmations:
        """Everything decided for the store's documents since."""
        return confirmations_since(self._feeds, asker.store, cursor.epoch, cursor.version)

    def stock_since(self, asker: NodeIdentity, cursor: FeedCursor) -> StockFigures:
        """Figures of the store that changed since."""
        return stock_since_of(self._feeds, asker.store, cursor)

    def parked_since(self, asker: NodeIdentity, cursor: FeedCursor) -> ParkedNews:  # noqa: ARG002 - the port's shape
        """Parked documents are the store's own business."""
        return ParkedNews(epoch=cursor.epoch, version=cursor.version)

    def final_positions(self, asker: NodeIdentity) -> Sequence[StreamPosition]:
        """Where every stream of the store stands here."""
        with self._database.transaction(reading=True):
            return PostgresStreamLog(self._database, self._clock).positions(asker.store)

    def snapshot_by_id(self, snapshot_id: str) -> SnapshotInfo:
        """A snapshot file that was offered."""
        return self._definitions.snapshot_by_id(snapshot_id)

    def hub_reach(self) -> HubReach:
        """The hub always reaches itself."""
        return HubReach(True, instant_text(self._clock.now()))


class Contacts:
    """Who was heard of, written down once a beat and not with every request (HUB-07)."""

    def __init__(self, core: HubCore) -> None:
        self._core = core
        self._shelf = PostgresMonitorShelf(core.main.database)
        self._fresh: dict[tuple[str, str], Contact] = {}

    def heard(self, news: Heard) -> None:
        """A frame of a node was read; called on the server's thread."""
        try:
            contact = contact_of(news, self._core.clock.now())
        except ValueError:
            return
        key = (contact.node, contact.incarnation)
        self._fresh[key] = joined(self._fresh.get(key), contact)

    def chore(self) -> Chore:
        """What was heard last is forgotten at a stop; the next contact tells it again."""
        return Chore(name="contacts", look=self._note, seconds=CONTACT_SECONDS, waits_first=True)

    async def _note(self) -> None:
        """One node's odd contact does not hide the others from the monitor for longer than a beat."""
        fresh, self._fresh = list(self._fresh.values()), {}
        for contact in fresh:
            await self._core.main(note_contact, self._shelf, contact)


class Booking:
    """Books right behind the intake and by a timer, on a lane of its own, so that *final* never waits for it."""

    def __init__(self, core: HubCore, lane: Lane[HubDatabase], bell: Bell) -> None:
        self._core = core
        self.lane = lane
        self._bell = bell
        self._woken = Bell()
        self._heard = 0
        self._newly_certified = True
        self.desk = PostgresBookingDesk(lane.database, partial(fault_of_seal, core.keys))

    def chore(self) -> Chore:
        """What was not booked at a stop is booked at the next start."""
        return Chore(name="booking", look=self._book_all, seconds=BOOKING_SECONDS, wait=self._wait)

    def wake(self) -> None:
        """Something came in."""
        self._woken.ring()

    def certified(self) -> None:
        """A life is known that was not: what waited for that is looked at first."""
        self._newly_certified = True
        self._woken.ring()

    async def _book_all(self) -> None:
        self._heard = self._woken.heard()
        if self._newly_certified:
            self._newly_certified = False
            await self.lane(book_certified_since, self.desk, self._core.clock.now())
        for place in await self.lane(self.desk.streams_waiting):
            await self._book(place)
        await self.lane(park_forks, self.desk, self._core.clock.now())

    async def _wait(self, seconds: float) -> None:
        if await self._woken.wait(self._heard, seconds):
            await asyncio.sleep(GATHER_SECONDS)

    async def _book(self, place: StreamPlace) -> None:
        """One stream; a bug that it trips over must not keep the others waiting (REL-09)."""
        try:
            if (await self.lane(book_stream, self.desk, place, self._core.clock.now())).messages:
                self._bell.ring(place.store)
        except StorageFailure:
            raise
        except Exception:  # noqa: BLE001 - said loudly, tried again; the other streams go on
            _log.exception("hub.booking_of_a_stream_broke", origin=place.origin)


class HubAdoption:
    """Takes in certificates that this database lost when it was set up again, and lets what waited be booked."""

    def __init__(self, core: HubCore, booking: Booking) -> None:
        self._core = core
        self._booking = booking
        register = PostgresNodes(core.main.database)
        self._adoption = Adoption(register, core.parts.definitions.store, core.key, core.clock, self._announce)

    def _announce(self) -> None:
        for tell in self._core.changed:
            tell()

    async def __call__(self, teller: NodeIdentity, rows: Sequence[CertificateRow]) -> None:
        """Done when the key ring knows what became of each."""
        told = [_believed_of(teller, row) for row in rows]
        found = await self._core.main(self._adoption.take, told, teller.node)
        if found == Adopted():
            return
        await self._core.feed_lane(learn_certificates, self._core)
        for node, incarnation in found.taken:
            _log.warning("hub.certificate_adopted", node=node, incarnation=incarnation, told_by=teller.node)
        for node, incarnation in found.revoked:
            _log.warning("hub.revocation_adopted", node=node, incarnation=incarnation, told_by=teller.node)
        for node, incarnation in found.disputed:
            _log.error("hub.certificate_disputed", node=node, incarnation=incarnation, told_by=teller.node)
        self._booking.certified()


def _believed_of(teller: NodeIdentity, row: CertificateRow) -> CertificateRow:
    """That somebody was revoked is said by the agent of his store only; who he is the hub signed itself."""
    named = SignedCertificate(certificate=row.certificate, signature=row.signature).read()
    if teller.kind == "agent" and teller.store == named.store:
        return row
    return msgspec.structs.replace(row, revoked_at="")


class HubEnroller:
    """Enrols nodes by the hub's register."""

    def __init__(self, core: HubCore) -> None:
        self._core = core

    async def __call__(self, request: bytes) -> bytes:
        """JSON in, JSON out; raises `Refused`."""
        try:
            asked = decode(request, EnrolRequest)
        except msgspec.DecodeError as error:
            raise refuse("enrol.request_unreadable", reason=error) from None
        return encode(await self._core.main(self._core.parts.enrolment.enrol, asked))


def _digests(core: HubCore) -> tuple[Lane[HubDatabase], DigestAnswers]:
    """What agents compare their streams with, on a thread of its own: it reads a day's messages at a time (REL-18)."""
    lane = Lane("digests", HubDatabase(core.main.database.conninfo, name="kontuar hub digests"))
    return lane, DigestAnswers(PostgresDigests(lane.database), lane, partial(fault_of_seal, core.keys), core.clock)


def extend_sync(core: HubCore) -> HubExtension:
    """The routes of the protocol, and booking."""
    keys = core.keys
    bell = Bell()
    intake = Lane("intake", HubDatabase(core.main.database.conninfo, name="kontuar hub intake"))
    books = Lane("booking", HubDatabase(core.main.database.conninfo, name="kontuar hub booking"))
    looks = Lane("coupon looks", HubDatabase(core.main.database.conninfo, name="kontuar hub coupon looks"))
    booking = Booking(core, books, bell)
    contacts = Contacts(core)
    tasks = Chores()
    log = PostgresStreamLog(intake.database, core.clock)
    forks = ForkAnswer(intake, log, keys, booking.wake)
    comparing, digests = _digests(core)
    site = core.site = SyncSite(
        sender=Sender(node=HUB_NODE, incarnation="", build=__version__, sign=core.key.sign), keys=keys,
        receiver=HubReceiver(log, core), giver=HubGiver(core.definitions_feed, core.feed_lane.database, core.clock),
        answerer=DigestAnswerer(digests, HubAnswerer(core, CouponAnswerer(core.coupons, looks, core.clock), forks)),
        enroller=HubEnroller(core), runner=intake, giver_runner=core.feed_lane,
        clock=core.clock, bell=bell, taken=booking.wake, heard=contacts.heard,
        adopt=HubAdoption(core, booking),
    )  # fmt: skip

    async def ready() -> None:
        site.sender = msgspec.structs.replace(site.sender, incarnation=core.incarnation)
        await core.feed_lane(learn_certificates, core)
        for lane in (intake, looks, comparing, books):
            lane.open()
        tasks.start([booking.chore(), contacts.chore()])

    async def stop() -> None:
        bell.close()
        await tasks.stop()
        for lane in (books, looks, comparing, intake):
            await asyncio.to_thread(lane.close)

    learn = partial(core.feed_lane, learn_certificates, core)

    def changed() -> None:
        bell.ring()
        # A revocation that could not be read now is read later: it is never forgotten (SEC-02).
        loop[0].call_soon_threadsafe(tasks.until_done, "certificates", learn)

    loop: list[asyncio.AbstractEventLoop] = []

    async def remember_loop() -> None:
        loop.append(asyncio.get_running_loop())
        core.changed.append(changed)

    open_routes = Router("/", route_handlers=sync_routes(site), opt=dict(OPEN))
    return HubExtension(handlers=[open_routes], on_ready=[ready, remember_loop], on_stop=[stop])


def learn_certificates(core: HubCore) -> None:
    """On the feed lane: who is certified, who was revoked, and whose place was given to another machine."""
    database = core.feed_lane.database
    with database.transaction(reading=True):
        core.keys.take_rows([row.body for row in PostgresDefinitions(database).rows(CERTIFICATE)])
        disputed = PostgresNodes(database).disputed()
    for each in disputed:
        core.keys.learn(each.certificate, each.signature)
    core.keys.dispute_all((each.node, each.incarnation) for each in disputed)


def stock_since_of(feeds: PostgresFeedsOfStore, store: str, cursor: FeedCursor) -> StockFigures:
    """Figures since a cursor, in one consistent look."""
    with feeds.reading():
        return feeds.stock(store, cursor.epoch, cursor.version)
