"""Two logs of one life: truth is what others hold, and what contradicts it is kept, shown and offered (REL-05)."""

import uuid
from pathlib import Path

import apsw
import pytest

from kontuar.domain.cash.records import CashMove
from kontuar.domain.documents.messages import OFFERED, Message, MessageOffered, ShiftOpened, read_body
from kontuar.kernel.canonical import chain_hash, decode
from kontuar.kernel.errors import Refused
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.station import own_documents, returned, shifts
from kontuar.operations.station.station import Station
from lives_world import (
    EWA,
    back_up,
    bring_back,
    database_of,
    faults,
    kinds_of,
    life,
    morning,
    proved,
    put_away,
    restore,
    set_back_before_all,
    sold_from_one_draft,
    stream_of,
    used_twice,
)
from shop import MILK, WATER, HandClock, move_cash, sell


def test_what_contradicts_is_kept_apart_and_visible_and_the_books_hold(tmp_path: Path) -> None:
    """REL-05, REL-13: truth is what others hold; the sale that was made stays in the lists, its number makes room."""
    clock = HandClock()
    station, held, own = used_twice(tmp_path, clock)
    common = next(n for n, (one, other) in enumerate(zip(held, own, strict=False)) if one.hash != other.hash)
    cash = station.books.cash.balances("S1T1")["cash", "PLN"]
    done = bring_back(station, held)
    assert (done.returned, done.aside) == (len(held) - common, len(own) - common)
    assert stream_of(station) == held
    forked = own_documents.page(station, EWA, DocumentQuery(state="forked")).rows
    assert [row.number for row in forked] == ["PAR/2026/11/00003/POS1 (2)"]
    assert station.books.documents.find_number("PAR/2026/11/00003/POS1") is not None
    stored = own_documents.preview(station, EWA, forked[0].doc_id)
    assert stored.document.number == "PAR/2026/11/00003/POS1"
    assert (stored.row.state, stored.row.sync, stored.fiscal_number) == ("forked", "waiting", "F8")
    assert stored.history[-1].event == "forked"
    assert station.books.cash.balances("S1T1")["cash", "PLN"] != cash
    put_away(station)
    assert faults(tmp_path) == []
    notes = {stream.incarnation: dict(stream.notes) for stream in proved(tmp_path).streams}
    assert notes["i1"]["forked"] == done.aside


def test_money_of_a_forked_sale_stays_in_the_drawer(tmp_path: Path) -> None:
    """REL-06: what came back is booked beside it; every balance is the sum of its ledger."""
    clock = HandClock()
    station, held, own = used_twice(tmp_path, clock)
    mine = next(body for body in map(_body, own) if getattr(body, "number", "") == "PAR/2026/11/00003/POS1")
    bring_back(station, held)
    moves = database_of(station).rows("SELECT sum(amount) FROM cash_move WHERE doc_id = ?", (mine.doc_id,))
    assert moves == [(11980,)]
    balances = database_of(station).rows(
        "SELECT b.amount - (SELECT sum(m.amount) FROM cash_move m WHERE m.register = b.register AND m.form = b.form"
        " AND m.currency = b.currency) FROM cash_balance b"
    )
    assert {difference for (difference,) in balances} == {0}


def _body(message):
    return read_body(decode(message.payload, Message))


def test_a_forked_document_is_printed_and_looked_at_and_not_cancelled(tmp_path: Path) -> None:
    """DOC-03, DOC-12, DOC-32: head office decides about it."""
    clock = HandClock()
    station = morning(tmp_path, clock)
    put_away(station)
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    sell(station, MILK)
    held = stream_of(station)
    put_away(station)
    restore(tmp_path)
    station = life(tmp_path, 1, clock)
    clock.turn(5)
    mine = move_cash(station, "cash_in", "9")
    put_away(station)
    station = life(tmp_path, 2, clock)
    bring_back(station, held)
    document, copy = own_documents.count_print(station, EWA, mine.doc_id, "printer")
    assert (document.number, copy) == (mine.number, False)
    with pytest.raises(Refused) as refused:
        own_documents.cancel(station, EWA, mine.doc_id)
    assert (refused.value.problems[0].code, refused.value.problems[0].facts["number"]) == (
        "document.forked", f"{mine.number} (2)",
    )  # fmt: skip
    put_away(station)
    assert faults(tmp_path) == []


