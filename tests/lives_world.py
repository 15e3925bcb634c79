"""A till that loses its database and begins another life: its books in each life, and what others hold of them."""

import shutil
from contextlib import closing
from pathlib import Path

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import OPENED, Message, StreamOpened
from kontuar.domain.documents.proof.records import BooksProof
from kontuar.kernel.canonical import decode
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.ports.questions import HeldMessage
from kontuar.operations.ports.streams import START, Position, SealedMessage, StreamId
from kontuar.operations.proving import prove
from kontuar.operations.station import approval, own_documents, payments, returned, shifts, till
from kontuar.operations.station.returned import Fetched, Merged
from kontuar.operations.station.station import Identity, Station
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.proving import StationProofShelf
from kontuar.storage.sqlite.station.books import MIGRATIONS, SqliteBooks
from kontuar.sync.identity import NodeKeys
from kontuar.sync.keyring import CertifiedKeys, fault_of_seal
from shop import (
    MILK,
    NUTS,
    WATER,
    CountedIds,
    HandClock,
    actor_of,
    fill,
    know_stock,
    load,
    move_cash,
    move_goods,
    sell,
    small_shop,
)
from sync_chain import HUB_KEY, keys_for

STATION, STORE = "S1T1", "S1"
EWA = actor_of()
BOOKS = (
    "message", "document", "document_line", "document_tax", "document_link", "stock_move", "cash_move", "cash_balance",
    "shift", "draft",
)  # fmt: skip
"""What a till that lost nothing has, row by row."""


def keys_of(ordinal: int) -> NodeKeys:
    """The certified keys of the till's n-th life."""
    return keys_for(STATION, "station", f"i{ordinal}", STORE, ordinal)


RING = CertifiedKeys(HUB_KEY.public_key, [keys_of(number).signed for number in (1, 2, 3)])


def seal(stream: StreamId, message: SealedMessage) -> str:
    """As the till checks it."""
    return fault_of_seal(RING, stream, message)


def life(folder: Path, ordinal: int, clock: HandClock, *, fiscal: bool = True) -> Station:
    """The till in its n-th life; a new database gets the small shop, a new life its first message."""
    keys = keys_of(ordinal)
    series = "POS1" if ordinal == 1 else f"POS1-{ordinal}"
    stream = StreamId(STATION, keys.certificate.incarnation)
    database = SqliteDatabase(folder / "station.db", migrations=MIGRATIONS)
    books = SqliteBooks(database, stream, STORE, keys.signer.sign, clock, ordinal=ordinal)
    if not books.definitions.version()[0]:
        load(books, small_shop())
    station = Station(
        identity=Identity(station=STATION, store=STORE, incarnation=stream.incarnation, series=series), books=books,
        clock=clock, ids=CountedIds(clock, first=ordinal * 1_000_000), connectivity=lambda: Connectivity.ONLINE,
        committed=lambda: None, fiscal_device=fiscal,
    )  # fmt: skip
    if ordinal > 1 and not books.stream.head().seq:
        with books.transaction():
            station.announce(OPENED, station.ids.new_id(), StreamOpened(reason="restored", ordinal=ordinal), "")
    return station


def put_away(station: Station) -> None:
    """The process ends; what is durable is in the file."""
    database_of(station).close()


def database_of(station: Station) -> SqliteDatabase:
    assert isinstance(station.books, SqliteBooks)
    return station.books.database


def back_up(folder: Path) -> Path:
    """A copy of the database as it lies there."""
    return Path(shutil.copy(folder / "station.db", folder / "backup"))


def restore(folder: Path) -> None:
    """The backup takes the place of the database."""
    for file in folder.glob("station.db*"):
        file.unlink()
    shutil.copy(folder / "backup", folder / "station.db")


def stream_of(station: Station, incarnation: str = "i1") -> list[SealedMessage]:
    """What this database says in that life."""
    rows = database_of(station).rows(
        "SELECT seq, payload, hash, signature FROM message WHERE incarnation = ? ORDER BY seq", (incarnation,)
    )
    return [SealedMessage(*row) for row in rows]


def told(messages: list[SealedMessage]) -> list[HeldMessage]:
    """As an agent answers."""
    return [HeldMessage(seq=m.seq, payload=m.payload.decode(), hash=m.hash.hex(), signature=m.signature.hex())
            for m in messages]  # fmt: skip


def bring_back(station: Station, held: list[SealedMessage], after: int = 0, incarnation: str = "i1") -> Merged:
    """The till takes what others hold of an earlier life after a position."""
    begin = Position(after, held[after - 1].hash.hex()) if after else START
    messages = returned.checked(StreamId(STATION, incarnation), begin, told(held[after:]), seal)
    head = Position(held[-1].seq, held[-1].hash.hex())
    fetched = Fetched(incarnation=incarnation, messages=messages, head=head, complete=True)
    return returned.merge(station, fetched, {"i1": 1, "i2": 2, "i3": 3})


def books_of(station: Station) -> dict[str, list[tuple[object, ...]]]:
    """The rows of `BOOKS`, and what is counted in the shifts."""
    database = database_of(station)
    found = {table: database.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in BOOKS}
    return {**found, "counts": database.rows("SELECT * FROM fact WHERE name LIKE 'voided%' ORDER BY name")}


