"""The exact walk for few overlapping offers: units from the dearest to the cheapest, one state per open application.

A state says how far the open application of each offer has come (units modulo the bundle's size); it is reached with
the best sum of weights. A long run of equal units repeats itself after a while; then the rest of it is a product, so a
line of 6,000 pieces takes as many steps as one of a few dozen (DISC-25).
"""

from collections.abc import Iterator, Mapping
from math import lcm

from kontuar.domain.pricing.assignment.canonical import (
    Variable,
    answer_of,
    criteria,
    limit_of,
    opening_of,
    packed,
    times_of,
    walkable,
)
from kontuar.domain.pricing.assignment.model import Answer, Column, Component, Gate, Model, room_for

Local = tuple[int, ...]
State = tuple[Local, ...]
Move = tuple[Local, int, Variable]
Step = dict[State, tuple[State, Variable]]
"""How a state was reached; not in it = by leaving the unit alone."""


class Walked:
    """What a walk found: the answer, or None when the steps did not suffice, and how many were made."""

    def __init__(self, answer: Answer | None, steps: int) -> None:
        self.answer = answer
        self.steps = steps


class Jump:
    """The last `period` steps, `times` times more."""

    def __init__(self, period: int, times: int) -> None:
        self.period = period
        self.times = times


def can_walk(model: Model, component: Component, most_offers: int) -> bool:
    """Few enough offers, and none that the walk cannot know by counts."""
    offers = {model.columns[at].offer for at in component.columns} | {model.gates[at].offer for at in component.gates}
    return len(offers) <= most_offers and all(walkable(model.columns[at]) for at in component.columns)


def walk(model: Model, component: Component, most_steps: int) -> Walked:
    """The best assignment of a component, exactly; deterministic, and independent of the order of the lines."""
    counters = counters_of(model, component, packed(criteria(model, component)))
    path = _Path(tuple(counter.start for counter in counters))
    for kind in component.kinds:
        using = [(place, counter) for place, counter in enumerate(counters) if kind in counter.kinds]
        if not path.run(kind, model.kinds[kind].units, using, most_steps):
            return Walked(None, path.steps)
    best = max(
        (weight, state) for state, weight in path.reached.items()
        if all(counter.done(local) for counter, local in zip(counters, state, strict=True))
    )  # fmt: skip
    return Walked(path.answer(best[1]), path.steps)


class Counter:
    """How far the open application of one offer has come."""

    start: Local
    kinds: frozenset[int]
    size: int

    def __init__(self) -> None:
        self._known: dict[int, dict[Local, list[Move]]] = {}

    def known(self, kind: int) -> dict[Local, list[Move]]:
        """The moves with units of the kind that were asked for already."""
        return self._known.setdefault(kind, {})

    def moves(self, kind: int, local: Local) -> list[Move]:
        """Every use of one more unit of the kind, one of `kinds`: the state after it, its weight, its name."""
        raise NotImplementedError

    def done(self, local: Local) -> bool:
        """Whether nothing is left open."""
        raise NotImplementedError


