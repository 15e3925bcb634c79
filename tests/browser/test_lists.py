"""Lists and previews of documents as a person meets them (DOC-03, DOC-10 … DOC-12, SALE-05)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.back_office import EWA, cash_in, do, grave, opened, ready, released, shows, sold
from browser.chromium import Keys, until
from kontuar.domain.documents.document import Document
from kontuar.operations.station import own_documents
from shop import with_parameter
from station_server import StationServer, settings

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SOLD = (("1", "cash", ""), ("2", "transfer", "ALFA"), ("3", "cash", ""), ("20", "cash", ""))
SCREENS = ("/documents", "/cash", "/goods", "/stock", "/settings", "/drafts")


class World:
    """A station with four receipts, a KP and an RW."""

    def __init__(self, server: StationServer) -> None:
        self.server = server
        station = server.station
        self.receipts: list[Document] = [
            do(server, sold, station, quantity, form, buyer)
            for quantity, form, buyer in [
                ("1", "cash", ""),
                ("2", "transfer", "ALFA"),
                ("3", "cash", ""),
                ("20", "cash", ""),
            ]
        ]
        self.cash = do(server, cash_in, station)
        self.goods = do(server, released, station)

    def fiscal_state(self, document: Document) -> str:
        return str(do(self.server, own_documents.preview, self.server.station, EWA, document.doc_id).row.fiscal)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder: Path = tmp_path_factory.mktemp("lists")
    devices = settings(printer="double", fiscal="double", drawer="printer")
    with StationServer(folder, devices=devices) as server:
        yield World(server)


def numbers(page: Page) -> list[str]:
    shown = "tbody tr[data-row] [data-column=number] a"
    return list(page.evaluate(f"[...document.querySelectorAll('{shown}')].map((link) => link.innerText)"))


def test_the_list_shows_the_newest_receipts_first_with_states_and_sums(chromium: Browser, world: World) -> None:
    """DOC-11."""
    page = ready(opened(chromium, world.server, "/documents"))
    assert numbers(page) == [document.number for document in reversed(world.receipts)]
    first = page.locator("tbody tr[data-row]").first
    assert "Not fiscalised" in first.inner_text()
    assert "Settled" in first.inner_text()
    assert page.locator("th[data-column=handler]").is_hidden()
    page.context.close()


def test_filters_narrow_the_list_while_typing(chromium: Browser, world: World) -> None:
    """Any part of a number, `%` and a part of the name, an EAN, a range of values."""
    page = ready(opened(chromium, world.server, "/documents"))
    page.fill("input[name=text]", "%alfa")
    assert until(lambda: numbers(page) == [world.receipts[1].number])
    page.fill("input[name=text]", "00003")
    assert until(lambda: numbers(page) == [world.receipts[2].number])
    page.fill("input[name=text]", "")
    page.select_option("select[name=value]", "200")
    assert until(lambda: numbers(page) == [world.receipts[3].number])
    page.fill("input[name=text]", "nothing like it")
    assert shows(page, "tbody", "No documents")
    page.context.close()


def test_buttons_say_why_until_a_document_is_marked(chromium: Browser, world: World) -> None:
    """DOC-10: disabled buttons stay visible with their reason; arrows mark, Enter opens the preview."""
    page = ready(opened(chromium, world.server, "/documents"))
    refused = page.locator('#row-actions [data-action="print"]')
    assert refused.get_attribute("aria-disabled") == "true"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert until(lambda: page.locator('#row-actions a[data-action="preview"]').count() == 1)
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/*")
    assert shows(page, ".preview__number", world.receipts[2].number)
    page.context.close()


def test_a_scan_of_a_print_opens_its_document_from_any_focus(chromium: Browser, world: World) -> None:
    page = ready(opened(chromium, world.server, "/documents"))
    page.focus("select[name=state]")
    Keys(page).scan(world.receipts[0].number)
    page.wait_for_url(f"**/documents/{world.receipts[0].doc_id}")
    page.context.close()


def test_the_preview_shows_lines_taxes_history_and_keeps_payments_folded(chromium: Browser, world: World) -> None:
    """DOC-12: payment details are hidden by default, total quantity is shown."""
    page = ready(opened(chromium, world.server, f"/documents/{world.receipts[1].doc_id}"))
    main = page.inner_text(".preview__main")
    assert "Mleko 2% 1 l" in main
    assert "22.96" in main
    assert "Alfa Sp. z o.o." in main
    side = page.inner_text(".preview__side")
    assert "2.250" in side
    assert "Approved · Ewa Kierownik" in side
    assert "Przelew" not in side
    page.click(".preview__side summary")
    assert "Przelew" in page.inner_text(".preview__side")
    page.context.close()


def test_fiscalising_again_by_keyboard_registers_once(chromium: Browser, world: World) -> None:
    """SALE-05: the window names both ways; afterwards the document is fiscalised and the button says so."""
    fiscal = world.server.devices.doubles.fiscal
    assert fiscal
    before = len(fiscal.memory.receipts)
    page = ready(opened(chromium, world.server, f"/documents/{world.receipts[0].doc_id}"))
    page.keyboard.press("F4")
    assert shows(page, "#dialog-body", "Mark as fiscalised")
    page.keyboard.press("Enter")
    assert until(lambda: "Fiscalised" in page.inner_text(".preview__head"))
    assert len(fiscal.memory.receipts) == before + 1
    assert world.fiscal_state(world.receipts[0]) == "done"
    assert page.locator('[data-action="fiscalise"]').get_attribute("aria-disabled") == "true"
    page.context.close()


def test_marking_as_fiscalised_prints_nothing(chromium: Browser, world: World) -> None:
    fiscal = world.server.devices.doubles.fiscal
    assert fiscal
    before = len(fiscal.memory.receipts)
    page = ready(opened(chromium, world.server, f"/documents/{world.receipts[2].doc_id}"))
    page.keyboard.press("F4")
    assert shows(page, "#dialog-body", "Mark as fiscalised")
    page.fill("input[name=fiscal_number]", "77")
    page.get_by_role("button", name="Mark as fiscalised").click()
    assert until(lambda: "77" in page.inner_text(".preview__main"))
    assert len(fiscal.memory.receipts) == before
    assert "Marked as fiscalised by hand" in page.inner_text(".history")
    page.context.close()


def test_printing_is_told_and_counted(chromium: Browser, world: World) -> None:
    """DOC-32."""
    page = ready(opened(chromium, world.server, f"/documents/{world.receipts[3].doc_id}"))
    page.keyboard.press("Control+p")
    assert shows(page, "#toasts", "It was printed")
    page.reload()
    assert "Printed 1 time" in page.inner_text(".preview__side")
    page.context.close()


def test_the_print_on_screen_is_the_print_on_paper(chromium: Browser, world: World) -> None:
    page = opened(chromium, world.server, f"/documents/{world.receipts[1].doc_id}/print")
    paper = page.inner_text(".paper")
    assert "PARAGON" in paper
    assert "RAZEM PLN" in paper
    assert "22,96" in paper
    assert page.locator(".paper__code").count() == 1
    page.context.close()


def test_local_documents_only_is_said_when_head_office_is_out_of_reach(chromium: Browser, world: World) -> None:
    """DOC-11: only where the parameter asks for both."""
    words = "only documents of this station"
    world.server.level = "store"
    page = ready(opened(chromium, world.server, "/documents"))
    assert words not in page.inner_text("body")
    do(world.server, with_parameter, world.server.station.books, "search.documents", "local_and_hub")
    page.reload()
    assert words in page.inner_text("body")
    world.server.level = "online"
    page.reload()
    assert words not in page.inner_text("body")
    page.context.close()


def test_a_cashier_sees_only_own_documents(chromium: Browser, world: World) -> None:
    page = ready(opened(chromium, world.server, "/documents", operator="OLA"))
    assert numbers(page) == []
    page.goto(f"{world.server.url}/documents/{world.receipts[0].doc_id}")
    assert world.receipts[0].number not in page.inner_text("body")
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious(chromium: Browser, world: World, theme: str) -> None:
    """WCAG 2.2 AA; the strict content policy is kept (SEC-03)."""
    page = opened(chromium, world.server, "/documents", theme=theme, language="pl")
    for path in (f"/documents/{world.receipts[1].doc_id}", *SCREENS):
        page.goto(f"{world.server.url}{path}")
        assert grave(ready(page)) == []
        assert page.evaluate("window.complaints") == []
    page.context.close()


@pytest.mark.parametrize("language", ["pl", "fr", "en"])
def test_nothing_reaches_over_the_edge_of_a_small_till(chromium: Browser, world: World, language: str) -> None:
    """1024×768 in every language: no sideways scrolling of the page, every action on the screen, at least 48 px."""
    page = opened(chromium, world.server, "/documents", size=(1024, 768), language=language)
    for path in SCREENS:
        page.goto(f"{world.server.url}{path}")
        assert ready(page).evaluate("document.documentElement.scrollWidth") <= 1024
        for button in page.locator(".back-bar .button").all():
            box = button.bounding_box()
            assert box
            assert box["y"] + box["height"] <= 768
            assert box["height"] >= 48
    page.context.close()
