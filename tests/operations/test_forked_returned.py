"""A till that had told head office of forked sales, and is set up again from a backup: they are here again (REL-06)."""

from pathlib import Path

from kontuar.domain.documents.messages import OFFERED, MessageOffered
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.ports.streams import SealedMessage
from kontuar.operations.station import own_documents, returned
from kontuar.operations.station.station import Station
from lives_world import (
    EWA,
    back_up,
    bring_back,
    database_of,
    faults,
    life,
    morning,
    put_away,
    restore,
    sold_from_one_draft,
    stream_of,
    used_twice,
)
from shop import MILK, WATER, CountedIds, HandClock, move_cash, sell

_TABLES = {
    "document": "doc_id, number, state, incarnation, seq, gross, fiscal, fiscal_number, prints",
    "document_line": "line, article, quantity_e4, value",
    "cash_move": "*",
    "cash_balance": "*",
    "stock_move": "*",
    "fork_renamed": "*",
    "fork_offer": "*",
    "draft": "doc_id",
    "message": "*",
}
_FORKS = "incarnation, seq, hash, message_id, kind, payload, previous, signature"


def books_of(station: Station) -> dict[str, list[tuple[object, ...]]]:
    """What there is after both have settled, whatever came in which order."""
    database = database_of(station)
    found = {table: sorted(database.rows(f"SELECT {columns} FROM {table}")) for table, columns in _TABLES.items()}
    return {**found, "forked_message": sorted(database.rows(f"SELECT {_FORKS} FROM forked_message"))}


def lost_again(folder: Path, clock: HandClock, station: Station, held: list[SealedMessage]) -> tuple[Station, list]:
    """The second life brings back, offers and sells; then the backup of the morning once more: (third life, second)."""
    bring_back(station, held)
    returned.offer_forks(station)
    sell(station, WATER)
    second = stream_of(station, "i2")
    before = books_of(station)
    put_away(station)
    restore(folder)
    clock.turn(60)
    station = life(folder, 3, clock)
    return station, [second, before]


def taken_back_before_it_was_found(folder: Path, clock: HandClock) -> tuple[Station, list[SealedMessage], str]:
    """A cash document of a forked log that the next life cancelled, cut off from everybody, before it asked:
    (second life, what others hold of the first, the document)."""
    put_away(morning(folder, clock))
    back_up(folder)
    station = life(folder, 1, clock)
    sell(station, MILK)
    held = stream_of(station)
    put_away(station)
    restore(folder)
    clock.turn(60)
    station = life(folder, 1, clock)
    station.ids = CountedIds(clock, first=500_000)
    given = move_cash(station, "cash_out", "9")
    put_away(station)
    station = life(folder, 2, clock)
    own_documents.cancel(station, EWA, given.doc_id)
    return station, held, given.doc_id


def without_life(rows: list[tuple[object, ...]]) -> list[tuple[object, ...]]:
    """Without what the third life says itself."""
    return [row for row in rows if "i3" not in row]


def test_what_was_offered_comes_back_with_its_offer(tmp_path: Path) -> None:
    """REL-05, REL-06: the forked sale is in the lists, its money in the drawer, and what it changed is changed."""
    clock = HandClock()
    station, held, _ = used_twice(tmp_path, clock)
    station, (second, before) = lost_again(tmp_path, clock, station, held)
    bring_back(station, held)
    bring_back(station, second, incarnation="i2")
    after = books_of(station)
    for table, rows in before.items():
        assert without_life(after[table]) == rows, table
    assert [row.number for row in own_documents.page(station, EWA, DocumentQuery(state="forked")).rows] == [
        "PAR/2026/11/00003/POS1 (2)"
    ]
    effects = database_of(station).rows("SELECT d.number, e.what FROM fork_effect e JOIN document d USING (doc_id)")
    assert effects == [("PAR/2026/11/00001/POS1", "fiscalised")]  # the cash document was cancelled in both logs
    bring_back(station, second, incarnation="i2")
    assert books_of(station) == after
    assert returned.offer_forks(station) == 0
    put_away(station)
    assert faults(tmp_path) == []


