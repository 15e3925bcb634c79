"""Exact numbers inside the engine: minor units as whole numbers or fractions, rounded once, halves away from zero."""

from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

Exact = int | Fraction
"""Minor units; a whole number wherever there is one, because whole numbers are fast."""

QUANTITY_SCALE = 10_000
"""Quantities are counted in whole ten-thousandths of the base unit."""


def rounded(value: Exact) -> int:
    """The nearest whole number, halves away from zero."""
    if isinstance(value, int):
        return value
    top, bottom = value.numerator, value.denominator
    return (2 * top + bottom) // (2 * bottom) if top >= 0 else -((bottom - 2 * top) // (2 * bottom))


def times(value: Exact, top: int, bottom: int) -> Exact:
    """`value` × top ÷ bottom, whole where it comes out whole."""
    if isinstance(value, int):
        product = value * top
        return Fraction(product, bottom) if product % bottom else product // bottom
    return plain(value * Fraction(top, bottom))


def rounded_times(value: Exact, top: int, bottom: int) -> int:
    """`value` × top ÷ bottom, rounded."""
    if isinstance(value, int) and value >= 0 and top >= 0:
        return (2 * value * top + bottom) // (2 * bottom)
    return rounded(times(value, top, bottom))


def plain(value: Exact) -> Exact:
    """A fraction that is whole, as a whole number."""
    return value.numerator if isinstance(value, Fraction) and value.denominator == 1 else value


def ratio(value: Decimal) -> tuple[int, int]:
    """A decimal as a numerator and a denominator."""
    return value.as_integer_ratio()


def minor(value: Decimal, exponent: int) -> Exact:
    """An amount in major units, exact, in minor ones."""
    top, bottom = value.as_integer_ratio()
    return times(top, 10**exponent, bottom)


@lru_cache(maxsize=4096)
def scaled_quantity(value: Decimal) -> int:
    """Whole ten-thousandths; a finer quantity is a bug."""
    result = value * QUANTITY_SCALE
    whole = int(result)
    assert whole == result, f"quantity {value} is finer than a ten-thousandth"
    return whole
