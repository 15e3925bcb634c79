"""Exchange by file on the screens of a till: made, taken in, listed; what is wrong with a file in words (REL-15)."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from exchange_world import HeadOffice
from kontuar.sync.exchange_file import MAGIC
from station_server import StationServer
from web.test_station_pages import sign_in


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("exchange")) as running:
        yield running


@pytest.fixture
def client(server: StationServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20, cookies={"kontuar_language": "en"}) as opened:
        yield opened


@pytest.fixture
def office(tmp_path: Path) -> Iterator[HeadOffice]:
    found = HeadOffice(tmp_path / "hub")
    yield found
    found.close()


def upload(client: httpx.Client, headers: dict[str, str], content: bytes) -> httpx.Response:
    return client.post("/settings/exchange/import", files={"file": ("down.ktx", content)}, headers=headers)


def test_a_cashier_sees_why_and_carries_nothing(client: httpx.Client) -> None:
    """SEC-01: the button says why; the addresses behind it refuse."""
    headers = sign_in(client, "OLA", "1111")
    assert "/settings/exchange" not in client.get("/settings").text
    for path in ("/settings/exchange", "/settings/exchange/files", "/settings/exchange/file"):
        assert client.get(path).status_code == 403
    assert upload(client, headers, b"KTX1").status_code in (403, 422)


def test_a_manager_makes_a_file_and_takes_the_answer_in(client: httpx.Client, office: HeadOffice) -> None:
    """REL-15: the button gives a download; the answer is told in words and both stand in the list."""
    headers = sign_in(client, "EWA", "2222")
    page = client.get("/settings/exchange").text
    assert 'href="/settings/exchange/file"' in page
    assert "No file was made or taken in yet" in page
    made = client.get("/settings/exchange/file")
    assert (made.status_code, made.content[:3]) == (200, MAGIC)
    assert made.headers["content-disposition"].startswith('attachment; filename="kontuar-S1T1-hub-')
    report = office.take(made.content)
    office.enrol_as_told("S1T1")
    told = upload(client, headers, office.give("S1T1").content)
    assert told.status_code == 200
    assert f"at head office now: {report.taken}" in told.text
    again = upload(client, headers, office.give("S1T1").content)
    assert "nothing new" in again.text
    listed = client.get("/settings/exchange/files").text
    assert listed.count("<tr>") == 4
    assert [listed.index(word) for word in ("nothing new", "at head office now", "made")] == sorted(
        listed.index(word) for word in ("nothing new", "at head office now", "made")
    )
    assert "EWA" in listed


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a picture", "This is not an exchange file of Kontuar."),
        (b"KTX2", "The exchange file has a newer form (2, this program knows 1)."),
        (b"KTX1 cut off", "The exchange file is damaged"),
    ],
)
def test_a_bad_file_is_refused_in_words_and_listed(client: httpx.Client, content: bytes, said: str) -> None:
    """REL-15, SEC-04: nothing of it is applied, and whoever comes next sees that it came."""
    headers = sign_in(client, "EWA", "2222")
    answer = upload(client, headers, content)
    (problem,) = answer.json()["problems"]
    assert (answer.status_code, problem["message"].startswith(said)) == (422, True)
    listed = client.get("/settings/exchange/files").text
    first = listed[listed.index("<tbody>") :].split("</tr>")[0]
    assert "refused" in first
    assert said.split("(")[0] in first


def test_nothing_is_taken_in_without_a_file(client: httpx.Client) -> None:
    """REL-15."""
    headers = sign_in(client, "EWA", "2222")
    answer = client.post("/settings/exchange/import", data={"file": "text"}, headers=headers)
    assert answer.json()["problems"][0]["code"] == "exchange.not_a_file"
