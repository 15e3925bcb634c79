"""When a life of a till is over, and how the next one begins (REL-13; docs/protocol.md, *A till's lives*)."""

from typing import Protocol

from kontuar.domain.documents.messages import OPENED, StreamOpened
from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.streams import Mark, Position, StreamId
from kontuar.operations.station.station import Station

FORKED = "forked"
RESTORED = "restored"
_BEGAN = "life_began"


class OwnLog(Protocol):
    """What the database of a station knows of its own streams."""

    def problem(self) -> str:
        """Why the running life is stopped; empty when it is not."""
        ...

    def hash_at(self, stream: StreamId, seq: int) -> str | None:
        """The chain hash at a position (hex), None when it is not here."""
        ...

    def heads(self) -> tuple[tuple[str, Position], ...]:
        """(incarnation, last position) of every life that left messages here."""
        ...


def why_over(log: OwnLog, life: StreamId, ordinal: int, mark: Mark | None) -> str:
    """*forked* (agent or hub hold other messages of it), *restored* (the witness knows of messages that are not here),
    or empty: it goes on."""
    if log.problem() == "stream.forked":
        return FORKED
    if mark is None:
        return ""
    if mark.incarnation != life.incarnation:
        return RESTORED if mark.ordinal > ordinal else ""
    return "" if log.hash_at(life, mark.seq) == mark.hash else RESTORED


def is_unused(log: OwnLog, incarnation: str, ordinal: int, mark: Mark | None) -> bool:
    """Whether a life may still begin: neither database nor witness ever heard of it, nor of a later one."""
    known = any(name == incarnation for name, _ in log.heads())
    return not known and (mark is None or mark.ordinal < ordinal)


def open_life(station: Station, log: OwnLog, *, ordinal: int, reason: str, mark: Mark | None) -> bool:
    """The first message of a life, by which every earlier one is closed; whether it was written now."""
    if station.books.stream.head().seq > 0:
        return False
    mine = station.identity.incarnation
    closes = tuple((name, head.seq, head.hash) for name, head in log.heads() if name != mine)
    witnessed = (mark.incarnation, mark.seq) if mark is not None and mark.incarnation != mine else None
    body = StreamOpened(reason=reason, ordinal=ordinal, closes=closes, witnessed=witnessed)
    with station.books.transaction():
        station.books.set_fact(_BEGAN, reason)
        station.announce(OPENED, station.ids.new_id(), body, "")
    station.committed()
    return True


def began(station: Station) -> str:
    """Why the running life was begun: *enrolled*, *restored* or *forked*."""
    return station.books.fact(_BEGAN) or "enrolled"


def begin_enrolment(station: Station, actor: Actor) -> None:
    """A one-time code is asked for next: a machine that was replaced becomes this till again (REL-13).

    Needs the right `sync.exchange`. Raises `Refused("life.still_runs")` where the till works.
    """
    actor.require(rights.EXCHANGE)
    if not station.books.stream.stopped():
        raise refuse("life.still_runs", "code", station=station.identity.station)