def kinds_of(messages: list[SealedMessage]) -> list[str]:
    """What they tell."""
    return [decode(message.payload, Message).kind for message in messages]


def proved(folder: Path) -> BooksProof:
    """What `kontuar verify` finds."""
    with closing(StationProofShelf(folder / "station.db", MIGRATIONS)) as shelf:
        return prove(shelf, seal)


def faults(folder: Path) -> list[tuple[str, str, str]]:
    """(code, name, detail) of everything that does not hold."""
    proof = proved(folder)
    every = [fault for stream in proof.streams for fault in stream.faults] + list(proof.faults)
    return [(fault.code, fault.name, fault.detail) for fault in every]


def morning(folder: Path, clock: HandClock) -> Station:
    """A first life with a shift, two receipts and a cash document; the backup is made then."""
    station = life(folder, 1, clock)
    shifts.open_shift(station, EWA, "100")
    know_stock(station, MILK="20", NUTS="5", WATER="50")
    clock.turn(60)
    sell(station, MILK, cash="10")
    sell(station, WATER)
    move_cash(station, "cash_in", "7")
    return station


def afternoon(station: Station, clock: HandClock) -> None:
    """Everything that a till can issue, a shift's end in the middle."""
    clock.turn(60)
    sold = sell(station, MILK, NUTS, cash="100")
    own_documents.fiscalised(station, EWA, sold.doc_id, "F7", "double")
    own_documents.count_print(station, EWA, sold.doc_id, "printer")
    own_documents.cancel(station, EWA, named(station, "KP").doc_id, "typed wrong")
    own_documents.cancel(station, EWA, move_goods(station, "internal_release", MILK).doc_id)
    thrown = fill(station, WATER, WATER)
    till.remove_line(station, EWA, thrown.doc_id, thrown.lines[0].number)
    till.discard(station, EWA, thrown.doc_id)
    shifts.close_shift(station, EWA, (shifts.Counted(form="cash", currency="PLN", amount="160"),))
    clock.turn(60)
    shifts.open_shift(station, EWA, "50")
    sell(station, WATER)


def named(station: Station, symbol: str):
    rows = database_of(station).rows("SELECT doc_id FROM document WHERE number LIKE ? ORDER BY id", (f"{symbol}%",))
    stored = station.books.documents.find(rows[0][0])
    assert stored is not None
    return stored.document


def lost_and_restored(folder: Path, clock: HandClock) -> tuple[Station, list, dict]:
    """(the till's second life over the morning's backup, what others hold of the first, the books as they were)."""
    put_away(morning(folder, clock))
    back_up(folder)
    station = life(folder, 1, clock)
    afternoon(station, clock)
    held, before = stream_of(station), books_of(station)
    put_away(station)
    restore(folder)
    clock.turn(60)
    return life(folder, 2, clock), held, before


def sold_from_one_draft(folder: Path, clock: HandClock) -> tuple[Station, list[SealedMessage], Document]:
    """(the first life over the backup with the draft, what others hold: its sale, what was sold of it again here)."""
    station = morning(folder, clock)
    draft = fill(station, MILK)
    put_away(station)
    back_up(folder)
    station = life(folder, 1, clock)
    payments.assign(station, EWA, draft.doc_id, "cash", "")
    approval.approve(station, EWA, draft.doc_id)
    held = stream_of(station)
    put_away(station)
    restore(folder)
    clock.turn(5)
    station = life(folder, 1, clock)
    till.scan(station, EWA, draft.doc_id, WATER)
    payments.assign(station, EWA, draft.doc_id, "cash", "")
    mine = approval.approve(station, EWA, draft.doc_id)
    own_documents.fiscalised(station, EWA, mine.doc_id, "F3", "double")
    return station, held, mine


def set_back_before_all(folder: Path, clock: HandClock) -> list[SealedMessage]:
    """What others hold of a first life whose backup has next to nothing, and takes the place of its database."""
    station = life(folder, 1, clock)
    know_stock(station, MILK="20")
    put_away(station)
    back_up(folder)
    station = life(folder, 1, clock)
    station.event("something", "")
    held = stream_of(station)
    put_away(station)
    restore(folder)
    clock.turn(5)
    return held


def used_twice(folder: Path, clock: HandClock) -> tuple[Station, list, list]:
    """The till sold on from the morning's backup in its *first* life; (its second life, what others hold, its own)."""
    put_away(morning(folder, clock))
    back_up(folder)
    station = life(folder, 1, clock)
    afternoon(station, clock)
    held = stream_of(station)
    put_away(station)
    restore(folder)
    clock.turn(600)
    station = life(folder, 1, clock)
    station.ids = CountedIds(clock, first=500_000)
    mine = sell(station, NUTS, NUTS)
    own_documents.fiscalised(station, EWA, mine.doc_id, "F8", "double")
    own_documents.fiscalised(station, EWA, named(station, "PAR").doc_id, "F9", "double")
    own_documents.cancel(station, EWA, named(station, "KP").doc_id)
    own = stream_of(station)
    put_away(station)
    return life(folder, 2, clock), held, own
