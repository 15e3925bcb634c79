"""What is wrong with one definition, whatever else exists: shapes, codes, ranges. References are checked apart."""

from collections.abc import Iterable
from typing import Any, Final

from kontuar.domain.catalogue.records import VatRate
from kontuar.domain.definitions.catalogue_checks import CATALOGUE_CHECKS
from kontuar.domain.definitions.discount_checks import DISCOUNT_CHECKS
from kontuar.domain.definitions.firm_checks import FIRM_CHECKS
from kontuar.domain.definitions.party_checks import PARTY_CHECKS, is_day
from kontuar.domain.firm.records import Parameter
from kontuar.kernel.errors import Problem

MAX_CODE = 64
MAX_NAME = 250
_CHECKS: Final = {**CATALOGUE_CHECKS, **FIRM_CHECKS, **PARTY_CHECKS, **DISCOUNT_CHECKS}


def problems_with(record: Any) -> list[Problem]:
    """Everything wrong with the record itself; empty = fine."""
    found = list(_common(record))
    check = _CHECKS.get(type(record))
    if check is not None:
        found.extend(check(record))
    return found


def _common(record: Any) -> Iterable[Problem]:
    code = getattr(record, "code", None)
    if code is not None and (not code or len(code) > MAX_CODE or code != code.strip() or "|" in code):
        yield Problem("definition.bad_code", "code", {"value": code[:80]})
    name = getattr(record, "name", None)
    if name is not None and not isinstance(record, Parameter) and len(name) > MAX_NAME:
        yield Problem("definition.name_too_long", "name", {"limit": str(MAX_NAME)})
    if name is not None and not name.strip() and not isinstance(record, VatRate):
        yield Problem("definition.name_empty", "name", {})
    day = getattr(record, "valid_from", None)
    if day is not None and not is_day(day):
        yield Problem("definition.bad_date", "valid_from", {"value": str(day)[:40]})
