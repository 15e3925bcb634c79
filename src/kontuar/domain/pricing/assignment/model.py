"""The problem in whole numbers: kinds of like units, and what the offers may take of them (DISC-25).

All amounts are *grains*, whole parts of a minor unit so small that every saving is a whole number of them.
"""

from collections.abc import Iterator, Mapping

import msgspec

from kontuar.domain.pricing.assignment.problem import Problem


class Kind(msgspec.Struct, frozen=True):
    """Units that no offer can tell apart, of one or more lines. `lines`: places in `Problem.lines`, earlier first."""

    lines: tuple[int, ...]
    units: int
    value: int
    room: int


class Part(msgspec.Struct, frozen=True):
    """`units` units of the kinds in `gains` (kind → grains that a rewarded unit saves).

    `last`: only so many units of a part are rewarded, its cheapest; None = all of them.
    """

    units: int
    gains: Mapping[int, int]
    last: int | None = None
    rewarded: bool = True


class Pair(msgspec.Struct, frozen=True):
    """In one application every unit of part `dear` comes before those of part `cheap`, dearest first.

    `among`: only units of these kinds are compared (None = all).
    """

    dear: int
    cheap: int
    among: frozenset[int] | None = None


class Column(msgspec.Struct, frozen=True):
    """A way to use a bundle: one application takes every part and saves `fixed` grains besides.

    `ceiling`: the saving of one application that may not be exceeded, where it depends on the units taken (then no
    program can count it; see `reading`). `spread`: the saving belongs to all units by value, not to rewarded ones.
    """

    offer: int
    parts: tuple[Part, ...]
    fixed: int = 0
    pairs: tuple[Pair, ...] = ()
    spread: bool = False
    capped: bool = False

    def kinds(self) -> Iterator[int]:
        for part in self.parts:
            yield from part.gains


class Gate(msgspec.Struct, frozen=True):
    """A threshold offer: any units of the kinds in `gains`, once every measure reaches its least sum.

    `picked`: so many of the taken are rewarded, the last ones or the `first` ones in the walk; None = all of them.
    """

    offer: int
    gains: Mapping[int, int]
    measures: tuple[tuple[Mapping[int, int], int], ...]
    fixed: int = 0
    picked: int | None = None
    first: bool = False
    spread: bool = False

    def kinds(self) -> Iterator[int]:
        yield from self.gains


class Single(msgspec.Struct, frozen=True):
    """The best a unit can get alone: grains, and the offer that gives it (the earliest of equals)."""

    gain: int
    offer: int


class Model(msgspec.Struct, frozen=True):
    """A pool read. Kinds are numbered by their earliest line; `walk` is the order from dearest to cheapest.

    `limits`: the applications that an offer allows, where that is fewer than units would.
    """

    problem: Problem
    scale: int
    kinds: tuple[Kind, ...]
    walk: tuple[int, ...]
    singles: Mapping[int, Single]
    columns: tuple[Column, ...]
    gates: tuple[Gate, ...]
    limits: Mapping[int, int]


class Component(msgspec.Struct, frozen=True):
    """Columns and gates that share kinds, directly or through others; `kinds` in the order of the walk."""

    kinds: tuple[int, ...]
    columns: tuple[int, ...]
    gates: tuple[int, ...]


class Answer(msgspec.Struct, frozen=True):
    """What one component takes: units by (column, part, kind) and by (gate, kind); the rest is left to singles.

    Only sums: who pays and who is rewarded inside a part follows from the order of the walk.
    """

    taken: Mapping[tuple[int, int, int], int]
    opened: Mapping[tuple[int, int], int]


def room_for(column: Column, kinds: tuple[Kind, ...]) -> int:
    """How many applications the units allow, if no other offer wanted them."""
    return min(sum(kinds[kind].units for kind in part.gains) // part.units for part in column.parts)
