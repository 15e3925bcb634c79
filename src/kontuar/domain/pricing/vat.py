"""VAT: sums per rate, from net or from gross, rounded once per rate (`vat_at = rate_sum`, SALE-07)."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal

import msgspec

from kontuar.domain.catalogue.records import VatRate
from kontuar.kernel.money import Minor
from kontuar.kernel.rounding import half_up, to_whole

Direction = Literal["net", "gross"]
REVERSE_CHARGE: Final = "NP"
"""The code that lines carry whose VAT the buyer accounts for (reverse charge)."""


class TaxSum(msgspec.Struct, frozen=True, kw_only=True):
    """What a document sells under one rate; `percent` None = exempt. net + tax = gross, exactly."""

    vat: str
    percent: Decimal | None
    letter: str
    net: Minor
    tax: Minor
    gross: Minor


def rate_on(rates: Iterable[VatRate], code: str, day: str) -> VatRate | None:
    """The rate that holds for `code` on a day: the latest one that has begun."""
    begun = [rate for rate in rates if rate.code == code and rate.valid_from <= day]
    return max(begun, key=lambda rate: rate.valid_from, default=None)


def tax_sum(rate: tuple[str, Decimal | None, str], value: Minor, direction: Direction) -> TaxSum:
    """Split the sum of line values of one rate; `rate` = (code, percent, letter)."""
    code, percent, letter = rate
    share = percent or Decimal(0)
    if direction == "gross":
        tax = to_whole(Decimal(value) * share / (100 + share))
        net, gross = value - tax, int(value)
    else:
        tax = to_whole(Decimal(value) * share / 100)
        net, gross = int(value), value + tax
    return TaxSum(vat=code, percent=percent, letter=letter, net=Minor(net), tax=Minor(tax), gross=Minor(gross))


def other_price(price: Decimal, percent: Decimal | None, direction: Direction) -> Decimal:
    """The unit price in the other direction, four decimals, for display only (DOC-22)."""
    share = percent or Decimal(0)
    exact = price * 100 / (100 + share) if direction == "gross" else price * (100 + share) / 100
    return half_up(exact, 4)


def oss_code(country: str, code: str) -> str:
    """The code of another EU country's rate for goods of one national rate: `DE-23` (OSS, SALE-07)."""
    return f"{country}-{code}"