def test_of_a_draft_sold_in_both_logs_both_come_back(tmp_path: Path) -> None:
    """REL-05, REL-06."""
    clock = HandClock()
    station, held, mine = sold_from_one_draft(tmp_path, clock)
    own_documents.count_print(station, EWA, mine.doc_id, "printer")
    put_away(station)
    station, (second, before) = lost_again(tmp_path, clock, life(tmp_path, 2, clock), held)
    bring_back(station, held)
    bring_back(station, second, incarnation="i2")
    after = books_of(station)
    for table, rows in before.items():
        assert without_life(after[table]) == rows, table
    put_away(station)
    assert faults(tmp_path) == []


def test_what_was_cancelled_before_it_was_found_to_be_forked_is_no_fault_of_the_books(tmp_path: Path) -> None:
    """REL-05, REL-14: the running life says that it was cancelled, and its money is in the drawer again."""
    clock = HandClock()
    station, held, doc_id = taken_back_before_it_was_found(tmp_path, clock)
    cash = station.books.cash.balances("S1T1")["cash", "PLN"]
    bring_back(station, held)
    stored = own_documents.preview(station, EWA, doc_id)
    assert (stored.row.state, stored.row.number) == ("forked", "KW/2026/11/00001/POS1 (2)")
    assert station.books.cash.balances("S1T1")["cash", "PLN"] == cash + 399
    put_away(station)
    assert faults(tmp_path) == []


def test_a_cancelling_that_comes_back_before_its_document_counts_when_that_is_here(tmp_path: Path) -> None:
    """REL-05, REL-06: the offer of a forked cash document stands behind its cancelling; the drawer has both."""
    clock = HandClock()
    station, held, doc_id = taken_back_before_it_was_found(tmp_path, clock)
    own_documents.count_print(station, EWA, doc_id, "printer")
    station, (second, before) = lost_again(tmp_path, clock, station, held)
    bring_back(station, held)
    assert bring_back(station, second, incarnation="i2").without_effect == 2
    after = books_of(station)
    for table, rows in before.items():
        assert without_life(after[table]) == rows, table
    assert database_of(station).rows("SELECT * FROM message_aside") == []
    put_away(station)
    assert faults(tmp_path) == []


def test_a_forked_document_that_another_machine_cancelled_gives_its_money_back_once(tmp_path: Path) -> None:
    """REL-05, REL-06: this database had found it forked before it heard of the cancelling."""
    clock = HandClock()
    station, held, doc_id = taken_back_before_it_was_found(tmp_path, clock)
    second = stream_of(station, "i2")
    put_away(station)
    restore(tmp_path)
    station = life(tmp_path, 1, clock)
    station.ids = CountedIds(clock, first=500_000)
    assert move_cash(station, "cash_out", "9").doc_id == doc_id
    put_away(station)
    station = life(tmp_path, 3, clock)
    bring_back(station, held)
    cash = station.books.cash.balances("S1T1")["cash", "PLN"]
    assert own_documents.preview(station, EWA, doc_id).row.state == "forked"
    bring_back(station, second, incarnation="i2")
    assert station.books.cash.balances("S1T1")["cash", "PLN"] == cash + 900
    put_away(station)
    assert faults(tmp_path) == []


def test_an_offer_that_is_not_what_was_signed_puts_nothing_into_the_books(tmp_path: Path) -> None:
    """SEC-02: it is kept, without effect."""
    clock = HandClock()
    station, held, own = used_twice(tmp_path, clock)
    sale = next(message for message in own[-4:] if b".approved/" in message.payload)
    offer = MessageOffered(
        incarnation="i1", seq=sale.seq, previous=own[sale.seq - 2].hash.hex(), hash=sale.hash.hex(),
        signature=sale.signature.hex(), payload=sale.payload.decode().replace("11980", "1198"),
    )  # fmt: skip
    with station.books.transaction():
        station.announce(OFFERED, station.ids.new_id(), offer, "")
    second = stream_of(station, "i2")
    put_away(station)
    restore(tmp_path)
    station = life(tmp_path, 3, clock)
    bring_back(station, held)
    assert bring_back(station, second, incarnation="i2").without_effect == 1
    assert database_of(station).value("SELECT count(*) FROM forked_message") == 0
    assert own_documents.page(station, EWA, DocumentQuery(state="forked")).rows == ()
    put_away(station)
    assert faults(tmp_path) == []
