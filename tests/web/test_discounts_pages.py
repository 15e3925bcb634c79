"""Discounts on the till's screens and in its API over HTTP: questions, limits, locks, prints (DISC-06 … DISC-32)."""

import json
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest

from discounted_shop import PACK, TILES, bundle, discounted_shop
from kontuar.domain.catalogue.records import Price
from kontuar.domain.documents.document import Document
from kontuar.domain.parties.records import Operator
from kontuar.domain.pricing.discount import Coupon
from kontuar.domain.pricing.rules import Scope
from shop import MILK, MILK_EAN, NUTS_EAN, REPAIR, TILE_EAN, change, with_parameter
from station_server import StationServer
from web.test_station_pages import new_receipt, sign_in


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("discounts")) as running:
        running.do(change, running.station.books, *discounted_shop())
        yield running


class Form:
    """A receipt's form as a browser uses it."""

    def __init__(self, client: httpx.Client, server: StationServer, *codes: str, operator: str = "EWA") -> None:
        self.client, self.server = client, server
        self.headers = sign_in(client, operator, {"EWA": "2222", "OLA": "1111"}[operator])
        self.path = new_receipt(client, server)
        self.doc_id = self.path.rsplit("/", 1)[1]
        for code in codes:
            assert self.post("lines", code=code).status_code == 200

    def post(self, path: str, **data: str) -> httpx.Response:
        return self.client.post(f"{self.path}/{path}", data=data, headers=self.headers)

    def get(self, path: str) -> httpx.Response:
        return self.client.get(f"{self.path}/{path}", headers=self.headers)

    def api(self, method: str, path: str, **body: str) -> httpx.Response:
        url = f"/api/v1/documents/{self.doc_id}/{path}"
        return self.client.request(method, url, json=body or None, headers=self.headers)

    def draft(self) -> Document:
        found: Document = self.server.do(self.server.station.books.drafts.load, self.doc_id)
        return found

    def values(self) -> list[int]:
        return [line.value for line in self.draft().lines]


def sold_for_cash(form: Form) -> None:
    assert form.api("POST", "payments", form="cash").status_code == 201
    assert form.api("POST", "approve").status_code == 200


def water_at(price: str) -> Price:
    return Price(price_list="RETAIL", article="WATER", unit="szt", valid_from="2026-01-01", price=Decimal(price))


@pytest.fixture
def client(server: StationServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=server.url, timeout=20, cookies={"kontuar_language": "en"}) as made:
        yield made


def triggers(answer: httpx.Response) -> dict[str, dict[str, str]]:
    told: dict[str, dict[str, str]] = json.loads(answer.headers.get("hx-trigger", "{}"))
    return told


@pytest.mark.parametrize("path", ["delete", "quantity"])
def test_a_change_of_a_line_in_a_bundle_asks_first_and_no_leaves_it_untouched(
    client: httpx.Client, server: StationServer, path: str
) -> None:
    """DISC-23: the question names the bundle; the answer *yes* sends the same again."""
    form = Form(client, server, MILK_EAN, "WATER")
    before = form.draft()
    asked = form.post(f"lines/1/{path}", quantity="2", unit="szt")
    assert (asked.headers["hx-retarget"], PACK in asked.text) == ("#dialog-body", True)
    assert form.draft() == before
    form.post(f"lines/1/{path}", quantity="2", unit="szt", sure="yes")
    assert form.values() == ([249] if path == "delete" else [718, 199])


def test_what_the_limit_lowered_is_a_message_that_names_the_limit(client: httpx.Client, server: StationServer) -> None:
    """DISC-06: on a line and on the header."""
    ewa = server.do(server.station.books.definitions.get, Operator, "EWA")
    limited = Operator(**{name: getattr(ewa, name) for name in ewa.__struct_fields__} | {"discount_percent": 10})
    server.do(change, server.station.books, limited)
    try:
        form = Form(client, server, TILE_EAN)
        answer = form.post("lines/1/discount", how="percent", amount="50")
        assert "limit 10%" in triggers(answer)["kontuar:toast"]["text"]
        assert form.values() == [666]
        header = form.post("header-discount", how="amount", amount="3,00")
        assert "limit 10%" in triggers(header)["kontuar:toast"]["text"]
        assert "10 %" in form.get("header-discount").text
    finally:
        server.do(change, server.station.books, ewa)


