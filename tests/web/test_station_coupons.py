"""Coupons over a till's API: asked of head office, reserved for the payment, let go again (COUP-01 … COUP-03)."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from discounts import article, off
from kontuar.domain.firm.records import Attribute
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.coupons import CouponAnswer, ReleaseCoupons, ReserveCoupons, VerifyCoupon
from kontuar.web import coupons
from shop import MILK, MILK_EAN, change
from station_server import StationServer
from web.test_station_pages import new_receipt, sign_in


class CouponOffice:
    """Head office as a till hears it: `kept` for documents, `used_up` codes, how long it thinks before it does what it
    is asked, or `afterwards`; `busy`: others write in its ledger; `knows_nothing` of coupons, an older program."""

    def __init__(self) -> None:
        self.kept: dict[str, tuple[str, ...]] = {}
        self.used_up: set[str] = set()
        self.asked: list[str] = []
        self.delay_seconds = 0.0
        self.afterwards_seconds = 0.0
        self.busy = self.knows_nothing = False

    async def ask(self, question: str, body: bytes) -> bytes:
        self.asked.append(question)
        await asyncio.sleep(self.delay_seconds)
        answer = self._answer(question, body)
        await asyncio.sleep(self.afterwards_seconds)
        return answer

    def _answer(self, question: str, body: bytes) -> bytes:
        if self.busy:
            raise refuse("coupon.busy", "coupon")
        if self.knows_nothing:
            raise refuse("question.unknown", question=question)
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


def beat(server: StationServer) -> None:
    """What the station does beside, every two seconds."""
    assert server._loop is not None
    asyncio.run_coroutine_threadsafe(coupons.settle_all(server.desk), server._loop).result(20)


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
    beat(running)
    assert office.kept == {}


# -- head office is away, slow or busy (COUP-03) ---------------------------------------------------------------
def open_payment(till: httpx.Client, doc_id: str) -> httpx.Response:
    return till.post(f"/api/v1/documents/{doc_id}/payment/open")


def test_a_payment_that_is_refused_after_all_lets_go_at_once(
    running: StationServer, till: httpx.Client, office: CouponOffice
) -> None:
    """COUP-03, DOC-05: the coupon was reserved, and then something else was missing."""
    doc_id = draft(till, MILK_EAN, "ONCE")
    needed = Attribute(code="WHY", name="Why", level="document", document_types=("receipt",), required=True)
    running.do(change, running.station.books, needed)
    try:
        assert codes_of(open_payment(till, doc_id)) == ["attribute.missing"]
    finally:
        running.do(change, running.station.books, msgspec.structs.replace(needed, active=False))
    assert (office.asked[-2:], office.kept) == (["coupon.reserve", "coupon.release"], {})
    assert on(till.get(f"/api/v1/drafts/{doc_id}").json()) == [("ONCE", "verified", True)]
    assert on(open_payment(till, doc_id).json()["document"]) == [("ONCE", "reserved", True)]


def test_an_answer_that_comes_too_late_leaves_nothing_kept(
    running: StationServer, till: httpx.Client, office: CouponOffice
) -> None:
    """COUP-03: head office did as asked, nobody waited; it is told until it has answered."""
    doc_id = draft(till, MILK_EAN, "ONCE")
    office.afterwards_seconds = 2.0
    answer = open_payment(till, doc_id)
    assert codes_of(answer) == ["coupon.not_reserved"]
    assert "perhaps it did not answer in time" in answer.text
    assert (office.asked[-2:], office.kept) == (["coupon.reserve", "coupon.release"], {})
    office.afterwards_seconds = 0.0
    for _ in range(2):
        beat(running)
    assert office.asked[-3:] == ["coupon.reserve", "coupon.release", "coupon.release"]
    assert on(open_payment(till, doc_id).json()["document"]) == [("ONCE", "reserved", True)]


def test_a_coupon_allowed_offline_is_sold_unchecked_while_head_office_is_slow(
    running: StationServer, till: httpx.Client, office: CouponOffice
) -> None:
    """COUP-03: at every step, and the receipt says so; what head office may keep is left to the booking."""
    office.afterwards_seconds = 2.0
    doc_id = draft(till, MILK_EAN, "FREE")
    assert on(open_payment(till, doc_id).json()["document"]) == [("FREE", "offline", True)]
    till.post(f"/api/v1/documents/{doc_id}/payments", json={"form": "cash"})
    approved = till.post(f"/api/v1/documents/{doc_id}/approve").json()["document"]
    assert on(approved) == [("FREE", "offline", True)]
    office.afterwards_seconds = 0.0
    beat(running)
    assert office.kept == {doc_id: ("FREE",)}


def test_a_busy_ledger_is_neither_yes_nor_no_and_is_told_again(
    running: StationServer, till: httpx.Client, office: CouponOffice
) -> None:
    """COUP-03."""
    doc_id = draft(till, MILK_EAN, "ONCE")
    open_payment(till, doc_id)
    office.busy = True
    till.post(f"/api/v1/documents/{doc_id}/payment/leave")
    assert codes_of(open_payment(till, doc_id)) == ["coupon.not_reserved"]
    beat(running)
    assert office.kept == {doc_id: ("ONCE",)}
    office.busy = False
    beat(running)
    assert office.kept == {}


def test_a_head_office_that_knows_no_coupons_is_not_asked_for_ever(
    running: StationServer, till: httpx.Client, office: CouponOffice
) -> None:
    """COUP-03: an older program there says no in its own words, and keeps nothing."""
    doc_id = draft(till, MILK_EAN, "ONCE")
    office.knows_nothing = True
    assert codes_of(open_payment(till, doc_id)) == ["question.unknown"]
    asked = len(office.asked)
    beat(running)
    assert len(office.asked) == asked


def test_of_many_releases_only_one_is_waited_for_while_head_office_is_slow(
    running: StationServer, till: httpx.Client, office: CouponOffice
) -> None:
    """COUP-03: the others are told when it answers again."""
    drafts = [draft(till, MILK_EAN, "ONCE") for _ in range(3)]
    for doc_id in drafts:
        open_payment(till, doc_id)
    running.level = "store"
    for doc_id in drafts:
        till.delete(f"/api/v1/drafts/{doc_id}")
    running.level, office.delay_seconds = "online", 2.0
    office.asked.clear()
    beat(running)
    assert office.asked == ["coupon.release"]
    office.delay_seconds = 0.0
    beat(running)
    assert office.kept == {}


@pytest.mark.parametrize("level", ["store", "offline"])
def test_without_the_line_each_step_says_at_once_what_may_not_be_taken(
    running: StationServer, till: httpx.Client, office: CouponOffice, level: str
) -> None:
    """COUP-03: scanned, paid, approved, taken off; nobody is asked, nothing waits."""
    verified, unchecked = draft(till, MILK_EAN, "ONCE"), draft(till, MILK_EAN)
    office.asked.clear()
    running.level = level
    answer = till.post(f"/api/v1/documents/{unchecked}/lines", json={"code": "ONCE"})
    assert codes_of(answer) == ["coupon.offline_not_allowed"]
    assert on(scan(till, unchecked, "FREE")) == [("FREE", "offline", True)]
    assert codes_of(open_payment(till, verified)) == ["coupon.offline_not_allowed"]
    assert codes_of(till.post(f"/api/v1/documents/{verified}/approve"))[-1] == "coupon.offline_not_allowed"
    assert on(till.delete(f"/api/v1/documents/{verified}/coupons/ONCE").json()) == []
    assert open_payment(till, verified).status_code == 200
    assert office.asked == []


def test_the_screen_says_that_nobody_could_be_asked(running: StationServer, office: CouponOffice) -> None:
    """COUP-03: the toast, and the row of the coupon window."""
    with httpx.Client(base_url=running.url, timeout=20, cookies={"kontuar_language": "en"}) as browser:
        headers = sign_in(browser)
        path = new_receipt(browser, running)
        browser.post(f"{path}/lines", data={"code": MILK_EAN}, headers=headers)
        running.level = "store"
        answer = browser.post(f"{path}/coupons", data={"code": "FREE"}, headers=headers)
        toast = json.loads(answer.headers["hx-trigger"])["kontuar:toast"]
        assert toast["text"] == (
            "Free: its discount is given. Head office could not be asked: it was not checked whether the code was used."
        )
        assert toast["kind"] == "warn"
        assert "Not checked: offline" in browser.get(f"{path}/coupons", headers=headers).text
