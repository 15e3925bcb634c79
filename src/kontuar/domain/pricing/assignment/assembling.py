"""From the sums of an answer to applications, unit by unit and line by line, checked in whole numbers (DISC-25).

Inside a part the units follow the walk, dearest first, so that the cheapest unit of an application is as dear as it can
be. Of units that nothing tells apart, those of the earlier line are rewarded first.
"""

from collections.abc import Iterable, Iterator, Sequence
from fractions import Fraction
from operator import attrgetter
from typing import Final, NamedTuple

import msgspec

from kontuar.domain.pricing.assignment.canonical import rewarded_in
from kontuar.domain.pricing.assignment.model import Answer, Column, Component, Model
from kontuar.domain.pricing.assignment.problem import Application, Share

Units = list[tuple[int, int]]
"""(kind, how many), in the order of the walk."""
Sums = dict[int, tuple[int, int, int | Fraction]]
"""By the line's number: units, how many of them rewarded, grains saved."""


class Use(msgspec.Struct, frozen=True):
    """What one application does with a kind: units, how many of them rewarded, grains that each rewarded one saves."""

    kind: int
    units: int
    rewarded: int
    gain: int | Fraction


class Made(msgspec.Struct, frozen=True):
    """`times` equal applications of an offer; `saved` = grains of one."""

    offer: int
    times: int
    uses: tuple[Use, ...]
    saved: int
    spread: bool


class Placed(NamedTuple):
    """Equal applications on lines: what all `times` of them take there."""

    made: Made
    times: int
    sums: Sums


def made_of(model: Model, component: Component, answer: Answer) -> list[Made]:
    """The applications of a component, and what its other units get alone."""
    made: list[Made] = []
    left = {kind: model.kinds[kind].units for kind in component.kinds}
    used = {at for at, _, _ in answer.taken}
    for at in component.columns:
        if at not in used:
            continue
        column = model.columns[at]
        parts = [_ordered(component, column, at, number, answer) for number in range(len(column.parts))]
        for units in parts:
            for kind, count in units:
                left[kind] -= count
        if len(parts) == 1 and len(parts[0]) == 1 and not column.spread:
            made.append(_of_one_kind(column, parts[0][0]))
            continue
        made += _applications(model, column, parts)
    for at in component.gates:
        units = [(kind, answer.opened[at, kind]) for kind in component.kinds if (at, kind) in answer.opened]
        if units:
            for kind, count in units:
                left[kind] -= count
            made.append(_opened(model, at, units))
    assert all(count >= 0 for count in left.values()), "a unit was taken twice"
    return made + list(alone(model, left.items()))


def alone(model: Model, left: Iterable[tuple[int, int]]) -> Iterator[Made]:
    """Units that no bundle takes, each with the best it gets by itself."""
    for kind, units in left:
        single = model.singles.get(kind)
        if single and units:
            use = Use(kind, 1, 1, single.gain)
            yield Made(single.offer, units, (use,), single.gain, False)


def on_lines(model: Model, made: Iterable[Made]) -> list[Placed]:
    """The applications on the lines of the problem, earlier offers first."""
    ordered = sorted(made, key=attrgetter("offer"))
    only = [model.problem.lines[kind.lines[0]].number if len(kind.lines) == 1 else None for kind in model.kinds]
    rewarded: dict[int, int] = {}
    for one in ordered:
        for use in one.uses:
            if only[use.kind] is None:
                rewarded[use.kind] = rewarded.get(use.kind, 0) + use.rewarded * one.times
    cursors = {kind: (_Cursor(model, kind, 0), _Cursor(model, kind, start)) for kind, start in rewarded.items()}
    found: list[Placed] = []
    for one in ordered:
        left = one.times
        while left:
            shared = [use for use in one.uses if use.kind in cursors] if cursors else ()
            times = max(1, min([left, *(_alike(use, *cursors[use.kind]) for use in shared)])) if shared else left
            left -= times
            found.append(Placed(one, times, _sums(one, times, only, cursors)))
    return found


