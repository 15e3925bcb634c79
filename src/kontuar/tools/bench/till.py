"""A station's data folder outside its process: identity, definitions, receipts sold or only begun."""

import random
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kontuar import __version__
from kontuar.domain.definitions.kinds import KIND_OF
from kontuar.domain.documents.document import Document
from kontuar.domain.parties import rights
from kontuar.kernel.canonical import decode, encode, row_checksum
from kontuar.kernel.connectivity import Connectivity
from kontuar.nodes.machine import MachineClock, MachineIds
from kontuar.nodes.station import DATABASE_FILE, IDENTITY_FOLDER
from kontuar.operations.actor import Actor
from kontuar.operations.hub.enrolment import EnrolAnswer, EnrolRequest
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.station import approval, payments, shifts, till
from kontuar.operations.station.station import Identity, Station
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS, SqliteBooks
from kontuar.sync.identity import NodeKeys, enrol
from kontuar.sync.keys import Certificate, Signer, certify
from kontuar.tools.bench.shop import OPERATOR, STATIONS, Shop

_TEMPLATES: Final = 200
_PER_TRANSACTION: Final = 500
ACTOR: Final = Actor(operator=OPERATOR, name="Pomiar", rights=frozenset(rights.ADMINISTRATOR), login_id="bench")


class OpenTill(msgspec.Struct, frozen=True):
    """A station's books, open in this process: no other may have them open."""

    station: Station
    books: SqliteBooks


class LoneHub:
    """Stands in for a head office that only certifies one node: a station that is measured alone needs no more."""

    def __init__(self, station: str) -> None:
        self._station = station
        self._key = Signer(Ed25519PrivateKey.generate())

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        """The answer to an enrolment."""
        assert (path, timeout_seconds > 0) == ("/sync/v1/enrol", True)
        asked = decode(body, EnrolRequest)
        certificate = Certificate(
            node=self._station, kind=asked.kind, store=STATIONS[self._station], series=self._station,
            incarnation=asked.incarnation, ordinal=1, public_key=asked.public_key,
            issued_at="2026-01-01T00:00:00.000000Z",
        )  # fmt: skip
        signed = certify(self._key, certificate)
        answer = EnrolAnswer(
            certificate=signed.certificate, signature=signed.signature, hub_key=self._key.public_key.hex(),
            hub_certificates=(),
        )  # fmt: skip
        return encode(answer)

    def fetch(self, path: str, start: int, proof: str, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        """There are no files here."""
        raise NotImplementedError(f"{path} {start} {len(proof)} {timeout_seconds}")


async def enrolled_alone(data: Path, station: str) -> NodeKeys:
    """A data folder with the identity of a station whose head office is far away."""
    return await enrol(
        data / IDENTITY_FOLDER, LoneHub(station), code="BENCH", kind="station",
        new_incarnation=MachineIds().new_id(), build=__version__,
    )  # fmt: skip


@contextmanager
def opened(data: Path, keys: NodeKeys) -> Iterator[OpenTill]:
    """The station's books in this process, closed at the end."""
    certificate, clock = keys.certificate, MachineClock()
    data.mkdir(parents=True, exist_ok=True)
    database = SqliteDatabase(data / DATABASE_FILE, migrations=MIGRATIONS)
    stream = StreamId(certificate.node, certificate.incarnation)
    books = SqliteBooks(database, stream, certificate.store, keys.signer.sign, clock)
    station = Station(
        identity=Identity(station=certificate.node, store=certificate.store, incarnation=certificate.incarnation,
                          series=certificate.series),
        books=books, clock=clock, ids=MachineIds(), connectivity=lambda: Connectivity.OFFLINE,
        committed=lambda: None,
    )  # fmt: skip
    try:
        yield OpenTill(station, books)
    finally:
        database.close()


def load(till_open: OpenTill, shop: Shop) -> None:
    """Give the station the shop's definitions, as a snapshot does."""
    rows = [
        (KIND_OF[type(record)].name, KIND_OF[type(record)].key_of(record), 1, encode(record))
        for record in shop.everything()
    ]
    checksum = sum(row_checksum(kind, key, body) for kind, key, _, body in rows) % 2**64
    till_open.books.definitions.replace_all(rows, "bench", 1, checksum)


def open_shift(till_open: OpenTill) -> None:
    """A shift, if none is open."""
    if till_open.books.cash.open_shift() is None:
        shifts.open_shift(till_open.station, ACTOR, "0", None)


def paid_drafts(till_open: OpenTill, shop: Shop, count: int, lines: int, seed: int) -> list[str]:
    """Receipts ready to be approved, kept durably; their identities. Articles differ between two hundred of them."""
    station = till_open.station
    chance = random.Random(seed)  # noqa: S311 - which articles are sold, wanted repeatable
    eans = shop.eans
    made: list[str] = []
    with till_open.books.transaction():
        templates = [_paid(station, chance.sample(eans, lines)) for _ in range(min(_TEMPLATES, count))]
        for number in range(count):
            copy = msgspec.structs.replace(
                templates[number % len(templates)], doc_id=station.ids.new_id(), created_at=station.clock.now()
            )
            made.append(station.save(copy).doc_id)
        for template in templates:
            till_open.books.drafts.remove(template.doc_id)
    return made


def sell(till_open: OpenTill, shop: Shop, count: int, lines: int, seed: int) -> None:
    """Approved receipts in the station's stream, written as the station writes them, many in one transaction."""
    open_shift(till_open)
    for start in range(0, count, _PER_TRANSACTION):
        with till_open.books.transaction():
            for doc_id in paid_drafts(till_open, shop, min(_PER_TRANSACTION, count - start), lines, seed + start):
                approval.approve(till_open.station, ACTOR, doc_id)


def _paid(station: Station, eans: Sequence[str]) -> Document:
    doc_id = till.begin(station, ACTOR, "receipt").doc_id
    for ean in eans:
        till.scan(station, ACTOR, doc_id, ean)
    return payments.assign(station, ACTOR, doc_id, "cash")
