"""A coupon at head office in a real browser: its uses, one code's history, what is kept, conflicts (COUP-03)."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.back_office import grave, ready
from browser.head_office_pages import desk
from coupon_ledger import POS1, POS2, Ledger, using
from hub_documents_world import Hub as Intake
from hub_documents_world import Till, new_id
from hub_server import HubServer
from kontuar.domain.pricing.discount import Coupon
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.machine import MachineClock
from postgres_fixture import fresh_database, open_temporary_folder

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
PICTURES = os.environ.get("KONTUAR_PICTURES", "")
"""A folder: the section is kept there as people see it, for people to look at."""
LEAF = "/definitions/coupon/row?key=LEAF"


class World:
    """A series of which one code was used twice, one given back, and two are being paid with right now."""

    def __init__(self, server: HubServer, url: str) -> None:
        self.server = server
        self.intake = Intake(url)
        self.ledger = Ledger(url)
        self.ledger.now = MachineClock().now()
        leaf = Coupon(code="LEAF", name="Ulotka", discount="NAB10", digits=3, first_number=1, last_number=20)
        self.intake.define([leaf], "coupon")
        till = Till()
        till.open_shift()
        self.first = till.sell((1, 1), discounts=using("LEAF001", state="offline"))
        self.second = till.sell((1, 1), discounts=using("LEAF001", state="offline"))
        till.cancel(till.sell((1, 1), discounts=using("LEAF002")))
        self.intake.push(till)
        self.intake.book()
        self.ledger.reserve(new_id(), "LEAF003", asker=POS1)
        self.ledger.reserve(new_id(), "LEAF004", asker=POS2)

    def close(self) -> None:
        self.ledger.database.close()
        self.intake.database.close()


@pytest.fixture(scope="module")
def world(postgres_server: str) -> Iterator[World]:
    with (
        fresh_database(postgres_server) as url,
        open_temporary_folder() as folder,
        HubServer(folder / "hub", url, [extend_documents]) as server,
    ):
        made = World(server, url)
        yield made
        made.close()


def opened(
    chromium: Browser, world: World, *, width: int = 1366, language: str = "en", dark: bool = False
) -> Page:  # fmt: skip
    token = world.server.client.headers["Authorization"].removeprefix("Bearer ")
    page = desk(chromium, world.server, token, width=width, language=language, dark=dark)
    page.goto(f"{world.server.url}{LEAF}")
    expect(page.locator("#coupon-uses")).to_be_visible()
    return ready(page)


def test_uses_stand_beside_the_form_with_the_document_and_one_codes_history_is_found(
    chromium: Browser, world: World
) -> None:
    """COUP-03: by keyboard; a use that was given back is struck out; the number leads to the document."""
    page = opened(chromium, world)
    section = page.locator("#coupon-uses")
    expect(section.locator("li", has_text="LEAF001")).to_have_count(2)
    expect(section.locator("li", has_text="LEAF002").locator("del")).to_be_visible()
    page.locator("#coupon-code").fill("LEAF002")
    page.keyboard.press("Enter")
    expect(section.locator("li", has_text="LEAF001")).to_have_count(0)
    expect(section.locator("li", has_text="LEAF002")).to_contain_text("given back: the document was cancelled")
    page.locator("#coupon-code").fill("LEAF001")
    page.keyboard.press("Tab")
    section.get_by_role("link", name=world.second.number).click()
    page.wait_for_url(f"**/documents/S1/{world.second.doc_id}")
    page.context.close()


def test_a_code_taken_too_often_is_said_there_and_leads_to_the_inbox(chromium: Browser, world: World) -> None:
    """COUP-03, HUB-05: the item names both documents."""
    page = opened(chromium, world)
    expect(page.locator("#coupon-uses .note")).to_contain_text("more often than allowed: LEAF001")
    page.get_by_role("link", name="Decide about them in the inbox").click()
    page.wait_for_url("**/verification?reason=coupon.used_too_often")
    page.locator("tr[data-row]", has_text=world.second.number).focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/verification/S1/*")
    expect(page.locator("main")).to_contain_text(f"which was used up already: {world.first.number}")
    page.context.close()


def test_what_is_kept_is_let_go_by_hand_and_written_down(chromium: Browser, world: World) -> None:
    """COUP-03, HUB-09: the other one stays."""
    page = opened(chromium, world)
    kept = page.locator("#coupon-uses li", has_text="in store S1, until")
    expect(kept).to_have_count(2)
    row = page.locator("#coupon-uses li", has_text="LEAF004")
    expect(row).to_contain_text("station POS2")
    row.get_by_role("button").focus()
    page.keyboard.press("Enter")
    expect(kept).to_have_count(1)
    expect(kept).to_contain_text("LEAF003")
    assert world.ledger.reserve(new_id(), "LEAF004").codes == ("LEAF004",)
    audit = world.server.client.get("/api/v1/audit", params={"action": "coupon.released"}).json()["rows"]
    assert len(audit) == 1
    page.context.close()


@pytest.mark.parametrize(("width", "dark", "language"), [(1366, False, "pl"), (390, True, "fr"), (1366, True, "en")])
def test_the_section_is_accessible_and_fits_a_phone_in_every_language(
    chromium: Browser, world: World, width: int, dark: bool, language: str
) -> None:
    """Interface, principle 9: nothing serious for axe; nothing wider than the screen."""
    page = opened(chromium, world, width=width, dark=dark, language=language)
    if PICTURES:
        page.screenshot(path=str(Path(PICTURES) / f"coupon-{width}-{language}.png"), full_page=True)
    assert grave(page) == []
    assert not page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1")
    page.context.close()
