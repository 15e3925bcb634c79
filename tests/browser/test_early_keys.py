"""Hands and scanners do not wait for pages: what is pressed while a page is on its way is not lost (DOC-20, DOC-33)."""

import time
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from browser.chromium import Keys
from browser.till_pages import PINS, Till, at_till
from shop import MILK_EAN, NUTS_EAN
from station_server import StationServer

pytestmark = pytest.mark.browser
SLOW_SECONDS = 0.8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("early")) as running:
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server) as made:
        made.new_receipt()
        yield made


def delay_program(page: Page) -> None:
    """The page is painted, its program comes late."""

    def late(route: Route) -> None:
        time.sleep(SLOW_SECONDS)
        route.continue_()

    page.route("**/js/kontuar.js", late)


def come_back(page: Page) -> None:
    """Opens the same document again and returns as soon as it is painted."""
    page.goto(page.url, wait_until="commit")
    expect(page.locator("#contractor")).to_be_visible()
    assert page.evaluate("document.readyState") == "interactive", "the page was ready before a key could come early"


def articles(till: Till) -> list[str]:
    draft = till.draft(till.page.url.rsplit("/", 1)[1])
    assert draft is not None
    return [line.article for line in draft.lines]


def test_a_key_pressed_before_the_page_is_ready_does_its_work(till: Till) -> None:
    """DOC-33: F2 opens the contractors though the page heard nothing yet."""
    delay_program(till.page)
    come_back(till.page)
    till.page.keyboard.press("F2")
    expect(till.page.locator("#contractors-phrase")).to_be_focused()


def test_two_scans_before_the_page_is_ready_are_two_lines(till: Till) -> None:
    """DOC-20: in their order, each once."""
    delay_program(till.page)
    come_back(till.page)
    keys = Keys(till.page, time.time() + 3)
    keys.scan(MILK_EAN)
    keys.scan(NUTS_EAN)
    expect(till.page.locator("#lines-rows tr")).to_have_count(2)
    assert articles(till) == ["MILK", "NUTS"]
    assert till.page.locator("[data-default-field]").input_value() == ""


def test_letters_typed_before_the_page_is_ready_stand_in_the_find_field(till: Till) -> None:
    """DOC-33: as if the page had been there."""
    delay_program(till.page)
    come_back(till.page)
    Keys(till.page, time.time() + 3).type("mle")
    expect(till.page.locator("[data-default-field]")).to_have_value("mle")


def test_a_pin_typed_before_the_page_is_ready_signs_in(chromium: Browser, server: StationServer) -> None:
    """DOC-33: PIN and Enter, the page's program being late."""
    with at_till(chromium, server) as till:
        page = till.page
        delay_program(page)
        page.goto(f"{server.url}/login", wait_until="commit")
        page.locator('input[name="operator"][value="OLA"]').check()
        page.locator("#pin").focus()
        assert page.evaluate("document.readyState") == "interactive"
        Keys(page, time.time() + 3).type(PINS["OLA"], end="Enter")
        page.wait_for_url(lambda address: "/login" not in address)


def test_a_scan_begun_on_one_page_and_ended_on_the_next_is_one_scan(till: Till) -> None:
    """DOC-20: the scanner fires while the cashier's last key is still changing the page."""
    page = till.page
    address = page.url
    page.goto(f"{till.server.url}/documents")
    delay_program(page)
    page.evaluate(
        """address => {
            window.dispatchEvent(new Event('beforeunload'));
            setTimeout(() => location.assign(address), 600);
        }""",
        address,
    )
    began = time.time() + 3  # a page takes no key as older than itself
    Keys(page, began).scan(MILK_EAN[:6], end="", pause_seconds=0.0)
    page.wait_for_url(address, wait_until="commit")
    expect(page.locator("#contractor")).to_be_visible()
    Keys(page, began + 6 * 0.008).scan(MILK_EAN[6:], pause_seconds=0.0)
    expect(page.locator("#lines-rows tr")).to_have_count(1)
    assert articles(till) == ["MILK"]


def test_keys_held_for_a_page_that_stayed_are_given_to_it(till: Till) -> None:
    """DOC-33: a download began to leave and did not."""
    page = till.page
    page.evaluate("window.dispatchEvent(new Event('beforeunload'))")
    page.keyboard.press("F2")
    expect(page.locator("#contractors-phrase")).to_be_focused()
