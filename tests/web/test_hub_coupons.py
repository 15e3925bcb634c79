"""Uses and reservations of a coupon at head office: over the API and beside its form (COUP-03)."""

from collections.abc import Iterator

import httpx
import psycopg
import pytest

from hub_server import HubServer
from kontuar.nodes.hub_documents import extend_documents
from postgres_fixture import fresh_database, open_temporary_folder

pytestmark = pytest.mark.postgres
DOCUMENT = "018f0000-0000-7000-8000-00000000000a"
_USE = """
INSERT INTO coupon_use (code, store, doc_id, coupon, station, number, day, used_at, given_back_at)
VALUES (%s, 'S1', %s, 'LEAF', 'K1', %s, '2026-11-20', '2026-11-20T11:00:00Z', %s)"""
_KEPT = """
INSERT INTO coupon_reservation (code, store, doc_id, coupon, station, operator, turn, made_at, until)
VALUES ('LEAF9', 'S1', 'open', 'LEAF', 'K1', 'anna', 1, now(), now() + interval '1 day')"""


@pytest.fixture
def hub(postgres_server: str) -> Iterator[HubServer]:
    with (
        fresh_database(postgres_server) as url,
        open_temporary_folder() as folder,
        HubServer(folder / "hub", url, [extend_documents]) as hub,
    ):
        with psycopg.connect(url) as connection:
            connection.execute(_USE, ["LEAF1", DOCUMENT, "PAR/1", None])
            connection.execute(_USE, ["LEAF2", DOCUMENT, "PAR/2", "2026-11-20T12:00:00Z"])
            connection.execute(_KEPT)
        yield hub


def test_programs_page_through_uses_and_let_go_of_what_is_kept(hub: HubServer) -> None:
    """COUP-03."""
    first = hub.client.get("/api/v1/coupons/LEAF/uses", params={"limit": 1}).json()
    assert [(use["code"], use["number"]) for use in first["uses"]] == [("LEAF1", "PAR/1")]
    rest = hub.client.get("/api/v1/coupons/LEAF/uses", params={"limit": 2, "after": first["next"]}).json()
    assert ([use["code"] for use in rest["uses"]], rest["next"]) == (["LEAF2"], "")
    single = hub.client.get("/api/v1/coupons/LEAF/uses", params={"code": "LEAF2"}).json()
    assert [use["code"] for use in single["uses"]] == ["LEAF2"]
    assert [row["code"] for row in first["reservations"]] == ["LEAF9"]
    assert hub.client.delete("/api/v1/coupon-reservations/S1/open").status_code == 204
    assert hub.client.get("/api/v1/coupons/LEAF/uses").json()["reservations"] == []


@pytest.mark.parametrize(
    ("language", "kept", "given_back", "nothing"),
    [
        ("en", "station K1 in store S1, until", "given back: the document was cancelled", "Nothing is kept now."),
        ("pl", "stanowisko K1 w sklepie S1, do", "zwrócone: dokument anulowano", "Teraz nic nie jest zatrzymane."),
        ("fr", "caisse K1 du magasin S1", "le document a été annulé", "Rien n’est gardé pour le moment."),
    ],
)
def test_a_person_sees_them_beside_the_form_and_lets_go(
    hub: HubServer, language: str, kept: str, given_back: str, nothing: str
) -> None:
    """COUP-03, in three languages."""
    with httpx.Client(base_url=hub.url, headers=hub.client.headers, timeout=30) as browser:
        browser.headers["accept-language"] = language
        shown = browser.get("/definitions/coupon/uses", params={"key": "LEAF"}).text
        assert kept in shown
        assert given_back in shown
        assert f'href="/documents/S1/{DOCUMENT}"' in shown
        where = {"key": "LEAF", "store": "S1", "doc_id": "open"}
        after = browser.post("/definitions/coupon/release", params=where)
        assert (after.status_code, nothing in after.text, kept in after.text) == (200, True, False)
