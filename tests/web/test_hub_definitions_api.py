"""The hub's JSON API and read-only pages, through the whole application on a real PostgreSQL."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from litestar.testing import TestClient

from hub_definitions_world import guide_examples
from kontuar.domain.definitions.kinds import KINDS
from kontuar.kernel.codes import with_ean_check_digit
from kontuar.nodes.hub import ADMINISTRATOR_FILE, KEY_FILE, Hub
from kontuar.nodes.settings import HubSettings

pytestmark = pytest.mark.postgres
Client = TestClient  # type: ignore[type-arg]
OPEN_PATHS = {
    "/login", "/language", "/api/v1/login", "/health", "/health/live", "/metrics", "/api/openapi.json",
    "/api/description", "/api/description/openapi.json", "/api/description/{path:str}",
}  # fmt: skip


@pytest.fixture
def hub(postgres_url: str, tmp_path: Path) -> Hub:
    return Hub(HubSettings(data=tmp_path / "hub", database_url=postgres_url))


@pytest.fixture
def client(hub: Hub) -> Iterator[Client]:
    with TestClient(hub.app, base_url="http://hub.test", raise_server_exceptions=False) as client:
        wait_until_ready(client)
        yield client


@pytest.fixture
def admin(client: Client, hub: Hub) -> dict[str, str]:
    """Headers of the first administrator."""
    code = (hub.settings.data / ADMINISTRATOR_FILE).read_text().strip()
    answer = client.post("/api/v1/login", json={"operator": "administrator", "pin": code})
    assert answer.status_code == 200
    return {"Authorization": f"Bearer {answer.json()['token']}"}


@pytest.fixture
def shop(client: Client, admin: dict[str, str]) -> Client:
    for kind, text in guide_examples():
        answer = client.post(f"/api/v1/definitions/{kind}/import", content=text.encode(), headers=admin)
        assert answer.status_code == 200, answer.text
    return client


def wait_until_ready(client: Client) -> None:
    deadline = time.monotonic() + 20
    while client.get("/health").status_code != 200:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def problems(answer: object) -> list[str]:
    return [problem["code"] for problem in answer.json()["problems"]]  # type: ignore[attr-defined]


def test_everything_needs_a_login_except_what_is_listed_here(client: Client, hub: Hub) -> None:
    """SEC-01: default deny, by the list of all routes."""
    tried = 0
    for route in hub.app.routes:
        path = re.sub(r"\{[^}]*\}", "unit", re.sub(r"\{[^}]*:int\}", "7", route.path))
        if route.path.startswith("/assets") or route.path in OPEN_PATHS:
            continue
        for method in getattr(route, "methods", ()):
            if method == "OPTIONS":
                continue
            answer = client.request(method, path, follow_redirects=False)
            asked_to_log_in = answer.status_code == 401 and problems(answer) == ["login.needed"]
            sent_to_log_in = answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")
            assert asked_to_log_in or sent_to_log_in, (method, route.path, answer.status_code)
            tried += 1
    assert tried >= 17


def test_rows_are_written_read_searched_and_removed(shop: Client, admin: dict[str, str]) -> None:
    row = {"code": "MASLO", "name": "Masło 82%", "vat": "5", "unit": "szt", "group": "NAB"}
    written = shop.put("/api/v1/definitions/article/MASLO", json=row, headers=admin)
    assert (written.status_code, written.json()["changed"]) == (200, 1)
    read = shop.get("/api/v1/definitions/article/MASLO", headers=admin).json()
    assert (read["row"]["name"], read["version"]) == ("Masło 82%", written.json()["version"])
    found = shop.get("/api/v1/definitions/article", params={"text": "maslo"}, headers=admin).json()
    assert [row["key"] for row in found["rows"]] == ["MASLO"]
    first = shop.get("/api/v1/definitions/article", params={"limit": 2}, headers=admin).json()
    assert ([row["key"] for row in first["rows"]], first["next"]) == (["JOGURT", "MASLO"], "MASLO")
    assert shop.delete("/api/v1/definitions/article/MASLO", headers=admin).status_code == 200
    gone = shop.get("/api/v1/definitions/article/MASLO", headers=admin)
    assert (gone.status_code, problems(gone)) == (404, ["definition.not_found"])
    history = shop.get("/api/v1/definitions/article/MASLO/history", headers=admin).json()
    assert [entry["row"] is None for entry in history] == [True, False]


def test_a_batch_is_written_whole_or_not_at_all(shop: Client, admin: dict[str, str]) -> None:
    group = {"kind": "article_group", "row": {"code": "CHL", "name": "Chemia"}}
    bad = {"kind": "unit", "row": {"code": "x", "name": "x", "precision": 7}}
    refused = shop.post("/api/v1/definitions", json={"put": [group, bad]}, headers=admin)
    assert (refused.status_code, problems(refused)) == (422, ["unit.bad_precision"])
    assert shop.get("/api/v1/definitions/article_group/CHL", headers=admin).status_code == 404
    assert shop.post("/api/v1/definitions", json={"put": [group]}, headers=admin).json()["changed"] == 1


def test_bad_rows_of_a_file_come_back_with_line_and_reason_in_the_askers_language(
    shop: Client, admin: dict[str, str]
) -> None:
    text = "code;name;precision\nok;dobra;0\nzla;zła;9\n"
    headers = {**admin, "Accept-Language": "pl"}
    answer = shop.post("/api/v1/definitions/unit/import", content=text.encode(), headers=headers)
    assert answer.status_code == 422
    [problem] = answer.json()["problems"]
    assert (problem["code"], problem["place"]) == ("unit.bad_precision", "line:3")
    assert problem["message"].startswith("Wiersz 3 pliku: Jednostka ma od 0 do 4 miejsc po przecinku")
    assert shop.get("/api/v1/definitions/unit/ok", headers=admin).status_code == 404


def test_verifiers_never_leave_the_hub_by_the_api(shop: Client, admin: dict[str, str]) -> None:
    """SEC-05."""
    for path in ("operator", "operator/ANNA", "operator/ANNA/history", "operator/export.csv"):
        answer = shop.get(f"/api/v1/definitions/{path}", headers=admin)
        assert answer.status_code == 200
        assert "ANNA" in answer.text
        assert "argon2" not in answer.text
        assert "verifier" not in answer.text


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("PUT", "/api/v1/definitions/unit/kg", "hub.define"),
        ("DELETE", "/api/v1/definitions/unit/kg", "hub.define"),
        ("POST", "/api/v1/definitions", "hub.define"),
        ("POST", "/api/v1/definitions/unit/import", "hub.define"),
        ("GET", "/api/v1/definitions", "hub.see"),
        ("GET", "/api/v1/definitions/unit", "hub.see"),
        ("GET", "/api/v1/definitions/unit/kg", "hub.see"),
        ("GET", "/api/v1/definitions/unit/kg/history", "hub.see"),
        ("GET", "/api/v1/definitions/unit/export.csv", "hub.see"),
        ("GET", "/api/v1/definitions/unit/export.xlsx", "hub.see"),
        ("POST", "/api/v1/definitions/unit/preview", "hub.define"),
        ("GET", "/api/v1/definition-versions", "hub.see"),
        ("GET", "/api/v1/definition-versions/1", "hub.see"),
        ("GET", "/api/v1/definition-versions/running", "hub.see"),
        ("POST", "/api/v1/definition-versions/1/withdraw", "hub.define"),
        ("GET", "/api/v1/definition-questions/parameters", "hub.see"),
        ("POST", "/api/v1/definition-questions/similar-contractors", "hub.define"),
        ("GET", "/api/v1/certificates", "hub.see"),
        ("POST", "/api/v1/enrolment-codes", "hub.enrol"),
        ("POST", "/api/v1/certificates/K1/x/revoke", "hub.enrol"),
    ],
)
def test_a_cashier_gets_nothing_at_the_hub(shop: Client, method: str, path: str, right: str) -> None:
    """SEC-01: the matrix of endpoints for someone without the hub's rights."""
    token = shop.post("/api/v1/login", json={"operator": "ANNA", "pin": "1234"}).json()["token"]
    body = {"kind": "station", "node": "K1", "put": [], "code": "kg", "name": "kg"}
    answer = shop.request(method, path, json=body, headers={"Authorization": f"Bearer {token}"})
    assert (answer.status_code, problems(answer)) == (403, ["right.missing"])


