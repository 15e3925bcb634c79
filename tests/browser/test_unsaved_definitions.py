"""What was typed in a definition's form is not lost by a key, a link or a refusal of the server (HUB-01)."""

import os

import pytest
from playwright.sync_api import Browser, Page

from browser.back_office import grave
from browser.chromium import until
from browser.head_office_pages import desk
from hub_server import HubServer

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
PICTURES = os.environ.get("KONTUAR_PICTURES", "")
DOT = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
LEAVING = {"pl": "Wyjdź bez zapisania", "en": "Leave without saving", "fr": "Quitter sans enregistrer"}


def kept(page: Page, name: str) -> None:
    if PICTURES:
        page.screenshot(path=f"{PICTURES}/{name}.png")


@pytest.mark.parametrize(("language", "dark"), [("pl", False), ("fr", True), ("en", False)])
def test_whoever_leaves_a_changed_form_is_asked_and_told_what_would_be_lost(
    chromium: Browser, hub: HubServer, token: str, language: str, dark: bool
) -> None:
    page = desk(chromium, hub, token, language=language, dark=dark)
    form = f"{hub.url}/definitions/article/row?key=MLEKO"
    page.goto(form)
    page.keyboard.press("Escape")
    page.wait_for_url(f"{hub.url}/definitions/article")
    page.goto(form)
    name = page.input_value("#field-name")
    page.fill("#field-name", "Mleko świeże")
    for leave in (lambda: page.keyboard.press("Escape"), lambda: page.keyboard.press("F4"),
                  lambda: page.click("nav#nav a[href='/definitions/price']")):  # fmt: skip
        leave()
        page.wait_for_selector("#dialog [data-lost] li")
        assert page.locator("#dialog [data-lost] li").count() == 1
        assert page.url == form
        assert grave(page) == []
        kept(page, f"unsaved-{language}")
        page.keyboard.press("Escape")
        assert until(lambda: not page.locator("#dialog").is_visible())
        assert page.input_value("#field-name") == "Mleko świeże"
    page.keyboard.press("F4")
    page.wait_for_selector("#dialog [data-leave]")
    assert page.inner_text("#dialog [data-leave]") == LEAVING[language]
    page.click("#dialog [data-leave]")
    page.wait_for_url(f"{hub.url}/definitions/article/new")
    page.goto(form)
    page.fill("#field-name", "Inne")
    page.fill("#field-name", name)
    page.keyboard.press("Escape")
    page.wait_for_url(f"{hub.url}/definitions/article")
    page.context.close()


def test_a_request_that_the_server_cannot_take_leaves_the_form_as_it_is(
    chromium: Browser, hub: HubServer, token: str
) -> None:
    page = desk(chromium, hub, token)
    page.goto(f"{hub.url}/definitions/article/row?key=MLEKO")
    page.fill("#field-name", "Mleko")
    page.evaluate("htmx.ajax('PUT', '/definitions/article/save', {source: '#definition', target: '#definition'})")
    page.wait_for_selector("#toasts .toast")
    assert page.input_value("#field-name") == "Mleko"
    page.context.close()


def test_a_picture_is_seen_where_it_is_named(chromium: Browser, hub: HubServer, token: str) -> None:
    made = hub.client.put(
        "/api/v1/definitions/picture/DOT", json={"code": "DOT", "media_type": "image/png", "data": DOT}
    )
    assert made.status_code < 300, made.text
    article = hub.client.get("/api/v1/definitions/article/SER").json()["row"]
    hub.client.put("/api/v1/definitions/article/SER", json={**article, "picture": "DOT"}).raise_for_status()
    page = desk(chromium, hub, token, language="pl")
    page.goto(f"{hub.url}/definitions/article/row?key=SER")
    assert until(lambda: bool(page.evaluate("document.querySelector('.definition__thumbnail img')?.naturalWidth > 0")))
    assert "PNG" in page.inner_text(".definition__thumbnail")
    assert page.get_attribute(".definition__thumbnail", "href") == "/definitions/picture/row?key=DOT"
    page.locator(".definition__thumbnail").scroll_into_view_if_needed()
    kept(page, "thumbnail-pl")
    page.context.close()
