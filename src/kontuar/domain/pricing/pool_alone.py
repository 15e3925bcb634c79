"""Units of a pool that no bundle wants: each piece goes to the rule that saves most on it, the earlier of equals.

Most lines of a basket are such lines; nothing about them has to be searched for.
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Final

from kontuar.domain.pricing.assignment.problem import Saving
from kontuar.domain.pricing.exact import Exact, rounded_times
from kontuar.domain.pricing.lines import Piece
from kontuar.domain.pricing.rules import Base

PARTS: Final = 1_000_000
"""Amounts are compared in so many parts of a minor unit: percents then come out whole, and whole numbers are fast."""


class Alone:
    """The best offer for each piece so far, by the piece's number."""

    def __init__(self, base: Base) -> None:
        self._base: Base = base
        self._best: dict[int, tuple[Exact, str, Piece]] = {}

    def offer(self, number: int, piece: Piece, rule: str, value: Exact, top: int, bottom: int) -> None:
        """`rule` would take `value` × top ÷ bottom off the piece, as far as there is room. Rules come in order."""
        known = self._best.get(number)
        least = known[0] if known else 0
        amount = parts_of(value, top, bottom)
        if amount > least:
            amount = min(amount, parts_of(piece.room()), parts_of(piece.basis(self._base)))
            if amount > least:
                self._best[number] = amount, rule, piece

    def savings(self, grain: int, elsewhere: Callable[[Piece], Exact] | None) -> Iterator[Saving]:
        """What the rules save; nothing on pieces that save more `elsewhere`, outside the pool."""
        for number, (amount, rule, piece) in self._best.items():
            if elsewhere is not None:
                beyond = min(elsewhere(piece), piece.room(), piece.basis(self._base))
                if parts_of(beyond) > amount:
                    continue
            units = piece.q // grain
            yield Saving(rule=rule, line=number, units=units, rewarded=units, amount=rounded_times(amount, 1, PARTS))


def parts_of(value: Exact, top: int = 1, bottom: int = 1) -> Exact:
    """`value` × top ÷ bottom in `PARTS`, a whole number wherever there is one."""
    if isinstance(value, int):
        whole, rest = divmod(value * top * PARTS, bottom)
        if not rest:
            return whole
    return Fraction(value) * top * PARTS / bottom
