"""Who may do what over the station's API: every endpoint without a login, and with every single right (SEC-01)."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest

from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator, Role
from kontuar.web.station.app import station_routes
from kontuar.web.station_app import build_station_app
from shop import change
from station_server import StationServer

OPEN = {
    ("GET", "/api/v1/operators"),
    ("POST", "/api/v1/login"),
    ("GET", "/api/v1/status"),
    ("POST", "/api/v1/logout"),
}
"""Need no login: what the login screen and the top bar show, and a logout of whoever it is."""

ANY_OPERATOR = {
    ("POST", "/api/v1/authorisations"),
    ("GET", "/api/v1/drafts"),
    ("GET", "/api/v1/parked"),
    ("GET", "/api/v1/parked/{doc_id}/versions"),
    ("GET", "/api/v1/articles"),
    ("GET", "/api/v1/articles/{code}"),
    ("GET", "/api/v1/articles/{code}/elsewhere"),
    ("GET", "/api/v1/contractors"),
    ("GET", "/api/v1/articles/{code}/batches"),
    ("GET", "/api/v1/quick"),
    ("GET", "/api/v1/views/{name}"),
}
"""Need a login and no right; drafts and parked documents are filtered by what the operator may issue."""

RECEIPT = (rights.SELL,)
NEEDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("PUT", "/api/v1/views/{name}"): (rights.MANAGE_VIEWS,),
    ("DELETE", "/api/v1/views/{name}"): (rights.MANAGE_VIEWS,),
    ("POST", "/api/v1/documents/{doc_id}/articles"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/lines/{number}/batch"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/copy"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/paste"): RECEIPT,
    ("GET", "/api/v1/shift"): (rights.SEE_CASH,),
    ("POST", "/api/v1/shift/open"): (rights.OPEN_SHIFT,),
    ("POST", "/api/v1/shift/close"): (rights.CLOSE_SHIFT,),
    ("POST", "/api/v1/documents"): RECEIPT,
    ("GET", "/api/v1/documents"): (rights.OWN_DOCUMENTS,),
    ("GET", "/api/v1/documents/elsewhere"): (rights.OWN_DOCUMENTS,),
    ("GET", "/api/v1/drafts/{doc_id}"): RECEIPT,
    ("DELETE", "/api/v1/drafts/{doc_id}"): (rights.VOID_RECEIPT,),
    ("POST", "/api/v1/documents/{doc_id}/lines"): RECEIPT,
    ("PATCH", "/api/v1/documents/{doc_id}/lines/{number}"): (rights.SELL, rights.LINE_DISCOUNT),
    ("DELETE", "/api/v1/documents/{doc_id}/lines/{number}"): (rights.SELL, rights.VOID_LINE),
    ("PUT", "/api/v1/documents/{doc_id}/lines/{number}/discount"): (rights.SELL, rights.LINE_DISCOUNT),
    ("PUT", "/api/v1/documents/{doc_id}/lines/{number}/initial-price"): (rights.SELL, rights.CHANGE_PRICE),
    ("GET", "/api/v1/documents/{doc_id}/lines/{number}/explanation"): RECEIPT,
    ("GET", "/api/v1/documents/{doc_id}/explanation"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/discount"): (rights.SELL, rights.HEADER_DISCOUNT),
    ("POST", "/api/v1/documents/{doc_id}/promotions"): RECEIPT,
    ("DELETE", "/api/v1/documents/{doc_id}/promotions"): RECEIPT,
    ("GET", "/api/v1/documents/{doc_id}/discounts"): RECEIPT,
    ("GET", "/api/v1/documents/{doc_id}/gifts"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/gifts"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/payment-form"): RECEIPT,
    ("GET", "/api/v1/documents/{doc_id}/delivery-methods"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/delivery-method"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/buyer"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/handler"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/reason"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/fields/{field}"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/amount"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/type"): (rights.SELL, rights.ISSUE_INVOICE),
    ("PUT", "/api/v1/documents/{doc_id}/heading"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/lines/{number}/heading"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/recipient"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/address"): RECEIPT,
    ("PUT", "/api/v1/documents/{doc_id}/card"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/invoice"): (rights.INVOICE_FROM_RECEIPT,),
    ("POST", "/api/v1/contractors"): (rights.EDIT_CONTRACTORS,),
    ("PUT", "/api/v1/contractors/{code}"): (rights.EDIT_CONTRACTORS,),
    ("POST", "/api/v1/contractors/{code}/addresses"): (rights.EDIT_CONTRACTORS,),
    ("POST", "/api/v1/contractors/{code}/cards"): (rights.EDIT_CONTRACTORS,),
    ("GET", "/api/v1/documents/{doc_id}/coupons"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/coupons"): RECEIPT,
    ("DELETE", "/api/v1/documents/{doc_id}/coupons/{code}"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/payment/open"): (rights.APPROVE_RECEIPT,),
    ("POST", "/api/v1/documents/{doc_id}/payment/leave"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/payments"): RECEIPT,
    ("DELETE", "/api/v1/documents/{doc_id}/payments"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/payments/undo"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/payments/card"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/payments/card/decide"): RECEIPT,
    ("POST", "/api/v1/documents/{doc_id}/approve"): (rights.APPROVE_RECEIPT,),
    ("GET", "/api/v1/documents/{doc_id}"): (rights.OWN_DOCUMENTS,),
    ("POST", "/api/v1/documents/{doc_id}/cancel"): (rights.OWN_DOCUMENTS,),
    ("POST", "/api/v1/documents/{doc_id}/fiscalise"): (rights.OWN_DOCUMENTS,),
    ("POST", "/api/v1/documents/{doc_id}/print"): (rights.OWN_DOCUMENTS,),
    ("GET", "/api/v1/documents/{doc_id}/pdf"): (rights.OWN_DOCUMENTS,),
    ("POST", "/api/v1/drafts/{doc_id}/park"): RECEIPT,
    ("POST", "/api/v1/parked/{doc_id}/continue"): RECEIPT,
    ("POST", "/api/v1/parked/{doc_id}/leave"): RECEIPT,
    ("DELETE", "/api/v1/parked/{doc_id}"): (rights.SELL, rights.VOID_RECEIPT),
    ("POST", "/api/v1/drawer"): (rights.OPEN_DRAWER,),
    ("GET", "/api/v1/reconciliation"): (rights.ALL_DOCUMENTS,),
    ("POST", "/api/v1/exchange/export"): (rights.EXCHANGE,),
    ("POST", "/api/v1/exchange/import"): (rights.EXCHANGE,),
    ("GET", "/api/v1/exchange/files"): (rights.EXCHANGE,),
    ("POST", "/api/v1/enrol"): (rights.EXCHANGE,),
}
"""The rights that an endpoint needs on a receipt of the walk-in customer."""

BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/api/v1/documents/{doc_id}/articles"): {"article": "MILK"},
    ("POST", "/api/v1/login"): {"operator": "OLA", "pin": "1111"},
    ("POST", "/api/v1/authorisations"): {"right": rights.CHANGE_PRICE, "operator": "EWA", "pin": "2222"},
    ("POST", "/api/v1/enrol"): {"code": "AB-CD"},
    ("POST", "/api/v1/documents"): {"type": "receipt"},
    ("POST", "/api/v1/documents/{doc_id}/lines"): {"code": "MILK"},
    ("PATCH", "/api/v1/documents/{doc_id}/lines/{number}"): {"price": "1.00"},
    ("PUT", "/api/v1/documents/{doc_id}/lines/{number}/discount"): {"kind": "percent", "value": "1"},
    ("PUT", "/api/v1/documents/{doc_id}/discount"): {"kind": "percent", "value": "1"},
    ("POST", "/api/v1/documents/{doc_id}/gifts"): {"rule": "X", "article": "MILK"},
    ("PUT", "/api/v1/documents/{doc_id}/buyer"): {"code": "ANNA"},
    ("PUT", "/api/v1/documents/{doc_id}/handler"): {"code": "OLA"},
    ("PUT", "/api/v1/documents/{doc_id}/reason"): {"code": "LOSS"},
    ("PUT", "/api/v1/documents/{doc_id}/fields/{field}"): {"text": "x"},
    ("PUT", "/api/v1/documents/{doc_id}/amount"): {"form": "cash", "amount": "1"},
    ("POST", "/api/v1/documents/{doc_id}/type"): {"code": "invoice"},
    ("PUT", "/api/v1/documents/{doc_id}/heading"): {"fields": {"order_number": "1"}},
    ("PUT", "/api/v1/documents/{doc_id}/lines/{number}/heading"): {"fields": {"handler": "OLA"}},
    ("PUT", "/api/v1/documents/{doc_id}/recipient"): {"code": "ANNA"},
    ("PUT", "/api/v1/documents/{doc_id}/address"): {"code": "none"},
    ("PUT", "/api/v1/documents/{doc_id}/card"): {"card": "9900001"},
    ("POST", "/api/v1/contractors"): {"name": "X", "kind": "business"},
    ("PUT", "/api/v1/contractors/{code}"): {"name": "X"},
    ("POST", "/api/v1/contractors/{code}/addresses"): {"address": {"name": "X"}},
    ("POST", "/api/v1/contractors/{code}/cards"): {"card": "1"},
    ("POST", "/api/v1/documents/{doc_id}/coupons"): {"code": "NONE"},
    ("POST", "/api/v1/documents/{doc_id}/payments"): {"form": "cash"},
    ("POST", "/api/v1/documents/{doc_id}/payments/card"): {"form": "card"},
    ("POST", "/api/v1/documents/{doc_id}/payments/card/decide"): {"operation_id": "x", "succeeded": True},
    ("POST", "/api/v1/documents/{doc_id}/fiscalise"): {"how": "mark"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StationServer]:
    with StationServer(tmp_path_factory.mktemp("access")) as running:
        for right in sorted(rights.ALL_RIGHTS):
            code = right.replace(".", "-")
            role = Role(code=code, name=code, rights=(right,))
            one = Operator(code=code, name=code, pin_verifier="$argon2id$x-4444", roles=(code,))
            all_but = Role(code=f"no-{code}", name=code, rights=tuple(sorted(rights.ALL_RIGHTS - {right})))
            rest = Operator(code=f"no-{code}", name=code, pin_verifier="$argon2id$x-4444", roles=(f"no-{code}",))
            change(running.station.books, role, one, all_but, rest)  # type: ignore[arg-type]
        yield running


_CLIENT = httpx.Client(timeout=20)
"""One for all: making a client costs more than most answers."""


def endpoints(url: str) -> list[tuple[str, str]]:
    """Every operation of the API, from its own description."""
    paths = httpx.get(f"{url}/api/openapi.json").json()["paths"]
    return sorted((method.upper(), path) for path, methods in paths.items() for method in methods if "/api/v1/" in path)


def ask(url: str, endpoint: tuple[str, str], doc_id: str, token: str = "") -> httpx.Response:
    method, path = endpoint
    filled = path.format(doc_id=doc_id, number=1, code="MILK", field="description", name="receipt")
    query = {"day": "2026-11-21"} if path.endswith("reconciliation") else None
    query = {"number": "PAR/2026/11/00001/POS9"} if path.endswith("documents/elsewhere") else query
    headers = {"authorization": f"Bearer {token}"} if token else {}
    _CLIENT.cookies.clear()
    return _CLIENT.request(method, url + filled, params=query, json=BODIES.get(endpoint, {}), headers=headers)


def token_of(url: str, operator: str, pin: str = "4444") -> str:
    _CLIENT.cookies.clear()
    answer = _CLIENT.post(f"{url}/api/v1/login", json={"operator": operator, "pin": pin})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["token"])


def new_receipt(url: str) -> str:
    """A receipt with a line, made by somebody who may."""
    headers = {"authorization": f"Bearer {token_of(url, 'EWA', '2222')}"}
    doc_id = httpx.post(f"{url}/api/v1/documents", json={"type": "receipt"}, headers=headers).json()["doc_id"]
    answer = httpx.post(f"{url}/api/v1/documents/{doc_id}/lines", json={"code": "MILK"}, headers=headers)
    assert answer.status_code == 201, answer.text
    return str(doc_id)


def test_every_endpoint_stands_in_the_matrix(server: StationServer) -> None:
    """SEC-01: a new endpoint must say who may use it."""
    assert set(endpoints(server.url)) == OPEN | ANY_OPERATOR | set(NEEDS)


def test_nothing_but_the_login_works_without_a_login(server: StationServer) -> None:
    """SEC-01: default deny."""
    doc_id = new_receipt(server.url)
    for endpoint in endpoints(server.url):
        if endpoint not in OPEN:
            answer = ask(server.url, endpoint, doc_id)
            assert (endpoint, answer.status_code) == (endpoint, 401)
            assert answer.json()["problems"][0]["code"] == "login.needed"


def test_an_operator_without_the_right_is_refused_and_told_which_one(server: StationServer) -> None:
    """SEC-01: for every endpoint and each right it needs, an operator with all rights but that one."""
    doc_id = new_receipt(server.url)
    for endpoint, needed in NEEDS.items():
        for right in needed:
            if right == rights.OWN_DOCUMENTS:
                continue  # implied by *all documents*, which this operator has
            answer = ask(server.url, endpoint, doc_id, token_of(server.url, f"no-{right.replace('.', '-')}"))
            assert (endpoint, right, answer.status_code) == (endpoint, right, 403)
            assert answer.json()["problems"][0]["code"] == "right.missing"


def test_no_single_right_opens_what_it_is_not_for(server: StationServer) -> None:
    """SEC-01: endpoint × right, one right at a time; of its rights each endpoint is asked with one in seven, by turns.

    What a single right opened by mistake, all rights but the needed one would open, too: the test above asks that of
    every endpoint.
    """
    doc_id = new_receipt(server.url)
    tokens = {right: token_of(server.url, right.replace(".", "-")) for right in sorted(rights.ALL_RIGHTS)}
    for turn, (endpoint, needed) in enumerate(NEEDS.items()):
        for right, token in list(tokens.items())[turn % 7 :: 7]:
            if right in needed or (right == rights.ALL_DOCUMENTS and rights.OWN_DOCUMENTS in needed):
                continue
            answer = ask(server.url, endpoint, doc_id, token)
            assert (endpoint, right, answer.status_code) == (endpoint, right, 403), answer.text


def test_a_change_by_cookie_needs_the_token_of_our_own_page(server: StationServer) -> None:
    """SEC-03: another site's page cannot make the browser change anything."""
    cookies = {"kontuar_S1T1": token_of(server.url, "EWA", "2222")}
    bare = httpx.post(f"{server.url}/api/v1/documents", json={"type": "receipt"}, cookies=cookies)
    assert (bare.status_code, bare.json()["problems"][0]["code"]) == (403, "csrf.missing")


