"""Debian's Chromium under Playwright, and a scanner whose keys carry stated times: a busy machine changes nothing.

The shell without windows (`chromium-headless-shell`) shows pages with a third of the whole program's work; where it is
not installed, the whole program serves. `KONTUAR_CHROMIUM` names another one.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

SHELL = Path("/usr/bin/chromium-headless-shell")
WHOLE = Path("/usr/bin/chromium")
CHROMIUM = Path(os.environ.get("KONTUAR_CHROMIUM") or (SHELL if SHELL.exists() else WHOLE))
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCANNER_GAP_SECONDS = 0.008
PERSON_GAP_SECONDS = 0.120
KEY_CODES = {"Enter": 13, "Tab": 9}


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run; each test opens pages of its own."""
    if not CHROMIUM.exists():
        pytest.fail(f"no {CHROMIUM}: apt-get install -y chromium-headless-shell")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        yield browser
        browser.close()


class Keys:
    """Types into a page as a scanner or as a person does; the time of each key is stated, not measured."""

    def __init__(self, page: Page, at: float = 0.0) -> None:
        """`at`: when the first key is pressed, in seconds as `time.time()` counts them; 0 = now."""
        self._session: CDPSession = page.context.new_cdp_session(page)
        self._at = at or time.time()

    def scan(
        self, code: str, end: str = "Enter", pause_seconds: float = 0.3, gap_seconds: float = SCANNER_GAP_SECONDS
    ) -> float:
        """When the last key is pressed, by its stated time."""
        self._at += pause_seconds
        self._type(code, gap_seconds)
        if end:
            self._press(end, gap_seconds)
        return self._at

    def type(self, text: str, end: str = "") -> None:
        self._at += 0.3
        self._type(text, PERSON_GAP_SECONDS)
        if end:
            self._press(end, PERSON_GAP_SECONDS)

    def _type(self, text: str, gap_seconds: float) -> None:
        for character in text:
            self._at += gap_seconds
            key = {"key": character, "timestamp": self._at}
            self._session.send("Input.dispatchKeyEvent", {"type": "keyDown", "text": character, **key})
            self._session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})

    def _press(self, name: str, gap_seconds: float) -> None:
        self._at += gap_seconds
        key = {"key": name, "code": name, "windowsVirtualKeyCode": KEY_CODES[name], "timestamp": self._at}
        text = {"text": "\r"} if name == "Enter" else {}
        self._session.send("Input.dispatchKeyEvent", {"type": "keyDown", **text, **key})
        self._session.send("Input.dispatchKeyEvent", {"type": "keyUp", **key})


def until(holds: Callable[[], bool], seconds: float = 15.0) -> bool:
    """Waits for something to hold, in the browser or outside it (the content policy forbids Playwright's own wait)."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if holds():
            return True
        time.sleep(0.02)
    return holds()
