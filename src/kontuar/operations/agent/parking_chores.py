"""What the agent's parking does by itself while it runs: leases end, and what left long ago is forgotten."""

import datetime
from typing import Final

from kontuar.kernel.time import Clock, instant_text
from kontuar.operations.agent.parking_buffer import ParkingBuffer

GONE_FOR: Final = datetime.timedelta(days=400)
"""How long what left the buffer is remembered; by then no station holds a copy of it."""
DAY_SECONDS: Final = 86_400.0


class ParkingChores:
    """Done every second or so, on the database thread."""

    def __init__(self, buffer: ParkingBuffer, clock: Clock) -> None:
        self._buffer = buffer
        self._clock = clock
        self._forget_at = clock.monotonic()

    def beat(self) -> bool:
        """Whether leases ended, so that the list is another. Old things are forgotten at the start and once a day."""
        ended = self._buffer.expire()
        if self._clock.monotonic() >= self._forget_at:
            self.forget_old()
            self._forget_at = self._clock.monotonic() + DAY_SECONDS
        return ended

    def forget_old(self) -> None:
        """What left the buffer more than `GONE_FOR` ago."""
        with self._buffer.books.transaction():
            self._buffer.books.forget_gone_before(instant_text(self._clock.now() - GONE_FOR))
