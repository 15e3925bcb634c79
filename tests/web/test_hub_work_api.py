"""The hub's work over its API and screens: who may what, files, decisions, reports, accounts (HUB-04 … HUB-09)."""

import base64
import datetime
import io
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook

from hub_clients import Client, administrators_client, arrive, hub_beside, intake_of, opened_till
from hub_documents_world import DAY, NOON, STORE, Till
from hub_documents_world import Hub as Intake
from kontuar.domain.parties.records import Contractor, Operator, Role
from kontuar.nodes.hub import Hub
from kontuar.nodes.hub_documents import PAGES
from kontuar.operations.hub.monitor import watch
from kontuar.operations.hub.second_factor import code_at
from kontuar.operations.pins import pin_verifier
from kontuar.storage.postgres.alarms import PostgresAlarmBook
from kontuar.storage.postgres.monitor import PostgresMonitorShelf
from kontuar.web.api import hub_documents, hub_monitor, hub_reports, hub_verification

pytestmark = pytest.mark.postgres
ITEM, DOCUMENT = "verification/S1/00", "documents/S1/01900000-0000-7000-8000-000000000001"
VERIFIER = pin_verifier("4821", bytes(16))
PERIOD = "day_from=2026-11-20&day_to=2026-11-20"

RIGHT_OF_API = {
    "GET documents": "hub.see",
    "GET document-files": "hub.see",
    f"GET {DOCUMENT}": "hub.see",
    **{f"GET {DOCUMENT}/{part}": "hub.see" for part in ("pdf", "explanation", "explanation/pdf", "again")},
    "GET stock?store=S1": "hub.see",
    "PUT stock/opening": "hub.define",
    "GET reconciliation?store=S1": "hub.see",
    "POST verify-chains": "hub.see",
    "GET proofs": "hub.see",
    "GET verification": "hub.see",
    "GET verification-reasons": "hub.see",
    "POST verification-retries": "hub.verify",
    f"GET {ITEM}": "hub.see",
    f"POST {ITEM}/retry": "hub.verify",
    f"POST {ITEM}/accept": "hub.verify",
    f"POST {ITEM}/cancel": "hub.cancel_at_source",
    f"PUT {ITEM}/assignment": "hub.verify",
    f"POST {ITEM}/notes": "hub.verify",
    "GET monitor": "hub.see",
    "GET alarms": "hub.see",
    "POST alarms/1/acknowledge": "hub.verify",
    f"GET reports/sales?{PERIOD}": "hub.reports",
    f"GET reports/losses?{PERIOD}": "hub.reports",
    "GET audit": "hub.audit",
    "GET audit-files": "hub.audit",
    "GET privacy/contractors/JAN": "hub.privacy",
    "POST privacy/contractors/JAN/anonymise": "hub.privacy",
    "GET second-factor": "",
    "POST second-factor": "",
    "POST second-factor/confirm": "",
    "GET second-factors": "hub.second_factor",
    "DELETE second-factor/EWA": "hub.second_factor",
}
RIGHT_OF_SCREEN = {
    "documents": "hub.see", "documents/file": "hub.see", DOCUMENT: "hub.see", f"{DOCUMENT}/pdf": "hub.see",
    "verification": "hub.see", ITEM: "hub.see", "monitor": "hub.see", "monitor/alarms": "hub.see",
    "monitor/proofs": "hub.see",
    "reports/sales": "hub.reports", "reports/sales/file": "hub.reports", "reports/losses": "hub.reports",
    "reports/losses/file": "hub.reports", "audit": "hub.audit", "audit/file": "hub.audit", "privacy": "hub.privacy",
    "privacy/file?code=JAN": "hub.privacy", "account": "", "": "",
    "second-factors": "hub.second_factor", f"{DOCUMENT}/explanation/pdf": "hub.see", f"{DOCUMENT}/again": "hub.see",
    "definitions/coupon/uses": "hub.see",
}  # fmt: skip
FORMS = (
    f"{ITEM}/retry", f"{ITEM}/accept", f"{ITEM}/cancel", f"{ITEM}/assign", f"{ITEM}/notes", "verification/retry",
    "monitor/alarms/1/acknowledge", "monitor/proofs", "privacy", "account/second-factor",
    "account/second-factor/confirm", "second-factors", "definitions/coupon/release",
)  # fmt: skip
BODIES = {"note": "x", "operator": "x", "reason": "x", "code": "x"}


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


