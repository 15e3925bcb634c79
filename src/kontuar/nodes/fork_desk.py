"""An agent tells the hub what it kept aside of forked logs (REL-05)."""

from typing import Final

import structlog

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Refused
from kontuar.kernel.time import Clock
from kontuar.nodes.chores import Chore
from kontuar.operations.agent.forks import ForkShelf, next_telling, told
from kontuar.operations.ports.questions import FORKS, ForksTold
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.streams import StreamId
from kontuar.sync.connection import Connection
from kontuar.sync.questions import Questions

LOOK_SECONDS: Final = 10.0
AGAIN_SECONDS: Final = 600.0
"""How long a life is left alone that the hub refused to hear of."""
MOST_QUESTIONS: Final = 20
"""Of one life at a time."""
_log = structlog.get_logger("forks")


class ForkDesk:
    """One chore; what cannot be told now stays, and is told later."""

    def __init__(
        self, run: Runner, shelf: ForkShelf, questions: Questions, connection: Connection, clock: Clock
    ) -> None:
        self._run = run
        self._shelf = shelf
        self._questions = questions
        self._connection = connection
        self._clock = clock
        self._not_before: dict[StreamId, float] = {}

    def chore(self) -> Chore:
        """For as long as the agent runs."""
        return Chore(name="forks", look=self.once, seconds=LOOK_SECONDS)

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
