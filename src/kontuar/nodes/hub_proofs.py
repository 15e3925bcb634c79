"""Head office proves its books at night, on a thread and a connection of their own, store by store."""

import asyncio
import time
from contextlib import suppress
from typing import Final

import structlog

from kontuar.kernel.time import Clock
from kontuar.nodes.chores import Chore
from kontuar.nodes.lanes import Lane
from kontuar.operations.hub import proofs
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.proofs import HubProofShelf, KeptProofs
from kontuar.storage.postgres.engine import HubDatabase

LOOK_SECONDS: Final = 60.0
REST_SECONDS: Final = 0.01
"""Between two pieces of work: whoever sells meanwhile comes first (PERF-04)."""
_log = structlog.get_logger(__name__)


class NightlyProof:
    """One chore; `ask` has it done at once."""

    def __init__(
        self, lane: Lane[HubDatabase], shelf: HubProofShelf, kept: KeptProofs, seal: SealCheck, clock: Clock
    ) -> None:
        self._lane = lane
        self._shelf = shelf
        self._kept = kept
        self._seal = seal
        self._clock = clock
        self._asked = asyncio.Event()

    def ask(self) -> None:
        """Do not wait for the night."""
        self._asked.set()

    def chore(self) -> Chore:
        """For as long as the hub runs; a store that was begun is finished first, the others wait for the next night."""
        return Chore(name="proof of the books", look=self._look, seconds=LOOK_SECONDS, wait=self._wait)

    async def _look(self) -> None:
        if self._asked.is_set() or await self._lane(proofs.due, self._kept, self._clock.now()):
            self._asked.clear()
            await self._prove_all()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(self._asked.wait(), seconds)

    async def _prove_all(self) -> None:
        for store in await self._lane(proofs.stores, self._shelf):
            found, faults = await self._lane(
                proofs.check_store, self._shelf, self._kept, store, self._seal, self._clock.now(), _rest
            )
            bad = len(faults) + sum(len(stream.faults) for stream in found)
            if bad:
                _log.error("hub.books_faulty", store=store, faults=bad)
            else:
                _log.info("hub.books_hold", store=store, streams=len(found))


def _rest() -> None:
    time.sleep(REST_SECONDS)
