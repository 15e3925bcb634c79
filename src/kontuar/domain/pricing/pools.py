"""Best for the customer: the rules of a pool take disjoint units, the highest saving wins (DISC-25).

Rules that save by units go to the assignment as one problem. Others take what is free when their turn comes, all of it
or nothing: shared amounts, thresholds, bounded savings, bundles that the assignment has no words for. Every choice and
order of a few is tried, before and after the assignment. Rules with gifts follow, unless the buyer pays more with them.

What a choice is worth shows only when the discounts on goods, which bundles keep away, are through as well.
"""

from collections.abc import Callable, Iterable
from itertools import permutations

from kontuar.domain.pricing.bundles import most_saved
from kontuar.domain.pricing.pool_problem import grain_of, has_few_splits, is_split, saves_by_units
from kontuar.domain.pricing.pool_solving import carry_out, solved
from kontuar.domain.pricing.ready import ReadyRule
from kontuar.domain.pricing.rules import BundleDeal
from kontuar.domain.pricing.run import Run

MOST_TRIED = 4
"""So many rules of one amount are tried in every order; more are tried in their own order only."""
Apply = Callable[[Run, ReadyRule], None]
Elsewhere = dict[int, int]
"""What each line, by rank, would save outside the pool, in minor units."""
Turn = ReadyRule | None
"""None stands for the assignment of the rules by units."""


class Pool:
    """The rules of one pool; `afterwards`: carries out what comes after the pool and its units are kept from."""

    def __init__(
        self, run: Run, rules: list[ReadyRule], apply: Apply, elsewhere: Elsewhere, afterwards: Callable[[Run], None]
    ) -> None:
        self._apply = apply
        self._elsewhere = elsewhere
        self._afterwards = afterwards
        self._gifts = [ready for ready in rules if ready.gifts]
        self._by_units = _by_units(run, rules)
        self._in_turn = rules
        chosen = {ready.order for ready in (*self._gifts, *self._by_units)}
        self._together = [ready for ready in rules if ready.order not in chosen]

    def carry_out(self, run: Run) -> None:
        """Give the units of the pool to its rules so that the buyer pays least."""
        if not self._together and not self._gifts:
            parts = solved(run, self._by_units, self._elsewhere)
            if all(part.answer.proven for part in parts):
                carry_out(run, self._by_units, parts)
                return
        order: list[Turn] = self._best_order(run) if self._together else [None]
        self._play(run, self._not_below(run, self._with_gifts(run, order)))

    def _with_gifts(self, run: Run, order: list[Turn]) -> list[Turn]:
        """The turns and after them the rules with gifts; not those with which the buyer pays more."""
        for ready in self._gifts:
            if self._worth(run, [*order, ready]) >= self._worth(run, order):
                order = [*order, ready]
        return order

    def _not_below(self, run: Run, order: list[Turn]) -> list[Turn]:
        """The turns, or the rules one after another where that comes to more: it may, where work was cut off."""
        tried = run.copy()
        self._play(tried, order)
        one_by_one: list[Turn] = [*self._in_turn]
        more = 0 if tried.proven and not self._gifts else self._worth(run, one_by_one) - self._worth(run, order)
        if more <= 0:
            return order
        run.proven = False
        run.gap = max(run.gap, tried.gap - more)
        return one_by_one

    def _best_order(self, run: Run) -> list[Turn]:
        """The order of turns that saves most."""
        best: list[Turn] = [None]
        best_saving = -1
        for order in _orders(self._together):
            saving = self._worth(run, order)
            if saving > best_saving:
                best, best_saving = order, saving
        several = any(isinstance(ready.deal, BundleDeal) for ready in self._together)
        if several or len(self._together) > MOST_TRIED or (self._by_units and best[-1] is not None):
            ceiling = self._worth(run, [None]) + sum(self._ceiling(run, ready) for ready in self._together)
            run.gap += max(0, ceiling - best_saving)
            run.proven = run.proven and ceiling <= best_saving
        return best

    def _ceiling(self, run: Run, ready: ReadyRule) -> int:
        """So much the rule cannot save more than: of a bundle not all sets need be the best ones."""
        if isinstance(ready.deal, BundleDeal):
            return most_saved(run, ready)
        return self._worth(run, [ready]) - self._worth(run, [])

    def _worth(self, run: Run, order: list[Turn]) -> int:
        """What comes off all lines in the end, when the turns come in this order."""
        tried = run.copy()
        self._play(tried, order)
        self._afterwards(tried)
        return sum(line.value for line in run.lines) - sum(line.value for line in tried.lines)

    def _play(self, run: Run, order: list[Turn]) -> None:
        for ready in order:
            if ready is not None:
                self._apply(run, ready)
            elif self._by_units:
                carry_out(run, self._by_units, solved(run, self._by_units, self._elsewhere))


def _by_units(run: Run, rules: list[ReadyRule]) -> list[ReadyRule]:
    """The rules for the assignment, but not those that would be too many ways to reward a set for it."""
    found = [ready for ready in rules if not ready.gifts and saves_by_units(run, ready)]
    if not any(is_split(ready) for ready in found):
        return found
    grain = grain_of(found, {ready.order: run.free_pieces(ready) for ready in found})
    return [ready for ready in found if has_few_splits(ready, grain)]


def _orders(together: list[ReadyRule]) -> Iterable[list[Turn]]:
    """Every choice and order of the rules, the assignment last; then the assignment first."""
    if len(together) > MOST_TRIED:
        yield [None]
        yield [None, *together]
        yield [*together, None]
        for ready in together:
            yield [ready, None]
        return
    for count in range(len(together) + 1):
        for chosen in permutations(together, count):
            yield [*chosen, None]
    for count in range(1, len(together) + 1):
        for chosen in permutations(together, count):
            yield [None, *chosen]
