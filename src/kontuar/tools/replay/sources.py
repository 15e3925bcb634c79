"""Where baskets come from, as a sliced replay remembers it."""

from pathlib import Path

import msgspec

from kontuar.tools.replay import source_completejourney, source_csv
from kontuar.tools.replay.baskets import Selection
from kontuar.tools.replay.source_csv import BadLine


class JourneySource(msgspec.Struct, frozen=True, kw_only=True, tag="completejourney"):
    """The Complete Journey: busiest stores after the first `after`, baskets, the package's file if not installed."""

    stores: int
    limit: int
    after: int = 0
    data: str = ""


class CsvSource(msgspec.Struct, frozen=True, kw_only=True, tag="csv"):
    """Anyone's own file."""

    file: str
    currency: str
    time_zone: str
    limit: int
    leave_out_bad_rows: bool


Source = JourneySource | CsvSource


def selected(source: Source) -> tuple[Selection, tuple[BadLine, ...]]:
    """The baskets, and rows that cannot be sold and may not be left out; raises `NoBaskets`."""
    if isinstance(source, JourneySource):
        data = Path(source.data) if source.data else None
        return source_completejourney.select(source.stores, source.limit, data, after=source.after), ()
    selection, bad = source_csv.read(Path(source.file), source.currency, source.time_zone, source.limit)
    return selection, () if source.leave_out_bad_rows else bad
