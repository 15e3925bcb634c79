"""What a node tells the node above of itself, and an agent of its stations: queue, program, clock (HUB-07)."""

import datetime
from collections.abc import Callable, Collection
from typing import Final

import msgspec

from kontuar.kernel.time import Clock, instant_text, parse_instant
from kontuar.operations.known_kinds import FIRST_KINDS, SCHEMAS, known_kinds
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

    def __init__(self, clock: Clock, backups_late: Callable[[], Collection[str]] = tuple) -> None:
        """`backups_late`: stations of which the agent misses a backup; it is asked with every question, so it must cost
        nothing."""
        self._clock = clock
        self._backups_late = backups_late
        self._told: dict[str, tuple[float, NodeFigures]] = {}
        self._schemas: dict[str, dict[str, int] | None] = {}

    def heard(self, news: Heard) -> None:
        """A station asked or pushed; only what it asks with has figures, and why it is not listened to (REL-16)."""
        if news.identity.kind != "station":
            return
        if news.schemas is not None:
            self._schemas[news.identity.node] = None if news.schemas == SCHEMAS else news.schemas
        if news.queue is None and not news.refused:
            return
        kinds = FIRST_KINDS if news.kinds is None else frozenset(news.kinds)
        figures = NodeFigures(
            node=news.identity.node, incarnation=news.identity.incarnation, build=news.build,
            sent_ahead_seconds=_ahead_seconds(news.sent_at, self._clock.now()),
            definitions_version=news.definitions_version, queue=news.queue, digests=news.digests,
            kinds=None if news.refused or kinds == known_kinds() else tuple(sorted(kinds)),
            schemas=self._schemas.get(news.identity.node), refused=news.refused or None,
        )  # fmt: skip
        self._told[news.identity.node] = (self._clock.monotonic(), figures)

    def fresh(self) -> tuple[NodeFigures, ...]:
        """Of every station that was heard a moment ago, in the order of their numbers."""
        now = self._clock.monotonic()
        told = sorted(self._told.copy().items())
        late = self._backups_late()
        return tuple(
            msgspec.structs.replace(figures, backup_late=node in late)
            for node, (at, figures) in told
            if now - at <= FRESH_SECONDS
        )[:MOST_NODES]


def heard_of(asker: NodeIdentity, sent_at: str, build: str, asked: DownFields, keys: KeyRing) -> list[Heard]:
    """Who is heard of by one `down`: the asker, and behind an agent the stations of its own store."""
    direct = Heard(
        identity=asker, sent_at=sent_at, build=build, definitions_version=asked.definitions.version, queue=asked.queue,
        digests=asked.digests, kinds=asked.kinds, refused="",
    )  # fmt: skip
    if asker.kind != "agent":
        return [direct]
    found = [direct]
    for figures in asked.nodes[:MOST_NODES]:
        station = keys.identity(figures.node, figures.incarnation)
        if station is not None and station.kind == "station" and station.store == asker.store:
            found.append(_relayed(station, sent_at, figures, asked.kinds))
    return found


def _relayed(
    station: NodeIdentity, sent_at: str, figures: NodeFigures, agents_kinds: tuple[str, ...] | None
) -> Heard:  # fmt: skip
    """An agent says of kinds only where its station knows others than itself; an older one says nothing."""
    kinds = figures.kinds or agents_kinds
    return Heard(
        identity=station, sent_at=_moved(sent_at, figures.sent_ahead_seconds), build=figures.build,
        definitions_version=figures.definitions_version, queue=figures.queue, digests=figures.digests,
        kinds=None if figures.refused else kinds, schemas=figures.schemas or ({} if figures.queue else None),
        refused=figures.refused or "", backup_late=figures.backup_late,
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
