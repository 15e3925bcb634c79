"""Invoices at the till: who may get one, in which direction, on which terms (SALE-01 … SALE-07, PAY-08)."""

import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from invoices import SCRAP, STEEL, invoice, invoiced, with_attribute, with_business
from kontuar.domain.firm.records import DocumentSettings
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Contractor
from kontuar.operations.actor import Actor, Grant
from kontuar.operations.station import approval, payments, shifts, till
from kontuar.operations.station.station import Station
from refusals import refused
from shop import (
    MILK,
    WATER,
    actor_of,
    cashier,
    change,
    everything,
    fill,
    messages,
    open_till,
    with_parameter,
)

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return with_business(open_till(tmp_path, fiscal_device=True))


def test_an_invoice_moves_goods_and_money_and_has_numbers_of_its_own(station: Station) -> None:
    """SALE-01: FS beside PAR, each with its own gapless numbers."""
    approved = invoiced(station, MILK, WATER)
    assert (approved.number, approved.type, approved.state) == ("FS/2026/11/00001/POS1", "invoice", "approved")
    assert [(row.article, row.to_place) for row in approved.stock_moves] == [(MILK, "@customer"), (WATER, "@customer")]
    assert [(row.form, row.amount) for row in approved.cash_moves] == [("cash", 648)]
    assert (approved.sold_on, approved.due_on) == (datetime.date(2026, 11, 21), datetime.date(2026, 11, 21))
    assert messages(station)[-1].kind == "invoice.approved/1"


@pytest.mark.parametrize(
    ("buyer", "code"), [("UNDEFINED", "invoice.contractor_missing"), ("ALFA", "invoice.address_missing")]
)
def test_an_invoice_names_its_buyer_and_his_address(station: Station, buyer: str, code: str) -> None:
    """SALE-01: refused at the payment already; nothing is written."""
    draft = invoice(station, MILK, buyer=buyer)
    before = everything(station)
    with refused(code) as problems:
        payments.window(station, EWA, draft.doc_id)
    assert problems[0].place == "contractor"
    assert everything(station) == before


def test_a_business_without_a_number_gets_a_receipt_but_no_invoice(station: Station) -> None:
    """SALE-01: the number stands on every invoice to a business."""
    change(station.books, Contractor(code="NONE", name="Bez NIP", kind="business", city="Łódź", street="Główna 1"))
    draft = invoice(station, MILK, buyer="NONE")
    with refused("invoice.tax_number_missing"):
        payments.window(station, EWA, draft.doc_id)
    till.change_type(station, EWA, draft.doc_id, "receipt")
    assert payments.window(station, EWA, draft.doc_id).due == 399


def test_changing_the_type_needs_the_right_to_issue_the_other_one(station: Station) -> None:
    """SALE-01: rights for each; the lines stay, the number is taken only at approval."""
    only_receipts = Actor(operator="OLA", name="Ola", rights=frozenset({rights.SELL}), login_id="l2")
    draft = fill(station, MILK, actor=only_receipts)
    with refused("right.missing"):
        till.change_type(station, only_receipts, draft.doc_id, "invoice")
    changed = till.change_type(station, cashier(), draft.doc_id, "invoice")
    assert (changed.type, changed.doc_id, [line.article for line in changed.lines]) == (
        "invoice", draft.doc_id, [MILK],
    )  # fmt: skip
    back = till.change_type(station, cashier(), draft.doc_id, "receipt")
    assert (back.type, back.totals) == ("receipt", draft.totals)


def test_a_type_may_have_its_own_direction_and_prices_follow_it(station: Station) -> None:
    """SALE-07: 3.99 gross at 5% is 3.80 net; three of them 11.40 net + 0.57 VAT = 11.97."""
    change(station.books, DocumentSettings(document_type="invoice", direction="net"))
    draft = invoice(station, MILK, MILK, MILK)
    assert draft.direction == "net"
    assert [line.price for line in draft.lines] == [Decimal("3.80")] * 3
    assert (draft.totals.net, draft.totals.tax, draft.totals.gross) == (1140, 57, 1197)
    gross = till.set_direction(station, EWA, draft.doc_id, "gross")
    assert (gross.totals.net, gross.totals.tax, gross.totals.gross) == (1140, 57, 1197)


