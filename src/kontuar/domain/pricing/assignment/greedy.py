"""When the counted work does not suffice: the best application per unit first, again and again (DISC-25)."""

from fractions import Fraction

from kontuar.domain.pricing.assignment.canonical import rewarded_in
from kontuar.domain.pricing.assignment.model import Answer, Column, Component, Gate, Model

Filling = list[list[tuple[int, int]]]
"""(kind, units) of one application, part by part."""


def greedy(model: Model, component: Component) -> Answer:
    """A good assignment, always found; ties go to the earlier offer."""
    left = {kind: model.kinds[kind].units for kind in component.kinds}
    made: dict[int, int] = {}
    taken: dict[tuple[int, int, int], int] = {}
    opened: dict[tuple[int, int], int] = {}
    gates = set(component.gates)
    while True:
        best: tuple[Fraction, int, int, Filling] | None = None
        for at in component.columns:
            column = model.columns[at]
            if made.get(column.offer, 0) >= model.limits.get(column.offer, 1 << 60):
                continue
            filling = fill(model, component, column, left)
            if filling is not None:
                better = Fraction(net(model, column, filling), sum(part.units for part in column.parts))
                if better > 0 and (best is None or (-better, column.offer, at) < (-best[0], best[1], best[2])):
                    best = better, column.offer, at, filling
        gate = _best_gate(model, component, gates, left, best[0] if best else Fraction(0))
        if gate is not None:
            at, units = gate
            gates.discard(at)
            for kind, count in units:
                left[kind] -= count
                opened[at, kind] = count
        elif best is not None:
            _, offer, at, filling = best
            times = _repeatable(filling, left)
            if offer in model.limits:
                times = min(times, model.limits[offer] - made.get(offer, 0))
            made[offer] = made.get(offer, 0) + times
            for number, units in enumerate(filling):
                for kind, count in units:
                    left[kind] -= count * times
                    taken[at, number, kind] = taken.get((at, number, kind), 0) + count * times
        else:
            return Answer(taken, opened)


def fill(model: Model, component: Component, column: Column, left: dict[int, int]) -> Filling | None:
    """One application: rewarded parts take what gains most over selling it alone, the others what loses least."""
    free = dict(left)
    filling: Filling = []
    for part in column.parts:
        alone = {kind: model.singles[kind].gain if kind in model.singles else 0 for kind in part.gains}
        place = {kind: at for at, kind in enumerate(component.kinds)}
        if part.last is None:
            ordered = sorted(part.gains, key=lambda kind: (alone[kind] - part.gains[kind], place[kind]))
        else:
            ordered = sorted(part.gains, key=place.__getitem__)
        wanted, units = part.units, []
        for kind in ordered:
            count = min(wanted, free[kind])
            if count:
                units.append((kind, count))
                free[kind] -= count
                wanted -= count
        if wanted:
            return None
        filling.append(sorted(units, key=lambda unit: place[unit[0]]))
    return filling if _in_order(component, column, filling) else None


def bound(model: Model, component: Component) -> int:
    """Grains that no assignment of the component exceeds: every unit at its best share of any application."""
    best = {kind: Fraction(model.singles[kind].gain if kind in model.singles else 0) for kind in component.kinds}
    for at in component.columns:
        column = model.columns[at]
        size = sum(part.units for part in column.parts)
        for part in column.parts:
            for kind, gain in part.gains.items():
                share = Fraction(gain * (part.last or part.units), part.units) + Fraction(column.fixed, size)
                best[kind] = max(best[kind], share)
    fixed = 0
    for at in component.gates:
        gate = model.gates[at]
        fixed += gate.fixed
        for kind, gain in gate.gains.items():
            best[kind] = max(best[kind], Fraction(gain))
    return fixed + int(sum(share * model.kinds[kind].units for kind, share in best.items()))


def net(model: Model, column: Column, filling: Filling) -> int:
    """What an application saves more than its units would alone."""
    saved, alone, room = column.fixed, 0, 0
    for part, units in zip(column.parts, filling, strict=True):
        rewarded = part.units if part.last is None else part.last
        for kind, count in reversed(units):
            saved += part.gains[kind] * min(count, rewarded)
            rewarded -= min(count, rewarded)
        for kind, count in units:
            alone += (model.singles[kind].gain if kind in model.singles else 0) * count
            room += model.kinds[kind].room * count
    return (min(saved, room) if column.capped else saved) - alone


def _in_order(component: Component, column: Column, filling: Filling) -> bool:
    place = {kind: at for at, kind in enumerate(component.kinds)}
    for pair in column.pairs:
        dear = [place[kind] for kind, _ in filling[pair.dear] if pair.among is None or kind in pair.among]
        cheap = [place[kind] for kind, _ in filling[pair.cheap] if pair.among is None or kind in pair.among]
        if dear and cheap and max(dear) > min(cheap):
            return False
    return True


def _repeatable(filling: Filling, left: dict[int, int]) -> int:
    """How often the same application is possible; once only, when it is made of several kinds of a part."""
    needed: dict[int, int] = {}
    for units in filling:
        for kind, count in units:
            needed[kind] = needed.get(kind, 0) + count
    return min(left[kind] // count for kind, count in needed.items())


def _best_gate(
    model: Model, component: Component, gates: set[int], left: dict[int, int], beside: Fraction
) -> tuple[int, list[tuple[int, int]]] | None:
    """The threshold that saves more per unit than any application does, if there is one."""
    found: tuple[int, list[tuple[int, int]]] | None = None
    for at in sorted(gates, key=lambda at: model.gates[at].offer):
        units = _through(model, component, model.gates[at], left)
        if units is None:
            continue
        gate, count = model.gates[at], sum(count for _, count in units)
        rewarded = rewarded_in(gate, units)
        saved = gate.fixed + sum(gate.gains[kind] * rewarded[kind] for kind, _ in units)
        alone = sum(model.singles[kind].gain * many for kind, many in units if kind in model.singles)
        if Fraction(saved - alone, count) > beside:
            beside, found = Fraction(saved - alone, count), (at, units)
    return found


def _through(model: Model, component: Component, gate: Gate, left: dict[int, int]) -> list[tuple[int, int]] | None:
    """Units that reach the threshold: all that gain, then whatever else is needed, in the order of the walk."""
    alone = {kind: model.singles[kind].gain if kind in model.singles else 0 for kind in gate.gains}
    everything = gate.picked is None and not gate.fixed
    chosen = {kind: left[kind] if everything and gate.gains[kind] > alone[kind] else 0 for kind in gate.gains}
    order = sorted(gate.gains, key=lambda kind: (alone[kind] - gate.gains[kind], component.kinds.index(kind)))
    for kind in order:
        while chosen[kind] < left[kind] and not _reached(gate, chosen):
            chosen[kind] += 1
    units = [(kind, chosen[kind]) for kind in component.kinds if chosen.get(kind)]
    return units if _reached(gate, chosen) else None


def _reached(gate: Gate, chosen: dict[int, int]) -> bool:
    units = sum(chosen.values())
    return units >= max(1, gate.picked or 0) and all(
        sum(of[kind] * chosen[kind] for kind in of) >= least for of, least in gate.measures
    )
