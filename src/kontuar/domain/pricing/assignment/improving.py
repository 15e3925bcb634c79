"""When no search may count all bundles at once: the greedy answer, made better by tables of some bundles (DISC-25).

Every table holds bundles that the answer uses, and as many others as fit beside them, the most promising first, then
the rest in turn; the units of what it cannot hold stay where they are. So no answer is worse than the one before. It
ends when a whole turn gained nothing, or after so many tables: counted, so that every node ends at the same place.
Nothing is proven by it.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import cycle
from math import prod
from typing import Final

import msgspec

from kontuar.domain.pricing.assignment.assembling import made_of
from kontuar.domain.pricing.assignment.greedy import fill, net
from kontuar.domain.pricing.assignment.model import Answer, Component, Model
from kontuar.domain.pricing.assignment.problem import Limits
from kontuar.domain.pricing.assignment.tabling import table
from kontuar.domain.pricing.assignment.walking import can_walk

MOST_CELLS: Final = 1_500_000
"""After so many cells no other table is begun."""
MOST_KEPT: Final = 600
MOST_STATES: Final = 2_400
"""States of one of these tables, and of them those of bundles that the answer uses already, when it uses many."""


class Improved:
    """The better answer, and how many cells its tables had."""

    def __init__(self, answer: Answer, cells: int) -> None:
        self.answer = answer
        self.cells = cells


def improved(model: Model, component: Component, answer: Answer, limits: Limits) -> Improved:
    """The answer itself, or one that saves more."""
    promising = _promising(model, component) if limits.tables else []
    turn, left = cycle(promising), len(promising)
    saved, cells = _saved(model, component, answer), 0
    for round_ in range(limits.tables if promising else 0):
        used = sorted({at for at, _, _ in answer.taken})
        kept = _kept(model, used[round_ % len(used) :] + used[: round_ % len(used)]) if used else set()
        added = _added(model, kept, set(used), turn, len(promising))
        some = msgspec.structs.replace(component, columns=tuple(sorted(kept | added)))
        left -= len(added)
        if not some.columns or not can_walk(model, some, len(some.columns) + len(some.gates)):
            break
        held = {key: units for key, units in answer.taken.items() if key[0] not in kept}
        tabled = table(_without(model, held), some, limits.cells, limits.steps)
        cells += tabled.cells
        if tabled.answer is not None:
            found = Answer({**held, **tabled.answer.taken}, tabled.answer.opened)
            worth = _saved(model, component, found)
            if worth > saved:
                answer, saved, left = found, worth, len(promising)
        if left <= 0 or cells > MOST_CELLS:
            break
    return Improved(answer, cells)


def _kept(model: Model, used: Sequence[int]) -> set[int]:
    """Those of the columns used that one table holds beside others; bounded offers never stay outside."""
    bounded = [at for at in used if model.columns[at].offer in model.limits]
    kept: set[int] = set()
    states = 1
    for at in dict.fromkeys([*bounded, *used]):
        if at in bounded or states * _size(model, at) <= MOST_KEPT:
            kept.add(at)
            states *= _size(model, at)
    return kept


def _without(model: Model, held: Mapping[tuple[int, int, int], int]) -> Model:
    """The model without the units that stay where they are."""
    if not held:
        return model
    gone = Counter[int]()
    for (_, _, kind), units in held.items():
        gone[kind] += units
    kinds = [msgspec.structs.replace(kind, units=kind.units - gone[at]) for at, kind in enumerate(model.kinds)]
    return msgspec.structs.replace(model, kinds=tuple(kinds))


def _promising(model: Model, component: Component) -> list[int]:
    """The columns that a table can hold, by what one application saves per unit."""
    units = {kind: model.kinds[kind].units for kind in component.kinds}
    found: list[tuple[Fraction, int]] = []
    for at in component.columns:
        column = model.columns[at]
        if can_walk(model, msgspec.structs.replace(component, columns=(at,), gates=()), 1):
            filling = fill(model, component, column, units)
            worth = net(model, column, filling) if filling is not None else 0
            found.append((Fraction(-worth, sum([part.units for part in column.parts])), at))
    return [at for _, at in sorted(found)]


def _added(model: Model, kept: set[int], used: set[int], turn: Iterator[int], most: int) -> set[int]:
    """The next columns in turn that fit beside those kept."""
    states = prod([_size(model, at) for at in kept])
    added: set[int] = set()
    for _ in range(most):
        if states * 2 > MOST_STATES:
            break
        at = next(turn)
        if at not in used and at not in added and states * _size(model, at) <= MOST_STATES:
            added.add(at)
            states *= _size(model, at)
    return added


def _size(model: Model, at: int) -> int:
    return prod([part.units for part in model.columns[at].parts])


def _saved(model: Model, component: Component, answer: Answer) -> int:
    return sum([one.saved * one.times for one in made_of(model, component, answer)])
