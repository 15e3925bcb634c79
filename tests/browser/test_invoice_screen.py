"""Invoices and contractors at the till, by keyboard alone, also offline (SALE-01, SALE-06, DOC-27, DOC-33, PAY-02)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from browser.back_office import still
from browser.till_pages import Till, at_till
from invoices import with_business
from kontuar.domain.documents.document import Document
from kontuar.operations.ports.station import DocumentQuery
from shop import MILK_EAN, NUTS_EAN, with_parameter
from station_server import StationServer, settings

pytestmark = pytest.mark.browser
PICTURES = os.environ.get("KONTUAR_PICTURES", "")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("invoice"), devices=settings(printer="double")) as running:
        running.do(with_business, running.station)
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    server.level = "offline"
    with at_till(chromium, server, size="laptop", language="pl") as made:
        yield made


def look(till: Till, name: str) -> None:
    """A picture for people, where they ask for one."""
    if PICTURES:
        still(till.page).screenshot(path=str(Path(PICTURES) / f"{name}.png"))


def newest(server: StationServer, document_type: str) -> Document:
    documents = server.station.books.documents
    row = server.do(documents.page, DocumentQuery(types=(document_type,), limit=1))[0]
    found = server.do(documents.find, row.doc_id)
    assert found is not None
    return found.document


def press(till: Till, *keys: str) -> None:
    for key in keys:
        till.page.keyboard.press(key, delay=60)


def type_slowly(till: Till, text: str) -> None:
    """As a person does: faster is taken for a scanner."""
    till.page.keyboard.type(text, delay=70)


def test_an_invoice_for_a_new_business_by_keyboard_alone_offline(till: Till) -> None:
    """DOC-33, DOC-27: scan, Ctrl+I, F2, F3, the form, Enter, F9, cash, Enter; no line to anybody."""
    page = till.page
    till.new_receipt()
    till.scan(MILK_EAN, NUTS_EAN)
    press(till, "Control+i")
    expect(page.locator("h1").first).to_contain_text("Faktura")
    press(till, "F2")
    expect(page.locator("#contractors-phrase")).to_be_focused()
    look(till, "contractors")
    press(till, "F3")
    expect(page.locator("#tax_number")).to_be_focused()
    type_slowly(till, "5252248481")
    press(till, "Tab", "Tab")
    type_slowly(till, "Gamma sp.j.")
    press(till, "Tab", "Tab")
    type_slowly(till, "Prosta 51")
    press(till, "Tab")
    type_slowly(till, "00-838")
    press(till, "Tab")
    type_slowly(till, "Warszawa")
    look(till, "contractor-form")
    press(till, "Enter")
    expect(page.locator("#contractor")).to_contain_text("Gamma sp.j.")
    look(till, "invoice")
    press(till, "F9")
    expect(page.locator("#amount")).to_be_visible()
    look(till, "invoice-payment")
    press(till, "/")
    expect(page.locator("#pay-approve")).to_be_focused()
    press(till, "Enter")
    expect(page.locator("#new-receipt")).to_be_focused()
    look(till, "invoice-approved")
    made = newest(till.server, "invoice")
    assert (made.buyer.name, made.buyer.tax_number, made.totals.gross) == ("Gamma sp.j.", "5252248481", 6389)


def test_a_known_tax_number_is_shown_before_a_second_contractor_is_kept(till: Till) -> None:
    """DOC-27: the form keeps what was typed; the known one can be chosen in its place."""
    page = till.page
    till.new_receipt()
    press(till, "F2")
    expect(page.locator("#contractors-phrase")).to_be_focused()
    press(till, "F3")
    expect(page.locator("#tax_number")).to_be_focused()
    page.locator("#tax_number").fill("774-00-01-454")
    page.locator("#name").fill("Beta bis")
    page.locator("#contractor-save").click()
    expect(page.locator("#possible-duplicates")).to_contain_text("Beta S.A.")
    expect(page.locator("#name")).to_have_value("Beta bis")
    look(till, "duplicate")
    page.locator("#possible-duplicates button").first.click()
    expect(page.locator("#contractor")).to_contain_text("Beta S.A.")
    press(till, "F2")
    expect(page.locator("#dialog-title")).to_contain_text("Beta S.A.")
    look(till, "contractor-card")


def test_invoice_in_the_payment_window_opens_the_invoice_of_the_receipt(till: Till) -> None:
    """PAY-02, SALE-06: the receipt is approved and fiscal; its invoice asks for nothing and is linked to it."""
    page, server = till.page, till.server
    till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    press(till, "/")
    expect(page.locator("#pay-approve")).to_be_focused()
    look(till, "payment-invoice")
    press(till, "Control+i")
    expect(page.locator("#open-invoice")).to_be_focused()
    look(till, "receipt-approved")
    press(till, "Enter")
    expect(page.locator("h1").first).to_contain_text("Faktura")
    receipt = newest(server, "receipt")
    expect(page.locator(".band").first).to_contain_text(receipt.number)
    press(till, "F2")
    expect(page.locator("#contractors-phrase")).to_be_focused()
    type_slowly(till, "Anna")
    expect(page.locator("#contractors-rows tr").first).to_contain_text("Anna Nowak")
    page.locator("#contractors-rows tr").first.click()
    expect(page.locator("#contractor")).to_contain_text("Anna Nowak")
    look(till, "invoice-of-receipt")
    press(till, "F9")
    expect(page.locator("#pay-approve")).to_be_visible()
    press(till, "Enter")
    expect(page.locator("#contractor")).not_to_contain_text("Anna")
    made = newest(server, "invoice")
    assert (made.repeats, made.buyer.name, made.payments) == (receipt.doc_id, "Anna Nowak", ())


def test_the_document_window_sets_direction_and_flags(till: Till) -> None:
    """SALE-07, DOC-26: net, reverse charge; the handler by code; all or none."""
    page = till.page
    till.new_receipt()
    till.scan(MILK_EAN)
    press(till, "Control+i")
    expect(page.locator("h1").first).to_contain_text("Faktura")
    page.locator("#contractor").click()
    page.locator("#contractors-rows tr", has_text="Beta").first.click()
    expect(page.locator("#contractor")).to_contain_text("Beta")
    page.locator("#fields").click()
    expect(page.locator("#handler")).to_be_focused()
    look(till, "document-fields")
    page.locator('label:has(input[name="direction"][value="net"])').click()
    page.locator("#order_number").fill("ZAM 7")
    page.locator('#fields-form input[name="reverse_charge"]').check()
    press(till, "Control+Enter")
    page.locator('button[form="fields-form"]').click()
    expect(page.locator("#dialog-title")).not_to_be_visible()
    made = till.draft(page.url.rsplit("/", 1)[1])
    assert made is not None
    assert (made.direction, made.order_number, made.reverse_charge) == ("net", "ZAM 7", True)


def test_the_firm_asks_before_prices_follow_the_contractor(till: Till) -> None:
    """DOC-27: *leave the values* keeps 3.99, the other answer gives the club's 3.49."""
    page, server = till.page, till.server
    server.do(with_parameter, server.station.books, "sale.recalculate_silently", "no")
    till.new_receipt()
    till.scan(MILK_EAN)
    for answer, price in (("no", "3,99"), ("yes", "3,49")):
        page.locator("#contractor").click()
        if answer == "yes":
            page.locator("#contractor-other").click()
        page.locator("#contractors-rows tr", has_text="Anna").first.click()
        page.locator(f"#recalculate-{answer}").click()
        expect(page.locator("#foot .amount__figure > span").first).to_have_text(price)
        expect(page.locator("#contractor")).to_contain_text("Anna")
    server.do(with_parameter, server.station.books, "sale.recalculate_silently", "yes")
