"""Screens of a document that head office holds otherwise (REL-05): named, looked at, printed, not cancelled."""

import re
from collections.abc import Iterator

import httpx
import pytest

from kontuar.operations.station.station import Station
from shop import MILK, move_cash, sell
from station_server import StationServer

HTMX = {"HX-Request": "true"}
LANGUAGES = {
    "en": ("For head office", "Head office decides about this document."),
    "pl": ("Dla centrali", "O tym dokumencie zdecyduje centrala."),
    "fr": ("Pour le siège", "Le siège décidera de ce document."),
}


def _fork_last(station: Station) -> str:
    """The last document's message is moved aside; nothing else comes in its place."""
    books = station.books
    with books.transaction():
        head = books.stream.head().seq
        database = books.database  # type: ignore[attr-defined]
        doc_id = database.value("SELECT message_id FROM message WHERE seq = ?", (head,))
        books.returned.move_aside("i1", head, "2026-11-21T08:00:00.000000Z")
        assert books.returned.fork_document(doc_id, "i1", head)
    return str(doc_id)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("forked")) as running:
        yield running


@pytest.fixture(scope="module")
def forked(server: StationServer) -> dict[str, str]:
    """Identity of a forked receipt and of a forked cash document."""
    found = {}
    server.do(sell, server.station, MILK)
    found["receipt"] = server.do(_fork_last, server.station)
    server.do(move_cash, server.station, "cash_in", "7")
    found["cash"] = server.do(_fork_last, server.station)
    return found


@pytest.fixture
def browser(server: StationServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        assert client.post("/login", data={"operator": "EWA", "pin": "2222"}, headers=HTMX).status_code == 200
        yield client


@pytest.mark.parametrize("language", LANGUAGES)
def test_lists_and_previews_say_that_head_office_decides(
    browser: httpx.Client, forked: dict[str, str], language: str
) -> None:
    """REL-05, DOC-11, DOC-12: in every language; its number has made room, the print keeps what was printed."""
    state, refusal = LANGUAGES[language]
    browser.cookies.set("kontuar_language", language)
    headers = {"Accept-Language": language}
    for path, doc_id, number in (("/documents", forked["receipt"], "PAR"), ("/cash", forked["cash"], "KP")):
        rows = browser.get(f"{path}?state=forked", headers=headers).text
        assert re.search(rf"{number}/2026/11/00001/POS1 \(2\)", rows)
        assert state in rows
        page = browser.get(f"/documents/{doc_id}", headers=headers).text
        assert f"{number}/2026/11/00001/POS1 (2)" in page
        assert state in page
        paper = browser.get(f"/documents/{doc_id}/print", headers=headers).text
        assert f"{number}/2026/11/00001/POS1" in paper
        assert "(2)" not in paper
    assert refusal in browser.get(f"/documents/{forked['cash']}/actions", headers=headers).text


def test_cancelling_is_refused_in_words(browser: httpx.Client, forked: dict[str, str]) -> None:
    """DOC-03: the API says the same as the screen."""
    found = re.search(r'csrf-token" content="([0-9a-f]+)"', browser.get("/").text)
    assert found is not None
    headers = {**HTMX, "X-CSRF-Token": found.group(1), "Accept-Language": "en"}
    answer = browser.post(f"/documents/{forked['cash']}/cancel", data={"reason": ""}, headers=headers)
    assert answer.status_code == 422
    assert "KP/2026/11/00001/POS1 (2)" in answer.text + "".join(answer.headers.values())
