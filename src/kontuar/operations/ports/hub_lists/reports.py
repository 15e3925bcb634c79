"""What reports are made of: sums per day, and what loss prevention looks at."""

import datetime
from collections.abc import Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from kontuar.kernel.money import Minor


class ReportFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Business days from and to (both included), and which part of the firm; empty = all. `currency` of the firm."""

    day_from: datetime.date
    day_to: datetime.date
    store: str = ""
    station: str = ""
    operator: str = ""
    currency: str = "PLN"


class SalesRow(msgspec.Struct, frozen=True, kw_only=True):
    """Sums of one key (a day, an hour, a store, an article …) in minor units, quantities in ten-thousandths.

    `documents` is 0 where the sums are per line; `gross` is then the value of the lines.
    """

    key: str
    name: str = ""
    documents: int = 0
    lines: int = 0
    quantity_e4: int = 0
    net: Minor = Minor(0)
    tax: Minor = Minor(0)
    gross: Minor = Minor(0)
    discount: Minor = Minor(0)


class LossRow(msgspec.Struct, frozen=True, kw_only=True):
    """Of one operator: his documents and their gross, and how often (and worth what) each thing happened."""

    operator: str
    documents: int
    gross: Minor
    times: Mapping[str, int]
    values: Mapping[str, int]


class ReportShelf(Protocol):
    """Sums that booking keeps."""

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment."""
        ...

    def fold(self, most: int) -> int:
        """Add what was booked since to the sums, in a transaction of its own; how many notes were taken."""
        ...

    def sales(self, wanted: ReportFilter, by: str, signs: Mapping[str, int], most: int) -> Sequence[SalesRow]:
        """Sums by day, hour, store, station, operator, article, group or form; `signs`: type → what it adds."""
        ...

    def losses(self, wanted: ReportFilter, types: Collection[str]) -> Sequence[LossRow]:
        """One row per operator who did something."""
        ...
