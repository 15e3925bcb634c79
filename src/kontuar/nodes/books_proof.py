"""A station or an agent proves its own books once a night, beside its work (HUB-10, REL-14, REL-19)."""

import asyncio
import datetime
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from typing import Final, Protocol

import msgspec
import structlog

from kontuar.domain.documents.proof.records import BooksProof, Fault
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.time import Clock
from kontuar.nodes.chores import Chore
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.proofs import ProofShelf
from kontuar.operations.ports.runner import Runner
from kontuar.operations.proving import is_due, prove
from kontuar.web.desk import BooksState

FACT: Final = "proof"
LOOK_SECONDS: Final = 60.0
REST_SECONDS: Final = 0.02
"""Between two pieces of work: whoever sells meanwhile comes first (PERF-01)."""
_log = structlog.get_logger("books")


class OpenShelf(ProofShelf, Protocol):
    """Books on a connection of their own."""

    def close(self) -> None:
        """Let go of the file."""
        ...


class KeptVerdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is remembered of the last proof; `proved` False: none yet, nights are counted from `at`."""

    at: datetime.datetime
    proved: bool = True
    messages: int = 0
    faults: int = 0
    first: Fault | None = None


class _Stopped(Exception):
    """The node ends; the proof is made another night."""


def _nobody(found: KeptVerdict) -> None:
    """The log and `/health` say it."""
    del found


class NightlyBooks:
    """One chore. `told` is called with what was found when something does not hold."""

    def __init__(
        self, run: Runner, fact: Callable[[str], str], set_fact: Callable[[str, str], None],
        shelf: Callable[[], OpenShelf], seal: SealCheck, clock: Clock, told: Callable[[KeptVerdict], None] = _nobody,
    ) -> None:  # fmt: skip
        """`fact` and `set_fact`: the node's small facts, on its database thread."""
        self._run = run
        self._fact = fact
        self._set_fact = set_fact
        self._shelf = shelf
        self._seal = seal
        self._clock = clock
        self._told = told
        self._kept: KeptVerdict | None = None
        self._stopping = threading.Event()

    def state(self) -> BooksState:
        """For screens and health."""
        kept = self._kept
        if kept is None or not kept.proved:
            return BooksState()
        return BooksState(proved_at=kept.at, faults=kept.faults)

    def stop(self) -> None:
        """Break off what is being proved."""
        self._stopping.set()

    def chore(self) -> Chore:
        """For as long as the node runs."""
        return Chore(name="proof of the books", look=self.look, seconds=LOOK_SECONDS)

    async def look(self) -> None:
        """Prove the books if it is time. Raises `StorageFailure`."""
        if self._kept is None:
            self._kept = await self._run(self._remembered)
        if is_due(self._kept.at, self._clock.now()):
            await self.prove_now()

    async def prove_now(self) -> KeptVerdict | None:
        """Prove them and remember what was found; None when it was broken off."""
        with suppress(_Stopped):
            found = _verdict(await asyncio.to_thread(self._prove), self._clock.now())
            await self._run(self._set_fact, FACT, encode(found).decode())
            self._kept = found
            if found.faults:
                _log.error("books.faulty", faults=found.faults, first=str(found.first))
                await self._run(self._told, found)
            else:
                _log.info("books.hold", messages=found.messages)
            return found
        return None

    def _prove(self) -> BooksProof:
        with closing(self._shelf()) as shelf:
            return prove(shelf, self._seal, self._rest)

    def _rest(self) -> None:
        if self._stopping.is_set():
            raise _Stopped
        time.sleep(REST_SECONDS)

    def _remembered(self) -> KeptVerdict:
        known = self._fact(FACT)
        if known:
            return decode(known.encode(), KeptVerdict)
        first = KeptVerdict(at=self._clock.now(), proved=False)
        self._set_fact(FACT, encode(first).decode())
        return first


def _verdict(proof: BooksProof, at: datetime.datetime) -> KeptVerdict:
    faults = [fault for stream in proof.streams for fault in stream.faults] + list(proof.faults)
    return KeptVerdict(
        at=at, messages=sum(stream.messages for stream in proof.streams), faults=len(faults),
        first=faults[0] if faults else None,
    )  # fmt: skip
