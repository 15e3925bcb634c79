"""Who may carry files between this station and head office, and that it is told of (REL-15)."""

import msgspec

from kontuar.domain.parties import rights
from kontuar.operations.actor import Actor
from kontuar.operations.ports.exchange import ExchangeReport
from kontuar.operations.station.station import Station


def begin_export(station: Station, actor: Actor) -> None:  # noqa: ARG001 - the shape of every operation
    """A file is made next. Needs the right `sync.exchange`."""
    actor.require(rights.EXCHANGE)


def note_export(station: Station, by: str) -> None:
    """The first reader of a file is told who made it: the message goes along. Raises `Refused` where this life issues
    nothing any more, and as storage does."""
    station.event("exchange.exported", by)


def begin_import(station: Station, actor: Actor) -> None:  # noqa: ARG001 - the shape of every operation
    """Needs the right `sync.exchange`."""
    actor.require(rights.EXCHANGE)


def end_import(station: Station, actor: Actor, report: ExchangeReport) -> None:
    """A file was applied."""
    station.event("exchange.imported", actor.operator, file=report.file, made_at=report.made_at)


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """How many messages nobody else is known to hold, and where the definitions stand.

    `zone`: where the firm keeps its books.
    """

    unsent: int
    definitions: tuple[str, int]
    zone: str


def waiting(station: Station, actor: Actor) -> Waiting:
    """What a file would be good for. Needs the right `sync.exchange`."""
    actor.require(rights.EXCHANGE)
    return Waiting(
        unsent=station.books.stream.waiting(), definitions=station.books.definitions.version(),
        zone=station.firm().time_zone,
    )  # fmt: skip
