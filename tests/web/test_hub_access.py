"""Who may do what at the hub: every endpoint and every screen without a login, and with every single right (SEC-01)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any, Final

import httpx
import psycopg
import pytest

from hub_server import HubServer
from kontuar.domain.parties import rights
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_exchange import extend_exchange
from kontuar.nodes.hub_sync import extend_sync
from kontuar.operations.pins import pin_verifier
from postgres_fixture import fresh_database, open_temporary_folder

pytestmark = pytest.mark.postgres

PIN: Final = "471147"
HUB_RIGHTS: Final = (*sorted(right for right in rights.ALL_RIGHTS if right.startswith("hub.")), rights.SELL)
"""Those of the tills are all alike here: one of them stands for them."""
OPEN: Final = {
    ("POST", "/api/v1/login"), ("GET", "/login"), ("POST", "/login"), ("POST", "/language"), ("GET", "/health"),
    ("GET", "/health/live"), ("GET", "/metrics"), ("GET", "/metrics/nodes"), ("GET", "/assets/{file_path:path}"),
    ("GET", "/api/openapi.json"), ("GET", "/api/description"), ("GET", "/api/description/openapi.json"),
    ("GET", "/api/description/{path:str}"), ("POST", "/sync/v1/push"), ("POST", "/sync/v1/down"),
    ("POST", "/sync/v1/ask"), ("POST", "/sync/v1/enrol"), ("GET", "/sync/v1/snapshots/{snapshot_id:str}"),
}  # fmt: skip
"""Need no login: how one gets in, what is watched, the description of the API,
and what nodes prove themselves for by their signatures."""

ANY_OPERATOR: Final = {
    ("GET", "/"), ("GET", "/account"), ("POST", "/account/second-factor"), ("POST", "/account/second-factor/confirm"),
    ("GET", "/api/v1/login"), ("DELETE", "/api/v1/login"), ("POST", "/logout"), ("GET", "/api/status"),
    ("GET", "/api/v1/second-factor"), ("POST", "/api/v1/second-factor"), ("POST", "/api/v1/second-factor/confirm"),
    ("GET", "/api/v1/definition-questions/numbering-sample"), ("GET", "/definitions/numbering/sample"),
}  # fmt: skip
"""Need a login and no right: oneself, the frame of the screens, what a pattern gives."""

SEE, DEFINE, VERIFY, PRIVACY = rights.SEE_HUB, rights.DEFINE, rights.VERIFY, rights.PRIVACY
ITEM: Final = "/api/v1/verification/{store:str}/{message:str}"
PAGE_ITEM: Final = "/verification/{store:str}/{message:str}"
KIND: Final = "/api/v1/definitions/{kind:str}"
VERSION: Final = "/api/v1/definition-versions/{version:int}"
ALARM: Final = "/alarms/{alarm_id:int}/acknowledge"
MESSAGE: Final = "ab" * 32

_BY_RIGHTS: Final[dict[tuple[str, ...], str]] = {
    (SEE,): f"""
        GET /api/v1/alarms, GET /api/v1/certificates, GET /api/v1/definition-questions/parameters,
        GET /api/v1/definition-versions, GET /api/v1/definition-versions/running, GET {VERSION},
        GET /api/v1/definitions, GET {KIND}, GET {KIND}/export.csv, GET {KIND}/export.xlsx, GET {KIND}/{{key:str}},
        GET {KIND}/{{key:str}}/history, GET /api/v1/document-files, GET /api/v1/documents,
        GET /api/v1/documents/{{store:str}}/{{doc_id:str}}, GET /api/v1/documents/{{store:str}}/{{doc_id:str}}/pdf,
        GET /api/v1/documents/{{store:str}}/{{doc_id:str}}/explanation,
        GET /api/v1/documents/{{store:str}}/{{doc_id:str}}/explanation/pdf,
        GET /api/v1/documents/{{store:str}}/{{doc_id:str}}/again, GET /documents/{{store:str}}/{{doc_id:str}}/again,
        GET /documents/{{store:str}}/{{doc_id:str}}/explanation/pdf,
        GET /api/v1/monitor, GET /api/v1/reconciliation, GET /api/v1/stock, GET /api/v1/verification,
        GET /api/v1/verification-reasons, GET {ITEM}, POST /api/v1/verify-chains, GET /api/v1/proofs,
        GET /monitor/proofs, GET /definition-versions,
        GET /definition-versions/{{version:int}}, GET /definitions/parameter/scopes, GET /definitions/price/table,
        GET /definitions/role/matrix, GET /definitions/{{kind:str}}, GET /definitions/{{kind:str}}/choose,
        GET /definitions/{{kind:str}}/row, GET /documents, GET /documents/file,
        GET /documents/{{store:str}}/{{doc_id:str}}, GET /documents/{{store:str}}/{{doc_id:str}}/pdf, GET /monitor,
        GET /monitor/alarms, GET /verification, GET {PAGE_ITEM}, GET /api/v1/discounts/order,
        POST /api/v1/discounts/try, POST /definitions/discount/reading, POST /definitions/discount/try,
        GET /definitions/discount/desk, GET /definitions/discount/order, GET /definitions/coupon/uses,
        GET /api/v1/coupons/{{coupon:str}}/uses""",
    (DEFINE,): f"""
        DELETE {KIND}/{{key:str}}, PUT {KIND}/{{key:str}}, POST /api/v1/definitions, POST {KIND}/import,
        POST {KIND}/preview, POST /api/v1/definition-questions/similar-contractors, POST {VERSION}/withdraw,
        POST /api/v1/definition-questions/new-ean,
        PUT /api/v1/stock/opening,
        GET /definition-versions/{{version:int}}/withdraw, POST /definition-versions/{{version:int}}/withdraw,
        GET /definitions/{{kind:str}}/import, GET /definitions/{{kind:str}}/new, POST /definitions/{{kind:str}}/import,
        POST /definitions/{{kind:str}}/next-ean,
        POST /definitions/{{kind:str}}/preview, POST /definitions/{{kind:str}}/remove,
        POST /definitions/{{kind:str}}/save""",
    (SEE, DEFINE): """
        GET /definitions/{kind:str}/remove, POST /definitions/parameter/scopes, POST /definitions/role/matrix,
        POST /api/v1/discounts/read, POST /api/v1/discounts/{code:str}/state, POST /api/v1/discounts/{code:str}/move,
        POST /definitions/discount/state, POST /definitions/discount/move""",
    (VERIFY,): f"""
        POST /api/v1{ALARM}, POST /monitor{ALARM}, POST /monitor/proofs, POST /api/v1/verification-retries,
        POST /verification/retry,
        POST {ITEM}/accept, POST {ITEM}/notes, POST {ITEM}/retry, PUT {ITEM}/assignment, POST {PAGE_ITEM}/accept,
        POST {PAGE_ITEM}/assign, POST {PAGE_ITEM}/notes, POST {PAGE_ITEM}/retry,
        DELETE /api/v1/coupon-reservations/{{store:str}}/{{doc_id:str}}""",
    (SEE, VERIFY): "POST /definitions/coupon/release",
    (rights.CANCEL_AT_SOURCE,): f"POST {ITEM}/cancel, POST {PAGE_ITEM}/cancel",
    (rights.ENROL,): """
        POST /api/v1/enrolment-codes, POST /api/v1/certificates/{node:str}/{incarnation:str}/revoke""",
    (rights.SEE_REPORTS,): """
        GET /api/v1/reports/losses, GET /api/v1/reports/sales, GET /reports/losses, GET /reports/losses/file,
        GET /reports/sales, GET /reports/sales/file""",
    (rights.SEE_AUDIT,): "GET /api/v1/audit, GET /api/v1/audit-files, GET /audit, GET /audit/file",
    (rights.EXCHANGE,): """
        POST /api/v1/exchange/import, POST /api/v1/exchange/export/{node:str}, GET /api/v1/exchange/files,
        POST /api/v1/exchange/enrol, GET /exchange, GET /exchange/files, POST /exchange/export,
        POST /exchange/import""",
    (rights.SECOND_FACTORS,): """
        GET /api/v1/second-factors, DELETE /api/v1/second-factor/{operator:str}, GET /second-factors,
        POST /second-factors""",
    (PRIVACY,): """
        GET /api/v1/privacy/contractors/{code:str}, POST /api/v1/privacy/contractors/{code:str}/anonymise,
        GET /privacy, GET /privacy/file, POST /privacy""",
}
_PARKED_MESSAGE: Final = """
INSERT INTO message (store, origin, incarnation, seq, message_id, kind, payload, hash, signature, flaw, received_at)
VALUES ('S1', 'K1', 'x', 1, 'm', 'junk/1', '{}', decode(%s, 'hex'), '', '', now())"""
_PARKED_ITEM: Final = """
INSERT INTO verification_item (store, message_hash, origin, incarnation, seq, forked, message_id, kind, doc_id, number,
  shift_id, document_type, gross, state, reason, problems, waits_for, parked_at)
