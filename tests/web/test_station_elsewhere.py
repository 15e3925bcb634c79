"""Documents of other stations and stock of other stores, asked from head office (DOC-11, DOC-21)."""

import re
import time
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import msgspec
import pytest

from kontuar.domain.documents.document import Document
from kontuar.domain.firm.records import Store, Warehouse
from kontuar.kernel.errors import refuse
from kontuar.operations.station.elsewhere import is_whole_number
from shop import MILK, MILK_EAN, change, open_till, sell, with_parameter
from station_server import StationServer

HTMX = {"HX-Request": "true"}
MISSING = "PAR/2026/11/00042/POS7"


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """A receipt of a till in another town."""
    station = open_till(tmp_path_factory.mktemp("theirs"), code="S1T2", series="POS2")
    return msgspec.structs.replace(sell(station, MILK_EAN, MILK_EAN), store="S2", station="S2T1")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, theirs: Document) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("elsewhere")) as server:
        books = server.station.books
        other = Store(code="S2", name="Kopiec", centre="C", price_list="RETAIL", warehouse="S2M", city="Gdynia")
        server.do(change, books, other, Warehouse(code="S2M", name="Parter", store="S2"))
        server.do(with_parameter, books, "search.documents", "local_and_hub")
        yield server


@pytest.fixture
def server(running: StationServer, theirs: Document) -> StationServer:
    """Online, with one document at head office."""
    running.level = "online"
    office = running.head_office
    office.answers.clear()
    office.asked.clear()
    office.delay_seconds = 0.0
    office.holds(theirs)
    office.holds_none(MISSING)
    return running


@pytest.fixture
def browser(server: StationServer) -> Iterator[httpx.Client]:
    """Ewa, who speaks English."""
    with httpx.Client(base_url=server.url, timeout=20) as client:
        token = client.post("/api/v1/login", json={"operator": "EWA", "pin": "2222"}).json()["token"]
        client.cookies.set("kontuar_S1T1", token)
        client.cookies.set("kontuar_language", "en")
        yield client


def code_of(answer: httpx.Response) -> str:
    return str(answer.json()["problems"][0]["code"])


def asks(text: str) -> list[str]:
    """The addresses with which a list asks head office."""
    return re.findall(r'hx-get="(/documents/elsewhere/row[^"]*)"', text)


@pytest.mark.parametrize("text", ["PAR/2026/11/00001/POS2", "KP-2026-1", "1.2.X", "FV_12_2026"])
def test_a_text_of_three_parts_with_a_digit_may_be_a_whole_number(text: str) -> None:
    """DOC-11."""
    assert is_whole_number(text)


@pytest.mark.parametrize(
    "text", ["", "00001", "2026/11", "%Anna", "PAR//1", "Anna Maria 2", "a/b/c", "x/1/" + "9" * 100]
)
def test_parts_of_numbers_names_and_codes_are_no_whole_numbers(text: str) -> None:
    """DOC-11."""
    assert not is_whole_number(text)


