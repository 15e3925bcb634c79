"""What a numbering rule makes of a document, before anybody saves the rule (DOC-01)."""

from datetime import date
from typing import Final

import msgspec

from kontuar.domain.documents import numbering
from kontuar.domain.documents.types import type_of
from kontuar.domain.firm.records import NumberingRule
from kontuar.kernel.errors import Refused, refuse

_DAY: Final = date(2026, 11, 5)
"""A day whose month and year cannot be taken for one another."""


def sample_of(document_type: str, pattern: str, reset: str) -> str:
    """The number 1 of an invented till and day; raises `Refused` for a pattern that cannot be used."""
    kind = type_of(document_type)
    try:
        rule = msgspec.convert({"document_type": document_type, "pattern": pattern, "reset": reset}, NumberingRule)
    except msgspec.ValidationError as error:
        raise refuse("definition.unreadable", "reset", detail=str(error)[:200]) from None
    problems = list(numbering.problems_with(rule))
    if problems:
        raise Refused(*problems)
    return numbering.format_number(rule, symbol=kind.symbol, ordinal=1, day=_DAY, series="K1", warehouse="SALA")