def test_a_forked_sale_that_waits_for_the_fiscal_device_is_still_registered(tmp_path: Path) -> None:
    """SALE-05: the sale did happen."""
    clock = HandClock()
    put_away(morning(tmp_path, clock))
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    sell(station, MILK)
    held = stream_of(station)
    put_away(station)
    restore(tmp_path)
    station = life(tmp_path, 1, clock)
    clock.turn(5)
    mine = sell(station, WATER)
    put_away(station)
    station = life(tmp_path, 2, clock)
    bring_back(station, held)
    own_documents.fiscalised(station, EWA, mine.doc_id, "F5", "double")
    stored = own_documents.preview(station, EWA, mine.doc_id)
    assert (stored.row.state, stored.row.fiscal, stored.fiscal_number) == ("forked", "done", "F5")
    put_away(station)
    assert faults(tmp_path) == []


def test_each_forked_message_is_offered_once_in_the_new_life(tmp_path: Path) -> None:
    """REL-05: with all that proves it; the lists say that it is on its way."""
    clock = HandClock()
    station, held, own = used_twice(tmp_path, clock)
    done = bring_back(station, held)
    told_before = station.books.returned.to_offer("i2", 1)[0].sealed.hash
    with station.books.transaction():  # by a question, as a machine that was replaced, before somebody gave it a code
        station.books.returned.offered(told_before, "i1", returned.BY_QUESTION)
    assert returned.offer_forks(station) == done.aside
    assert returned.offer_forks(station) == 0
    offers = [_body(message) for message in stream_of(station, "i2") if kinds_of([message]) == [OFFERED]]
    assert all(isinstance(offer, MessageOffered) for offer in offers)
    for offer, message in zip(offers, own[-done.aside :], strict=True):
        assert (offer.incarnation, offer.seq, bytes.fromhex(offer.hash)) == ("i1", message.seq, message.hash)
        assert bytes.fromhex(offer.signature) == message.signature
        assert chain_hash(bytes.fromhex(offer.previous), offer.payload.encode()) == message.hash
    row = own_documents.page(station, EWA, DocumentQuery(state="forked")).rows[0]
    assert row.sync == "waiting"
    database = database_of(station)
    with database.transaction():
        database.write("INSERT OR REPLACE INTO uplink SELECT 'i2', max(seq), hash, 0, zeroblob(32), 0 FROM message"
                       " WHERE incarnation = 'i2'")  # fmt: skip
    assert own_documents.page(station, EWA, DocumentQuery(state="forked")).rows[0].sync == "held"
    put_away(station)
    assert faults(tmp_path) == []


@pytest.mark.parametrize("closed_before", [False, True])
def test_a_shift_that_was_opened_in_the_forked_log_and_goes_on_is_told_as_the_new_lifes_own(
    tmp_path: Path, closed_before: bool
) -> None:
    """REL-09: else nothing that is sold in it could be booked before a person has decided on the offer; a till that
    was cut off may have closed it meanwhile."""
    clock = HandClock()
    held = set_back_before_all(tmp_path, clock)
    station = morning(tmp_path, clock)
    shift = station.open_shift()
    put_away(station)
    station = life(tmp_path, 2, clock)
    sell(station, MILK)
    if closed_before:
        shifts.close_shift(station, EWA, ())
    done = bring_back(station, held)
    assert returned.offer_forks(station) == done.aside
    told = {
        body.shift.shift_id for message in stream_of(station, "i2") if isinstance(body := _body(message), ShiftOpened)
    }
    assert told == {shift.shift_id}
    offered = [_body(message) for message in stream_of(station, "i2") if kinds_of([message]) == [OFFERED]]
    assert len(offered) == done.aside - 1
    assert not any("shift.opened" in offer.payload for offer in offered)
    put_away(station)
    assert faults(tmp_path) == []


