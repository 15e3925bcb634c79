"""Quantities: decimals with the precision of their unit, converted through the base unit (DOC-23)."""

from decimal import Decimal

from kontuar.kernel.errors import refuse
from kontuar.kernel.rounding import away_from_zero, half_up
from kontuar.kernel.typed import MOST_TYPED, typed_decimal

SCALE = 10_000
"""Quantities and unit prices are stored as whole ten-thousandths: exact in every database."""
MAX_PLACES = 4
LIMIT = Decimal(10) ** 9


def scaled(value: Decimal) -> int:
    """Whole ten-thousandths of `value`; a value finer than that is a bug, never rounded here."""
    result = value * SCALE
    whole = int(result)
    assert whole == result, f"{value} has more than {MAX_PLACES} decimal places"
    return whole


def unscaled(ten_thousandths: int) -> Decimal:
    """The decimal that `scaled` stored."""
    return Decimal(ten_thousandths) / SCALE


def parse_quantity(text: str, precision: int, place: str) -> Decimal:
    """Read a typed quantity of a unit with `precision` decimals.

    Raises `Refused("quantity.unreadable" | "quantity.too_precise" | "quantity.too_large")`.
    """
    value = typed_decimal(text)
    if value is None:
        raise refuse("quantity.unreadable", place, text=text[:MOST_TYPED])
    return check_precision(value, precision, place)


def check_precision(value: Decimal, precision: int, place: str) -> Decimal:
    """The same quantity, refused when finer than the unit or beyond any shop's size."""
    if not value.is_finite() or abs(value) >= LIMIT:
        raise refuse("quantity.too_large", place, quantity=str(value)[:MOST_TYPED])
    if half_up(value, precision) != value:
        raise refuse("quantity.too_precise", place, quantity=str(value)[:MOST_TYPED], precision=precision)
    return half_up(value, precision)


def to_base(quantity: Decimal, factor: Decimal, base_precision: int, *, round_up: bool = False) -> Decimal:
    """Base-unit quantity of an auxiliary one: one base unit = `factor` auxiliary units (DOC-23).

    11.0 m² of tiles with 1 pc = 0.37 m² and precision 0 → 30 pcs.
    """
    exact = quantity / factor
    return away_from_zero(exact, base_precision) if round_up else half_up(exact, base_precision)


def from_base(base_quantity: Decimal, factor: Decimal) -> Decimal:
    """What the base-unit quantity is in the auxiliary unit: 30 pcs → 11.1 m²."""
    return half_up(base_quantity * factor, MAX_PLACES).normalize() + Decimal(0)
