"""Drafts, earlier shifts and the windows with contractors look as their views say (DOC-10, DOC-27)."""

import re
from collections.abc import Iterator

import httpx
import pytest

from kontuar.domain.documents.document import Document
from kontuar.operations.station import shifts, till
from kontuar.operations.station.station import Station
from shop import MILK, actor_of, fill
from station_server import StationServer

HTMX = {"HX-Request": "true"}
EWA = actor_of()


class World:
    """A till with a closed shift, a draft of a receipt for Anna and a KP that was begun."""

    def __init__(self, server: StationServer) -> None:
        self.server = server
        server.do(shifts.close_shift, server.station, EWA, ())
        server.do(shifts.open_shift, server.station, EWA, "50,00", None)
        self.draft: Document = server.do(self._begun, server.station)
        self.cash: Document = server.do(till.begin, server.station, EWA, "cash_in")

    @staticmethod
    def _begun(station: Station) -> Document:
        draft = fill(station, MILK)
        return till.set_buyer(station, EWA, draft.doc_id, "ANNA")


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with StationServer(tmp_path_factory.mktemp("views")) as server:
        yield World(server)


@pytest.fixture
def browser(world: World) -> Iterator[httpx.Client]:
    """Ewa, who may change views; every choice is given up before."""
    with httpx.Client(base_url=world.server.url, timeout=20) as client:
        token = client.post("/api/v1/login", json={"operator": "EWA", "pin": "2222"}).json()["token"]
        client.cookies.set("kontuar_S1T1", token)
        client.cookies.set("kontuar_language", "en")
        client.headers["Authorization"] = f"Bearer {token}"
        for name in ("drafts", "shifts", "contractors"):
            assert client.delete(f"/api/v1/views/{name}").status_code == 200
        yield client


def heads(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text[:300]
    return re.findall(r'<th scope="col" class="[^"]*" data-column="([^"]+)"', answer.text)


def chosen(browser: httpx.Client, name: str, *columns: str, buttons: tuple[str, ...] = ()) -> None:
    body = {"owner": "operator", "columns": columns, "buttons": buttons}
    answer = browser.put(f"/api/v1/views/{name}", json=body)
    assert answer.status_code == 200, answer.text


def test_drafts_show_the_columns_and_buttons_that_were_chosen(world: World, browser: httpx.Client) -> None:
    """DOC-10: shown, hidden and ordered; going on can always be done."""
    assert heads(browser.get("/drafts")) == ["type", "lines", "value", "begun", "begun_by", "todo"]
    assert "Throw away" in browser.get("/drafts").text
    chosen(browser, "drafts", "buyer", "type", "-lines", buttons=("-throw-away",))
    shown = browser.get("/drafts")
    assert heads(shown) == ["buyer", "type", "value", "begun", "begun_by", "todo"]
    assert "Anna Nowak" in shown.text
    assert "Throw away" not in shown.text
    assert f"/sale/{world.draft.doc_id}" in shown.text
    for key in ("-todo", "-type"):
        assert browser.put("/api/v1/views/drafts", json={"columns": [key]}).status_code == 422
    assert browser.put("/api/v1/views/drafts", json={"buttons": ["-go-on"]}).status_code == 422


def test_earlier_shifts_show_the_columns_that_were_chosen(browser: httpx.Client) -> None:
    """DOC-10, PAY-10: who opened and closed it, with what float, what was given up."""
    assert heads(browser.get("/shift/past")) == ["shift", "day", "closed", "sales", "difference"]
    chosen(browser, "shifts", "shift", "opened_by", "float", "given_up", "-difference")
    shown = browser.get("/shift/past")
    assert heads(shown) == ["shift", "opened_by", "float", "given_up", "day", "closed", "sales"]
    assert "Ewa Kierownik" in shown.text
    assert "200.00" in shown.text


@pytest.mark.parametrize("rows", ["", "/rows"])
def test_the_window_with_contractors_shows_the_columns_that_were_chosen(
    world: World, browser: httpx.Client, rows: str
) -> None:
    """DOC-10, DOC-27: the window on a sale and its next page."""
    address = f"/sale/{world.draft.doc_id}/contractors{rows}?phrase=Anna"
    cells = re.compile(r'<td class="[^"]*" data-column="([^"]+)"')
    assert cells.findall(browser.get(address, headers=HTMX).text) == ["name", "tax", "card", "town"]
    chosen(browser, "contractors", "phone", "name", "-tax")
    assert cells.findall(browser.get(address, headers=HTMX).text) == ["phone", "name", "card", "town"]


def test_buttons_of_the_window_with_contractors_can_be_hidden(world: World, browser: httpx.Client) -> None:
    """DOC-10."""
    address = f"/sale/{world.draft.doc_id}/contractors"
    whole = browser.get(address, headers=HTMX).text
    assert all(f'id="{button}"' in whole for button in ("contractor-new", "contractor-details", "card-number"))
    chosen(browser, "contractors", buttons=("details", "-new", "-enter-card"))
    fewer = browser.get(address, headers=HTMX).text
    assert 'id="contractor-details"' in fewer
    assert 'id="contractor-new"' not in fewer
    assert 'id="card-number"' not in fewer


def test_the_window_on_a_cash_document_has_the_same_view(world: World, browser: httpx.Client) -> None:
    """DOC-10, PAY-09."""
    address = f"/cash/{world.cash.doc_id}/contractors"
    assert heads(browser.get(address, headers=HTMX)) == ["name", "tax", "card", "town"]
    chosen(browser, "contractors", "name", "-card", "-tax")
    assert heads(browser.get(address, headers=HTMX)) == ["name", "town"]


@pytest.mark.parametrize("name", ["drafts", "shifts", "contractors"])
@pytest.mark.parametrize("language", ["pl", "en", "fr"])
def test_the_window_of_each_view_names_every_column(browser: httpx.Client, name: str, language: str) -> None:
    """DOC-10."""
    browser.cookies.set("kontuar_language", language)
    shown = browser.get(f"/views/{name}", headers=HTMX)
    assert shown.status_code == 200
    view = browser.get(f"/api/v1/views/{name}").json()
    pieces = [piece["key"] for piece in (*view["columns"], *view["buttons"])]
    assert [key for key in pieces if f'data-view-piece="{key}"' not in shown.text] == []


def test_an_empty_form_of_a_new_contractor_makes_one_however_often_it_is_sent(
    world: World, browser: httpx.Client
) -> None:
    """DOC-27, REL-08: the form carries the request by which a second sending is known."""
    address = f"/sale/{world.draft.doc_id}/contractor-new"
    shown = browser.get(f"{address}?kind=retail", headers=HTMX).text
    (request_id,) = re.findall(r'name="request_id" value="([^"]+)"', shown)
    typed = {"request_id": request_id, "kind": "retail", "name": "Zofia Lis", "country": "PL"}
    for _ in range(2):
        assert browser.post(address, data=typed, headers=HTMX).status_code == 200
    found = browser.get(f"/sale/{world.draft.doc_id}/contractors/rows?phrase=Zofia", headers=HTMX).text
    assert found.count("data-row=") == 1
