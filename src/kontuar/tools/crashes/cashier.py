"""A cashier who goes on selling while everything around breaks."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from kontuar.kernel.money import Minor
from kontuar.tools.replay.clients import HttpStation
from kontuar.tools.replay.node_apis import NodeSaidNo

PATIENCE_SECONDS = 120.0
AGAIN_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 0.6
"""Between two customers: nodes that start need the processor too."""


class Sold(msgspec.Struct, frozen=True):
    """A receipt whose number the till gave: whoever has it in hand is owed that it is never lost."""

    number: str
    gross: Minor
    lines: int
    quantity: int


async def until_it_works(ask: Callable[[], Awaitable[Any]]) -> Any:
    """Ask a till again while it restarts. Raises `NodeSaidNo` when it answers something else, or never."""
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        try:
            return await ask()
        except NodeSaidNo as refusal:
            passes = "Error" in str(refusal) or "503" in str(refusal)
            if not passes or asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(AGAIN_SECONDS)


class StubbornCashier:
    """Sells receipts over the API of a till that may die under every request; repeats are safe by identity."""

    def __init__(self, station: HttpStation, ean: str, chance: random.Random | None = None) -> None:
        """One piece of `ean` on every receipt, without a pause; with `chance` one to four, and pauses."""
        self.node = station.node
        self.station = station
        self.sold: list[Sold] = []
        self._ean = ean
        self._chance = chance

    @property
    def numbers(self) -> list[str]:
        """In the order they were given."""
        return [sold.number for sold in self.sold]

    async def sell_until(self, over: asyncio.Event) -> None:
        """What was begun is finished."""
        while not over.is_set():
            await self.sell_one()
            if self._chance is not None:
                await asyncio.sleep(self._chance.uniform(0, LONGEST_PAUSE_SECONDS))

    async def sell_one(self) -> str:
        """Scan, take cash, approve; the receipt's number."""
        doc_id = await until_it_works(self.station.new_receipt)
        pieces = 1 if self._chance is None else self._chance.randint(1, 4)
        for place in range(pieces):
            scan = {"code": self._ean, "scan_id": f"scan-{doc_id}-{place}"}
            await until_it_works(lambda scan=scan: self.node.ask("POST", f"/api/v1/documents/{doc_id}/lines", scan))  # type: ignore[misc]
        await until_it_works(lambda: self._pay(doc_id))
        answer = await until_it_works(lambda: self.node.ask("POST", f"/api/v1/documents/{doc_id}/approve"))
        return self.note(answer["document"], pieces)

    def note(self, document: Any, pieces: int) -> str:
        """Remember an approved receipt of so many pieces, as the till gave it; its number."""
        gross = Minor(document["totals"]["gross"])
        self.sold.append(Sold(str(document["number"]), gross, len(document["lines"]), pieces))
        return self.sold[-1].number

    async def _pay(self, doc_id: str) -> None:
        """From the beginning: an answer that was lost may have assigned the money."""
        await self.node.ask("DELETE", f"/api/v1/documents/{doc_id}/payments")
        await self.node.ask("POST", f"/api/v1/documents/{doc_id}/payments", {"form": "cash"})
