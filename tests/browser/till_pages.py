"""A cashier in front of a running station: signs in, scans, looks. Shared by the tests of the station's screens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from browser.chromium import Keys, until
from kontuar.domain.documents.document import Document
from station_server import StationServer

expect.set_options(timeout=15_000)  # a busy machine is no failure
PINS = {"OLA": "1111", "EWA": "2222"}
SIZES = {"till": (1024, 768), "laptop": (1366, 768), "desk": (1920, 1080)}


class Till:
    """One browser page at a station."""

    def __init__(self, page: Page, server: StationServer) -> None:
        self.page = page
        self.server = server

    def sign_in(self, operator: str = "OLA", path: str = "/") -> None:
        self.page.goto(f"{self.server.url}/login?next={path}")
        self.page.locator(f'input[name="operator"][value="{operator}"]').check()
        self.page.locator("#pin").fill(PINS[operator])
        self.page.keyboard.press("Enter")
        self.page.wait_for_url(lambda address: "/login" not in address)

    def new_receipt(self, operator: str = "OLA") -> str:
        """A receipt without lines; its identity."""
        drafts = self.server.station.books.drafts
        for draft in self.server.do(drafts.every):
            self.server.do(drafts.remove, draft.doc_id)
        self.sign_in(operator, "/sale")
        return self.page.url.rsplit("/", 1)[1]

    def scan(self, *codes: str) -> None:
        """Scan, and wait until the till has answered each."""
        for code in codes:
            time.sleep(0.4)  # stated times lie in the past: a key pressed next must come after them
            keys = Keys(self.page, time.time() - 0.35)
            with self.page.expect_response(lambda answer: answer.request.method == "POST"):
                keys.scan(code, pause_seconds=0.0)
            assert until(lambda: self.page.evaluate("sessionStorage.getItem('kontuar.scans')") in (None, "[]"))

    def draft(self, doc_id: str) -> Document | None:
        """As the station holds it."""
        found: Document | None = self.server.do(self.server.station.books.drafts.load, doc_id)
        return found

    def pay(self) -> None:
        self.page.keyboard.press("F9")
        expect(self.page.locator("#dialog-title")).to_be_visible()

    def lines(self) -> list[str]:
        return self.page.locator("#lines-rows .line__name").all_inner_texts()

    def to_pay(self) -> str:
        return self.page.locator("#foot .amount__figure > span").first.inner_text()


@contextmanager
def at_till(
    browser: Browser, server: StationServer, *, size: str = "till", language: str = "en", dark: bool = False,
    touch: bool = False,
) -> Iterator[Till]:  # fmt: skip
    """A page of its own at a station, in one of the three languages."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, has_touch=touch, color_scheme="dark" if dark else "light"
    )
    context.add_cookies([{"name": "kontuar_language", "value": language, "url": server.url}])
    page = context.new_page()
    page.set_default_timeout(15_000)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield Till(page, server)
    context.close()
    assert errors == [], "the page's scripts failed"
