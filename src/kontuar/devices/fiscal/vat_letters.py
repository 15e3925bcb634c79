"""VAT letters A-G of a fiscal device and the rates behind them. Pure functions."""

from collections.abc import Mapping
from decimal import Decimal

from kontuar.devices.failures import failure

LETTERS = "ABCDEFG"
_EXEMPT, _UNUSED = Decimal(100), Decimal(101)
"""How the device writes *exempt* and *not in use*."""


def index_of(letter: str) -> int:
    """0 for A … 6 for G; raises `fiscal.vat_rate` for anything else."""
    if len(letter) != 1 or letter not in LETTERS:
        raise failure("fiscal.vat_rate", letter=letter)
    return LETTERS.index(letter)


def rates_from(fields: Mapping[str, str]) -> dict[str, Decimal | None]:
    """Per cent by letter from a `vatget` answer (fields va…vg); None = exempt, unused letters left out."""
    rates: dict[str, Decimal | None] = {}
    for letter in LETTERS:
        value = Decimal(fields.get(f"v{letter.lower()}", "101").replace(",", "."))
        if value != _UNUSED:
            rates[letter] = None if value == _EXEMPT else value
    return rates


def letter_for(rate_percent: Decimal | None, rates: Mapping[str, Decimal | None]) -> str:
    """The first letter with this rate (None = exempt); raises `fiscal.vat_rate` when the device has none."""
    for letter, known in rates.items():
        if known == rate_percent:
            return letter
    raise failure("fiscal.vat_rate", rate="exempt" if rate_percent is None else rate_percent)
