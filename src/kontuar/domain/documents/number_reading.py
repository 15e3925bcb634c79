"""Reading a document's number back into its parts, to see gaps and doubles (REL-05)."""

import datetime
import re
from collections.abc import Iterable
from functools import lru_cache

import msgspec

from kontuar.domain.documents.numbering import period_of
from kontuar.domain.firm.records import NumberingRule

_PART = re.compile(r"\{(symbol|number|month|year|warehouse|series)(?::([1-9]))?\}")


class NumberRead(msgspec.Struct, frozen=True):
    """The ordinal of a number within (series, period) of its document type."""

    series: str
    period: str
    ordinal: int


def read_number(
    number: str, rules: Iterable[NumberingRule], *, symbol: str, day: datetime.date, warehouse: str
) -> NumberRead | None:
    """The parts by the first rule that fits; None when none does."""
    for rule in rules:
        match = _reader(rule.pattern, symbol, f"{day:%Y}", f"{day:%m}", warehouse).fullmatch(number)
        if match:
            return NumberRead(match["series"], period_of(rule, day), int(match["number"]))
    return None


@lru_cache(maxsize=4096)
def _reader(pattern: str, symbol: str, year: str, month: str, warehouse: str) -> re.Pattern[str]:
    """An expression whose only unknowns are the ordinal and the series."""
    known = {"symbol": symbol, "year": year, "month": month, "warehouse": warehouse}
    pieces: list[str] = []
    end = 0
    for part in _PART.finditer(pattern):
        pieces.append(re.escape(pattern[end : part.start()]))
        name, width = part[1], int(part[2] or 1)
        if name == "number":
            pieces.append(f"(?P<number>[0-9]{{{width},18}})")
        elif name == "series":
            pieces.append("0*(?P<series>.+)" if part[2] else "(?P<series>.+)")
        else:
            pieces.append(re.escape(known[name].rjust(width, "0")))
        end = part.end()
    pieces.append(re.escape(pattern[end:]))
    return re.compile("".join(pieces))
