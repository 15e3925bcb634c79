"""A document that head office cannot book is taken back by its station, over real processes (HUB-05)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest

from kontuar.domain.firm.records import Reason
from kontuar.kernel.money import ZERO
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.definitions import ADMINISTRATOR, Chain, chain_of
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import fresh_database, open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN, until_final

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
SECONDS = 60.0
REASON = Reason(code="DELIVERY", name="Delivery", document_types=("internal_receipt",))


async def until(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What it answers, once it is something."""
    deadline = asyncio.get_running_loop().time() + SECONDS
    while not (found := await ask()):
        assert asyncio.get_running_loop().time() < deadline, "it did not come in time"
        await asyncio.sleep(0.3)
    return found


async def receive_goods(till: Any, quantity: str) -> dict[str, Any]:
    """An internal receipt of goods, approved at the till."""
    doc_id = (await till.ask("POST", "/api/v1/documents", {"type": "internal_receipt"}))["doc_id"]
    await till.ask("POST", f"/api/v1/documents/{doc_id}/lines", {"code": EAN, "quantity": quantity})
    await till.ask("PUT", f"/api/v1/documents/{doc_id}/reason", {"code": REASON.code})
    document: dict[str, Any] = (await till.ask("POST", f"/api/v1/documents/{doc_id}/approve"))["document"]
    return document


def forget_the_number(database_url: str) -> None:
    """Head office takes the next number of the series for one that was used: it cannot book what comes."""
    with psycopg.connect(database_url) as connection:
        changed = connection.execute(
            "UPDATE number_series SET last_ordinal = 99 WHERE document_type = 'internal_receipt'"
        )
        assert changed.rowcount == 1


async def balances(nodes: RunningChain, store: str) -> list[dict[str, str]]:
    """What head office and the agent count of the store's goods."""
    everywhere = [await nodes.hub.stock(store), await nodes.agents[store].stock()]
    return [{article: str(amount) for (_, article), amount in one.items()} for one in everywhere]


async def play(chain: Chain, folder: Path, database_url: str) -> dict[str, Any]:
    async with running(chain, DAY, folder, Silent()) as nodes:
        (till,) = chain.tills
        store = chain.stores[till.store]
        station, manager = nodes.stations[till.station], nodes.managers[till.station].node
        await station.login(till.cashier, till.cashier_pin)
        await station.open_shift(DAY, ZERO)
        await receive_goods(manager, "5")
        await until_final(nodes)
        hub = nodes.hub.node
        await nodes.hub.login(ADMINISTRATOR, chain.administrator_pin)
        first = {"type": "internal_receipt", "store": store}
        await until(lambda: rows_of(hub, "/api/v1/documents", first))
        before = await balances(nodes, store)
        forget_the_number(database_url)
        wrong = await receive_goods(manager, "3")
        [item] = await until(lambda: rows_of(hub, "/api/v1/verification", {"state": "open"}))
        parked = await balances(nodes, store)
        where = f"/api/v1/verification/{store}/{item['message']}"
        await hub.ask("POST", f"{where}/cancel", {"note": "typed twice"})

        async def decided() -> Any:
            card = await hub.ask("GET", where)
            return card if card["item"]["state"] == "cancelled_at_source" else None

        card = await until(decided)
        await until_final(nodes)
        here = await manager.ask("GET", f"/api/v1/documents/{wrong['doc_id']}")
        there = await hub.ask("GET", f"/api/v1/documents/{store}/{wrong['doc_id']}")

        async def settled() -> Any:
            return await balances(nodes, store) == before

        await until(settled)
        return {
            "reason": item["reason"], "wish": card["wishes"][0]["state"], "here": here, "there": there,
            "parked": parked, "before": before, "open": await nodes.hub.parked(),
            "chains": [row.problem for row in await nodes.hub.verify_chains()],
        }  # fmt: skip


async def rows_of(hub: Any, path: str, query: dict[str, str]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await hub.ask("GET", path, query=query))["rows"]
    return rows


def test_what_head_office_cannot_book_is_cancelled_by_its_station_and_everything_agrees(
    postgres_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """HUB-05, REL-06: from the inbox through the agent to the till, and back with the cancellation."""
    with open_temporary_folder() as folder, fresh_database(postgres_server) as url:
        monkeypatch.setenv("KONTUAR_DATABASE_URL", url)
        file = folder / "baskets.csv"
        file.write_text(CSV, "utf-8")
        selection, bad = read(file, "PLN", "Europe/Warsaw", 10)
        assert not bad
        chain = chain_of(selection, 1, 1)
        chain = msgspec.structs.replace(chain, definitions={**chain.definitions, "reason": (REASON,)})
        found = asyncio.run(play(chain, folder / "chain", url))
    assert (found["reason"], found["wish"], found["open"]) == ("number.repeated", "done", 0)
    assert (found["here"]["row"]["state"], found["there"]["row"]["state"]) == ("cancelled", "cancelled")
    assert found["parked"] != found["before"]
    assert set(found["chains"]) == {""}
