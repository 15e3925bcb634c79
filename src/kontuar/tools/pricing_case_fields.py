"""Reads single fields of worked pricing cases; every mistake is told with its place and in words."""

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from kontuar.domain.pricing.rules import Goods, Selector

Json = Mapping[str, Any]
Word = TypeVar("Word", bound=str)
LARGEST = Decimal(10) ** 10
MOST_PLACES = 20


class UnreadableCase(Exception):
    """The file or case cannot be understood; the text says what and where."""


def an_object(value: object, place: str) -> Json:
    """A JSON object."""
    if not isinstance(value, Mapping):
        raise UnreadableCase(f"{place}: an object is needed, not {_shown(value)}")
    return value


def a_list(value: object, place: str) -> Sequence[Any]:
    """A JSON list."""
    if not isinstance(value, list | tuple):
        raise UnreadableCase(f"{place}: a list is needed, not {_shown(value)}")
    return value


def only(fields: Json, known: set[str], place: str) -> None:
    """Nothing outside the vocabulary may stand here."""
    unknown = sorted(str(key) for key in fields if key not in known)
    if unknown:
        raise UnreadableCase(f"{place}: {', '.join(unknown)} is not part of the vocabulary")


def needed(fields: Json, key: str, place: str) -> Any:
    """A field that must be there."""
    if key not in fields:
        raise UnreadableCase(f"{place}: {key} is missing")
    return fields[key]


def either(fields: Json, keys: tuple[str, ...], place: str) -> Any:
    """The one of several names that is there."""
    found = [key for key in keys if key in fields]
    if len(found) != 1:
        raise UnreadableCase(f"{place}: one of {', '.join(keys)} is needed")
    return fields[found[0]]


def a_text(value: object, place: str) -> str:
    """A text that is not empty."""
    if not isinstance(value, str) or not value:
        raise UnreadableCase(f"{place}: a text is needed, not {_shown(value)}")
    return value


def texts(value: object, place: str) -> tuple[str, ...]:
    """A list of texts."""
    return tuple(a_text(one, f"{place}[{at}]") for at, one in enumerate(a_list(value, place)))


def one_of(value: object, words: tuple[Word, ...], place: str) -> Word:
    """One of the words that the vocabulary knows."""
    for word in words:
        if value == word:
            return word
    raise UnreadableCase(f"{place}: {_shown(value)} is none of {', '.join(words)}")


def a_number(value: object, place: str) -> Decimal:
    """A number, as such or as a text; never negative."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise UnreadableCase(f"{place}: a number is needed, not {_shown(value)}")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise UnreadableCase(f"{place}: {_shown(value)} is not a number") from None
    if not number.is_finite() or number < 0 or number >= LARGEST:
        raise UnreadableCase(f"{place}: {_shown(value)} is negative or too large")
    exponent = number.as_tuple().exponent
    if isinstance(exponent, int) and exponent < -MOST_PLACES:
        raise UnreadableCase(f"{place}: {_shown(value)} has too many decimals")
    return number


def a_percent(value: object, place: str) -> Decimal:
    """A percent between 0 and 100."""
    number = a_number(value, place)
    if number > 100:
        raise UnreadableCase(f"{place}: {_shown(value)} is more than 100 percent")
    return number


def money(value: object, place: str) -> Decimal:
    """An amount in major units; at most four decimals."""
    number = a_number(value, place)
    if number != round(number, 4):
        raise UnreadableCase(f"{place}: {_shown(value)} has too many decimals")
    return number


def quantity(value: object, place: str) -> Decimal:
    """Whole units."""
    number = a_number(value, place)
    if number != number.to_integral_value():
        raise UnreadableCase(f"{place}: {_shown(value)} is not a number of whole units")
    return number


def count(value: object, place: str) -> int:
    """A number of units or times, at least one."""
    number = quantity(value, place)
    if number < 1:
        raise UnreadableCase(f"{place}: at least 1 is needed")
    return int(number)


def goods(value: object, place: str) -> Goods:
    """A selector; none, or an empty one, means everything."""
    if value is None:
        return ()
    fields = an_object(value, place)
    only(fields, {"skus", "groups", "unit_price_between"}, place)
    low = high = None
    if "unit_price_between" in fields:
        bounds = a_list(fields["unit_price_between"], f"{place}.unit_price_between")
        if len(bounds) != 2:
            raise UnreadableCase(f"{place}.unit_price_between: two prices are needed")
        low, high = (money(bound, f"{place}.unit_price_between") for bound in bounds)
    for key in ("skus", "groups"):
        if key in fields and not fields[key]:
            raise UnreadableCase(f"{place}.{key}: an empty list selects nothing")
    chosen = Selector(
        articles=texts(fields.get("skus", ()), f"{place}.skus"),
        groups=texts(fields.get("groups", ()), f"{place}.groups"),
        price_from=low,
        price_to=high,
    )
    return () if chosen == Selector() else (chosen,)


def _shown(value: object) -> str:
    text = repr(str(value) if isinstance(value, Decimal) else value)
    return text if len(text) <= 60 else f"{text[:57]}…"
