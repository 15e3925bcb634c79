"""The exact table for many offers over the same units: what every state can still save, all states at once (DISC-25).

States and moves are those of the walk. The walk goes from the dearest unit to the cheapest and knows only states that
something led to. The table goes the other way and reckons every state there could be, in arrays of whole numbers: far
quicker where bundles overlap so much that nearly every state is reached. The first criteria are all that such a number
holds; the ties below them are settled along the ways that the table shows to be best.

The arrays' package is imported when the first table is made: most stations never need one.
"""

from collections.abc import Mapping, Sequence
from math import prod
from operator import itemgetter
from typing import TYPE_CHECKING, Final

from kontuar.domain.pricing.assignment.canonical import Form, Variable, answer_of, criteria, packed
from kontuar.domain.pricing.assignment.model import Answer, Component, Model
from kontuar.domain.pricing.assignment.walking import Counter, Local, counters_of

if TYPE_CHECKING:
    from numpy import int64
    from numpy.typing import NDArray

    Values = NDArray[int64]

MOST_KEPT: Final = 1 << 20
"""States times units, of which every one keeps a number of eight bytes."""
MOST_BITS: Final = 60
"""Of a sum of weights in the arrays."""
NEVER: Final = -(2 << MOST_BITS)
"""No way leads to the end from here: less than any sum, whatever is added to it."""
Trace = tuple["Trace", Variable] | None
"""The uses on the way to a state, the last one first."""
Step = tuple[int, int, int]
"""The state of an offer after one more unit, what the move weighs in the arrays, its place among the moves."""


MOST_OF_ONE: Final = 1 << 10
"""States of one offer; those with more, as amounts that do not fit everywhere, are counted one by one elsewhere."""
MOST_WALKED: Final = 2_000
"""Steps up to which the walk is quicker than making the arrays."""
MOST_IN_ROW: Final = 200
"""Units from which on the walk is the quicker one, because it multiplies what repeats itself."""


class Tabled:
    """The answer, or None where the table would be too large or leave too many ties; how many cells were reckoned."""

    def __init__(self, answer: Answer | None, cells: int) -> None:
        self.answer = answer
        self.cells = cells


