"""Drives uplink and downlink over a transport: the thin part that the simulator replaces."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from pathlib import Path
from typing import Final

import structlog

from kontuar.kernel.errors import Refused
from kontuar.kernel.time import Clock
from kontuar.operations.known_kinds import known_kinds
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.sync import DigestState, DownSink, Outbox
from kontuar.sync import downlink as down
from kontuar.sync import uplink as up
from kontuar.sync.bell import Bell
from kontuar.sync.connection import Connection
from kontuar.sync.figures import Figures, queue_of
from kontuar.sync.identity import NodeKeys
from kontuar.sync.snapshots import fetch
from kontuar.sync.transport import Declined, Transport, Unreachable, said_here

_PUSH_TIMEOUT_SECONDS: Final = 20.0
_ANSWER_MARGIN_SECONDS: Final = 1.5
"""How long after the end of a long poll an answer may take before the other side counts as lost."""
_RESTART_SECONDS: Final = 1.0
_log = structlog.get_logger("sync")


class NodeSync:
    """Two tasks of a node towards the node above: pushing, and asking down."""

    def __init__(
        self, runner: Runner, outbox: Outbox, sink: DownSink, transport: Transport, connection: Connection,
        clock: Clock, *, who: NodeKeys, build: str, folder: Path,
        applied: Callable[[down.Applied], None] = lambda _: None,
        acknowledged: Callable[[], None] = lambda: None,
        limits: up.UplinkLimits = up.UplinkLimits(), wait_seconds: float = 2.0, nodes: Figures = tuple,
        digests: Callable[[], DigestState | None] = lambda: None,
        kinds: Callable[[], Collection[str] | None] = known_kinds,
    ) -> None:  # fmt: skip
        """`folder` takes snapshot files on their way; `applied` and `acknowledged` are called on the server's
        thread after something came down or was acknowledged; `nodes`: what an agent tells of its stations; `digests`:
        what any node tells of comparing its messages (REL-18); `kinds`: of definitions that it knows (REL-16)."""
        sender = who.sender(build)
        self._runner = runner
        self._transport = transport
        self._connection = connection
        self._clock = clock
        self._folder = folder
        self._applied = applied
        self._acknowledged = acknowledged
        self._bell = Bell()
        self._reached = False
        self._tasks: list[asyncio.Task[None]] = []
        self._uplink = up.Uplink(outbox, sender, who.signed, who.keys, clock, limits, who.lives)
        self._downlink = down.Downlink(
            sink, who.certificate.store, sender, who.signed, who.keys, clock, wait_seconds=wait_seconds,
            queue=partial(queue_of, outbox), nodes=nodes, digests=digests, kinds=kinds,
        )  # fmt: skip

    def start(self) -> None:
        """Begin; inside the server's event loop."""
        self._tasks = [
            asyncio.create_task(self._forever(self._push), name="push"),
            asyncio.create_task(self._forever(self._ask), name="down"),
        ]

    async def stop(self) -> None:
        """End both tasks; what was not acknowledged stays in the outbox."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    def wake(self) -> None:
        """Something was committed: push it now (push rule 6). From any thread."""
        self._bell.ring()

    async def _forever(self, once: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await once()
            except asyncio.CancelledError:
                raise
            except Exception:  # noqa: BLE001 - a task that dies silently would leave documents unsent
                # A bug or a database that is full: said loudly, tried again; selling goes on without the network.
                _log.exception("sync.broke")
                self._connection.lost()
                await asyncio.sleep(_RESTART_SECONDS)

    # -- up -----------------------------------------------------------------------------------------------
    async def _push(self) -> None:
        event: up.Woken | up.Reached | up.Replied | up.Failed = up.Woken()
        while True:
            heard = self._bell.heard()
            effect = await self._runner(self._uplink.step, event)
            self._connection.hindered(self._uplink.problem)
            if isinstance(event, up.Replied):
                self._acknowledged()
            if isinstance(effect, up.Push):
                event = await self._post(effect.body)
            else:
                await self._bell.wait(heard, effect.seconds)
                event = up.Reached() if self._reached else up.Woken()
                self._reached = False

    async def _post(self, body: bytes) -> up.Replied | up.Failed:
        try:
            return up.Replied(await self._transport.post("/sync/v1/push", body, timeout_seconds=_PUSH_TIMEOUT_SECONDS))
        except Unreachable as error:
            if not error.slow:
                self._connection.lost()
            return up.Failed("")
        except Declined as error:
            _log.warning("sync.push_declined", status=error.status, code=error.code)
            return up.Failed(said_here(error.code) or f"http.{error.status}")

    # -- down ---------------------------------------------------------------------------------------------
    async def _ask(self) -> None:
        event: down.Start | down.Answered | down.Fetched | down.Missed = down.Start()
        while True:
            effect = await self._runner(self._downlink.step, event)
            self._tell(event)
            if isinstance(effect, down.Ask):
                event = await self._ask_once(effect)
            elif isinstance(effect, down.Fetch):
                event = await self._fetch(effect)
            else:
                await asyncio.sleep(effect.seconds)
                event = down.Start()

    def _tell(self, event: object) -> None:
        """The connection, and everyone who waits for news."""
        reach = self._downlink.reach
        if reach is not None and isinstance(event, down.Answered):
            was_lost = self._connection.level() == 0
            self._connection.answered(hub_reachable=reach.reachable, hub_seen_at=reach.seen_at)
            self._connection.compared(self._downlink.skew_seconds)
            is_news = self._downlink.closed and not self._uplink.problem
            if was_lost or is_news:  # a claim is sent at once, and its answer says where we stand
                self._reached = True
                self._bell.ring()
        if isinstance(event, down.Answered) and self._downlink.problem:
            _log.warning("sync.answer_refused", code=self._downlink.problem)
            self._connection.lost()
        if self._downlink.applied.anything():
            self._applied(self._downlink.applied)

    async def _ask_once(self, ask: down.Ask) -> down.Answered | down.Missed:
        try:
            timeout = ask.wait_seconds + _ANSWER_MARGIN_SECONDS
            began = self._clock.monotonic()
            body = await self._transport.post("/sync/v1/down", ask.body, timeout_seconds=timeout)
            took = self._clock.monotonic() - began
            # The giver tells its time when it stops waiting, so what it waited is not a part of the way.
            return down.Answered(body, self._clock.now(), max(took - ask.wait_seconds, 0.0))
        except Unreachable:
            self._connection.lost()
            return down.Missed("")
        except Declined as error:
            _log.warning("sync.down_declined", status=error.status, code=error.code)
            self._connection.lost()
            return down.Missed(said_here(error.code) or f"http.{error.status}")

    async def _fetch(self, effect: down.Fetch) -> down.Fetched | down.Missed:
        try:
            return down.Fetched(await fetch(self._transport, effect.snapshot, effect.proof, self._folder))
        except Unreachable:
            self._connection.lost()
            return down.Missed("")
        except Declined as error:
            return down.Missed(error.code or f"http.{error.status}")
        except Refused as refusal:
            _log.warning("sync.snapshot_refused", code=refusal.problems[0].code)
            return down.Missed(refusal.problems[0].code)


StationSync = NodeSync
"""At a station: towards its agent."""
