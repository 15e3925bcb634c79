"""The books of a station and an agent on real SQLite: any byte that is altered is found, and its document is named."""

import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import apsw
import pytest

from kontuar.kernel.canonical import CHAIN_START, chain_hash
from kontuar.operations.incoming import receive
from kontuar.operations.ports.hub_documents import StockFigures
from kontuar.operations.ports.streams import Batch, Position, SealedMessage
from kontuar.storage.failures import StorageDamaged
from proved_books import KEYS, STREAM, agent_of, busy_station, found, proved, sealed, tampered
from shop import MILK, sell

FLIPS = 150
STATION_COLUMNS = ("payload", "hash", "signature", "message_id", "kind", "at", "incarnation", "seq")
AGENT_COLUMNS = ("payload", "hash", "signature", "message_id", "origin", "incarnation", "seq")


@pytest.fixture(scope="module")
def till(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("till")
    busy_station(folder).books.database.close()  # type: ignore[attr-defined]
    return folder


@pytest.fixture(scope="module")
def agent(till: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("agent")
    agent_of(folder, stream_in(till)).database.close()
    return folder


def stream_in(folder: Path) -> list[SealedMessage]:
    connection = apsw.Connection(str(folder / "station.db"), flags=apsw.SQLITE_OPEN_READONLY)
    rows = list(connection.execute("SELECT seq, payload, hash, signature FROM message ORDER BY seq"))
    connection.close()
    return [SealedMessage(*row) for row in rows]


def flipped(value: Any, chance: random.Random) -> Any:
    """The value with one bit changed; text stays text."""
    if isinstance(value, int):
        return value ^ (1 << chance.randrange(6))
    data = bytearray(value if isinstance(value, bytes) else value.encode())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(5)
    return bytes(data) if isinstance(value, bytes) else data.decode()


@pytest.mark.parametrize("books", ["till", "agent"])
def test_untouched_books_are_proved(books: str, request: pytest.FixtureRequest) -> None:
    """REL-14, HUB-10: every kind of document, cancelled and fiscalised, two shifts."""
    proof = proved(request.getfixturevalue(books))
    (stream,) = proof.streams
    assert (found(request.getfixturevalue(books)), proof.holds()) == ([], True)
    assert (stream.first, stream.last, stream.messages, stream.documents) == (1, 13, 13, 6)
    assert stream.notes == {}


@pytest.mark.parametrize(("books", "columns"), [("till", STATION_COLUMNS), ("agent", AGENT_COLUMNS)])
def test_any_flipped_bit_of_any_message_is_found_at_its_message(
    books: str, columns: tuple[str, ...], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """REL-14: whatever column, whatever byte; what is found is about that message or the place where it is missing."""
    folder: Path = request.getfixturevalue(books)
    chance = random.Random(14)
    for _ in range(FLIPS):
        seq, column = chance.randint(1, 13), chance.choice(columns)
        with tampered(folder, tmp_path / "copy") as connection:
            before = next(iter(connection.execute(f"SELECT {column} FROM message WHERE seq = ?", (seq,))))[0]
            after = flipped(before, chance)
            try:
                connection.execute(f"UPDATE message SET {column} = ? WHERE seq = ?", (after, seq))
            except apsw.ConstraintError:
                continue
        places = {place for _, _, place in found(tmp_path / "copy")}
        assert seq in places, f"{column} of message {seq}: {before!r} became {after!r}"


TAMPERING: dict[str, tuple[str, str]] = {
    "a row of the list": ("UPDATE document SET gross = gross + 1 WHERE number LIKE 'PAR%'", "chain.booked_differs"),
    "its operator": ("UPDATE document SET operator = 'JAN' WHERE number LIKE 'KP%'", "chain.booked_differs"),
    "a line": ("UPDATE document_line SET value = value + 1 WHERE article = 'NUTS'", "chain.booked_differs"),
    "a VAT row": ("DELETE FROM document_tax WHERE vat = '8'", "chain.booked_missing"),
    "goods": ("UPDATE stock_move SET quantity_e4 = quantity_e4 + 1", "chain.booked_differs"),
    "goods gone": ("DELETE FROM stock_move WHERE article = 'WATER'", "chain.booked_missing"),
    "goods of nothing": ("INSERT INTO stock_move VALUES ('x', 1, 'sale', 'MILK', 'S1M', '@customer', 10000)",
                         "chain.booked_unasked"),
    "money": ("UPDATE cash_move SET amount = amount + 1 WHERE effect = 'payment'", "chain.booked_differs"),
    "money of nothing": ("INSERT INTO cash_move VALUES ('x', 1, 'payment', 'R', 'cash', 'PLN', 1, 1, '')",
                         "chain.booked_unasked"),
    "the float": ("UPDATE cash_move SET amount = amount + 1 WHERE effect = 'float'", "chain.booked_differs"),
    "a balance": ("UPDATE cash_balance SET amount = amount + 1", "chain.balance_differs"),
    "a shift": ("UPDATE shift SET body = CAST(replace(CAST(body AS TEXT), '\"number\":1', '\"number\":7') AS BLOB)"
                " WHERE number = 1", "chain.booked_differs"),
    "a closing report": ("UPDATE shift SET report = CAST(replace(report, '\"sales_gross\":', '\"sales_gross\":1')"
                         " AS BLOB) WHERE number = 1", "chain.booked_differs"),
    "taken back": ("UPDATE document SET state = 'cancelled' WHERE number LIKE 'PAR%'", "chain.booked_unasked"),
    "not taken back": ("UPDATE document SET state = 'approved' WHERE number LIKE 'KP%'", "chain.booked_differs"),
    "fiscalised": ("UPDATE document SET fiscal_number = 'F2' WHERE fiscal = 'done'", "chain.booked_differs"),
    "the perpetual total": ("UPDATE fact SET value = value + 1 WHERE name = 'perpetual_gross'", "chain.total_differs"),
    "the newest message": ("DELETE FROM message WHERE seq = 12", "chain.message_missing"),
    "a document gone": ("DELETE FROM document WHERE number LIKE 'PW%'", "chain.booked_missing"),
    "stock not sent": ("UPDATE stock_pending SET quantity_e4 = quantity_e4 + 1", "chain.balance_differs"),
    "an acknowledgement": ("INSERT INTO uplink VALUES ('i1', 5, zeroblob(32), 0, zeroblob(32), 0)",
                           "chain.head_differs"),
}  # fmt: skip


@pytest.mark.parametrize("what", TAMPERING)
def test_whatever_else_is_altered_at_a_station_is_found(till: Path, tmp_path: Path, what: str) -> None:
    """REL-06, REL-07, REL-14: ledgers, balances, lists, shifts, totals."""
    statement, code = TAMPERING[what]
    with tampered(till, tmp_path / "copy") as connection:
        connection.execute(statement)
    assert code in {found_code for found_code, _, _ in found(tmp_path / "copy")}


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("UPDATE stock_move SET quantity_e4 = quantity_e4 + 1", "chain.booked_differs"),
        ("DELETE FROM stock_move", "chain.booked_missing"),
        ("INSERT INTO stock_move VALUES ('x', 1, 'sale', 'MILK', 'S1M', '@customer', 1)", "chain.booked_unasked"),
        ("DELETE FROM stock_pending", "chain.balance_differs"),
        ("UPDATE stream SET held_seq = 12", "chain.head_differs"),
        ("DELETE FROM message WHERE seq = 13", "chain.message_missing"),
        ("UPDATE message SET signature = (SELECT signature FROM message WHERE seq = 4) WHERE seq = 5", "signature.bad"),
    ],
)
def test_whatever_is_altered_at_an_agent_is_found(agent: Path, tmp_path: Path, statement: str, code: str) -> None:
    """REL-07, REL-14."""
    with tampered(agent, tmp_path / "copy") as connection:
        connection.execute(statement)
    assert code in {found_code for found_code, _, _ in found(tmp_path / "copy")}


def test_the_fault_names_the_document(till: Path, tmp_path: Path) -> None:
    """REL-14: a cashier's receipt is named as it stands on paper."""
    number = "PAR/2026/11/00001/POS1"
    with tampered(till, tmp_path / "copy") as connection:
        forged = "CAST(replace(CAST(payload AS TEXT), 'MILK', 'SILK') AS BLOB)"
        connection.execute(f"UPDATE message SET payload = {forged} WHERE seq = 2")
    assert ("chain.altered", number, 2) in found(tmp_path / "copy")


def test_a_forged_history_signed_with_another_key_is_found(till: Path, tmp_path: Path) -> None:
    """REL-14: every hash follows, only the station's key is missing."""
    with tampered(till, tmp_path / "copy") as connection:
        previous = bytes(32)
        rows = list(connection.execute("SELECT seq, payload, signature FROM message ORDER BY seq"))
        for seq, payload, _ in rows:
            payload = payload.replace(b'"value":5990', b'"value":5980')
            previous = chain_hash(previous, payload)
            connection.execute("UPDATE message SET payload = ?, hash = ? WHERE seq = ?", (payload, previous, seq))
    codes = {code for code, _, _ in found(tmp_path / "copy")}
    assert "signature.bad" in codes
    assert "chain.altered" not in codes


def test_a_second_life_and_a_revoked_key_are_no_faults(tmp_path: Path) -> None:
    """REL-13: a station that was enrolled anew keeps both streams."""
    station = busy_station(tmp_path)
    station.books.database.close()  # type: ignore[attr-defined]
    KEYS.keys.revoke_all({(STREAM.origin, STREAM.incarnation)})
    try:
        assert found(tmp_path) == []
    finally:
        KEYS.keys.revoke_all(())


def test_an_agent_that_began_where_the_hub_was_says_so(till: Path, tmp_path: Path) -> None:
    """REL-13: a replaced agent holds a stream from the middle on."""
    messages = stream_in(till)
    books = agent_of(tmp_path, messages[:1])
    with books.database.transaction():
        books.database.write("DROP TRIGGER message_is_kept")
        books.database.write("DELETE FROM message")
        at = Position(4, messages[3].hash.hex())
        books.outbox.adopt(STREAM, "S1", at)
    rest = Batch(
        stream=STREAM, store="S1", sender=STREAM.origin, first=5, previous_hash=messages[3].hash,
        messages=tuple(messages[4:]), claim=Position(0, CHAIN_START.hex()),
    )  # fmt: skip
    receive(rest, books.log, receiver="r", epoch="e", is_hub=False)
    books.database.close()
    proof = proved(tmp_path)
    assert found(tmp_path) == []
    assert (proof.streams[0].first, proof.streams[0].notes["begins_later"]) == (5, 5)


@pytest.fixture(scope="module")
def agent_with_a_hole(till: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """It began where the hub was, at message 6, and then the hub was set up again from a backup with two messages."""
    folder = tmp_path_factory.mktemp("hole")
    messages = stream_in(till)
    books = agent_of(folder, messages[:2])
    with books.database.transaction():
        books.outbox.adopt(STREAM, "S1", Position(6, messages[5].hash.hex()))
    receive(_rest(messages, 6), books.log, receiver="r", epoch="e", is_hub=False)
    two = Position(2, messages[1].hash.hex())
    with books.database.transaction():
        books.outbox.acknowledged(STREAM, two, two)
    books.database.close()
    return folder


def _rest(messages: list[SealedMessage], after: int) -> Batch:
    return Batch(
        stream=STREAM, store="S1", sender=STREAM.origin, first=after + 1, previous_hash=messages[after - 1].hash,
        messages=tuple(messages[after:]), claim=Position(0, CHAIN_START.hex()),
    )  # fmt: skip


def test_what_lies_behind_a_hole_that_the_station_is_asked_for_is_no_fault(agent_with_a_hole: Path) -> None:
    """REL-02, REL-14: an honest state of a relay, told with its numbers; the chain is proved as far as it holds it."""
    (stream,) = proved(agent_with_a_hole).streams
    assert found(agent_with_a_hole) == []
    assert (stream.first, stream.last, stream.messages, stream.behind_holes) == (1, 2, 9, ((7, 13),))


@pytest.mark.parametrize(
    ("statement", "code", "seq"),
    [
        ("UPDATE message SET payload = CAST(payload || ' ' AS BLOB) WHERE seq = 7", "chain.altered", 7),
        ("UPDATE message SET payload = CAST(payload || ' ' AS BLOB) WHERE seq = 9", "chain.altered", 9),
        ("UPDATE message SET signature = (SELECT signature FROM message WHERE seq = 1) WHERE seq = 8",
         "signature.bad", 8),
        ("DELETE FROM message WHERE seq BETWEEN 9 AND 10", "chain.message_missing", 9),
        ("DELETE FROM message WHERE seq = 2", "chain.message_missing", 2),
        ("DELETE FROM message WHERE seq = 7", "chain.message_missing", 3),
        ("UPDATE stream SET held_hash = zeroblob(32)", "chain.head_differs", 2),
        ("DELETE FROM fact WHERE name LIKE 'hash|%'", "chain.message_missing", 3),
    ],
)  # fmt: skip
def test_whatever_is_altered_around_a_hole_is_found(
    agent_with_a_hole: Path, tmp_path: Path, statement: str, code: str, seq: int
) -> None:
    """REL-14: a hole excuses nothing but itself."""
    with tampered(agent_with_a_hole, tmp_path / "copy") as connection:
        connection.execute(statement)
    assert (code, seq) in {(found_code, place) for found_code, _, place in found(tmp_path / "copy")}


@pytest.mark.parametrize(
    "head", ["", "UPDATE stream SET held_seq = 2, held_hash = (SELECT hash FROM message WHERE seq = 2)"]
)
def test_a_hole_that_somebody_made_is_a_fault(agent: Path, tmp_path: Path, head: str) -> None:
    """REL-14: messages deleted by a hand, the head moved to before them or not."""
    with tampered(agent, tmp_path / "copy") as connection:
        connection.execute("DELETE FROM message WHERE seq BETWEEN 3 AND 6")
        if head:
            connection.execute(head)
    assert ("chain.message_missing", 3) in {(code, seq) for code, _, seq in found(tmp_path / "copy")}


def test_a_filled_hole_joins_what_lies_behind_it(agent_with_a_hole: Path, till: Path, tmp_path: Path) -> None:
    """REL-02: a station that lost the rest itself gives what it has; all of it is held then, and nothing is excused."""
    shutil.copytree(agent_with_a_hole, tmp_path, dirs_exist_ok=True)
    messages = stream_in(till)
    books = agent_of(tmp_path, messages[:8])
    assert books.log.state(STREAM).held == Position(13, messages[12].hash.hex())
    assert books.database.rows("SELECT name FROM fact WHERE name LIKE 'hash|%'") == []
    books.database.close()
    assert found(tmp_path) == []
    assert proved(tmp_path).streams[0].behind_holes == ()


@pytest.mark.parametrize(("known", "full"), [(4, True), (0, True), (4, False)])
def test_goods_of_what_the_hub_has_lost_are_counted_again(
    agent: Path, till: Path, tmp_path: Path, known: int, full: bool
) -> None:
    """REL-07: its figures contained the moves, it was set up again from a backup, and they left the store all the same;
    a stream that it has forgotten is not named at all."""
    shutil.copytree(agent, tmp_path, dirs_exist_ok=True)
    books = agent_of(tmp_path, stream_in(till))
    before = books.database.rows("SELECT * FROM stock_pending ORDER BY seq, article")
    place = (STREAM.origin, STREAM.incarnation)
    told = [((*place, 13),), ((*place, known),) if known else ()]
    with books.database.transaction():
        for version, covered in enumerate(told):
            figures = StockFigures(
                epoch=f"h{version}", version=1, full=full or not version, rows=(), covered=covered
            )  # fmt: skip
            books.sink.apply_stock(figures)
            if not version:
                assert books.database.rows("SELECT * FROM stock_pending") == []
    after = books.database.rows("SELECT * FROM stock_pending ORDER BY seq, article")
    books.database.close()
    assert after == [row for row in before if row[4] > known]
    assert len(after) > 0
    assert found(tmp_path) == []


def test_a_running_station_is_read_and_not_disturbed(tmp_path: Path) -> None:
    """PERF-01, REL-14: what is sold meanwhile is no part of the proof, and no fault."""
    station = busy_station(tmp_path)
    before = proved(tmp_path)
    sell(station, MILK)
    after = proved(tmp_path)
    assert (before.holds(), after.holds()) == (True, True)
    assert (before.streams[0].last, after.streams[0].last) == (13, 14)
    assert [message.seq for message in sealed(station.books.database)][-1] == 14  # type: ignore[attr-defined]


def test_a_damaged_page_and_another_version_cannot_be_read(till: Path, tmp_path: Path) -> None:
    """REL-16, REL-19: that is said, and nothing else."""
    damage: list[Callable[[Path], None]] = [_flip_a_page, _from_the_future]
    for number, spoil in enumerate(damage):
        copy = tmp_path / str(number)
        shutil.copytree(till, copy)
        spoil(copy / "station.db")
        with pytest.raises(StorageDamaged):
            proved(copy)


def _flip_a_page(file: Path) -> None:
    content = bytearray(file.read_bytes())
    for place in range(4096, len(content), 4096):
        content[place + 2000] ^= 1
    file.write_bytes(content)


def _from_the_future(file: Path) -> None:
    connection = apsw.Connection(str(file))
    connection.execute("PRAGMA user_version = 99")
    connection.close()
