"""Values of attributes: whether a text is a value of the attribute's type (DOC-30)."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Final

from kontuar.domain.firm.records import Attribute

LONGEST_VALUE: Final = 500


def fits(attribute: Attribute, value: str) -> bool:
    """Whether the attribute may have this value; an empty text is no value."""
    if not value.strip() or len(value) > LONGEST_VALUE:
        return False
    if attribute.type == "list":
        return value in attribute.choices
    check = _CHECKS.get(attribute.type)
    return check is None or check(value)


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


_CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "number": _is_number,
    "date": _is_day,
    "yes_no": lambda text: text in ("yes", "no"),
}
