"""Who may do what over the agent's API: every endpoint without a login, and with every single right (SEC-01)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from litestar import Litestar
from litestar.di import Provide
from litestar.testing import TestClient

from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator, Role
from kontuar.kernel.canonical import encode, row_checksum
from kontuar.nodes.exchange_carriers import AgentCarrier
from kontuar.nodes.exchange_desk import StoreExchangeDesk
from kontuar.nodes.machine import this_machine
from kontuar.operations.agent.agent_access import AgentAccess
from kontuar.operations.pins import pin_verifier
from kontuar.storage.sqlite.agent.reading import AgentReader
from kontuar.web.api import agent as agent_api
from kontuar.web.api.agent import AgentBench, AgentStatus
from kontuar.web.http import EXCEPTION_HANDLERS
from parking_world import Buffer
from sync_chain import STORE, keys_for

OPEN = {("GET", "/api/v1/status")}
NEEDS = {
    ("GET", "/api/v1/reconciliation"): rights.ALL_DOCUMENTS,
    ("GET", "/api/v1/stock"): rights.ALL_DOCUMENTS,
    ("GET", "/api/v1/parked"): rights.ALL_DOCUMENTS,
    ("POST", "/api/v1/exchange/export"): rights.EXCHANGE,
    ("POST", "/api/v1/exchange/import"): rights.EXCHANGE,
    ("GET", "/api/v1/exchange/files"): rights.EXCHANGE,
}
ENDPOINTS = sorted(
    (method, path)
    for handler in agent_api.HANDLERS
    for path in handler.paths
    for method in handler.http_methods
    if method in ("GET", "POST")
)
PIN = "4444"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient[Litestar]]:
    buffer = Buffer(Path(tmp_path_factory.mktemp("agent")))
    _with_operators(buffer)
    buffer.save("K1", "mixer")

    async def at_once(operation: Any, *arguments: Any) -> Any:
        return operation(*arguments)

    bench = AgentBench(
        run=at_once, books=AgentReader(buffer.books.database), parking=buffer.desk,
        access=AgentAccess(buffer.books.definitions, STORE, buffer.clock),
        status=lambda: AgentStatus(
            node="agent@S1", store=STORE, level="store", waiting=0, definitions=("d1", 1), problem="", build="1"
        ),
        exchange=StoreExchangeDesk(
            at_once, buffer.books.outbox, buffer.books.sink, keys_for("agent@S1", "agent"), this_machine(),
            lambda _: None, carrier=AgentCarrier(buffer.books.exchange, buffer.books.forks, buffer.clock),
            log=buffer.books.exchange,
        ),
    )  # fmt: skip
    app = Litestar(
        route_handlers=list(agent_api.HANDLERS), exception_handlers=EXCEPTION_HANDLERS,
        dependencies={"bench": Provide(lambda: bench, sync_to_thread=False)},
    )  # fmt: skip
    with TestClient(app) as opened:
        yield opened


def _with_operators(buffer: Buffer) -> None:
    """One operator for every right there is; his code is the right's."""
    rows = []
    verifier = pin_verifier(PIN, bytes(16))
    for right in sorted(rights.ALL_RIGHTS):
        operator = Operator(code=right, name=right, roles=(right,), pin_verifier=verifier)
        rows.append(("operator", right, 1, encode(operator)))
        rows.append(("role", right, 1, encode(Role(code=right, name=right, rights=(right,)))))
    checksum = sum(row_checksum(kind, key, body) for kind, key, _, body in rows) % 2**64
    buffer.books.definitions.replace_all(rows, "d1", 1, checksum)


def ask(client: TestClient[Litestar], method: str, path: str, login: tuple[str, str] | None) -> int:
    params = {"day": "2026-03-02"} if path.endswith("reconciliation") else {}
    return int(client.request(method, path, params=params, auth=login).status_code)


def test_every_endpoint_is_in_the_table() -> None:
    assert set(ENDPOINTS) == OPEN | set(NEEDS)


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
def test_without_a_login_only_the_open_ones_answer(client: TestClient[Litestar], method: str, path: str) -> None:
    assert ask(client, method, path, None) == (200 if (method, path) in OPEN else 401)


@pytest.mark.parametrize(("method", "path"), sorted(NEEDS))
def test_no_other_right_opens_it(client: TestClient[Litestar], method: str, path: str) -> None:
    refused = (401, 403)
    answered = {right for right in rights.ALL_RIGHTS if ask(client, method, path, (right, PIN)) not in refused}
    assert answered == {NEEDS[method, path]}


def test_parked_documents_are_told_with_who_holds_them(client: TestClient[Litestar]) -> None:
    answer = client.get("/api/v1/parked", auth=(rights.ALL_DOCUMENTS, PIN)).json()
    assert [(row["doc_id"], row["version"], row["holder"]) for row in answer["rows"]] == [("D", 1, "")]
    assert answer["leases"] == []