@pytest.mark.parametrize("sold_before", [False, True])
def test_what_is_sold_before_that_opening_is_told_counts_in_the_shifts_report(
    tmp_path: Path, sold_before: bool
) -> None:
    """REL-06, REL-14: nobody can be asked what is held when the new life begins; its shift goes on all the same."""
    clock = HandClock()
    held = set_back_before_all(tmp_path, clock)
    station = life(tmp_path, 1, clock)
    shifts.open_shift(station, EWA, "100")
    put_away(station)
    station = life(tmp_path, 2, clock)
    if sold_before:
        sell(station, MILK)
    bring_back(station, held)
    returned.offer_forks(station)
    sell(station, MILK)
    shifts.close_shift(station, EWA, (shifts.Counted(form="cash", currency="PLN", amount="100"),))
    put_away(station)
    assert faults(tmp_path) == []


def forked_in_a_shift_that_goes_on(folder: Path) -> Station:
    """A till that sold in a shift which only its forked log opened, and goes on selling in it."""
    clock = HandClock()
    held = set_back_before_all(folder, clock)
    station = life(folder, 1, clock)
    shifts.open_shift(station, EWA, "100")
    sell(station, MILK)
    put_away(station)
    station = life(folder, 2, clock)
    bring_back(station, held)
    returned.offer_forks(station)
    sell(station, MILK)
    return station


def test_the_money_of_forked_sales_in_a_shift_that_goes_on_is_in_its_report_and_the_books_hold(tmp_path: Path) -> None:
    """REL-05, REL-06, REL-14: it lies in the drawer, and the documents that brought it wait aside for a person."""
    station = forked_in_a_shift_that_goes_on(tmp_path)
    shifts.close_shift(station, EWA, (shifts.Counted(form="cash", currency="PLN", amount="100"),))
    put_away(station)
    assert faults(tmp_path) == []


def test_money_in_such_a_report_that_no_forked_sale_brought_is_told(tmp_path: Path) -> None:
    """REL-14."""
    station = forked_in_a_shift_that_goes_on(tmp_path)
    shift = station.open_shift()
    move = CashMove(
        line=1, effect="payment", register=shift.register, form="cash", currency="PLN", amount=1, in_system=1
    )
    with station.books.transaction():
        station.books.cash.add_moves("nobody", (move,), shift.shift_id)
    shifts.close_shift(station, EWA, (shifts.Counted(form="cash", currency="PLN", amount="100"),))
    put_away(station)
    assert "chain.shift_differs" in {code for code, _, _ in faults(tmp_path)}


def test_offers_wait_while_the_forked_life_is_the_one_that_runs(tmp_path: Path) -> None:
    """REL-05: at most fifty in one transaction."""
    clock = HandClock()
    put_away(morning(tmp_path, clock))
    back_up(tmp_path)
    station = life(tmp_path, 1, clock)
    sell(station, MILK)
    held = stream_of(station)
    put_away(station)
    restore(tmp_path)
    station = life(tmp_path, 1, clock)
    clock.turn(5)
    for _ in range(60):
        station.event("drawer.opened", "EWA")
    put_away(station)
    station = life(tmp_path, 2, clock)
    assert bring_back(station, held).aside == 60
    assert returned.offer_forks(station) == 50
    assert returned.offer_forks(station) == 10
    assert returned.offer_forks(station) == 0


