"""The best assignment of one pool: which units go to which offers so that the buyer pays least (DISC-25, DISC-27).

1. Like units are joined, money becomes whole numbers (`reading`).
2. What cannot beat the best a unit gets alone is left out; the rest falls into components (`parting`).
3. A bundle that meets no other and has one way to be filled: a sum (`plain`). Few overlapping offers: an exact walk
   over units (`short` for small components of plain bundles, else `walking`). More, or too many steps: a table of all
   states at once (`tabling`), without bundles that others better (`thinning`). Too many states: an integer program
   (`program`), where it is small. Else the greedy search (`greedy`), made better by tables of some bundles
   (`improving`), and the answer says that it is not proven.
4. Ties are settled by criteria that both solvers obey (`canonical`); the sums become applications on lines
   (`assembling`) and savings in whole minor units (`rounding`).
"""

from collections.abc import Iterable
from fractions import Fraction

from kontuar.domain.pricing.assignment.assembling import Made, Placed, alone, made_of, on_lines, told
from kontuar.domain.pricing.assignment.canonical import answer_of
from kontuar.domain.pricing.assignment.greedy import bound, greedy
from kontuar.domain.pricing.assignment.improving import improved
from kontuar.domain.pricing.assignment.model import Answer, Component, Model
from kontuar.domain.pricing.assignment.parting import components
from kontuar.domain.pricing.assignment.plain import plain_answer
from kontuar.domain.pricing.assignment.problem import Limits, Problem, Solution, Work
from kontuar.domain.pricing.assignment.program import is_countable, solve
from kontuar.domain.pricing.assignment.reading import read
from kontuar.domain.pricing.assignment.rounding import rounded
from kontuar.domain.pricing.assignment.short import short_answer
from kontuar.domain.pricing.assignment.tabling import is_short, table
from kontuar.domain.pricing.assignment.thinning import thinned
from kontuar.domain.pricing.assignment.walking import can_walk, walk

DEFAULT = Limits()


def best_assignment(problem: Problem, limits: Limits = DEFAULT, *, tell: bool = True) -> Solution:
    """The assignment with the highest saving, exact before rounding; whatever the order of the lines.

    `proven` is False when the counted work did not suffice for some component; then `bound` says how much more could
    be saved at most. Without `tell` the single applications stay untold, which is quicker. Raises `ValueError` for an
    offer that means nothing.
    """
    model = read(problem, limits)
    search = _Search(model, limits)
    parted = components(model)
    made = [one for component in parted for one in search.made(component)]
    inside = {kind for component in parted for kind in component.kinds}
    made += alone(model, [(at, kind.units) for at, kind in enumerate(model.kinds) if at not in inside])
    placed = on_lines(model, made)
    savings = rounded(model, placed)
    exact = Fraction(_saved(made), model.scale)
    return Solution(
        applications=told(model, placed) if tell else (), times=_times(model, placed), savings=savings,
        total=sum([saving.amount for saving in savings]), exact=exact,
        bound=exact + Fraction(search.gap, model.scale) if search.gap else exact, proven=not search.gap,
        work=search.work(),
    )  # fmt: skip


class _Search:
    """Answers component after component, and counts the work."""

    def __init__(self, model: Model, limits: Limits) -> None:
        self._model = model
        self._limits = limits
        self._components = self._steps = self._cells = self._programs = self._nodes = self._cut_off = 0
        self.gap = 0

    def made(self, component: Component) -> list[Made]:
        """The applications of a component; the greedy ones where the proven answer was not found."""
        self._components += 1
        answer = self._answered(component)
        if answer is not None:
            return made_of(self._model, component, answer)
        self._cut_off += 1
        component = thinned(self._model, component)
        better = improved(self._model, component, greedy(self._model, component), self._limits)
        self._cells += better.cells
        found = made_of(self._model, component, better.answer)
        self.gap += max(0, bound(self._model, component) - _saved(found))
        return found

    def work(self) -> Work:
        """What was counted."""
        return Work(
            components=self._components, steps=self._steps, cells=self._cells, programs=self._programs,
            nodes=self._nodes, cut_off=self._cut_off,
        )  # fmt: skip

    def _answered(self, component: Component) -> Answer | None:
        """The proven answer, or None."""
        model, limits = self._model, self._limits
        if can_walk(model, component, limits.offers):
            answer = plain_answer(model, component) or short_answer(model, component, limits.steps)
            if answer is not None:
                return answer
        component = thinned(model, component)
        answer = self._by_states(component)
        if answer is not None:
            return answer
        if limits.nodes and is_countable(model, component, limits.variables):
            solved = solve(model, component, limits.nodes, limits.programs)
            self._programs += solved.programs
            self._nodes += solved.nodes
            if solved.values is not None:
                return answer_of(solved.values)
        return None

    def _by_states(self, component: Component) -> Answer | None:
        """By the table where the walk would be long, else by the walk; the other where the first one gives up."""
        model, limits = self._model, self._limits
        offers = len(component.columns) + len(component.gates)
        ways = [self._tabled] if limits.cells and can_walk(model, component, offers) else []
        if can_walk(model, component, limits.offers):
            ways.insert(0 if is_short(model, component) else len(ways), self._walked)
        return next((answer for way in ways if (answer := way(component)) is not None), None)

    def _walked(self, component: Component) -> Answer | None:
        walked = walk(self._model, component, self._limits.steps)
        self._steps += walked.steps
        return walked.answer

    def _tabled(self, component: Component) -> Answer | None:
        tabled = table(self._model, component, self._limits.cells, self._limits.steps)
        self._cells += tabled.cells
        return tabled.answer


def _saved(made: Iterable[Made]) -> int:
    return sum([one.saved * one.times for one in made])


def _times(model: Model, placed: Iterable[Placed]) -> dict[str, int]:
    """Applications by rule."""
    found: dict[str, int] = {}
    for one in placed:
        rule = model.problem.offers[one.made.offer].rule
        found[rule] = found.get(rule, 0) + one.times
    return found