def test_only_an_invoice_from_gross_to_a_retail_contractor_is_fiscal(station: Station) -> None:
    """SALE-05: a business buyer's, and one counted from net, never reach the fiscal device."""
    fiscal = {}
    for buyer, direction in [("ANNA", "gross"), ("ANNA", "net"), ("BETA", "gross")]:
        draft = invoice(station, MILK, buyer=buyer)
        till.set_direction(station, EWA, draft.doc_id, direction)
        payments.assign(station, EWA, draft.doc_id, "cash")
        doc_id = approval.approve(station, EWA, draft.doc_id).doc_id
        stored = station.books.documents.find(doc_id)
        assert stored is not None
        fiscal[buyer, direction] = stored.row.fiscal
    assert fiscal == {("ANNA", "gross"): "waiting", ("ANNA", "net"): "", ("BETA", "gross"): ""}


def test_what_is_paid_later_moves_no_money_and_is_due_by_the_contractors_term(station: Station) -> None:
    """SALE-03: 14 days after the business day; the document is unsettled, the drawer's ledger says nothing of it."""
    approved = invoiced(station, MILK, WATER, form="term")
    assert (approved.due_on, approved.cash_moves) == (datetime.date(2026, 12, 5), ())
    assert [(row.form, row.amount, row.on_credit) for row in approved.payments] == [("term", 648, True)]
    stored = station.books.documents.find(approved.doc_id)
    assert stored is not None
    assert (stored.row.gross, stored.row.paid) == (648, 0)
    assert station.books.documents.owed_by("BETA") == 648


def test_a_part_is_paid_now_and_the_rest_stays_owed(station: Station) -> None:
    """SALE-03: 5.00 in cash, 1.48 on credit."""
    draft = invoice(station, MILK, WATER)
    payments.assign(station, EWA, draft.doc_id, "cash", "5")
    payments.assign(station, EWA, draft.doc_id, "later")
    approved = approval.approve(station, EWA, draft.doc_id)
    assert [(row.form, row.amount) for row in approved.cash_moves] == [("cash", 500)]
    assert station.books.documents.owed_by("BETA") == 148


def test_the_walk_in_customer_owes_nothing_without_the_right(station: Station) -> None:
    """SALE-03: a deferred form for the undefined contractor needs a right, or somebody who has it."""
    draft = fill(station, MILK)
    before = everything(station)
    with refused("right.missing") as problems:
        payments.assign(station, cashier(), draft.doc_id, "later")
    assert problems[0].facts == {"right": "payment.deferred_undefined"}
    assert everything(station) == before
    grant = Grant(grant_id="g", right=rights.DEFERRED_FOR_UNDEFINED, operator="EWA", doc_id=draft.doc_id)
    ola = Actor(operator="OLA", name="Ola", rights=frozenset(rights.CASHIER), login_id="l2", grant=grant)
    allowed = payments.assign(station, ola, draft.doc_id, "later")
    assert [(row.right, row.operator) for row in allowed.authorisations] == [("payment.deferred_undefined", "EWA")]


def test_under_reverse_charge_marked_lines_bear_no_vat(station: Station) -> None:
    """SALE-07: scrap 1.00 net without VAT, milk 3.80 net + 5%; only a business may account for the VAT itself."""
    draft = invoice(station, SCRAP, MILK)
    changed = till.set_reverse_charge(station, EWA, draft.doc_id, on=True)
    assert [(line.vat, line.percent, line.value) for line in changed.lines] == [("NP", None, 100), ("5", 5, 380)]
    assert (changed.direction, changed.totals.net, changed.totals.tax, changed.totals.gross) == ("net", 480, 19, 499)
    back = till.set_reverse_charge(station, EWA, draft.doc_id, on=False)
    assert (back.totals, back.direction) == (draft.totals, "gross")
    with refused("invoice.reverse_charge_not_business"):
        till.set_reverse_charge(station, EWA, invoice(station, SCRAP, buyer="ANNA").doc_id, on=True)


def test_changing_to_a_retail_buyer_ends_reverse_charge(station: Station) -> None:
    """SALE-07: the flag does not outlive the business it was set for."""
    draft = invoice(station, SCRAP)
    till.set_reverse_charge(station, EWA, draft.doc_id, on=True)
    changed = till.set_buyer(station, EWA, draft.doc_id, "ANNA")
    assert (changed.reverse_charge, changed.lines[0].vat, changed.direction) == (False, "23", "gross")