def log_in_with(client: Client, intake: Intake, *rights: str) -> None:
    """Somebody who has exactly these rights."""
    intake.define([Role(code="R", name="R", rights=rights)], "role")
    intake.define([Operator(code="jan", name="Jan", pin_verifier=VERIFIER, roles=("R",))], "operator")
    token = client.post("/api/v1/login", json={"operator": "jan", "pin": "4821"}).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"


def ask(client: Client, what: str) -> int:
    method, path = what.split(" ", 1)
    body = {} if method in ("GET", "DELETE") else {"json": BODIES}
    return client.request(method, f"/api/v1/{path}", **body).status_code


# -- who may what -----------------------------------------------------------------------------------------------
def test_every_route_of_the_work_is_in_the_table_of_rights() -> None:
    """SEC-01: a new route without a row here fails."""
    routers = (hub_documents.router, hub_verification.router, hub_monitor.router, hub_reports.router)
    handlers = {
        id(handler) for router in routers for route in router.routes for handler in route.route_handlers
        if "OPTIONS" not in handler.http_methods
    }  # fmt: skip
    assert len(RIGHT_OF_API) == len(handlers)
    assert len(RIGHT_OF_SCREEN) + len(FORMS) == len(PAGES)


def test_nothing_is_told_or_done_without_a_login(client: Client) -> None:
    """SEC-01: default deny."""
    del client.headers["Authorization"]
    assert {what: ask(client, what) for what in RIGHT_OF_API} == dict.fromkeys(RIGHT_OF_API, 401)
    for path in RIGHT_OF_SCREEN:
        answer = client.get(f"/{path}", follow_redirects=False)
        assert (answer.status_code, answer.headers["location"][:6]) == (303, "/login"), path
    for path in FORMS:
        assert client.post(f"/{path}", data=BODIES, follow_redirects=False).status_code == 303, path


def test_every_route_asks_for_its_right(client: Client, intake: Intake) -> None:
    """SEC-01: with all rights but its own it is refused."""
    everything = {right for right in (*RIGHT_OF_API.values(), *RIGHT_OF_SCREEN.values()) if right}
    for right in sorted(everything):
        log_in_with(client, intake, *(everything - {right}))
        for what, needed in RIGHT_OF_API.items():
            if needed == right and what != "PUT stock/opening":
                assert ask(client, what) == 403, what
        for path, needed in RIGHT_OF_SCREEN.items():
            if needed == right:
                assert client.get(f"/{path}").status_code == 403, path


def test_a_form_without_its_token_changes_nothing(client: Client) -> None:
    """SEC-03."""
    token = client.headers.pop("Authorization").removeprefix("Bearer ")
    client.cookies.set("kontuar_hub", token)
    for path in FORMS:
        assert client.post(f"/{path}", data=BODIES).status_code == 403, path


def test_the_navigation_shows_what_one_may(client: Client, intake: Intake) -> None:
    """HUB-01."""
    log_in_with(client, intake, "hub.see")
    page = client.get("/documents").text
    assert 'href="/verification"' in page
    assert 'href="/audit"' not in page
    assert client.get("/").status_code == 200


# -- documents --------------------------------------------------------------------------------------------------
def test_the_list_goes_away_as_a_file(client: Client, intake: Intake, till: Till) -> None:
    """HUB-04: filtered; what looks like a formula is a text."""
    buyer = {"code": "EVIL", "name": "=HYPERLINK(1)"}
    first = till.sell((1, 2))
    later = NOON + datetime.timedelta(minutes=1)
    second = till.sell((2, 1), buyer=type(first.buyer)(**buyer), approved_at=later)
    arrive(intake, till)
    csv = client.get("/api/v1/document-files", params={"number": "00002"}).text
    assert (first.number in csv, second.number in csv) == (False, True)
    assert "'=HYPERLINK(1)" in csv
    assert client.get("/documents/file", params={"file": "csv"}).text.count("\r\n") == 3
    sheet = load_workbook(io.BytesIO(client.get("/documents/file", params={"file": "xlsx"}).content)).active
    assert sheet is not None
    assert [row[1].value for row in sheet.iter_rows(min_row=2)] == [second.number, first.number]
    assert client.get("/documents/file", params={"file": "doc"}).status_code == 422
    assert client.get("/documents", params={"gross_from": "a lot"}).status_code == 422


