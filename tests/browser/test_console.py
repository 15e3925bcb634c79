"""Every screen of the station and of head office, one after another: the browser has nothing to complain about."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect

from browser.back_office import cash_in, do, opened, ready, released, sold, still
from browser.chromium import until
from hub_documents_world import OPERATOR, STORE, Till
from hub_documents_world import Hub as Intake
from kontuar.domain.parties.records import Operator
from kontuar.nodes.hub import ADMINISTRATOR_FILE, Hub
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_exchange import extend_exchange
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.settings import HubSettings
from shop import MILK_EAN, NUTS_EAN
from station_server import StationServer, settings

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]

TOLD = "addEventListener('securitypolicyviolation', (e) => console.error(`${e.violatedDirective} ${e.blockedURI}`));"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    devices = settings(printer="double", fiscal="double", drawer="printer", card="double")
    with StationServer(tmp_path_factory.mktemp("console"), devices=devices) as running:
        yield running


class Listener:
    """What the console of a page says beyond the program's own answers; each with the address it was said at."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heard: list[str] = []
        page.add_init_script(TOLD)
        page.on("console", lambda message: self._hear(message.text) if message.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: self._hear(str(error)))

    def _hear(self, text: str) -> None:
        self.heard.append(f"{self.page.url}: {text}")

    def visit(self, address: str) -> None:
        answer = self.page.goto(address)
        assert answer is not None
        assert answer.status == 200, address
        still(self.page)


def test_no_screen_of_the_station_makes_the_browser_complain(chromium: Browser, server: StationServer) -> None:
    """SEC-03: scripts run and the strict content policy is kept, on lists, forms, previews and prints."""
    sale, paid_in, gone = (do(server, make, server.station) for make in (sold, cash_in, released))
    shift = do(server, server.station.books.cash.open_shift)
    page = opened(chromium, server, "/", language="pl")
    listener = Listener(page)
    paths = [
        "/", "/login", "/sale", "/documents", f"/documents/{sale.doc_id}", f"/documents/{sale.doc_id}/print",
        f"/documents/{paid_in.doc_id}", f"/documents/{gone.doc_id}", "/cash", "/cash/in", "/cash/out", "/goods",
        "/goods/release", "/goods/receipt", "/shift", "/shift/close", "/shift/past", f"/shift/{shift.shift_id}/print",
        "/stock", "/drafts", "/settings", "/design",
    ]  # fmt: skip
    for path in paths:
        listener.visit(server.url + path)
    assert listener.heard == []
    page.context.close()


def test_no_window_over_the_receipt_makes_the_browser_complain(chromium: Browser, server: StationServer) -> None:
    """SEC-03: windows that htmx swaps in and again, with fields whose attributes it carries over."""
    page = opened(chromium, server, "/", language="fr")
    listener = Listener(page)
    listener.visit(f"{server.url}/sale")
    for code in (MILK_EAN, NUTS_EAN):
        with page.expect_response(lambda answer: answer.request.method == "POST"):
            page.evaluate(f"document.dispatchEvent(new CustomEvent('kontuar:scan', {{detail: {{code: '{code}'}}}}))")
    for name in ("discount", "quantity", "contractor", "find", "fields", "discard", "back"):
        page.locator(f'[data-action="{name}"]').first.click()
        expect(page.locator("#dialog-title")).to_be_visible()
        expect(page.locator("#dialog .skeleton")).to_have_count(0)
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()
    page.keyboard.press("F9")
    # A field that a script once painted keeps an empty style attribute; htmx must not carry it over to the next one.
    page.locator("#amount").evaluate("field => { field.style.color = 'red'; field.style.removeProperty('color'); }")
    page.locator("#amount").fill("1")
    page.locator('[data-action="pay-cash"]').click()
    expect(page.locator(".payments .money")).to_have_count(1)
    page.locator("#pay-rest").click()
    page.locator("#pay-approve").click()
    expect(page.locator("#new-receipt")).to_be_visible()
    assert listener.heard == []
    page.context.close()


