"""What *best* means, down to the last tie: the same for every way of solving (DISC-25, DISC-27).

In this order: more saved; fewer applications (a unit discounted alone is one); fewer units held by thresholds; more
applications of the earlier offer, offer by offer; then, kind by kind from the earliest line, more units taken by the
earlier offer. No two assignments agree in all of these, so the best is one, whoever finds it.
"""

from collections.abc import Iterable, Mapping

from kontuar.domain.pricing.assignment.model import Answer, Column, Component, Gate, Model, room_for

Variable = tuple[str, int, int, int]
"""("n", column), ("x" taken | "y" rewarded of a `last` part, column, part, kind), ("b", gate), ("g" taken | "r"
rewarded of a picked gate, gate, 0, kind); places that say nothing are 0."""
Form = dict[Variable, int]


def times_of(column: int) -> Variable:
    return "n", column, 0, 0


def opening_of(gate: int) -> Variable:
    return "b", gate, 0, 0


def criteria(model: Model, component: Component) -> list[tuple[Form, int]]:
    """What is to be as large as possible, the most important first: linear forms, and how far each can reach.

    A unit that is taken loses what it would have got alone; that is counted off here.
    """
    saved, applications, held = Form(), Form(), Form()
    by_offer: dict[int, Form] = {}
    for at in component.columns:
        column = model.columns[at]
        saved[times_of(at)] = column.fixed
        applications[times_of(at)] = -1
        by_offer.setdefault(column.offer, {})[times_of(at)] = 1
        for number, part in enumerate(column.parts):
            for kind, gain in part.gains.items():
                _take(model, ("x", at, number, kind), gain if part.last is None else 0, saved, applications, by_offer)
                if part.last is not None:
                    saved["y", at, number, kind] = gain
    for at in component.gates:
        gate = model.gates[at]
        saved[opening_of(at)] = gate.fixed
        applications[opening_of(at)] = -1
        by_offer.setdefault(gate.offer, {})[opening_of(at)] = 1
        for kind, gain in gate.gains.items():
            _take(model, ("g", at, 0, kind), gain if gate.picked is None else 0, saved, applications, by_offer)
            held["g", at, 0, kind] = -1
            if gate.picked is not None:
                saved["r", at, 0, kind] = gain
    units = sum(model.kinds[kind].units for kind in component.kinds)
    reach = sum(abs(factor) for factor in saved.values()) * max(1, units)
    found = [(saved, 2 * reach), (applications, 2 * units), (held, units)]
    found += [(by_offer[rank], _reach(model, by_offer[rank])) for rank in sorted(by_offer)]
    found += [({variable: 1}, model.kinds[variable[3]].units) for variable in _uses(model, component)]
    return [(form, reach) for form, reach in found if form]


def _reach(model: Model, form: Form) -> int:
    """How far apart two values of a count of applications can be."""
    reach = 0
    for sort, of, _, kind in form:
        if sort == "n":
            reach += limit_of(model, model.columns[of].offer, room_for(model.columns[of], model.kinds))
        else:
            reach += 1 if sort == "b" else model.kinds[kind].units
    return reach


def packed(forms: Iterable[tuple[Form, int]]) -> dict[Variable, int]:
    """One whole number per variable, so large that sums compare like the criteria one after another."""
    weights: dict[Variable, int] = {}
    shift = 0
    for form, reach in reversed(list(forms)):
        for variable, factor in form.items():
            weights[variable] = weights.get(variable, 0) + (factor << shift)
        shift += reach.bit_length()
    return weights


def _take(
    model: Model, variable: Variable, gain: int, saved: Form, applications: Form, by_offer: dict[int, Form]
) -> None:
    alone = model.singles.get(variable[3])
    saved[variable] = gain - (alone.gain if alone else 0)
    if alone:
        applications[variable] = 1
        by_offer.setdefault(alone.offer, {})[variable] = -1


def _uses(model: Model, component: Component) -> list[Variable]:
    """Every use of every kind: earlier lines first, then earlier offers, then rewarded before paid."""
    found: list[tuple[int, int, int, Variable]] = []
    for at in component.columns:
        column = model.columns[at]
        for number, part in enumerate(column.parts):
            found += [(kind, column.offer, not part.rewarded, ("x", at, number, kind)) for kind in part.gains]
    for at in component.gates:
        found += [(kind, model.gates[at].offer, False, ("g", at, 0, kind)) for kind in model.gates[at].gains]
    return [variable for *_, variable in sorted(found)]


def answer_of(values: Mapping[Variable, int]) -> Answer:
    """The sums of a solution, whichever way it was found."""
    return Answer(
        {(of, part, kind): units for (sort, of, part, kind), units in values.items() if sort == "x" and units},
        {(of, kind): units for (sort, of, _, kind), units in values.items() if sort == "g" and units},
    )


def limit_of(model: Model, offer: int, units: int) -> int:
    """The most applications of an offer, `units` being all it could take."""
    return min(units, model.limits.get(offer, units))


def walkable(column: Column) -> bool:
    """Whether the walk knows its state by counts: pairs over some kinds only are for the program."""
    return not column.capped and all(
        pair.among is None or set(column.parts[pair.dear].gains) == set(column.parts[pair.cheap].gains) == pair.among
        for pair in column.pairs
    )


def rewarded_in(gate: Gate, taken: list[tuple[int, int]]) -> dict[int, int]:
    """Of the (kind, units) taken, in the order of the walk, how many are rewarded."""
    left = sum(units for _, units in taken) if gate.picked is None else gate.picked
    found: dict[int, int] = {}
    for kind, units in taken if gate.first else reversed(taken):
        found[kind] = min(units, left)
        left -= found[kind]
    return found
