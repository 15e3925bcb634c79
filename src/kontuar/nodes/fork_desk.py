"""An agent tells the hub what it kept aside of forked logs (REL-05)."""

import asyncio
from typing import Final

import structlog

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Refused
from kontuar.kernel.time import Clock
from kontuar.operations.agent.forks import ForkShelf, next_telling, told
from kontuar.operations.ports.questions import FORKS, ForksTold
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.streams import StreamId
from kontuar.storage.failures import StorageFailure
from kontuar.sync.connection import Connection
from kontuar.sync.questions import Questions

LOOK_SECONDS: Final = 10.0
AGAIN_SECONDS: Final = 600.0
"""How long a life is left alone that the hub refused to hear of."""
MOST_QUESTIONS: Final = 20
"""Of one life at a time."""
_log = structlog.get_logger("forks")


class ForkDesk:
    """One task; what cannot be told now stays, and is told later."""

    def __init__(
        self, run: Runner, shelf: ForkShelf, questions: Questions, connection: Connection, clock: Clock
    ) -> None:
        self._run = run
        self._shelf = shelf
        self._questions = questions
        self._connection = connection
        self._clock = clock
        self._not_before: dict[StreamId, float] = {}

    async def run(self) -> None:
        """Look every few seconds; never ends by itself."""
        while True:
            try:
                await self.once()
            except StorageFailure as failure:  # a full disk passes; a damaged database ends the process elsewhere
                _log.warning("forks.wait", code=failure.code)
            except Exception:  # noqa: BLE001 - a task that dies silently would leave sales at this agent only
                _log.exception("forks.broke")
            await asyncio.sleep(LOOK_SECONDS)

    async def once(self) -> None:
        """Tell what is not told yet, of each life so much that others get their turn."""
        if not self._connection.level():
            return
        for stream in await self._run(self._shelf.streams):
            if self._clock.monotonic() < self._not_before.get(stream, 0.0):
                continue
            try:
                await self._tell(stream)
            except Refused as refusal:
                code = refusal.problems[0].code
                if code == "connectivity.too_low":
                    return
                self._not_before[stream] = self._clock.monotonic() + AGAIN_SECONDS
                _log.warning("forks.declined", origin=stream.origin, code=code)

    async def _tell(self, stream: StreamId) -> None:
        for _ in range(MOST_QUESTIONS):
            telling = await self._run(next_telling, self._shelf, stream)
            if telling is None:
                return
            answer = decode(await self._questions.ask(FORKS, encode(telling)), ForksTold)
            refused = await self._run(told, self._shelf, telling, answer)
            if refused:
                _log.error("forks.refused", origin=stream.origin, messages=refused, code=answer.refused[0][1])