def test_a_code_is_issued_and_certificates_are_listed(shop: Client, admin: dict[str, str]) -> None:
    answer = shop.post("/api/v1/enrolment-codes", json={"kind": "agent", "node": "S1"}, headers=admin)
    assert answer.status_code == 201
    assert re.fullmatch(r"[A-Z2-7]{5}-[A-Z2-7]{13}", answer.json()["code"])
    listed = shop.get("/api/v1/certificates", headers=admin).json()
    assert [entry["node"] for entry in listed] == ["hub"]


def test_a_cookie_alone_changes_nothing_without_the_pages_token(shop: Client) -> None:
    """SEC-03."""
    login = shop.post("/login", data={"operator": "SZEF", "pin": "246810"}, follow_redirects=False)
    cookie = login.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "samesite=strict" in cookie.lower()
    row = {"code": "op", "name": "opakowanie"}
    refused = shop.put("/api/v1/definitions/unit/op", json=row)
    assert (refused.status_code, problems(refused)) == (403, ["csrf.missing"])
    token = re.search(r'name="csrf-token" content="(\w+)"', shop.get("/").text)
    assert token is not None
    written = shop.put("/api/v1/definitions/unit/op", json=row, headers={"X-CSRF-Token": token[1]})
    assert written.status_code == 200
    assert shop.post("/logout", follow_redirects=False).status_code == 403
    out = shop.post("/logout", data={"csrf_token": token[1]}, follow_redirects=False)
    assert (out.status_code, out.headers["location"]) == (303, "/login")


def test_another_sites_form_cannot_log_in(client: Client) -> None:
    headers = {"Origin": "http://elsewhere.test"}
    answer = client.post("/login", data={"operator": "SZEF", "pin": "246810"}, headers=headers)
    assert answer.status_code == 403
    away = client.get("/login", params={"next": "//elsewhere.test"})
    assert 'name="next" value="/"' in away.text


