"""Invoices where law and money are easily got wrong: flags, typed prices, ways around the window (SALE-06, PAY-08)."""

from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from invoices import BETA, SCRAP, STEEL, invoice, with_business
from kontuar.domain.cash.records import PaymentForm
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.totals import with_totals
from kontuar.domain.firm.records import DocumentSettings, Firm
from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Address, Contractor
from kontuar.operations.actor import Actor
from kontuar.operations.station import approval, contractors, invoicing, payments, till
from kontuar.operations.station.elsewhere import DocumentElsewhere
from kontuar.operations.station.parking import continuing, putting
from kontuar.operations.station.station import Station
from refusals import refused
from shop import MILK, WATER, actor_of, change, everything, fill, messages, open_till, with_parameter

EWA = actor_of()


@pytest.fixture
def station(tmp_path: Path) -> Station:
    return with_business(open_till(tmp_path, fiscal_device=True))


def consistent(document: Document) -> bool:
    """Whether the sums are those that head office computes from the lines."""
    computed = with_totals(document)
    return (computed.taxes, computed.totals) == (document.taxes, document.totals)


def test_leaving_the_values_never_leaves_a_retail_buyer_with_reverse_charge(station: Station) -> None:
    """SALE-07, DOC-27: *no* keeps prices, not a VAT treatment that the new buyer may not have."""
    draft = invoice(station, SCRAP, MILK)
    till.set_reverse_charge(station, EWA, draft.doc_id, on=True)
    changed = till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=False)
    assert (changed.reverse_charge, changed.direction) == (False, "gross")
    assert [(line.vat, line.value) for line in changed.lines] == [("23", 123), ("5", 399)]
    assert changed.price_list == draft.price_list
    assert consistent(changed)


def test_leaving_the_values_never_leaves_a_business_with_the_rates_of_a_consumer(station: Station) -> None:
    """SALE-07: under OSS only consumers buy."""
    draft = invoice(station, WATER, buyer="HANS")
    till.set_oss(station, EWA, draft.doc_id, "DE")
    changed = till.set_buyer(station, EWA, draft.doc_id, "BETA", recalculate=False)
    assert (changed.oss_country, changed.lines[0].vat, changed.totals.gross) == ("", "23", 249)
    assert consistent(changed)


def test_a_typed_price_stays_what_the_customer_was_told_when_the_direction_changes(station: Station) -> None:
    """SALE-07, DOC-22: 10.00 gross at 23% is 8.1301 net, and 10.00 gross again; never 10.00 net."""
    draft = invoice(station, WATER, MILK)
    till.change_price(station, EWA, draft.doc_id, 1, "10.00")
    till.change_value(station, EWA, draft.doc_id, 2, "2.10")
    net = till.set_direction(station, EWA, draft.doc_id, "net")
    assert [(line.price, line.value, line.typed) for line in net.lines] == [
        (Decimal("8.1301"), 813, "price"), (Decimal("2.00"), 200, "value"),
    ]  # fmt: skip
    assert [line.initial_price for line in net.lines] == [Decimal("2.0244"), Decimal("3.80")]
    assert (net.totals.gross, net.lines[0].adjustments[0].by) == (1210, "EWA")
    gross = till.set_direction(station, EWA, draft.doc_id, "gross")
    assert [(line.value, line.initial_price) for line in gross.lines] == [
        (1000, Decimal("2.49")), (210, Decimal("3.99")),
    ]  # fmt: skip
    assert consistent(gross)


def test_a_typed_price_loses_its_vat_under_reverse_charge_and_gets_it_back(station: Station) -> None:
    """SALE-07: 123.00 gross typed is 100.00 for the buyer who accounts for the VAT."""
    draft = invoice(station, SCRAP)
    till.change_price(station, EWA, draft.doc_id, 1, "123.00")
    reverse = till.set_reverse_charge(station, EWA, draft.doc_id, on=True)
    assert (reverse.lines[0].vat, reverse.totals.net, reverse.totals.gross) == ("NP", 10000, 10000)
    back = till.set_reverse_charge(station, EWA, draft.doc_id, on=False)
    assert (back.totals.net, back.totals.gross) == (10000, 12300)


def test_a_type_with_another_direction_keeps_what_was_typed(station: Station) -> None:
    """SALE-01, SALE-07: a receipt at 10.00 becomes an invoice of 10.00, whatever direction invoices have."""
    change(station.books, DocumentSettings(document_type="invoice", direction="net"))
    draft = fill(station, WATER)
    till.change_price(station, EWA, draft.doc_id, 1, "10.00")
    assert till.change_type(station, EWA, draft.doc_id, "invoice").totals.gross == 1000


