"""Paying at the till: forms, currencies, change, cards, devices (PAY-01 … PAY-05, SALE-05)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.till_pages import Till, at_till
from kontuar.devices.card.double import Turn
from kontuar.domain.firm.views import Choice
from shop import MILK_EAN, NUTS_EAN, with_parameter
from station_server import StationServer, settings

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(
        tmp_path_factory.mktemp("payment"), devices=settings(printer="double", drawer="printer", card="double")
    ) as running:
        yield running


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    """A station without a card terminal, and with its window not closing by itself."""
    devices = settings(printer="double", drawer="printer")
    with StationServer(tmp_path_factory.mktemp("bare"), devices=devices) as running:
        running.do(with_parameter, running.station.books, "payment.close_automatically", "no")
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server) as made:
        yield made


@pytest.fixture
def bare_till(chromium: Browser, bare: StationServer) -> Iterator[Till]:
    with at_till(chromium, bare) as made:
        yield made


def openings(server: StationServer) -> int:
    printer = server.devices.doubles.printer
    assert printer is not None
    return printer.drawer_openings


def test_cash_with_change_by_keyboard_alone(till: Till) -> None:
    """F9, the amount, `/`, Enter: approved, change shown, drawer open, the next receipt on Enter (DOC-33, PAY-04)."""
    till.new_receipt()
    till.scan(MILK_EAN, NUTS_EAN)
    before = openings(till.server)
    till.pay()
    expect(till.page.locator("#amount")).to_have_value("63.89")
    till.page.keyboard.type("70", delay=80)
    till.page.keyboard.press("/", delay=80)
    expect(till.page.locator(".payment__left")).to_contain_text("6.11")
    assert openings(till.server) == before, "with automatic closing, assigning opens no drawer"
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#dialog-title")).to_have_text("Receipt approved")
    expect(till.page.locator(".done__number")).to_contain_text("PAR/2026/11/0000")
    expect(till.page.locator(".done .amount__figure")).to_contain_text("6.11")
    assert openings(till.server) == before + 1
    address = till.page.url
    till.page.keyboard.press("Enter")
    till.page.wait_for_url(lambda now: now != address and "/sale/" in now)
    assert till.lines() == []


def test_the_field_refills_with_the_rest_and_settled_tiles_say_why(till: Till) -> None:
    """PAY-01, PAY-03."""
    till.new_receipt()
    till.scan(MILK_EAN, NUTS_EAN)
    till.pay()
    till.page.locator("#amount").fill("20")
    till.page.locator('[data-action="pay-coupon"]').click()
    expect(till.page.locator("#amount")).to_have_value("43.89")
    approve = till.page.locator('#dialog [data-action="approve"]')
    expect(approve).to_have_attribute("aria-disabled", "true")
    till.page.keyboard.press("Enter")
    expect(till.page.locator(".toast--warn")).to_contain_text("43.89")
    till.page.keyboard.press("+")
    expect(till.page.locator(".payments li")).to_have_count(2)
    expect(till.page.locator('[data-action="pay-cash"]')).to_contain_text("All is paid")
    expect(till.page.locator("#pay-approve")).to_be_focused()


def test_only_cash_takes_more_than_is_left(till: Till) -> None:
    till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    till.page.locator("#amount").fill("10")
    till.page.locator('[data-action="pay-transfer"]').click()
    expect(till.page.locator(".toast--warn")).to_contain_text("3.99")
    expect(till.page.locator("#amount")).to_have_value("10")
    expect(till.page.locator(".payments__none")).to_be_visible()


def test_euros_are_converted_and_change_is_in_zloty(till: Till) -> None:
    """PAY-01, PAY-07: 63.89 zł at 4.25 is 15.03 €; 20 € leave 21.11 zł."""
    till.new_receipt()
    till.scan(MILK_EAN, NUTS_EAN)
    till.pay()
    till.page.locator("#currency").select_option("EUR")
    expect(till.page.locator("#amount")).to_have_value("15.03")
    expect(till.page.locator('[data-action="pay-coupon"]')).to_contain_text("Not in EUR")
    till.page.locator("#amount").fill("20")
    till.page.locator('[data-action="pay-cash"]').click()
    expect(till.page.locator(".payment__left")).to_contain_text("21.11")


def test_closing_with_money_assigned_asks_to_clear_it_first(till: Till) -> None:
    """PAY-02."""
    doc_id = till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    till.page.keyboard.press("/")
    expect(till.page.locator("#pay-approve")).to_be_visible()
    till.page.keyboard.press("Escape")
    expect(till.page.locator("#dialog-title")).to_have_text("Money is already assigned")
    till.page.get_by_role("button", name="Stay in the payment").click()
    expect(till.page.locator("#pay-clear")).to_be_visible()
    till.page.keyboard.press("Escape")
    till.page.get_by_role("button", name="Clear and change the receipt").click()
    expect(till.page.locator("#dialog")).to_be_hidden()
    document = till.draft(doc_id)
    assert document is not None
    assert document.payments == ()
    till.scan(MILK_EAN)
    assert len(till.lines()) == 2


def test_closing_without_money_goes_back_to_the_receipt(till: Till) -> None:
    till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    till.page.keyboard.press("Escape")
    expect(till.page.locator("#dialog")).to_be_hidden()
    till.scan(MILK_EAN)
    till.pay()
    expect(till.page.locator("#amount")).to_have_value("7.98")


def test_a_scan_while_the_window_is_open_is_added_and_the_amount_follows(till: Till) -> None:
    """DOC-20."""
    till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    till.scan(MILK_EAN)
    expect(till.page.locator("#amount")).to_have_value("7.98")


def test_a_reload_in_the_middle_of_payment_comes_back_to_it(till: Till) -> None:
    """DOC-34."""
    till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    till.page.locator("#amount").fill("2")
    till.page.locator('[data-action="pay-cash"]').click()
    expect(till.page.locator("#amount")).to_have_value("1.99")
    till.page.reload()
    expect(till.page.locator("#dialog-title")).to_have_text("Payment")
    expect(till.page.locator("#amount")).to_have_value("1.99")


def test_a_card_payment_settles_and_the_window_closes_by_itself(till: Till) -> None:
    """PAY-04, PAY-05: no form that opens the drawer, so the next receipt is there at once."""
    till.new_receipt()
    till.scan(MILK_EAN)
    before, address = openings(till.server), till.page.url
    till.pay()
    till.page.keyboard.press("*")
    expect(till.page.locator("#pay-approve")).to_be_visible(timeout=20_000)
    expect(till.page.locator(".payments")).to_contain_text("4761********0010")
    expect(till.page.locator("#pay-clear")).to_have_count(0)
    till.page.keyboard.press("Escape")
    expect(till.page.locator(".toast")).to_be_visible()
    till.page.locator("#pay-approve").click()
    till.page.wait_for_url(lambda now: now != address and "/sale/" in now)
    assert openings(till.server) == before


def test_a_declined_card_says_why_and_another_form_can_be_taken(till: Till) -> None:
    card = till.server.devices.doubles.card
    assert card is not None
    card.order(Turn(behaviour="decline"))
    till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    till.page.keyboard.press("*")
    expect(till.page.locator(".toast--bad")).to_be_visible(timeout=20_000)
    expect(till.page.locator("#amount")).to_have_value("3.99")
    expect(till.page.locator(".payments__none")).to_be_visible()
    till.page.keyboard.press("/")
    expect(till.page.locator("#pay-approve")).to_be_enabled()
    expect(till.page.locator(".toast--bad")).to_have_count(0)


def test_a_broken_connection_asks_and_the_answer_outlives_a_reload(till: Till) -> None:
    """PAY-05: found again after a crash; *charged* adds the payment, told by the cashier and allowed by the manager."""
    card = till.server.devices.doubles.card
    assert card is not None
    card.order(Turn(behaviour="gone"))
    doc_id = till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    till.page.keyboard.press("*")
    expect(till.page.locator("#dialog-title")).to_have_text("Was the card charged?", timeout=60_000)
    till.page.reload()
    expect(till.page.locator("#dialog-title")).to_have_text("Was the card charged?")
    till.page.keyboard.press("Escape")
    expect(till.page.locator("#card-yes")).to_be_visible()
    till.page.locator("#card-yes").click()
    expect(till.page.locator("#dialog-title")).to_have_text("Authorisation")
    expect(till.page.locator('#authorise input[value="EWA"]')).to_be_checked()
    till.page.locator("#pin").fill("2222")
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#pay-approve")).to_be_visible()
    document = till.draft(doc_id)
    assert document is not None
    assert [(paid.kind, paid.amount, paid.confirmed_by) for paid in document.payments] == [("card", 399, "OLA")]
    assert [(given.right, given.operator) for given in document.authorisations] == [("payment.confirm_card", "EWA")]
    card.refuse_connections = False


def test_without_a_terminal_the_till_simply_asks(bare_till: Till) -> None:
    """PAY-05."""
    doc_id = bare_till.new_receipt()
    bare_till.scan(MILK_EAN)
    bare_till.pay()
    bare_till.page.keyboard.press("*")
    expect(bare_till.page.locator("#dialog-title")).to_have_text("Was the card charged?")
    bare_till.page.locator("#card-no").click()
    expect(bare_till.page.locator("#amount")).to_have_value("3.99")
    document = bare_till.draft(doc_id)
    assert document is not None
    assert document.payments == ()


def test_without_automatic_closing_the_drawer_opens_on_assigning(bare_till: Till) -> None:
    """PAY-04."""
    bare_till.new_receipt()
    bare_till.scan(MILK_EAN)
    before = openings(bare_till.server)
    bare_till.pay()
    bare_till.page.keyboard.press("/")
    expect(bare_till.page.locator("#pay-approve")).to_be_visible()
    assert openings(bare_till.server) == before + 1
    bare_till.page.locator("#pay-approve").click()
    expect(bare_till.page.locator("#new-receipt")).to_be_visible()
    assert openings(bare_till.server) == before + 1


def test_a_printer_without_paper_is_told_and_the_sale_stands(till: Till) -> None:
    """SALE-05: failure never loses the sale."""
    printer = till.server.devices.doubles.printer
    assert printer is not None
    printer.offline = True
    try:
        till.new_receipt()
        till.scan(MILK_EAN)
        till.pay()
        till.page.keyboard.press("/")
        till.page.locator("#pay-approve").click()
        expect(till.page.locator(".done__number")).to_contain_text("PAR/2026/11/")
        expect(till.page.locator(".done .note--warn").first).to_contain_text("The sale stands")
    finally:
        printer.offline = False


def test_undo_takes_back_the_last_assignment_once_the_button_is_shown(till: Till) -> None:
    """PAY-02: hidden until chosen."""
    till.new_receipt()
    till.server.do(till.server.station.books.views.keep, "receipt", "OLA", Choice(buttons=("undo",)))
    till.scan(MILK_EAN)
    till.pay()
    till.page.locator("#amount").fill("1")
    till.page.locator('[data-action="pay-cash"]').click()
    expect(till.page.locator("#amount")).to_have_value("2.99")
    till.page.locator("#pay-undo").click()
    expect(till.page.locator("#amount")).to_have_value("3.99")


def test_without_a_shift_paying_says_what_to_do(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        StationServer(tmp_path_factory.mktemp("closed"), shift=False) as closed,
        at_till(chromium, closed) as till,
    ):
        till.new_receipt()
        till.scan(MILK_EAN)
        till.pay()
        expect(till.page.locator("#dialog-title")).to_contain_text("Not yet")
        expect(till.page.locator("#dialog a", has_text="Open the shift")).to_have_attribute("href", "/shift")
