"""Which unit price explains sold lines: exact search among prices of four decimals.

A line of quantity q sold for amount a is explained by every price p with round(p × q) = a: an interval of
ten-thousandths. The price wanted lies in as many intervals as can be had at once.

Example: 3 pieces for 5.00 → 1.6650 … 1.6683; 1 piece for 1.67 → 1.6650 … 1.6749; together 1.6650 … 1.6683,
and the price with the fewest decimals in there that is nearest to the middle is 1.667.
"""

from collections.abc import Iterable, Sequence
from decimal import Decimal

import msgspec

from kontuar.kernel.money import Minor, exponent_of
from kontuar.kernel.quantity import SCALE, scaled, unscaled

LIMIT = 10**8 * SCALE - 1
"""The largest price, in ten-thousandths, that a line takes."""


class Span(msgspec.Struct, frozen=True):
    """Prices from `low` to `high` in ten-thousandths, both included; `low > high` = there is none."""

    low: int
    high: int

    def holds(self, price: int) -> bool:
        """Whether the price lies within."""
        return self.low <= price <= self.high


class Explanation(msgspec.Struct, frozen=True):
    """A price and how many of the lines it explains."""

    price: Decimal
    lines: int


def span_of(quantity: Decimal, amount: Minor, currency: str) -> Span:
    """All prices of four decimals that make `amount` of `quantity` (halves round up, amounts are not negative)."""
    steps = 2 * scaled(quantity)
    assert steps > 0, "a line has a quantity"
    unit = SCALE * SCALE // 10 ** exponent_of(currency)
    low = _ceiling((2 * amount - 1) * unit, steps)
    high = _ceiling((2 * amount + 1) * unit, steps) - 1
    return Span(max(low, 0), min(high, LIMIT))


def best_price(spans: Sequence[Span], preferred: Iterable[Decimal]) -> Explanation | None:
    """The price within most spans; None when no span has any.

    Among equals: the first of `preferred` (the price that held before, the price the source names), then the
    fewest decimals, then the nearest to the middle of what is possible.
    """
    possible = [span for span in spans if span.low <= span.high]
    if not possible:
        return None
    start = max(sorted(span.low for span in possible), key=lambda low: _count(possible, low))
    most = _count(possible, start)
    for price in preferred:
        if _count(possible, scaled(price)) == most:
            return Explanation(price, most)
    shared = [span for span in possible if span.holds(start)]
    common = Span(max(span.low for span in shared), min(span.high for span in shared))
    return Explanation(unscaled(simplest(common)), most)


def simplest(span: Span) -> int:
    """The price in the span with the fewest decimals, nearest to the middle (the lower of two)."""
    middle = span.low + span.high
    for step in (SCALE, 1000, 100, 10, 1):
        below = span.low + -span.low % step
        if below <= span.high:
            return min(range(below, span.high + 1, step), key=lambda price: (abs(2 * price - middle), price))
    raise AssertionError("a span holds at least one price")


def _count(spans: Iterable[Span], price: int) -> int:
    return sum(span.holds(price) for span in spans)


def _ceiling(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
