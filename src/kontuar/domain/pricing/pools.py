"""Best for the customer: the rules of a pool take disjoint units, the highest saving wins (DISC-25).

Rules that save by units go to the assignment as one problem. Rules that give one amount on all they name (shared
amounts, thresholds, bounded savings) take what is free when their turn comes, all of it or nothing: every choice and
order of a few is tried, before and after the others. Rules with gifts follow in their usual order.
"""

from collections.abc import Callable, Iterable
from itertools import permutations

from kontuar.domain.pricing.pool_problem import saves_by_units
from kontuar.domain.pricing.pool_solving import solve_units
from kontuar.domain.pricing.ready import ReadyRule
from kontuar.domain.pricing.run import Run

MOST_TRIED = 4
"""So many rules of one amount are tried in every order; more are tried in their own order only."""
Apply = Callable[[Run, ReadyRule], None]
Elsewhere = dict[int, int]
"""What each line, by rank, would save outside the pool, in minor units."""


def apply_pool(run: Run, rules: list[ReadyRule], apply: Apply, elsewhere: Elsewhere) -> None:
    """Give the units of the pool to its rules so that the buyer pays least."""
    by_units: list[ReadyRule] = []
    together: list[ReadyRule] = []
    for ready in rules:
        if saves_by_units(run, ready):
            by_units.append(ready)
        elif not ready.gifts:
            together.append(ready)
    order: list[ReadyRule | None] = [None]
    if together:
        order = _best_order(run, by_units, together, apply, elsewhere)
    _play(run, order, by_units, apply, elsewhere)
    for ready in rules:
        if ready.gifts:
            apply(run, ready)


def _best_order(
    run: Run, by_units: list[ReadyRule], together: list[ReadyRule], apply: Apply, elsewhere: Elsewhere
) -> list[ReadyRule | None]:
    """The order of turns that saves most; None stands for the assignment of the rules by units."""
    before = sum(line.value for line in run.lines)
    best: list[ReadyRule | None] = [None]
    best_saving = -1
    for order in _orders(together):
        tried = run.copy()
        _play(tried, order, by_units, apply, elsewhere)
        saving = before - sum(line.value for line in tried.lines)
        if saving > best_saving:
            best, best_saving = order, saving
    if len(together) > MOST_TRIED or (by_units and best[-1] is not None):
        turns: list[list[ReadyRule | None]] = [[None]]
        turns += [[ready] for ready in together]
        ceiling = sum(_saved_alone(run, turn, by_units, apply, elsewhere) for turn in turns)
        run.gap += max(0, ceiling - best_saving)
        run.proven = run.proven and ceiling <= best_saving
    return best


def _saved_alone(
    run: Run, order: list[ReadyRule | None], by_units: list[ReadyRule], apply: Apply, elsewhere: Elsewhere
) -> int:
    tried = run.copy()
    _play(tried, order, by_units, apply, elsewhere)
    return sum(line.value for line in run.lines) - sum(line.value for line in tried.lines)


def _orders(together: list[ReadyRule]) -> Iterable[list[ReadyRule | None]]:
    """Every choice and order of the rules, the assignment last; then the assignment first."""
    if len(together) > MOST_TRIED:
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


def _play(
    run: Run, order: list[ReadyRule | None], by_units: list[ReadyRule], apply: Apply, elsewhere: Elsewhere
) -> None:
    for ready in order:
        if ready is not None:
            apply(run, ready)
        elif by_units:
            solve_units(run, by_units, elsewhere)