def test_a_cashier_needs_somebody_who_may_for_each_kind_of_discount(
    client: httpx.Client, server: StationServer
) -> None:
    """DISC-06, SEC-01: the window of authorisation, and nothing changed."""
    form = Form(client, server, TILE_EAN, operator="OLA")
    for path, data in (
        ("lines/1/discount", {"how": "percent", "amount": "5"}), ("lines/1/initial-price", {"price": "5"}),
        ("header-discount", {"how": "percent", "amount": "5"}),
    ):  # fmt: skip
        answer = form.post(path, **data)
        assert (path, answer.status_code, "x-kontuar-right" in answer.headers) == (path, 403, True)
    assert form.values() == [740]


def test_bundles_wait_for_the_button_in_manual_mode_and_go_by_it(client: httpx.Client, server: StationServer) -> None:
    """DISC-23: apply promotions, then promotions with apply and remove."""
    server.do(with_parameter, server.station.books, "discount.bundles_automatic", "no")
    try:
        form = Form(client, server, MILK_EAN, "WATER")
        assert "promotions/apply" in client.get(form.path).text
        assert form.values() == [399, 249]
        form.post("promotions/apply")
        assert form.values() == [319, 199]
        window = form.get("promotions").text
        assert (PACK in window, "promotions-remove" in window) == (True, True)
        form.post("promotions/remove")
        assert form.values() == [399, 249]
    finally:
        server.do(with_parameter, server.station.books, "discount.bundles_automatic", "yes")


def test_a_line_of_a_bundle_by_coupon_says_why_its_price_is_locked(client: httpx.Client, server: StationServer) -> None:
    """DISC-32: neither price nor discount; the button is refused with the reason."""
    both = bundle("BYCODE", "Tiles and repair by code", "TILE", REPAIR, by_coupon=True)
    server.do(change, server.station.books, both, Coupon(code="TWO", name="Two", discount="BYCODE", offline=True))
    form = Form(client, server, TILE_EAN, REPAIR)
    server.level = "store"
    try:
        assert form.post("lines", code="TWO").status_code == 200
    finally:
        server.level = "online"
    assert form.values() == [592, 1600]
    details = form.get("lines/1").text
    assert "aria-disabled" in details
    assert "initial-price" not in details
    for path, data in (
        ("discount", {"how": "percent", "amount": "1"}),
        ("initial-price", {"price": "1", "sure": "yes"}),
    ):
        answer = form.post(f"lines/1/{path}", **data)
        assert answer.json()["problems"][0]["code"] == "discount.line_locked_by_coupon"


def test_a_scanned_coupon_lies_on_the_document_and_is_told_whether_it_gives(
    client: httpx.Client, server: StationServer
) -> None:
    """COUP-01, COUP-02: conditions not met use nothing up."""
    form = Form(client, server, TILE_EAN)
    server.level = "store"
    try:
        answer = form.post("lines", code="REPAIR5", scan_id="c-1")
        assert triggers(answer)["kontuar:toast"]["kind"] == "warn"
        form.post("lines", code=REPAIR)
        assert form.values() == [740, 1900]
        listed = form.get("coupons").text
        assert listed.index("Cheaper repairs") < listed.index("From the leaflet")
        assert "Its discount is given" in listed
        assert "Cheaper repairs" not in form.get("coupons/rows?code=leaf").text
        form.post("coupons/off", code="REPAIR5")
        assert form.values() == [740, 2000]
    finally:
        server.level = "online"


