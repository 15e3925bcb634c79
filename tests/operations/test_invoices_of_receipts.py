"""Invoices made of receipts: the whole sale once more on paper, and only on paper (SALE-04, SALE-06, PAY-02)."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from invoices import STEEL, with_business
from kontuar.domain.documents.document import Document
from kontuar.operations.station import approval, contractors, invoicing, own_documents, payments, shifts, till
from kontuar.operations.station.elsewhere import DocumentElsewhere
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, WATER, HandClock, actor_of, everything, fill, open_till, sell, with_parameter

EWA = actor_of()
DAY_SECONDS = 86_400


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def station(tmp_path: Path, clock: HandClock) -> Station:
    return with_business(open_till(tmp_path, clock=clock, fiscal_device=True))


def large_receipt(station: Station, *, number: str = "7740001454") -> Document:
    """A receipt above the limit of simplified invoices, with the buyer's number."""
    draft = fill(station, STEEL, WATER)
    if number:
        till.set_tax_number(station, EWA, draft.doc_id, number)
    till.change_price(station, EWA, draft.doc_id, 2, "2.00")
    payments.assign(station, EWA, draft.doc_id, "cash")
    return approval.approve(station, EWA, draft.doc_id)


def test_the_invoice_has_every_line_as_it_was_and_knows_its_receipt(station: Station) -> None:
    """SALE-06, DOC-04: the typed price with its adjustment too; quantities link both ways; the buyer by his number."""
    receipt = large_receipt(station)
    draft = invoicing.from_receipt(station, EWA, receipt.doc_id)
    assert (draft.lines, draft.totals, draft.buyer.code) == (receipt.lines, receipt.totals, "BETA")
    assert draft.links[0].quantities == ((1, Decimal(1)), (2, Decimal(1)))
    invoice = approval.approve(station, EWA, draft.doc_id)
    assert (invoice.number, invoice.sold_on, invoice.due_on) == (
        "FS/2026/11/00001/POS1", receipt.sold_on, receipt.due_on,
    )  # fmt: skip
    stored = {doc.doc_id: own_documents.preview(station, EWA, doc.doc_id) for doc in (receipt, invoice)}
    assert stored[invoice.doc_id].links == (("generated_from", receipt.doc_id, receipt.number),)
    assert stored[receipt.doc_id].links == (("generated_from:back", invoice.doc_id, invoice.number),)


def test_it_moves_no_goods_no_money_and_is_no_second_sale(station: Station) -> None:
    """SALE-06: ledgers, perpetual total, shift sums and fiscal device as before."""
    receipt = large_receipt(station)
    before = shifts.summary(station, EWA)
    draft = invoicing.from_receipt(station, EWA, receipt.doc_id)
    invoice = approval.approve(station, EWA, draft.doc_id)
    after = shifts.summary(station, EWA)
    assert (invoice.stock_moves, invoice.cash_moves, invoice.payments) == ((), (), ())
    assert invoice.perpetual_gross == receipt.perpetual_gross == 1_230_200
    assert (after.sales_gross, after.taxes, after.forms) == (before.sales_gross, before.taxes, before.forms)
    assert [(row.document_type, row.count, row.gross) for row in after.documents] == [
        ("invoice", 1, 0), ("receipt", 1, 1_230_200),
    ]  # fmt: skip
    row = own_documents.preview(station, EWA, invoice.doc_id).row
    assert (row.fiscal, row.gross, row.paid) == ("", 1_230_200, 1_230_200)


def test_its_lines_and_its_type_stay_as_the_receipt_has_them(station: Station) -> None:
    """SALE-06: whole only."""
    draft = invoicing.from_receipt(station, EWA, large_receipt(station).doc_id)
    before = everything(station)
    for attempt in (
        lambda: till.remove_line(station, EWA, draft.doc_id, 1),
        lambda: till.scan(station, EWA, draft.doc_id, MILK),
        lambda: till.change_type(station, EWA, draft.doc_id, "receipt"),
        lambda: till.set_direction(station, EWA, draft.doc_id, "net"),
    ):
        with refused("invoice.of_receipt_stays"):
            attempt()
    assert everything(station) == before


def test_a_receipt_is_invoiced_once(station: Station) -> None:
    """SALE-06: the begun invoice is gone on with; the approved one is named in the refusal."""
    receipt = large_receipt(station)
    draft = invoicing.from_receipt(station, EWA, receipt.doc_id)
    assert invoicing.from_receipt(station, EWA, receipt.doc_id).doc_id == draft.doc_id
    approval.approve(station, EWA, draft.doc_id)
    before = everything(station)
    with refused("invoice.made_already") as problems:
        invoicing.from_receipt(station, EWA, receipt.doc_id)
    assert problems[0].facts["invoice"] == "FS/2026/11/00001/POS1"
    assert everything(station) == before


