"""The integer program for many overlapping offers or many units, solved by HiGHS; criterion after criterion (DISC-25).

Variables count: applications of a column, units of a kind in a part. *The cheapest is free* becomes linear by price
levels: among the units down to any place in the walk, those rewarded need enough dearer ones that pay. The solver is
imported when the first program is solved: most stations never need it, and a till's start does not pay for it.
"""

from math import gcd
from typing import TYPE_CHECKING

from kontuar.domain.pricing.assignment.canonical import (
    Form,
    Variable,
    criteria,
    limit_of,
    opening_of,
    times_of,
)
from kontuar.domain.pricing.assignment.model import Component, Model, Pair, room_for

if TYPE_CHECKING:
    from highspy import Highs

MOST_IN_ONE = 1 << 12
"""Largest factor that criteria are put together with; more would come near what the solver's arithmetic resolves."""
Values = dict[Variable, int]
Rows = list[tuple[float, float, Form]]
INFINITE = float("inf")


class Solved:
    """Values of the variables, or None when the nodes did not suffice; what was counted."""

    def __init__(self, values: Values | None, programs: int, nodes: int) -> None:
        self.values = values
        self.programs = programs
        self.nodes = nodes


def is_countable(model: Model, component: Component, most_variables: int) -> bool:
    """Whether a program can count the component at all, and is small enough that it will not take long."""
    columns = [model.columns[at] for at in component.columns]
    variables = sum([len(part.gains) for column in columns for part in column.parts])
    variables += sum([len(model.gates[at].gains) for at in component.gates])
    return variables <= most_variables and not any(column.capped for column in columns)


def solve(model: Model, component: Component, most_nodes: int, most_programs: int) -> Solved:
    """The best assignment of a component. Every step is checked in whole numbers; what fails that is not an answer.

    Saving, applications and held units are always settled; the ties below them as far as `most_programs` go. What is
    left open then is decided by the solver, which is the same everywhere, on rows in the same order everywhere.
    """
    rows, bounds = _Rows(model, component).made()
    program = _Program(bounds, rows, most_nodes)
    forms = [(form, reach) for form, reach in criteria(model, component)]
    while forms and (program.programs < max(3, most_programs)):
        form = _next(forms)
        if form and not program.settle(form):
            return Solved(None, program.programs, program.nodes)
    return Solved(program.values, program.programs, program.nodes)