def test_pages_forbid_foreign_scripts_and_frames(server: StationServer) -> None:
    """SEC-03."""
    answer = httpx.get(f"{server.url}/login")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["x-frame-options"] == "DENY"


def test_the_description_of_the_api_names_every_operation(server: StationServer) -> None:
    described = httpx.get(f"{server.url}/api/openapi.json").json()
    summaries = [
        operation.get("summary", "") for methods in described["paths"].values() for operation in methods.values()
    ]
    assert all(summaries)
    assert msgspec.json.encode(described)


OPEN_PAGES = {
    "/login", "/login/card", "/login/operators", "/logout", "/language", "/design", "/api/status", "/health",
    "/metrics",
}  # fmt: skip
"""Screens and figures that need no login: how one gets in, and what is watched."""


def test_no_screen_answers_anything_without_a_login(server: StationServer) -> None:
    """SEC-01: default deny for the screens too, whatever their method."""
    app = build_station_app(server.desk, routes=station_routes())
    leaking = []
    for route in app.routes:
        path = route.path
        if path in OPEN_PAGES or path.startswith(("/api/v1/", "/api/openapi", "/assets", "/api")):
            continue
        filled = re.sub(r"\{\w+:\w+\}", "x", re.sub(r"\{\w+:int\}", "1", path))
        for method in sorted(getattr(route, "methods", set()) - {"OPTIONS", "HEAD"}):
            answer = httpx.request(method, server.url + filled, timeout=20)
            to_login = answer.headers.get("location", "") + answer.headers.get("hx-redirect", "")
            # 400 and 404: the address itself is refused before anyone is asked who he is.
            if answer.status_code not in (400, 401, 403, 404) and "/login" not in to_login:
                leaking.append((method, path, answer.status_code))
    assert not leaking