def test_payment_reminds_of_a_gift_and_goes_on_without_it(client: httpx.Client, server: StationServer) -> None:
    """DISC-05: what, how many, add now or go on."""
    form = Form(client, server, TILE_EAN)
    form.post("lines/1/quantity", quantity="3", unit="szt")
    asked = client.get(f"/payment/{form.doc_id}", headers=form.headers).text
    assert (TILES in asked, 'data-gift="BAG"' in asked, "pay-cash" in asked) == (True, True, False)
    assert "pay-cash" in client.get(f"/payment/{form.doc_id}?gifts=no", headers=form.headers).text
    form.post("gifts", rule="TILES", article="BAG")
    assert form.values() == [2220, 0]
    assert "pay-cash" in client.get(f"/payment/{form.doc_id}", headers=form.headers).text


def test_an_approved_document_is_explained_in_a_window_and_on_paper(
    client: httpx.Client, server: StationServer
) -> None:
    """DISC-26: on the preview, and as a print on demand in the customer's language."""
    form = Form(client, server, NUTS_EAN)
    form.post("lines/1/discount", how="percent", amount="5")
    client.get(f"/payment/{form.doc_id}", headers=form.headers)
    client.post(f"/payment/{form.doc_id}/assign", data={"form": "cash"}, headers=form.headers)
    client.post(f"/payment/{form.doc_id}/approve", headers=form.headers)
    page = client.get(f"/documents/{form.doc_id}").text
    assert "Nuts 10% off" in page
    assert f"/documents/{form.doc_id}/explanation" in page
    window = client.get(f"/documents/{form.doc_id}/explanation", headers=form.headers).text
    assert [part in window for part in ("59.90", "-5.99", "53.91", "-2.70", "51.21")] == [True] * 5
    paper = client.get(f"/documents/{form.doc_id}/explanation/print").text
    assert [part in paper for part in ("SKĄD TAKIE CENY", "Promocja: Nuts 10% off, 10 %", "53,91")] == [True] * 3


def test_a_scan_that_completes_a_bundle_tells_once_whose_discount_it_took(
    client: httpx.Client, server: StationServer
) -> None:
    """DISC-20: as a message that names the line; the form tells it again when it is opened anew, the API always."""
    form = Form(client, server, MILK_EAN)
    form.post("lines/1/discount", how="percent", amount="5")
    told = triggers(form.post("lines", code="WATER"))["kontuar:toast"]
    assert (told["text"], told["kind"]) == (
        "Line 1: The line belongs to a bundle and takes no other discount.", "warn"
    )  # fmt: skip
    assert "kontuar:toast" not in triggers(form.post("lines", code=NUTS_EAN))
    assert f"{form.path}/problems" in client.get(form.path).text
    assert triggers(form.get("problems"))["kontuar:toast"]["text"] == told["text"]
    (problem,) = form.api("PUT", "payment-form", code="card").json()["discounts"]["problems"]
    assert (problem["code"], problem["place"]) == ("discount.line_in_bundle", "line:1")
    form.post("lines/2/delete", sure="yes")
    assert f"{form.path}/problems" not in client.get(form.path).text


def test_a_payment_form_and_a_coupon_tell_what_they_took_too(client: httpx.Client, server: StationServer) -> None:
    """DISC-10, DISC-20: a bundle for cards comes with the planned form, one by coupon with the coupon."""
    cards = bundle("CARDS", "Nuts and tiles by card", "NUTS", "TILE", scope=Scope(payment_forms=("card",)))
    coded = bundle("CODED", "Nuts and repair by code", "NUTS", REPAIR, by_coupon=True)
    coupon = Coupon(code="NUTTY", name="Nutty", discount="CODED", uses=0, offline=True)
    server.do(change, server.station.books, cards, coded, coupon)
    form = Form(client, server, NUTS_EAN, TILE_EAN)
    form.post("lines/1/discount", how="percent", amount="5")
    taken = "Line 1: The line belongs to a bundle and takes no other discount."
    assert triggers(form.post("fields", payment_form="card"))["kontuar:toast"]["text"] == taken
    form.post("fields", payment_form="")
    form.post("lines", code=REPAIR)
    server.level = "store"
    try:
        text = triggers(form.post("coupons", code="NUTTY"))["kontuar:toast"]["text"]
        assert text.endswith(taken)
        assert text.startswith("Nutty")
    finally:
        server.level = "online"


