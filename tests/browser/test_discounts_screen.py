"""Discounts at the till as a cashier meets them: by keys alone, by touch alone, read by everyone (DISC-05 … 32)."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from playwright.sync_api import Browser, expect

from browser.back_office import do, grave
from browser.till_pages import SIZES, Till, at_till
from discounted_shop import PACK, discounted_shop
from kontuar.domain.catalogue.records import Article
from kontuar.domain.firm.records import View
from kontuar.domain.parties.records import Operator
from kontuar.operations.station import till as till_operations
from shop import MILK_EAN, NUTS_EAN, TILE_EAN, actor_of, change
from station_server import StationServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(240)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("discounts")) as running:
        shown = View(name="receipt", scope="global", buttons=("contractor", "summary"))
        do(running, change, running.station.books, *discounted_shop(), shown)
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server) as made:
        yield made


def test_marks_name_the_bundles_that_could_and_that_do_apply(till: Till) -> None:
    """DISC-23: grey lists every one, coloured names the one applied; by pointing and by focus."""
    till.new_receipt("EWA")
    till.scan(MILK_EAN)
    page = till.page
    mark = page.locator("#line-1 .mark-bundle")
    expect(mark).not_to_have_class("mark-bundle is-applied")
    mark.locator("button").hover()
    expect(mark.locator("[role=tooltip]")).to_have_text(f"Bundles that could apply: {PACK}, Milk with a repair")
    till.scan("WATER")
    expect(mark).to_have_class("mark-bundle is-applied")
    mark.locator("button").focus()
    expect(mark.locator("[role=tooltip]")).to_be_visible()
    expect(mark.locator("[role=tooltip]")).to_have_text(f"Bundle applied: {PACK}")
    expect(page.locator("#line-1 .line__less")).to_have_text("Discount 20.1 % · -0.80")


def test_a_discount_is_given_by_keys_alone_and_its_explanation_is_one_key_away(till: Till) -> None:
    """DISC-06, DISC-26: F3, per cent or price; Shift+F3 lists what changed the price, in order."""
    till.new_receipt("EWA")
    till.scan(NUTS_EAN)
    page = till.page
    page.keyboard.press("F3")
    expect(page.locator("#amount")).to_be_focused()
    page.locator("#amount").fill("5")
    page.keyboard.press("Enter")
    expect(page.locator("#line-1 .line__value")).to_contain_text("51.21")
    page.keyboard.press("F3")
    expect(page.locator("#amount")).to_have_value("5")
    expect(page.locator("#dialog .summary")).to_contain_text("14.51 %")
    expect(page.locator("#dialog .summary")).to_contain_text("4.51 %")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#amount")).to_have_value("51.21")
    expect(page.locator("[data-how-unit]")).not_to_have_text("%")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+F3")
    rows = page.locator(".explained tbody tr")
    expect(rows).to_have_count(4)
    assert [row.split("\t")[-1] for row in rows.all_inner_texts()] == ["59.90", "53.91", "51.21", "51.21"]


def test_touching_the_value_gives_a_header_discount_with_plus_and_the_pad(
    chromium: Browser, server: StationServer
) -> None:
    """DISC-06, DOC-22: by touch alone; touching the price opens the line's window on its price."""
    with at_till(chromium, server, touch=True) as till:
        till.new_receipt("EWA")
        till.scan(TILE_EAN)
        page = till.page
        page.locator("#line-1 .line__value .line__edit").tap()
        expect(page.locator("#dialog-title")).to_have_text("Header discount")
        for key in ("more", "more", "enter"):
            page.locator(f'#dialog [data-pad-key="{key}"]').tap()
        expect(page.locator("#dialog")).to_be_hidden()
        expect(till.page.locator("#line-1 .line__value")).to_contain_text("7.25")
        page.locator("#line-1 .line__edit").first.tap()
        expect(page.locator('#dialog input[value="price"]')).to_be_checked()
        expect(page.locator("#amount")).to_have_value("7.40")