def table(model: Model, component: Component, most_cells: int, most_steps: int) -> Tabled:
    """The best assignment of a component whose columns are all `walkable`, the same that the walk finds.

    `most_cells` bounds states × units × offers; `most_steps` what is tried along the best ways.
    """
    kinds = [kind for kind in component.kinds for _ in range(model.kinds[kind].units)]
    if not kinds:
        return Tabled(None, 0)
    forms = criteria(model, component)
    rough = _rough(model, component, forms)
    axes = None if rough is None else _axes(model, component, rough, MOST_KEPT // len(kinds))
    if axes is None:
        return Tabled(None, 0)
    states = prod([len(axis.states) for axis in axes])
    cells = states * sum([sum([kind in axis.counter.kinds for axis in axes]) for kind in kinds])
    if cells > most_cells:
        return Tabled(None, 0)
    tables = _tables(axes, kinds)
    exact = counters_of(model, component, packed(forms))
    return Tabled(_along(axes, exact, kinds, tables, most_steps), cells)


def is_short(model: Model, component: Component) -> bool:
    """Whether the walk should be tried before the table."""
    units = sum([model.kinds[kind].units for kind in component.kinds])
    states = prod([part.units for at in component.columns for part in model.columns[at].parts])
    return units > MOST_IN_ROW or units * states * len(component.columns) <= MOST_WALKED


def _rough(model: Model, component: Component, forms: Sequence[tuple[Form, int]]) -> dict[Variable, int] | None:
    """Weights of as many of the first criteria as the arrays can hold; None where they cannot hold the first."""
    units = 1 + sum([model.kinds[kind].units for kind in component.kinds])
    # A unit that is taken weighs its use, its reward and at most one application or opening for each of them.
    bits = (4 * units * max(map(abs, forms[0][0].values()))).bit_length() + 1
    count = 1
    while count < len(forms) and bits + forms[count][1].bit_length() <= MOST_BITS:
        bits += forms[count][1].bit_length()
        count += 1
    weights = packed(forms[:count])
    return _Zeros(weights) if 4 * units * max(map(abs, weights.values())) < 1 << MOST_BITS else None


class _Zeros(dict[Variable, int]):
    """Variables that the criteria do not name weigh nothing."""

    def __missing__(self, _: Variable) -> int:
        return 0


class _Axis:
    """The states of one offer by number. `stride`: how far one of them moves the state of all offers."""

    def __init__(self, counter: Counter, states: Mapping[Local, int]) -> None:
        self.counter = counter
        self.states = states
        self.locals = list(states)
        self.stride = 1
        self._steps: dict[int, list[list[Step]]] = {}
        self._runs: dict[int, list[tuple[int, int, Values]]] = {}

    def steps(self, kind: int) -> list[list[Step]]:
        """By state: every use of one more unit of the kind. What leads out of all states starts where nothing leads."""
        found = self._steps.get(kind)
        if found is None:
            found = self._steps[kind] = [
                [
                    (self.states[after], weight, at)
                    for at, (after, weight, _) in enumerate(self.counter.moves(kind, local))
                    if after in self.states
                ]
                for local in self.locals
            ]
        return found

    def runs(self, kind: int) -> "list[tuple[int, int, Values]]":
        """The same for the arrays, neighbours that move alike together: (first state, first after, weights)."""
        found = self._runs.get(kind)
        if found is None:
            found = self._runs[kind] = _runs(self.steps(kind))
        return found


def _runs(steps: Sequence[Sequence[Step]]) -> "list[tuple[int, int, Values]]":
    from numpy import array, int64

    ordered = sorted([(after - state, state, weight) for state, uses in enumerate(steps) for after, weight, _ in uses])
    runs: list[tuple[int, int, list[int]]] = []
    for shift, state, weight in ordered:
        if runs and runs[-1][1] - runs[-1][0] == shift and runs[-1][0] + len(runs[-1][2]) == state:
            runs[-1][2].append(weight)
        else:
            runs.append((state, state + shift, [weight]))
    return [(start, after, array(weights, dtype=int64)[:, None]) for start, after, weights in runs]


def _axes(model: Model, component: Component, weights: Mapping[Variable, int], most_states: int) -> list[_Axis] | None:
    """Every offer with the states it can come to; None where there are too many."""
    axes: list[_Axis] = []
    product = 1
    for counter in counters_of(model, component, weights):
        states = _states(counter, component.kinds, min(MOST_OF_ONE, most_states // product))
        if states is None:
            return None
        product *= len(states)
        axes.append(_Axis(counter, states))
    for axis, following in zip(axes[-2::-1], axes[:0:-1], strict=True):
        axis.stride = following.stride * len(following.states)
    return axes


def _states(counter: Counter, kinds: Sequence[int], most: int) -> dict[Local, int] | None:
    found = {counter.start: 0}
    for kind in kinds:
        if kind in counter.kinds:
            ahead = list(found)
            for local in ahead:
                for after, _, _ in counter.moves(kind, local):
                    if after not in found:
                        found[after] = len(found)
                        ahead.append(after)
                if len(found) > most:
                    return None
    return found


def _tables(axes: Sequence[_Axis], kinds: Sequence[int]) -> "list[Values]":
    """For every place in the walk: what each state weighs at best from there to the end."""
    from numpy import full, int64, maximum, minimum

    values = full(1, 0, dtype=int64)
    for axis in axes:
        ends = full(len(axis.states), NEVER, dtype=int64)
        ends[[number for local, number in axis.states.items() if axis.counter.done(local)]] = 0
        values = minimum.outer(values, ends).ravel()
    tables = [values]
    for kind in reversed(kinds):
        before = values.copy()
        for axis in axes:
            if kind in axis.counter.kinds:
                shape = -1, len(axis.states), axis.stride
                to, onto = values.reshape(shape), before.reshape(shape)
                for start, after, weights in axis.runs(kind):
                    ahead = to[:, after : after + len(weights)] + weights
                    kept = onto[:, start : start + len(weights)]
                    maximum(kept, ahead, out=kept)
        values = before
        tables.append(values)
    return tables[::-1]


def _along(
    axes: Sequence[_Axis], exact: Sequence[Counter], kinds: Sequence[int], tables: "Sequence[Values]", most_steps: int
) -> Answer | None:
    """The best of the ways that the table shows to be best, by all criteria; None when there are too many."""
    reached: dict[int, tuple[int, Trace]] = {0: (0, None)}
    left = most_steps
    for place, kind in enumerate(kinds):
        now, then = tables[place], tables[place + 1]
        best: dict[int, tuple[int, Trace]] = {}
        for state, (weight, trace) in reached.items():
            value = now[state]
            if then[state] == value:
                _keep(best, state, weight, trace)
            for axis, counter in zip(axes, exact, strict=True):
                if kind not in counter.kinds:
                    continue
                number = state // axis.stride % len(axis.locals)
                steps = axis.steps(kind)[number]
                left -= 1 + len(steps)
                for following, rough, at in steps:
                    after = state + (following - number) * axis.stride
                    if then[after] + rough == value:
                        _, gained, name = counter.moves(kind, axis.locals[number])[at]
                        _keep(best, after, weight + gained, (trace, name))
        if left < 0:
            return None
        reached = best
    _, trace = max(reached.values(), key=itemgetter(0))
    counts: dict[Variable, int] = {}
    while trace is not None:
        trace, name = trace
        counts[name] = counts.get(name, 0) + 1
    return answer_of(counts)


def _keep(best: dict[int, tuple[int, Trace]], state: int, weight: int, trace: Trace) -> None:
    known = best.get(state)
    if known is None or weight > known[0]:
        best[state] = weight, trace
