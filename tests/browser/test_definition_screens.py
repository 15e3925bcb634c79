"""Editing definitions at head office in a real browser: by keyboard, by search, two at once (HUB-01, HUB-02)."""

import os

import pytest
from playwright.sync_api import Browser, Page

from browser.back_office import grave
from browser.chromium import until
from browser.head_office_pages import desk
from hub_server import HubServer

PICTURES = os.environ.get("KONTUAR_PICTURES", "")
pytestmark = [pytest.mark.browser, pytest.mark.postgres]
SCREENS = (
    "/definitions/article", "/definitions/article/row?key=MLEKO", "/definitions/contractor/row?key=HURT",
    "/definitions/batch/new", "/definitions/role/matrix", "/definitions/parameter/scopes?at=store:S2",
    "/definitions/price/table", "/definitions/numbering/row?key=receipt", "/definitions/unit/import",
    "/definition-versions", "/definition-versions/4",
)  # fmt: skip


def kept(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png", full_page=True)


def row(hub: HubServer, kind: str, key: str) -> dict[str, object]:
    found: dict[str, object] = hub.client.get(f"/api/v1/definitions/{kind}/{key}").json()["row"]
    return found


def test_an_article_is_made_without_a_mouse_and_its_group_found_by_typing(page: Page, hub: HubServer) -> None:
    page.goto(f"{hub.url}/definitions/article")
    page.keyboard.press("F4")
    page.wait_for_url("**/definitions/article/new")
    for field, text in (("code", "KEFIR"), ("name", "Kefir 400 g"), ("vat", "5"), ("unit", "szt")):
        page.fill(f"#field-{field}", text)
    page.click("#field-group")
    page.keyboard.type("nabi")
    options = page.locator("#options-article_group option")
    assert until(lambda: options.count() == 1)
    assert (options.first.get_attribute("value"), options.first.text_content()) == ("NAB", "Nabiał")
    page.fill("#field-group", "NAB")
    page.keyboard.press("F10")
    page.wait_for_url("**/definitions/article/row?key=KEFIR&saved=*")
    assert row(hub, "article", "KEFIR")["group"] == "NAB"


def test_scanned_eans_become_rows_and_never_send_the_form(page: Page, hub: HubServer) -> None:
    page.goto(f"{hub.url}/definitions/article/row?key=SER")
    eans = page.locator("[data-rows=eans] .rows__row")
    eans.first.locator("input").first.click()
    page.keyboard.type("2000000000015", delay=100)
    page.keyboard.press("Enter")
    assert until(lambda: eans.count() == 2)
    page.keyboard.type("2000000000022", delay=100)
    for place in range(2):
        eans.nth(place).locator("input").nth(1).fill("kg")
    page.keyboard.press("F10")
    page.wait_for_url("**saved=*")
    assert row(hub, "article", "SER")["eans"] == [
        {"ean": "2000000000015", "unit": "kg"},
        {"ean": "2000000000022", "unit": "kg"},
    ]
    page.locator("[data-rows=eans] [data-remove-row]").first.click()
    page.keyboard.press("F10")
    assert until(lambda: row(hub, "article", "SER")["eans"] == [{"ean": "2000000000022", "unit": "kg"}])


def test_the_next_free_ean_of_the_firms_range_is_put_into_the_form(page: Page, hub: HubServer) -> None:
    """HUB-13: never one that is taken or stands in the form already; its unit is the article's."""
    page.goto(f"{hub.url}/definitions/article/row?key=JOGURT")
    assert page.locator("[data-rows=eans] [aria-disabled=true]").count() == 1
    ranged = {"name": "article.ean_13_range", "scope": "global", "value": "590777700000-590777700002"}
    key = "article.ean_13_range|global"
    hub.client.put(f"/api/v1/definitions/parameter/{key}", json=ranged).raise_for_status()
    before = row(hub, "article", "JOGURT")["eans"]
    assert isinstance(before, list)
    page.reload()
    eans = page.locator("[data-rows=eans] .rows__row")
    for count in (1, 2):
        page.click("[data-next-ean='13']")
        assert until(lambda count=count: eans.count() == len(before) + count)  # type: ignore[misc]
    kept(page, "next-ean")
    assert grave(page) == []
    page.keyboard.press("F10")
    page.wait_for_url("**saved=*")
    given = [{"ean": ean, "unit": "szt"} for ean in ("5907777000002", "5907777000019")]
    assert row(hub, "article", "JOGURT")["eans"] == [*before, *given]
    page.goto(f"{hub.url}/definitions/batch/new")
    page.click("[data-next-ean='13']")
    assert until(lambda: eans.last.locator("input").input_value() == "5907777000026")
    page.click("[data-next-ean='13']")
    page.wait_for_selector("#toasts :text('EAN')")
    assert eans.count() == 1


def test_two_people_at_one_contractor_see_both_and_one_decides(page: Page, hub: HubServer) -> None:
    page.goto(f"{hub.url}/definitions/contractor/row?key=HURT")
    there = row(hub, "contractor", "HURT")
    hub.client.put("/api/v1/definitions/contractor/HURT", json={**there, "city": "Sopot"}).raise_for_status()
    page.fill("#field-city", "Gdańsk")
    page.keyboard.press("F10")
    page.wait_for_selector("#conflict")
    assert "Sopot" in page.inner_text("#conflict")
    assert "Gdańsk" in page.inner_text("#conflict")
    assert row(hub, "contractor", "HURT")["city"] == "Sopot"
    page.click("#conflict button[type=submit]")
    page.wait_for_url("**saved=*")
    assert row(hub, "contractor", "HURT")["city"] == "Gdańsk"
    assert "Sopot → Gdańsk" in page.inner_text(".history")


def test_a_bad_change_is_found_in_the_versions_and_withdrawn(page: Page, hub: HubServer) -> None:
    bad = hub.client.put(
        "/api/v1/definitions/price/DETAL%7CSER%7Ckg%7C2026-01-01",
        json={"price_list": "DETAL", "article": "SER", "unit": "kg", "valid_from": "2026-01-01", "price": "3.29"},
    ).json()["version"]
    page.goto(f"{hub.url}/definition-versions")
    page.click(f"a[href='/definition-versions/{bad}']")
    assert "32.9" in page.inner_text("main")
    page.click("text=Withdraw")
    page.wait_for_selector("dialog[open]")
    page.click("dialog button:has-text('Withdraw')")
    page.wait_for_url(f"**/definition-versions/{bad + 1}")
    assert row(hub, "price", "DETAL%7CSER%7Ckg%7C2026-01-01")["price"] == "32.9"


def test_a_file_shows_what_it_would_change_before_it_is_imported(page: Page, hub: HubServer) -> None:
    page.goto(f"{hub.url}/definitions/reason/import")
    text = "code;name;document_types\nUSZK;Uszkodzony;internal_release\nBRAK;Braki;internal_release\n"
    page.set_input_files("#file", {"name": "r.csv", "mimeType": "text/csv", "buffer": text.encode()})
    page.click("button[type=submit]:has-text('Look')")
    page.wait_for_selector("#confirm-import")
    assert hub.client.get("/api/v1/definitions/reason/BRAK").status_code == 404
    page.click("#confirm-import")
    page.wait_for_selector("text=Imported")
    assert row(hub, "reason", "BRAK")["name"] == "Braki"


def test_the_form_of_a_numbering_rule_shows_its_first_number_and_stays_a_form(page: Page, hub: HubServer) -> None:
    page.goto(f"{hub.url}/definitions/numbering/row?key=receipt")
    page.fill("#field-pattern", "{symbol}-{number:4}-{series}-{month}-{year}")
    assert until(lambda: "PAR-0001-K1-11-2026" in page.inner_text("#definition #sample"))
    assert page.input_value("#field-pattern") == "{symbol}-{number:4}-{series}-{month}-{year}"


def test_what_is_needed_says_by_whom_when_it_is_to_be_removed(page: Page, hub: HubServer) -> None:
    page.goto(f"{hub.url}/definitions/unit/row?key=kg")
    page.click("button:has-text('Remove')")
    page.wait_for_selector("dialog[open]")
    page.click("dialog button:has-text('Remove')")
    page.wait_for_selector("dialog a[href='/definitions/article/row?key=SER']")
    assert row(hub, "unit", "kg")["code"] == "kg"


@pytest.mark.parametrize("width", [390, 1366])
@pytest.mark.parametrize(("language", "dark"), [("fr", False), ("pl", True)])
def test_screens_fit_phones_and_desks_and_have_no_serious_fault(
    chromium: Browser, hub: HubServer, token: str, width: int, language: str, dark: bool
) -> None:
    page = desk(chromium, hub, token, width=width, language=language, dark=dark)
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    for path in SCREENS:
        assert page.goto(hub.url + path).status == 200  # type: ignore[union-attr]
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert grave(page) == [], path
    assert not said
    page.context.close()