def test_the_keypad_edits_discount_and_header_discount_and_goes_back_to_codes(
    chromium: Browser, server: StationServer
) -> None:
    """QUICK-04: price or per cent of the line, per cent or amount of the document."""
    with at_till(chromium, server, touch=True) as till:
        till.new_receipt("EWA")
        till.scan(TILE_EAN)
        page = till.page
        page.locator('[data-keypad-context="discount"]').tap()
        expect(page.locator("#keypad-field")).to_have_value("7.40")
        for key in ("clear", "7", "enter"):
            page.locator(f'.keypad__pad [data-pad-key="{key}"]').tap()
        expect(page.locator("#keypad-field")).to_have_count(0)
        page.locator('[data-keypad-context="header"]').tap()
        expect(page.locator("#keypad-field")).to_be_focused()
        page.locator("#keypad-form .segments label", has_text="Amount").tap()
        for key in ("clear", "1", "enter"):
            page.locator(f'.keypad__pad [data-pad-key="{key}"]').tap()
        expect(page.locator("#keypad-field")).to_have_count(0)
        expect(page.locator('[data-keypad-context="code"]')).to_have_attribute("aria-pressed", "true")
        expect(page.locator("#line-1 .line__value")).to_contain_text("6.00")


def test_the_question_before_a_bundle_breaks_keeps_or_changes_the_line(till: Till) -> None:
    """DISC-23: by keys; the safe answer has the focus."""
    till.new_receipt("EWA")
    till.scan(MILK_EAN, "WATER")
    page = till.page
    page.keyboard.press("F7")
    expect(page.locator("#bundle-keep")).to_be_focused()
    expect(page.locator(".question__text")).to_contain_text(PACK)
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("5.18")
    page.keyboard.press("F7")
    expect(page.locator("#bundle-keep")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#lines-rows tr")).to_have_count(1)
    expect(page.locator("#dialog")).to_be_hidden()
    expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("3.99")


def test_a_cashiers_discount_is_allowed_by_another_operator(till: Till) -> None:
    """DISC-06, SEC-01: the header's right too."""
    doc_id = till.new_receipt("OLA")
    till.scan(TILE_EAN)
    page = till.page
    page.keyboard.press("F4")
    page.locator("#amount").fill("10")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog-title")).to_have_text("Authorisation")
    page.locator("#pin").fill("2222")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    expect(till.page.locator("#line-1 .line__value")).to_contain_text("6.66")
    draft = till.draft(doc_id)
    assert draft is not None
    assert [(one.right, one.operator) for one in draft.authorisations] == [("discount.header", "EWA")]


def test_a_gift_is_added_from_the_reminder_and_payment_follows(till: Till) -> None:
    """DISC-05."""
    till.new_receipt("EWA")
    till.scan(TILE_EAN)
    page = till.page
    page.keyboard.press("F6")
    page.locator("#quantity").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    page.keyboard.press("F9")
    expect(page.locator('[data-gift="BAG"]')).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator('#dialog [data-action="pay-cash"]')).to_be_visible()
    expect(page.locator("#lines-rows tr")).to_have_count(2)
    expect(till.page.locator("#line-2 .line__value")).to_contain_text("0.00")
    expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("22.20")


def test_a_coupon_is_chosen_from_the_list_and_taken_off_again(till: Till, server: StationServer) -> None:
    """COUP-01: the button opens it, arrows and Enter choose, the chosen one stands first."""
    server.level = "store"
    try:
        till.new_receipt("EWA")
        till.scan("REPAIR")
        page = till.page
        page.keyboard.press("Shift+F9")
        expect(page.locator("#dialog input[type=search]")).to_be_focused()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        expect(page.locator("#dialog")).to_be_hidden()
        expect(page.locator("#line-1 .line__value")).to_contain_text("19.00")
        page.keyboard.press("Shift+F9")
        expect(page.locator("#coupons-rows tr").first).to_contain_text("Its discount is given")
        page.locator("#coupons-rows tr").first.click()
        expect(page.locator("#line-1 .line__value")).to_contain_text("20.00")
    finally:
        server.level = "online"


@pytest.mark.parametrize("language", ["pl", "fr"])
@pytest.mark.parametrize("size", ["till", "laptop"])
def test_the_buttons_of_a_sale_with_coupons_and_bundles_stand_in_one_row(
    chromium: Browser, server: StationServer, size: str, language: str
) -> None:
    """SALE-01, COUP-01, DISC-23: nothing is cut off; what has no room is in a menu, in words."""
    with at_till(chromium, server, size=size, language=language) as till:
        till.new_receipt("EWA")
        till.scan(MILK_EAN, "WATER")
        page = till.page
        bar = page.locator(".actions")
        shown = "[...bar.querySelectorAll('.button')].filter(b => b.offsetParent && !b.closest('.menu__list'))"
        tops = bar.evaluate(f"bar => {shown}.map(b => Math.round(b.getBoundingClientRect().top))")
        assert len(tops) >= 5
        assert len(set(tops)) == 1
        assert bar.evaluate("bar => bar.scrollWidth <= bar.clientWidth")
        page.locator("#more-menu > summary").click()
        for key in ("fields", "change-type", "discount-summary", "discard", "view"):
            words = page.locator(f"#more-menu #{key} > span").first
            assert (key, words.is_visible()) == (key, True)
        box = page.locator("#more-menu .menu__list").bounding_box()
        assert box is not None
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= SIZES[size][0]


