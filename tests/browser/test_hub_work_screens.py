"""The hub's work in a real browser: the inbox by keyboard, reports, dashboard, phone and dark (HUB-04 … HUB-09)."""

import datetime
import os
from collections.abc import Iterator
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Page

from browser.back_office import grave, ready
from browser.chromium import until
from browser.head_office_pages import desk
from hub_documents_world import Hub as Intake
from hub_documents_world import Till
from hub_server import HubServer
from kontuar.nodes.hub_documents import extend_documents
from kontuar.operations.hub.reports import fold_waiting
from kontuar.storage.postgres.reports import PostgresReportShelf
from postgres_fixture import fresh_database, open_temporary_folder

pytestmark = [pytest.mark.browser, pytest.mark.postgres]
SCREENS = (
    "/", "/documents", "/verification", "/monitor", "/monitor/alarms", "/monitor/proofs", "/reports/sales?compare=yes",
    "/reports/sales?by=article", "/reports/losses", "/audit", "/privacy", "/account",
)  # fmt: skip
PICTURES = os.environ.get("KONTUAR_PICTURES", "")
"""A folder: every screen is kept there, for people to look at."""


class World:
    """A hub with a week of sales, an inbox and alarms."""

    def __init__(self, server: HubServer, url: str) -> None:
        self.server = server
        self.intake = Intake(url)
        today = datetime.datetime.now(ZoneInfo("Europe/Warsaw")).replace(minute=0, second=0, microsecond=0)
        for station, store in (("K1", "S1"), ("K2", "S1"), ("K9", "S2")):
            till = Till(station, store=store, life=f"life-{station}")
            till.open_shift(f"shift-{station}")
            for back in range(8, -1, -1):
                at = today - datetime.timedelta(days=back)
                for number in range(1, 3 + (back * 3 + len(station) + ord(station[-1])) % 5):
                    till.sell(
                        (number, number), business_day=at.date(), approved_at=at - datetime.timedelta(hours=number),
                        shift_id=f"shift-{station}",
                    )  # fmt: skip
            self.intake.push(till)
        self.sale = till.sell((77, 2), shift_id="shift-K9")
        till.fiscalise(self.sale)
        self.release = till.release(2, warehouse="NOWHERE")
        till.say_bytes(b"?")
        self.intake.push(till)
        self.intake.book()
        self.intake.rows(
            "INSERT INTO node_contact (node, store, kind, incarnation, last_seen_at, build, clock_skew_ms) VALUES "
            "('K1', 'S1', 'station', 'life-K1', now() - interval '1 hour', '', 0), "
            "('K2', 'S1', 'station', 'life-K2', now() - interval '2 days', '', 300000), "
            "('agent@S2', 'S2', 'agent', 'x', now(), '', 0) RETURNING node"
        )
        fold_waiting(PostgresReportShelf(self.intake.database))


@pytest.fixture(scope="module")
def world(postgres_server: str) -> Iterator[World]:
    with (
        fresh_database(postgres_server) as url,
        open_temporary_folder() as folder,
        HubServer(folder / "hub", url, [extend_documents]) as server,
    ):
        made = World(server, url)
        yield made
        made.intake.database.close()


def opened(
    chromium: Browser, world: World, path: str = "/", *, width: int = 1366, language: str = "en", dark: bool = False
) -> Page:
    token = world.server.client.headers["Authorization"].removeprefix("Bearer ")
    page = desk(chromium, world.server, token, width=width, language=language, dark=dark)
    page.goto(f"{world.server.url}{path}")
    return ready(page)


def item_path(world: World, reason: str) -> str:
    rows = world.server.client.get("/api/v1/verification", params={"reason": reason}).json()["rows"]
    return f"/verification/{rows[0]['store']}/{rows[0]['message']}"


