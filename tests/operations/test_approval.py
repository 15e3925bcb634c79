"""Approving: one transaction, one number, once (DOC-01, DOC-03, DOC-05, REL-04, REL-05)."""

import datetime
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from chain import verify
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import read_body
from kontuar.domain.firm.records import NumberingRule
from kontuar.domain.parties import rights
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.actor import Grant
from kontuar.operations.station import approval, payments, shifts, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import (
    BAG,
    MILK,
    WATER,
    actor_of,
    cashier,
    change,
    everything,
    fill,
    know_stock,
    messages,
    new_station,
    open_till,
    sell,
    with_parameter,
)  # fmt: skip

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return open_till(tmp_path)


def paid(station: Station, *codes: str) -> Document:
    draft = fill(station, *codes)
    return payments.assign(station, EWA, draft.doc_id, "cash")


def test_one_approval_writes_number_document_moves_message_and_takes_the_draft(station: Station) -> None:
    """REL-04, DOC-01: together or not at all."""
    draft = paid(station, MILK, WATER)
    approved = approval.approve(station, EWA, draft.doc_id)
    assert (approved.number, approved.state, approved.approved_by) == ("PAR/2026/11/00001/POS1", "approved", "EWA")
    assert approved.business_day == datetime.date(2026, 11, 21)
    assert [(row.article, row.from_place, row.to_place, row.quantity) for row in approved.stock_moves] == [
        (MILK, "S1M", "@customer", 1), (WATER, "S1M", "@customer", 1),
    ]  # fmt: skip
    assert [(row.form, row.register, row.amount) for row in approved.cash_moves] == [("cash", "S1T1", 648)]
    told = messages(station)[-1]
    assert (told.kind, told.message_id, told.seq) == ("receipt.approved/1", approved.doc_id, 2)
    assert read_body(told) == approved
    stored = station.books.documents.find(approved.doc_id)
    assert stored.document == approved
    assert (stored.row.gross, stored.row.paid, stored.row.state, stored.row.fiscal) == (648, 648, "approved", "")
    assert [entry.event for entry in stored.history] == ["approved"]
    assert station.books.cash.balances("S1T1")["cash", "PLN"] == 10_648
    with refused("draft.not_found"):
        till.look_at(station, EWA, draft.doc_id)


def test_a_refused_approval_writes_nothing_and_takes_no_number(station: Station) -> None:
    """DOC-01, PAY-03."""
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash", "1")
    before = everything(station)
    with refused("payment.too_low") as problems:
        approval.approve(station, EWA, draft.doc_id)
    assert problems[0].facts == {"missing_minor": "299", "currency": "PLN"}
    assert everything(station) == before
    assert sell(station, MILK).number == "PAR/2026/11/00001/POS1"


def test_a_repeated_approval_gives_the_document_that_was_approved(station: Station) -> None:
    """REL-08: the answer was lost, the button is pressed again."""
    draft = paid(station, MILK)
    first = approval.approve(station, EWA, draft.doc_id)
    before = everything(station)
    assert approval.approve(station, EWA, draft.doc_id) == first
    assert everything(station) == before
    with refused("right.missing"):
        approval.approve(station, actor_of(rights.CASH_IN), draft.doc_id)


def test_numbers_have_no_gap_whatever_was_refused_in_between(station: Station) -> None:
    """DOC-01, REL-05."""
    numbers = []
    for round_number in range(12):
        if round_number % 3 == 0:
            with refused("document.empty"):
                approval.approve(station, EWA, till.begin(station, EWA, "receipt").doc_id)
        if round_number % 4 == 1:
            till.discard(station, EWA, fill(station, WATER).doc_id)
        numbers.append(sell(station, MILK).number)
    assert numbers == [f"PAR/2026/11/{ordinal:05}/POS1" for ordinal in range(1, 13)]


def test_the_stream_of_a_station_is_one_unbroken_signed_chain(station: Station) -> None:
    """REL-14, HUB-10."""
    for _ in range(3):
        sell(station, MILK, WATER)
    assert verify(station.books.database) == []
    assert [message.seq for message in messages(station)] == [1, 2, 3, 4]


def test_numbers_follow_the_pattern_of_the_hub(station: Station) -> None:
    """DOC-01."""
    rule = NumberingRule(document_type="receipt", pattern="{series}-{year}-{number:3} {symbol}", reset="year")
    change(station.books, rule)
    assert sell(station, MILK).number == "POS1-2026-001 PAR"


def test_a_number_is_never_given_twice_when_what_resets_it_changes(station: Station) -> None:
    """DOC-01, REL-01: the till goes on selling, and the visible numbers go on."""
    assert [sell(station, MILK).number[-10:] for _ in range(2)] == ["00001/POS1", "00002/POS1"]
    pattern = "{symbol}/{year}/{month}/{number:5}/{series}"
    change(station.books, NumberingRule(document_type="receipt", pattern=pattern, reset="year"))
    assert sell(station, MILK).number == "PAR/2026/11/00003/POS1"


