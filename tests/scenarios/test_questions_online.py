"""Questions of a till through its agent to head office and back, over real nodes (DOC-11, DOC-21)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontuar.domain.firm.records import Parameter
from kontuar.kernel.money import ZERO
from kontuar.tools.replay.chain import running
from kontuar.tools.replay.definitions import Chain, chain_of
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.progress import Silent
from kontuar.tools.replay.source_csv import read
from postgres_fixture import open_temporary_folder
from stubborn_cashier import CSV, DAY, EAN, StubbornCashier, until_final

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
BOTH = Parameter(name="search.documents", scope="global", value="local_and_hub")


def two_stores(folder: Path) -> Chain:
    """A till in each of two stores; documents are searched at head office too."""
    file = folder / "baskets.csv"
    file.write_text(CSV + CSV.splitlines()[1].replace("b1,Rynek", "b2,Kopiec") + "\n", "utf-8")
    selection, bad = read(file, "PLN", "Europe/Warsaw", 10)
    assert not bad
    chain = chain_of(selection, 1, 1)
    return msgspec.structs.replace(
        chain, definitions={**chain.definitions, "parameter": (*chain.definitions.get("parameter", ()), BOTH)}
    )


async def until_there(ask: Callable[[], Awaitable[Any]]) -> Any:
    """The answer, once the till is online and head office has booked the document."""
    deadline = asyncio.get_running_loop().time() + 60
    while True:
        try:
            return await ask()
        except NodeSaidNo as refusal:
            waiting = "connectivity.too_low" in str(refusal) or "elsewhere.not_found" in str(refusal)
            if not waiting or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)


async def asked_from_the_other_till(chain: Chain, folder: Path) -> tuple[str, Any, Any, str]:
    """The first till sells; the second asks: (number, document, stock, what it is told with its line cut)."""
    async with running(chain, DAY, folder, Silent()) as nodes:
        seller, asker = chain.tills
        station = nodes.stations[seller.station]
        await station.login(seller.cashier, seller.cashier_pin)
        await station.open_shift(DAY, ZERO)
        number = await StubbornCashier(station, EAN).sell_one()
        await until_final(nodes)
        other = nodes.stations[asker.station].node
        await other.login(asker.manager, asker.manager_pin)
        ask = {"number": number}
        document = await until_there(lambda: other.ask("GET", "/api/v1/documents/elsewhere", query=ask))
        (article,) = {line["article"] for line in document["document"]["lines"]}
        stock = await other.ask("GET", f"/api/v1/articles/{article}/elsewhere")
        await nodes.store_lines[chain.stores[asker.store]].cut()
        with pytest.raises(NodeSaidNo) as told:
            await other.ask("GET", "/api/v1/documents/elsewhere", query=ask)
        return number, document, stock, str(told.value)


def test_a_till_looks_at_the_document_and_the_stock_of_another_store() -> None:
    with open_temporary_folder() as folder:
        chain = two_stores(folder)
        number, document, stock, told = asyncio.run(asked_from_the_other_till(chain, folder / "chain"))
    seller = chain.tills[0]
    assert document["document"]["number"] == number
    assert document["document"]["station"] == seller.station
    assert [line["article"] for line in document["document"]["lines"]] == [EAN]
    assert (document["state"], document["gid"]) == ("approved", f"{chain.stores[seller.store]}-1")
    assert {row["store"] for row in stock} == {chain.stores[seller.store]}
    assert "connectivity.too_low" in told or "elsewhere.slow" in told
