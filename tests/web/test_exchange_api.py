"""Exchange by file over a till's own API (REL-15)."""

from pathlib import Path

import httpx

from exchange_world import HeadOffice
from kontuar.domain.documents.messages import Message
from kontuar.kernel.canonical import decode
from kontuar.sync.exchange_file import MAGIC
from station_server import StationServer


def headers_of(server: StationServer, operator: str, pin: str) -> dict[str, str]:
    answer = httpx.post(f"{server.url}/api/v1/login", json={"operator": operator, "pin": pin}, timeout=20)
    return {"authorization": f"Bearer {answer.json()['token']}", "accept-language": "en"}


def events(server: StationServer) -> list[str]:
    rows = server.station.books.database.rows(  # type: ignore[attr-defined]
        "SELECT payload FROM message WHERE kind = 'station.event/1' ORDER BY seq"
    )
    return [decode(decode(payload, Message).body, dict)["event"] for (payload,) in rows]


def test_a_manager_carries_a_file_from_the_till_and_head_office_reads_it(tmp_path: Path) -> None:
    """REL-15, SEC-01: the file tells who made it; a cashier may not."""
    office = HeadOffice(tmp_path / "hub")
    with StationServer(tmp_path) as server:
        manager, cashier = headers_of(server, "EWA", "2222"), headers_of(server, "OLA", "1111")
        refused = httpx.post(f"{server.url}/api/v1/exchange/export", headers=cashier, timeout=20)
        assert (refused.status_code, refused.json()["problems"][0]["code"]) == (403, "right.missing")
        before = events(server)
        answer = httpx.post(f"{server.url}/api/v1/exchange/export", headers=manager, timeout=20)
        assert (answer.status_code, answer.content[:3]) == (200, MAGIC)
        assert answer.headers["content-disposition"].startswith('attachment; filename="kontuar-S1T1-hub-')
        assert events(server) == [*before, "exchange.exported"]
        report = office.take(answer.content)
        assert (report.sender, str(report.taken)) == ("S1T1", answer.headers["x-kontuar-messages"])

        office.enrol_as_told("S1T1")
        brought = httpx.post(
            f"{server.url}/api/v1/exchange/import", content=office.give("S1T1").content, headers=manager, timeout=20
        )
        assert (brought.status_code, brought.json()["final"]) == (200, report.taken)
        assert events(server) == [*before, "exchange.exported", "exchange.imported"]
    office.close()


def test_a_till_says_why_it_takes_no_file(tmp_path: Path) -> None:
    """SEC-04: in words, with nothing told to head office as if it had been applied."""
    with StationServer(tmp_path) as server:
        manager = headers_of(server, "EWA", "2222")
        before = events(server)
        answer = httpx.post(f"{server.url}/api/v1/exchange/import", content=b"KTX2", headers=manager, timeout=20)
        (problem,) = answer.json()["problems"]
        assert (answer.status_code, problem["code"]) == (422, "exchange.too_new")
        assert problem["message"].startswith("The exchange file has a newer form (2, this program knows 1).")
        assert events(server) == before
