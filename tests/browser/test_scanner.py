"""The scanner, in a real browser against a till that can be slow, absent or ignorant (DOC-20, DOC-33)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from browser.chromium import Keys, until
from browser.design_server import DesignServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(60)]

TEN_CODES = [f"590123412{number:04}" for number in range(10)]
ONE_CODE = "5901234123457"


@pytest.fixture
def server() -> Iterator[DesignServer]:
    with DesignServer() as running:
        yield running


@pytest.fixture
def receipt(chromium: Browser, server: DesignServer) -> Iterator[Page]:
    page = chromium.new_page(viewport={"width": 1024, "height": 768})
    page.goto(f"{server.url}/trial/receipt/pl")
    assert until(lambda: bool(page.evaluate("window.htmx !== undefined")))
    yield page
    page.close()


def find_field(page: Page) -> str:
    return page.locator("[data-default-field]").input_value()


def test_ten_scans_in_three_seconds_arrive_in_their_order_while_the_till_is_slow(
    receipt: Page, server: DesignServer
) -> None:
    """DOC-20: a burst from any focus; answers take longer than the scans."""
    server.till.delay_seconds = 0.4
    keys = Keys(receipt)
    focuses = ["[data-default-field]", "#qty", "#pay", "tr[data-row='3']", "body"]
    for number, code in enumerate(TEN_CODES):
        receipt.evaluate(
            "at => (at === 'body' ? document.activeElement.blur() : document.querySelector(at).focus())",
            focuses[number % len(focuses)],
        )
        keys.scan(code)

    assert until(lambda: len(server.till.scans) == 10)
    assert server.till.scans == TEN_CODES
    assert server.till.most_at_once == 1
    assert len(set(server.till.scan_ids)) == 10
    assert set(server.till.tokens) == {"token-of-the-page"}
    assert receipt.locator("#qty").input_value() == "1"
    assert find_field(receipt) == ""


def test_a_scan_with_the_cursor_in_the_quantity_field_leaves_the_quantity_alone(
    receipt: Page, server: DesignServer
) -> None:
    """The thread of other systems: a code read as a quantity of 5,901,234,123,457 pieces."""
    receipt.locator("#qty").focus()
    Keys(receipt).scan(ONE_CODE)

    assert until(lambda: server.till.scans == [ONE_CODE])
    assert receipt.locator("#qty").input_value() == "1"
    assert receipt.evaluate("document.activeElement.id") == "qty"


def test_a_scan_while_a_dialog_is_open_arrives(receipt: Page, server: DesignServer) -> None:
    """DOC-20: the amount in the payment window stays as it was."""
    receipt.click("#pay")
    receipt.wait_for_selector("dialog[open] #assign")
    receipt.locator("#assign").focus()
    Keys(receipt).scan(ONE_CODE)

    assert until(lambda: server.till.scans == [ONE_CODE])
    assert receipt.locator("#assign").input_value() == "292,10"
    assert receipt.locator("dialog[open]").count() == 1


def test_a_scan_that_begins_with_a_key_of_the_payment_window_is_not_that_key(
    receipt: Page, server: DesignServer
) -> None:
    receipt.click("#pay")
    receipt.wait_for_selector("dialog[open] #assign")
    receipt.evaluate(
        """document.querySelector('dialog [data-action="pay-cash"]')
        .addEventListener('click', () => { window.paidCash = true; })"""
    )
    receipt.evaluate(
        """[..."/12345/A", "Enter"].forEach((key) => document.activeElement.dispatchEvent(
        new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true })))"""
    )

    assert until(lambda: server.till.scans == ["/12345/A"])
    receipt.wait_for_timeout(100)
    assert receipt.evaluate("window.paidCash") is None
    Keys(receipt).type("/")
    assert until(lambda: receipt.evaluate("window.paidCash") is True)


def test_typing_by_hand_is_not_a_scan(receipt: Page, server: DesignServer) -> None:
    receipt.locator("#qty").focus()
    receipt.evaluate("document.addEventListener('kontuar:scan', () => { window.scanned = true; })")
    keys = Keys(receipt)
    keys.type("12,5")

    assert receipt.locator("#qty").input_value() == "12,5"
    receipt.locator("[data-default-field]").focus()
    keys.type("chleb")
    assert find_field(receipt) == "chleb"
    keys.type("", end="Enter")
    assert until(lambda: server.till.scans == ["chleb"])
    assert server.till.scan_ids == [""]
    assert receipt.evaluate("window.scanned") is None


def test_two_keys_pressed_almost_together_are_typing_and_stay_where_they_were_typed(
    receipt: Page, server: DesignServer
) -> None:
    receipt.locator("#qty").focus()
    Keys(receipt).scan("24", end="")

    assert until(lambda: receipt.locator("#qty").input_value() == "24")
    receipt.wait_for_timeout(150)
    assert receipt.locator("#qty").input_value() == "24"
    assert server.till.scans == []


def test_what_was_half_typed_survives_a_scan(receipt: Page, server: DesignServer) -> None:
    receipt.locator("[data-default-field]").focus()
    keys = Keys(receipt)
    keys.type("mle")
    keys.scan(ONE_CODE)

    assert until(lambda: server.till.scans == [ONE_CODE])
    assert find_field(receipt) == "mle"


def test_a_tab_ends_a_scan_too_and_does_not_move_the_focus(receipt: Page, server: DesignServer) -> None:
    receipt.locator("[data-default-field]").focus()
    Keys(receipt).scan(ONE_CODE, end="Tab")

    assert until(lambda: server.till.scans == [ONE_CODE])
    assert receipt.evaluate("document.activeElement.dataset.defaultField") == ""


def test_a_double_trigger_of_the_scanner_counts_once_and_a_second_scan_counts(
    receipt: Page, server: DesignServer
) -> None:
    keys = Keys(receipt)
    keys.scan(ONE_CODE)
    keys.scan(ONE_CODE, pause_seconds=0.05)
    keys.scan(ONE_CODE)

    assert until(lambda: len(server.till.scans) == 2)
    receipt.wait_for_timeout(300)
    assert server.till.scans == [ONE_CODE, ONE_CODE]


def test_a_scan_that_fails_on_its_way_is_sent_again_under_the_same_identity(
    receipt: Page, server: DesignServer
) -> None:
    """REL-08: the till can tell a repeat from a second scan."""
    server.till.fail_next = 2
    keys = Keys(receipt)
    keys.scan(ONE_CODE)
    keys.scan("4006381333931")

    assert until(lambda: len(server.till.scans) == 2)
    assert server.till.scans == [ONE_CODE, "4006381333931"]
    assert len(server.till.scan_ids) == 4
    assert len(set(server.till.scan_ids[:3])) == 1


def test_scans_that_wait_survive_a_reload_of_the_page(receipt: Page, server: DesignServer) -> None:
    """REL-20: the browser may go away with scans unanswered."""
    server.till.fail_next = 10_000
    Keys(receipt).scan(ONE_CODE)
    assert until(lambda: len(server.till.scan_ids) >= 1)
    receipt.reload()
    server.till.fail_next = 0

    assert until(lambda: server.till.scans == [ONE_CODE])
    assert len(set(server.till.scan_ids)) == 1


def test_the_answer_to_a_scan_is_shown_in_words(receipt: Page, server: DesignServer) -> None:
    server.till.unknown = frozenset({"4006381333931"})
    keys = Keys(receipt)
    keys.scan(ONE_CODE)
    receipt.wait_for_selector('[data-scan-status][data-kind="added"]')
    assert receipt.locator("[data-scan-text]").inner_text() == f"added {ONE_CODE}"
    keys.scan("4006381333931")
    receipt.wait_for_selector('[data-scan-status][data-kind="unknown"]')
    assert receipt.locator("[data-scan-text]").inner_text() == "unknown 4006381333931"


def test_typing_with_nothing_to_type_into_goes_to_the_find_field(receipt: Page, server: DesignServer) -> None:
    receipt.evaluate("document.activeElement.blur()")
    Keys(receipt).type("ser")

    assert find_field(receipt) == "ser"


def test_paying_waits_for_the_last_scan(receipt: Page, server: DesignServer) -> None:
    """The amount must not be asked for before the article is on the receipt."""
    server.till.delay_seconds = 0.5
    Keys(receipt).scan(ONE_CODE)
    receipt.keyboard.press("F9")
    assert receipt.locator("dialog[open]").count() == 0
    assert server.till.scans == []

    receipt.wait_for_selector("dialog[open]")
    assert server.till.scans == [ONE_CODE]