def test_under_oss_lines_bear_the_rate_of_the_consumers_country(station: Station) -> None:
    """SALE-07: 2.49 gross at Germany's 19% is 2.09 net; a country without rates is refused, and so is a business."""
    draft = invoice(station, WATER, buyer="HANS")
    changed = till.set_oss(station, EWA, draft.doc_id, "de")
    assert [(line.vat, line.percent) for line in changed.lines] == [("DE-23", 19)]
    assert (changed.totals.net, changed.totals.tax, changed.totals.gross) == (209, 40, 249)
    with refused("vat.oss_missing"):
        till.set_oss(station, EWA, draft.doc_id, "FR")
    with refused("invoice.oss_country_unknown"):
        till.set_oss(station, EWA, draft.doc_id, "PL")
    with refused("invoice.oss_not_consumer"):
        till.set_oss(station, EWA, invoice(station, WATER, buyer="BEAR").doc_id, "DE")


def test_split_payment_is_set_where_the_law_asks_for_it_and_takes_transfers_only(station: Station) -> None:
    """PAY-08: 24,600.00 with a marked line is above 15,000.00; 12,300.00 is not; a retail buyer never has it."""
    small, large = invoice(station, STEEL), invoice(station, STEEL, STEEL)
    retail = invoice(station, STEEL, STEEL, buyer="ANNA")
    shown = {row.doc_id: payments.window(station, EWA, row.doc_id).document for row in (small, large, retail)}
    assert [shown[row.doc_id].split_payment for row in (small, large, retail)] == [False, True, False]
    with refused("payment.split_by_bank_only"):
        payments.assign(station, EWA, large.doc_id, "cash")
    payments.assign(station, EWA, large.doc_id, "term")
    assert approval.approve(station, EWA, large.doc_id).split_payment
    with_parameter(station.books, "invoice.split_payment", "no")
    with refused("invoice.split_payment_off"):
        till.set_split_payment(station, EWA, small.doc_id, on=True)


def test_what_the_firm_requires_here_is_asked_for_at_approval(station: Station) -> None:
    """DOC-30: of the document and of every line, at the stations named; a wrong value is refused at once."""
    with_attribute(station, code="PROJECT", required=True, document_types=["invoice"])
    with_attribute(station, code="ROOM", name="Pokój", level="line", type="number", required_at=["S1T1"])
    with_attribute(station, code="OTHER", required_at=["S1T2"])
    draft = invoice(station, MILK)
    with refused("attribute.missing", "attribute.missing") as problems:
        payments.window(station, EWA, draft.doc_id)
    assert [problem.place for problem in problems] == ["attribute:PROJECT", "line:1"]
    with refused("attribute.bad_value"):
        till.set_line_attribute(station, EWA, draft.doc_id, 1, "ROOM", "kitchen")
    with refused("attribute.not_found"):
        till.set_attribute(station, EWA, draft.doc_id, "ROOM", "1")
    till.set_line_attribute(station, EWA, draft.doc_id, 1, "ROOM", "12")
    filled = till.set_attribute(station, EWA, draft.doc_id, "PROJECT", "Alfa")
    assert (filled.attributes, filled.lines[0].attributes) == ({"PROJECT": "Alfa"}, {"ROOM": "12"})
    assert payments.window(station, EWA, draft.doc_id).due == 399


def test_sales_of_a_shift_count_receipts_and_invoices(station: Station) -> None:
    """PAY-10: 3.99 + 6.48 in sales, and the same in the perpetual total."""
    invoiced(station, MILK)
    invoiced(station, MILK, WATER)
    report = shifts.summary(station, EWA)
    assert (report.sales_gross, report.perpetual_gross) == (1047, 1047)
    assert [(row.document_type, row.count, row.gross) for row in report.documents] == [("invoice", 2, 1047)]


def test_handlers_are_named_by_code_or_by_card(station: Station) -> None:
    """DOC-26: of the document and of a line; who does not work here is refused."""
    from kontuar.domain.parties.records import Operator

    change(station.books, Operator(code="IZA", name="Iza", pin_verifier="$argon2id$x", roles=("cashier",), card="C77"))
    draft = fill(station, MILK, WATER)
    assert till.set_handler(station, EWA, draft.doc_id, "C77").handler == "IZA"
    changed = till.set_line_handler(station, EWA, draft.doc_id, 2, "OLA")
    assert [line.handler for line in changed.lines] == ["EWA", "OLA"]
    with refused("operator.not_found"):
        till.set_line_handler(station, EWA, draft.doc_id, 2, "JAN")
