"""Cash in and cash out on the screen (PAY-09)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from browser.back_office import EWA, cash_in, do, grave, opened, ready, shows
from browser.chromium import until
from kontuar.kernel.money import Minor
from kontuar.operations.ports.station import DocumentQuery, DocumentRow
from kontuar.operations.station import own_documents
from station_server import StationServer, settings

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StationServer]:
    with StationServer(tmp_path, devices=settings(printer="double", drawer="printer")) as running:
        yield running


def rows(server: StationServer) -> list[DocumentRow]:
    found = do(server, own_documents.page, server.station, EWA, DocumentQuery(family="cash"))
    return list(found.rows)


def in_register(server: StationServer) -> Minor:
    return Minor(do(server, server.station.books.cash.balances, "S1T1")[("cash", "PLN")])


def approved(page: Page) -> None:
    page.wait_for_url("**/documents/*")
    assert page.locator(".preview__number").count() == 1


def test_cash_comes_in_by_keyboard_alone(chromium: Browser, server: StationServer) -> None:
    """List, F2, amount, reason, F10: the money is in the register, the drawer opened, a print came out."""
    page = ready(opened(chromium, server, "/cash"))
    page.keyboard.press("F2")
    page.wait_for_url("**/cash/0*")
    ready(page)
    page.keyboard.type("12,50")
    page.keyboard.press("F4")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("F10")
    approved(page)
    (row,) = rows(server)
    assert (row.type, row.number, row.gross) == ("cash_in", "KP/2026/11/00001/POS1", 1250)
    assert in_register(server) == 21250
    printer = server.devices.doubles.printer
    assert printer
    assert printer.drawer_openings == 1
    page.context.close()


def test_cash_goes_out_by_touch_alone(chromium: Browser, server: StationServer) -> None:
    page = ready(opened(chromium, server, "/cash/out"))
    for key in ("2", "0"):
        page.click(f'[data-pad-key="{key}"]')
    page.select_option("select[name=reason]", "CHANGE")
    page.click('[data-action="approve"]')
    approved(page)
    assert [(row.type, row.gross) for row in rows(server)] == [("cash_out", 2000)]
    assert in_register(server) == 18000
    page.context.close()


def test_what_is_missing_is_told_and_nothing_is_booked(chromium: Browser, server: StationServer) -> None:
    page = ready(opened(chromium, server, "/cash/in"))
    page.fill("input[name=amount]", "5")
    page.keyboard.press("F10")
    assert until(lambda: bool((page.text_content("#toasts") or "").strip()))
    assert rows(server) == []
    assert in_register(server) == 20000
    page.context.close()


def test_a_form_survives_a_browser_that_is_closed(chromium: Browser, server: StationServer) -> None:
    """DOC-34: kept at every change; an empty form is forgotten when it is left."""
    page = ready(opened(chromium, server, "/cash/in"))
    page.select_option("select[name=reason]", "CHANGE")
    page.fill("input[name=amount]", "7,30")
    page.fill("input[name=description]", "drobne")
    page.keyboard.press("Tab")
    assert until(lambda: _kept(server) == ["drobne"])
    page.context.close()
    again = ready(opened(chromium, server, "/cash/in"))
    assert again.input_value("input[name=amount]") == "7.30"
    assert again.input_value("input[name=description]") == "drobne"
    again.goto(f"{server.url}/cash/out")
    ready(again).keyboard.press("Escape")
    again.wait_for_url("**/cash")
    assert _kept(server) == ["drobne"]
    again.context.close()


def test_cancelling_names_what_it_does_and_takes_the_money_back(chromium: Browser, server: StationServer) -> None:
    document = do(server, cash_in, server.station)
    page = ready(opened(chromium, server, f"/documents/{document.doc_id}"))
    page.keyboard.press("F7")
    assert shows(page, "#dialog-body", "The money is booked back")
    page.fill("#cancel-form input[name=reason]", "pomyłka")
    page.keyboard.press("Enter")
    assert until(lambda: "Cancelled" in page.inner_text(".preview__head"))
    assert in_register(server) == 20000
    assert "pomyłka" in page.inner_text(".history")
    page.context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_form_and_its_window(
    chromium: Browser, server: StationServer, theme: str
) -> None:
    page = ready(opened(chromium, server, "/cash/out", theme=theme, language="fr"))
    assert grave(page) == []
    page.keyboard.press("F2")
    assert shows(page, "#dialog-body", "Alfa Sp. z o.o.")
    assert grave(page) == []
    page.click("text=Alfa Sp. z o.o.")
    assert shows(page, "#contractor", "Alfa Sp. z o.o.")
    assert page.evaluate("window.complaints") == []
    page.context.close()


def _kept(server: StationServer) -> list[str]:
    return [draft.description for draft in do(server, server.station.books.drafts.every) if draft.description]
