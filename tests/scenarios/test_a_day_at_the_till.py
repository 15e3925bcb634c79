"""A day in a shop, from the first float to the closing report (SALE-01, PAY-01 … PAY-10, REL-06, REL-20)."""

from decimal import Decimal
from pathlib import Path

import pytest

from chain import verify
from kontuar.domain.catalogue.records import Price
from kontuar.domain.documents.messages import read_body
from kontuar.domain.parties import rights
from kontuar.kernel.connectivity import Connectivity
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.station import approval, login, own_documents, payments, reconciliation, shifts, till
from kontuar.operations.station.shifts import Counted
from kontuar.operations.station.station import Station
from refusals import refused
from shop import (
    MILK,
    MILK_EAN,
    NUTS_EAN,
    REPAIR,
    TILE,
    WATER,
    HandClock,
    actor_of,
    change,
    know_stock,
    messages,
    move_cash,
    move_goods,
    new_station,
    sell,
)  # fmt: skip

MINUTE = 60


def logged_in(station: Station, operator: str) -> login.LoggedIn:
    return login.log_in(station, login.attempt(station, operator), pin_is_right=True)


@pytest.fixture
def station(tmp_path: Path) -> Station:
    """The agent is away all day: nothing of what follows waits for it (REL-01)."""
    return new_station(tmp_path, level=Connectivity.OFFLINE, fiscal_device=True)


def the_morning(station: Station, ola: Actor) -> None:
    """Float; a customer with small money; one who changes her mind; one who pays in euro."""
    shifts.open_shift(station, ola, "200")
    station.clock.turn(5 * MINUTE)
    draft = till.begin(station, ola, "receipt")
    till.scan(station, ola, draft.doc_id, MILK_EAN)
    till.scan(station, ola, draft.doc_id, NUTS_EAN, "0,250")
    till.scan(station, ola, draft.doc_id, WATER)
    till.remove_line(station, ola, draft.doc_id, 3)
    assert payments.window(station, ola, draft.doc_id).due == 399 + 1498
    payments.assign(station, ola, draft.doc_id, "cash", "10")
    payments.assign(station, ola, draft.doc_id, "cash", "20")
    first = approval.approve(station, ola, draft.doc_id)
    assert [(row.amount, row.role) for row in first.payments] == [(3000, "payment"), (-1103, "change")]
    station.clock.turn(MINUTE)
    draft = till.begin(station, ola, "receipt")
    till.scan(station, ola, draft.doc_id, MILK)
    till.set_buyer(station, ola, draft.doc_id, "ANNA")
    payments.assign(station, ola, draft.doc_id, "cash", "5", "EUR")
    assert approval.approve(station, ola, draft.doc_id).totals.gross == 349


def the_renovator(station: Station, ola: login.LoggedIn) -> None:
    """11 m² of tiles, a price that the manager allows, a card that answers late."""
    draft = till.begin(station, ola.actor, "receipt")
    till.scan(station, ola.actor, draft.doc_id, TILE)
    till.change_quantity(station, ola.actor, draft.doc_id, 1, "11,0", "m2")
    tried = login.attempt(station, "EWA")
    grant = login.authorise(station, ola.actor, tried, rights.LINE_DISCOUNT, draft.doc_id, pin_is_right=True)
    allowed = login.who(station, ola.token, grant.grant_id)
    cheaper = till.change_value(station, allowed, draft.doc_id, 1, "200,00")
    assert (cheaper.totals.gross, cheaper.totals.discount) == (20_000, 2_200)
    request = payments.start_card(station, ola.actor, draft.doc_id, "card")
    payments.finish_card(station, ola.actor, request, "uncertain", {})
    payments.decide_card(station, ola.actor, draft.doc_id, request.operation_id, succeeded=True)
    approved = approval.approve(station, ola.actor, draft.doc_id)
    assert (approved.lines[0].base_quantity, approved.payments[0].confirmed_by) == (30, "OLA")
    assert [row.operator for row in approved.authorisations] == ["EWA"]


def test_a_day_from_the_first_float_to_the_closing_report(station: Station, tmp_path: Path) -> None:
    """PAY-09, PAY-10, REL-01, REL-06, REL-20."""
    ola, ewa = logged_in(station, "OLA"), logged_in(station, "EWA").actor
    the_morning(station, ola.actor)
    the_renovator(station, ola)

    # The machine goes down with a basket half scanned, and comes back with it.
    draft = till.begin(station, ola.actor, "receipt")
    draft = till.scan(station, ola.actor, draft.doc_id, REPAIR)
    station.books.database.close()
    after = HandClock(station.clock.now())
    after.turn(10 * MINUTE)
    station = new_station(tmp_path, level=Connectivity.OFFLINE, fiscal_device=True, clock=after)
    ola_again = login.who(station, ola.token)
    assert till.resume(station, ola_again, "receipt") == draft
    payments.assign(station, ola_again, draft.doc_id, "coupon")
    approval.approve(station, ola_again, draft.doc_id)

    # The device has paper again: what waits is fiscalised, once.
    waiting = own_documents.page(station, ewa, DocumentQuery(state="not_fiscalised"))
    assert len(waiting.rows) == 4
    for number, row in enumerate(reversed(waiting.rows), 1):
        own_documents.fiscalised(station, ewa, row.doc_id, f"F{number}", "double")

    # Money to the safe; a cash voucher written by mistake and taken back.
    move_cash(station, "cash_out", "100")
    own_documents.cancel(station, ewa, move_cash(station, "cash_in", "1").doc_id, "wrong till")
    with refused("connectivity.too_low"):
        move_goods(station, "internal_release", WATER)
    the_evening(station, ewa)


