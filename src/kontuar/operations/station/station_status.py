"""What a station knows of itself without asking anyone."""

import msgspec

from kontuar.kernel.errors import Refused
from kontuar.operations.station import login
from kontuar.operations.station.station import Station


class LocalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Definitions version, shift, what waits for the fiscal device, how stale its knowledge is."""

    definitions: tuple[str, int]
    shift_open: bool
    business_day: str
    not_fiscalised: int
    silence: str


class Warnings(msgspec.Struct, frozen=True, kw_only=True):
    """What every screen warns of while selling goes on.

    `clock_off_seconds`: how far this till's clock is ahead of the agent's (negative = behind); 0 = not further than
    `clock.skew_warning_seconds`, or not known. `stopped`: why nothing can be issued here any more, empty = it can.
    `alone`: documents that were issued while nobody else held them, and still are here only (REL-21).
    """

    silence: login.Silence = login.Silence()
    clock_off_seconds: int = 0
    stopped: str = ""
    alone: int = 0


def warnings(station: Station, clock_skew_seconds: float | None) -> Warnings:
    """SEC-01, REL-13, REL-19; `clock_skew_seconds` as the sync measured it, None = not known.

    Cheap: a few parameters that are kept in memory. Works before the first definitions came.
    """
    try:
        silence, off = login.silence(station), _clock_off(station, clock_skew_seconds)
        stopped, alone = station.books.stream.stopped(), station.books.copies.alone()
        return Warnings(silence=silence, clock_off_seconds=off, stopped=stopped, alone=alone)
    except Refused:  # no store is defined yet: nothing can be sold, and the screens say why
        return Warnings()


def _clock_off(station: Station, skew_seconds: float | None) -> int:
    if skew_seconds is None:
        return 0
    far = abs(skew_seconds) > station.parameters().whole("clock.skew_warning_seconds")
    return round(skew_seconds) if far else 0


def read(station: Station) -> LocalStatus:
    """The local part of the status; works before the first definitions came."""
    version = station.books.definitions.version()
    shift = station.books.cash.open_shift()
    return LocalStatus(
        definitions=version,
        shift_open=shift is not None,
        business_day=shift.business_day.isoformat() if shift else "",
        not_fiscalised=station.books.documents.waiting_fiscal(),
        silence=login.silence(station).level if version[0] else "fine",
    )