def test_the_summary_is_offered_on_the_preview_and_says_what_was_given_then(
    client: httpx.Client, server: StationServer
) -> None:
    """DISC-31: on the screen and in the API; where nothing was given there is no button."""
    form = Form(client, server, NUTS_EAN)
    form.post("lines/1/discount", how="percent", amount="5")
    before = form.api("GET", "discounts").json()["summary"]
    sold_for_cash(form)
    plain = Form(client, server, "WATER")
    sold_for_cash(plain)
    form.headers = plain.headers
    assert f"/documents/{form.doc_id}/summary" in client.get(f"/documents/{form.doc_id}").text
    assert f"/documents/{plain.doc_id}/summary" not in client.get(f"/documents/{plain.doc_id}").text
    window = client.get(f"/documents/{form.doc_id}/summary", headers=form.headers).text
    assert [part in window for part in ("Nuts 10% off", "59.90", "5.99", "2.70", "51.21")] == [True] * 5
    assert form.api("GET", "discounts").json()["summary"] == before


def test_money_on_a_document_whose_price_changed_shows_the_window_anew(
    client: httpx.Client, server: StationServer
) -> None:
    """PAY-01: the window shows one amount, a new price list another; nothing is taken, the message says how much."""
    form = Form(client, server, "WATER")
    assert "2.49" in client.get(f"/payment/{form.doc_id}", headers=form.headers).text
    server.do(change, server.station.books, water_at("12.49"))
    try:
        answer = client.post(f"/payment/{form.doc_id}/assign", data={"form": "cash"}, headers=form.headers)
        assert (answer.headers["hx-retarget"], f"/payment/{form.doc_id}" in answer.text) == ("#dialog-body", True)
        assert "12.49" in triggers(answer)["kontuar:toast"]["text"]
        assert form.draft().payments == ()
        assert form.api("POST", "payments", form="cash").json()["payments"][0]["amount"] == 1249
    finally:
        server.do(change, server.station.books, water_at("2.49"))


def test_the_api_does_what_the_windows_do(client: httpx.Client, server: StationServer) -> None:
    """DISC-06, DISC-23, DISC-26, DISC-31, DOC-22: over JSON."""
    form = Form(client, server, MILK_EAN, "WATER", NUTS_EAN)
    given = form.api("PUT", "lines/3/discount", kind="price", value="50.00").json()
    assert [line["value"] for line in given["lines"]] == [319, 199, 5000]
    assert form.api("PUT", "lines/3/initial-price", price="60.00").json()["lines"][2]["value"] == 5000
    assert form.api("DELETE", "promotions").json()["totals"]["gross"] == 5648
    assert form.api("POST", "promotions").json()["totals"]["gross"] == 5518
    assert form.api("PUT", "discount", kind="amount", value="5.18").json()["totals"]["gross"] == 5000
    summary = form.api("GET", "discounts").json()["summary"]
    assert (summary["without"], summary["by_operator_on_header"], summary["after"]) == (6648, 518, 5000)
    steps = form.api("GET", "lines/3/explanation").json()["steps"]
    assert [step["rule"] for step in steps] == ["NUTS10", "operator:line", "operator:header"]
    assert len(form.api("GET", "explanation").json()["lines"]) == 3
    assert form.api("GET", "gifts").json() == []
    assert form.api("POST", "gifts", rule="TILES", article=MILK).json()["problems"][0]["code"] == "gift.not_due"
    assert form.api("PUT", "payment-form", code="card").json()["discounts"]["payment_form"] == "card"