@pytest.mark.parametrize("key", ["F3", "F4"])
def test_the_pad_of_the_discount_windows_is_whole_on_a_till(chromium: Browser, server: StationServer, key: str) -> None:
    """DISC-06: with a name of two lines, a limit and a discount to take back, at 1024 by 768."""
    ewa = do(server, server.station.books.definitions.get, Operator, "EWA")
    nuts = do(server, server.station.books.definitions.get, Article, "NUTS")
    name = "Pistacje luzem prażone i solone w łupinach, wielkość ekstra, z Kalifornii"
    limited = msgspec.structs.replace(ewa, discount_percent=Decimal(50), discount_amount=Decimal("250.00"))
    do(server, change, server.station.books, msgspec.structs.replace(nuts, name=name), limited)
    try:
        with at_till(chromium, server, language="fr") as till:
            doc_id = till.new_receipt("EWA")
            till.scan(NUTS_EAN)
            do(server, till_operations.change_by_percent, server.station, actor_of(), doc_id, 1, "5")
            do(server, till_operations.give_header_discount, server.station, actor_of(), doc_id, "percent", "5")
            page = till.page
            page.reload()
            page.keyboard.press(key)
            expect(page.locator("#discount-back")).to_be_visible()
            assert page.locator("#dialog .window__body").evaluate("body => body.scrollHeight <= body.clientHeight")
            last = page.locator("#dialog .key-0").bounding_box()
            assert last is not None
            assert last["y"] + last["height"] <= SIZES["till"][1]
    finally:
        do(server, change, server.station.books, nuts, ewa)


def windows(till: Till) -> Iterator[str]:
    """Every window of discounts, one after another."""
    page = till.page
    till.new_receipt("EWA")
    till.scan(MILK_EAN, "WATER", NUTS_EAN, TILE_EAN)
    yield "marks"
    page.locator("#line-1 .mark-bundle__face").hover()
    yield "a mark's names"
    for name in ("discount", "header-discount", "explain", "promotions", "coupons", "discount-summary"):
        if name == "discount-summary":
            page.locator("#more-menu > summary").click()
            yield "menu"
        page.locator(f'[data-action="{name}"]').first.click()
        expect(page.locator("#dialog-title")).to_be_visible()
        yield name
        page.keyboard.press("Escape")
        expect(page.locator("#dialog")).to_be_hidden()
    page.locator("#details .summary .line__edit").click()
    expect(page.locator("#initial")).to_be_visible()
    yield "initial price"
    page.keyboard.press("Escape")
    page.locator('[data-keypad-context="header"]').click()
    expect(page.locator("#keypad-field")).to_be_visible()
    yield "keypad"
    page.keyboard.press("Escape")
    page.locator("#quantity-button").click()
    page.locator("#quantity").fill("3")
    page.keyboard.press("Enter")
    expect(page.locator("#dialog")).to_be_hidden()
    page.keyboard.press("F7")
    expect(page.locator("#bundle-keep")).to_be_visible()
    yield "question"
    page.keyboard.press("Escape")
    till.pay()
    expect(page.locator("#gifts-no")).to_be_visible()
    yield "gifts"


@pytest.mark.parametrize(
    ("language", "size", "dark"), [("pl", "till", False), ("fr", "laptop", True), ("en", "desk", False)]
)
def test_every_window_of_discounts_can_be_read_by_everyone_and_fits(
    chromium: Browser, server: StationServer, language: str, size: str, dark: bool
) -> None:
    """WCAG 2.2 AA, three languages, light and dark."""
    with at_till(chromium, server, size=size, language=language, dark=dark) as till:
        wrong = []
        for name in windows(till):
            wrong += [f"{name}: {problem}" for problem in grave(till.page)]
            width = till.page.evaluate("document.scrollingElement.scrollWidth")
            wrong += [f"{name}: {width} wide"] if width > SIZES[size][0] else []
        assert wrong == []
