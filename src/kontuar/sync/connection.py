"""What a node can reach, since when, and what stands in its way; screens show it always."""

import datetime
from collections.abc import Callable

import msgspec

from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.time import Clock


class ConnectionState(msgspec.Struct, frozen=True, kw_only=True):
    """`problem`: code of what the other side last refused (its disk is full, our stream is forked); empty = none."""

    level: Connectivity
    since: datetime.datetime
    hub_seen_at: str
    problem: str


class Connection:
    """Kept by the sync loops of a station (its agent) or an agent (the hub); read by everyone on the same thread."""

    def __init__(self, clock: Clock, changed: Callable[[], None] = lambda: None) -> None:
        self._clock = clock
        self._changed = changed
        self._state = ConnectionState(level=Connectivity.OFFLINE, since=clock.now(), hub_seen_at="", problem="")

    def state(self) -> ConnectionState:
        """As it is now."""
        return self._state

    def level(self) -> Connectivity:
        """What can be reached now."""
        return self._state.level

    def answered(self, *, hub_reachable: bool, hub_seen_at: str) -> None:
        """The other side answered, and says whether the hub can be reached."""
        level = Connectivity.ONLINE if hub_reachable else Connectivity.STORE
        self._set(level, hub_seen_at or self._state.hub_seen_at, self._state.problem)

    def lost(self) -> None:
        """The other side did not answer."""
        self._set(Connectivity.OFFLINE, self._state.hub_seen_at, self._state.problem)

    def hindered(self, code: str) -> None:
        """The other side answers, but will not take what we push (empty = it does again)."""
        self._set(self._state.level, self._state.hub_seen_at, code)

    def _set(self, level: Connectivity, hub_seen_at: str, problem: str) -> None:
        before = self._state
        since = before.since if level == before.level else self._clock.now()
        self._state = ConnectionState(level=level, since=since, hub_seen_at=hub_seen_at, problem=problem)
        if (level, problem) != (before.level, before.problem):
            self._changed()
