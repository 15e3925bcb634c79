"""Money: whole minor units of a currency; unit prices are decimals of up to four places. Never floats."""

from decimal import Decimal
from typing import NewType

from kontuar.kernel.errors import refuse
from kontuar.kernel.rounding import to_whole
from kontuar.kernel.typed import MOST_TYPED, typed_decimal

Minor = NewType("Minor", int)
"""An amount in whole minor units (grosz, cent) of the currency that stands beside it."""

PRICE_PLACES = 4
EXPONENTS = {"JPY": 0, "HUF": 2, "KWD": 3}
ZERO = Minor(0)


def exponent_of(currency: str) -> int:
    """Decimal places of the currency's minor unit (ISO 4217; two unless listed)."""
    return EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> Minor:
    """Round an amount in major units to whole minor units."""
    return Minor(to_whole(amount.scaleb(exponent_of(currency))))


def to_major(amount: Minor, currency: str) -> Decimal:
    """The amount in major units, exact."""
    return Decimal(amount).scaleb(-exponent_of(currency))


def parse_amount(text: str, currency: str, place: str) -> Minor:
    """Read what a person typed: comma or point, no more decimals than the currency has.

    Raises `Refused("amount.unreadable" | "amount.too_precise" | "amount.too_large")`.
    """
    value = typed_decimal(text)
    if value is None:
        raise refuse("amount.unreadable", place, text=text[:MOST_TYPED])
    if abs(value) >= Decimal(10) ** 10:
        raise refuse("amount.too_large", place, text=text[:MOST_TYPED])
    scaled = value.scaleb(exponent_of(currency))
    if scaled != scaled.to_integral_value():
        raise refuse("amount.too_precise", place, text=text[:MOST_TYPED], places=exponent_of(currency))
    return Minor(int(scaled))


def line_value(unit_price: Decimal, quantity: Decimal, currency: str) -> Minor:
    """Price times quantity in whole minor units (one rounding per line)."""
    return to_minor(unit_price * quantity, currency)
