"""A busy station and its agent as they lie on disk: what a proof looks at, and what is tampered with."""

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw

from kontuar.domain.documents.proof.records import BooksProof
from kontuar.kernel.canonical import CHAIN_START, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.incoming import receive
from kontuar.operations.ports.streams import Batch, Position, SealedMessage, StreamId, StreamLog
from kontuar.operations.proving import prove
from kontuar.operations.station import own_documents, shifts
from kontuar.operations.station.station import Identity, Station
from kontuar.storage.sqlite.agent.books import MIGRATIONS as OF_AGENTS
from kontuar.storage.sqlite.agent.books import AgentBooks
from kontuar.storage.sqlite.agent.proving import AgentProofShelf
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.proving import StationProofShelf
from kontuar.storage.sqlite.station.books import MIGRATIONS, SqliteBooks
from kontuar.sync.identity import KeptIdentity, NodeKeys
from kontuar.sync.keyring import fault_of_seal
from shop import MILK, NUTS, WATER, CountedIds, HandClock, actor_of, know_stock, load, move_cash, move_goods, sell
from shop import small_shop as small_shop_definitions
from sync_chain import HUB_KEY, keys_for

STATION, STORE = "S1T1", "S1"
STREAM = StreamId(STATION, "i1")
EWA = actor_of()
KEYS = keys_for(STATION, "station", "i1", STORE)


def busy_station(folder: Path) -> Station:
    """A day with everything in it, over `station.db`, with the identity beside it."""
    clock = HandClock()
    database = SqliteDatabase(folder / "station.db", migrations=MIGRATIONS)
    books = SqliteBooks(database, STREAM, STORE, KEYS.signer.sign, clock)
    load(books, small_shop_definitions())
    station = Station(
        identity=Identity(station=STATION, store=STORE, incarnation="i1", series="POS1"), books=books, clock=clock,
        ids=CountedIds(clock), connectivity=lambda: Connectivity.ONLINE, committed=lambda: None, fiscal_device=True,
    )  # fmt: skip
    keep_identity(folder, KEYS)
    shifts.open_shift(station, EWA, "100")
    know_stock(station, MILK="20", NUTS="5")
    clock.turn(60)
    sold = sell(station, MILK, MILK, NUTS, cash="100")
    own_documents.fiscalised(station, EWA, sold.doc_id, "F1", "double")
    own_documents.cancel(station, EWA, move_cash(station, "cash_in", "7").doc_id)
    own_documents.cancel(station, EWA, move_goods(station, "internal_release", MILK).doc_id)
    move_goods(station, "internal_receipt", NUTS)
    shifts.close_shift(station, EWA, (shifts.Counted(form="cash", currency="PLN", amount="160"),))
    shifts.open_shift(station, EWA, "50")
    sell(station, WATER)
    own_documents.count_print(station, EWA, sell(station, MILK).doc_id, "printer")
    return station


def keep_identity(folder: Path, keys: NodeKeys) -> None:
    """The file that enrolment writes."""
    (folder / "identity").mkdir(exist_ok=True)
    kept = KeptIdentity(signed=keys.signed, hub_key=HUB_KEY.public_key.hex())
    (folder / "identity" / "identity.json").write_bytes(encode(kept))


def agent_of(folder: Path, messages: list[SealedMessage]) -> AgentBooks:
    """The agent that took these in, over `agent.db`; it knows the hub's key and the station's certificate."""
    books = AgentBooks(folder / "agent.db", folder / "snapshots", STORE, HandClock(), "epoch")
    keep_identity(folder, KEYS)
    give(books.log, messages)
    return books


def give(log: StreamLog, messages: list[SealedMessage], *, is_hub: bool = False) -> None:
    """All of them in one push."""
    batch = Batch(
        stream=STREAM, store=STORE, sender=STATION, first=messages[0].seq, previous_hash=CHAIN_START,
        messages=tuple(messages), claim=Position(0, CHAIN_START.hex()),
    )  # fmt: skip
    receive(batch, log, receiver="r", epoch="e", is_hub=is_hub)


def sealed(database: SqliteDatabase) -> list[SealedMessage]:
    """The station's stream."""
    rows = database.rows("SELECT seq, payload, hash, signature FROM message ORDER BY seq")
    return [SealedMessage(*row) for row in rows]


def proved(folder: Path) -> BooksProof:
    """The proof of the station or agent in that folder."""
    is_station = (folder / "station.db").exists()
    shelf = (
        StationProofShelf(folder / "station.db", MIGRATIONS)
        if is_station
        else AgentProofShelf(folder / "agent.db", OF_AGENTS)
    )
    with closing(shelf):
        return prove(shelf, lambda stream, message: fault_of_seal(KEYS.keys, stream, message))


def found(folder: Path) -> list[tuple[str, str, int]]:
    """(code, name, seq) of everything that does not hold."""
    proof = proved(folder)
    every = [fault for stream in proof.streams for fault in stream.faults] + list(proof.faults)
    return [(fault.code, fault.name, fault.seq) for fault in every]


@contextmanager
def tampered(folder: Path, work: Path) -> Iterator[apsw.Connection]:
    """A copy of the books in `work`, its guards down, as somebody sees it who owns the machine."""
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(folder, work)
    file = next(iter(sorted(work.glob("*.db"))))
    with closing(apsw.Connection(str(file))) as connection:
        for (trigger,) in list(connection.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'")):
            connection.execute(f"DROP TRIGGER {trigger}")
        yield connection


def one(connection: apsw.Connection, query: str, *values: Any) -> Any:
    """The first column of the first row."""
    return next(iter(connection.execute(query, values)))[0]