def test_split_payment_holds_for_who_approves_without_looking_at_the_window(station: Station) -> None:
    """PAY-08: a program that assigns cash and approves straight away is refused; a transfer gets the words."""
    draft = invoice(station, STEEL, STEEL)
    with refused("payment.split_by_bank_only"):
        payments.assign(station, EWA, draft.doc_id, "cash")
    assert till.look_at(station, EWA, draft.doc_id).payments == ()
    payments.assign(station, EWA, draft.doc_id, "transfer")
    assert approval.approve(station, EWA, draft.doc_id).split_payment


def test_split_payment_is_set_when_an_invoice_is_parked(station: Station) -> None:
    """PAY-08: on parking as at approval; a receipt and a small invoice are parked as they are."""
    large, small = invoice(station, STEEL, STEEL), invoice(station, STEEL)
    receipt = fill(station, STEEL, STEEL)
    for draft in (large, small, receipt):
        putting.park(station, EWA, draft.doc_id)
    continued = [continuing.open_offline(station, EWA, row.doc_id) for row in (large, small, receipt)]
    assert [row.split_payment for row in continued] == [True, False, False]


def test_a_receipt_is_not_invoiced_twice_from_two_drafts(station: Station) -> None:
    """SALE-06: one was parked, another begun meanwhile; whichever is approved second is refused."""
    receipt = fill(station, MILK)
    payments.assign(station, EWA, receipt.doc_id, "cash")
    receipt = approval.approve(station, EWA, receipt.doc_id)
    first = invoicing.from_receipt(station, EWA, receipt.doc_id)
    till.set_buyer(station, EWA, first.doc_id, "ANNA")
    putting.park(station, EWA, first.doc_id)
    second = invoicing.from_receipt(station, EWA, receipt.doc_id)
    till.set_buyer(station, EWA, second.doc_id, "ANNA")
    made = approval.approve(station, EWA, second.doc_id)
    continuing.open_offline(station, EWA, first.doc_id)
    before = everything(station)
    with refused("invoice.made_already") as problems:
        approval.approve(station, EWA, first.doc_id)
    assert problems[0].facts["invoice"] == made.number
    assert everything(station) == before


def test_the_invoice_of_a_receipt_that_is_owed_says_what_is_owed(station: Station) -> None:
    """SALE-03, SALE-06: 5.00 was paid, 1.48 is still owed; the invoice owes nothing of its own."""
    draft = fill(station, MILK, WATER)
    till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=False)
    payments.assign(station, EWA, draft.doc_id, "cash", "5")
    payments.assign(station, EWA, draft.doc_id, "later")
    receipt = approval.approve(station, EWA, draft.doc_id)
    made = approval.approve(station, EWA, invoicing.from_receipt(station, EWA, receipt.doc_id).doc_id)
    assert made.repeated is not None
    assert made.repeated.owed == 148
    assert station.books.documents.owed_by("ANNA") == 148


def test_a_business_needs_its_number_on_another_tills_receipt_too(station: Station, tmp_path: Path) -> None:
    """SALE-06: the number that the receipt bears comes with it from head office."""
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash")
    receipt = approval.approve(station, EWA, draft.doc_id)
    other = with_business(open_till(tmp_path, code="S1T2", series="POS2"))
    found = DocumentElsewhere(
        document=receipt, gid="S1-1", state="approved", fiscalised=True, store_name="Rynek", station_name="Kasa 1"
    )
    made = invoicing.from_elsewhere(other, EWA, found)
    till.set_buyer(other, EWA, made.doc_id, "BETA")
    with refused("invoice.receipt_without_number"):
        approval.approve(other, EWA, made.doc_id)


def test_throwing_away_a_receipts_invoice_is_no_loss(station: Station) -> None:
    """SALE-06: the sale stands; loss prevention hears of nothing."""
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash")
    receipt = approval.approve(station, EWA, draft.doc_id)
    made = invoicing.from_receipt(station, EWA, receipt.doc_id)
    till.discard(station, EWA, made.doc_id)
    assert "draft.discarded/1" not in [message.kind for message in messages(station)]


def test_nothing_is_given_back_in_cash_on_what_is_only_owed(station: Station) -> None:
    """SALE-03, PAY-07: more than is left on credit is refused, even where the form is marked to give change."""
    change(station.books, PaymentForm(code="tab", name="Zeszyt", kind="deferred", gives_change=True))
    draft = invoice(station, MILK)
    with refused("payment.too_much"):
        payments.assign(station, EWA, draft.doc_id, "tab", "100")


