"""A list as a file: CSV that a spreadsheet opens without running anything, bounded XLSX (HUB-02, HUB-08)."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

MOST_CSV_ROWS: Final = 100_000
MOST_XLSX_ROWS: Final = 20_000
ROWS_PER_STEP: Final = 500
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is run by a spreadsheet; an apostrophe before it keeps it a text."""


def csv_text(rows: Iterable[Sequence[Any]], *, first: bool = False) -> str:
    """Rows as lines of CSV; `first` brings the mark by which a spreadsheet knows UTF-8."""
    written = io.StringIO()
    csv.writer(written, lineterminator="\r\n").writerows([_harmless(value) for value in row] for row in rows)
    return ("\ufeff" if first else "") + written.getvalue()


def _harmless(value: Any) -> Any:
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else value