def test_a_document_is_printed_at_head_office(client: Client, intake: Intake, till: Till) -> None:
    """HUB-04, DOC-32."""
    sale = till.sell((1, 2))
    arrive(intake, till)
    for path in (f"/documents/{STORE}/{sale.doc_id}/pdf", f"/api/v1/documents/{STORE}/{sale.doc_id}/pdf"):
        answer = client.get(path)
        assert (answer.headers["content-type"], answer.content[:5]) == ("application/pdf", b"%PDF-")


def test_links_are_shown_both_ways(client: Client, intake: Intake, till: Till) -> None:
    """DOC-04."""
    from kontuar.domain.documents.document import Link

    sale = till.sell((1, 1))
    link = Link(kind="correction_of", doc_id=sale.doc_id, number=sale.number)
    later = till.sell((1, 1), links=(link,))
    arrive(intake, till)
    client.cookies.set("kontuar_language", "en")
    assert (
        f'Correction of <a href="/documents/S1/{sale.doc_id}"' in client.get(f"/documents/{STORE}/{later.doc_id}").text
    )
    assert (
        f'← Correction of <a href="/documents/S1/{later.doc_id}"'
        in client.get(f"/documents/{STORE}/{sale.doc_id}").text
    )


# -- the inbox --------------------------------------------------------------------------------------------------
def test_two_people_in_the_inbox(client: Client, intake: Intake, till: Till) -> None:
    """HUB-05: the second is told who was first, on the item's own page."""
    till.release(2, warehouse="NEW")
    arrive(intake, till)
    client.cookies.set("kontuar_language", "en")
    item = client.get("/api/v1/verification").json()["rows"][0]
    path = f"verification/{STORE}/{item['message']}"
    page = client.get(f"/{path}").text
    for words in ("Book again", "Accept with this note", "Have the station cancel it", "I look after it"):
        assert words in page
    assert client.put(f"/api/v1/{path}/assignment", json={"operator": "anna", "expected": ""}).status_code == 200
    late = client.put(f"/api/v1/{path}/assignment", json={"operator": "jan", "expected": ""})
    assert (late.status_code, late.json()["problems"][0]["code"]) == (409, "verification.assigned_meanwhile")
    asked = client.post(f"/api/v1/{path}/cancel", json={"note": "made twice"})
    assert (asked.status_code, asked.json()["state"]) == (202, "asked")
    again = client.post(f"/{path}/cancel", data={"note": "made twice"})
    assert again.status_code == 409
    assert "was asked to cancel it already" in again.text
    assert client.post(f"/{path}/accept", data={"note": "it is real"}, follow_redirects=False).status_code == 303
    decided = client.post(f"/{path}/retry")
    assert decided.status_code == 409
    assert "administrator" in decided.text


def test_all_of_a_reason_are_booked_again_from_the_screen(client: Client, intake: Intake, till: Till) -> None:
    """HUB-05."""
    till.sell((77, 1))
    till.sell((77, 2))
    arrive(intake, till)
    client.cookies.set("kontuar_language", "en")
    assert client.get("/api/v1/verification-reasons").json() == [{"reason": "article.undefined", "items": 2}]
    told = client.post("/verification/retry", data={"reason": "article.undefined"}).text
    assert "0 of 2 could be booked now." in told


