"""A person of head office in front of a running hub, signed in; shared by the tests of the hub's screens."""

from __future__ import annotations

import httpx
from playwright.sync_api import Browser, Page

from hub_server import HubServer

BOSS = {"operator": "SZEF", "pin": "246810"}


def token_of_boss(hub: HubServer) -> str:
    """A login through the API; the screen of the login is looked at in `test_console.py`."""
    answer = httpx.post(f"{hub.url}/api/v1/login", json=BOSS, timeout=30)
    return str(answer.raise_for_status().json()["token"])


def desk(
    chromium: Browser, hub: HubServer, token: str, *, width: int = 1366, height: int = 800, language: str = "en",
    dark: bool = False,
) -> Page:  # fmt: skip
    """An empty page of somebody with this token."""
    context = chromium.new_context(
        viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
    )
    cookies = {"kontuar_language": language, "kontuar_hub": token}
    context.add_cookies([{"name": name, "value": value, "url": hub.url} for name, value in cookies.items()])
    return context.new_page()
