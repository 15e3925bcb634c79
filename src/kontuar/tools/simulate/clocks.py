"""The firm's calendar, which may go on by whole days; machines' clocks, which may be wrong; identities from a seed."""

import datetime
import random
from typing import Final

from kontuar.kernel.ids import uuid7
from kontuar.kernel.time import Clock
from kontuar.tools.simulate.virtual_time import VirtualLoop

BEGINNING: Final = datetime.datetime(2026, 11, 21, 7, 0, tzinfo=datetime.UTC)
_NIGHT_HOUR: Final = 1


class Calendar:
    """What time it really is. Nights pass between two moments: nobody's timers notice, everybody's clock does."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop
        self._skipped = datetime.timedelta()
        self.nights = 0

    def now(self) -> datetime.datetime:
        """The instant."""
        return BEGINNING + self._skipped + datetime.timedelta(seconds=round(self._loop.time(), 6))

    def elapsed_seconds(self) -> float:
        """Of the story, without what was skipped."""
        return self._loop.time()

    def skip_to_night(self, days: int) -> None:
        """It is the middle of the night, so many days later."""
        now = self.now()
        night = now.replace(hour=_NIGHT_HOUR, minute=0, second=0) + datetime.timedelta(days=days)
        self._skipped += night - now
        self.nights += 1


class NodeClock:
    """A machine's clock: the calendar's time, off by `skew_seconds`."""

    def __init__(self, calendar: Calendar) -> None:
        self._calendar = calendar
        self.skew_seconds = 0.0

    def now(self) -> datetime.datetime:
        """The instant that this machine believes."""
        return self._calendar.now() + datetime.timedelta(seconds=round(self.skew_seconds, 6))

    def monotonic(self) -> float:
        """Seconds since the simulation began."""
        return self._calendar.elapsed_seconds()


class SeededIds:
    """Identities and secrets from a seed."""

    def __init__(self, clock: Clock, chance: random.Random) -> None:
        self._clock = clock
        self._chance = chance

    def new_id(self) -> str:
        """A UUIDv7 of the machine's time."""
        return uuid7(self._clock.now(), self._chance.randbytes(10))

    def secret(self, byte_count: int) -> bytes:
        """Bytes of the seed."""
        return self._chance.randbytes(byte_count)
