"""What a station knows of itself without asking anyone."""

import msgspec

from kontuar.operations import login
from kontuar.operations.station import Station


class LocalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """Definitions version, shift, what waits for the fiscal device, how stale its knowledge is."""

    definitions: tuple[str, int]
    shift_open: bool
    business_day: str
    not_fiscalised: int
    silence: str


def read(station: Station) -> LocalStatus:
    """The local part of the status; works before the first definitions came."""
    version = station.books.definitions.version()
    shift = station.books.cash.open_shift()
    return LocalStatus(
        definitions=version,
        shift_open=shift is not None,
        business_day=shift.business_day.isoformat() if shift else "",
        not_fiscalised=station.books.documents.waiting_fiscal(),
        silence=login.silence(station) if version[0] else "fine",
    )
