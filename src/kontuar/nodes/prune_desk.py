"""A station or an agent lets go at night of what head office has for good (REL-17)."""

import datetime
from collections.abc import Callable
from typing import Final

import structlog

from kontuar.kernel.time import Clock
from kontuar.nodes.chores import Chore
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.streams import Position
from kontuar.operations.proving import NIGHT_HOURS_UTC
from kontuar.operations.pruning import LARGEST_SKEW_SECONDS, Limits, PruneBooks, note_finals, prune_once
from kontuar.sync.connection import Connection

LOOK_SECONDS: Final = 600.0
REST_SECONDS: Final = 0.5
"""Between two pieces: whoever sells meanwhile comes first (PERF-01)."""
_log = structlog.get_logger("pruning")


class PruneDesk:
    """One piece at each look, in one transaction; the next one follows soon while there is one."""

    def __init__(
        self, run: Runner, books: PruneBooks, limits: Callable[[], Limits], node: tuple[str, str],
        sign: Callable[[bytes], bytes], connection: Connection, clock: Clock,
    ) -> None:  # fmt: skip
        """`limits` is called on the database thread; `node`: (number, incarnation) of who signs."""
        self._run = run
        self._books = books
        self._limits = limits
        self._node = node
        self._sign = sign
        self._connection = connection
        self._clock = clock

    def chore(self) -> Chore:
        """Looked for every ten minutes, done at night."""
        return Chore(name="pruning", look=self.look, seconds=LOOK_SECONDS, waits_first=True)

    async def look(self) -> float | None:
        """Raises `Refused` where the parameters are not known yet."""
        now = self._clock.now()
        if not self._is_trusted():
            return None
        await self._run(note_finals, self._books, now)
        if now.hour not in NIGHT_HOURS_UTC:
            return None
        mark = await self._run(self._once, now)
        if mark is None:
            return None
        _log.info("books.pruned", to=mark.seq)
        return REST_SECONDS

    def _is_trusted(self) -> bool:
        """A clock that nobody compared, or that is far off, says nothing of how old anything is."""
        skew = self._connection.clock_skew_seconds()
        return skew is not None and abs(skew) < LARGEST_SKEW_SECONDS

    def _once(self, now: datetime.datetime) -> Position | None:
        return prune_once(self._books, self._limits(), self._node, self._sign, now)
