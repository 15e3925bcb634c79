"""What a firm switches on and off for selling at its tills (HUB-12, HUB-14, HUB-15)."""

from pathlib import Path

import msgspec
import pytest

from invoices import with_business
from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor, Grant
from kontuar.operations.station import payments, sale_rules, shifts, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, MILK_EAN, actor_of, cashier, everything, fill, know_stock, open_till, with_parameter

EWA = actor_of()


def cashier_with(right: str) -> Actor:
    return msgspec.structs.replace(cashier(), rights=cashier().rights | {right})


def cashier_without(right: str) -> Actor:
    return msgspec.structs.replace(cashier(), rights=cashier().rights - {right})


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return with_business(open_till(tmp_path))


def test_selling_goes_by_eans_only_where_the_firm_wants_it(station: Station) -> None:
    """HUB-12: the article's own code is refused, the list stays; internal documents are none of it."""
    doc_id = fill(station, MILK_EAN).doc_id
    assert len(till.scan(station, EWA, doc_id, "MILK").lines) == 2
    with_parameter(station.books, "sale.by_ean_only", "yes")
    before = everything(station)
    with refused("article.sold_by_ean_only"):
        till.scan(station, EWA, doc_id, "MILK")
    assert everything(station) == before
    assert len(till.scan(station, EWA, doc_id, MILK_EAN).lines) == 3
    assert len(till.add_article(station, EWA, doc_id, "MILK").lines) == 4
    release = till.begin(station, EWA, "internal_release")
    assert len(till.scan(station, EWA, release.doc_id, "MILK").lines) == 1


def test_goods_that_are_not_there_are_refused_as_they_are_entered(station: Station) -> None:
    """HUB-12, SALE-08: by a scan, from the list and by a larger quantity; without the switch only at payment."""
    know_stock(station, MILK="100")
    with_parameter(station.books, "sale.block_below_zero", "yes")
    doc_id = fill(station, MILK).doc_id
    till.change_quantity(station, EWA, doc_id, 1, "9999")
    till.change_quantity(station, EWA, doc_id, 1, "1")
    with_parameter(station.books, "sale.check_stock_by_line", "yes")
    before = everything(station)
    with refused("stock.too_low"):
        till.change_quantity(station, EWA, doc_id, 1, "9999")
    with refused("stock.too_low"):
        till.scan(station, EWA, doc_id, MILK_EAN, "9999")
    with refused("stock.too_low"):
        till.add_article(station, EWA, doc_id, "MILK", "9999")
    assert everything(station) == before
    assert len(till.add_article(station, EWA, doc_id, "MILK", "1").lines) == 2


def test_net_and_gross_are_not_switched_over_lines_where_the_firm_forbids_it(station: Station) -> None:
    """HUB-12: an empty document may be switched all the same."""
    with_parameter(station.books, "sale.direction_with_lines", "no")
    empty = till.begin(station, EWA, "invoice")
    other = "net" if empty.direction == "gross" else "gross"
    assert till.set_direction(station, EWA, empty.doc_id, other).direction == other
    filled = fill(station, MILK, document_type="invoice")
    with refused("invoice.direction_fixed_by_lines"):
        till.set_direction(station, EWA, filled.doc_id, other)
    with_parameter(station.books, "sale.direction_with_lines", "yes")
    assert till.set_direction(station, EWA, filled.doc_id, other).direction == other


def test_the_undefined_customer_pays_later_only_where_the_firm_lets_him(station: Station) -> None:
    """HUB-12, HUB-15: no right lifts the firm's no."""
    doc_id = fill(station, MILK).doc_id
    with_parameter(station.books, "sale.deferred_for_undefined", "no")
    with refused("payment.undefined_pays_now"):
        payments.assign(station, EWA, doc_id, "later")
    with_parameter(station.books, "sale.deferred_for_undefined", "yes")
    assert payments.assign(station, EWA, doc_id, "later").payments[0].on_credit


def test_a_document_without_a_contractor_is_asked_about_where_the_firm_wants_it(station: Station) -> None:
    """HUB-12: once, before money is taken."""
    doc_id = fill(station, MILK).doc_id
    assert not sale_rules.warns_of_undefined(station, EWA, doc_id)
    with_parameter(station.books, "sale.warn_undefined", "yes")
    assert sale_rules.warns_of_undefined(station, EWA, doc_id)
    payments.assign(station, EWA, doc_id, "cash", "1")
    assert not sale_rules.warns_of_undefined(station, EWA, doc_id)
    known = till.set_buyer(station, EWA, fill(station, MILK).doc_id, "ALFA")
    assert not sale_rules.warns_of_undefined(station, EWA, known.doc_id)


def test_sums_of_an_open_shift_are_hidden_until_it_was_counted(station: Station) -> None:
    """HUB-14: from everybody; the report of the closed shift has them."""
    shift = station.open_shift()
    assert shifts.summary(station, EWA).shift == shift
    with_parameter(station.books, "cash.sums_of_open_shift", "no")
    with refused("shift.sums_when_closed"):
        shifts.summary(station, EWA)
    with refused("shift.sums_when_closed"):
        shifts.report(station, EWA, shift.shift_id)
    shifts.close_shift(station, EWA, ())
    assert shifts.report(station, EWA, shift.shift_id).forms


def test_anything_but_cash_needs_a_right_or_somebody_who_has_it(station: Station) -> None:
    """HUB-15: the document keeps who allowed it, also when a terminal is asked."""
    only_cash = cashier_without(rights.OTHER_FORMS)
    doc_id = fill(station, MILK).doc_id
    with refused("right.missing") as problems:
        payments.assign(station, only_cash, doc_id, "transfer")
    assert problems[0].facts == {"right": "payment.other_forms"}
    with refused("right.missing"):
        payments.start_card(station, only_cash, doc_id, "card")
    paid = payments.assign(station, only_cash, doc_id, "cash", "1")
    assert (paid.payments[0].form, paid.authorisations) == ("cash", ())
    grant = Grant(grant_id="g1", right=rights.OTHER_FORMS, operator="EWA", doc_id=doc_id)
    allowed = msgspec.structs.replace(only_cash, grant=grant)
    payments.start_card(station, allowed, doc_id, "card")
    assert [(row.right, row.operator) for row in station.draft(doc_id).authorisations] == [
        ("payment.other_forms", "EWA")
    ]


def test_price_line_discount_and_document_discount_are_three_rights(station: Station) -> None:
    """HUB-15: who may give a discount on a line may not type initial prices, nor the other way round."""
    discounts = cashier_with(rights.LINE_DISCOUNT)
    prices = cashier_with(rights.CHANGE_PRICE)
    doc_id = fill(station, MILK).doc_id
    with refused("right.missing"):
        till.change_by_percent(station, prices, doc_id, 1, "5")
    with refused("right.missing"):
        till.change_initial_price(station, discounts, doc_id, 1, "2,00")
    with refused("right.missing"):
        till.give_header_discount(station, discounts, doc_id, "percent", "5")
    assert till.change_by_percent(station, discounts, doc_id, 1, "5").totals.discount > 0
    assert till.change_initial_price(station, prices, doc_id, 1, "2,00").lines[0].initial_by == "OLA"