def test_after_seven_days_it_is_too_late(station: Station, clock: HandClock) -> None:
    """SALE-06: the seventh day is still good; the parameter changes it."""
    receipt = large_receipt(station)
    clock.turn(8 * DAY_SECONDS)
    with refused("invoice.receipt_too_old"):
        invoicing.from_receipt(station, EWA, receipt.doc_id)
    with_parameter(station.books, "sale.invoice_days", "8")
    assert invoicing.from_receipt(station, EWA, receipt.doc_id).repeats == receipt.doc_id


def test_a_receipt_that_counts_as_an_invoice_gets_none(station: Station) -> None:
    """SALE-04: with the number, up to 450.00; without the number, or with the parameter off, it does."""
    draft = fill(station, MILK)
    till.set_tax_number(station, EWA, draft.doc_id, "7740001454")
    payments.assign(station, EWA, draft.doc_id, "cash")
    simplified = approval.approve(station, EWA, draft.doc_id)
    with refused("invoice.receipt_is_simplified"):
        invoicing.from_receipt(station, EWA, simplified.doc_id)
    assert invoicing.from_receipt(station, EWA, sell(station, MILK).doc_id).totals.gross == 399
    with_parameter(station.books, "sale.block_invoice_from_simplified", "no")
    assert invoicing.from_receipt(station, EWA, simplified.doc_id).totals.gross == 399


def test_a_business_needs_its_number_on_the_receipt(station: Station) -> None:
    """SALE-06, the law: without it the invoice goes to a consumer only."""
    receipt = large_receipt(station, number="")
    draft = invoicing.from_receipt(station, EWA, receipt.doc_id)
    till.set_buyer(station, EWA, draft.doc_id, "BETA")
    before = everything(station)
    with refused("invoice.receipt_without_number"):
        approval.approve(station, EWA, draft.doc_id)
    assert everything(station) == before
    till.set_buyer(station, EWA, draft.doc_id, "ANNA")
    assert approval.approve(station, EWA, draft.doc_id).buyer.name == "Anna Nowak"


def test_invoice_in_the_payment_window_approves_the_receipt_and_begins_its_invoice(station: Station) -> None:
    """PAY-02: what would refuse the invoice refuses before the receipt is approved."""
    draft = fill(station, MILK)
    till.set_tax_number(station, EWA, draft.doc_id, "7740001454")
    payments.assign(station, EWA, draft.doc_id, "cash")
    before = everything(station)
    with refused("invoice.receipt_is_simplified"):
        invoicing.approve_and_invoice(station, EWA, draft.doc_id)
    assert everything(station) == before
    with_parameter(station.books, "sale.block_invoice_from_simplified", "no")
    receipt, invoice = invoicing.approve_and_invoice(station, EWA, draft.doc_id)
    assert (receipt.state, invoice.state, invoice.repeats) == ("approved", "unapproved", receipt.doc_id)
    again = invoicing.approve_and_invoice(station, EWA, draft.doc_id)
    assert (again[0].number, again[1].doc_id) == (receipt.number, invoice.doc_id)


def test_a_number_known_to_two_contractors_leaves_the_choice_to_the_operator(station: Station) -> None:
    """SALE-06: nobody is picked by chance."""
    form = contractors.ContractorForm(
        name="Beta oddział", kind="business", tax_number="774-000-14-54", city="Płock", street="Inna 1", seen=("BETA",)
    )
    contractors.add(station, EWA, form)
    assert invoicing.from_receipt(station, EWA, large_receipt(station).doc_id).buyer.code == "UNDEFINED"


def elsewhere_of(receipt: Document, **changes: str) -> DocumentElsewhere:
    """The receipt as head office tells another till of it."""
    known = {"gid": "S1-1", "state": "approved", "fiscalised": True, "store_name": "Rynek", "station_name": "Kasa 1"}
    return DocumentElsewhere(document=receipt, **{**known, **changes})  # type: ignore[arg-type]


def test_another_till_of_the_shop_makes_the_invoice_from_what_head_office_says(
    station: Station, clock: HandClock, tmp_path: Path
) -> None:
    """SALE-06: linked to the receipt there; made already, cancelled or of another store it is refused."""
    receipt = large_receipt(station)
    other = with_business(open_till(tmp_path, code="S1T2", series="POS2", clock=clock))
    before = everything(other)
    for changes, code in (
        ({"invoice": "FS/2026/11/00009/POS9"}, "invoice.made_already"),
        ({"state": "cancelled"}, "invoice.receipt_cancelled"),
    ):
        with refused(code):
            invoicing.from_elsewhere(other, EWA, elsewhere_of(receipt, **changes))
    with refused("invoice.receipt_of_other_store"):
        invoicing.from_elsewhere(other, EWA, elsewhere_of(msgspec.structs.replace(receipt, store="S2")))
    assert everything(other) == before
    draft = invoicing.from_elsewhere(other, EWA, elsewhere_of(receipt))
    invoice = approval.approve(other, EWA, draft.doc_id)
    assert (invoice.number, invoice.repeats, invoice.lines) == (
        "FS/2026/11/00001/POS2", receipt.doc_id, receipt.lines,
    )  # fmt: skip
