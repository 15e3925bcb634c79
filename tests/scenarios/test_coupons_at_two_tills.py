"""One coupon at two tills of two stores, through their agents to head office, over real processes (COUP-03)."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from discounts import off
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.kernel.money import ZERO
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.definitions import ADMINISTRATOR, Chain
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.progress import Silent
from postgres_fixture import open_temporary_folder
from scenarios.test_questions_online import two_stores
from stubborn_cashier import DAY, EAN, until_final

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
SECONDS = 60.0
DISCOUNTS = tuple(
    Discount(code=code, name=code, source="PRM", deal=off(percent), state="confirmed", by_coupon=True)
    for code, percent in (("TEN", "10"), ("FIVE", "5"))
)
COUPONS = (
    Coupon(code="ONCE", name="Once", discount="TEN"),
    Coupon(code="FREE", name="Once, and unchecked where nobody answers", discount="FIVE", offline=True),
)


async def until(ask: Callable[[], Awaitable[Any]]) -> Any:
    """What it answers, once it is something."""
    deadline = asyncio.get_running_loop().time() + SECONDS
    while not (found := await ask()):
        assert asyncio.get_running_loop().time() < deadline, "it did not come in time"
        await asyncio.sleep(0.3)
    return found


async def no(asking: Awaitable[Any]) -> str:
    """Why it was refused."""
    with pytest.raises(NodeSaidNo) as told:
        await asking
    return str(told.value)


class Cashier:
    """Somebody at a till, over its API."""

    def __init__(self, node: Any) -> None:
        self.node = node

    async def begin(self) -> str:
        doc_id = str((await self.node.ask("POST", "/api/v1/documents", {"type": "receipt"}))["doc_id"])
        await self.node.ask("POST", f"/api/v1/documents/{doc_id}/lines", {"code": EAN})
        return doc_id

    async def put(self, doc_id: str, code: str) -> str:
        document = await self.node.ask("POST", f"/api/v1/documents/{doc_id}/coupons", {"code": code})
        return str(document["discounts"]["coupons"][0]["state"])

    async def open_payment(self, doc_id: str) -> str:
        window = await self.node.ask("POST", f"/api/v1/documents/{doc_id}/payment/open")
        return str(window["document"]["discounts"]["coupons"][0]["state"])

    async def leave(self, doc_id: str) -> None:
        await self.node.ask("POST", f"/api/v1/documents/{doc_id}/payment/leave")

    async def approve(self, doc_id: str) -> dict[str, Any]:
        await self.node.ask("POST", f"/api/v1/documents/{doc_id}/payments", {"form": "cash"})
        approved: dict[str, Any] = (await self.node.ask("POST", f"/api/v1/documents/{doc_id}/approve"))["document"]
        return approved

    async def online(self) -> Any:
        return (await self.node.ask("GET", "/api/v1/status"))["level"] == "online"


async def one_code_at_two_tills(first: Cashier, second: Cashier) -> dict[str, Any]:
    """The first holds the code while its payment is open; then the second may have it, and uses it up."""
    here, there = await first.begin(), await second.begin()
    found: dict[str, Any] = {"put": [await first.put(here, "ONCE"), await second.put(there, "ONCE")]}
    found["opened"] = await first.open_payment(here)
    found["held"] = await no(second.open_payment(there))
    await first.leave(here)
    await second.open_payment(there)
    await second.approve(there)

    async def used_up() -> str:
        told = await no(first.open_payment(here))
        return told if "coupon.used_up" in told else ""

    found["used"] = await until(used_up)
    return found


async def beyond_the_cut_line(nodes: RunningChain, store: str, first: Cashier, second: Cashier) -> dict[str, Any]:
    """The first uses a coupon up; the second cannot know it, and may take it all the same."""
    here = await first.begin()
    await first.put(here, "FREE")
    known = await first.approve(here)
    await until_final(nodes)
    await nodes.store_lines[store].cut()
    await until(lambda: _not(second.online()))
    there = await second.begin()
    refused = await no(second.put(there, "ONCE"))
    state = await second.put(there, "FREE")
    unknown = await second.approve(there)
    await nodes.store_lines[store].restore()
    await until(second.online)
    await until_final(nodes)
    return {"refused": refused, "state": state, "numbers": [known["number"], unknown["number"]]}


async def _not(asking: Awaitable[bool]) -> bool:
    return not await asking


async def play(chain: Chain, folder: Path) -> dict[str, Any]:
    async with running(chain, DAY, folder, Silent()) as nodes:
        for till in chain.tills:
            station = nodes.stations[till.station]
            await station.login(till.cashier, till.cashier_pin)
            await station.open_shift(DAY, ZERO)
        first, second = (Cashier(nodes.stations[till.station].node) for till in chain.tills)
        await until(first.online)
        await until(second.online)
        found = await one_code_at_two_tills(first, second)
        found |= await beyond_the_cut_line(nodes, chain.stores[chain.tills[1].store], first, second)
        hub = nodes.hub.node
        await nodes.hub.login(ADMINISTRATOR, chain.administrator_pin)

        async def inbox() -> Any:
            return (await hub.ask("GET", "/api/v1/verification", query={"state": "open"}))["rows"]

        [found["item"]] = await until(inbox)
        found["uses"] = (await hub.ask("GET", "/api/v1/coupons/FREE/uses"))["uses"]
        found["once"] = await hub.ask("GET", "/api/v1/coupons/ONCE/uses")
        return found


def test_a_code_is_used_up_once_online_and_a_second_use_beyond_a_cut_line_is_shown_to_a_person() -> None:
    """COUP-03: reserved at the payment, confirmed by the booking; offline only what is allowed, never a lost sale."""
    with open_temporary_folder() as folder:
        chain = two_stores(folder)
        rows = {**chain.definitions, "discount": DISCOUNTS, "coupon": COUPONS}
        found = asyncio.run(play(msgspec.structs.replace(chain, definitions=rows), folder / "chain"))
    assert (found["put"], found["opened"]) == (["verified", "verified"], "reserved")
    assert "coupon.reserved_elsewhere" in found["held"]
    assert "coupon.offline_not_allowed" in found["refused"]
    assert found["state"] == "offline"
    item = found["item"]
    assert (item["reason"], item["state"]) == ("coupon.used_too_often", "listed")
    facts = item["problems"][0]["facts"]
    assert [facts["other"], facts["number"]] == found["numbers"]
    assert sorted(use["number"] for use in found["uses"]) == sorted(found["numbers"])
    assert (len(found["once"]["uses"]), found["once"]["reservations"]) == (1, [])