VALUES ('S1', decode(%s, 'hex'), 'K1', 'x', 1, false, 'm', 'junk/1', '', '', '', '', 0, 'parked', 'message.unreadable',
  '[]', '', now())"""
NEEDS: Final = {
    (method, path): needed
    for needed, listed in _BY_RIGHTS.items()
    for method, path in (one.split() for one in listed.split(","))
}
"""Every other endpoint and the rights it needs, all of them."""


@pytest.fixture(scope="module")
def hub(postgres_server: str) -> Iterator[HubServer]:
    with ExitStack() as stack:
        url = stack.enter_context(fresh_database(postgres_server))
        folder = stack.enter_context(open_temporary_folder())
        server = stack.enter_context(HubServer(folder, url, (extend_sync, extend_documents, extend_exchange)))
        server.client.post("/api/v1/definitions", json={"put": list(people())}).raise_for_status()
        with psycopg.connect(url) as connection:
            connection.execute(_PARKED_MESSAGE, [MESSAGE])
            connection.execute(_PARKED_ITEM, [MESSAGE])
        yield server


def people() -> Iterator[dict[str, Any]]:
    """For every right an operator who has nothing else, and one who has everything else."""
    verifier = pin_verifier(PIN, b"access-matrix-01")
    for right in sorted(rights.ALL_RIGHTS):
        for code, held in ((one(right), [right]), (all_but(right), sorted(rights.ALL_RIGHTS - {right}))):
            operator = {"code": code, "name": code, "roles": [code], "pin_verifier": verifier}
            yield {"kind": "role", "row": {"code": code, "name": code, "rights": held}}
            yield {"kind": "operator", "row": operator}


def one(right: str) -> str:
    return "one-" + right.replace(".", "-").replace("_", "-")


def all_but(right: str) -> str:
    return "not-" + right.replace(".", "-").replace("_", "-")


@pytest.fixture(scope="module")
def tokens(hub: HubServer) -> dict[str, str]:
    """Operator → token, for those that the matrix asks with."""
    found = {}
    for right in sorted(rights.ALL_RIGHTS):
        for code in (one(right), all_but(right)):
            answer = _CLIENT.post(f"{hub.url}/api/v1/login", json={"operator": code, "pin": PIN})
            assert answer.status_code == 200, answer.text
            found[code] = answer.json()["token"]
    return found


def endpoints(hub: HubServer) -> set[tuple[str, str]]:
    """Every route of the application, screens too."""
    return {
        (method, route.path)
        for route in hub.hub.app.routes
        for method in getattr(route, "methods", ())
        if method not in ("OPTIONS", "HEAD")
    }


def ask(hub: HubServer, endpoint: tuple[str, str], token: str = "") -> httpx.Response:
    method, path = endpoint
    values = {"kind": "article", "key": "CHLEB", "store": "S1", "message": MESSAGE, "doc_id": "x", "node": "K1",
              "incarnation": "x", "operator": "nobody", "code": "nobody", "version": "1", "alarm_id": "1"}  # fmt: skip
    filled = re.sub(r"\{(\w+):\w+\}", lambda match: values.get(match[1], "x"), path)
    query = {
        "day_from": "2026-11-01",
        "day_to": "2026-11-02",
        "store": "S1",
        "code": "K1",
        "key": "CHLEB",
        "text": "x",
        "pattern": "{number}",
        "document_type": "receipt",
    }
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    sent: dict[str, Any] = {"json": BODIES.get(endpoint, {})} if path.startswith("/api/") else {"data": {"x": "1"}}
    sent = {} if method == "GET" else sent
    _CLIENT.cookies.clear()
    return _CLIENT.request(method, hub.url + filled, params=query, headers=headers, **sent)


_CLIENT: Final = httpx.Client(timeout=30)

BODIES: Final[dict[tuple[str, str], Any]] = {
    ("POST", "/api/v1/login"): {"operator": "SZEF", "pin": "246810"},
    ("POST", "/api/v1/definitions"): {"put": []},
    ("PUT", "/api/v1/stock/opening"): {
        "opening_id": "018f0000-0000-7000-8000-000000000001",
        "store": "S1",
        "business_day": "2026-01-01",
        "rows": [],
    },
    ("POST", "/api/v1/discounts/read"): {
        "code": "X",
        "name": "X",
        "source": "PRM",
        "deal": {"type": "items", "elements": []},
    },
    ("POST", "/api/v1/discounts/{code:str}/state"): {"state": "draft"},
    ("POST", "/api/v1/discounts/{code:str}/move"): {"way": "up"},
    ("POST", "/api/v1/enrolment-codes"): {"kind": "station", "node": "K1"},
    ("POST", "/api/v1/privacy/contractors/{code:str}/anonymise"): {"reason": "asked"},
    ("POST", "/api/v1/second-factor/confirm"): {"code": "123456"},
    ("PUT", f"{ITEM}/assignment"): {"operator": ""},
    **{("POST", f"{ITEM}/{what}"): {"note": "x"} for what in ("accept", "cancel", "notes", "retry")},
}


def test_every_endpoint_and_screen_stands_in_the_matrix(hub: HubServer) -> None:
    """SEC-01: a new one must say who may use it."""
    assert endpoints(hub) == OPEN | ANY_OPERATOR | set(NEEDS)


def test_nothing_works_without_a_login(hub: HubServer) -> None:
    """SEC-01: default deny."""
    for endpoint in sorted(endpoints(hub) - OPEN):
        answer = ask(hub, endpoint)
        to_login = answer.headers.get("location", "").startswith("/login")
        assert answer.status_code == 401 or to_login, (endpoint, answer.status_code)


def test_any_operator_may_see_himself_and_the_frame(hub: HubServer, tokens: dict[str, str]) -> None:
    """SEC-01."""
    for endpoint in sorted(ANY_OPERATOR - {("DELETE", "/api/v1/login"), ("POST", "/logout")}):
        answer = ask(hub, endpoint, tokens[one(rights.SELL)])
        assert answer.status_code not in (401, 403), (endpoint, answer.status_code)
        assert answer.status_code < 500, endpoint


def test_the_rights_that_an_endpoint_needs_open_it(hub: HubServer, tokens: dict[str, str]) -> None:
    """SEC-01: the right alone is enough where one is needed (what is asked for need not exist).

    A decision on the screen of an item that is refused shows the item again, which is another right.
    """
    for endpoint, needed in NEEDS.items():
        if len(needed) == 1 and not endpoint[1].startswith(PAGE_ITEM):
            answer = ask(hub, endpoint, tokens[one(needed[0])])
            assert answer.status_code not in (401, 403), (endpoint, answer.text[:200])
            assert answer.status_code < 500, (endpoint, answer.text[:200])


def test_an_operator_without_the_right_is_refused(hub: HubServer, tokens: dict[str, str]) -> None:
    """SEC-01: for each right that is needed, an operator with all rights but that one."""
    for endpoint, needed in NEEDS.items():
        for right in needed:
            answer = ask(hub, endpoint, tokens[all_but(right)])
            assert (endpoint, right, answer.status_code) == (endpoint, right, 403), answer.text[:200]
            if endpoint[1].startswith("/api/"):
                assert answer.json()["problems"][0]["code"] == "right.missing"


def test_no_single_right_opens_what_it_is_not_for(hub: HubServer, tokens: dict[str, str]) -> None:
    """SEC-01: endpoint × right, one at a time."""
    for endpoint, needed in NEEDS.items():
        for right in HUB_RIGHTS:
            if (right,) != needed:
                answer = ask(hub, endpoint, tokens[one(right)])
                assert (endpoint, right, answer.status_code) == (endpoint, right, 403), answer.text[:200]