class _Bundles(Counter):
    """Counts: applications so far (only where a limit binds), then the units of every part of every column."""

    def __init__(
        self, model: Model, offer: int, columns: list[int], weights: Mapping[Variable, int], supply: "Supply"
    ) -> None:
        super().__init__()
        self._columns = [(at, model.columns[at]) for at in columns]
        units = sum(room_for(column, model.kinds) for _, column in self._columns)
        self._most = limit_of(model, offer, units)
        self._limited = self._most < units
        self._is_plain = len(columns) == 1 and len(self._columns[0][1].parts) == 1 and not self._limited
        self._weights = weights
        self._supply = supply
        self.start = (0,) * (1 + sum(len(column.parts) for _, column in self._columns))
        self.kinds = frozenset(kind for _, column in self._columns for kind in column.kinds())
        self.size = lcm(*(part.units for _, column in self._columns for part in column.parts))

    def done(self, local: Local) -> bool:
        return not any(local[1:])

    def moves(self, kind: int, local: Local) -> list[Move]:
        """The same; at once for a column of one part that nothing limits, as most are."""
        if not self._is_plain:
            return list(self._moves(kind, local))
        at, column = self._columns[0]
        part, count = column.parts[0], local[1]
        if part.units - count - 1 > self._supply[at, 0][kind]:
            return []
        weight, name = self._weights["x", at, 0, kind], ("x", at, 0, kind)
        if part.last is not None and count >= part.units - part.last:
            weight += self._weights["y", at, 0, kind]
        if count + 1 == part.units:
            return [(self.start, weight + self._weights[times_of(at)], name)]
        return [((0, count + 1), weight, name)]

    def _moves(self, kind: int, local: Local) -> Iterator[Move]:
        first = 1
        for at, column in self._columns:
            counts = local[first : first + len(column.parts)]
            for number, part in enumerate(column.parts):
                if kind not in part.gains:
                    continue
                after = (*counts[:number], counts[number] + 1, *counts[number + 1 :])
                if not _ordered(column, number, after) or not self._fits(at, column, kind, after):
                    continue
                weight = self._weights["x", at, number, kind]
                if part.last is not None and counts[number] % part.units >= part.units - part.last:
                    weight += self._weights["y", at, number, kind]
                made, after = _closed(column, after)
                if local[0] + made > self._most:
                    continue
                weight += made * self._weights[times_of(at)]
                total = local[0] + made if self._limited else 0
                rest = local[first + len(column.parts) :]
                yield (total, *local[1:first], *after, *rest), weight, ("x", at, number, kind)
            first += len(column.parts)

    def _fits(self, at: int, column: Column, kind: int, counts: Local) -> bool:
        """Whether what is still to come can complete the applications that these units begin."""
        begun = max([-(-count // part.units) for count, part in zip(counts, column.parts, strict=True)])
        return begun <= self._most and all(
            begun * part.units - count <= self._supply[at, number][kind]
            for number, (count, part) in enumerate(zip(counts, column.parts, strict=True))
        )


class _Opened(Counter):
    """Empty while the threshold is not begun; then its measures so far, none above its least, and units rewarded."""

    def __init__(self, at: int, gate: Gate, weights: Mapping[Variable, int]) -> None:
        super().__init__()
        self._at = at
        self._gate = gate
        self._weights = weights
        self.start = ()
        self.kinds = frozenset(gate.gains)
        self.size = 1

    def done(self, local: Local) -> bool:
        if not local:
            return True
        reached = all(local[place] == least for place, (_, least) in enumerate(self._gate.measures))
        return reached and (self._gate.picked is None or local[-1] == self._gate.picked)

    def moves(self, kind: int, local: Local) -> list[Move]:
        """Every way to count one more unit towards the threshold."""
        return list(self._moves(kind, local))

    def _moves(self, kind: int, local: Local) -> Iterator[Move]:
        gate, name = self._gate, ("g", self._at, 0, kind)
        weight = self._weights[name] + (0 if local else self._weights[opening_of(self._at)])
        before = local or (0,) * (len(gate.measures) + 1)
        sums = tuple(min(least, before[place] + of[kind]) for place, (of, least) in enumerate(gate.measures))
        picked = before[-1]
        if gate.picked is None:
            yield (*sums, 0), weight, name
            return
        if (picked == gate.picked) if gate.first else (picked == 0):
            yield (*sums, picked), weight, name
        if picked < gate.picked:
            yield (*sums, picked + 1), weight + self._weights["r", self._at, 0, kind], name


def counters_of(model: Model, component: Component, weights: Mapping[Variable, int]) -> list[Counter]:
    """One for each offer of the component: bundles first, then thresholds."""
    supply = _supplies(model, component)
    by_offer: dict[int, list[int]] = {}
    for at in component.columns:
        by_offer.setdefault(model.columns[at].offer, []).append(at)
    counters: list[Counter] = [_Bundles(model, offer, columns, weights, supply) for offer, columns in by_offer.items()]
    counters += [_Opened(at, model.gates[at], weights) for at in component.gates]
    return counters


class _Path:
    """The states reached so far, each by its best way, and how every state was reached."""

    def __init__(self, start: State) -> None:
        self.reached: dict[State, int] = {start: 0}
        self.steps = 0
        self._history: list[Step | Jump] = []

    def run(self, kind: int, units: int, using: list[tuple[int, Counter]], most_steps: int) -> bool:
        """Go on by so many equal units; False when that takes too many steps."""
        periods = sorted({counter.size for _, counter in using} | {lcm(*(counter.size for _, counter in using))})
        before: list[dict[State, int]] = []
        left = units
        while left:
            before.append(self.reached)
            self._one(kind, using)
            left -= 1
            if self.steps > most_steps:
                return False
            for period in periods:
                gained = _repeats(before[-period], self.reached) if period <= min(left, len(before)) else None
                if gained is not None:
                    times = left // period
                    self.reached = {state: weight + gained * times for state, weight in self.reached.items()}
                    self._history.append(Jump(period, times))
                    left -= times * period
                    before.clear()
        return True

    def _one(self, kind: int, using: list[tuple[int, Counter]]) -> None:
        best = dict(self.reached)
        came: Step = {}
        for place, counter in using:
            known = counter.known(kind)
            for state, weight in self.reached.items():
                local = state[place]
                moves = known.get(local)
                if moves is None:
                    moves = known[local] = counter.moves(kind, local)
                for after_local, gain, name in moves:
                    after = (*state[:place], after_local, *state[place + 1 :])
                    reached = best.get(after)
                    if reached is None or weight + gain > reached:
                        best[after] = weight + gain
                        came[after] = state, name
                self.steps += 1 + len(moves)
        self.reached = best
        self._history.append(came)

    def answer(self, state: State) -> Answer:
        """The uses on the way to a state, counted."""
        counts: dict[Variable, int] = {}
        for place in range(len(self._history) - 1, -1, -1):
            step = self._history[place]
            state = self._leap(place, step, state, counts) if isinstance(step, Jump) else _back(step, state, counts, 1)
        return answer_of(counts)

    def _leap(self, place: int, jump: Jump, state: State, counts: dict[Variable, int]) -> State:
        """The same steps again and again, backwards; once they lead to where they began, all the rest at once."""
        left = jump.times
        while left:
            again: dict[Variable, int] = {}
            earlier = state
            for back in range(1, jump.period + 1):
                step = self._history[place - back]
                assert not isinstance(step, Jump)
                earlier = _back(step, earlier, again, 1)
            times = left if earlier == state else 1
            for name, units in again.items():
                counts[name] = counts.get(name, 0) + units * times
            left -= times
            state = earlier
        return state


def _back(step: Step, state: State, counts: dict[Variable, int], times: int) -> State:
    came = step.get(state)
    if came is None:
        return state
    counts[came[1]] = counts.get(came[1], 0) + times
    return came[0]


def _repeats(earlier: dict[State, int], now: dict[State, int]) -> int | None:
    """What every state gained since, if all gained the same."""
    if earlier.keys() != now.keys():
        return None
    gains = {weight - earlier[state] for state, weight in now.items()}
    return gains.pop() if len(gains) == 1 else None


def _ordered(column: Column, number: int, counts: Local) -> bool:
    """Whether a cheaper unit may come now: the dearer ones of its application must have come before."""
    return not column.pairs or all(
        counts[pair.dear] >= column.parts[pair.dear].units * -(-counts[number] // column.parts[number].units)
        for pair in column.pairs
        if pair.cheap == number
    )


def _closed(column: Column, counts: Local) -> tuple[int, Local]:
    """Complete applications leave the count."""
    made = min([count // part.units for count, part in zip(counts, column.parts, strict=True)])
    if not made:
        return 0, counts
    return made, tuple(count - made * part.units for count, part in zip(counts, column.parts, strict=True))


Supply = dict[tuple[int, int], dict[int, int]]


def _supplies(model: Model, component: Component) -> Supply:
    """For every part of a column: the units of it from each kind on, in the order of the walk."""
    found: Supply = {}
    for at in component.columns:
        for number, part in enumerate(model.columns[at].parts):
            left, from_kind = 0, found.setdefault((at, number), {})
            for kind in reversed(component.kinds):
                left += model.kinds[kind].units if kind in part.gains else 0
                from_kind[kind] = left
    return found
