"""The station's screens over HTTP: who gets in, what a lost answer does, how refusals come back (SEC-01, SEC-03)."""

import json
import re
from collections.abc import Iterator

import httpx
import pytest

from kontuar.operations.station import till
from shop import CARTON_EAN, MILK_EAN, with_parameter
from station_server import StationServer

HTMX = {"HX-Request": "true"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("pages")) as running:
        yield running


@pytest.fixture
def browser(server: StationServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        yield client


def sign_in(client: httpx.Client, operator: str = "OLA", pin: str = "1111") -> dict[str, str]:
    """Headers that a page of this login sends."""
    assert client.post("/login", data={"operator": operator, "pin": pin}, headers=HTMX).status_code == 200
    page = client.get("/")
    found = re.search(r'csrf-token" content="([0-9a-f]+)"', page.text)
    assert found is not None
    return {**HTMX, "X-CSRF-Token": found.group(1)}


def new_receipt(client: httpx.Client, server: StationServer) -> str:
    for draft in server.do(server.station.books.drafts.every):
        server.do(server.station.books.drafts.remove, draft.doc_id)
    return client.get("/sale").headers["location"]


def test_every_screen_asks_for_a_login_and_remembers_the_way(browser: httpx.Client) -> None:
    for path in ("/", "/sale", "/sale/x", "/payment/x"):
        answer = browser.get(path)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/login?next={path}")


def test_a_fragment_without_a_login_sends_the_whole_page_to_the_login(browser: httpx.Client) -> None:
    headers = {**HTMX, "HX-Current-URL": f"{browser.base_url}/sale/7"}
    answer = browser.post("/sale/7/lines", data={"code": MILK_EAN}, headers=headers)
    assert (answer.status_code, answer.headers["hx-redirect"]) == (401, "/login?next=/sale/7")


def test_the_way_back_never_leads_to_another_site(browser: httpx.Client) -> None:
    form = {"operator": "OLA", "pin": "1111", "next": "//elsewhere.example/"}
    assert browser.post("/login", data=form, headers=HTMX).headers["hx-redirect"] == "/"


def test_a_login_from_another_sites_form_is_refused(browser: httpx.Client) -> None:
    headers = {**HTMX, "Origin": "https://elsewhere.example"}
    answer = browser.post("/login", data={"operator": "OLA", "pin": "1111"}, headers=headers)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_a_change_without_the_pages_token_is_refused_and_changes_nothing(
    browser: httpx.Client, server: StationServer
) -> None:
    sign_in(browser)
    path = new_receipt(browser, server)
    answer = browser.post(f"{path}/lines", data={"code": MILK_EAN}, headers=HTMX)
    assert answer.status_code == 403
    assert server.do(server.station.books.drafts.load, path.rsplit("/", 1)[1]).lines == ()


def test_a_scan_sent_again_after_a_lost_answer_is_added_once(browser: httpx.Client, server: StationServer) -> None:
    headers = sign_in(browser)
    path = new_receipt(browser, server)
    for _ in range(2):
        answer = browser.post(f"{path}/lines", data={"code": MILK_EAN, "scan_id": "s-1"}, headers=headers)
        assert answer.status_code == 200
    browser.post(f"{path}/lines", data={"code": MILK_EAN, "scan_id": "s-2"}, headers=headers)
    lines = server.do(server.station.books.drafts.load, path.rsplit("/", 1)[1]).lines
    assert [line.number for line in lines] == [1, 2]


def test_a_scan_that_was_refused_may_be_sent_again(browser: httpx.Client, server: StationServer) -> None:
    """Only an added scan is remembered: its record and its line are one transaction."""
    headers = {**sign_in(browser), "X-Kontuar-Scan": "s-9"}
    path = new_receipt(browser, server)
    refused = browser.post(f"{path}/lines", data={"code": "0000", "scan_id": "s-9"}, headers=headers)
    assert "kontuar:unknown" in json.loads(refused.headers["hx-trigger"])
    browser.post(f"{path}/lines", data={"code": MILK_EAN, "scan_id": "s-9"}, headers=headers)
    assert len(server.do(server.station.books.drafts.load, path.rsplit("/", 1)[1]).lines) == 1


def test_the_record_of_scans_stays_small(server: StationServer) -> None:
    from shop import actor_of

    draft = server.do(till.begin, server.station, actor_of(), "receipt")
    for number in range(till.SCANS_KEPT + 5):
        server.do(till.scan, server.station, actor_of(), draft.doc_id, MILK_EAN, "1", f"many-{number}")
    assert len(server.do(server.station.books.fact, till.SCANS).split()) == till.SCANS_KEPT


def test_only_the_new_row_is_painted_when_the_browser_shows_the_others(
    browser: httpx.Client, server: StationServer
) -> None:
    headers = sign_in(browser)
    path = new_receipt(browser, server)
    first = browser.post(f"{path}/lines", data={"code": MILK_EAN}, headers=headers)
    assert 'id="lines"' in first.text
    shown = re.search(r'data-shown="([^"]+)"', first.text)
    assert shown is not None
    second = browser.post(f"{path}/lines", data={"code": CARTON_EAN, "shown": shown.group(1)}, headers=headers)
    assert 'id="lines"' not in second.text
    assert re.findall(r'id="line-(\d+)"', second.text) == ["2"]
    stale = browser.post(f"{path}/lines", data={"code": CARTON_EAN, "shown": "1.abc 7.def"}, headers=headers)
    assert re.findall(r'id="line-(\d+)"', stale.text) == ["1", "2", "3"]


def test_a_missing_right_opens_the_authorisation_and_changes_nothing(
    browser: httpx.Client, server: StationServer
) -> None:
    headers = sign_in(browser)
    path = new_receipt(browser, server)
    browser.post(f"{path}/lines", data={"code": MILK_EAN}, headers=headers)
    answer = browser.post(f"{path}/lines/1/discount", data={"how": "price", "amount": "1"}, headers=headers)
    assert (answer.status_code, answer.headers["x-kontuar-right"]) == (403, "discount.line")
    assert answer.headers["hx-retarget"] == "#dialog-body"
    assert server.do(server.station.books.drafts.load, path.rsplit("/", 1)[1]).lines[0].value == 399


def test_a_payment_without_a_contractor_is_asked_about_first_where_the_firm_wants_it(
    browser: httpx.Client, server: StationServer
) -> None:
    """HUB-12: what was answered is not asked again; without the parameter nothing is asked."""
    headers = sign_in(browser)
    path = new_receipt(browser, server)
    browser.post(f"{path}/lines", data={"code": MILK_EAN}, headers=headers)
    payment = path.replace("/sale/", "/payment/")
    assert 'id="undefined-sure"' not in browser.get(payment, headers=headers).text
    server.do(with_parameter, server.station.books, "sale.warn_undefined", "yes")
    asked = browser.get(payment, headers=headers)
    assert f'hx-get="{payment}?undefined=yes"' in asked.text
    assert asked.headers["hx-retarget"] == "#dialog-body"
    assert "3,99" in browser.get(f"{payment}?undefined=yes", headers=headers).text
    server.do(with_parameter, server.station.books, "sale.warn_undefined", "no")


def test_several_articles_are_chosen_from_the_list_where_the_firm_wants_it(
    browser: httpx.Client, server: StationServer
) -> None:
    """HUB-12: the list stays open; a touch elsewhere closes the window it was in, as always."""
    headers = sign_in(browser)
    path = new_receipt(browser, server)

    def events(**sent: str) -> str:
        answer = browser.post(f"{path}/articles", data={"article": "MILK", **sent}, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.headers["hx-trigger"])

    assert "kontuar:dialog-close" in events(from_list="yes")
    server.do(with_parameter, server.station.books, "sale.choose_several", "yes")
    assert "kontuar:dialog-close" not in events(from_list="yes")
    assert "kontuar:dialog-close" in events()
    assert "Lista zostaje otwarta" in browser.get(f"{path}/articles", headers=headers).text
    server.do(with_parameter, server.station.books, "sale.choose_several", "no")
    assert len(server.do(server.station.books.drafts.load, path.rsplit("/", 1)[1]).lines) == 3


def test_sums_of_an_open_shift_are_not_on_its_screens_where_it_is_counted_blind(
    browser: httpx.Client, server: StationServer
) -> None:
    """HUB-14: neither on the shift's page nor beside what is counted."""
    sign_in(browser, "EWA", "2222")
    table = "Powinno być"
    assert table in browser.get("/shift").text
    server.do(with_parameter, server.station.books, "cash.sums_of_open_shift", "no")
    shown = browser.get("/shift").text
    assert table not in shown
    assert "Sumy będą widoczne po przeliczeniu i zamknięciu zmiany." in shown
    assert browser.get("/shift/close").status_code == 200
    assert table not in browser.get("/shift/close").text
    server.do(with_parameter, server.station.books, "cash.sums_of_open_shift", "yes")


def test_headers_keep_a_browser_strict_and_pages_are_not_kept(browser: httpx.Client) -> None:
    """SEC-03."""
    answer = browser.get("/login")
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert "style=" not in answer.text
    assert "onclick" not in answer.text


def test_polish_words_in_triggers_are_plain_ascii(browser: httpx.Client, server: StationServer) -> None:
    headers = sign_in(browser)
    path = new_receipt(browser, server)
    answer = browser.post(f"{path}/lines", data={"code": "TILE"}, headers=headers)
    assert answer.headers["hx-trigger"].isascii()
    assert json.loads(answer.headers["hx-trigger"])["kontuar:added"] == {"text": "Płytka ścienna"}


def test_an_unknown_page_is_told_in_words_with_a_way_back(browser: httpx.Client, server: StationServer) -> None:
    sign_in(browser)
    answer = browser.get("/sale/nothing-like-this")
    assert answer.status_code == 404
    assert 'href="/"' in answer.text


def test_the_bar_counts_what_waits_in_the_right_plural(browser: httpx.Client, server: StationServer) -> None:
    server.level, server.waiting = "offline", 5
    try:
        polish = {"Cookie": "kontuar_language=pl"}
        shown = browser.get("/api/status", headers=polish).json()
        assert (shown["state"], shown["waiting"], shown["detail"]) == ("offline", 5, "5 dokumentów czeka")
    finally:
        server.level, server.waiting = "online", 0
