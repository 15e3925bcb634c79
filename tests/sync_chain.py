"""A till, an agent and a hub in one process: real databases, real frames, keys that the hub certified."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kontuar.domain.stock.records import CUSTOMER, StockMove
from kontuar.operations.agent.parking_buffer import ParkingBuffer
from kontuar.operations.agent.parking_numbers import prefixes_in
from kontuar.operations.agent.relay import RelayReceiver
from kontuar.operations.ports.streams import Acknowledgement, Batch, StreamId
from kontuar.storage.sqlite.agent.books import AgentBooks
from kontuar.storage.sqlite.definitions import SqliteDefinitions
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS
from kontuar.storage.sqlite.station.stock import SqliteStock
from kontuar.storage.sqlite.station.stream import SqliteStream
from kontuar.storage.sqlite.sync_state import StationOutbox, StationSink
from kontuar.sync import frames, wire
from kontuar.sync.identity import NodeKeys
from kontuar.sync.keyring import CertifiedKeys, open_certified
from kontuar.sync.keys import Certificate, Signer, certify
from kontuar.sync.pushed import of_its_life
from kontuar.sync.uplink import Push, Replied, Uplink, UplinkLimits, Woken

STORE = "S1"
NOW = datetime.datetime(2026, 3, 2, 8, 0, tzinfo=datetime.UTC)


class TestClock:
    """Time that goes on only when told."""

    __test__ = False

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> datetime.datetime:
        return NOW + datetime.timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """As much of a document as the sync looks at."""

    doc_id: str
    note: str = ""
    stock_moves: tuple[StockMove, ...] = ()


HUB_KEY = Signer(Ed25519PrivateKey.from_private_bytes(bytes(31) + b"\1"))


def keys_for(node: str, kind: str, incarnation: str = "i1", store: str = STORE, ordinal: int = 1) -> NodeKeys:
    """A node's keys, certified; the private key follows from the names."""
    seed = f"{node}|{incarnation}".encode().ljust(32, b".")[:32]
    signer = Signer(Ed25519PrivateKey.from_private_bytes(seed))
    certificate = Certificate(
        node=node, kind=kind, store=store, series=node, incarnation=incarnation, ordinal=ordinal,
        public_key=signer.public_key.hex(), issued_at="2026-01-01T00:00:00.000000Z",
    )  # fmt: skip
    signed = certify(HUB_KEY, certificate)
    ring = CertifiedKeys(HUB_KEY.public_key, [signed])
    return NodeKeys(certificate=certificate, signed=signed, signer=signer, keys=ring)


def sold(article: str, quantity: str, line: int = 1) -> StockMove:
    return StockMove(
        line=line, effect="sale", article=article, from_place="W1", to_place=CUSTOMER, quantity=Decimal(quantity)
    )


class Till:
    """A station's database with its stream, and its uplink."""

    def __init__(self, folder: Path, clock: TestClock, keys: NodeKeys | None = None, **limits: float) -> None:
        self.keys = keys or keys_for("T1", "station")
        self.clock = clock
        self.database = SqliteDatabase(folder / "station.db", migrations=MIGRATIONS)
        certificate = self.keys.certificate
        self.id = StreamId(certificate.node, certificate.incarnation)
        self.stream = SqliteStream(self.database, self.id, STORE, self.keys.signer.sign)
        self.stock = SqliteStock(self.database, self.id)
        self.outbox = StationOutbox(self.database, self.id, STORE)
        self.definitions = SqliteDefinitions(self.database)
        self.sink = StationSink(self.database, self.definitions, self.outbox)
        self.uplink = self.new_uplink(**limits)
        self.sold = 0

    def new_uplink(self, **limits: float) -> Uplink:
        chosen = msgspec.convert(limits, UplinkLimits)
        return Uplink(self.outbox, self.keys.sender("1"), self.keys.signed, self.keys.keys, self.clock, chosen)

    def sell(self, *moves: StockMove, note: str = "", doc_id: str = "") -> int:
        """One approved document; returns its position."""
        self.sold += 1
        sale = Sale(
            doc_id=doc_id or f"{self.id.origin}-{self.id.incarnation}-{self.sold}", note=note, stock_moves=moves
        )
        with self.database.transaction():
            seq = self.stream.append("receipt.approved/1", sale.doc_id, sale, at=NOW, by="ANNA")
            self.stock.add_moves(sale.doc_id, moves, seq)
        return seq

    def payloads(self) -> list[tuple[int, bytes]]:
        return [
            (seq, bytes(payload))
            for seq, payload in self.database.rows("SELECT seq, payload FROM message ORDER BY seq")
        ]

    def held(self) -> int:
        return int(self.database.value("SELECT held_seq FROM uplink") or 0)

    def final(self) -> int:
        return int(self.database.value("SELECT final_seq FROM uplink") or 0)


class Store:
    """An agent's database, and what it answers to a push."""

    def __init__(self, folder: Path, clock: TestClock, keys: NodeKeys | None = None) -> None:
        self.keys = keys or keys_for("agent@S1", "agent")
        self.clock = clock
        self.folder = folder
        self.books = AgentBooks(folder / "agent.db", folder / "snapshots", STORE, clock, f"epoch of {folder.name}")
        self.parking = ParkingBuffer(
            self.books.parking, clock, prefix_of=prefixes_in(self.books.definitions),
            new_epoch=lambda: f"restored at {clock.now()}",
        )  # fmt: skip
        self.receiver = RelayReceiver(self.books.log, self.parking, node=self.keys.certificate.node, epoch="e1")
        self.sender = self.keys.sender("1")

    def take(self, batch: Batch) -> Acknowledgement:
        return self.receiver.take(batch)

    def answer(self, body: bytes) -> bytes:
        """What the server does with a push, without the server."""
        acks = []
        for part in frames.split(body):
            frame, _ = open_certified(part, self.keys.keys)
            batch = wire.read_push(frame)
            batch = of_its_life(batch, self.keys.keys.speaker(batch.stream.origin, batch.stream.incarnation))
            fields = wire.ack_fields(self.take(batch), batch.claim, "", self.keys.signed)
            acks.append(frames.seal(self.sender, "ack", wire.to_fields(fields), b"", self.clock.now()))
        return frames.join(acks)

    def payloads(self, stream: StreamId) -> list[tuple[int, bytes]]:
        rows = self.books.database.rows(
            "SELECT seq, payload FROM message WHERE origin = ? AND incarnation = ? ORDER BY seq",
            (stream.origin, stream.incarnation),
        )
        return [(seq, bytes(payload)) for seq, payload in rows]

    def totals(self) -> Sequence[tuple[str, str, int]]:
        return self.books.stock._view.all_totals()


def push_all(till: Till | None, store: Store, uplink: Uplink | None = None) -> int:
    """Push until there is nothing left; how many requests it took."""
    if uplink is None:
        assert till is not None, "a till or an uplink"
        uplink = till.uplink
    requests = 0
    effect = uplink.step(Woken())
    while isinstance(effect, Push):
        requests += 1
        effect = uplink.step(Replied(store.answer(effect.body)))
        assert requests < 200, "the push never ends"
    return requests