def told(model: Model, placed: Iterable[Placed]) -> tuple[Application, ...]:
    """The applications as records, equal neighbours as one."""
    joined: list[Application] = []
    for one in placed:
        rule, times = model.problem.offers[one.made.offer].rule, one.times
        shares = tuple(
            Share(line=line, units=units // times, rewarded=given // times, saving=Fraction(saved, times * model.scale))
            for line, (units, given, saved) in sorted(one.sums.items())
        )
        if joined and (joined[-1].rule, joined[-1].shares) == (rule, shares):
            times += joined.pop().times
        joined.append(Application(rule=rule, times=times, shares=shares))
    return tuple(joined)


def _ordered(component: Component, column: Column, at: int, number: int, answer: Answer) -> Units:
    """The units of a part, dearest first; what a pair does not compare stands where it is never in the way."""
    units = [(kind, answer.taken[at, number, kind]) for kind in component.kinds if (at, number, kind) in answer.taken]
    for pair in column.pairs:
        among = pair.among
        if among is not None and number in (pair.dear, pair.cheap):
            units.sort(key=lambda unit: (unit[0] in among) == (number == pair.dear))
    return units


def _applications(model: Model, column: Column, parts: list[Units]) -> Iterator[Made]:
    """Cut the parts into applications, equal ones together."""
    total = sum(count for _, count in parts[0]) // column.parts[0].units
    for part, units in zip(column.parts, parts, strict=True):
        assert sum(count for _, count in units) == total * part.units, "an application is not complete"
    rests = [list(units) for units in parts]
    while rests[0]:
        whole = [units[0][1] // part.units for part, units in zip(column.parts, rests, strict=True)]
        times = max(1, min(whole))
        taken = [_off(units, part.units, times) for part, units in zip(column.parts, rests, strict=True)]
        yield _one(model, column, taken, times)


def _of_one_kind(column: Column, units: tuple[int, int]) -> Made:
    """All applications of a column of one part, when they are alike."""
    part, (kind, count) = column.parts[0], units
    assert count % part.units == 0, "an application is not complete"
    given = part.units if part.last is None else part.last
    gain, saved = part.gains[kind], column.fixed + given * part.gains[kind]
    use = Use(kind, part.units, given, gain) if part.rewarded else Use(kind, part.units, 0, 0)
    return Made(column.offer, count // part.units, (use,), saved, False)


def _off(units: Units, size: int, times: int) -> Units:
    """Take `times` blocks off the front: of one kind when it is more than one block."""
    found: Units = []
    wanted = size * times
    while wanted:
        kind, count = units[0]
        used = min(count, wanted)
        found.append((kind, used // times if times > 1 else used))
        wanted -= used
        if used == count:
            del units[0]
        else:
            units[0] = kind, count - used
    return found


def _one(model: Model, column: Column, taken: list[Units], times: int) -> Made:
    """What an application of these units saves, and on which of them."""
    counts: dict[int, int] = {}
    rewarded: dict[int, int] = {}
    gains: dict[int, int] = {}
    saved, room = column.fixed, 0
    for part, units in zip(column.parts, taken, strict=True):
        left = part.units if part.last is None else part.last
        for kind, count in reversed(units):
            given = min(count, left)
            left -= given
            counts[kind] = counts.get(kind, 0) + count
            saved += given * part.gains[kind]
            room += count * model.kinds[kind].room
            if given and part.rewarded:
                rewarded[kind] = rewarded.get(kind, 0) + given
                gains[kind] = part.gains[kind]
    if column.spread:
        saved = min(saved, room)
        return Made(column.offer, times, _spread(model, counts, saved), saved, True)
    uses = (Use(kind, counts[kind], rewarded.get(kind, 0), gains.get(kind, 0)) for kind in sorted(counts))
    return Made(column.offer, times, tuple(uses), saved, False)


def _opened(model: Model, at: int, units: Units) -> Made:
    gate = model.gates[at]
    if gate.spread:
        return Made(gate.offer, 1, _spread(model, dict(units), gate.fixed), gate.fixed, True)
    rewarded = rewarded_in(gate, units)
    uses = tuple(Use(kind, count, rewarded[kind], gate.gains[kind]) for kind, count in sorted(units))
    return Made(gate.offer, 1, uses, gate.fixed + sum(int(use.gain) * use.rewarded for use in uses), False)


def _spread(model: Model, counts: dict[int, int], saved: int) -> tuple[Use, ...]:
    """The saving over all units by value, none more than its room; what does not fit goes on by the same weights."""
    shares = dict.fromkeys(counts, Fraction(0))
    open_kinds, rest = sorted(counts), Fraction(saved)
    while rest and open_kinds:
        weight = sum(model.kinds[kind].value * counts[kind] for kind in open_kinds)
        if not weight:
            break
        part = {kind: rest * model.kinds[kind].value / weight for kind in open_kinds}
        full = [kind for kind in open_kinds if shares[kind] + part[kind] > model.kinds[kind].room]
        if not full:
            shares |= part
            break
        for kind in full:
            shares[kind] = Fraction(model.kinds[kind].room)
            rest -= shares[kind] * counts[kind]
        open_kinds = [kind for kind in open_kinds if kind not in full]
    return tuple(Use(kind, counts[kind], counts[kind], shares[kind]) for kind in sorted(counts))


class _Cursor:
    """A place in the units of a kind, line after line."""

    def __init__(self, model: Model, kind: int, start: int) -> None:
        lines = model.problem.lines
        self._rest = [[lines[place].number, lines[place].units] for place in reversed(model.kinds[kind].lines)]
        if start:
            list(self.take(start))

    def front(self) -> int:
        return self._rest[-1][1] if self._rest else 0

    def take(self, units: int) -> Iterator[tuple[int, int]]:
        """(line, units) for so many units from here on."""
        while units:
            line, left = self._rest[-1]
            used = min(left, units)
            yield line, used
            units -= used
            self._rest[-1][1] -= used
            if used == left:
                self._rest.pop()


Cursors = dict[int, tuple[_Cursor, _Cursor]]
"""By kind: where its rewarded units stand, and where those that pay."""


def _alike(use: Use, rewarded: _Cursor, paid: _Cursor) -> int:
    """How many equal applications the lines in front allow."""
    paying = use.units - use.rewarded
    bounds = [rewarded.front() // use.rewarded] if use.rewarded else []
    bounds += [paid.front() // paying] if paying else []
    return min(bounds)


def _sums(one: Made, times: int, only: Sequence[int | None], cursors: Cursors) -> Sums:
    """What each line gives to `times` applications together."""
    sums: Sums = {}
    for use in one.uses:
        line = only[use.kind]
        if line is not None:
            sums[line] = use.units * times, use.rewarded * times, use.rewarded * times * use.gain
            continue
        rewarded, paid = cursors[use.kind]
        for line, units in rewarded.take(use.rewarded * times):
            taken, given, saved = sums.get(line, _NOTHING)
            sums[line] = taken + units, given + units, saved + units * use.gain
        for line, units in paid.take((use.units - use.rewarded) * times):
            taken, given, saved = sums.get(line, _NOTHING)
            sums[line] = taken + units, given, saved
    return sums


_NOTHING: Final = (0, 0, 0)