def test_invoice_in_the_payment_window_asks_for_every_right_before_the_receipt_is_approved(station: Station) -> None:
    """PAY-02: a receipt is never left approved and unprinted because its invoice could not be begun."""
    draft = fill(station, MILK)
    payments.assign(station, EWA, draft.doc_id, "cash")
    known = frozenset(EWA.rights) - {rights.OWN_DOCUMENTS}
    blind = Actor(operator="EWA", name="Ewa", rights=known, login_id="l9")
    before = everything(station)
    with refused("right.missing"):
        invoicing.approve_and_invoice(station, blind, draft.doc_id)
    assert everything(station) == before


def test_a_till_that_begins_anew_gives_nobody_the_code_of_another(station: Station) -> None:
    """DOC-27: after the machine was exchanged its numbers begin again; codes that are known are passed over."""
    change(
        station.books, Contractor(code="POS1-K1", name="Dawny"), Contractor(code="POS1-K2", name="Były", active=False)
    )
    made = contractors.add(station, EWA, contractors.ContractorForm(name="Nowy", kind="retail", city="Łódź"))
    assert made.code == "POS1-K3"
    assert contractors.find(station, EWA, "POS1-K1").name == "Dawny"


@pytest.mark.parametrize(("country", "status"), [("FR", "domestic"), ("PL", "eu"), ("CH", "outside"), ("", "domestic")])
def test_who_is_domestic_depends_on_the_firms_country(station: Station, country: str, status: str) -> None:
    """SALE-07: for a French firm a French buyer is at home, a Polish one in the EU."""
    firm = station.firm()
    change(station.books, msgspec.structs.replace(firm, country="FR"))
    assert isinstance(station.firm(), Firm)
    made = contractors.add(station, EWA, contractors.ContractorForm(name="Nom", country=country, city="Lyon"))
    assert (made.status, made.country) == (status, country or "FR")


def test_flags_of_an_invoice_stay_consistent_when_the_parameter_asks_first(station: Station) -> None:
    """DOC-27: the question is asked about prices; the buyer's law is no question."""
    with_parameter(station.books, "sale.recalculate_silently", "no")
    draft = invoice(station, SCRAP)
    till.set_reverse_charge(station, EWA, draft.doc_id, on=True)
    assert till.needs_question(station, EWA, draft.doc_id, "ANNA")
    assert consistent(till.set_buyer(station, EWA, draft.doc_id, "ANNA", recalculate=False))


def test_a_loyalty_card_asks_before_prices_follow_where_the_firm_wants_to_be_asked(station: Station) -> None:
    """DOC-27: the owner's list by card as by choice; *no* leaves 3.99, the card is on the document either way."""
    with_parameter(station.books, "sale.recalculate_silently", "no")
    draft = fill(station, MILK)
    assert till.card_needs_question(station, EWA, draft.doc_id, "9900001")
    assert not till.card_needs_question(station, EWA, draft.doc_id, "1234")
    kept = till.set_card(station, EWA, draft.doc_id, "9900001", recalculate=False)
    assert (kept.buyer.code, kept.buyer.loyalty_card, kept.totals.gross) == ("ANNA", "9900001", 399)


def test_a_branch_abroad_leaves_a_domestic_business_what_it_is(station: Station) -> None:
    """DOC-27, PAY-08: its NIP stays right and the law's flags its own, whatever address it takes."""
    change(
        station.books,
        msgspec.structs.replace(BETA, addresses=(Address(name="Berlin", city="Berlin", street="X 1", country="DE"),)),
    )
    draft = invoice(station, STEEL, STEEL)
    chosen = till.choose_address(station, EWA, draft.doc_id, "Berlin")
    assert (chosen.buyer.city, chosen.buyer.country) == ("Berlin", "DE")
    assert payments.window(station, EWA, draft.doc_id).document.split_payment


def test_a_foreign_business_may_have_a_number_of_another_country(station: Station) -> None:
    """SALE-01: a German firm registered in Poland gives its Polish number; a wrong one stays wrong."""
    base = Contractor(
        code="REG", name="Bau GmbH", kind="business", country="DE", status="eu", city="Berlin", street="Y 2"
    )
    change(station.books, msgspec.structs.replace(base, tax_number="PL7740001454"))
    draft = invoice(station, MILK, buyer="REG")
    assert payments.window(station, EWA, draft.doc_id).due == 399
    change(station.books, msgspec.structs.replace(base, tax_number="PL7740001455"))
    till.set_buyer(station, EWA, draft.doc_id, "REG")
    with refused("contractor.tax_number_wrong"):
        payments.window(station, EWA, draft.doc_id)
