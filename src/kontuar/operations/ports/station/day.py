"""Counting queries over a station's tables, for reconciliation."""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from kontuar.kernel.money import Minor


class DaySum(msgspec.Struct, frozen=True, kw_only=True):
    """Documents of one type: how many, their lines, gross, and every number in the order of approval."""

    document_type: str
    documents: int
    lines: int
    gross: Minor
    numbers: tuple[str, ...]


class TenderSum(msgspec.Struct, frozen=True, kw_only=True):
    """Money of one form and currency that documents of the day moved (minor units, signed)."""

    form: str
    currency: str
    amount: Minor


class DayCounts(Protocol):
    """Counting queries over a station's tables, for reconciliation."""

    def day_sums(self, day: str) -> Sequence[DaySum]:
        """Per document type."""
        ...

    def day_tenders(self, day: str) -> Sequence[TenderSum]:
        """Per form and currency, documents only."""
        ...

    def day_stock(self, day: str) -> Sequence[tuple[str, str, str]]:
        """(warehouse, article, change in base units as text)."""
        ...