def test_the_list_is_shown_before_head_office_is_asked(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """DOC-11: the list carries the question, it does not wait for the answer."""
    listed = browser.get("/documents", params={"text": f" {theirs.number} "})
    assert "Asking head office" in listed.text
    assert server.head_office.asked == []
    (address,) = asks(listed.text)
    shown = browser.get(address.replace("&amp;", "&"), headers=HTMX)
    assert shown.status_code == 200
    assert len(server.head_office.asked) == 1
    assert theirs.number in shown.text
    assert "From head office" in shown.text
    assert "Kopiec" in shown.text
    assert f"/documents/elsewhere?number={quote(theirs.number, safe='')}" in shown.text


@pytest.mark.parametrize("text", ["", "00042", "%Anna", "2026/11"])
def test_a_part_of_a_number_asks_nobody(server: StationServer, browser: httpx.Client, text: str) -> None:
    """DOC-11: only the full number for another station's document."""
    assert asks(browser.get("/documents", params={"text": text}).text) == []
    assert server.head_office.asked == []


def test_the_list_asks_only_online_and_where_the_parameter_says_both(
    server: StationServer, browser: httpx.Client
) -> None:
    """DOC-11: with the hub unreachable the list says that it shows local documents only."""
    server.level = "store"
    away = browser.get("/documents", params={"text": MISSING}).text
    assert asks(away) == []
    assert "only documents of this station" in away
    server.level = "online"
    server.do(with_parameter, server.station.books, "search.documents", "local")
    try:
        assert asks(browser.get("/documents", params={"text": MISSING}).text) == []
        refused = browser.get("/api/v1/documents/elsewhere", params={"number": MISSING})
        assert (refused.status_code, code_of(refused)) == (422, "elsewhere.turned_off")
    finally:
        server.do(with_parameter, server.station.books, "search.documents", "local_and_hub")
    assert len(asks(browser.get("/documents", params={"text": MISSING}).text)) == 1
    assert server.head_office.asked == []


def test_a_document_of_this_station_is_never_asked_from_head_office(
    server: StationServer, browser: httpx.Client
) -> None:
    """HUB-15: head office is no way round the right to see all documents of this station."""
    own = server.do(sell, server.station, MILK_EAN)
    server.head_office.holds(own)
    token = browser.post("/api/v1/login", json={"operator": "OLA", "pin": "1111"}).json()["token"]
    cookies = {"kontuar_S1T1": token, "kontuar_language": "en"}
    hidden = httpx.get(f"{server.url}/documents", params={"text": own.number}, cookies=cookies)
    assert "No documents" in hidden.text
    assert asks(hidden.text) == []
    refused = httpx.get(f"{server.url}/api/v1/documents/elsewhere", params={"number": own.number}, cookies=cookies)
    assert (refused.status_code, code_of(refused)) == (422, "elsewhere.issued_here")
    assert server.head_office.asked == []


def as_ola(server: StationServer, browser: httpx.Client) -> dict[str, str]:
    """The cookies of a cashier, who may see her own documents."""
    token = browser.post("/api/v1/login", json={"operator": "OLA", "pin": "1111"}).json()["token"]
    return {"kontuar_S1T1": token, "kontuar_language": "en"}


def test_a_whole_number_shows_nobody_what_the_list_would_hide(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """HUB-15, DOC-11: another operator's document needs the right to all documents, at whichever till it was made."""
    cookies, asked = as_ola(server, browser), {"number": theirs.number}
    refused = httpx.get(f"{server.url}/api/v1/documents/elsewhere", params=asked, cookies=cookies)
    assert (refused.status_code, code_of(refused)) == (403, "right.missing")
    assert "see everybody" in refused.text
    row = httpx.get(f"{server.url}/documents/elsewhere/row", params=asked, cookies=cookies, headers=HTMX)
    assert row.status_code == 200
    assert "see everybody" in row.text
    assert "Kopiec" not in row.text
    assert httpx.get(f"{server.url}/documents/elsewhere", params=asked, cookies=cookies).status_code == 403


def test_ones_own_document_of_another_till_is_shown(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """HUB-15, DOC-11: the twin; a cashier who sold there yesterday."""
    server.head_office.holds(msgspec.structs.replace(theirs, approved_by="OLA"))
    cookies = as_ola(server, browser)
    found = httpx.get(f"{server.url}/api/v1/documents/elsewhere", params={"number": theirs.number}, cookies=cookies)
    assert (found.status_code, found.json()["document"]["number"]) == (200, theirs.number)


def test_the_row_says_when_head_office_has_no_such_document(server: StationServer, browser: httpx.Client) -> None:
    """DOC-11."""
    shown = browser.get("/documents/elsewhere/row", params={"number": MISSING}, headers=HTMX)
    assert shown.status_code == 200
    assert f"There is no document {MISSING} at head office." in shown.text
    assert "Only documents of this station are shown." in shown.text
    assert asks(shown.text) != []
    told = browser.get("/api/v1/documents/elsewhere", params={"number": MISSING})
    assert (told.status_code, code_of(told)) == (404, "elsewhere.not_found")


def test_the_row_says_when_head_office_is_away(server: StationServer, browser: httpx.Client, theirs: Document) -> None:
    """DOC-11: gone between the list and the question."""
    server.head_office.answers.clear()
    shown = browser.get("/documents/elsewhere/row", params={"number": theirs.number}, headers=HTMX)
    assert shown.status_code == 200
    assert "This needs a connection with" in shown.text
    told = browser.get("/api/v1/documents/elsewhere", params={"number": theirs.number})
    assert (told.status_code, code_of(told)) == (503, "connectivity.too_low")
    server.level = "store"
    server.head_office.asked.clear()
    told = browser.get("/api/v1/documents/elsewhere", params={"number": theirs.number})
    assert (told.status_code, code_of(told)) == (503, "connectivity.too_low")
    assert server.head_office.asked == []


def test_a_slow_head_office_is_given_up_after_the_stated_time(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """DOC-11: the row says that it is slow and offers to ask again; the till goes on."""
    server.head_office.delay_seconds = 30.0
    server.desk.answer_seconds = 0.2
    began = time.monotonic()
    try:
        shown = browser.get("/documents/elsewhere/row", params={"number": theirs.number}, headers=HTMX)
        told = browser.get("/api/v1/documents/elsewhere", params={"number": theirs.number})
    finally:
        server.desk.answer_seconds = 4.0
    assert time.monotonic() - began < 10
    assert "did not answer in time" in shown.text
    assert "Ask again" in shown.text
    assert (told.status_code, code_of(told)) == (503, "elsewhere.slow")


def test_an_answer_that_this_program_cannot_read_is_said(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """A newer station may issue types of documents that this one does not know."""
    server.head_office.holds(msgspec.structs.replace(theirs, type="hologram"))
    told = browser.get("/api/v1/documents/elsewhere", params={"number": theirs.number})
    assert (told.status_code, code_of(told)) == (422, "elsewhere.unreadable")


def test_a_refusal_that_head_office_gives_reaches_the_person(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """An older head office knows no such question."""
    (question,) = [key for key in server.head_office.answers if theirs.number.encode() in key[1]]
    server.head_office.answers[question] = refuse("question.unknown", question="find_document")
    told = browser.get("/api/v1/documents/elsewhere", params={"number": theirs.number})
    assert code_of(told) == "question.unknown"


def test_the_api_gives_the_document_as_it_was_issued(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """DOC-11."""
    server.head_office.holds(theirs, state="cancelled", fiscalised=True)
    answer = browser.get("/api/v1/documents/elsewhere", params={"number": theirs.number}).json()
    assert msgspec.convert(answer["document"], Document, strict=False) == theirs
    assert (answer["gid"], answer["state"], answer["fiscalised"]) == ("S2-7", "cancelled", True)
    assert (answer["store_name"], answer["station_name"]) == ("Kopiec", "S2T1")
    part = browser.get("/api/v1/documents/elsewhere", params={"number": "00001"})
    assert (part.status_code, code_of(part)) == (422, "elsewhere.number_not_whole")


def test_the_preview_shows_it_to_be_printed_on_screen_or_invoiced_and_nothing_else(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """DOC-11, DOC-12, SALE-06: corrected or cancelled it is where it was issued."""
    shown = browser.get("/documents/elsewhere", params={"number": theirs.number}).text
    assert "Mleko 2% 1 l" in shown
    assert "A document of another station" in shown
    assert "Kopiec" in shown
    bar = shown.split('class="back-bar"')[1]
    assert re.findall(r'data-action="([a-z-]+)"', bar.split("</main>")[0]) == ["print", "change-type"]
    assert re.findall(r'hx-post="([^"]+)"', bar.split("</main>")[0]) == ["/documents/elsewhere/invoice"]


def test_the_print_on_screen_is_a_copy_and_names_the_shop_that_sold(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    """DOC-32."""
    paper = browser.get("/documents/elsewhere/print", params={"number": theirs.number}).text
    assert theirs.number in paper
    assert "KOPIA" in paper
    assert "Gdynia" in paper
    assert "Rynek" not in paper


def test_the_actions_of_the_row_do_not_ask_again(
    server: StationServer, browser: httpx.Client, theirs: Document
) -> None:
    bar = browser.get("/documents/elsewhere/actions", params={"number": theirs.number}, headers=HTMX).text
    assert "can only be looked at" in bar
    assert server.head_office.asked == []


def test_stock_of_other_stores_comes_with_names_and_those_that_have_it_first(
    server: StationServer, browser: httpx.Client
) -> None:
    """DOC-21."""
    server.head_office.counts(MILK, ("S0", "S0M", "-2"), ("S2", "S2M", "12.5"), ("S3", "S3M", "0"))
    rows = browser.get(f"/api/v1/articles/{MILK}/elsewhere").json()
    assert [(row["store_name"], row["warehouse_name"], row["quantity"]) for row in rows] == [
        ("Kopiec", "Parter", "12.5"),
        ("S0", "S0M", "-2"),
        ("S3", "S3M", "0"),
    ]
    cell = browser.get("/stock/elsewhere", params={"code": MILK}, headers=HTMX).text
    assert "Kopiec · Parter" in cell
    assert "12.5 szt" in cell
    assert "S3" not in cell


def test_a_cell_shows_three_stores_and_the_rest_when_asked(server: StationServer, browser: httpx.Client) -> None:
    """DOC-21: a firm has more stores than a row has room."""
    server.head_office.counts(MILK, *[(f"S{number}", f"W{number}", "1") for number in range(3, 9)])
    cell = browser.get("/stock/elsewhere", params={"code": MILK}, headers=HTMX).text
    assert cell.count("elsewhere__row") == 3
    assert "3 more" in cell
    (address,) = re.findall(r'hx-get="([^"]*every[^"]*)"', cell)
    assert browser.get(address.replace("&amp;", "&"), headers=HTMX).text.count("elsewhere__row") == 6


def test_the_cell_says_why_there_is_no_stock_to_show(server: StationServer, browser: httpx.Client) -> None:
    """DOC-21: nowhere else, out of reach, no such article."""
    server.head_office.counts(MILK)
    assert "No other store has it" in browser.get("/stock/elsewhere", params={"code": MILK}, headers=HTMX).text
    server.head_office.answers.clear()
    away = browser.get("/stock/elsewhere", params={"code": MILK}, headers=HTMX)
    assert (away.status_code, "This needs a connection with" in away.text) == (200, True)
    assert "Ask again" in away.text
    unknown = browser.get("/api/v1/articles/NOTHING/elsewhere")
    assert (unknown.status_code, code_of(unknown)) == (404, "article.not_found")


def test_the_lists_offer_other_stores_only_online(server: StationServer, browser: httpx.Client) -> None:
    """DOC-21: other stores' when online."""
    receipt = browser.post("/api/v1/documents", json={"type": "receipt"}, headers=_bearer(browser)).json()["doc_id"]
    pages = ("/stock", "/stock/rows", f"/sale/{receipt}/articles", f"/sale/{receipt}/articles/rows")
    for path in pages:
        assert f"/stock/elsewhere?code={MILK}" in browser.get(path, headers=HTMX).text, path
        assert "code=REPAIR" not in browser.get(path, headers=HTMX).text, path
    server.level = "store"
    for path in pages:
        assert "/stock/elsewhere" not in browser.get(path, headers=HTMX).text, path


def _bearer(browser: httpx.Client) -> dict[str, str]:
    return {"authorization": f"Bearer {browser.cookies['kontuar_S1T1']}"}
