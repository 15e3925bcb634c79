"""What a station did on a business day, counted from its own tables, to be compared with agent and hub."""

import msgspec

from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import DaySum, TenderSum
from kontuar.operations.ports.streams import Position
from kontuar.operations.station.station import Station


class StationDay(msgspec.Struct, frozen=True, kw_only=True):
    """A day of a station; `head` is the end of its chain now."""

    station: str
    incarnation: str
    day: str
    head: Position
    waiting: int
    types: tuple[DaySum, ...]
    tenders: tuple[TenderSum, ...]
    stock: tuple[tuple[str, str, str], ...]


def station_day(station: Station, actor: Actor, day: str) -> StationDay:
    """The figures of one business day."""
    actor.require(rights.ALL_DOCUMENTS)
    counts = station.books.counts
    return StationDay(
        station=station.identity.station,
        incarnation=station.identity.incarnation,
        day=day,
        head=station.books.stream.head(),
        waiting=station.books.stream.waiting(),
        types=tuple(counts.day_sums(day)),
        tenders=tuple(counts.day_tenders(day)),
        stock=tuple(counts.day_stock(day)),
    )