@pytest.mark.parametrize("language", ["pl", "en", "fr"])
def test_every_kind_has_a_list_in_every_language(shop: Client, language: str) -> None:
    shop.post("/login", data={"operator": "SZEF", "pin": "246810"})
    shop.cookies.set("kontuar_language", language)
    for kind in KINDS:
        page = shop.get(f"/definitions/{kind}")
        assert page.status_code == 200
        keys = re.findall(r'data-row="([^"]*)"', page.text)
        assert keys
        row = shop.get(f"/definitions/{kind}/row", params={"key": keys[0]})
        assert row.status_code == 200
        assert "argon2" not in page.text + row.text
        assert page.headers["content-security-policy"].startswith("default-src 'self'")


def test_a_long_list_goes_on_where_it_stopped(shop: Client, admin: dict[str, str]) -> None:
    rows = "".join(f"A{n:03};Towar {n};5;szt;NAB;{with_ean_check_digit(f'2{n:011}')}:szt\n" for n in range(120))
    text = "code;name;vat;unit;group;eans\n" + rows
    assert shop.post("/api/v1/definitions/article/import", content=text, headers=admin).status_code == 200
    shop.post("/login", data={"operator": "SZEF", "pin": "246810"})
    url, keys = "/definitions/article", []
    for _ in range(5):
        page = shop.get(url, headers={"HX-Request": "true"}).text
        assert "<html" not in page
        keys += re.findall(r'data-row="([^"]*)"', page)
        more = re.search(r'hx-get="([^"]*)"', page)
        if more is None:
            break
        url = more[1].replace("&amp;", "&")
    assert keys == [*(f"A{n:03}" for n in range(120)), "JOGURT", "MLEKO", "SER"]
    assert re.findall(r'data-row="([^"]*)"', shop.get("/definitions/article?q=MLEKO").text) == ["MLEKO"]


def test_the_database_may_go_away_and_come_back(
    shop: Client, admin: dict[str, str], postgres_server: str, postgres_url: str
) -> None:
    """REL-19: said in words, and it heals by itself."""
    with psycopg.connect(postgres_server, autocommit=True) as server:
        name = psycopg.conninfo.conninfo_to_dict(postgres_url)["dbname"]
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
        server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])
        away = shop.get("/api/v1/definitions/unit", headers=admin)
        assert (away.status_code, problems(away)) == (503, ["storage.unavailable"])
        health = shop.get("/health")
        assert (health.status_code, health.json()["database"]) == (503, "storage.unavailable")
        assert shop.get("/health/live").status_code == 200
        assert "kontuar_hub_database_up 0.0" in shop.get("/metrics").text
        server.execute(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")
    assert shop.get("/api/v1/definitions/unit", headers=admin).status_code == 200
    assert shop.get("/health").json()["ready"] == "yes"
    assert "kontuar_hub_database_up 1.0" in shop.get("/metrics").text


def test_secrets_lie_in_files_that_only_the_owner_reads(client: Client, hub: Hub) -> None:
    for name in (KEY_FILE, ADMINISTRATOR_FILE):
        assert (hub.settings.data / name).stat().st_mode & 0o777 == 0o600


def test_the_api_describes_itself(client: Client) -> None:
    described = client.get("/api/openapi.json").json()
    assert described["info"]["title"] == "Kontuar hub"
    assert "/api/v1/definitions/{kind}/import" in described["paths"]


def test_unreadable_requests_are_answered_not_crashed_on(shop: Client, admin: dict[str, str]) -> None:
    """SEC-04."""
    for method, path, content, status in (
        ("PUT", "/api/v1/definitions/unit/kg", b"{", 422),
        ("PUT", "/api/v1/definitions/unit/kg", b"[1]", 422),
        ("PUT", "/api/v1/definitions/nothing/kg", b"{}", 404),
        ("PUT", "/api/v1/definitions/unit/other", b'{"code":"kg","name":"kg"}', 422),
        ("POST", "/api/v1/definitions", b'{"put": 1}', 422),
        ("POST", "/api/v1/definitions", b"\xff\xfe", 422),
        ("POST", "/api/v1/login", b"\xff", 400),
        ("POST", "/api/v1/login", b'{"operator": 1}', 400),
        ("GET", "/api/v1/definitions/unit?limit=0", b"", 400),
        ("GET", "/api/v1/definitions/unit?text=%00", b"", 422),
        ("GET", "/api/v1/definitions/unit/%00", b"", 422),
        ("PUT", "/api/v1/definitions/unit/kg", b'{"code":"kg","name":"k\\u0000"}', 422),
        ("POST", "/api/v1/enrolment-codes", b'{"kind":"station","node":"\\u0000"}', 422),
        ("GET", "/nothing", b"", 404),
    ):
        headers = {**admin, "Content-Type": "application/json"}
        answer = shop.request(method, path, content=content, headers=headers)
        assert answer.status_code == status, (method, path, content, answer.text)
