"""Documents of other stations and stock of other stores as a person meets them (DOC-11, DOC-21)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from browser.back_office import do, grave, opened, ready
from browser.till_pages import at_till
from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import Store, Warehouse
from shop import MILK, MILK_EAN, change, open_till, sell, with_parameter
from station_server import StationServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]


class World:
    """A station online, and a receipt of another town's till at head office."""

    def __init__(self, server: StationServer, theirs: Document) -> None:
        self.server = server
        self.theirs = theirs
        other = Store(code="S2", name="Kopiec", centre="C", price_list="RETAIL", warehouse="S2M", city="Gdynia")
        do(server, change, server.station.books, other, Warehouse(code="S2M", name="Parter", store="S2"))
        do(server, with_parameter, server.station.books, "search.documents", "local_and_hub")
        server.head_office.holds(theirs, fiscalised=True)
        server.head_office.counts(MILK, ("S2", "S2M", "12.5"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    far: Path = tmp_path_factory.mktemp("far")
    theirs = sell(open_till(far, code="S1T2", series="POS2"), MILK_EAN)
    with StationServer(tmp_path_factory.mktemp("near")) as server:
        yield World(server, msgspec.structs.replace(theirs, store="S2", station="S2T1"))


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_whole_number_brings_the_document_and_enter_opens_it(chromium: Browser, world: World, theme: str) -> None:
    """DOC-11: by keyboard alone, from the filter to the preview and back; nothing serious for axe."""
    page = ready(opened(chromium, world.server, "/documents", size=(1024, 768), theme=theme))
    page.keyboard.type(world.theirs.number)
    row = page.locator(f'tr[data-row="{world.theirs.doc_id}"]')
    expect(row).to_contain_text("From head office")
    assert grave(page) == []
    page.keyboard.press("ArrowDown")
    expect(page.locator("#row-actions")).to_contain_text("Print on screen")
    page.keyboard.press("Enter")
    page.wait_for_url("**/documents/elsewhere?**")
    expect(ready(page).locator(".back-bar .button")).to_have_count(2)
    assert grave(page) == []
    assert page.evaluate("window.complaints") == []
    page.keyboard.press("Control+p")
    page.wait_for_url("**/documents/elsewhere/print?**")
    expect(page.locator(".paper")).to_contain_text("KOPIA")
    page.context.close()


def test_the_stock_of_other_stores_comes_into_the_row_and_the_arrows_go_on(chromium: Browser, world: World) -> None:
    """DOC-21: in the article window of a receipt, by keyboard alone; the article is not added by asking."""
    with at_till(chromium, world.server) as till:
        doc_id = till.new_receipt("EWA")
        till.page.keyboard.press("Enter")
        row = till.page.locator(f'#articles-rows tr[data-row="{MILK}"]')
        expect(row).to_be_visible()
        row.locator("button").focus()
        till.page.keyboard.press("Enter")
        expect(row.locator(".elsewhere")).to_contain_text("Kopiec · Parter")
        expect(row.locator(".elsewhere")).to_be_focused()
        till.page.keyboard.press("ArrowDown")
        expect(till.page.locator('#articles-rows tr[aria-selected="true"]')).not_to_have_attribute("data-row", MILK)
        draft = till.draft(doc_id)
        assert draft is None or draft.lines == ()
