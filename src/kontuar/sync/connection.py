"""What a node can reach, since when, and what stands in its way; screens show it always."""

import datetime
from collections.abc import Callable
from typing import Final

import msgspec

from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.time import Clock

CLOCK_SET_SECONDS: Final = 2.0
"""By how much a clock may leave the seconds that passed before it counts as set by someone (or the machine slept)."""


class ConnectionState(msgspec.Struct, frozen=True, kw_only=True):
    """`problem`: code of what the other side last refused (its disk is full, our stream is forked); empty = none."""

    level: Connectivity
    since: datetime.datetime
    hub_seen_at: str
    problem: str


class _Compared(msgspec.Struct, frozen=True):
    """A comparison of clocks, with both of our own clocks at that moment."""

    skew_seconds: float
    at: datetime.datetime
    monotonic: float


class Connection:
    """Kept by the sync loops of a station (its agent) or an agent (the hub); read by everyone on the same thread."""

    def __init__(self, clock: Clock, changed: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._changed = changed
        self._state = ConnectionState(level=Connectivity.OFFLINE, since=clock.now(), hub_seen_at="", problem="")
        self._compared: _Compared | None = None
        self._known = False

    def state(self) -> ConnectionState:
        """As it is now."""
        return self._state

    def level(self) -> Connectivity:
        """What can be reached now."""
        return self._state.level

    def is_away(self) -> bool:
        """Whether nobody can be reached, and that was tried: right after the start it is not known yet."""
        return self._known and self._state.level == Connectivity.OFFLINE

    def answered(self, *, hub_reachable: bool, hub_seen_at: str) -> None:
        """The other side answered, and says whether the hub can be reached."""
        level = Connectivity.ONLINE if hub_reachable else Connectivity.STORE
        self._set(level, hub_seen_at or self._state.hub_seen_at, self._state.problem)
        self._tried()

    def lost(self) -> None:
        """The other side did not answer."""
        self._set(Connectivity.OFFLINE, self._state.hub_seen_at, self._state.problem)
        self._tried()

    def hindered(self, code: str) -> None:
        """The other side answers, but will not take what we push (empty = it does again)."""
        self._set(self._state.level, self._state.hub_seen_at, code)

    def compared(self, skew_seconds: float | None) -> None:
        """The other side told its time: how far our clock is ahead of it; None = it told none."""
        if skew_seconds is not None:
            self._compared = _Compared(skew_seconds, self._clock.now(), self._clock.monotonic())

    def clock_skew_seconds(self) -> float | None:
        """How far our clock is ahead of the other side's, as last compared; None = never, or our clock was set since
        (REL-19)."""
        last = self._compared
        if last is None:
            return None
        by_clock = (self._clock.now() - last.at).total_seconds()
        passed = self._clock.monotonic() - last.monotonic
        return last.skew_seconds if abs(by_clock - passed) <= CLOCK_SET_SECONDS else None

    def _set(self, level: Connectivity, hub_seen_at: str, problem: str) -> None:
        before = self._state
        since = before.since if level == before.level else self._clock.now()
        self._state = ConnectionState(level=level, since=since, hub_seen_at=hub_seen_at, problem=problem)
        if (level, problem) != (before.level, before.problem):
            self._changed()

    def _tried(self) -> None:
        if not self._known:
            self._known = True
            self._changed()
