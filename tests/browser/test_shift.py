"""The cash shift on the screen: open, look, count, close (PAY-09, PAY-10); drafts, drawer, settings."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from browser.back_office import EWA, cash_in, do, grave, opened, plain, ready, released, shows, sold
from browser.chromium import until
from kontuar.domain.cash.records import ShiftReport
from kontuar.operations.station import shifts, till
from shop import MILK_EAN
from station_server import StationServer, settings

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[StationServer]:
    with StationServer(tmp_path, devices=settings(printer="double", drawer="printer")) as running:
        yield running


def last_report(server: StationServer) -> ShiftReport:
    cash = server.station.books.cash
    (shift,) = do(server, cash.closed_shifts, 1)
    report = do(server, cash.report_of, shift.shift_id)
    assert isinstance(report, ShiftReport)
    return report


def test_a_shift_is_opened_with_the_float_counted_on_the_pad(chromium: Browser, tmp_path: Path) -> None:
    with StationServer(tmp_path, shift=False) as server:
        page = ready(opened(chromium, server, "/shift"))
        for key in ("1", "5", "0", "enter"):
            page.click(f'[data-pad-key="{key}"]')
        assert shows(page, ".shift-page", "PLN 150.00")
        shift = do(server, server.station.books.cash.open_shift)
        assert (shift.number, shift.opening_float, shift.opened_by) == (1, 15000, "EWA")
        page.context.close()


def test_the_summary_shows_sales_tax_and_money_at_any_time(chromium: Browser, server: StationServer) -> None:
    """PAY-10: 200 float + 18.97 sold for cash + 50 in = 268.97 in the drawer."""
    do(server, sold, server.station, "1", "cash")
    do(server, sold, server.station, "2", "transfer")
    do(server, cash_in, server.station)
    page = ready(opened(chromium, server, "/shift"))
    text = plain(page.inner_text(".shift-page"))
    assert "PLN 41.93" in text
    assert "268.97" in text
    assert "PAR/2026/11/00001/POS1 – PAR/2026/11/00002/POS1" in text
    page.context.close()


def test_closing_shows_the_difference_live_and_asks_naming_what_follows(
    chromium: Browser, server: StationServer
) -> None:
    """218.97 expected, 218.00 counted: 0.97 short; by keyboard alone."""
    do(server, sold, server.station, "1", "cash")
    page = ready(opened(chromium, server, "/shift"))
    page.keyboard.press("F10")
    page.wait_for_url("**/shift/close")
    ready(page)
    page.keyboard.type("218")
    assert shows(page, "#difference-1", "-0.97")
    page.keyboard.press("F10")
    assert shows(page, "#dialog-body", "the difference -PLN 0.97 is booked")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shift/0*")
    assert shows(page, ".shift-page", "-0.97")
    (row,) = last_report(server).forms
    assert (row.expected, row.counted, row.difference) == (21897, 21800, -97)
    page.context.close()


def test_who_may_not_see_the_sums_counts_blind(chromium: Browser, server: StationServer) -> None:
    """A cashier closes by counting; what should be there is not on the screen before."""
    page = ready(opened(chromium, server, "/shift/close", operator="OLA"))
    assert "200" not in page.inner_text("main")
    page.keyboard.type("200")
    page.keyboard.press("F10")
    assert shows(page, "#dialog-body", "Close shift 1?")
    page.keyboard.press("Enter")
    page.wait_for_url("**/shift/0*")
    assert last_report(server).forms[0].difference == 0
    page.context.close()


def test_a_sum_that_cannot_be_read_closes_nothing(chromium: Browser, server: StationServer) -> None:
    page = ready(opened(chromium, server, "/shift/close"))
    page.keyboard.type("12,3,4")
    assert shows(page, "#difference-1", "not a sum")
    page.keyboard.press("F10")
    assert until(lambda: bool((page.text_content("#toasts") or "").strip()))
    assert do(server, server.station.books.cash.open_shift) is not None
    page.context.close()


def test_earlier_shifts_open_and_print_their_report(chromium: Browser, server: StationServer) -> None:

    do(server, shifts.close_shift, server.station, EWA, ())
    printer = server.devices.doubles.printer
    assert printer
    page = ready(opened(chromium, server, "/shift/past"))
    page.keyboard.press("Tab")
    page.locator("tbody tr[data-row]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/shift/0*")
    ready(page)
    page.keyboard.press("Control+p")
    assert until(lambda: len(printer.jobs) == 1)
    assert b"RAPORT ZMIANY" in printer.jobs[0]
    page.context.close()


def test_drafts_go_on_or_are_thrown_away_after_a_question(chromium: Browser, server: StationServer) -> None:
    doc_id = do(server, till.begin, server.station, EWA, "internal_release").doc_id
    do(server, till.scan, server.station, EWA, doc_id, MILK_EAN)
    page = ready(opened(chromium, server, "/drafts"))
    page.get_by_role("button", name="Throw away").click()
    assert shows(page, "#dialog-body", "It has 1 line")
    page.locator("#dialog-body").get_by_role("button", name="Throw away").click()
    assert shows(page, "tbody", "Nothing was left unfinished")
    assert do(server, server.station.books.drafts.every) == []
    page.context.close()


def test_the_drawer_opens_from_the_settings_and_a_cashier_is_sent_to_another_operator(
    chromium: Browser, server: StationServer
) -> None:
    """SEC: the right *drawer.open*, or another operator's PIN in the one authorisation window."""
    printer = server.devices.doubles.printer
    assert printer
    page = ready(opened(chromium, server, "/settings", operator="OLA"))
    page.keyboard.press("F8")
    assert shows(page, "#dialog-body", "Ewa Kierownik")
    assert printer.drawer_openings == 0
    page.locator("#dialog-body input[name=pin]").fill("2222")
    page.keyboard.press("Enter")
    assert until(lambda: printer.drawer_openings == 1)
    page.context.close()


@pytest.mark.parametrize(("theme", "language"), [("light", "pl"), ("dark", "fr")])
def test_axe_finds_nothing_serious(chromium: Browser, server: StationServer, theme: str, language: str) -> None:
    do(server, sold, server.station, "1", "cash")
    do(server, released, server.station)
    for path in ("/shift", "/shift/close", "/shift/past", "/settings"):
        page = ready(opened(chromium, server, path, theme=theme, language=language, size=(1024, 768)))
        assert grave(page) == []
        assert page.evaluate("window.complaints") == []
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024
        page.context.close()
