"""Coupons over a till's API: asked of head office, reserved for the payment, let go again (COUP-01 … COUP-03)."""

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from discounts import article, off
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.coupons import CouponAnswer, ReleaseCoupons, ReserveCoupons, VerifyCoupon
from kontuar.web import coupons
from shop import MILK, MILK_EAN, change
from station_server import StationServer


class CouponOffice:
    """Head office as a till hears it: `kept` for documents, `used_up` codes, how long it thinks."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, ...]] = {}
        self.used_up: set[str] = set()
        self.asked: list[str] = []
        self.delay_seconds = 0.0

    async def ask(self, question: str, body: bytes) -> bytes:
        self.asked.append(question)
        await asyncio.sleep(self.delay_seconds)
        if question == "coupon.release":
            told = decode(body, ReleaseCoupons)
            self.kept.pop(told.doc_id, None)
            return encode(CouponAnswer(doc_id=told.doc_id, codes=()))
        if question == "coupon.verify":
            wanted = decode(body, VerifyCoupon)
            return self._yes(wanted.doc_id, (wanted.code,))
        asked = decode(body, ReserveCoupons)
        answer = self._yes(asked.doc_id, asked.codes)
        self.kept[asked.doc_id] = asked.codes
        return answer

    def _yes(self, doc_id: str, codes: tuple[str, ...]) -> bytes:
        for code in codes:
            if code in self.used_up:
                facts = {"coupon": code, "name": "Milk", "number": "PAR/7", "day": "2026-11-20", "store": "S2"}
                raise refuse("coupon.used_up", "coupon", **facts)
        return encode(CouponAnswer(doc_id=doc_id, codes=codes))


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("coupons")) as server:
        ten = Discount(code="TEN", name="Ten", source="PRM", deal=off("10", article(MILK)), state="confirmed",
                       by_coupon=True)  # fmt: skip
        five = Discount(code="FIVE", name="Five", source="PRM", deal=off("5"), state="confirmed", by_coupon=True)
        change(
            server.station.books, ten, five, Coupon(code="ONCE", name="Milk", discount="TEN"),
            Coupon(code="FREE", name="Free", discount="FIVE", offline=True),
        )  # fmt: skip
        server.desk.answer_seconds = 0.3
        yield server


@pytest.fixture
def office(running: StationServer) -> CouponOffice:
    running.level = "online"
    running.desk.questions = office = CouponOffice()
    return office


@pytest.fixture
def till(running: StationServer, office: CouponOffice) -> Iterator[httpx.Client]:
    """Ewa, who speaks English."""
    with httpx.Client(base_url=running.url, timeout=20) as client:
        token = client.post("/api/v1/login", json={"operator": "EWA", "pin": "2222"}).json()["token"]
        client.headers.update({"authorization": f"Bearer {token}", "accept-language": "en"})
        yield client


def draft(till: httpx.Client, *codes: str) -> str:
    doc_id = str(till.post("/api/v1/documents", json={"type": "receipt"}).json()["doc_id"])
    for code in codes:
        scan(till, doc_id, code)
    return doc_id


def scan(till: httpx.Client, doc_id: str, code: str, scan_id: str = "") -> dict[str, Any]:
    answer = till.post(f"/api/v1/documents/{doc_id}/lines", json={"code": code, "scan_id": scan_id})
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def on(document: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(one["code"], one["state"], one["used"]) for one in document["discounts"]["coupons"]]


def codes_of(answer: httpx.Response) -> list[str]:
    return [problem["code"] for problem in answer.json()["problems"]]


def test_a_coupon_is_chosen_from_the_list_and_taken_off_again(till: httpx.Client, office: CouponOffice) -> None:
    """COUP-01, COUP-03: head office is asked when it is put on."""
    doc_id = draft(till, MILK_EAN)
    where = f"/api/v1/documents/{doc_id}/coupons"
    assert [row["code"] for row in till.get(where, params={"phrase": "mil"}).json()] == ["ONCE"]
    assert on(till.post(where, json={"code": "ONCE"}).json()) == [("ONCE", "verified", True)]
    assert [(row["code"], row["chosen"]) for row in till.get(where).json()] == [("ONCE", True), ("FREE", False)]
    assert on(till.delete(f"{where}/ONCE").json()) == []
    assert office.asked == ["coupon.verify"]


def test_scanning_its_code_on_the_form_puts_the_coupon_on_once(till: httpx.Client, office: CouponOffice) -> None:
    """COUP-01: a repeated scan, whose answer was lost, changes nothing."""
    doc_id = draft(till, MILK_EAN)
    assert on(scan(till, doc_id, "ONCE", "scan-1")) == [("ONCE", "verified", True)]
    assert on(scan(till, doc_id, "ONCE", "scan-1")) == [("ONCE", "verified", True)]
    answer = till.post(f"/api/v1/documents/{doc_id}/lines", json={"code": "NOTHING"})
    assert codes_of(answer) == ["article.code_unknown"]


def test_head_offices_no_is_told_in_its_own_words(till: httpx.Client, office: CouponOffice) -> None:
    """COUP-03."""
    office.used_up.add("ONCE")
    doc_id = draft(till, MILK_EAN)
    answer = till.post(f"/api/v1/documents/{doc_id}/coupons", json={"code": "ONCE"})
    assert codes_of(answer) == ["coupon.used_up"]
    assert "document PAR/7 of 2026-11-20, store S2" in answer.text
    assert on(till.get(f"/api/v1/drafts/{doc_id}").json()) == []


def test_head_office_that_is_slow_is_not_waited_for(till: httpx.Client, office: CouponOffice) -> None:
    """COUP-03: then it counts as offline."""
    office.delay_seconds = 2.0
    doc_id = draft(till, MILK_EAN)
    where = f"/api/v1/documents/{doc_id}/coupons"
    assert codes_of(till.post(where, json={"code": "ONCE"})) == ["coupon.offline_not_allowed"]
    assert on(till.post(where, json={"code": "FREE"}).json()) == [("FREE", "offline", True)]


def test_opening_the_payment_reserves_and_leaving_it_lets_go(till: httpx.Client, office: CouponOffice) -> None:
    """COUP-03."""
    doc_id = draft(till, MILK_EAN, "ONCE")
    document = till.post(f"/api/v1/documents/{doc_id}/payment/open").json()["document"]
    assert (on(document), office.kept) == ([("ONCE", "reserved", True)], {doc_id: ("ONCE",)})
    document = till.post(f"/api/v1/documents/{doc_id}/payment/leave").json()
    assert (on(document), office.kept) == ([("ONCE", "verified", True)], {})


def test_payment_stays_shut_when_the_coupon_was_used_elsewhere_meanwhile(
    till: httpx.Client, office: CouponOffice
) -> None:
    """COUP-03: refused with the reason, and nothing is taken off silently."""
    doc_id = draft(till, MILK_EAN, "ONCE")
    office.used_up.add("ONCE")
    assert codes_of(till.post(f"/api/v1/documents/{doc_id}/payment/open")) == ["coupon.used_up"]
    assert on(till.get(f"/api/v1/drafts/{doc_id}").json()) == [("ONCE", "verified", True)]


def test_a_draft_approved_without_the_window_reserves_all_the_same(till: httpx.Client, office: CouponOffice) -> None:
    """COUP-03: whoever uses the API alone; a repeated approval asks nothing."""
    doc_id = draft(till, MILK_EAN, "ONCE")
    till.post(f"/api/v1/documents/{doc_id}/payments", json={"form": "cash"})
    approved = till.post(f"/api/v1/documents/{doc_id}/approve").json()["document"]
    assert on(approved) == [("ONCE", "reserved", True)]
    assert till.post(f"/api/v1/documents/{doc_id}/approve").json()["document"]["number"] == approved["number"]
    assert office.asked == ["coupon.verify", "coupon.reserve"]


def test_what_was_let_go_while_head_office_was_away_is_told_later(
    running: StationServer, till: httpx.Client, office: CouponOffice
) -> None:
    """COUP-03: the errand is durable."""
    doc_id = draft(till, MILK_EAN, "ONCE")
    till.post(f"/api/v1/documents/{doc_id}/payment/open")
    running.level = "store"
    assert till.delete(f"/api/v1/drafts/{doc_id}").status_code == 204
    assert office.kept == {doc_id: ("ONCE",)}
    running.level = "online"
    assert running._loop is not None
    asyncio.run_coroutine_threadsafe(coupons.settle(running.desk), running._loop).result(20)
    assert office.kept == {}
