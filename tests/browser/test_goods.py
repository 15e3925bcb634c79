"""Internal releases and receipts of goods on the screen (DOC-20, DOC-23)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.back_office import EWA, do, grave, opened, ready, shows
from browser.chromium import Keys, until
from kontuar.domain.documents.document import Document
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.station import own_documents
from shop import CARTON_EAN, MILK_EAN, NUTS_EAN
from station_server import StationServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StationServer]:
    with StationServer(tmp_path) as running:
        yield running


def numbers(server: StationServer) -> list[str]:
    found = do(server, own_documents.page, server.station, EWA, DocumentQuery(family="goods"))
    return [row.number for row in found.rows]


def draft(server: StationServer) -> Document:
    (document,) = do(server, server.station.books.drafts.every)
    assert isinstance(document, Document)
    return document


def quantities(server: StationServer) -> list[tuple[str, str, str]]:
    return [(line.article, str(line.quantity), line.unit) for line in draft(server).lines]


def form(chromium: Browser, server: StationServer, kind: str = "release", **more: object) -> Page:
    return ready(opened(chromium, server, f"/goods/{kind}", **more))  # type: ignore[arg-type]


def test_goods_leave_by_scanner_and_keyboard_alone(chromium: Browser, server: StationServer) -> None:
    """Three scans from any focus, a reason, F10; a double scan of one article grows to two lines of one."""
    page = form(chromium, server)
    keys = Keys(page)
    keys.scan(MILK_EAN)
    keys.scan(CARTON_EAN)
    page.focus("input[name=description]")
    keys.scan(NUTS_EAN)
    assert until(lambda: len(draft(server).lines) == 3)
    assert quantities(server) == [("MILK", "1", "szt"), ("MILK", "1", "kart"), ("NUTS", "1.000", "kg")]
    assert page.input_value("input[name=description]") == ""
    page.keyboard.press("F4")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("F10")
    page.wait_for_url("**/documents/*")
    assert numbers(server) == ["RW/2026/11/00001/POS1"]
    page.context.close()


def test_quantity_and_unit_of_the_marked_line_are_changed_on_the_pad(chromium: Browser, server: StationServer) -> None:
    page = form(chromium, server, "receipt")
    Keys(page).scan(NUTS_EAN)
    assert shows(page, "#goods-details", "Pistacje luzem")
    page.click("#quantity")
    for key in ("clear", "2", "separator", "5", "enter"):
        page.click(f'[data-pad-key="{key}"]')
    assert until(lambda: quantities(server) == [("NUTS", "2.500", "kg")])
    assert shows(page, "#lines", "2.5 kg")
    page.context.close()


def test_an_article_is_chosen_from_the_list_by_keyboard(chromium: Browser, server: StationServer) -> None:
    """F3, a part of the name, arrow, Enter."""
    page = form(chromium, server)
    page.keyboard.press("F3")
    assert shows(page, "#dialog-body", "Woda gazowana")
    page.keyboard.type("woda")
    assert until(lambda: page.locator("#choose-rows tr[data-row]").count() == 1)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert until(lambda: quantities(server) == [("WATER", "1", "szt")])
    assert until(lambda: page.locator("dialog[open]").count() == 0)
    page.context.close()


def test_a_line_is_deleted_with_one_key(chromium: Browser, server: StationServer) -> None:
    page = form(chromium, server)
    Keys(page).scan(MILK_EAN)
    assert shows(page, "#goods-details", "Mleko 2% 1 l")
    page.keyboard.press("F7")
    assert until(lambda: quantities(server) == [])
    assert shows(page, "#lines", "No lines yet")
    assert shows(page, "#goods-details", "No line marked")
    page.context.close()


def test_an_unknown_code_is_told_and_adds_nothing(chromium: Browser, server: StationServer) -> None:
    page = form(chromium, server)
    Keys(page).scan("5909999999999")
    assert until(lambda: bool((page.text_content("#toasts") or "").strip()))
    assert quantities(server) == []
    page.context.close()


def test_without_the_stores_server_the_button_says_so_and_nothing_moves(
    chromium: Browser, server: StationServer
) -> None:
    """The document is kept; when the server is back the button works without loading the page anew."""
    server.level = "offline"
    page = form(chromium, server)
    Keys(page).scan(MILK_EAN)
    assert until(lambda: len(draft(server).lines) == 1)
    page.select_option("select[name=reason]", "LOSS")
    button = page.locator('[data-action="approve"]')
    assert button.get_attribute("aria-disabled") == "true"
    assert "server cannot be reached" in page.inner_html("#goods-approval")
    page.keyboard.press("F10")
    assert numbers(server) == []
    server.level = "online"
    assert until(lambda: page.locator('[data-action="approve"]').get_attribute("aria-disabled") is None)
    page.keyboard.press("F10")
    page.wait_for_url("**/documents/*")
    assert numbers(server) == ["RW/2026/11/00001/POS1"]
    page.context.close()


def test_what_is_missing_is_told_all_at_once(chromium: Browser, server: StationServer) -> None:
    """DOC-05: no lines and no reason, in one window."""
    page = form(chromium, server)
    page.keyboard.press("F10")
    assert until(lambda: page.locator("dialog[open] .note").count() == 2)
    page.context.close()


def test_axe_finds_nothing_serious(chromium: Browser, server: StationServer) -> None:
    page = form(chromium, server, theme="dark", language="pl")
    Keys(page).scan(MILK_EAN)
    assert shows(page, "#goods-details", "Mleko 2% 1 l")
    assert grave(page) == []
    page.keyboard.press("F3")
    assert shows(page, "#dialog-body", "Woda gazowana")
    assert grave(page) == []
    assert page.evaluate("window.complaints") == []
    page.context.close()
