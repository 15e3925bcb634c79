"""Managing views, and lists of linked documents, by keyboard, mouse and touch (DOC-04, DOC-10, DOC-11)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest
from playwright.sync_api import Browser, Page, expect

from browser.back_office import do, grave, opened, ready, sold
from kontuar.domain.documents.document import Buyer, Document, Link
from kontuar.domain.firm.records import Attribute
from kontuar.operations.station.station import Station
from shop import change
from station_server import StationServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(120)]
SCREENS = ("/documents", "/cash", "/goods", "/stock", "/parked", "/sale", "/drafts", "/shift/past")


class World:
    """A station with a receipt that five others are linked to, one of them of another station."""

    def __init__(self, server: StationServer) -> None:
        self.server = server
        do(server, change, server.station.books, Attribute(code="ROUTE", name="Trasa", level="document"))
        self.first: Document = do(server, sold, server.station)
        self.linked: list[Document] = [do(server, self.add_linked, number) for number in range(1, 5)]
        do(server, self.add_linked, 5, True)

    def add_linked(self, number: int, back: bool = False) -> Document:
        """A document as one that names the first, and the last one of another station too."""
        station: Station = self.server.station
        links = [Link(kind="generated_from", doc_id=self.first.doc_id, number=self.first.number)]
        if back:
            links.append(Link(kind="settles", doc_id="there", number="PAR/2026/11/00007/POS9"))
        with station.books.transaction():
            made = msgspec.structs.replace(
                self.first, doc_id=f"linked-{number}", number=f"FS/2026/11/0000{number}/POS1", links=tuple(links),
                totals=msgspec.structs.replace(self.first.totals, gross=number * 10000),
                buyer=Buyer(code="ALFA", name="Alfa" if number % 2 else "Beta"),
                attributes={"ROUTE": f"trasa {number}"},
                recipient=Buyer(code="ANNA", name="Anna Nowak"),
            )  # fmt: skip
            position = station.announce("receipt.approved/1", station.ids.new_id(), made, "EWA")
            station.books.documents.add(made, position, fiscal="")
        return made


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with StationServer(tmp_path_factory.mktemp("views")) as server:
        yield World(server)


def heads(page: Page) -> list[str]:
    return page.locator("thead th[data-column]").all_inner_texts()


def numbers(page: Page) -> list[str]:
    return page.locator("#linked-rows tr[data-row] a:not(.button)").all_inner_texts()


def test_columns_and_buttons_are_hidden_and_moved_by_keyboard_alone(chromium: Browser, world: World) -> None:
    """DOC-10: Alt with an arrow moves, the space bar hides; the list is shown anew and stays so."""
    page = ready(opened(chromium, world.server, "/goods"))
    assert heads(page) == ["Number", "Type", "State", "Issued", "Issued by", "Head office"]
    page.locator('[data-action="view"]').press("Enter")
    row = page.locator('[data-view-piece="created"] input')
    expect(row).to_be_visible()
    row.focus()
    for _ in range(3):
        page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(page.locator('[data-view-piece="type"] input')).to_be_focused()
    page.keyboard.press("Space")
    page.locator('[data-view-piece="receive"] input').uncheck()
    page.locator('[data-view-piece="receive"] input').press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(page.locator("thead th[data-column=type]")).to_have_count(0)
    assert heads(page) == ["Issued", "Number", "State", "Issued by", "Head office"]
    assert page.locator('[data-action="receive"]').count() == 0
    page.context.close()
    other = ready(opened(chromium, world.server, "/goods", operator="OLA"))
    assert heads(other)[0] == "Number"
    expect(other.locator('[data-action="view"]')).to_have_attribute("aria-disabled", "true")
    other.context.close()


def test_a_view_for_everyone_is_made_with_the_mouse_and_given_up_again(chromium: Browser, world: World) -> None:
    """DOC-10: per station; hidden columns are there for whoever wants them, attributes too (DOC-11)."""
    page = ready(opened(chromium, world.server, "/documents"))
    page.locator('[data-action="view"]').click()
    for key in ("recipient", "attribute:ROUTE", "forms"):
        page.locator(f'[data-view-piece="{key}"] input').check()
    page.locator('[data-view-piece="state"] [data-view-move="down"]').click()
    page.locator('#view-form input[value="station"]').check(force=True)
    page.get_by_role("button", name="Save").click()
    expect(page.locator("thead th").filter(has_text="Trasa")).to_be_visible()
    assert heads(page)[:3] == ["Number", "Contractor", "State"]
    row = page.locator('tr[data-row="linked-4"]')
    expect(row).to_contain_text("trasa 4")
    expect(row).to_contain_text("Anna Nowak")
    page.context.close()
    other = ready(opened(chromium, world.server, "/documents", operator="EWA"))
    other.locator('[data-action="view"]').click()
    other.get_by_role("button", name="As head office set it").click()
    expect(other.locator("thead th").filter(has_text="Trasa")).to_have_count(0)
    other.context.close()


def test_the_form_shows_the_columns_that_were_chosen(chromium: Browser, world: World) -> None:
    """DOC-10, DOC-22."""
    page = ready(opened(chromium, world.server, "/sale"))
    page.evaluate("document.dispatchEvent(new CustomEvent('kontuar:scan', {detail: {code: 'MILK'}}))")
    expect(page.locator("#line-1")).to_be_visible()
    page.locator("#view").click()
    page.locator('[data-view-piece="vat"] input').check()
    page.locator('[data-view-piece="price"] input').uncheck()
    page.locator('[data-view-piece="value"] [data-view-move="up"]').click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#lines thead")).to_contain_text("VAT")
    assert page.locator("#lines thead th").all_inner_texts() == ["No.", "Name", "Value", "Quantity", "VAT"]
    page.context.close()


def test_linked_documents_are_a_list_with_filters_of_its_own(chromium: Browser, world: World) -> None:
    """DOC-04: two numbers and *see more* for more than three; number, name, state, day and gross; preview and print."""
    page = ready(opened(chromium, world.server, "/documents"))
    row = page.locator(f'tr[data-row="{world.first.doc_id}"]')
    expect(row.get_by_role("link")).to_have_count(3)
    row.get_by_role("button", name="See more").click()
    expect(page.locator("#linked-rows tr[data-row]")).to_have_count(5)
    page.locator("#linked-text").fill("0002")
    expect(page.locator("#linked-rows tr[data-row]")).to_have_count(1)
    assert numbers(page) == ["FS/2026/11/00002/POS1"]
    page.locator("#linked-text").fill("%beta")
    expect(page.locator("#linked-rows tr[data-row]")).to_have_count(2)
    page.locator("#linked-value").select_option("1000")
    expect(page.locator("#linked-rows tr[data-row]")).to_have_count(2)
    page.locator("#linked-text").fill("")
    expect(page.locator("#linked-rows tr[data-row]")).to_have_count(4)
    page.locator("#linked-state").select_option("unsettled")
    expect(page.locator("#linked-rows tr[data-row]")).to_have_count(4)
    page.locator("#linked-when").select_option("yesterday")
    expect(page.locator("#linked-rows")).to_contain_text("No documents")
    page.locator("#linked-when").select_option("today")
    expect(page.locator("#linked-rows tr[data-row]")).to_have_count(4)
    assert grave(page) == []
    page.get_by_role("link", name="Preview FS/2026/11/00004/POS1").click()
    page.wait_for_url("**/documents/linked-4")
    page.context.close()


def test_a_linked_document_of_another_station_is_found_by_its_whole_number(chromium: Browser, world: World) -> None:
    """DOC-04."""
    page = ready(opened(chromium, world.server, "/documents/linked-5"))
    page.keyboard.press("F6")
    expect(page.locator("#linked-rows tr[data-row]")).to_have_count(2)
    page.locator("#linked-text").fill("00007/pos9")
    expect(page.locator("#linked-rows")).to_contain_text("No documents")
    page.locator("#linked-text").fill("par/2026/11/00007/pos9")
    expect(page.locator("#linked-rows")).to_contain_text("issued at another station")
    page.context.close()


@pytest.mark.parametrize("language", ["pl", "fr"])
def test_the_window_of_a_view_can_be_read_by_everyone(chromium: Browser, world: World, language: str) -> None:
    """WCAG 2.2 AA, on every list and form."""
    page = opened(chromium, world.server, "/documents", size=(1024, 768), language=language)
    wrong = []
    for path in SCREENS:
        page.goto(f"{world.server.url}{path}")
        ready(page)
        page.locator('[data-action="view"]').click()
        expect(page.locator("#view-form")).to_be_visible()
        wrong += [f"{path}: {problem}" for problem in grave(page)]
    assert wrong == []
    assert page.evaluate("window.complaints") == []
    page.context.close()
