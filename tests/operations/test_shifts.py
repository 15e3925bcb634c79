"""Cash shifts: float, differences, summaries, closing (PAY-09, PAY-10, REL-06)."""

import datetime
from pathlib import Path

import pytest

from kontuar.domain.documents.messages import read_body
from kontuar.domain.parties import rights
from kontuar.operations.station import approval, cash_documents, payments, shifts, till
from kontuar.operations.station.shifts import Counted
from kontuar.operations.station.station import Station
from refusals import refused
from shop import (
    MILK,
    REPAIR,
    WATER,
    actor_of,
    cashier,
    everything,
    fill,
    messages,
    move_cash,
    new_station,
    open_till,
    sell,
)  # fmt: skip

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


def counted(form: str, amount: str, currency: str = "PLN") -> Counted:
    return Counted(form=form, currency=currency, amount=amount)


def test_nothing_is_sold_without_a_shift(tmp_path: Path) -> None:
    """PAY-09."""
    station = new_station(tmp_path)
    draft = fill(station, MILK)
    with refused("shift.not_open"):
        payments.window(station, EWA, draft.doc_id)
    before = everything(station)
    with refused("shift.not_open"):
        payments.assign(station, EWA, draft.doc_id, "cash")
    with refused("shift.not_open", "payment.too_low"):
        approval.approve(station, EWA, draft.doc_id)
    assert everything(station) == before


def test_a_shift_begins_with_the_float_that_was_counted(tmp_path: Path) -> None:
    """PAY-09."""
    station = new_station(tmp_path)
    shift = shifts.open_shift(station, cashier(), "123,45")
    assert (shift.number, shift.opening_float, shift.register, shift.opened_by) == (1, 12_345, "S1T1", "OLA")
    assert shift.business_day == datetime.date(2026, 11, 21)
    assert station.books.cash.balances("S1T1") == {("cash", "PLN"): 12_345}
    told = read_body(messages(station)[-1])
    assert told.shift == shift
    assert [(move.effect, move.amount) for move in told.cash_moves] == [("float", 12_345)]


def test_only_one_shift_is_open(station: Station) -> None:
    """PAY-09."""
    before = everything(station)
    with refused("shift.already_open"):
        shifts.open_shift(station, EWA, "5")
    assert everything(station) == before


@pytest.mark.parametrize(("opening", "refusal"), [("-1", "shift.float_negative"), ("much", "amount.unreadable")])
def test_a_float_is_an_amount(tmp_path: Path, opening: str, refusal: str) -> None:
    station = new_station(tmp_path)
    with refused(refusal):
        shifts.open_shift(station, EWA, opening)
    assert station.books.cash.open_shift() is None
    assert messages(station) == []


def test_the_business_day_is_chosen_only_when_old_days_are_replayed(tmp_path: Path) -> None:
    day = datetime.date(2020, 1, 2)
    with refused("shift.day_not_chosen"):
        shifts.open_shift(new_station(tmp_path), EWA, "0", day)
    old = new_station(tmp_path / "old", replay=True)
    assert shifts.open_shift(old, EWA, "0", day).business_day == day


def test_rights_of_shifts_are_asked_for(tmp_path: Path) -> None:
    """SEC-01."""
    station = new_station(tmp_path)
    seller = actor_of(rights.SELL)
    with refused("right.missing"):
        shifts.open_shift(station, seller, "0")
    shifts.open_shift(station, EWA, "0")
    with refused("right.missing"):
        shifts.close_shift(station, seller, ())
    with refused("right.missing"):
        shifts.summary(station, seller)


def a_busy_shift(station: Station) -> None:
    """Two receipts in cash (one with euro), one by coupon, money in and out, a line and a draft given up."""
    sell(station, MILK, WATER, cash="10")
    draft = fill(station, REPAIR)
    payments.assign(station, EWA, draft.doc_id, "cash", "10", "EUR")
    approval.approve(station, EWA, draft.doc_id)
    draft = fill(station, WATER)
    payments.assign(station, EWA, draft.doc_id, "coupon")
    approval.approve(station, EWA, draft.doc_id)
    move_cash(station, "cash_in", "30")
    move_cash(station, "cash_out", "50")
    till.remove_line(station, EWA, fill(station, MILK, MILK).doc_id, 1)
    till.discard(station, EWA, fill(station, MILK).doc_id)


def test_the_summary_counts_sales_taxes_and_money(station: Station) -> None:
    """PAY-10."""
    a_busy_shift(station)
    report = shifts.summary(station, EWA)
    assert [(row.document_type, row.count, row.gross) for row in report.documents] == [
        ("cash_in", 1, 3000), ("cash_out", 1, 5000), ("receipt", 3, 2897),
    ]  # fmt: skip
    receipts = report.documents[2]
    assert (receipts.first_number, receipts.last_number) == ("PAR/2026/11/00001/POS1", "PAR/2026/11/00003/POS1")
    assert [(row.vat, row.net, row.tax, row.gross) for row in report.taxes] == [
        ("23", 2030, 468, 2498), ("5", 380, 19, 399),
    ]  # fmt: skip
    assert [(r.form, r.currency, r.opening, r.received, r.paid_out, r.expected) for r in report.forms] == [
        ("cash", "EUR", 0, 1000, 0, 1000), ("cash", "PLN", 10_000, 4000, 7602, 6398),
        ("coupon", "PLN", 0, 249, 0, 249),
    ]  # fmt: skip
    assert (report.sales_gross, report.voided_lines, report.voided_drafts, report.not_fiscalised) == (2897, 1, 1, 0)
    assert report.perpetual_gross == 2897


