"""A cashier in front of a running station: signs in, scans, looks. Shared by the tests of the station's screens."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, expect

from browser.chromium import Keys, until
from kontuar.domain.documents.document import Document
from kontuar.operations.station import login
from kontuar.operations.station.station import Station
from station_server import StationServer

expect.set_options(timeout=15_000)  # a busy machine is no failure
PINS = {"OLA": "1111", "EWA": "2222"}
QUIET_SECONDS = 0.06
"""Longer than a scanner leaves between two characters: a key before or after a scan is none of it."""
SAME_AGAIN_SECONDS = 0.3
"""Longer than the time in which the same code is one read twice by mistake."""
QUICK_GAP_SECONDS = 0.003
SIZES = {"till": (1024, 768), "laptop": (1366, 768), "desk": (1920, 1080)}


class Till:
    """One browser page at a station."""

    def __init__(self, page: Page, server: StationServer) -> None:
        self.page = page
        self.server = server
        self._scanned: dict[str, float] = {}

    def sign_in(self, operator: str = "OLA", path: str = "/") -> None:
        """As after the login, which `test_login_screen.py` looks at."""
        token = self.server.do(_token, self.server.station, operator)
        cookie = {"name": self.server.desk.cookie, "value": token, "url": self.server.url, "httpOnly": True}
        self.page.context.add_cookies([cookie])  # type: ignore[list-item]
        self.page.goto(f"{self.server.url}{path}")

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
            begin = max(time.time() + QUIET_SECONDS, self._scanned.get(code, 0.0) + SAME_AGAIN_SECONDS)
            keys = Keys(self.page, begin)
            with self.page.expect_response(lambda answer: answer.request.method == "POST"):
                self._scanned[code] = keys.scan(code, pause_seconds=0.0, gap_seconds=QUICK_GAP_SECONDS)
            assert until(lambda: self.page.evaluate("sessionStorage.getItem('kontuar.scans')") in (None, "[]"))
            time.sleep(max(0.0, self._scanned[code] + QUIET_SECONDS - time.time()))  # a key pressed next comes after it

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


def _token(station: Station, operator: str) -> str:
    return login.log_in(station, login.attempt(station, operator), pin_is_right=True).token