class HeadOffice:
    """A hub on loopback with a booked sale and one that waits for a decision."""

    def __init__(self, postgres_url: str, folder: Path) -> None:
        self.intake = Intake(postgres_url)
        # An administrator logs in by the code of the first start, so no operator may be defined yet.
        self.intake.rows("DELETE FROM definition WHERE kind = 'operator' RETURNING key")
        self.hub = Hub(HubSettings(data=folder / "hub", database_url=postgres_url),
                       [extend_sync, extend_documents, extend_exchange])  # fmt: skip
        self._server = uvicorn.Server(uvicorn.Config(self.hub.app, port=0, log_level="warning", lifespan="on"))
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        assert until(lambda: self._server.started and (self.hub.settings.data / ADMINISTRATOR_FILE).exists(), 30)
        self.url = f"http://127.0.0.1:{self._server.servers[0].sockets[0].getsockname()[1]}"
        self.code = (self.hub.settings.data / ADMINISTRATOR_FILE).read_text().strip()

    def sell(self) -> str:
        """A document that is booked, and one of an article that nobody knows; the first one's identity."""
        self.intake.define([Operator(code=OPERATOR, name="Anna", pin_verifier="x", roles=())], "operator")
        till = Till()
        till.open_shift()
        sale = till.sell((1, 2), (2, 1))
        till.sell((77, 2))
        self.intake.push(till)
        self.intake.book()
        return str(sale.doc_id)

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(20)
        self.intake.database.close()


@pytest.fixture
def office(postgres_url: str, tmp_path: Path) -> Iterator[HeadOffice]:
    running = HeadOffice(postgres_url, tmp_path)
    yield running
    running.close()


def test_no_screen_of_head_office_makes_the_browser_complain(chromium: Browser, office: HeadOffice) -> None:
    """SEC-03, HUB-01: every area of the navigation, a document, a decision, a definition."""
    context = chromium.new_context(viewport={"width": 1366, "height": 768})
    page = context.new_page()
    listener = Listener(page)
    listener.visit(f"{office.url}/login")
    page.locator("[name=operator]").fill("administrator")
    page.locator("[name=pin]").fill(office.code)
    page.keyboard.press("Enter")
    expect(page.locator(".nav__link").first).to_be_visible()
    doc_id = office.sell()
    areas = page.locator(".nav__link").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert {"/documents", "/verification", "/monitor", "/definitions/article"} <= set(areas)
    for path in (*areas, f"/documents/{STORE}/{doc_id}", "/definitions/article/row?key=A00001"):
        listener.visit(office.url + path)
    listener.visit(f"{office.url}/verification")
    page.locator("tr[data-row]").first.click()
    page.wait_for_url("**/verification/**")
    still(ready(page))
    assert listener.heard == []
    context.close()


@pytest.mark.parametrize(("language", "told"), [("pl", "Tej strony nie można pokazać"), ("fr", "Cette page")])
def test_an_address_that_is_not_there_shows_a_page(
    chromium: Browser, server: StationServer, language: str, told: str
) -> None:
    """DOC-05: a mistyped address tells in words what is wrong and leads back to the menu."""
    page = opened(chromium, server, "/nowhere", language=language)
    expect(page.locator("h1")).to_contain_text(told)
    page.locator('[data-action="back"]').click()
    expect(page.locator(".menu-tiles")).to_be_visible()
    page.context.close()


def test_the_clock_shows_the_time_at_the_shop(chromium: Browser, server: StationServer) -> None:
    """UI: a till whose browser is set to another zone still shows the shop's time."""
    context = chromium.new_context(timezone_id="Asia/Tokyo")
    page = context.new_page()
    page.clock.set_fixed_time("2026-11-21T09:05:00Z")
    page.goto(f"{server.url}/login")
    expect(page.locator("[data-clock]")).to_have_text("10:05")
    context.close()
