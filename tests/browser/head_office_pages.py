"""A person of head office in front of a running hub, signed in; shared by the tests of the hub's screens."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, Page

from hub_server import HubServer
from postgres_fixture import fresh_database, open_temporary_folder

BOSS = {"operator": "SZEF", "pin": "246810"}


@pytest.fixture(scope="module")
def hub(postgres_server: str) -> Iterator[HubServer]:
    """The firm of the guide at head office, one for all tests of a module."""
    with (
        fresh_database(postgres_server) as url,
        open_temporary_folder() as folder,
        HubServer(folder / "hub", url) as running,
    ):
        yield running


@pytest.fixture(scope="module")
def token(hub: HubServer) -> str:
    """Of the boss, who may everything."""
    return token_of_boss(hub)


@pytest.fixture
def page(chromium: Browser, hub: HubServer, token: str) -> Iterator[Page]:
    """An empty page of the boss."""
    opened = desk(chromium, hub, token, height=900)
    yield opened
    opened.context.close()


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
