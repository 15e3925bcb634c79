"""The fiscal device of a station: every sale registered once, also across crashes and lost answers (SALE-05).

What is durable: before the device is asked, its counter of receipts goes into the document's history. Whoever asks
again first finds out whether the counter moved for this sale; only a sale that is surely not registered is sent.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from kontuar.devices.failures import FiscalUncertain
from kontuar.domain.parties import rights
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.devices import FiscalDevice, FiscalReceipt
from kontuar.operations.ports.runner import Runner
from kontuar.operations.station import fiscalising, own_documents
from kontuar.operations.station.fiscalising import Attempt
from kontuar.operations.station.station import Station

WRITER: Final = frozenset({rights.OWN_DOCUMENTS, rights.ALL_DOCUMENTS})
"""What the station itself may write down, whoever sold."""
ITSELF: Final = Actor(operator="", name="", rights=WRITER)
Result = TypeVar("Result")


class FiscalDesk:
    """One sale at a time: the counter read before a sale must not move by another one."""

    def __init__(self, station: Station, run: Runner, device: FiscalDevice) -> None:
        self._station = station
        self._run = run
        self._device = device
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="fiscal")
        self._lock = asyncio.Lock()
        self._uncertain: set[str] = set()

    async def fiscalise(self, actor: Actor, doc_id: str, *, sure: bool = False) -> None:
        """Register the sale or learn that it is; the failure is in the history before it is raised.

        `sure`: a person looked at the paper and the sale is not on it, so the device is not asked about the past.
        """
        async with self._lock:
            await self._settle_others(doc_id)
            attempt = await self._run(fiscalising.attempt, self._station, doc_id)
            if attempt is not None:
                await self._noted(actor, attempt, self._registered(actor, attempt, sure=sure))

    async def resume(self) -> None:
        """After a start: ask about every sale that was under way when the station stopped (REL-04)."""
        async with self._lock:
            self._uncertain.update(await self._run(fiscalising.unsettled, self._station))
            await self._settle_others("")

    def close(self) -> None:
        """Let the thread go when it is done."""
        self._thread.shutdown(wait=False)

    async def _settle_others(self, doc_id: str) -> None:
        """While the device's last receipt can still be theirs, learn what became of uncertain sales."""
        for other in sorted(self._uncertain - {doc_id}):
            self._uncertain.discard(other)
            attempt = await self._run(fiscalising.attempt, self._station, other)
            if attempt is None or attempt.receipts_before is None:
                continue
            try:
                await self._noted(ITSELF, attempt, self._known(attempt, attempt.receipts_before))
            except Refused:
                continue  # written into its history; a person decides

    async def _noted(self, actor: Actor, attempt: Attempt, asking: Any) -> None:
        doc_id = attempt.sale.doc_id
        try:
            receipt: FiscalReceipt = await asking
        except Refused as failure:
            uncertain = isinstance(failure, FiscalUncertain)
            if uncertain:
                self._uncertain.add(doc_id)
            write = partial(own_documents.fiscal_failed, uncertain=uncertain)
            await self._run(write, self._station, actor, doc_id, failure.problems[0].code)
            raise
        self._uncertain.discard(doc_id)
        number, device = str(receipt.receipt_number), receipt.device_number
        await self._run(own_documents.fiscalised, self._station, actor, doc_id, number, device)

    async def _registered(self, actor: Actor, attempt: Attempt, *, sure: bool) -> FiscalReceipt:
        if attempt.receipts_before is not None and not sure:
            known = await self._asked(self._device.find_out, attempt.sale, attempt.receipts_before)
            if known is not None:
                return known
        before = (await self._asked(self._device.status)).receipts
        await self._run(fiscalising.started, self._station, actor, attempt.sale.doc_id, before)
        return await self._asked(self._device.register_sale, attempt.sale)

    async def _known(self, attempt: Attempt, before: int) -> FiscalReceipt:
        """The receipt of an earlier attempt; raises `fiscal.not_registered` when there surely is none."""
        receipt = await self._asked(self._device.find_out, attempt.sale, before)
        if receipt is None:
            raise refuse("fiscal.not_registered")
        return receipt

    async def _asked(self, call: Callable[..., Result], *given: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(call, *given))
