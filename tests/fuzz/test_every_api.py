"""Every operation of every node's API is given what nobody would think of, with a login that may do all (SEC-04).

Nothing answers 5xx, hangs or shows a stack trace; every refusal has its code and its words. The description of each API
is what the inputs are made from, so a new endpoint is fuzzed without a word here.
"""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from kontuar.kernel.money import ZERO
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.definitions import Chain, chain_of
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN, StubbornCashier

pytestmark = [pytest.mark.fuzz, pytest.mark.postgres, pytest.mark.timeout(600)]

EXAMPLES = 40
LONGEST_SECONDS = 10.0
ENDS_THE_LOGIN = {"/api/v1/login", "/api/v1/logout"}
"""Fuzzed apart, without the login that the others need."""


class Shop(msgspec.Struct, frozen=True):
    """A running chain of one till: address and authorisation of each node."""

    urls: dict[str, str]
    headers: dict[str, dict[str, str]]
    doc_id: str


@pytest.fixture(scope="module")
def shop() -> Iterator[Shop]:
    with open_temporary_folder() as folder:
        file = folder / "baskets.csv"
        file.write_text(CSV, "utf-8")
        selection, bad = read(file, "PLN", "Europe/Warsaw", 10)
        assert not bad
        ready: Future[Shop] = Future()
        over = threading.Event()
        thread = threading.Thread(target=_run, args=(chain_of(selection, 1, 1), folder / "chain", ready, over))
        thread.start()
        try:
            yield ready.result(240)
        finally:
            over.set()
            thread.join(60)


def _run(chain: Chain, folder: Any, ready: "Future[Shop]", over: threading.Event) -> None:
    async def hold() -> None:
        async with running(chain, DAY, folder, Silent()) as nodes:
            ready.set_result(await _opened(nodes, chain))
            await asyncio.to_thread(over.wait)

    try:
        asyncio.run(hold())
    except BaseException as error:
        if not ready.done():
            ready.set_exception(error)
        raise


async def _opened(nodes: RunningChain, chain: Chain) -> Shop:
    """A shift is open, a receipt was sold, another is begun; the logins may do everything their node knows."""
    till = chain.tills[0]
    station = nodes.stations[till.station]
    await station.login(till.cashier, till.cashier_pin)
    await station.open_shift(DAY, ZERO)
    await StubbornCashier(station, EAN).sell_one()
    draft = await station.new_receipt()
    agent = nodes.agents[chain.stores[till.store]]
    manager = nodes.managers[till.station]
    asked = {"hub": nodes.hub.node, "agent": agent.node, "station": manager.node}
    return Shop(
        urls={name: str(node._client.base_url).rstrip("/") for name, node in asked.items()},
        headers={name: {"Authorization": node._client.headers["Authorization"]} for name, node in asked.items()},
        doc_id=draft,
    )


def operations_of(shop: Shop, node: str) -> list[Any]:
    """Every described operation, ready to make inputs."""
    schema = schemathesis.openapi.from_url(f"{shop.urls[node]}/api/openapi.json")
    return [found.ok() for found in schema.get_all_operations()]


def answer_to(shop: Shop, node: str, case: Any, *, logged_in: bool) -> Any:
    """What a node says to one made-up request; where a path names a draft it is a real one, so that bodies count."""
    if "doc_id" in case.path_parameters:
        case.path_parameters["doc_id"] = shop.doc_id
    headers = shop.headers[node] if logged_in else {}
    return case.call(base_url=shop.urls[node], headers=headers, timeout=LONGEST_SECONDS)


def wrong_with(answer: Any) -> str:
    """What is wrong with an answer; empty = it is a good one."""
    if answer.status_code >= 500 and answer.status_code not in (501, 503):
        return f"status {answer.status_code}: {answer.content[:500]!r}"
    if b"Traceback" in answer.content:
        return "a stack trace"
    if answer.status_code >= 400 and answer.request.method != "HEAD":
        is_json = "json" in str(answer.headers.get("content-type"))
        problems = answer.json().get("problems") if is_json else None
        if not problems or not all(problem["code"] and problem["message"] for problem in problems):
            return f"a refusal without words: {answer.content[:300]!r}"
    return ""


def fuzz(shop: Shop, node: str, operation: Any, *, logged_in: bool) -> list[str]:
    """What went wrong with one operation."""
    found: list[str] = []

    @settings(
        max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
        phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        wrong = wrong_with(answer_to(shop, node, case, logged_in=logged_in))
        if wrong:
            found.append(f"{operation.method.upper()} {operation.path}: {wrong}\n    {case.as_curl_command()[:600]}")

    ask()
    return found


@pytest.mark.parametrize("node", ["station", "agent", "hub"])
def test_no_input_of_the_api_breaks_a_node(shop: Shop, node: str) -> None:
    """SEC-04, SEC-05: no 500, no hang, no trace; every refusal is said in words."""
    operations = operations_of(shop, node)
    assert len(operations) >= 3
    found: list[str] = []
    for operation in operations:
        if operation.path not in ENDS_THE_LOGIN:
            found += fuzz(shop, node, operation, logged_in=True)
    assert not found, "\n".join(found[:20])
    assert httpx.get(f"{shop.urls[node]}/health", timeout=10).status_code == 200


@pytest.mark.parametrize("node", ["station", "hub"])
def test_no_login_breaks_a_node(shop: Shop, node: str) -> None:
    """SEC-01, SEC-04: what comes before a login is fuzzed without one."""
    before = [operation for operation in operations_of(shop, node) if operation.path in ENDS_THE_LOGIN]
    assert before
    found = [wrong for operation in before for wrong in fuzz(shop, node, operation, logged_in=False)]
    assert not found, "\n".join(found[:20])
