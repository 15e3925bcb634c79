"""A till that may issue nothing more says so on every screen, opens no payment, and takes a new code (REL-13)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.back_office import do, grave, opened, ready, shows, still
from kontuar.operations.station import till
from shop import MILK_EAN, actor_of
from station_server import StationServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
PICTURES = os.environ.get("KONTUAR_PICTURES", "")
CLOSED = 2


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StationServer]:
    with StationServer(tmp_path) as running:
        yield running


def stop(server: StationServer) -> None:
    """A later life of this till was opened elsewhere."""
    database = server.station.books.database  # type: ignore[attr-defined]
    with database.transaction():
        database.write("INSERT OR REPLACE INTO uplink VALUES ('i1', 0, x'00', 0, x'00', ?)", (CLOSED,))


def picture(page: Page, name: str) -> None:
    if PICTURES:
        still(page).screenshot(path=f"{PICTURES}/{name}.png")


def test_a_replaced_till_says_why_it_sells_nothing_and_where_to_mend_it(
    chromium: Browser, server: StationServer
) -> None:
    """Bar and payment name it before any money is taken."""
    draft = do(server, till.begin, server.station, actor_of(), "receipt").doc_id
    do(server, till.scan, server.station, actor_of(), draft, MILK_EAN)
    do(server, stop, server)
    page = ready(opened(chromium, server, f"/sale/{draft}"))
    assert shows(page, "body", "works on another machine")
    page.keyboard.press("F10")
    page.wait_for_timeout(1500)
    page.screenshot(path="/tmp/pics/zz.png")
    page.keyboard.press("F9")
    assert shows(page, ".toast", "works on another machine")
    assert page.locator("#amount").count() == 0
    picture(page, "stopped-sale-en")


@pytest.mark.parametrize(
    ("language", "theme", "label", "press", "told"),
    [
        ("en", "light", "One-time code from head office", "Enrol this machine", "The till starts anew"),
        ("pl", "dark", "Jednorazowy kod z centrali", "Zarejestruj ten komputer", "Kasa uruchamia się od nowa"),
        ("fr", "light", "Code à usage unique du siège", "Inscrire cet ordinateur", "La caisse redémarre"),
    ],
)
def test_a_replaced_till_takes_a_new_code_in_its_settings(
    chromium: Browser, server: StationServer, language: str, theme: str, label: str, press: str, told: str
) -> None:
    do(server, stop, server)
    page = ready(opened(chromium, server, "/settings", language=language, theme=theme))
    assert not grave(page)
    picture(page, f"stopped-settings-{language}-{theme}")
    page.get_by_label(label).fill(" AB-CD ")
    page.get_by_role("button", name=press).click()
    assert shows(page, "body", told)
    assert server.codes == ["AB-CD"]


def test_a_till_that_works_asks_for_no_code(chromium: Browser, server: StationServer) -> None:
    page = ready(opened(chromium, server, "/settings"))
    assert shows(page, "main", "Enrolled by a code")
    assert page.get_by_label("One-time code from head office").count() == 0