def the_evening(station: Station, ewa: Actor) -> None:
    """The drawer is counted; the report, the ledger, the stream and reconciliation say the same."""
    expected = {(row.form, row.currency): row.expected for row in shifts.summary(station, ewa).forms}
    assert expected == {
        ("cash", "PLN"): 20_000 + 1_897 - 1_776 - 10_000, ("cash", "EUR"): 500, ("card", "PLN"): 20_000,
        ("coupon", "PLN"): 2_000,
    }  # fmt: skip
    report = shifts.close_shift(
        station, ewa,
        (Counted(form="cash", currency="PLN", amount="101,00"), Counted(form="cash", currency="EUR", amount="5")),
    )  # fmt: skip
    assert [(row.document_type, row.count, row.gross) for row in report.documents] == [
        ("cash_in", 1, 100), ("cash_out", 1, 10_000), ("receipt", 4, 1_897 + 349 + 20_000 + 2_000),
    ]  # fmt: skip
    assert {(r.form, r.currency): r.difference for r in report.forms}["cash", "PLN"] == -21
    assert (report.voided_lines, report.not_fiscalised) == (1, 0)
    assert report.sales_gross == report.perpetual_gross == sum(row.gross for row in report.taxes) == 24_246
    assert station.books.cash.balances("S1T1") == {
        ("cash", "PLN"): 10_100, ("cash", "EUR"): 500, ("card", "PLN"): 20_000, ("coupon", "PLN"): 0,
    }  # fmt: skip
    told = messages(station)
    assert read_body(told[-1]).report == report
    assert [message.seq for message in told] == list(range(1, len(told) + 1))
    assert [message.at for message in told] == sorted(message.at for message in told)
    assert verify(station.books.database) == []
    day = reconciliation.station_day(station, ewa, "2026-11-21")
    receipts = next(row for row in day.types if row.document_type == "receipt")
    assert (receipts.documents, receipts.gross) == (4, 24_246)
    assert receipts.numbers == tuple(f"PAR/2026/11/{ordinal:05}/POS1" for ordinal in range(1, 5))
    assert (day.head.seq, day.waiting) == (len(told), len(told))


def test_two_tills_of_a_store_number_apart_and_share_nothing_but_definitions(tmp_path: Path) -> None:
    """DOC-01, REL-05."""
    clock = HandClock()
    one, two = (
        new_station(tmp_path, code, series, clock=clock) for code, series in (("S1T1", "POS1"), ("S1T2", "POS2"))
    )
    for station in (one, two, one):
        if station.books.cash.open_shift() is None:
            shifts.open_shift(station, actor_of(), "50")
        sell(station, MILK)
    found = [own_documents.page(station, actor_of(), DocumentQuery()).rows for station in (one, two)]
    assert [[row.number for row in rows] for rows in found] == [
        ["PAR/2026/11/00002/POS1", "PAR/2026/11/00001/POS1"], ["PAR/2026/11/00001/POS2"],
    ]  # fmt: skip


def test_a_price_change_at_midnight_holds_from_the_next_shift_on(tmp_path: Path) -> None:
    """The day of the shift decides, for prices and for numbers alike."""
    station = new_station(tmp_path)
    change(
        station.books,
        Price(price_list="RETAIL", article=MILK, unit="szt", valid_from="2026-11-22", price=Decimal("4.49")),
    )
    shifts.open_shift(station, actor_of(), "0")
    station.clock.turn(16 * 60 * MINUTE)
    assert sell(station, MILK).totals.gross == 399
    shifts.close_shift(station, actor_of(), ())
    shifts.open_shift(station, actor_of(), "0")
    assert sell(station, MILK).totals.gross == 449


def test_goods_come_go_and_are_counted_along(tmp_path: Path) -> None:
    """REL-07, SALE-08."""
    station = new_station(tmp_path)
    shifts.open_shift(station, actor_of(), "0")
    know_stock(station, MILK="2", WATER="0")
    move_goods(station, "internal_receipt", WATER, WATER, WATER)
    sell(station, MILK, WATER)
    move_goods(station, "internal_release", WATER)
    with refused("stock.too_low"):
        move_goods(station, "internal_release", MILK, MILK)
    assert station.books.stock.balances([MILK, WATER]) == {("S1M", MILK): 1, ("S1M", WATER): 1}
