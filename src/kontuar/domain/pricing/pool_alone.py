"""Units of a pool that no bundle wants: each piece goes to the rule that saves most on it, the earlier of equals.

Most lines of a basket are such lines; nothing about them has to be searched for.
"""

from collections.abc import Callable, Iterator

from kontuar.domain.pricing.assignment.problem import Saving
from kontuar.domain.pricing.exact import Exact, rounded
from kontuar.domain.pricing.lines import Piece
from kontuar.domain.pricing.rules import Base


class Alone:
    """The best offer for each piece so far, by the piece's number."""

    def __init__(self, base: Base) -> None:
        self._base: Base = base
        self._best: dict[int, tuple[Exact, str, Piece]] = {}

    def offer(self, number: int, piece: Piece, rule: str, amount: Exact) -> None:
        """`rule` would take `amount` off the piece, as far as there is room; rules come in their order."""
        known = self._best.get(number)
        if amount > (known[0] if known else 0):
            amount = min(amount, piece.room(), piece.basis(self._base))
            if amount > (known[0] if known else 0):
                self._best[number] = amount, rule, piece

    def savings(self, grain: int, elsewhere: Callable[[Piece], Exact]) -> Iterator[Saving]:
        """What the rules save; nothing on pieces that save more `elsewhere`, outside the pool."""
        for number, (amount, rule, piece) in self._best.items():
            beyond = min(elsewhere(piece), piece.room(), piece.basis(self._base))
            if beyond <= amount:
                units = piece.q // grain
                yield Saving(rule=rule, line=number, units=units, rewarded=units, amount=rounded(amount))
