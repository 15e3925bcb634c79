"""Documents, verification, stock, proof and monitor over the hub's JSON API and screens, on a real PostgreSQL."""

import datetime
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub_clients import Client, administrators_client, arrive, hub_beside, intake_of, opened_till
from hub_documents_world import DAY, NOON, STORE, WAREHOUSE, Till
from hub_documents_world import Hub as Intake
from kontuar.nodes.hub import Hub

pytestmark = pytest.mark.postgres


@pytest.fixture
def intake(postgres_url: str) -> Iterator[Intake]:
    with intake_of(postgres_url) as world:
        yield world


@pytest.fixture
def hub(intake: Intake, postgres_url: str, tmp_path: Path) -> Hub:
    return hub_beside(postgres_url, tmp_path)


@pytest.fixture
def client(hub: Hub, intake: Intake) -> Iterator[Client]:
    with administrators_client(hub, intake) as opened:
        yield opened


@pytest.fixture
def till() -> Till:
    return opened_till()


def test_documents_are_listed_and_shown(client: Client, intake: Intake, till: Till) -> None:
    """HUB-01, HUB-04: what a screen does the API does too."""
    sale = till.sell((1, 2), (2, 1))
    till.sell((1, 1), approved_at=NOON + datetime.timedelta(minutes=1))
    arrive(intake, till)
    page = client.get("/api/v1/documents", params={"limit": 1}).json()
    assert [row["number"] for row in page["rows"]] == ["PAR/2026/11/00002/POS1"]
    rest = client.get("/api/v1/documents", params={"limit": 1, "after": page["next"]}).json()
    assert [row["gid"] for row in rest["rows"]] == ["S1-1"]
    full = client.get(f"/api/v1/documents/{STORE}/{sale.doc_id}").json()
    assert [line["value"] for line in full["lines"]] == [998, 499]
    assert client.get("/api/v1/documents", params={"after": "x"}).status_code == 422
    assert client.get(f"/api/v1/documents/{STORE}/nothing").status_code == 404


def test_screens_show_documents_in_three_languages(client: Client, intake: Intake, till: Till) -> None:
    """HUB-01: list, rows of the next page, one in full."""
    sale = till.sell((1, 2), (2, 1))
    till.fiscalise(sale)
    arrive(intake, till)
    for language, heading in (("pl", "Dokumenty"), ("en", "Documents"), ("fr", "Documents")):
        client.cookies.set("kontuar_language", language)
        shown = client.get("/documents").text
        assert f"<h1>{heading}</h1>" in shown
        assert sale.number in shown
    rows = client.get("/documents", headers={"HX-Request": "true"}, params={"number": "00001"}).text
    assert "<h1>" not in rows
    assert sale.number in rows
    assert sale.number not in client.get("/documents", params={"day": "2020-01-01"}).text
    card = client.get(f"/documents/{STORE}/{sale.doc_id}").text
    assert "Towar 2" in card
    assert "S1-1" in card
    assert "fiscal_number: F1" in card
    assert client.get(f"/documents/{STORE}/nothing").status_code == 404


def test_a_parked_document_is_decided_by_the_api(client: Client, intake: Intake, till: Till) -> None:
    """HUB-05: listed with its reason, retried, accepted with a note, once."""
    till.sell((77, 2))
    arrive(intake, till)
    item = client.get("/api/v1/verification").json()["rows"][0]
    assert (item["reason"], item["state"]) == ("article.undefined", "parked")
    path = f"/api/v1/verification/{STORE}/{item['message']}"
    assert client.get(path).json()["can"] == ["retry", "accept"]
    assert client.post(f"{path}/retry").json()["state"] == "parked"
    assert client.post(f"{path}/accept", json={"note": " "}).status_code == 422
    assert client.post(f"{path}/accept", json={"note": "seen"}).json()["state"] == "accepted"
    assert client.post(f"{path}/accept", json={"note": "again"}).status_code == 409
    assert client.get(f"/api/v1/verification/{STORE}/00").status_code == 404
    assert intake.one("SELECT count(*) FROM hub_audit WHERE action LIKE 'verification.%%'") == 2


def test_the_inbox_shows_reasons_in_words_and_takes_decisions(client: Client, intake: Intake, till: Till) -> None:
    """HUB-05: a form of the screen works as the API does; without its token it changes nothing (SEC-03)."""
    till.sell((77, 2))
    till.say_bytes(b"<script>alert(1)</script>")
    arrive(intake, till)
    client.cookies.set("kontuar_language", "en")
    inbox = client.get("/verification").text
    assert "PAR/2026/11/00001/POS1" in inbox
    message = client.get("/api/v1/verification").json()["rows"][1]["message"]
    unreadable = client.get(f"/verification/{STORE}/{message}").text
    assert "<script>alert" not in unreadable
    path = f"/verification/{STORE}/{client.get('/api/v1/verification').json()['rows'][0]['message']}"
    page = client.get(path).text
    token = re.search(r'name="csrf_token" value="([0-9a-f]{40})"', page)
    assert token is not None
    bearer = client.headers.pop("Authorization")
    client.cookies.set("kontuar_hub", bearer.removeprefix("Bearer "))
    assert client.post(f"{path}/accept", data={"note": "x"}, follow_redirects=False).status_code == 403
    decided = client.post(f"{path}/accept", data={"note": "x", "csrf_token": token.group(1)}, follow_redirects=False)
    assert (decided.status_code, decided.headers["location"]) == (303, path)
    assert intake.one("SELECT note FROM verification_item WHERE state = 'accepted'") == "x"
    assert "Accepted" in client.get(path).text


