"""The only file that rounds. Every rounding has a name; halves go away from zero."""

from decimal import ROUND_HALF_UP, ROUND_UP, Decimal
from functools import lru_cache
from typing import Final

_ONE: Final = Decimal(1)


@lru_cache(maxsize=64)
def _step(places: int) -> Decimal:
    return _ONE.scaleb(-places)


def half_up(value: Decimal, places: int) -> Decimal:
    """Round to `places` decimals, halves away from zero."""
    return value.quantize(_step(places), ROUND_HALF_UP)


def away_from_zero(value: Decimal, places: int) -> Decimal:
    """Round to `places` decimals, always away from zero (units that may only be sold whole)."""
    return value.quantize(_step(places), ROUND_UP)


def to_whole(value: Decimal) -> int:
    """Round to a whole number, halves away from zero."""
    return int(value.quantize(_ONE, ROUND_HALF_UP))


def to_multiple(value: int, step: int) -> int:
    """Round a whole number to the nearest multiple of `step`, halves away from zero (cash rounding)."""
    return to_whole(Decimal(value) / step) * step


def ratio_to_whole(numerator: int, denominator: int) -> int:
    """Round an exact ratio to a whole number, halves away from zero; the denominator is positive."""
    rounded = (2 * abs(numerator) + denominator) // (2 * denominator)
    return rounded if numerator >= 0 else -rounded
