"""Several lives of a till are pruned, each for itself: what one told of another stays provable (REL-13, REL-17)."""

import datetime
from pathlib import Path

from kontuar.operations.ports.streams import Head, Position, StreamId, signed_head
from kontuar.operations.pruning import note_finals, prune_once
from kontuar.operations.station import own_documents, shifts
from kontuar.operations.station.station import Station
from kontuar.storage.sqlite.station.books import SqliteBooks
from kontuar.storage.sqlite.station.pruning import StationPruning
from kontuar.storage.sqlite.sync_state import StationOutbox
from lives_world import STATION, STORE, database_of, faults, keys_of, life, put_away
from pruned_books import EWA, LIMITS
from shop import MILK, NUTS, WATER, HandClock, move_cash, sell
from sync_chain import HUB_KEY


def prune_life(station: Station, clock: HandClock, name: str, *, waits: str = "") -> int:
    """How far a life is pruned, that head office has for good, in a night long afterwards; 0 = not at all."""
    assert isinstance(station.books, SqliteBooks)
    database, running = station.books.database, station.identity.incarnation
    stream = StreamId(STATION, name)
    query = "SELECT seq, hash FROM message WHERE incarnation = ? ORDER BY seq DESC LIMIT 1"
    seq, digest = database.rows(query, (name,))[0]
    head = Position(seq, bytes(digest).hex())
    signed = Head(
        signer="hub", signer_incarnation="h1", origin=STATION, incarnation=name, seq=head.seq, hash=head.hash,
        at="2030-01-01",
    )  # fmt: skip
    outbox = StationOutbox(database, stream, STORE)
    with database.transaction():
        outbox.acknowledged(stream, head, head)
        outbox.keep_head("hub", signed, signed_head(signed, HUB_KEY.sign))
        database.write("DELETE FROM stock_pending")
        database.write("DELETE FROM confirmation")
        database.write("INSERT INTO confirmation SELECT doc_id, 'booked', 'G', '' FROM document")
        if waits:
            database.write("INSERT OR REPLACE INTO confirmation VALUES (?, 'parked', '', 'shift.x')", (waits,))
    pruning = StationPruning(database, STATION)
    note_finals(pruning, clock.now())
    later = clock.now() + datetime.timedelta(days=1000)
    while prune_once(pruning, LIMITS, (STATION, running), keys_of(int(running[1:])).signer.sign, later) is not None:
        pass
    return int(database.value("SELECT seq FROM pruned_to WHERE incarnation = ?", (name,)) or 0)


def test_a_shift_that_an_earlier_life_opened_loses_its_report_with_its_closing(tmp_path: Path) -> None:
    """REL-17, REL-13: its opening stays with that life, and both are proved."""
    clock = HandClock()
    first = life(tmp_path, 1, clock, fiscal=False)
    shift = shifts.open_shift(first, EWA, "100")
    sell(first, MILK)
    put_away(first)
    station = life(tmp_path, 2, clock, fiscal=False)
    sell(station, WATER)
    shifts.close_shift(station, EWA, ())
    shifts.open_shift(station, EWA, "100")
    sell(station, NUTS)
    prune_life(station, clock, "i2")
    books = station.books
    assert books.cash.known(shift.shift_id)
    assert books.cash.report_of(shift.shift_id) is None
    put_away(station)
    assert faults(tmp_path) == []


def taken_back_in_the_next_life(folder: Path, clock: HandClock) -> tuple[Station, str, int]:
    """(a second life with a shift after it, a cash document of the first life, where the second one cancelled it)."""
    first = life(folder, 1, clock, fiscal=False)
    shifts.open_shift(first, EWA, "100")
    given = move_cash(first, "cash_out", "9")
    shifts.close_shift(first, EWA, ())
    shifts.open_shift(first, EWA, "100")
    shifts.close_shift(first, EWA, ())
    shifts.open_shift(first, EWA, "100")
    shifts.close_shift(first, EWA, ())
    put_away(first)
    station = life(folder, 2, clock, fiscal=False)
    shifts.open_shift(station, EWA, "100")
    own_documents.cancel(station, EWA, given.doc_id)
    place = station.books.stream.head().seq
    shifts.close_shift(station, EWA, ())
    shifts.open_shift(station, EWA, "100")
    sell(station, NUTS)
    return station, given.doc_id, place


def test_a_document_whose_cancelling_a_later_life_let_go_of_is_proved(tmp_path: Path) -> None:
    """REL-14, REL-17: the life that it belongs to stays, for something was kept aside of it."""
    clock = HandClock()
    station, doc_id, place = taken_back_in_the_next_life(tmp_path, clock)
    database = database_of(station)
    with database.transaction():
        database.write(
            "INSERT INTO forked_message SELECT incarnation, seq, hash, message_id, kind, payload, zeroblob(32),"
            " signature, at, at FROM message WHERE incarnation = 'i1' AND seq = 1"
        )
    assert prune_life(station, clock, "i2") >= place
    stored = station.books.documents.find(doc_id)
    assert stored is not None
    assert stored.row.state == "cancelled"
    put_away(station)
    assert faults(tmp_path) == []


def test_a_document_stays_as_long_as_its_cancelling_in_a_later_life_does(tmp_path: Path) -> None:
    """REL-14, REL-17."""
    clock = HandClock()
    station, doc_id, place = taken_back_in_the_next_life(tmp_path, clock)
    database = database_of(station)
    (approved,) = database.rows("SELECT seq FROM document WHERE doc_id = ?", (doc_id,))[0]
    assert prune_life(station, clock, "i1") < approved
    assert station.books.documents.find(doc_id) is not None
    assert prune_life(station, clock, "i2") >= place
    assert prune_life(station, clock, "i1") > approved
    assert station.books.documents.find(doc_id) is None
    put_away(station)
    assert faults(tmp_path) == []


def test_a_cancelling_that_waits_for_a_person_stays_also_where_its_document_is_another_lifes(tmp_path: Path) -> None:
    """REL-17: the document itself was booked, and lies in another stream."""
    clock = HandClock()
    station, doc_id, place = taken_back_in_the_next_life(tmp_path, clock)
    assert prune_life(station, clock, "i2", waits=doc_id) < place
    assert prune_life(station, clock, "i2") >= place
    put_away(station)


def test_a_closing_that_waits_for_a_person_stays_also_where_an_earlier_life_opened_the_shift(tmp_path: Path) -> None:
    """REL-17: head office names the shift, not the message."""
    clock = HandClock()
    first = life(tmp_path, 1, clock, fiscal=False)
    shift = shifts.open_shift(first, EWA, "100")
    put_away(first)
    station = life(tmp_path, 2, clock, fiscal=False)
    shifts.close_shift(station, EWA, ())
    place = station.books.stream.head().seq
    shifts.open_shift(station, EWA, "100")
    sell(station, NUTS)
    assert prune_life(station, clock, "i2", waits=shift.shift_id) < place
    assert prune_life(station, clock, "i2") >= place
    put_away(station)
