"""A cashier who goes on selling while everything around breaks, and a small chain to sell in."""

import asyncio
import datetime
from collections.abc import Awaitable, Callable
from typing import Any

from kontuar.tools.replay.chain import RunningChain
from kontuar.tools.replay.clients import HttpStation
from kontuar.tools.replay.http_node import HttpNode
from kontuar.tools.replay.node_apis import NodeSaidNo

DAY = datetime.date(2026, 3, 2)
EAN = "5901234123457"
CSV = f"""basket,store,at,ean,name,quantity,unit,price,value,vat
b1,Rynek,2026-03-02T09:00,{EAN},Mleko 2%,1000,szt,3.49,,5
"""
PATIENCE_SECONDS = 60.0


async def until_it_works(ask: Callable[[], Awaitable[Any]]) -> Any:
    """A cashier who tries again while the till restarts."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except NodeSaidNo as refusal:
            if (
                "Error" not in str(refusal) and "503" not in str(refusal)
            ) or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.2)


class StubbornCashier:
    """Sells receipts over the API of a till that may die under every request; repeats are safe by identity."""

    def __init__(self, node: HttpNode, station: HttpStation) -> None:
        self.node = node
        self.station = station
        self.numbers: list[str] = []

    async def sell_until(self, over: asyncio.Event) -> None:
        while not over.is_set():
            self.numbers.append(await self.sell_one())

    async def sell_one(self) -> str:
        doc_id = await until_it_works(self.station.new_receipt)
        scan = {"code": EAN, "scan_id": f"scan-{doc_id}"}
        await until_it_works(lambda: self.node.ask("POST", f"/api/v1/documents/{doc_id}/lines", scan))
        await until_it_works(lambda: self._pay(doc_id))
        answer = await until_it_works(lambda: self.node.ask("POST", f"/api/v1/documents/{doc_id}/approve"))
        return str(answer["document"]["number"])

    async def _pay(self, doc_id: str) -> None:
        await self.node.ask("DELETE", f"/api/v1/documents/{doc_id}/payments")
        await self.node.ask("POST", f"/api/v1/documents/{doc_id}/payments", {"form": "cash"})


async def until_final(nodes: RunningChain) -> None:
    """Wait until nobody has anything left to pass on."""
    for _ in range(120):
        waiting = [(await node.status()).unsent for node in (*nodes.stations.values(), *nodes.agents.values())]
        if not any(waiting):
            return
        await asyncio.sleep(0.5)
    raise AssertionError(f"still waiting: {waiting}")