def test_closing_books_differences_and_empties_forms_that_must_not_accumulate(station: Station) -> None:
    """PAY-09: the register then holds what was counted; coupons are cleared."""
    a_busy_shift(station)
    report = shifts.close_shift(station, EWA, (counted("cash", "63,90"), counted("cash", "10", "EUR")))
    figures = {(r.form, r.currency): (r.counted, r.difference, r.clears) for r in report.forms}
    assert figures == {
        ("cash", "PLN"): (6390, -8, False), ("cash", "EUR"): (1000, 0, False), ("coupon", "PLN"): (None, None, True),
    }  # fmt: skip
    told = read_body(messages(station)[-1])
    assert told.report == report
    assert [(move.effect, move.form, move.amount) for move in told.cash_moves] == [
        ("difference", "cash", -8), ("cleared", "coupon", -249),
    ]  # fmt: skip
    assert station.books.cash.balances("S1T1") == {
        ("cash", "PLN"): 6390, ("cash", "EUR"): 1000, ("coupon", "PLN"): 0,
    }  # fmt: skip


def test_what_is_cleared_is_what_was_counted(station: Station) -> None:
    """PAY-09."""
    a_busy_shift(station)
    shifts.close_shift(station, EWA, (counted("coupon", "5,00"),))
    assert station.books.cash.balances("S1T1")["coupon", "PLN"] == 0


def test_the_next_float_explains_what_was_taken_to_the_safe(station: Station) -> None:
    """PAY-09."""
    shifts.close_shift(station, EWA, ())
    shift = shifts.open_shift(station, EWA, "40")
    assert shift.number == 2
    told = read_body(messages(station)[-1])
    assert [(move.effect, move.amount) for move in told.cash_moves] == [("float", -6000)]
    report = shifts.summary(station, EWA)
    assert [(row.opening, row.expected) for row in report.forms] == [(4000, 4000)]
    assert report.documents == ()


def test_a_closed_shifts_report_equals_the_ledger(station: Station) -> None:
    """REL-06: recomputed from the moves alone."""
    a_busy_shift(station)
    report = shifts.close_shift(station, EWA, (counted("cash", "60"),))
    database = station.books.database
    for row in report.forms:
        query = "SELECT coalesce(sum(amount), 0) FROM cash_move WHERE form = ? AND currency = ? AND effect = 'payment'"
        assert database.value(query, (row.form, row.currency)) == row.received - row.paid_out
    gross = database.value("SELECT sum(gross) FROM document WHERE type = 'receipt'")
    assert report.sales_gross == gross == sum(row.gross for row in report.taxes)
    assert station.books.cash.report_of(report.shift.shift_id) == report
    assert station.books.cash.closed_shifts(5) == [report.shift]


def test_the_closure_is_sealed_with_the_head_of_the_chain(station: Station) -> None:
    """PAY-10, REL-06."""
    sell(station, MILK)
    head = station.books.stream.head()
    assert shifts.close_shift(station, EWA, ()).chain_head == head.hash
    assert messages(station)[-1].seq == head.seq + 1


def test_a_shift_does_not_close_over_money_on_a_draft(station: Station) -> None:
    """PAY-02, PAY-09."""
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash", "1")
    before = everything(station)
    with refused("shift.payment_open"):
        shifts.close_shift(station, EWA, ())
    assert everything(station) == before
    payments.clear(station, EWA, draft.doc_id)
    assert shifts.close_shift(station, EWA, ()).closed_by == "EWA"


def test_drafts_and_unfinished_cash_documents_do_not_stop_a_shift_from_closing(station: Station) -> None:
    """A draft holds no money; a KP that nobody approved moved none. Both are there the next day."""
    draft = fill(station, MILK)
    voucher = till.begin(station, EWA, "cash_in")
    cash_documents.set_amount(station, EWA, voucher.doc_id, "cash", "5")
    shifts.close_shift(station, EWA, ())
    assert {row.doc_id for row in station.books.drafts.every()} == {draft.doc_id, voucher.doc_id}


def test_an_unreadable_count_closes_nothing(station: Station) -> None:
    before = everything(station)
    with refused("amount.unreadable") as problems:
        shifts.close_shift(station, EWA, (counted("cash", "a lot"),))
    assert problems[0].place == "counted:cash"
    assert everything(station) == before
    assert shifts.close_shift(station, EWA, (counted("cash", " "),)).forms[0].counted is None


def test_closing_twice_is_refused(station: Station) -> None:
    shifts.close_shift(station, EWA, ())
    with refused("shift.not_open"):
        shifts.close_shift(station, EWA, ())
    with refused("shift.not_open"):
        shifts.summary(station, EWA)
