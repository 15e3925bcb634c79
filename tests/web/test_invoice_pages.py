"""Invoices over HTTP: the preview, the list's button, the API, what is refused (SALE-06, DOC-27, DOC-30)."""

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from invoices import invoiced, with_attribute, with_business
from kontuar.domain.firm.records import DeliveryMethod
from kontuar.operations.station import own_documents, till
from shop import MILK, actor_of, change, fill, sell, with_parameter
from station_server import StationServer
from web.test_station_pages import sign_in

EWA = actor_of()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("invoices")) as running:
        running.do(with_business, running.station)
        running.do(lambda: with_attribute(running.station, code="PROJECT"))
        yield running


@pytest.fixture
def api(server: StationServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url) as client:
        token = client.post("/api/v1/login", json={"operator": "EWA", "pin": "2222"}).json()["token"]
        client.headers["authorization"] = f"Bearer {token}"
        yield client


def codes(answer: httpx.Response) -> list[str]:
    return [problem["code"] for problem in answer.json()["problems"]]


def test_the_api_makes_an_invoice_for_a_contractor_it_has_just_made(api: httpx.Client) -> None:
    """SALE-01, DOC-27, DOC-30: one request after another, everything typed."""
    form = {"name": "Gamma", "kind": "business", "tax_number": "5252248481", "street": "Prosta 51", "city": "Warszawa"}
    made: dict[str, Any] = api.post("/api/v1/contractors", json=form).json()
    doc_id = api.post("/api/v1/documents", json={"type": "receipt"}).json()["doc_id"]
    api.post(f"/api/v1/documents/{doc_id}/lines", json={"code": MILK})
    assert api.post(f"/api/v1/documents/{doc_id}/type", json={"code": "invoice"}).json()["type"] == "invoice"
    api.put(f"/api/v1/documents/{doc_id}/buyer", json={"code": made["code"]})
    fields = {"fields": {"direction": "net", "order_number": "7", "attribute:PROJECT": "Alfa"}}
    changed = api.put(f"/api/v1/documents/{doc_id}/heading", json=fields).json()
    assert (changed["direction"], changed["order_number"], changed["attributes"]) == ("net", "7", {"PROJECT": "Alfa"})
    wrong = api.put(f"/api/v1/documents/{doc_id}/heading", json={"fields": {"order_number": "8", "oss_country": "XX"}})
    assert codes(wrong) == ["invoice.oss_country_unknown"]
    assert api.get(f"/api/v1/drafts/{doc_id}").json()["order_number"] == "7"
    api.post(f"/api/v1/documents/{doc_id}/payments", json={"form": "cash"})
    approved = api.post(f"/api/v1/documents/{doc_id}/approve").json()
    assert approved["document"]["number"].startswith("FS/2026/11/")


def test_the_same_number_again_is_refused_until_it_was_seen(api: httpx.Client) -> None:
    """DOC-27."""
    form = {"name": "Beta bis", "kind": "business", "tax_number": "7740001454"}
    assert codes(api.post("/api/v1/contractors", json=form)) == ["contractor.possible_duplicate"]
    assert api.post("/api/v1/contractors", json={**form, "seen": ["BETA"]}).status_code == 201


def test_a_receipt_from_the_list_becomes_an_invoice_once(api: httpx.Client, server: StationServer) -> None:
    """SALE-06, DOC-12: the preview offers it; the second time the number is told."""
    receipt = server.do(sell, server.station, MILK)
    with httpx.Client(base_url=server.url) as browser:
        headers = sign_in(browser, "EWA", "2222")
        assert f"/documents/{receipt.doc_id}/invoice" in browser.get(f"/documents/{receipt.doc_id}").text
        gone = browser.post(f"/documents/{receipt.doc_id}/invoice", headers=headers).headers["hx-redirect"]
        assert browser.get(gone).status_code == 200
    doc_id = gone.rsplit("/", 1)[1]
    server.do(till.set_buyer, server.station, EWA, doc_id, "ANNA")
    assert codes(api.post(f"/api/v1/documents/{doc_id}/lines", json={"code": MILK})) == ["invoice.of_receipt_stays"]
    assert api.post(f"/api/v1/documents/{doc_id}/payment/open").json()["due"] == 0
    number = api.post(f"/api/v1/documents/{doc_id}/approve").json()["document"]["number"]
    again = api.post(f"/api/v1/documents/{receipt.doc_id}/invoice")
    assert codes(again) == ["invoice.made_already"]
    assert number in again.text


def test_the_preview_of_an_invoice_names_term_and_contractor(server: StationServer) -> None:
    """SALE-03, DOC-03."""
    document = server.do(lambda: invoiced(server.station, MILK, form="term"))
    assert server.do(own_documents.preview, server.station, EWA, document.doc_id).row.paid == 0
    with httpx.Client(base_url=server.url) as browser:
        sign_in(browser, "EWA", "2222")
        page = browser.get(f"/documents/{document.doc_id}").text
    for words in ("Beta S.A.", "7740001454", document.number):
        assert words in page
    assert "5.12.2026" in page


def test_a_card_asks_on_the_screen_before_prices_follow(server: StationServer) -> None:
    """DOC-27: the question carries the card, so that the answer puts that very card on the document."""
    server.do(with_parameter, server.station.books, "sale.recalculate_silently", "no")
    draft = server.do(fill, server.station, MILK)
    with httpx.Client(base_url=server.url) as browser:
        headers = sign_in(browser, "EWA", "2222")
        asked = browser.post(f"/sale/{draft.doc_id}/card", data={"card": "9900001"}, headers=headers)
        assert asked.headers["hx-retarget"] == "#dialog-body"
        assert f'hx-post="/sale/{draft.doc_id}/card"' in asked.text
        assert "9900001" in asked.text
        told = {"card": "9900001", "recalculate": "no"}
        assert browser.post(f"/sale/{draft.doc_id}/card", data=told, headers=headers).status_code == 200
    kept = server.do(till.look_at, server.station, EWA, draft.doc_id)
    assert (kept.buyer.code, kept.buyer.loyalty_card, kept.totals.gross) == ("ANNA", "9900001", 399)


def test_a_delivery_method_that_is_gone_can_still_be_taken_off_on_the_form(
    server: StationServer, api: httpx.Client
) -> None:
    """DISC-10, UI: where no method is left to choose from, the draft that names one would never be paid."""
    courier = DeliveryMethod(code="COURIER", name="Kurier")
    server.do(change, server.station.books, courier)
    doc_id = api.post("/api/v1/documents", json={"type": "receipt"}).json()["doc_id"]
    api.post(f"/api/v1/documents/{doc_id}/lines", json={"code": MILK})
    api.put(f"/api/v1/documents/{doc_id}/heading", json={"fields": {"delivery_method": "COURIER"}})
    server.do(change, server.station.books, msgspec.structs.replace(courier, active=False))
    with httpx.Client(base_url=server.url) as screens:
        headers = sign_in(screens, "EWA", "2222")
        form = screens.get(f"/sale/{doc_id}/fields").text
        assert 'name="delivery_method"' in form
        assert "Kurier" in form
        kept = screens.post(f"/sale/{doc_id}/fields", data={"delivery_method": ""}, headers=headers)
    assert kept.status_code == 200
    assert api.get(f"/api/v1/drafts/{doc_id}").json()["delivery_method"] == ""
