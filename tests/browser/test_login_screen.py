"""Signing in at the till (SEC-01, DOC-33)."""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from browser.till_pages import Till, at_till
from kontuar.domain.parties.records import Operator
from shop import change
from station_server import StationServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("login")) as running:
        ola = running.station.books.definitions.get(Operator, "OLA")
        assert ola is not None
        change(running.station.books, msgspec.structs.replace(ola, card="7700001"))  # type: ignore[arg-type]
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server) as made:
        yield made


def test_a_wrong_pin_says_so_and_the_field_is_empty_for_the_next_try(till: Till) -> None:
    till.page.goto(f"{till.server.url}/login")
    till.page.locator('input[value="EWA"]').check()
    till.page.locator("#pin").fill("0000")
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#pin-problem")).to_contain_text("PIN is wrong")
    expect(till.page.locator("#pin")).to_have_value("")
    expect(till.page.locator("#pin")).to_be_focused()


def test_after_three_wrong_pins_the_screen_says_how_many_seconds_to_wait(till: Till) -> None:
    """SEC-01."""
    till.page.goto(f"{till.server.url}/login")
    till.page.locator('input[value="EWA"]').check()
    for _ in range(4):
        with till.page.expect_response("**/login"):
            till.page.locator("#pin").fill("0000")
            till.page.keyboard.press("Enter")
        expect(till.page.locator("#pin")).to_have_value("")
    expect(till.page.locator("#pin-problem")).to_contain_text(re.compile(r"\b[12] s"))
    till.server.clock.turn(1000)


def test_the_pin_can_be_touched_on_the_pad(till: Till) -> None:
    """DOC-33."""
    till.page.goto(f"{till.server.url}/login")
    till.page.get_by_label("Ola Kasjerka").check()
    for _ in range(4):
        till.page.locator('[data-pad-key="1"]').click()
    till.page.locator('[data-pad-key="enter"]').click()
    till.page.wait_for_url(f"{till.server.url}/")
    expect(till.page.locator(".menu-tiles")).to_be_visible()


def test_a_scanned_card_chooses_its_operator_and_still_asks_for_the_pin(till: Till) -> None:
    till.page.goto(f"{till.server.url}/login")
    till.page.locator('input[value="EWA"]').check()
    till.scan("7700001")
    expect(till.page.locator('input[value="OLA"]')).to_be_checked()
    expect(till.page).to_have_url(f"{till.server.url}/login")


def test_an_expired_login_comes_back_to_where_one_was(till: Till) -> None:
    doc_id = till.new_receipt()
    till.server.clock.turn(13 * 3600)
    till.page.locator("#fields").click()
    till.page.wait_for_url(lambda address: "/login" in address)
    till.page.get_by_label("Ola Kasjerka").check()
    till.page.locator("#pin").fill("1111")
    till.page.keyboard.press("Enter")
    till.page.wait_for_url(f"{till.server.url}/sale/{doc_id}")


def test_the_language_is_switched_before_signing_in(till: Till) -> None:
    till.page.goto(f"{till.server.url}/login")
    till.page.locator(".bar details.menu > summary").first.click()
    till.page.locator('button[name="lang"][value="fr"]').click()
    expect(till.page.locator("html")).to_have_attribute("lang", "fr")
    expect(till.page.locator(".operators legend")).to_have_text("Qui êtes-vous ?")


def test_the_menu_invites_to_open_the_shift_and_says_why_tiles_are_refused(chromium: Browser, tmp_path: Path) -> None:
    """DOC-14."""
    with StationServer(tmp_path, shift=False) as closed, at_till(chromium, closed) as till:
        till.sign_in("OLA")
        expect(till.page.locator(".invite h2")).to_have_text("No shift is open")
        new_document = till.page.locator(".tile", has_text="New document")
        expect(new_document).to_have_attribute("aria-disabled", "true")
        expect(new_document).to_contain_text("Open the shift first.")
        expect(till.page.locator(".tile", has_text="Goods release")).to_contain_text("Your role does not allow this.")
        expect(till.page.locator(".invite a")).to_have_attribute("href", "/shift")
