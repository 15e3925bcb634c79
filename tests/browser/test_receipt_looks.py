"""Every screen of the receipt's way: nothing serious for axe, nothing wider than the till, in language and theme."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.back_office import grave
from browser.till_pages import SIZES, Till, at_till
from shop import MILK_EAN, NUTS_EAN, TILE_EAN
from station_server import StationServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

COMPLAINTS = """
addEventListener("securitypolicyviolation", (e) => { (window.complaints ??= []).push(e.violatedDirective); })
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("looks")) as running:
        yield running


def screens(till: Till) -> Iterator[str]:
    """Walks through all of them; stops at each."""
    page = till.page
    page.goto(f"{till.server.url}/login")
    yield "login"
    till.sign_in("OLA")
    yield "menu"
    till.new_receipt()
    yield "empty receipt"
    till.scan(MILK_EAN, NUTS_EAN, TILE_EAN, "WATER", "REPAIR")
    yield "receipt"
    for name in ("discount", "header-discount", "explain", "quantity", "contractor", "find", "fields", "discard"):
        page.locator(f'[data-action="{name}"]').first.click()
        expect(page.locator("#dialog-title")).to_be_visible()
        expect(page.locator("#dialog .skeleton")).to_have_count(0)
        yield name
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()
    page.keyboard.press("F3")
    page.locator("#amount").fill("1")
    page.locator("#amount").press("Enter")
    expect(page.locator("#authorise")).to_be_visible()
    yield "authorisation"
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).to_be_hidden()
    till.pay()
    yield "payment"
    page.keyboard.press("*")
    expect(page.locator("#card-no")).to_be_visible()
    yield "card question"
    page.locator("#card-no").click()
    page.locator("#amount").fill("200")
    page.locator('[data-action="pay-cash"]').click()
    expect(page.locator("#pay-approve")).to_be_visible()
    yield "paid"
    page.locator("#pay-approve").click()
    expect(page.locator("#new-receipt")).to_be_visible()
    yield "approved"


@pytest.mark.parametrize(
    ("language", "size", "dark"),
    [("pl", "till", False), ("fr", "till", True), ("en", "laptop", False), ("fr", "desk", False)],
)
def test_every_screen_can_be_read_by_everyone_and_fits(
    chromium: Browser, server: StationServer, language: str, size: str, dark: bool
) -> None:
    """WCAG 2.2 AA; the strict content policy is kept (SEC-03)."""
    with at_till(chromium, server, size=size, language=language, dark=dark) as till:
        till.page.add_init_script(COMPLAINTS)
        wrong = []
        for name in screens(till):
            wrong += [f"{name}: {problem}" for problem in grave(till.page)]
            width = till.page.evaluate("document.scrollingElement.scrollWidth")
            height = till.page.evaluate("document.scrollingElement.scrollHeight")
            wrong += [f"{name}: {width}×{height}"] if width > SIZES[size][0] or height > SIZES[size][1] else []
            wrong += [f"{name}: {broken}" for broken in till.page.evaluate("window.complaints ?? []")]
        assert wrong == []
