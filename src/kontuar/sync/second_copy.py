"""The store's agent as the holder of second copies (REL-21)."""

import asyncio

from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.second_copy import CopyOutcome
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.operations.ports.sync import Outbox
from kontuar.sync.bell import Bell
from kontuar.sync.connection import Connection


class AgentCopy:
    """Implements `operations.ports.second_copy.SecondCopy`. Pushing is not its work: every commit wakes the push."""

    def __init__(self, run: Runner, outbox: Outbox, connection: Connection, news: Bell) -> None:
        """`news` rings after every acknowledgement and whenever the connection is another one."""
        self._run = run
        self._outbox = outbox
        self._connection = connection
        self._news = news

    async def wait(self, stream: StreamId, position: Position, most_seconds: float) -> CopyOutcome:
        """Until the agent said *held* of it; at once where it is known to be away, or to take nothing of ours."""
        try:
            async with asyncio.timeout(most_seconds):
                while True:
                    heard = self._news.heard()
                    if await self._run(self._is_held, stream, position):
                        return "held"
                    if self._is_away():
                        return "away"
                    await self._news.wait(heard, most_seconds)
        except TimeoutError:
            return "late"

    def _is_held(self, stream: StreamId, position: Position) -> bool:
        outgoing = self._outbox.stream(stream)
        if outgoing is None or outgoing.held.seq < position.seq:
            return False
        return self._outbox.hash_at(stream, position.seq) == position.hash

    def _is_away(self) -> bool:
        return self._connection.is_away() or bool(self._connection.state().problem)
