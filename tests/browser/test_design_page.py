"""The kit as a person meets it: contrast, names, layout at every size, keys, pad, dialog, and the state of the net."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from browser.back_office import grave
from browser.chromium import until
from browser.design_server import DesignServer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90)]

TILL_SIZES = [(1024, 768), (1366, 768), (1920, 1080)]
SCREENS = ["/design", "/trial/receipt/pl", "/trial/receipt/fr", "/trial/menu", "/trial/hub"]


@pytest.fixture(scope="module")
def server() -> Iterator[DesignServer]:
    with DesignServer() as running:
        yield running


def opened(chromium: Browser, server: DesignServer, path: str, size: tuple[int, int], theme: str = "light") -> Page:
    """A page that remembers what the browser complained about (the content policy above all)."""
    page = chromium.new_page(viewport={"width": size[0], "height": size[1]}, color_scheme=theme)  # type: ignore[arg-type]
    page.add_init_script("window.complaints = []; addEventListener('error', (e) => complaints.push(e.message));")
    page.add_init_script(
        "addEventListener('securitypolicyviolation', (e) => complaints.push(e.violatedDirective + ' ' + e.blockedURI));"
    )
    page.goto(f"{server.url}{path}")
    assert until(lambda: bool(page.evaluate("window.htmx !== undefined")))
    return page


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("path", SCREENS)
def test_axe_finds_nothing_serious(chromium: Browser, server: DesignServer, path: str, theme: str) -> None:
    """WCAG 2.2 AA in both themes; the strict content policy is kept (SEC-03)."""
    page = opened(chromium, server, path, (1366, 2400), theme)
    assert grave(page) == []
    assert page.evaluate("window.complaints") == []
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_the_payment_window(chromium: Browser, server: DesignServer, theme: str) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1366, 768), theme)
    page.click("#pay")
    page.wait_for_selector("dialog[open] #assign")
    assert grave(page) == []
    page.close()


@pytest.mark.parametrize("size", [*TILL_SIZES, (683, 384), (390, 844)])
@pytest.mark.parametrize("path", SCREENS)
def test_no_screen_is_wider_than_its_window(
    chromium: Browser, server: DesignServer, path: str, size: tuple[int, int]
) -> None:
    """683 × 384 is 1366 × 768 at 200% zoom."""
    page = opened(chromium, server, path, size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    page.close()


@pytest.mark.parametrize("lang", ["pl", "fr"])
@pytest.mark.parametrize("size", TILL_SIZES)
def test_a_receipt_fits_a_till_without_scrolling_and_the_pad_is_bottom_right(
    chromium: Browser, server: DesignServer, lang: str, size: tuple[int, int]
) -> None:
    page = opened(chromium, server, f"/trial/receipt/{lang}", size)
    assert page.evaluate("document.documentElement.scrollHeight") <= size[1]
    pad = page.locator("[data-pad]").bounding_box()
    pay = page.locator("#pay").bounding_box()
    last = page.locator("tr.is-new").bounding_box()
    assert pad is not None
    assert pay is not None
    assert last is not None
    assert size[0] - (pad["x"] + pad["width"]) <= 24
    assert size[1] - (pad["y"] + pad["height"]) <= 24
    assert last["y"] + last["height"] <= pay["y"]
    page.close()


@pytest.mark.parametrize("path", ["/trial/receipt/fr", "/trial/menu"])
def test_everything_to_touch_on_a_till_is_at_least_48_pixels(
    chromium: Browser, server: DesignServer, path: str
) -> None:
    page = opened(chromium, server, path, (1024, 768))
    small = page.evaluate(
        """[...document.querySelectorAll('.button, .tile, .pad__key, .input, .line__edit')]
        .filter((one) => one.getClientRects().length && !one.closest('details:not([open]) .menu__list'))
        .map((one) => [one.textContent.trim().slice(0, 20), one.getBoundingClientRect()])
        .filter(([, box]) => box.width < 47.5 || box.height < 47.5)
        .map(([text, box]) => `${text} ${box.width}x${box.height}`)"""
    )
    assert small == []
    page.close()


def test_the_amount_to_pay_is_the_largest_text_of_a_receipt(chromium: Browser, server: DesignServer) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1024, 768))
    largest = page.evaluate(
        """[...document.querySelectorAll('body *')]
        .filter((one) => one.getClientRects().length)
        .filter((one) => [...one.childNodes].some((node) => node.nodeType === 3 && node.data.trim()))
        .map((one) => [parseFloat(getComputedStyle(one).fontSize), one.textContent])
        .reduce((a, b) => (b[0] > a[0] ? b : a))[1]"""
    )
    assert largest == "792,10"
    page.close()


def test_a_refused_button_takes_the_focus_says_why_and_does_nothing(chromium: Browser, server: DesignServer) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1024, 768))
    invoice = page.locator('button[aria-disabled="true"]', has_text="Faktura")
    reason = page.locator(f"#{invoice.get_attribute('aria-describedby')}")
    assert not reason.is_visible()
    invoice.click(force=True)
    assert invoice.evaluate("one => one === document.activeElement")
    assert reason.is_visible()
    assert reason.inner_text() == "Najpierw wybierz kontrahenta: faktura wymaga nabywcy."
    page.close()


def test_f9_pays_escape_closes_and_the_focus_is_back_where_it_was(chromium: Browser, server: DesignServer) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1024, 768))
    page.keyboard.press("F9")
    page.wait_for_selector("dialog[open]")
    assert page.evaluate("document.activeElement.id") == "assign"
    page.keyboard.press("Escape")
    page.wait_for_selector("dialog[open]", state="detached")
    assert page.evaluate("'defaultField' in document.activeElement.dataset") is True
    page.close()


def test_f1_prints_the_keys_even_over_a_dialog(chromium: Browser, server: DesignServer) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1366, 768))
    page.keyboard.press("F9")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("F1")
    assert "Reszta domyślną formą" in page.locator("#shortcut-sheet").inner_text()
    page.keyboard.press("Escape")
    assert not page.locator("#shortcut-sheet").is_visible()
    assert page.locator("dialog[open]").count() == 1
    page.close()


def test_a_key_whose_button_is_refused_says_why(chromium: Browser, server: DesignServer) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1366, 768))
    page.keyboard.press("F9")
    page.wait_for_selector("dialog[open]")
    page.keyboard.press("Enter")
    assert "Brakuje 292,10 zł." in page.locator("#toasts").inner_text()
    page.close()


def test_the_pad_types_into_the_field_with_the_focus_else_into_the_default_one(
    chromium: Browser, server: DesignServer
) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1024, 768))
    for key in ("5", "9", "00", "backspace"):
        page.click(f'[data-pad-key="{key}"]')
    assert page.locator("[data-default-field]").input_value() == "590"
    assert page.locator("[data-pad-value]").inner_text() == "590"
    page.locator("#qty").focus()
    for key in ("2", "separator", "separator", "5"):
        page.click(f'[data-pad-key="{key}"]')
    assert page.locator("#qty").input_value() == "2,5"
    assert page.locator("[data-pad-caption]").inner_text() == "Ilość"
    page.close()


def test_the_bar_says_when_head_office_the_store_and_the_till_itself_are_lost(
    chromium: Browser, server: DesignServer
) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1366, 768))
    place = page.locator("#connectivity")
    server.till.status = {"state": "store", "waiting": 0}
    page.wait_for_selector('#connectivity[data-state="store"]')
    assert "Tylko sklep" in place.inner_text()
    server.till.status = {"state": "offline", "waiting": 12, "since": "2026-11-20T13:05:00Z"}
    page.wait_for_selector('#connectivity[data-state="offline"]')
    assert "Brak połączenia" in place.inner_text()
    assert "Oczekuje: 12 · od" in place.inner_text()
    page.route("**/api/status", lambda route: route.abort())
    page.wait_for_selector('#connectivity[data-state="silent"]', timeout=15_000)
    server.till.status = {"state": "online", "waiting": 0}
    page.unroute("**/api/status")
    page.wait_for_selector('#connectivity[data-state="online"]')
    page.close()


def test_arrows_walk_the_lines_and_the_marked_one_is_remembered(chromium: Browser, server: DesignServer) -> None:
    page = opened(chromium, server, "/trial/hub", (1366, 768))
    page.locator("#q").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    marked = page.locator('tr[aria-selected="true"]')
    assert marked.get_attribute("data-row") == "FS/2026/11/00018/POS1"
    page.reload()
    assert marked.get_attribute("data-row") == "FS/2026/11/00018/POS1"
    page.close()


def test_a_failed_request_keeps_what_was_typed_and_can_be_sent_again(chromium: Browser, server: DesignServer) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1366, 768))
    page.route("**/scan", lambda route: route.abort())
    page.locator("[data-default-field]").fill("chleb")
    page.keyboard.press("Enter")
    again = page.locator("#toasts .toast--bad button").first
    again.wait_for()
    assert page.locator("[data-default-field]").input_value() == "chleb"
    page.unroute("**/scan")
    again.click()
    page.wait_for_selector('[data-scan-status][data-kind="added"]')
    assert server.till.scans[-1] == "chleb"
    page.close()


def test_dark_and_light_are_chosen_by_hand_and_kept(chromium: Browser, server: DesignServer) -> None:
    page = opened(chromium, server, "/trial/menu", (1024, 768))
    page.evaluate("document.querySelector('[data-set-theme=dark]').click()")
    page.reload()
    assert page.evaluate("getComputedStyle(document.body.parentElement).backgroundColor") == "rgb(13, 20, 18)"
    page.close()


def answer(page: Page, path: str, status: int, kind: str, body: str) -> None:
    """The next requests for a path get this answer."""
    page.route(f"**{path}", lambda route: route.fulfill(status=status, content_type=kind, body=body))


def ask(page: Page, path: str) -> None:
    page.evaluate("path => void htmx.ajax('GET', path, { target: '#dialog-body' })", path)


def test_a_window_that_is_swapped_in_opens_and_an_empty_answer_closes_it(
    chromium: Browser, server: DesignServer
) -> None:
    page = opened(chromium, server, "/trial/receipt/pl", (1366, 768))
    page.locator("#qty").focus()
    window = '<section data-window><h2 id="dialog-title" tabindex="-1">Rabat</h2></section>'
    answer(page, "/window", 200, "text/html", window)
    answer(page, "/done", 200, "text/html", "")
    ask(page, "/window")
    page.wait_for_selector("dialog[open] h2")
    assert page.evaluate("document.activeElement.id") == "dialog-title"
    ask(page, "/done")
    page.wait_for_selector("dialog[open]", state="detached")
    assert page.evaluate("document.activeElement.id") == "qty"
    page.close()


def test_a_locked_window_is_not_closed_by_escape(chromium: Browser, server: DesignServer) -> None:
    """PAY-05: the screen locks while the terminal works."""
    page = opened(chromium, server, "/trial/receipt/pl", (1366, 768))
    answer(
        page,
        "/window",
        200,
        "text/html",
        '<section data-window data-locked><h2 id="dialog-title">Terminal</h2></section>',
    )
    ask(page, "/window")
    page.wait_for_selector("dialog[open] h2")
    for _ in range(3):
        page.keyboard.press("Escape")
    assert page.locator("dialog[open]").count() == 1
    page.close()


def test_a_refusal_is_told_in_its_own_words(chromium: Browser, server: DesignServer) -> None:
    """In JSON as a message with nothing swapped; in HTML where the answer would have been."""
    page = opened(chromium, server, "/trial/receipt/pl", (1366, 768))
    problems = '{"problems": [{"code": "line.frozen", "message": "Tej pozycji nie można zmienić.", "place": "line:1"}]}'
    answer(page, "/json", 422, "application/json", problems)
    answer(page, "/html", 422, "text/html", '<section data-window><h2 id="dialog-title">Brak uprawnień</h2></section>')
    ask(page, "/json")
    page.wait_for_selector("#toasts .toast--warn")
    assert page.locator("#toasts .toast__text").inner_text() == "Tej pozycji nie można zmienić."
    assert page.locator("dialog[open]").count() == 0
    ask(page, "/html")
    page.wait_for_selector("dialog[open] h2")
    assert page.locator("dialog[open] h2").inner_text() == "Brak uprawnień"
    page.close()
