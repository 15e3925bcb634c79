"""The bar of the till: what goes on being wrong while selling goes on, on every screen (SEC-01, REL-19)."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from browser.back_office import grave
from browser.till_pages import SIZES, Till, at_till
from kontuar.domain.firm.records import Parameter
from kontuar.kernel.time import instant_text
from shop import MILK_EAN, change, with_parameter
from station_server import StationServer

pytestmark = pytest.mark.browser
SCREENS = (
    "/", "/sale", "/documents", "/drafts", "/stock", "/shift", "/shift/close", "/cash", "/cash/in", "/goods",
    "/settings",
)  # fmt: skip


@pytest.fixture
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("bar")) as running:
        running.do(with_parameter, running.station.books, "login.session_minutes", "99999")
        yield running


@pytest.fixture
def till(chromium: Browser, server: StationServer) -> Iterator[Till]:
    with at_till(chromium, server) as made:
        yield made


def silent_for(server: StationServer, hours: float) -> None:
    """The agent was heard now, and not for so long after."""
    server.do(server.station.books.set_fact, "agent_heard_at", instant_text(server.clock.now()))
    server.level = "offline"
    server.clock.turn(hours * 3600)


def test_every_screen_warns_of_a_silent_agent_and_of_a_wrong_clock(till: Till) -> None:
    """SEC-01, REL-19: colour, words and what to do, from the page itself; before signing in as well."""
    silent_for(till.server, 73)
    till.server.clock_skew_seconds = 400.0
    missing = []
    till.page.goto(f"{till.server.url}/login")
    expect(till.page.locator("#warnings .band--warn")).to_have_count(2)
    till.sign_in("EWA")
    for path in ("/login", *SCREENS):
        answer = till.page.goto(f"{till.server.url}{path}")
        assert answer is not None
        if "silent for 3 days" not in answer.text() or "clock is 7 minutes ahead" not in answer.text():
            missing.append(path)
        bands = till.page.locator("#warnings .band--warn")
        expect(bands).to_have_count(2)
        expect(bands.first).to_be_visible()
        expect(bands.first).to_contain_text("Check the network and the store's server")
        expect(bands.last).to_contain_text("set the clock that is wrong")
    assert missing == []


def test_a_warning_comes_worsens_and_goes_while_the_screen_stays_open(till: Till) -> None:
    """SEC-01: at the limit it says what is restricted; with the agent back the band is gone and selling went on."""
    till.new_receipt("EWA")
    warnings = till.page.locator("#warnings")
    expect(warnings).to_be_empty()
    silent_for(till.server, 80)
    expect(warnings.locator(".band--warn")).to_contain_text("rights are cut to a cashier's")
    till.scan(MILK_EAN)
    assert len(till.lines()) == 1
    till.server.clock.turn(300 * 3600)
    expect(warnings.locator(".band--bad")).to_contain_text("everyone has a cashier's rights only")
    expect(warnings.locator(".band--warn")).to_have_count(0)
    assert till.page.locator("#connectivity").get_attribute("data-state") == "offline"
    till.server.level = "online"
    expect(warnings).to_be_empty()


def test_a_clock_that_is_set_right_stops_warning(till: Till) -> None:
    """REL-19."""
    till.new_receipt()
    till.server.clock_skew_seconds = -7200.0
    expect(till.page.locator("#warnings .band--warn")).to_contain_text("2 hours behind the store's server")
    till.scan(MILK_EAN)
    assert len(till.lines()) == 1
    till.server.clock_skew_seconds = -1.0
    expect(till.page.locator("#warnings")).to_be_empty()


@pytest.mark.parametrize(("language", "dark"), [("pl", False), ("fr", True)])
def test_both_warnings_leave_room_to_sell_on_the_smallest_till(
    chromium: Browser, server: StationServer, language: str, dark: bool
) -> None:
    """SEC-01, REL-19: nothing is pushed off the screen; WCAG 2.2 AA."""
    with at_till(chromium, server, language=language, dark=dark) as till:
        silent_for(server, 340)
        server.clock_skew_seconds = 400.0
        till.new_receipt()
        expect(till.page.locator("#warnings .band")).to_have_count(2)
        till.scan(MILK_EAN)
        width, height = till.page.evaluate(
            "[document.scrollingElement.scrollWidth, document.scrollingElement.scrollHeight]"
        )
        assert (width, height) == SIZES["till"]
        pay = till.page.locator('[data-action="pay"]').bounding_box()
        assert pay is not None
        assert pay["y"] + pay["height"] <= 768
        assert grave(till.page) == []


def side_of_pad(till: Till) -> str:
    pad, lines = till.page.locator(".sale__side").bounding_box(), till.page.locator(".sale").bounding_box()
    assert pad is not None
    assert lines is not None
    return "left" if pad["x"] < lines["x"] else "right"


def test_the_pad_stands_where_the_tills_parameter_says_until_someone_chooses_in_the_browser(till: Till) -> None:
    """`screen.left_handed`: the default of the switch; one's own choice stays after the page is opened anew."""
    till.new_receipt()
    sides = [side_of_pad(till)]
    row = Parameter(name="screen.left_handed", scope="station:S1T1", value="yes")
    till.server.do(change, till.server.station.books, row)
    till.page.reload()
    sides.append(side_of_pad(till))
    till.page.locator(".bar details.menu > summary").first.click()
    expect(till.page.locator('[data-set-hand="left"]')).to_have_attribute("aria-pressed", "true")
    till.page.locator('[data-set-hand="right"]').click()
    sides.append(side_of_pad(till))
    till.page.reload()
    sides.append(side_of_pad(till))
    assert sides == ["right", "left", "right", "right"]
    expect(till.page.locator("html")).to_have_attribute("data-hand", re.compile("right"))