def test_opening_stock_is_put_once_and_figures_are_told(client: Client, intake: Intake) -> None:
    """REL-07, REL-08."""
    opening = {
        "opening_id": "01900000-0000-7000-8000-000000000009", "store": STORE, "business_day": DAY.isoformat(),
        "rows": [{"warehouse": WAREHOUSE, "article": "A00001", "quantity": "12.5"}],
    }  # fmt: skip
    assert client.put("/api/v1/stock/opening", json=opening).json() == {"written": True}
    assert client.put("/api/v1/stock/opening", json=opening).json() == {"written": False}
    other = {**opening, "rows": [{"warehouse": WAREHOUSE, "article": "A00001", "quantity": "13"}]}
    assert client.put("/api/v1/stock/opening", json=other).status_code == 409
    assert client.put("/api/v1/stock/opening", content=b"\xff").status_code == 422
    figures = client.get("/api/v1/stock", params={"store": STORE}).json()
    assert figures["rows"] == [[WAREHOUSE, "A00001", 125_000]]


def test_reconciliation_and_proof_are_told(client: Client, intake: Intake, till: Till) -> None:
    """REL-06, REL-14: without the station's certificate nothing is proven."""
    till.sell((1, 1))
    arrive(intake, till)
    told = client.get("/api/v1/reconciliation", params={"store": STORE, "day": DAY.isoformat()}).json()
    assert [(row["document_type"], row["documents"], row["gross"]) for row in told["documents"]] == [
        ("receipt", 1, 499)
    ]
    proof = client.post("/api/v1/verify-chains", params={"store": STORE}).json()
    assert (proof["holds"], proof["streams"][0]["seq"]) == (False, 1)
    assert proof["streams"][0]["problem"] == "certificate.unknown"
    kept = client.get("/api/v1/proofs", params={"store": STORE}).json()
    assert (kept["holds"], [row["proof"]["origin"] for row in kept["rows"]]) == (False, ["POS1", ""])
    client.cookies.set("kontuar_language", "pl")
    page = client.get("/monitor/proofs").text
    assert "Dowód ksiąg" in page
    assert "Centrala nie ma certyfikatu dla klucza tego stanowiska." in page
    assert "PAR/2026/11/00001/POS1" in page


def test_the_monitor_and_its_metrics_name_nodes(client: Client, intake: Intake, till: Till) -> None:
    """HUB-07."""
    till.sell((77, 1))
    arrive(intake, till)
    intake.rows(
        "INSERT INTO node_contact (node, store, kind, incarnation, last_seen_at, build, clock_skew_ms) "
        "VALUES ('POS1', 'S1', 'station', 'life1', now(), '0.1.0', 0) RETURNING node"
    )
    node = client.get("/api/v1/monitor").json()[0]
    assert (node["node"]["node"], node["alarms"]) == ("POS1", ["node.parked"])
    assert "POS1" in client.get("/monitor").text
    metrics = client.get("/metrics/nodes").text
    assert 'kontuar_node_held_seq{kind="station",node="POS1",store="S1"} 2.0' in metrics
    assert "kontuar_hub_verification_open 1.0" in metrics


def test_only_metrics_need_no_login(client: Client) -> None:
    """SEC-01: default deny."""
    del client.headers["Authorization"]
    assert client.get("/metrics/nodes").status_code == 200
    for path in ("documents", "verification", "stock?store=S1", "reconciliation?store=S1", "monitor"):
        assert client.get(f"/api/v1/{path}").status_code == 401
    for path in ("verify-chains", "verification/S1/00/retry"):
        assert client.post(f"/api/v1/{path}").status_code == 401
    assert client.put("/api/v1/stock/opening").status_code == 401
    for path in ("documents", "verification", "monitor"):
        assert client.get(f"/{path}", follow_redirects=False).headers["location"].startswith("/login")


def test_what_the_api_says_of_itself_covers_documents(client: Client) -> None:
    """HUB-01: OpenAPI."""
    paths = client.get("/api/openapi.json").json()["paths"]
    assert {"/api/v1/documents", "/api/v1/verification", "/api/v1/stock/opening", "/api/v1/reconciliation"} <= set(
        paths
    )
