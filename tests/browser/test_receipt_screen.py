"""Making a receipt at the till: scans, lines, windows (DOC-20 … DOC-28, DOC-33, DOC-34, SALE-02)."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Route, expect

from browser.chromium import until
from browser.till_pages import Till, at_till
from shop import CARTON_EAN, MILK_EAN, NUTS_EAN, TILE_EAN
from station_server import StationServer

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("receipt")) as running:
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server) as made:
        yield made


def test_scans_reach_the_receipt_and_only_add_rows(till: Till) -> None:
    """DOC-20; the rows that stood there are not painted again."""
    till.new_receipt()
    till.scan(MILK_EAN)
    till.page.evaluate("document.getElementById('line-1').dataset.witness = 'same'")
    till.scan(NUTS_EAN, "WATER")
    assert till.lines() == ["Mleko 2% 1 l", "Pistacje luzem", "Woda gazowana"]
    assert till.page.locator("#line-1").get_attribute("data-witness") == "same"
    expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("66.38")
    expect(till.page.locator('#lines-rows tr[aria-selected="true"]')).to_have_attribute("data-row", "3")
    expect(till.page.locator(".details__title")).to_have_text("Woda gazowana")


def test_a_scan_from_a_quantity_field_reaches_the_receipt_and_leaves_the_field_alone(till: Till) -> None:
    """DOC-33."""
    till.new_receipt()
    till.scan(MILK_EAN)
    till.page.keyboard.press("F6")
    expect(till.page.locator("#quantity")).to_be_focused()
    till.scan(TILE_EAN)
    expect(till.page.locator("#quantity")).to_have_value("1")
    assert till.lines() == ["Mleko 2% 1 l", "Płytka ścienna"]


@pytest.mark.parametrize(("key", "leads_to"), [("F9", "payment/"), ("F8", "/park")])
def test_a_key_faster_than_the_answer_to_the_first_scan_is_not_lost(till: Till, key: str, leads_to: str) -> None:
    """DOC-20, PAY-01, PARK-01: nothing can be paid or parked yet when it is pressed; a moment later it can."""
    till.new_receipt()
    held: list[Route] = []
    till.page.route("**/lines", lambda route: held.append(route))
    told = "code => document.dispatchEvent(new CustomEvent('kontuar:scan', {detail: {code}}))"
    with till.page.expect_request("**/lines"):
        till.page.evaluate(told, MILK_EAN)
    till.page.keyboard.press(key)
    expect(till.page.locator("#toasts > *")).to_have_count(0)
    (route,) = held
    with till.page.expect_request(lambda asked: leads_to in asked.url):
        route.continue_()


def test_an_unknown_scan_says_what_to_do_and_adds_nothing(till: Till) -> None:
    till.new_receipt()
    till.scan("5900000000000")
    expect(till.page.locator(".toast--warn")).to_contain_text("5900000000000")
    expect(till.page.locator("[data-scan-status]")).to_have_attribute("data-kind", "unknown")
    assert till.lines() == []


def test_a_typed_phrase_opens_the_list_and_enter_adds_the_first_article(till: Till) -> None:
    """DOC-20, DOC-21, keyboard alone."""
    till.new_receipt()
    till.page.keyboard.type("mlek", delay=80)
    till.page.keyboard.press("Enter", delay=80)
    expect(till.page.locator('tr[data-row="MILK"]')).to_be_focused()
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#dialog")).to_be_hidden()
    expect(till.page.locator("#lines-rows .line__name")).to_have_text("Mleko 2% 1 l")
    expect(till.page.locator("[data-default-field]")).to_be_focused()


def test_enter_on_the_empty_field_opens_the_whole_list_by_group(till: Till) -> None:
    """DOC-20."""
    till.new_receipt()
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#articles-rows tr")).to_have_count(6)
    till.page.locator("#articles-group").select_option("DIY")
    expect(till.page.locator("#articles-rows tr")).to_have_count(3)
    expect(till.page.locator("#articles-rows")).to_contain_text("Usługa skrócenia")


def test_a_scan_while_the_article_list_is_open_is_added(till: Till) -> None:
    """DOC-20: a scan while a dialog is open is not lost."""
    till.new_receipt()
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#dialog-title")).to_have_text("Articles")
    till.scan(MILK_EAN)
    assert till.lines() == ["Mleko 2% 1 l"]


def test_square_metres_of_tiles_become_whole_pieces(till: Till) -> None:
    """DOC-23: 11.0 m² are 30 pieces, 11.1 m²."""
    till.new_receipt()
    till.scan(TILE_EAN)
    till.page.keyboard.press("F6")
    till.page.locator("#quantity").fill("11,0")
    till.page.locator(".segments label", has_text="m2").click()
    till.page.locator("#quantity").press("Enter")
    expect(till.page.locator("#line-1 .line__edit").nth(1)).to_have_text("11.10 m2")
    expect(till.page.locator("#details")).to_contain_text("30 szt")


def test_quantity_is_changed_by_touch_alone(till: Till) -> None:
    """DOC-33."""
    till.new_receipt()
    till.scan(MILK_EAN)
    till.page.locator("#one-more").click()
    expect(till.page.locator("#quantity-button")).to_contain_text("2 szt")
    till.page.locator("#one-more").click()
    expect(till.page.locator("#quantity-button")).to_contain_text("3 szt")
    till.page.locator("#one-less").click()
    expect(till.page.locator("#quantity-button")).to_contain_text("2 szt")
    expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("7.98")


def test_a_line_is_deleted_with_a_key_and_the_total_quantity_follows(till: Till) -> None:
    """DOC-24: 1 piece of milk + 1.000 kg of nuts, a service left out."""
    till.new_receipt()
    till.scan(MILK_EAN, NUTS_EAN, "REPAIR")
    expect(till.page.locator("#foot .summary")).to_contain_text("2.000")
    till.page.locator("#line-2").click()
    expect(till.page.locator(".details__title")).to_have_text("Pistacje luzem")
    till.page.keyboard.press("F7")
    expect(till.page.locator("#lines-rows tr")).to_have_count(2)
    assert till.lines() == ["Mleko 2% 1 l", "Usługa skrócenia"]


def test_a_cashier_changes_a_price_when_the_manager_allows_it(till: Till) -> None:
    """DOC-22 with the authorisation window: the same request is sent again, and the receipt keeps who allowed it."""
    doc_id = till.new_receipt()
    till.scan(MILK_EAN)
    till.page.keyboard.press("F3")
    till.page.locator(".segments label", has_text="Price").click()
    till.page.locator("#amount").fill("3.50")
    till.page.locator("#amount").press("Enter")
    expect(till.page.locator("#dialog-title")).to_have_text("Authorisation")
    expect(till.page.locator('#authorise input[value="EWA"]')).to_be_checked()
    till.page.locator("#pin").fill("2222")
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#dialog")).to_be_hidden()
    expect(till.page.locator("#line-1 .line__edit").first).to_have_text("3.50")
    expect(till.page.locator("#line-1 .line__less")).to_contain_text("Discount 12.3 %")
    document = till.draft(doc_id)
    assert document is not None
    assert [(given.right, given.operator) for given in document.authorisations] == [("discount.line", "EWA")]


def test_a_wrong_pin_of_the_manager_changes_nothing(till: Till) -> None:
    till.new_receipt()
    till.scan(MILK_EAN)
    till.page.keyboard.press("F3")
    till.page.locator(".segments label", has_text="Price").click()
    till.page.locator("#amount").fill("3.50")
    till.page.locator("#amount").press("Enter")
    till.page.locator("#pin").fill("9999")
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#pin-problem")).to_contain_text("PIN is wrong")
    till.page.keyboard.press("Escape")
    expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("3.99")


def test_the_contractor_is_found_by_a_part_of_the_name_and_prices_follow(till: Till) -> None:
    """DOC-27."""
    till.new_receipt()
    till.scan(MILK_EAN)
    till.page.keyboard.press("F2")
    expect(till.page.locator("#contractors-phrase")).to_be_focused()
    till.page.keyboard.type("anna", delay=80)
    expect(till.page.locator("#contractors-rows tr")).to_have_count(1)
    till.page.keyboard.press("ArrowDown")
    till.page.keyboard.press("Enter")
    expect(till.page.locator("#contractor")).to_contain_text("Anna Nowak")
    expect(till.page.locator("#contractor")).to_contain_text("9900001")
    expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("3.49")
    till.page.keyboard.press("F2")
    till.page.get_by_text("Clear: no contractor").click()
    expect(till.page.locator("#contractor")).to_contain_text("Nieokreślony")
    expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("3.99")


def test_a_reload_shows_the_same_receipt(till: Till) -> None:
    """DOC-34."""
    till.new_receipt()
    till.scan(MILK_EAN, NUTS_EAN)
    till.page.goto(f"{till.server.url}/sale")
    assert till.lines() == ["Mleko 2% 1 l", "Pistacje luzem"]


def test_leaving_a_receipt_with_lines_asks_and_keeps_or_throws_away(till: Till) -> None:
    """SALE-02."""
    doc_id = till.new_receipt()
    till.scan(MILK_EAN)
    till.page.keyboard.press("Escape")
    expect(till.page.locator("#dialog-title")).to_have_text("Leave this receipt?")
    till.page.get_by_role("button", name="Stay").click()
    assert till.lines() == ["Mleko 2% 1 l"]
    till.page.keyboard.press("Escape")
    till.page.get_by_role("button", name="Keep it for later").click()
    till.page.wait_for_url(f"{till.server.url}/")
    till.page.locator(".tile", has_text="Continue the receipt").click()
    till.page.wait_for_url(f"**/sale/{doc_id}")
    till.page.keyboard.press("Escape")
    till.page.get_by_role("button", name="Throw it away").click()
    till.page.wait_for_url(f"{till.server.url}/")
    assert till.draft(doc_id) is None


def test_hidden_columns_are_chosen_once_and_stay(till: Till) -> None:
    """DOC-10, DOC-22: by whoever may manage views."""
    till.new_receipt("EWA")
    till.scan(MILK_EAN)
    till.page.locator("#view").click()
    till.page.get_by_role("checkbox", name="Net price").check()
    till.page.get_by_role("checkbox", name="Handler").check()
    till.page.get_by_role("button", name="Save").click()
    expect(till.page.locator("#lines thead")).to_contain_text("Net price")
    expect(till.page.locator("#line-1")).to_contain_text("3.80")
    expect(till.page.locator("#line-1")).to_contain_text("Ewa Kierownik")


def test_a_carton_keeps_its_own_price_and_row(till: Till) -> None:
    till.new_receipt()
    till.scan(CARTON_EAN)
    expect(till.page.locator("#line-1")).to_contain_text("37.90")
    expect(till.page.locator("#details")).to_contain_text("10 szt")


def test_with_the_agent_away_everything_here_still_works_and_the_bar_says_so(till: Till) -> None:
    """REL-01: the state is words, not only colour."""
    till.server.level, till.server.waiting = "offline", 3
    try:
        till.new_receipt()
        till.scan(MILK_EAN)
        expect(till.page.locator("[data-link-state]")).to_have_text("Offline")
        expect(till.page.locator("[data-link-more]")).to_contain_text("3")
        expect(till.page.locator("#foot .amount__figure > span").first).to_have_text("3.99")
        assert until(lambda: till.page.locator("[data-link-more]").inner_text() == "3 documents wait")
    finally:
        till.server.level, till.server.waiting = "online", 0