def _next(forms: list[tuple[Form, int]]) -> Form:
    """The next criterion in its smallest whole factors, with those after it that one sum can hold apart."""
    form, _ = forms.pop(0)
    common = gcd(*form.values()) or 1
    form = {variable: value // common for variable, value in form.items()}
    together, factor = dict(form), max(map(abs, form.values()))
    while forms and factor * (forms[0][1] + 1) <= MOST_IN_ONE:
        added, reach = forms.pop(0)
        together = {variable: value * (reach + 1) for variable, value in together.items()}
        for variable, value in added.items():
            together[variable] = together.get(variable, 0) + value
        factor *= reach + 1
    return {variable: value for variable, value in together.items() if value}


class _Rows:
    """The rows of a component, and how large every variable may be."""

    def __init__(self, model: Model, component: Component) -> None:
        self._model = model
        self._component = component
        self._rows: Rows = []
        self._most: dict[Variable, int] = {}
        self._place = {kind: place for place, kind in enumerate(component.kinds)}

    def made(self) -> tuple[Rows, dict[Variable, int]]:
        used: dict[int, Form] = {}
        for at in self._component.columns:
            self._column(at, used)
        for at in self._component.gates:
            self._gate(at, used)
        for kind, form in used.items():
            self._rows.append((-INFINITE, self._model.kinds[kind].units, form))
        offers: dict[int, Form] = {}
        for at in self._component.columns:
            offers.setdefault(self._model.columns[at].offer, {})[times_of(at)] = 1
        for offer, form in offers.items():
            if offer in self._model.limits:
                self._rows.append((-INFINITE, self._model.limits[offer], form))
        return self._rows, self._most

    def _column(self, at: int, used: dict[int, Form]) -> None:
        column = self._model.columns[at]
        most = limit_of(self._model, column.offer, room_for(column, self._model.kinds))
        self._most[times_of(at)] = most
        for number, part in enumerate(column.parts):
            whole: Form = {times_of(at): -part.units}
            for kind in part.gains:
                variable = "x", at, number, kind
                self._most[variable] = min(self._model.kinds[kind].units, part.units * most)
                used.setdefault(kind, {})[variable] = 1
                whole[variable] = 1
            self._rows.append((0, 0, whole))
            if part.last is not None:
                self._cheapest(at, number, most)
        for pair in column.pairs:
            self._pair(at, pair, most)

    def _cheapest(self, at: int, number: int, most: int) -> None:
        """Of every application's units the last `last` are rewarded: `y` of `x`."""
        part = self._model.columns[at].parts[number]
        last = part.last
        assert last is not None
        whole: Form = {times_of(at): -last}
        ordered = sorted(part.gains, key=self._place.__getitem__)
        for kind in ordered:
            variable = "y", at, number, kind
            self._most[variable] = self._most["x", at, number, kind]
            whole[variable] = 1
            self._rows.append((-INFINITE, 0, {variable: 1, ("x", at, number, kind): -1}))
        self._rows.append((0, 0, whole))
        paying, given = Form(), Form()
        for kind in ordered[:-1]:
            paying |= {("x", at, number, kind): 1, ("y", at, number, kind): -1}
            given["y", at, number, kind] = 1
            self._level(("l", at, number, kind), paying, part.units - last, given, last, most)

    def _pair(self, at: int, pair: Pair, most: int) -> None:
        parts = self._model.columns[at].parts
        dear, cheap = parts[pair.dear], parts[pair.cheap]
        paying, given = Form(), Form()
        among = pair.among
        if among is not None:
            paying = {("x", at, pair.dear, kind): 1 for kind in dear.gains if kind not in among}
        for kind in self._component.kinds:
            if kind in dear.gains and (among is None or kind in among):
                paying["x", at, pair.dear, kind] = 1
            if kind in cheap.gains and (among is None or kind in among):
                given["x", at, pair.cheap, kind] = 1
                level = "l", at, 1000 * pair.dear + pair.cheap + 1, kind
                self._level(level, paying, dear.units, given, cheap.units, most)

    def _level(self, level: Variable, paying: Form, pay: int, given: Form, give: int, most: int) -> None:
        """Units given down to here belong to ⌈given / give⌉ applications, each with `pay` units that pay."""
        if give == 1:
            needed = dict(paying)
            for variable in given:
                needed[variable] = needed.get(variable, 0) - pay
            self._rows.append((0, INFINITE, needed))
            return
        self._most[level] = most
        self._rows.append((0, INFINITE, {level: give, **dict.fromkeys(given, -1)}))
        self._rows.append((0, INFINITE, {**paying, level: -pay}))

    def _gate(self, at: int, used: dict[int, Form]) -> None:
        gate = self._model.gates[at]
        opened = opening_of(at)
        self._most[opened] = 1
        for kind in gate.gains:
            units = self._model.kinds[kind].units
            variable = "g", at, 0, kind
            self._most[variable] = units
            used.setdefault(kind, {})[variable] = 1
            self._rows.append((-INFINITE, 0, {variable: 1, opened: -units}))
        for of, least in gate.measures:
            common = gcd(least, *of.values())
            reached: Form = {("g", at, 0, kind): size // common for kind, size in of.items() if size}
            self._rows.append((0, INFINITE, {**reached, opened: -least // common}))
        self._rows.append((0, INFINITE, {**{("g", at, 0, kind): 1 for kind in gate.gains}, opened: -1}))
        if gate.picked is not None:
            self._picked(at, gate.picked, first=gate.first)

    def _picked(self, at: int, picked: int, *, first: bool) -> None:
        """`h` falls from 1 to 0 along the walk: units of one sort stand only before that, of the other after it."""
        gate = self._model.gates[at]
        whole: Form = {opening_of(at): -picked}
        before: Variable | None = None
        for kind in sorted(gate.gains, key=self._place.__getitem__):
            taken, given, level = ("g", at, 0, kind), ("r", at, 0, kind), ("h", at, 0, kind)
            units = self._model.kinds[kind].units
            self._most[given], self._most[level] = units, 1
            whole[given] = 1
            self._rows.append((-INFINITE, 0, {given: 1, taken: -1}))
            paid: Form = {taken: 1, given: -1}
            early, late = ({given: 1}, paid) if first else (paid, {given: 1})
            # At the kind itself both may stand: `early` while h, `late` from the place on where the next h is 0.
            self._rows.append((-INFINITE, 0, {**early, level: -units}))
            self._rows.append((-INFINITE, units, {**late, ("h", at, 1, kind): units}))
            self._most["h", at, 1, kind] = 1
            self._rows.append((0, INFINITE, {level: 1, ("h", at, 1, kind): -1}))
            if before is not None:
                self._rows.append((0, 0, {before: 1, level: -1}))
            before = "h", at, 1, kind
        self._rows.append((0, 0, whole))


class _Program:
    """One model of the solver; criteria are settled one by one, each kept by a row."""

    def __init__(self, bounds: dict[Variable, int], rows: Rows, most_nodes: int) -> None:
        self._names = sorted(bounds)
        self._index = {name: place for place, name in enumerate(self._names)}
        self._bounds = bounds
        self._rows = rows
        self._left = most_nodes
        self.programs = 0
        self.nodes = 0
        self.values: Values = {}
        self._highs = self._begin()

    def settle(self, form: Form) -> bool:
        """Make the form as large as possible and keep it there; False when that is not found or does not check."""
        from highspy import HighsModelStatus

        places = [self._index[name] for name in form]
        factors = [float(factor) for factor in form.values()]
        count = len(self._names)
        self._highs.changeColsCost(count, list(range(count)), [0.0] * count)
        self._highs.changeColsCost(len(places), places, factors)
        self._highs.setOptionValue("mip_max_nodes", max(1, self._left))
        # From a kept start the solver was seen to stop short of the optimum by a few units of the objective.
        self._highs.clearSolver()
        self._highs.run()
        self.programs += 1
        made = max(0, int(self._highs.getInfo().mip_node_count))
        self.nodes += made
        self._left -= made
        if self._highs.getModelStatus() != HighsModelStatus.kOptimal:
            return False
        found = [round(value) for value in self._highs.getSolution().col_value]
        self.values = dict(zip(self._names, found, strict=True))
        if not self._holds():
            return False
        reached = _sum(form, self.values)
        self._rows.append((reached, reached, form))
        self._highs.addRow(float(reached), INFINITE, len(places), places, factors)
        return True

    def _holds(self) -> bool:
        """Bounds and rows once more, in whole numbers."""
        return all(0 <= self.values[name] <= most for name, most in self._bounds.items()) and all(
            low <= _sum(form, self.values) <= high for low, high, form in self._rows
        )

    def _begin(self) -> "Highs":
        from highspy import Highs, HighsVarType, ObjSense

        highs = Highs()  # type: ignore[no-untyped-call]
        for option, value in _OPTIONS.items():
            highs.setOptionValue(option, value)
        count = len(self._names)
        highs.addVars(count, [0.0] * count, [float(self._bounds[name]) for name in self._names])
        for place in range(count):
            highs.changeColIntegrality(place, HighsVarType.kInteger)
        highs.changeObjectiveSense(ObjSense.kMaximize)
        for low, high, form in self._rows:
            places = [self._index[name] for name in form]
            highs.addRow(float(low), float(high), len(places), places, [float(factor) for factor in form.values()])
        return highs


_OPTIONS: dict[str, bool | int | float | str] = {
    "output_flag": False,
    "threads": 1,
    "parallel": "off",
    "random_seed": 0,
    "mip_rel_gap": 0.0,
    "mip_abs_gap": 1e-6,
    "mip_feasibility_tolerance": 1e-9,
    "primal_feasibility_tolerance": 1e-9,
    "dual_feasibility_tolerance": 1e-9,
}


def _sum(form: Form, values: Values) -> int:
    return sum(factor * values[name] for name, factor in form.items())
