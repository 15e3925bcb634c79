"""What the till shows while its receipt waits for a second copy, and when there is none (REL-21)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.till_pages import Till, at_till
from kontuar.operations.ports.second_copy import CopyOutcome
from kontuar.operations.ports.streams import Position, StreamId
from shop import MILK_EAN, with_parameter
from station_server import StationServer, settings

pytestmark = pytest.mark.browser


class Holder:
    """Nobody, until `outcome` is set; then that at once, also to who waits."""

    def __init__(self) -> None:
        self.outcome: CopyOutcome | None = None

    async def wait(self, stream: StreamId, position: Position, most_seconds: float) -> CopyOutcome:
        for _ in range(round(most_seconds / 0.05)):
            if self.outcome is not None:
                return self.outcome
            await asyncio.sleep(0.05)
        return "late"


@pytest.fixture(scope="module")
def holder() -> Holder:
    return Holder()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, holder: Holder) -> Iterator[StationServer]:
    with StationServer(
        tmp_path_factory.mktemp("copies"), devices=settings(printer="double", fiscal="double"), second_copy=holder
    ) as running:
        running.do(with_parameter, running.station.books, "print.second_copy_seconds", "30")
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server, language="pl") as made:
        yield made


def sell(till: Till) -> str:
    doc_id = till.new_receipt()
    till.scan(MILK_EAN)
    till.pay()
    till.page.keyboard.press("/", delay=80)
    expect(till.page.locator(".payments li")).to_have_count(1)
    expect(till.page.locator("#pay-approve")).to_be_focused()
    till.page.keyboard.press("Enter", delay=80)
    return doc_id


def prints(server: StationServer) -> int:
    printer = server.devices.doubles.printer
    assert printer is not None
    return len([job for job in printer.jobs if len(job) > 10])


def test_the_window_says_that_the_print_waits_and_goes_on_by_itself(till: Till, holder: Holder) -> None:
    """REL-21: the next receipt may be begun at any moment; when the copy is there the words go."""
    holder.outcome = None
    before = prints(till.server)
    sell(till)
    told = till.page.locator("#issued")
    expect(told).to_contain_text("Wydruk czeka")
    expect(told).to_contain_text("najwyżej 30 s")
    expect(till.page.locator("#new-receipt")).to_be_enabled()
    assert prints(till.server) == before
    holder.outcome = "held"
    expect(told).not_to_contain_text("czeka")
    assert prints(till.server) == before + 1
    till.page.keyboard.press("Enter", delay=80)
    till.page.wait_for_url(lambda address: "/sale/" in address)


def test_who_cannot_wait_is_told_what_only_this_till_holds(till: Till, holder: Holder) -> None:
    """REL-21: in the window at once, in the preview, in the list and on every screen for as long as it is so."""
    holder.outcome = "away"
    before = prints(till.server)
    doc_id = sell(till)
    told = till.page.locator("#issued")
    expect(told).to_contain_text("Ma go tylko ta kasa")
    expect(told).to_contain_text("PAR/2026/11/")
    assert prints(till.server) == before + 1
    till.page.goto(f"{till.server.url}/documents/{doc_id}")
    expect(till.page.locator(".preview__head")).to_contain_text("Tylko na tej kasie")
    expect(till.page.locator(".history")).to_contain_text("Wydany, gdy miała go tylko ta kasa")
    expect(till.page.locator("#warnings")).to_contain_text("1 wydany dokument ma tylko ta kasa")
