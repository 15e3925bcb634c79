"""Quick sale, the keypad, kinds of articles, copied lines: by touch alone, by keyboard alone (QUICK-01 … QUICK-04)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from assortment import varied_shop
from browser.back_office import do, grave
from browser.till_pages import SIZES, Till, at_till
from kontuar.domain.firm.records import View
from shop import MILK_EAN, change, with_parameter
from station_server import StationServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180)]
SHOWN_BUTTONS = View(name="receipt", scope="global", buttons=("contractor", "quick", "copy", "paste"))


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("quick")) as running:
        do(running, change, running.station.books, *varied_shop(), SHOWN_BUTTONS)
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server) as made:
        yield made


def quick_receipt(till: Till) -> str:
    """A receipt in quick sale: switched on the form."""
    doc_id = till.new_receipt()
    if not till.page.locator("#quick").count():
        till.page.locator("#more-menu > summary").click()
        till.page.locator("#mode").click()
    expect(till.page.locator("#quick")).to_be_visible()
    return doc_id


def kinds(till: Till, doc_id: str) -> list[tuple[str, str, str]]:
    draft = till.draft(doc_id)
    assert draft is not None
    return [(line.article, line.batch, str(line.quantity)) for line in draft.lines]


def test_a_whole_receipt_is_sold_by_touch_alone(chromium: Browser, server: StationServer) -> None:
    """QUICK-01, QUICK-02, QUICK-03: groups, quantity first, the property asked, paid with the tile."""
    with at_till(chromium, server, touch=True) as till:
        doc_id = quick_receipt(till)
        page = till.page
        page.locator('[data-quick-article="MILK"]').tap()
        expect(page.locator("#lines-rows tr")).to_have_count(1)
        page.locator('[data-quick-group="DRINK"]').tap()
        page.locator('[data-quick-step="1"]').tap()
        page.locator('[data-quick-step="1"]').tap()
        page.locator('[data-quick-article="COLA"]').tap()
        page.locator('[data-batch="300"]').tap()
        expect(page.locator("#lines-rows tr")).to_have_count(2)
        expect(page.locator("#dialog")).to_be_hidden()
        expect(page.locator("#quick-quantity")).to_have_value("1")
        assert kinds(till, doc_id) == [("MILK", "", "1"), ("COLA", "300", "3")]
        expect(page.locator("#line-2")).to_contain_text("3 szt × 5.00")
        page.locator("#pay").tap()
        page.locator('[data-action="pay-cash"]').tap()
        page.locator("#pay-approve").tap()
        expect(page.locator("#new-receipt")).to_be_visible()
        assert till.draft(doc_id) is None


def test_pages_of_articles_are_turned_and_the_marked_line_has_its_buttons(till: Till) -> None:
    """QUICK-01, QUICK-03."""
    doc_id = quick_receipt(till)
    page = till.page
    page.locator('[data-quick-group="TEA"]').click()
    expect(page.locator(".quick-article").first).to_contain_text("Herbata 01")
    page.locator("#page-after").click()
    expect(page.locator(".quick-article").first).to_contain_text("Herbata 13")
    page.locator('[data-quick-article="TEA13"]').click()
    expect(page.locator("#lines-rows tr")).to_have_count(1)
    page.locator("#quantity-button").click()
    page.locator("#quantity").fill("4")
    page.keyboard.press("Enter")
    expect(page.locator("#line-1")).to_contain_text("4 szt × 12.00")
    page.locator("#delete-button").click()
    expect(page.locator("#lines-rows tr")).to_have_count(0)
    assert kinds(till, doc_id) == []


def test_a_scan_reaches_the_lines_and_takes_the_quantity_that_was_chosen(till: Till) -> None:
    """QUICK-03: the find field stays."""
    doc_id = quick_receipt(till)
    till.page.locator('[data-quick-step="1"]').click()
    till.scan(MILK_EAN)
    till.scan(MILK_EAN)
    assert kinds(till, doc_id) == [("MILK", "", "2"), ("MILK", "", "1")]


def test_quick_sale_begins_where_the_parameter_says(chromium: Browser, server: StationServer) -> None:
    """QUICK-01: and *Lines and details* leads back."""
    do(server, with_parameter, server.station.books, "sale.quick_by_default", "yes")
    with at_till(chromium, server) as till:
        till.new_receipt()
        expect(till.page.locator("#quick")).to_be_visible()
        till.page.locator(".quick-more > summary").click()
        till.page.locator("#mode").click()
        expect(till.page.locator("#quick")).to_have_count(0)
    do(server, with_parameter, server.station.books, "sale.quick_by_default", "no")


def test_the_keypad_types_codes_then_the_quantity_of_the_line_then_codes_again(
    chromium: Browser, server: StationServer
) -> None:
    """QUICK-04: by touch; a part of a code opens the list with the codes that contain it."""
    with at_till(chromium, server, touch=True) as till:
        doc_id = till.new_receipt()
        page = till.page

        def press(*keys: str) -> None:
            for key in keys:
                page.locator(f'.keypad__pad [data-pad-key="{key}"]').tap()

        press(*MILK_EAN, "enter")
        expect(page.locator("#lines-rows tr")).to_have_count(1)
        page.locator('[data-keypad-context="quantity"]').tap()
        expect(page.locator("#keypad-field")).to_be_focused()
        press("clear", "1", "2", "enter")
        expect(page.locator("#keypad-field")).to_have_count(0)
        expect(page.locator('[data-keypad-context="code"]')).to_have_attribute("aria-pressed", "true")
        assert kinds(till, doc_id) == [("MILK", "", "12")]
        page.locator('[data-keypad-context="quantity"]').tap()
        page.locator('#keypad-form [data-pad-key="more"]').tap()
        press("enter")
        expect(page.locator("#keypad-field")).to_have_count(0)
        assert kinds(till, doc_id) == [("MILK", "", "13")]
        press("0", "0", "3", "9", "enter")
        expect(page.locator('#articles-rows [data-row="NUTS"]')).to_be_visible()
        expect(page.locator("#articles-rows tr")).to_have_count(1)


def test_the_keypad_takes_units_and_per_cent_and_folds_away(chromium: Browser, server: StationServer) -> None:
    """QUICK-04."""
    with at_till(chromium, server) as till:
        doc_id = till.new_receipt("EWA")
        page = till.page
        till.scan(MILK_EAN)
        page.locator('[data-keypad-context="discount"]').click()
        page.locator('#keypad-form input[value="percent"]').check(force=True)
        page.locator("#keypad-field").fill("10")
        page.locator("#keypad-field").press("Enter")
        expect(page.locator("#line-1 .line__value")).to_contain_text("3.59")
        page.locator('[data-keypad-context="quantity"]').click()
        page.locator('#keypad-form input[value="kart"]').check(force=True)
        page.locator("#keypad-field").press("Enter")
        expect(page.locator("#line-1")).to_contain_text("kart")
        assert kinds(till, doc_id) == [("MILK", "", "1")]
        page.locator("[data-keypad-fold]").click()
        expect(page.locator(".keypad__pad")).to_be_hidden()
        page.reload()
        expect(page.locator(".keypad__pad")).to_be_hidden()


def test_properties_are_chosen_and_cleared_on_a_line(till: Till) -> None:
    """DOC-29, by keyboard; a linked article is added with a touch (DOC-25)."""
    doc_id = till.new_receipt()
    page = till.page
    page.keyboard.type("LAMP", delay=120)
    page.keyboard.press("Enter")
    expect(page.locator("#properties-button")).to_be_visible()
    page.locator("#properties-button").press("Enter")
    expect(page.locator('[data-batch="biały"]')).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#line-1")).to_contain_text("beżowy")
    assert kinds(till, doc_id) == [("LAMP", "beżowy", "1")]
    page.locator("#properties-button").click()
    page.locator("#batch-none").click()
    expect(page.locator("#line-1")).not_to_contain_text("beżowy")
    page.locator(".offered__one").click()
    expect(page.locator("#lines-rows tr")).to_have_count(2)
    assert [article for article, _, _ in kinds(till, doc_id)] == ["LAMP", "CANDLE"]


def test_the_article_list_has_a_row_for_each_kind(till: Till) -> None:
    """DOC-21: five rows for an article with four kinds; Enter adds the marked one."""
    doc_id = till.new_receipt()
    page = till.page
    page.keyboard.type("col", delay=120)
    page.keyboard.press("Enter")
    expect(page.locator("#articles-rows tr")).to_have_count(5)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#lines-rows tr")).to_have_count(1)
    assert kinds(till, doc_id) == [("COLA", "500", "1")]


def test_picked_lines_are_copied_to_a_new_receipt_by_keyboard(till: Till) -> None:
    """DOC-31: Ctrl and Shift pick, Ctrl+C and Ctrl+V copy."""
    till.new_receipt()
    page = till.page
    till.scan(MILK_EAN, "LAMP", "WATER")
    page.locator("#line-1").click()
    page.locator("#line-3").click(modifiers=["Control"])
    page.locator("#line-1").click(modifiers=["Control"])
    expect(page.locator("#lines-rows .is-picked")).to_have_count(2)
    with page.expect_response("**/copy"):
        page.locator("#line-1").press("Control+c")
    page.locator("#line-1").click(modifiers=["Shift"])
    doc_id = till.new_receipt()
    with page.expect_response("**/paste"):
        page.locator("[data-default-field]").press("Control+v")
    expect(page.locator("#lines-rows tr")).to_have_count(2)
    assert kinds(till, doc_id) == [("MILK", "", "1"), ("WATER", "", "1")]
    page.locator("#line-1").press("Control+a")
    expect(page.locator("#lines-rows .is-picked")).to_have_count(2)


def test_lines_are_copied_by_touch(till: Till) -> None:
    """DOC-31: the buttons do what the keys do."""
    till.new_receipt()
    page = till.page
    till.scan(MILK_EAN)
    page.locator("#more-menu > summary").click()
    with page.expect_response("**/copy"):
        page.locator("#copy-lines").click()
    doc_id = till.new_receipt()
    page.locator("#more-menu > summary").click()
    with page.expect_response("**/paste"):
        page.locator("#paste-lines").click()
    expect(page.locator("#lines-rows tr")).to_have_count(1)
    assert kinds(till, doc_id) == [("MILK", "", "1")]


@pytest.mark.parametrize(
    ("language", "size", "dark"), [("pl", "till", False), ("fr", "till", True), ("fr", "laptop", False)]
)
def test_quick_sale_can_be_read_by_everyone_and_fits(
    chromium: Browser, server: StationServer, language: str, size: str, dark: bool
) -> None:
    """WCAG 2.2 AA; every target is large enough for a finger."""
    with at_till(chromium, server, size=size, language=language, dark=dark) as till:
        quick_receipt(till)
        page = till.page
        wrong: list[str] = []

        def look(name: str) -> None:
            wrong.extend(f"{name}: {problem}" for problem in grave(page))
            reach = page.evaluate("[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]")
            wrong.extend([f"{name}: {reach}"] if reach[0] > SIZES[size][0] or reach[1] > SIZES[size][1] else [])

        look("empty")
        till.scan(MILK_EAN, "2100000000024")
        look("lines")
        page.locator('[data-quick-group="TEA"]').click()
        page.locator("[data-keypad-fold]").click()
        look("tea with the keypad")
        small = "[...document.querySelectorAll('.quick button, .quick-side button, .quick-line button')]"
        small += ".filter((one) => one.getClientRects().length && one.getBoundingClientRect().height < 47)"
        small += ".map((one) => one.className)"
        assert page.evaluate(small) == []
        page.locator("#properties-button").click()
        look("properties")
        assert wrong == []
