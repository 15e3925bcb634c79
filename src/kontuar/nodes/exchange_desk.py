"""A station's or an agent's files for head office, on the node's own database thread."""

from collections.abc import Callable

from kontuar import __version__
from kontuar.nodes.machine import World
from kontuar.operations.ports.exchange import ExchangeFile, ExchangeReport
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.sync import DownSink, Outbox
from kontuar.sync.downlink import Applied
from kontuar.sync.exchange import FilesForHub
from kontuar.sync.exchange_file import Here
from kontuar.sync.identity import NodeKeys


class StoreExchangeDesk:
    """Implements `operations.ports.exchange.StoreExchange`."""

    def __init__(
        self, run: Runner, outbox: Outbox, sink: DownSink, keys: NodeKeys, world: World,
        applied: Callable[[Applied], None],
    ) -> None:  # fmt: skip
        """`applied` is called on the server's thread after a file brought something."""
        here = Here(
            sender=keys.sender(__version__), signer=keys.signer, keys=keys.keys, certificate=keys.signed
        )  # fmt: skip
        self._run = run
        self._files = FilesForHub(outbox, sink, here, keys.certificate.store, world.clock, world.ids)
        self._applied = applied

    async def make(self) -> ExchangeFile:
        """Everything that head office is not known to hold."""
        return await self._run(self._files.make)

    async def take(self, data: bytes) -> ExchangeReport:
        """Apply a file of head office; raises `Refused("exchange.…")`."""
        report, applied = await self._run(self._files.take, data)
        if applied.anything():
            self._applied(applied)
        return report