def test_every_screen_is_accessible_and_fits_a_phone(chromium: Browser, world: World) -> None:
    """Interface, principle 9: nothing serious for axe, light and dark; nothing wider than the screen."""
    assert until(lambda: bool(world.server.client.get("/api/v1/alarms").json()["rows"]), 30)
    items = [item_path(world, reason) for reason in ("warehouse.undefined", "article.undefined", "message.unreadable")]
    document = world.server.client.get("/api/v1/documents").json()["rows"][0]
    found: list[str] = []
    for path in (*SCREENS, *items, f"/documents/{document['store']}/{document['doc_id']}"):
        for width, dark, language in ((1366, False, "pl"), (390, True, "fr")):
            page = opened(chromium, world, path, width=width, dark=dark, language=language)
            found += [f"{path} {width}: {fault}" for fault in grave(page)]
            if page.evaluate("document.documentElement.scrollWidth > window.innerWidth + 1"):
                found.append(f"{path} {width}: wider than the screen")
            if PICTURES:
                name = path.strip("/").replace("/", "-").replace("?", "-")[:40] or "dashboard"
                page.screenshot(path=str(Path(PICTURES) / f"{name}-{width}.png"), full_page=True)
            page.context.close()
    assert found == []


def test_the_inbox_is_worked_by_keyboard(chromium: Browser, world: World) -> None:
    """HUB-05: arrows and Enter open, R books again, T takes, N goes on, a note in the box stays a note."""
    page = opened(chromium, world, "/verification")
    page.locator("tr[data-row]").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/verification/S2/*")
    first = page.url
    page.keyboard.press("t")
    page.get_by_role("button", name="Nobody looks after it").wait_for()
    page.locator("textarea[name=text]").click()
    page.keyboard.type("rent next", delay=100)
    assert page.url == first
    page.locator("textarea[name=text]").fill("asked the store")
    page.get_by_role("button", name="Write it down").click()
    page.locator("li", has_text="asked the store").wait_for()
    page.locator("h1").click()
    page.keyboard.press("r")
    page.locator("li", has_text="Booked again").wait_for()
    page.keyboard.press("n")
    page.wait_for_url(lambda url: url != first)


def test_a_cancellation_is_asked_for_and_shown(chromium: Browser, world: World) -> None:
    """HUB-05."""
    page = opened(chromium, world, item_path(world, "warehouse.undefined"))
    page.fill("textarea[name=note]", "made twice")
    page.get_by_role("button", name="Have the station cancel it").click()
    page.locator(".note", has_text="The station was asked to cancel it.").wait_for()
    assert page.get_by_role("button", name="Have the station cancel it").count() == 0


def test_the_list_and_its_files_follow_the_filters(chromium: Browser, world: World) -> None:
    """HUB-04: part of the number as one types; the files are of what is shown."""
    page = opened(chromium, world, "/documents")
    page.fill("[name=number]", "00001/k9")
    assert until(lambda: page.locator("tr[data-row]").count() == 1)
    link = page.locator("#documents-files a").first
    assert until(lambda: "number=00001" in (link.get_attribute("href") or ""))
    with page.expect_download() as download:
        link.click()
    lines = Path(download.value.path()).read_text("utf-8-sig").splitlines()
    assert (len(lines), "00001/K9" in lines[1]) == (2, True)


def test_a_plot_leads_to_the_documents_behind_it(chromium: Browser, world: World) -> None:
    """HUB-08."""
    page = opened(chromium, world, "/reports/sales?by=store&compare=yes")
    assert page.locator("svg.plot rect").count() == 4
    page.get_by_role("link", name="(S2)").click()
    page.wait_for_url("**/documents?*store=S2*")
    assert until(lambda: page.locator("tr[data-row]").count() > 0)
    assert page.input_value("[name=store]") == "S2"


def test_an_alarm_is_taken_on_the_monitor(chromium: Browser, world: World) -> None:
    """HUB-07: worst first, and whoever looks after it is named."""
    assert until(lambda: bool(world.server.client.get("/api/v1/alarms").json()["rows"]), 30)
    page = opened(chromium, world, "/monitor")
    alarmed = page.locator("tbody tr", has_text="Silent for more than a day")
    assert alarmed.count() == 1
    urgent = [row for row in page.locator("tbody tr").all() if "Its books do not hold" in (row.text_content() or "")]
    assert alarmed.evaluate("row => [...row.parentNode.children].indexOf(row)") <= len(urgent), (
        "only as bad stand before"
    )
    before = page.get_by_role("button", name="I look after it").count()
    page.get_by_role("button", name="I look after it").first.click()
    page.locator("li", has_text="administrator").wait_for()
    assert page.get_by_role("button", name="I look after it").count() == before - 1
