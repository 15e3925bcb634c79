"""The best assignment of a small pool by trying everything: what the optimiser is judged by (DISC-25).

Written from the words of the records alone: units one by one, applications as sets of them, no aggregation.
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import cache
from itertools import combinations

import msgspec

from kontuar.domain.pricing.assignment.problem import (
    Amount,
    AmountPerUnit,
    Bundle,
    Line,
    Offer,
    Percent,
    Problem,
    SetPrice,
    Threshold,
)


class Unit(msgspec.Struct, frozen=True):
    """One piece; `place` settles ties, the earlier line's counting as the cheaper."""

    line: int
    value: Fraction
    room: Fraction
    place: int


def units_of(lines: tuple[Line, ...]) -> list[Unit]:
    ordered = sorted(lines, key=lambda line: (line.order, -line.value, line.floor, line.number))
    return [
        Unit(line.number, Fraction(line.value), max(Fraction(0), Fraction(line.value) - Fraction(line.floor)), place)
        for place, line in enumerate(ordered) for _ in range(line.units)
    ]  # fmt: skip


Best = tuple[Fraction, int, int]
"""Saved; minus the number of applications; minus the units that thresholds hold."""


def best_by_trying(problem: Problem) -> Best:
    """The best that any set of disjoint applications reaches."""
    units = units_of(problem.lines)
    ways = [list(_ways(problem, rank, offer, units)) for rank, offer in enumerate(problem.offers)]
    limits = tuple(
        1 if isinstance(offer, Threshold) else (99 if offer.times is None else offer.times) for offer in problem.offers
    )

    @cache
    def best(free: int, left: tuple[int, ...]) -> Best:
        if not free:
            return Fraction(0), 0, 0
        lowest = free & -free
        found = best(free & ~lowest, left)
        for rank, of_offer in enumerate(ways):
            if not left[rank]:
                continue
            spent = (*left[:rank], left[rank] - 1, *left[rank + 1 :])
            for mask, saved, held in of_offer:
                if mask & lowest and mask & free == mask:
                    rest = best(free & ~mask, left if limits[rank] == 99 else spent)
                    found = max(found, (rest[0] + saved, rest[1] - 1, rest[2] - held))
        return found

    return best((1 << len(units)) - 1, limits)


def _limit(offer: Offer) -> int:
    if isinstance(offer, Threshold):
        return 1
    return 99 if offer.times is None else offer.times


def _ways(problem: Problem, rank: int, offer: Offer, units: list[Unit]) -> Iterator[tuple[int, Fraction, int]]:
    """(set of units, saving, units held) of every possible application that saves something."""
    if isinstance(offer, Threshold):
        members = [at for at, unit in enumerate(units) if unit.line in offer.lines]
        sizes, whole = range(1, len(members) + 1), sum((units[at].room for at in members), Fraction(0))
    else:
        lines = frozenset[int]().union(*(slot.lines for slot in offer.slots))
        members = [at for at, unit in enumerate(units) if unit.line in lines]
        size, whole = sum(slot.units for slot in offer.slots), Fraction(0)
        sizes = range(size, size + 1)
    for size in sizes:
        for chosen in combinations(members, size):
            taken = [units[at] for at in chosen]
            saved = (
                _by_threshold(problem, offer, taken, whole) if isinstance(offer, Threshold)
                else _by_bundle(problem, offer, taken)
            )  # fmt: skip
            if saved is not None and saved > 0:
                yield sum(1 << at for at in chosen), saved, size if isinstance(offer, Threshold) else 0


def _by_threshold(problem: Problem, offer: Threshold, taken: list[Unit], whole: Fraction) -> Fraction | None:
    if len(taken) < offer.least_units or sum(unit.value for unit in taken) < offer.least_value:
        return None
    reward = offer.reward
    if isinstance(reward, Amount):
        amount = min(Fraction(reward.amount), whole)
        return amount if sum(unit.room for unit in taken) >= amount else None
    if isinstance(reward, Percent) and reward.pick != "all":
        if len(taken) < reward.units:
            return None
        return sum((_gain(problem, reward, unit) for unit in _picked(reward, taken)), Fraction(0))
    return sum((_gain(problem, reward, unit) for unit in taken), Fraction(0))


def _by_bundle(problem: Problem, offer: Bundle, taken: list[Unit]) -> Fraction | None:
    fillings = list(_fillings(offer, taken))
    if not fillings:
        return None
    room, value = sum(unit.room for unit in taken), sum(unit.value for unit in taken)
    match offer.reward:
        case Amount(amount=amount):
            return min(Fraction(amount), Fraction(room))
        case SetPrice(price=price):
            return min(max(Fraction(0), value - Fraction(price)), Fraction(room))
        case Percent(pick="all", slots=slots) | AmountPerUnit(slots=slots):
            named = range(len(offer.slots)) if slots is None else slots
            return max(
                (sum((_gain(problem, offer.reward, unit) for at in named for unit in filling[at]), Fraction(0))
                 for filling in fillings if _dearest_pay(offer, filling, frozenset(named))), default=None,
            )  # fmt: skip
        case Percent():
            return sum((_gain(problem, offer.reward, unit) for unit in _picked(offer.reward, taken)), Fraction(0))


def _fillings(offer: Bundle, taken: list[Unit], slot: int = 0) -> Iterator[tuple[tuple[Unit, ...], ...]]:
    if slot == len(offer.slots):
        yield ()
        return
    fitting = [at for at, unit in enumerate(taken) if unit.line in offer.slots[slot].lines]
    for chosen in combinations(fitting, offer.slots[slot].units):
        rest = [unit for at, unit in enumerate(taken) if at not in chosen]
        for others in _fillings(offer, rest, slot + 1):
            yield (tuple(taken[at] for at in chosen), *others)


def _dearest_pay(offer: Bundle, filling: tuple[tuple[Unit, ...], ...], named: frozenset[int]) -> bool:
    paid = frozenset(range(len(offer.slots))) - named
    return not offer.paid_slots_dearest or all(
        _cheapness(payer) >= _cheapness(given)
        for slot in paid for other in named for payer in filling[slot] for given in filling[other]
        if payer.line in offer.slots[other].lines and given.line in offer.slots[slot].lines
    )  # fmt: skip


def _cheapness(unit: Unit) -> tuple[Fraction, int]:
    return unit.value, unit.place


def _picked(reward: Percent, taken: list[Unit]) -> list[Unit]:
    ordered = sorted(taken, key=_cheapness)
    return ordered[: reward.units] if reward.pick == "cheapest" else ordered[max(0, len(ordered) - reward.units) :]


def _gain(problem: Problem, reward: Percent | AmountPerUnit, unit: Unit) -> Fraction:
    if isinstance(reward, AmountPerUnit):
        return min(Fraction(reward.amount), unit.room)
    if reward.lines is not None and unit.line not in reward.lines:
        return Fraction(0)
    gain = unit.value * Fraction(reward.percent) / 100
    if problem.rounding == "unit":
        gain = unit.value - (unit.value - gain + Fraction(1, 2)).__floor__()
    return max(Fraction(0), min(gain, unit.room))
