"""A station's or an agent's files for head office, on the node's own database thread, each written down in a list."""

from collections.abc import Callable, Sequence

import structlog

from kontuar import __version__
from kontuar.kernel.errors import Refused
from kontuar.nodes.machine import World
from kontuar.operations.ports.exchange import (
    Carrier,
    ExchangeEntry,
    ExchangeFile,
    ExchangeLog,
    ExchangeReport,
    entry_of_made,
    entry_of_refused,
    entry_of_taken,
)
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.sync import HUB_NODE, DownSink, Outbox
from kontuar.storage.failures import StorageFull
from kontuar.sync.downlink import Applied
from kontuar.sync.exchange import FilesForHub
from kontuar.sync.exchange_file import Here
from kontuar.sync.identity import NodeKeys

_log = structlog.get_logger("exchange")


class StoreExchangeDesk:
    """Implements `operations.ports.exchange.StoreExchange`."""

    def __init__(
        self, run: Runner, outbox: Outbox, sink: DownSink, keys: NodeKeys, world: World,
        applied: Callable[[Applied], None], *, carrier: Carrier, log: ExchangeLog,
        note: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        """`applied` is called on the server's thread after a file brought something; `note` on the database thread,
        with the operator who has a file made."""
        self._note_made = note
        here = Here(
            sender=keys.sender(__version__), signer=keys.signer, keys=keys.keys, certificate=keys.signed,
            lives=keys.lives,
        )  # fmt: skip
        self._run = run
        self._files = FilesForHub(outbox, sink, here, keys.certificate.store, world.clock, world.ids, carrier)
        self._applied = applied
        self._clock = world.clock
        self._log = log

    async def make(self, by: str = "") -> ExchangeFile:
        """Everything that head office is not known to hold."""
        return await self._run(self._make, by)

    async def take(self, data: bytes, by: str = "") -> ExchangeReport:
        """Apply a file of head office; raises `Refused("exchange.…")`."""
        report, applied = await self._run(self._take, data, by)
        if applied.anything():
            self._applied(applied)
        return report

    async def newest(self, most: int) -> Sequence[ExchangeEntry]:
        """The files that were made and that came, newest first."""
        return await self._run(self._log.newest, most)

    def _make(self, by: str) -> ExchangeFile:
        """A disk that is full, or a life that is over, has nothing to add; what it holds wants to be carried all the
        same."""
        if by:
            try:
                self._note_made(by)
            except (StorageFull, Refused) as failure:
                _log.warning("exchange.not_told", by=by, reason=str(failure)[:200])
        made = self._files.make()
        self._note(entry_of_made(made, HUB_NODE, by, self._clock.now()))
        return made

    def _take(self, data: bytes, by: str) -> tuple[ExchangeReport, Applied]:
        try:
            report, applied = self._files.take(data)
        except Refused as refusal:
            self._note(entry_of_refused(refusal.problems[0], by, self._clock.now()))
            raise
        self._note(entry_of_taken(report, by, self._clock.now()))
        return report, applied

    def _note(self, entry: ExchangeEntry) -> None:
        """On a full disk the list lacks a row; the file is made all the same, for it may be the only way out."""
        try:
            self._log.add(entry)
        except StorageFull as failure:
            _log.warning("exchange.not_listed", way=entry.way, code=failure.code)