# -- reports, audit, alarms ---------------------------------------------------------------------------------------
def test_reports_are_drawn_told_and_taken_away(client: Client, intake: Intake, till: Till) -> None:
    """HUB-08: plot, table, drill-down, file and API say the same."""
    till.sell((1, 2))
    arrive(intake, till)
    client.cookies.set("kontuar_language", "en")
    period = {"day_from": "2026-11-19", "day_to": DAY.isoformat()}
    told = client.get("/api/v1/reports/sales", params={**period, "by": "store", "compare": "true"}).json()
    assert [(line["now"]["key"], line["now"]["gross"], line["before"]["gross"]) for line in told["lines"]] == [
        ("S1", 998, 0)
    ]
    page = client.get("/reports/sales", params={**period, "by": "store", "compare": "yes"}).text
    assert '<svg class="plot"' in page
    assert re.search(r'href="/documents\?day_from=2026-11-19&amp;day_to=2026-11-20&amp;store=S1"', page)
    assert "9.98" in page
    for by in ("day", "hour", "station", "operator", "article", "group", "form"):
        assert client.get("/reports/sales", params={**period, "by": by}).status_code == 200, by
    assert "S1" in client.get("/reports/sales/file", params={**period, "by": "store"}).text
    assert client.get("/reports/sales/file", params={**period, "file": "xlsx"}).content[:2] == b"PK"
    assert client.get("/reports/losses", params=period).status_code == 200
    assert client.get("/reports/losses/file", params=period).text.startswith("\ufeffoperator,documents,gross")
    assert client.get("/api/v1/reports/losses", params=period).json()[0]["row"]["documents"] == 1
    assert client.get("/reports/sales", params={"day_from": "yesterday"}).status_code == 422
    assert client.get("/api/v1/reports/sales", params={**period, "by": "weather"}).status_code == 400


def test_the_audit_log_is_read_and_taken_away(client: Client) -> None:
    """HUB-09: with the address of whoever logged in."""
    rows = client.get("/api/v1/audit", params={"action": "login"}).json()["rows"]
    assert [(row["operator"], row["asked_from"]) for row in rows] == [("administrator", "testclient")]
    assert "administrator" in client.get("/audit").text
    assert ",login," in client.get("/audit/file").text
    assert client.get("/api/v1/audit-files", params={"file": "xlsx"}).content[:2] == b"PK"


def test_alarms_are_shown_acknowledged_and_measured(client: Client, intake: Intake) -> None:
    """HUB-07."""
    intake.rows(
        "INSERT INTO node_contact (node, store, kind, incarnation, last_seen_at, build, clock_skew_ms) VALUES "
        "('POS1', 'S1', 'station', 'life1', now() - interval '1 hour', '', 0) RETURNING node"
    )
    database = intake.database
    watch(PostgresMonitorShelf(database), PostgresAlarmBook(database), datetime.datetime.now(datetime.UTC))
    client.cookies.set("kontuar_language", "en")
    listed = client.get("/api/v1/alarms", params={"node": "POS1", "state": "open"}).json()["rows"]
    (alarm,) = [row for row in listed if row["code"] == "node.silent"]
    assert 'kontuar_hub_alarms{acknowledged="no",severity="warning"}' in client.get("/metrics/nodes").text
    assert "POS1" in client.get("/monitor/alarms").text
    taken = client.post(f"/api/v1/alarms/{alarm['alarm_id']}/acknowledge", json={"note": "phoned"})
    assert taken.status_code == 200, taken.text
    assert taken.json()["acknowledged_by"] == "administrator"
    assert client.post(f"/api/v1/alarms/{alarm['alarm_id']}/acknowledge", json={}).status_code == 409


