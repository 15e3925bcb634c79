"""Document numbers: gapless per (type, series, period), from a pattern that the hub defines (DOC-01)."""

import re
from collections.abc import Iterable
from datetime import date

from kontuar.domain.firm.records import NumberingRule
from kontuar.kernel.errors import Problem

_PART = re.compile(r"\{(symbol|number|month|year|warehouse|series)(?::([1-9]))?\}")
_PERIOD_PARTS = {"never": (), "year": ("year",), "month": ("year", "month")}
DEFAULT_PATTERN = "{symbol}/{year}/{month}/{number:5}/{series}"


def default_rule(document_type: str) -> NumberingRule:
    """What holds where the hub defines nothing: PAR/2026/11/00001/POS2."""
    return NumberingRule(document_type=document_type, pattern=DEFAULT_PATTERN)


def problems_with(rule: NumberingRule) -> Iterable[Problem]:
    """A pattern that could give one number twice is refused."""
    parts = [match.group(1) for match in _PART.finditer(rule.pattern)]
    for needed in ("symbol", "number", "series", *_PERIOD_PARTS[rule.reset]):
        if parts.count(needed) != 1:
            yield Problem("numbering.part_missing", "pattern", {"part": needed})
    rest = _PART.sub("", rule.pattern)
    if "{" in rest or "}" in rest or len(rule.pattern) > 100:
        yield Problem("numbering.pattern_unreadable", "pattern", {"pattern": rule.pattern[:120]})
    if re.search(r"\}[^\W_]*\{", rule.pattern):  # letters or digits between two parts would read as part of them
        yield Problem("numbering.parts_touch", "pattern", {"pattern": rule.pattern[:120]})


def period_of(rule: NumberingRule, day: date) -> str:
    """The period whose numbers start at 1: empty, `2026` or `2026-11`."""
    return {"never": "", "year": f"{day:%Y}", "month": f"{day:%Y-%m}"}[rule.reset]


def format_number(rule: NumberingRule, *, symbol: str, ordinal: int, day: date, series: str, warehouse: str) -> str:
    """The number as people see it."""
    values = {
        "symbol": symbol,
        "number": str(ordinal),
        "month": f"{day:%m}",
        "year": f"{day:%Y}",
        "warehouse": warehouse,
        "series": series,
    }

    def fill(match: re.Match[str]) -> str:
        return values[match.group(1)].rjust(int(match.group(2) or 1), "0")

    return _PART.sub(fill, rule.pattern)