def test_a_message_leaves_the_stream_only_when_its_twin_is_kept(tmp_path: Path) -> None:
    """HUB-10, REL-05: the database itself refuses anything else."""
    station = morning(tmp_path, HandClock())
    database = database_of(station)
    refused = (
        "DELETE FROM message WHERE seq = 3",
        "UPDATE document SET number = number || ' (2)', state = 'forked'",
        "UPDATE document SET number = 'X'",
        "UPDATE message SET seq = 99 WHERE seq = 3",
    )
    for statement in refused:
        with pytest.raises(apsw.ConstraintError), database.transaction():
            database.write(statement)
    with database.transaction():
        database.write(
            "INSERT INTO forked_message SELECT incarnation, seq, hash, message_id, kind, payload, zeroblob(32),"
            " signature, at, at FROM message WHERE seq = 3"
        )
    for statement in ("DELETE FROM forked_message", "UPDATE forked_message SET kind = ''"):
        with pytest.raises(apsw.ConstraintError), database.transaction():
            database.write(statement)
    with pytest.raises(apsw.ConstraintError), database.transaction():
        database.write("DELETE FROM message WHERE seq = 2")


def test_of_a_draft_sold_in_both_logs_both_documents_are_here(tmp_path: Path) -> None:
    """REL-05: the true one has the identity, the number and its money; the other one keeps its own beside it."""
    clock = HandClock()
    station, held, mine = sold_from_one_draft(tmp_path, clock)
    put_away(station)
    station = life(tmp_path, 2, clock)
    done = bring_back(station, held)
    assert (done.returned, done.aside, done.without_effect) == (1, 2, 0)
    database = database_of(station)
    name = str(database.value("SELECT doc_id FROM fork_renamed WHERE was = ?", (mine.doc_id,)))
    assert uuid.UUID(name).version == 8
    true, other = (own_documents.preview(station, EWA, doc_id) for doc_id in (mine.doc_id, name))
    assert (true.row.state, true.row.number, true.document.totals.gross) == ("approved", mine.number, 399)
    assert (other.row.state, other.row.number, other.document.totals.gross) == ("forked", f"{mine.number} (2)", 648)
    assert (other.document.doc_id, other.document.number) == (name, mine.number)
    assert [entry.event for entry in other.history] == ["approved", "fiscalised", "forked"]
    assert [entry.event for entry in true.history] == ["returned", "fiscal_uncertain"]
    moved = "SELECT sum(amount) FROM cash_move WHERE doc_id = ?"
    assert [database.value(moved, (one,)) for one in (true.row.doc_id, other.row.doc_id)] == [399, 648]
    returned.offer_forks(station)
    own_documents.count_print(station, EWA, other.row.doc_id, "printer")
    listed = own_documents.page(station, EWA, DocumentQuery(text=mine.number)).rows
    assert {row.number for row in listed} == {mine.number, f"{mine.number} (2)"}
    for table in ("stock_move", "cash_move", "document_history", "document"):
        with pytest.raises(apsw.ConstraintError), database.transaction():
            database.write(f"UPDATE {table} SET doc_id = ? WHERE doc_id = ?", ("another", mine.doc_id))
    put_away(station)
    assert faults(tmp_path) == []


def test_a_truth_that_changes_and_changes_back_doubles_nothing(tmp_path: Path) -> None:
    """REL-06, REL-08: a hub that was set up again may say so; every sale's money stands in the ledger once."""
    clock = HandClock()
    station, held, own = used_twice(tmp_path, clock)
    database = database_of(station)
    sums = []
    for truth in (held, own, held):
        bring_back(station, truth)
        assert stream_of(station) == truth
        sums.append(
            (database.value("SELECT sum(amount) FROM cash_move"), database.value("SELECT count(*) FROM document"))
        )
    assert len(set(sums)) == 1
    assert {row.number for row in own_documents.page(station, EWA, DocumentQuery()).rows} == {
        "PAR/2026/11/00001/POS1", "PAR/2026/11/00002/POS1", "PAR/2026/11/00003/POS1 (2)", "PAR/2026/11/00003/POS1 (3)",
        "PAR/2026/11/00004/POS1 (2)",
    }  # fmt: skip
    put_away(station)
    assert faults(tmp_path) == []