# -- accounts and personal data ---------------------------------------------------------------------------------
def test_a_second_factor_is_set_up_on_the_screen(client: Client, intake: Intake) -> None:
    """HUB-09: until then, where the firm asks for it, nothing else opens."""
    from kontuar.domain.firm.records import Parameter

    log_in_with(client, intake, "hub.see")
    parameter = Parameter(name="hub.second_factor", scope="global", value="yes")
    intake.rows(
        "INSERT INTO definition (kind, key, version, body, checksum) VALUES ('parameter', 'x', 1, %s, 0) RETURNING 1",
        __import__("msgspec").json.encode(parameter),
    )
    client.cookies.set("kontuar_language", "en")
    assert client.get("/documents", follow_redirects=False).headers["location"] == "/account"
    assert client.get("/api/v1/documents").status_code == 403
    begun = client.post("/account/second-factor").text
    assert "data:image/svg+xml" in begun
    told = re.search(r'class="code-text">([A-Z2-7 ]+)<', begun)
    assert told is not None
    secret = base64.b32decode(told[1].replace(" ", ""))
    assert client.post("/account/second-factor/confirm", data={"code": "1"}).status_code == 422
    code = code_at(secret, int(time.time()) // 30)
    assert client.post("/account/second-factor/confirm", data={"code": code}).status_code == 200
    assert client.get("/api/v1/documents").status_code == 200
    needed = client.post("/api/v1/login", json={"operator": "jan", "pin": "4821"})
    assert (needed.status_code, needed.json()["problems"][0]["code"]) == (401, "login.code_needed")


def test_a_lost_second_factor_is_taken_off_on_the_screen(client: Client, intake: Intake) -> None:
    """HUB-09: with a right of its own; what it ended is told, whoever is logged in with it has to log in anew."""
    administrator = client.headers["Authorization"]
    log_in_with(client, intake, "hub.see")
    secret = client.post("/api/v1/second-factor").json()["secret"]
    code = code_at(base64.b32decode(secret), int(time.time()) // 30)
    assert client.post("/api/v1/second-factor/confirm", json={"code": code}).status_code == 204
    jan = client.headers["Authorization"]
    assert client.post("/second-factors", data={"operator": "jan", "note": "x"}).status_code == 403
    client.headers["Authorization"] = administrator
    client.cookies.set("kontuar_language", "en")
    assert "jan · Jan" in client.get("/second-factors").text
    [row] = client.get("/api/v1/second-factors").json()
    assert (row["operator"], row["name"], row["logins"]) == ("jan", "Jan", 1)
    done = client.post("/second-factors", data={"operator": "jan", "note": "phoned him"}).text
    assert "The second factor of jan is taken off." in done
    assert "Nobody has a second factor" in done
    assert client.post("/second-factors", data={"operator": "jan", "note": "x"}).status_code == 404
    entry = client.get("/api/v1/audit", params={"action": "second_factor.off"}).json()["rows"][0]
    assert (entry["subject"], entry["facts"]) == ("jan", {"logins": "1", "note": "phoned him"})
    client.headers["Authorization"] = jan
    assert client.get("/api/v1/documents").status_code == 401


def test_a_contractor_is_exported_and_anonymised_from_the_screen(client: Client, intake: Intake, till: Till) -> None:
    """HUB-09: documents stay lawful, their chain unbroken."""
    intake.define([Contractor(code="JAN", name="Jan Kowalski", phone="600100200")], "contractor")
    sale = till.sell((1, 1), buyer=type(till.sell((1, 1)).buyer)(code="JAN", name="Jan Kowalski"))
    arrive(intake, till)
    head = intake.one("SELECT hash FROM stream")
    data = client.get("/api/v1/privacy/contractors/JAN").json()
    assert (data["definition"]["phone"], [row["number"] for row in data["documents"]]) == ("600100200", [sale.number])
    client.cookies.set("kontuar_language", "en")
    assert "Write who asked for it" in client.post("/privacy", data={"code": "JAN", "reason": ""}).text
    assert "is anonymised" in client.post("/privacy", data={"code": "JAN", "reason": "letter"}).text
    assert client.get("/privacy/file", params={"code": "JAN"}).json()["definition"]["name"] == "—"
    assert intake.one("SELECT buyer_name FROM document WHERE number = %s", sale.number) == "Jan Kowalski"
    assert intake.one("SELECT hash FROM stream") == head


def test_what_the_api_says_of_itself_covers_the_work(client: Client) -> None:
    """HUB-01: OpenAPI."""
    paths = client.get("/api/openapi.json").json()["paths"]
    for what in RIGHT_OF_API:
        path = what.split(" ", 1)[1].split("?")[0].split("/")[0]
        assert any(known.startswith(f"/api/v1/{path}") for known in paths), what
