"""A contractor made at an offline till is at every other till, by way of head office, over real nodes (DOC-27)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kontuar.tools.replay.chain import running
from kontuar.tools.replay.definitions import Chain
from kontuar.tools.replay.progress import Silent
from postgres_fixture import open_temporary_folder
from scenarios.test_questions_online import two_stores
from stubborn_cashier import DAY

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
FORM = {
    "name": "Gamma sp.j.",
    "kind": "business",
    "tax_number": "525-22-48-481",
    "city": "Warszawa",
    "street": "Prosta 51",
}


async def found(node: Any, phrase: str) -> list[dict[str, Any]]:
    """Whom a till finds."""
    rows: list[dict[str, Any]] = (await node.ask("GET", "/api/v1/contractors", query={"phrase": phrase}))["rows"]
    return rows


async def found_in_time(node: Any, phrase: str) -> list[dict[str, Any]]:
    """Whom it finds once the news has come."""
    deadline = asyncio.get_running_loop().time() + 60
    while not (rows := await found(node, phrase)) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.2)
    return rows


async def made_and_seen(chain: Chain, folder: Path) -> tuple[list[Any], list[Any], list[Any], list[Any]]:
    """(at once at his till, at the other one meanwhile, there later, the changed one there) with a line cut."""
    async with running(chain, DAY, folder, Silent()) as nodes:
        maker, other = chain.tills
        here, there = nodes.stations[maker.station].node, nodes.stations[other.station].node
        await here.login(maker.cashier, maker.cashier_pin)
        await there.login(other.cashier, other.cashier_pin)
        line = nodes.store_lines[chain.stores[maker.store]]
        await line.cut()
        made = await here.ask("POST", "/api/v1/contractors", FORM)
        at_once, meanwhile = await found(here, "5252248481"), await found(there, "5252248481")
        await line.restore()
        later = await found_in_time(there, "5252248481")
        await there.ask("POST", f"/api/v1/contractors/{made['code']}/cards", {"card": "9900777"})
        changed = await found_in_time(here, "9900777")
        return at_once, meanwhile, later, changed


def test_a_contractor_made_while_the_line_was_cut_reaches_the_other_store_and_comes_back_changed() -> None:
    """DOC-27, HUB-02: works at once where he was made; head office makes him a definition of the whole firm."""
    with open_temporary_folder() as folder:
        chain = two_stores(folder)
        at_once, meanwhile, later, changed = asyncio.run(made_and_seen(chain, folder / "chain"))
    assert [row["name"] for row in at_once] == ["Gamma sp.j."]
    assert meanwhile == []
    assert later == at_once
    assert [(row["code"], row["loyalty_card"]) for row in changed] == [(at_once[0]["code"], "9900777")]
