"""What a node tells the node above of itself, and an agent of its stations: queue, program, clock (HUB-07)."""

import datetime
from collections.abc import Callable
from typing import Final

import msgspec

from kontuar.kernel.time import Clock, instant_text, parse_instant
from kontuar.operations.ports.sync import Heard, KeyRing, NodeIdentity, Outbox, OutgoingStream, Queue
from kontuar.sync.wire import DownFields, NodeFigures

FRESH_SECONDS: Final = 10.0
"""Stations ask every two seconds: who was not heard for so long is not told of, and becomes silent at the hub."""
MOST_NODES: Final = 500

Figures = Callable[[], tuple[NodeFigures, ...]]


class _Written(msgspec.Struct, frozen=True):
    at: str = ""


def queue_of(outbox: Outbox) -> Queue:
    """What the receiver above does not hold yet. Runs on the database thread."""
    waiting = [outgoing for outgoing in outbox.streams() if outgoing.head.seq > outgoing.held.seq]
    oldest = [moment for moment in (_oldest_of(outbox, outgoing) for outgoing in waiting) if moment]
    length = sum(outgoing.head.seq - outgoing.held.seq for outgoing in waiting)
    return Queue(length=length, oldest_at=min(oldest, default=""))


def _oldest_of(outbox: Outbox, outgoing: OutgoingStream) -> str:
    """When the first message that waits was written; empty where it says nothing of it."""
    first = outbox.read(outgoing.stream, outgoing.held.seq, 1, 1)
    if not first:
        return ""
    try:
        written = msgspec.json.decode(first[0].payload, type=_Written).at
        return instant_text(parse_instant(written)) if written else ""
    except (msgspec.DecodeError, ValueError, RecursionError):
        return ""  # a message that only the hub may judge: it is counted, its age is not known


class StationsHeard:
    """An agent's memory of what its stations told a moment ago. Written and read on any thread."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._told: dict[str, tuple[float, NodeFigures]] = {}

    def heard(self, news: Heard) -> None:
        """A station asked or pushed; only what it asks with has figures."""
        if news.identity.kind != "station" or news.queue is None:
            return
        figures = NodeFigures(
            node=news.identity.node, incarnation=news.identity.incarnation, build=news.build,
            sent_ahead_seconds=_ahead_seconds(news.sent_at, self._clock.now()),
            definitions_version=news.definitions_version, queue=news.queue,
        )  # fmt: skip
        self._told[news.identity.node] = (self._clock.monotonic(), figures)

    def fresh(self) -> tuple[NodeFigures, ...]:
        """Of every station that was heard a moment ago, in the order of their numbers."""
        now = self._clock.monotonic()
        told = sorted(self._told.copy().items())
        return tuple(figures for _, (at, figures) in told if now - at <= FRESH_SECONDS)[:MOST_NODES]


def heard_of(asker: NodeIdentity, sent_at: str, build: str, asked: DownFields, keys: KeyRing) -> list[Heard]:
    """Who is heard of by one `down`: the asker, and behind an agent the stations of its own store."""
    direct = Heard(
        identity=asker, sent_at=sent_at, build=build, definitions_version=asked.definitions.version, queue=asked.queue
    )
    if asker.kind != "agent":
        return [direct]
    found = [direct]
    for figures in asked.nodes[:MOST_NODES]:
        station = keys.identity(figures.node, figures.incarnation)
        if station is not None and station.kind == "station" and station.store == asker.store:
            found.append(_relayed(station, sent_at, figures))
    return found


def _relayed(station: NodeIdentity, sent_at: str, figures: NodeFigures) -> Heard:
    return Heard(
        identity=station, sent_at=_moved(sent_at, figures.sent_ahead_seconds), build=figures.build,
        definitions_version=figures.definitions_version, queue=figures.queue,
    )  # fmt: skip


def _ahead_seconds(sent_at: str, now: datetime.datetime) -> float:
    try:
        return round((parse_instant(sent_at) - now).total_seconds(), 3)
    except ValueError:
        return 0.0


def _moved(sent_at: str, seconds: float) -> str:
    """A station's clock, when the agent's showed `sent_at`; empty when it cannot be told."""
    try:
        return instant_text(parse_instant(sent_at) + datetime.timedelta(seconds=seconds))
    except (ValueError, OverflowError):
        return ""
