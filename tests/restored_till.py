"""A till over real HTTP with an agent process between it and a hub, and the machine that it is set up again on."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from agent_chain import Chain
from exchange_world import exchange_of
from kontuar.devices.build import DeviceSettings, build_devices
from kontuar.domain.documents.messages import OPENED, StreamOpened
from kontuar.domain.firm.records import Firm, StationDefinition
from kontuar.kernel.connectivity import Connectivity
from kontuar.nodes.device_desk import StationDevices
from kontuar.nodes.lanes import Lane
from kontuar.nodes.machine import MachineClock, MachineIds
from kontuar.nodes.return_desk import ReturnDesk
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.proving import prove
from kontuar.operations.station import shifts
from kontuar.operations.station.station import Identity, Station
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.proving import StationProofShelf
from kontuar.storage.sqlite.station.books import MIGRATIONS, SqliteBooks
from kontuar.storage.sqlite.sync_state import StationOutbox, StationSink
from kontuar.sync.connection import Connection
from kontuar.sync.identity import NodeKeys, enrol
from kontuar.sync.keyring import fault_of_seal
from kontuar.sync.keys import Signer, certify
from kontuar.sync.loops import StationSync
from kontuar.sync.questions import Questions
from kontuar.sync.transport import HttpTransport
from kontuar.web.desk import Desk, SyncStatus
from lives_world import books_of
from shop import MILK, WATER, actor_of, feed_rows, move_cash, sell, small_shop
from sync_chain import HUB_KEY
from sync_hub import until

EWA = actor_of()
TILL, STORE = "T1", "S1"


class LivingTill:
    """A station over its database, with its sync and its return desk, as the node wires them."""

    def __init__(self, folder: Path, url: str, keys: NodeKeys) -> None:
        clock, certificate = MachineClock(), keys.certificate
        self.folder, self.keys = folder, keys
        self.stream = StreamId(TILL, certificate.incarnation)
        database = SqliteDatabase(folder / "station.db", migrations=MIGRATIONS)
        self.database = database
        books = SqliteBooks(database, self.stream, STORE, keys.signer.sign, clock, ordinal=certificate.ordinal)
        self.lane = Lane("till", database)
        self.lane.open()
        outbox = StationOutbox(database, self.stream, STORE)
        self.transport = HttpTransport(url)
        self.connection = Connection(clock)
        self.sync = StationSync(
            self.lane, outbox, StationSink(database, books.definitions, outbox), self.transport, self.connection,
            clock, who=keys, build="1", folder=folder / "incoming",
        )  # fmt: skip
        self.station = Station(
            identity=Identity(station=TILL, store=STORE, incarnation=self.stream.incarnation,
                              series=certificate.series),
            books=books, clock=clock, ids=MachineIds(), connectivity=self.connection.level,
            committed=self.sync.wake,
        )  # fmt: skip
        devices = build_devices(DeviceSettings())
        self.desk = Desk(
            station=self.station, run=self.lane, devices=StationDevices(self.station, self.lane, devices),
            check_pin=lambda _, __: False, sync_status=lambda: SyncStatus(level="online", since="", waiting=0),
            questions=Questions(self.transport, keys.sender("1"), keys.signed, keys.keys, clock),
            exchange=exchange_of(self.station, self.lane), enrol_anew=nobody,
        )  # fmt: skip
        self.returning = ReturnDesk(self.desk, partial(fault_of_seal, keys.keys))

    async def do(self, operation: Callable[..., Any], *arguments: Any) -> Any:
        return await self.lane(operation, *arguments)

    async def begin(self) -> None:
        """As the node does when a life begins; then wait for the agent."""
        await self.do(self._open_life)
        self.sync.start()
        await until(lambda: self.connection.level() == Connectivity.ONLINE)

    def _open_life(self) -> None:
        ordinal = self.keys.certificate.ordinal
        if self.station.books.stream.head().seq == 0:
            with self.station.books.transaction():
                body = StreamOpened(reason="restored", ordinal=ordinal)
                self.station.announce(OPENED, self.station.ids.new_id(), body, "")

    def is_ready(self) -> bool:
        """Whether the definitions came down."""
        return self.station.books.definitions.get(Firm, "F") is not None

    async def all_final(self) -> None:
        """Everything that is pushed is durable at the hub."""

        async def check() -> bool:
            return bool(await self.do(self._waiting) == 0)

        await until(check)

    def _waiting(self) -> int:
        query = (
            "SELECT count(*) FROM message m LEFT JOIN uplink u ON u.incarnation = m.incarnation"
            " WHERE m.seq > coalesce(u.final_seq, 0) AND coalesce(u.forked, 0) <> 1"
        )
        return int(self.database.value(query))

    def forked(self, incarnation: str) -> int:
        return int(self.database.value("SELECT forked FROM uplink WHERE incarnation = ?", (incarnation,)) or 0)

    def proof(self) -> Any:
        shelf = StationProofShelf(self.folder / "station.db", MIGRATIONS)
        try:
            return prove(shelf, partial(fault_of_seal, self.keys.keys))
        finally:
            shelf.close()


async def nobody(code: str) -> None:
    raise AssertionError(code)


class RestoredTill:
    """One machine of a till in a chain: its folder, the keys of its lives, and its backup."""

    def __init__(self, chain: Chain) -> None:
        self.chain = chain
        self.folder = chain.folder / TILL
        rows = feed_rows([*small_shop(), StationDefinition(code=TILL, name="Kasa", store=STORE, series=TILL)])
        chain.hub.define({(kind, key): body for kind, key, _, body in rows})

    @asynccontextmanager
    async def living(
        self, keys: NodeKeys, alone: Callable[[Station], object] = lambda _: None
    ) -> AsyncIterator[LivingTill]:
        """`alone`: what is done before anybody is reached."""
        till = LivingTill(self.folder, self.chain.url, keys)
        try:
            await till.do(alone, till.station)
            await till.begin()
            await until(partial(till.do, till.is_ready))
            yield till
        finally:
            await till.sync.stop()
            await till.transport.close()
            await asyncio.to_thread(till.lane.close)

    async def first_keys(self) -> NodeKeys:
        transport = HttpTransport(self.chain.url)
        try:
            return await enrol(
                self.folder / "identity", transport, code="T1-CODE", kind="station", new_incarnation="first", build="1"
            )
        finally:
            await transport.close()

    def next_keys(self, before: NodeKeys) -> NodeKeys:
        """A second life, certified by the hub as a spare one would be."""
        signer = Signer(Ed25519PrivateKey.from_private_bytes(b"second life".ljust(32, b".")))
        certificate = msgspec.structs.replace(
            before.certificate, incarnation="second", ordinal=2, series=f"{TILL}-2", public_key=signer.public_key.hex()
        )
        signed = certify(HUB_KEY, certificate)
        before.keys.learn(signed.certificate, signed.signature)
        self.chain.hub.keys.learn(signed.certificate, signed.signature)
        return NodeKeys(certificate=certificate, signed=signed, signer=signer, keys=before.keys)

    def back_up(self) -> None:
        shutil.copy(self.folder / "station.db", self.folder / "backup")

    def restore(self) -> None:
        for file in self.folder.glob("station.db*"):
            file.unlink()
        shutil.copy(self.folder / "backup", self.folder / "station.db")


def _morning(station: Station) -> None:
    shifts.open_shift(station, EWA, "100")
    sell(station, MILK)
    move_cash(station, "cash_in", "7")


def _afternoon(station: Station) -> None:
    sell(station, WATER, WATER)
    move_cash(station, "cash_out", "5")
    sell(station, MILK)


async def day(machine: RestoredTill, keys: NodeKeys) -> dict[str, list[tuple[object, ...]]]:
    """A morning, the backup, an afternoon, all of it at the hub; the books as they were at its end."""
    async with machine.living(keys) as till:
        await till.do(_morning, till.station)
        await till.all_final()
    machine.back_up()
    async with machine.living(keys) as till:
        await till.do(_afternoon, till.station)
        await till.all_final()
        return dict(await till.do(books_of, till.station))


async def is_forked(till: LivingTill) -> bool:
    return bool(await till.do(till.forked, "first") == 1)