def test_numbers_begin_anew_with_the_month_of_the_business_day(station: Station) -> None:
    """DOC-01: the shift's day decides, not midnight."""
    sell(station, MILK)
    station.clock.turn(10 * 24 * 3600)
    assert sell(station, MILK).number == "PAR/2026/11/00002/POS1"
    shifts.close_shift(station, EWA, ())
    shifts.open_shift(station, EWA, "100")
    assert sell(station, MILK).number == "PAR/2026/12/00001/POS1"


def test_each_type_has_its_own_series(station: Station) -> None:
    """DOC-01."""
    sell(station, MILK)
    from shop import move_cash, move_goods

    assert move_cash(station, "cash_in", "5").number == "KP/2026/11/00001/POS1"
    assert move_goods(station, "internal_receipt", MILK).number == "PW/2026/11/00001/POS1"


def test_an_empty_document_without_a_shift_tells_both_at_once(tmp_path: Path) -> None:
    """DOC-05."""
    station = new_station(tmp_path)
    draft = till.begin(station, EWA, "receipt")
    with refused("document.empty", "shift.not_open"):
        approval.open_payment(station, EWA, draft.doc_id)


def test_a_sale_is_approved_in_any_state_of_the_network(tmp_path: Path) -> None:
    """REL-01."""
    for level in Connectivity:
        station = open_till(tmp_path / level.name, level=level)
        assert sell(station, MILK).state == "approved"


def test_goods_known_not_to_be_there_are_not_sold_where_the_parameter_says_so(station: Station) -> None:
    """SALE-08."""
    with_parameter(station.books, "sale.block_below_zero", "yes")
    assert sell(station, MILK).state == "approved"
    know_stock(station, MILK="2")
    assert sell(station, MILK).state == "approved"
    with refused("stock.too_low") as problems:
        approval.open_payment(station, EWA, fill(station, MILK).doc_id)
    assert problems[0].facts["there"] == "0"
    assert sell(station, WATER).state == "approved"


def test_the_stations_stock_is_the_agents_figure_and_its_own_later_moves(station: Station) -> None:
    """REL-07, SALE-08: approval takes stock at once."""
    know_stock(station, MILK="10")
    sell(station, MILK, MILK)
    assert station.books.stock.balances([MILK]) == {("S1M", MILK): Decimal(8)}


def test_a_name_too_short_for_the_device_is_told_before_the_money(tmp_path: Path) -> None:
    """SALE-05."""
    station = open_till(tmp_path, fiscal_device=True)
    draft = fill(station, MILK, BAG)
    with refused("line.name_too_short") as problems:
        approval.open_payment(station, EWA, draft.doc_id)
    assert (problems[0].place, problems[0].facts["name"]) == ("line:2", "Tor")
    assert station.books.documents.find(sell(station, MILK).doc_id).row.fiscal == "waiting"


def test_who_allowed_an_approval_is_on_the_document_and_in_its_history(station: Station) -> None:
    """DOC-03, SEC-01."""
    draft = paid(station, MILK)
    seller = actor_of(rights.SELL, operator="OLA")
    with refused("right.missing"):
        approval.approve(station, seller, draft.doc_id)
    grant = Grant(grant_id="g", right=rights.APPROVE_RECEIPT, operator="EWA", doc_id=draft.doc_id)
    approved = approval.approve(station, msgspec.structs.replace(seller, grant=grant), draft.doc_id)
    assert [(row.right, row.operator) for row in approved.authorisations] == [("receipt.approve", "EWA")]
    history = station.books.documents.find(draft.doc_id).history
    assert [(entry.event, entry.operator) for entry in history] == [("authorised", "EWA"), ("approved", "OLA")]


def test_a_right_of_ones_own_needs_no_authorisation(station: Station) -> None:
    draft = paid(station, MILK)
    grant = Grant(grant_id="g", right=rights.APPROVE_RECEIPT, operator="EWA")
    approved = approval.approve(station, msgspec.structs.replace(cashier(), grant=grant), draft.doc_id)
    assert approved.authorisations == ()


def test_every_receipt_carries_the_perpetual_total(station: Station) -> None:
    """REL-06, PAY-10."""
    totals = [sell(station, MILK).perpetual_gross, sell(station, WATER).perpetual_gross]
    assert totals == [399, 648]


def test_small_assignments_to_one_form_become_one_payment(station: Station) -> None:
    """PAY-01."""
    draft = fill(station, MILK)
    for form, amount in (("cash", "1"), ("transfer", "0,50"), ("cash", "1"), ("transfer", "0,49"), ("cash", "5")):
        payments.assign(station, EWA, draft.doc_id, form, amount)
    approved = approval.approve(station, EWA, draft.doc_id)
    assert [(row.number, row.form, row.amount, row.role) for row in approved.payments] == [
        (1, "cash", 700, "payment"), (2, "transfer", 50, "payment"), (3, "transfer", 49, "payment"),
        (4, "cash", -400, "change"),
    ]  # fmt: skip
    assert sum(move.in_system for move in approved.cash_moves) == 399
