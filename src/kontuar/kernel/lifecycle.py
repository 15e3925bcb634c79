"""The life of a document as one literal table; only `advance` moves along it (DOC-02)."""

from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

import msgspec

from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Problem, Refused, refuse

Case = TypeVar("Case")
Entry = TypeVar("Entry")


class Found(msgspec.Struct, frozen=True):
    """Where a check found something wrong, and the facts that the message needs."""

    place: str = ""
    facts: Mapping[str, str] = {}


class Step(msgspec.Struct, Generic[Case, Entry], frozen=True, kw_only=True):
    """One row of a life-cycle table.

    `to`: the state after the step. `right`: what the operator must be allowed (None = anyone logged in).
    `needs`: least connectivity. `unless`: refusal code → check that yields what is wrong.
    `writes`: functions that give the ledger entries of the step.
    """

    to: str
    right: str | None = None
    needs: Connectivity = Connectivity.OFFLINE
    unless: Mapping[str, Callable[[Case], Iterable[Found]]] = {}
    writes: tuple[Callable[[Case], Iterable[Entry]], ...] = ()


class Lifecycle(msgspec.Struct, Generic[Case, Entry], frozen=True, kw_only=True):
    """A table of steps by (state, action); `start` is the state of something just made."""

    start: str
    steps: Mapping[tuple[str, str], Step[Case, Entry]]

    def __post_init__(self) -> None:
        reachable = {self.start} | {step.to for step in self.steps.values()}
        lost = {state for state, _ in self.steps} - reachable
        assert not lost, f"no step leads to {lost}"

    def actions(self, state: str) -> tuple[str, ...]:
        """What the table allows at all in a state."""
        return tuple(action for of_state, action in self.steps if of_state == state)


def step_of(life: Lifecycle[Case, Entry], state: str, action: str) -> Step[Case, Entry]:
    """The row for (state, action); raises `Refused("step.not_allowed")` when the table has none."""
    step = life.steps.get((state, action))
    if step is None:
        raise refuse("step.not_allowed", state=state, action=action)
    return step


def problems_of(step: Step[Case, Entry], case: Case) -> tuple[Problem, ...]:
    """Everything that the step's checks find wrong, all at once (DOC-05)."""
    return tuple(
        Problem(code, found.place, found.facts) for code, check in step.unless.items() for found in check(case)
    )


def advance(
    life: Lifecycle[Case, Entry],
    state: str,
    action: str,
    case: Case,
    *,
    rights: frozenset[str],
    connectivity: Connectivity,
) -> tuple[str, tuple[Entry, ...]]:
    """The next state and the ledger entries of the step, or `Refused` with every reason."""
    step = step_of(life, state, action)
    problems: list[Problem] = []
    if step.right is not None and step.right not in rights:
        problems.append(Problem("right.missing", "", {"right": step.right}))
    if connectivity < step.needs:
        problems.append(Problem("connectivity.too_low", "", {"needs": step.needs.name.lower()}))
    problems.extend(problems_of(step, case))
    if problems:
        raise Refused(*problems)
    return step.to, tuple(entry for write in step.writes for entry in write(case))
