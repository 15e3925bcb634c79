"""What the station's database promises: ledgers that only grow, balances that can be rebuilt, one writer's truth."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import apsw
import pytest

from chain import verify
from kontuar.kernel.money import Minor
from kontuar.operations.station import own_documents, payments, shifts
from kontuar.operations.station.station import Station
from kontuar.storage.failures import StorageDamaged
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS
from shop import (
    MILK,
    NUTS,
    WATER,
    actor_of,
    everything,
    fill,
    know_stock,
    messages,
    move_cash,
    move_goods,
    new_station,
    open_till,
    sell,
)  # fmt: skip

EWA = actor_of()
APPEND_ONLY = {
    "message": "payload = x'00'", "stock_move": "quantity_e4 = 0", "cash_move": "amount = 0",
    "document_history": "event = 'nothing'",
}  # fmt: skip


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """After a day with everything in it."""
    station = open_till(tmp_path)
    know_stock(station, MILK="20", NUTS="5")
    sell(station, MILK, MILK, NUTS, cash="100")
    draft = fill(station, WATER)
    payments.assign(station, EWA, draft.doc_id, "cash", "1", "EUR")
    payments.clear(station, EWA, draft.doc_id)
    own_documents.cancel(station, EWA, move_cash(station, "cash_in", "7").doc_id)
    own_documents.cancel(station, EWA, move_goods(station, "internal_release", MILK).doc_id)
    move_goods(station, "internal_receipt", NUTS)
    shifts.close_shift(station, EWA, (shifts.Counted(form="cash", currency="PLN", amount="160"),))
    shifts.open_shift(station, EWA, "50")
    sell(station, WATER)
    return station


def write(station: Station, statement: str) -> None:
    with station.books.transaction():
        station.books.database.write(statement)


def test_cash_balances_are_the_sums_of_the_ledger(station: Station) -> None:
    """REL-06: a cache that can be thrown away (decision 7)."""
    rebuilt = station.books.database.rows(
        "SELECT register, form, currency, sum(amount) FROM cash_move GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    )
    assert rebuilt == station.books.database.rows("SELECT * FROM cash_balance ORDER BY 1, 2, 3")
    assert station.books.cash.balances("S1T1") == {("cash", "PLN"): 5249}


def test_stock_is_the_agents_figure_and_the_sum_of_own_moves(station: Station) -> None:
    """REL-07: nothing was sent yet, so the pending moves are the whole ledger."""
    rebuilt = station.books.database.rows(
        "SELECT article, place, sum(change) FROM ("
        " SELECT article, from_place place, -quantity_e4 change FROM stock_move"
        " UNION ALL SELECT article, to_place, quantity_e4 FROM stock_move)"
        " WHERE place NOT LIKE '@%' GROUP BY 1, 2 ORDER BY 1, 2"
    )
    pending = station.books.database.rows(
        "SELECT article, warehouse, sum(quantity_e4) FROM stock_pending GROUP BY 1, 2 ORDER BY 1, 2"
    )
    assert rebuilt == pending
    assert station.books.stock.balances([MILK, NUTS, WATER]) == {
        ("S1M", MILK): Decimal(18), ("S1M", NUTS): Decimal(5), ("S1M", WATER): Decimal(-1),
    }  # fmt: skip


def test_no_effect_stands_twice_in_a_ledger(station: Station) -> None:
    """REL-08: the key (document, line, effect) is the database's own."""
    sold = sell(station, MILK)
    for again in (
        lambda: station.books.cash.add_moves(sold.doc_id, sold.cash_moves, sold.shift_id),
        lambda: station.books.stock.add_moves(sold.doc_id, sold.stock_moves, 99),
        lambda: station.books.documents.add(sold, 99, fiscal=""),
    ):
        before = everything(station)
        with pytest.raises(apsw.ConstraintError), station.books.transaction():
            again()
        assert everything(station) == before


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_what_was_written_is_neither_changed_nor_removed(station: Station, table: str) -> None:
    """DOC-03, REL-14: refused by the database itself, whoever asks."""
    before = everything(station)
    for statement in (
        f"UPDATE {table} SET {APPEND_ONLY[table]}",
        f"DELETE FROM {table}",
        f"INSERT OR REPLACE INTO {table} SELECT * FROM {table}",
    ):
        with pytest.raises(apsw.ConstraintError, match="append-only"):
            write(station, statement)
    assert everything(station) == before


@pytest.mark.parametrize("column", ["gross", "number", "seq", "doc_id", "type"])
def test_the_content_of_an_approved_document_does_not_change(station: Station, column: str) -> None:
    """DOC-03."""
    with pytest.raises(apsw.ConstraintError, match="does not change"):
        write(station, f"UPDATE document SET {column} = {column} || '1'")
    with pytest.raises(apsw.ConstraintError, match="is kept"):
        write(station, "DELETE FROM document")


def test_without_the_guard_a_changed_message_stands_and_only_the_chain_tells(station: Station) -> None:
    """REL-14: the twin of the tests above, with the trigger off."""
    write(station, "DROP TRIGGER message_stays")
    forged = "CAST(replace(CAST(payload AS TEXT), 'MILK', 'SILK') AS BLOB)"
    write(station, f"UPDATE message SET payload = {forged} WHERE seq = 2")
    assert b"SILK" in bytes(messages(station)[1].body)
    assert verify(station.books.database) == [2]


def _drop_guard(station: Station) -> None:
    write(station, "DROP TRIGGER message_stays")
    write(station, "DROP TRIGGER message_is_kept")


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        ("UPDATE message SET payload = CAST(payload || ' ' AS BLOB) WHERE seq = 3", [3]),
        ("UPDATE message SET hash = zeroblob(32) WHERE seq = 3", [3, 4]),
        ("UPDATE message SET signature = zeroblob(64) WHERE seq = 3", [3]),
        ("DELETE FROM message WHERE seq = 3", [3]),
        ("UPDATE message SET seq = 99 WHERE seq = 3", [3]),
    ],
)
def test_an_altered_removed_or_moved_message_is_found_at_its_place(
    station: Station, damage: str, named: list[int]
) -> None:
    """REL-14."""
    assert verify(station.books.database) == []
    _drop_guard(station)
    write(station, damage)
    assert verify(station.books.database)[: len(named)] == named


def test_a_transaction_is_all_or_nothing(station: Station) -> None:
    """REL-04."""
    before = everything(station)

    def half() -> None:
        with station.books.transaction():
            station.books.set_fact("one", "1")
            station.books.numbers.next_ordinal("receipt", "POS1", "2026-11")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        half()
    assert everything(station) == before


def test_writing_outside_a_transaction_is_a_bug(station: Station) -> None:
    with pytest.raises(AssertionError):
        station.books.database.write("DELETE FROM draft")


def test_only_one_shift_can_be_open_whatever_the_program_does(station: Station) -> None:
    """PAY-09."""
    shift = station.books.cash.open_shift()
    with pytest.raises(apsw.ConstraintError), station.books.transaction():
        station.books.database.write("INSERT INTO shift VALUES ('other', 99, ?, NULL, NULL)", (b"",))
    assert station.books.cash.open_shift() == shift


def test_the_books_open_again_as_they_were_closed(station: Station, tmp_path: Path) -> None:
    """REL-04."""
    before = everything(station)
    station.books.database.close()
    again = new_station(tmp_path)
    assert everything(again) == before
    assert sell(again, WATER).number == "PAR/2026/11/00003/POS1"
    assert verify(again.books.database) == []


def test_a_schema_from_the_future_is_refused_untouched(tmp_path: Path) -> None:
    """REL-16."""
    path = tmp_path / "S1T1.db"
    SqliteDatabase(path, migrations=MIGRATIONS).close()
    raw = apsw.Connection(str(path))
    raw.execute("PRAGMA user_version = 99")
    raw.close()
    with pytest.raises(StorageDamaged, match="newer"):
        SqliteDatabase(path, migrations=MIGRATIONS)


def test_what_is_acknowledged_is_synced(station: Station) -> None:
    """REL-04: the settings that the promise stands on."""
    value: Callable[[str], object] = station.books.database.value
    assert value("PRAGMA synchronous") == 2
    assert value("PRAGMA journal_mode") == "wal"
    assert value("PRAGMA foreign_keys") == 1
    assert value("PRAGMA recursive_triggers") == 1


def test_a_days_figures_are_counted_from_the_tables(station: Station) -> None:
    """REL-06: what reconciliation compares."""
    sums = {
        row.document_type: (row.documents, row.lines, row.gross) for row in station.books.counts.day_sums("2026-11-21")
    }
    assert sums["receipt"] == (2, 4, Minor(798 + 5990 + 249))
    tenders = [(row.form, row.currency, row.amount) for row in station.books.counts.day_tenders("2026-11-21")]
    assert tenders == [("cash", "PLN", 7037 + 700)]
    stock = {article: change for _, article, change in station.books.counts.day_stock("2026-11-21")}
    assert {article: Decimal(change) for article, change in stock.items()} == {MILK: -2, NUTS: 0, WATER: -1}
