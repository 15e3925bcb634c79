"""Reads a problem into whole numbers: like units joined, percents and amounts as grains (DISC-25).

Why units may be joined: what no offer distinguishes can be exchanged without changing any price, so a line of 6,000
pieces is one kind with a count, and how a quantity is split into lines makes no difference (DISC-27).
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate, combinations_with_replacement, pairwise, product
from math import comb, lcm, prod

from kontuar.domain.pricing.assignment.model import Column, Gate, Kind, Model, Pair, Part, Single
from kontuar.domain.pricing.assignment.problem import (
    Amount,
    AmountPerUnit,
    Bundle,
    Exact,
    Limits,
    Line,
    Percent,
    Problem,
    SetPrice,
    Slot,
    Threshold,
)
from kontuar.kernel.rounding import ratio_to_whole

HUNDRED = 100


def read(problem: Problem, limits: Limits) -> Model:
    """The model of a pool. Raises `ValueError` for an offer that has no meaning (the engine never makes one)."""
    scale = _scale(problem)
    kinds = _kinds(problem, scale)
    home = {place: number for number, kind in enumerate(kinds) for place in kind.lines}
    number = {line.number: home[place] for place, line in enumerate(problem.lines) if place in home}
    reader = _Reader(problem, kinds, scale, number, limits.compositions)
    for rank, offer in enumerate(problem.offers):
        if isinstance(offer, Bundle):
            reader.bundle(rank, offer)
        else:
            reader.threshold(rank, offer)
    walk = sorted(range(len(kinds)), key=lambda kind: (-kinds[kind].value, -kind))
    most = {rank: offer.times for rank, offer in enumerate(problem.offers)
            if isinstance(offer, Bundle) and offer.times is not None}  # fmt: skip
    return Model(
        problem, scale, kinds, tuple(walk), reader.singles, tuple(reader.columns), tuple(reader.gates), most
    )  # fmt: skip


def splits(sizes: Sequence[int], units: int) -> Iterator[tuple[int, ...]]:
    """Every way to lay so many units into places of these sizes."""
    room = [*accumulate(reversed(sizes), initial=0)][::-1]
    begun: list[tuple[int, ...]] = [()]
    while begun:
        laid = begun.pop()
        at, left = len(laid), units - sum(laid)
        if at == len(sizes):
            yield laid
        else:
            least, most = max(0, left - room[at + 1]), min(sizes[at], left)
            begun.extend((*laid, count) for count in range(most, least - 1, -1))


def _scale(problem: Problem) -> int:
    """How many grains make a minor unit: money in exact parts, and percents of those in exact parts."""
    money: set[int] = {1}
    percents = {1}
    for line in problem.lines:
        if type(line.value) is not int or type(line.floor) is not int:
            money.add(line.value.as_integer_ratio()[1])
            money.add(line.floor.as_integer_ratio()[1])
    for offer in problem.offers:
        reward = offer.reward
        if isinstance(offer, Threshold):
            money.add(offer.least_value.as_integer_ratio()[1])
        if isinstance(reward, Percent):
            percents.add(reward.percent.as_integer_ratio()[1] * HUNDRED)
        elif isinstance(reward, SetPrice):
            money.add(reward.price.as_integer_ratio()[1])
        else:
            money.add(reward.amount.as_integer_ratio()[1])
    return lcm(*money) * lcm(*percents)


def _kinds(problem: Problem, scale: int) -> tuple[Kind, ...]:
    lines = problem.lines
    seen_by: dict[int, list[int]] = {line.number: [] for line in lines}
    for mark, members in enumerate(_sets(problem)):
        for number in members:
            if number in seen_by:
                seen_by[number].append(mark)
    joined: dict[tuple[object, ...], list[int]] = {}
    for place in sorted(range(len(lines)), key=lambda place: _rank(lines[place])):
        line = lines[place]
        if line.units > 0 and seen_by[line.number]:
            joined.setdefault((line.value, line.floor, *seen_by[line.number]), []).append(place)
    found = []
    for places in joined.values():
        first = lines[places[0]]
        value = _grains(first.value, scale)
        room = max(0, value - max(0, _grains(first.floor, scale))) if first.floor else max(0, value)
        units = first.units if len(places) == 1 else sum([lines[place].units for place in places])
        found.append(Kind(tuple(places), units, value, room))
    return tuple(found)


def _rank(line: Line) -> tuple[object, ...]:
    return line.order, -line.value, line.floor, line.number


def _sets(problem: Problem) -> Iterable[frozenset[int]]:
    """Every set of lines by which an offer tells units apart."""
    for offer in problem.offers:
        if isinstance(offer, Bundle):
            yield from (slot.lines for slot in offer.slots)
        else:
            yield offer.lines
        if isinstance(offer.reward, Percent) and offer.reward.lines is not None:
            yield offer.reward.lines


def _grains(amount: Exact, scale: int) -> int:
    if type(amount) is int:
        return amount * scale
    numerator, denominator = amount.as_integer_ratio()
    return numerator * (scale // denominator)


class _Reader:
    """Turns offers into columns and gates, one after another."""

    def __init__(
        self, problem: Problem, kinds: tuple[Kind, ...], scale: int, kind_of: Mapping[int, int], most: int
    ) -> None:
        self._per_unit = problem.rounding == "unit"
        self._kinds = kinds
        self._scale = scale
        self._kind_of = kind_of
        self._units = {line.number: line.units for line in problem.lines if line.number in kind_of}
        self._most_compositions = most
        self.singles: dict[int, Single] = {}
        self.columns: list[Column] = []
        self.gates: list[Gate] = []

    def bundle(self, rank: int, offer: Bundle) -> None:
        """Discounts of one unit without a limit become `singles`, all others columns."""
        if not offer.slots or any(slot.units < 1 for slot in offer.slots):
            raise ValueError(f"{offer.rule} has an empty slot")
        if offer.times == 0 or not self._enough(offer.slots):
            return
        sizes = [slot.units for slot in offer.slots]
        if offer.times is None and sizes == [1]:
            self._single(rank, offer)
            return
        slots = [self._members(slot.lines) for slot in offer.slots]
        match offer.reward:
            case Amount(amount=amount):
                self._amount(rank, slots, sizes, _grains(amount, self._scale))
            case SetPrice(price=price):
                self._set_price(rank, slots, sizes, _grains(price, self._scale))
            case Percent(pick="all") | AmountPerUnit():
                self._rewarded_slots(rank, offer, slots, sizes)
            case Percent():
                self._picked(rank, offer.reward, slots, sizes)

    def _enough(self, slots: tuple[Slot, ...]) -> bool:
        """Whether every slot finds its units, and all together do."""
        units = self._units
        for slot in slots:
            if sum([units[line] for line in slot.lines if line in units]) < slot.units:
                return False
        if len(slots) == 1:
            return True
        together = frozenset[int]().union(*(slot.lines for slot in slots))
        return sum([units[line] for line in together if line in units]) >= sum([slot.units for slot in slots])

    def threshold(self, rank: int, offer: Threshold) -> None:
        members = self._members(offer.lines)
        reward = offer.reward
        measures: list[tuple[Mapping[int, int], int]] = []
        if offer.least_units > 1:
            measures.append((dict.fromkeys(members, 1), offer.least_units))
        if offer.least_value > 0:
            measures.append(
                ({kind: self._kinds[kind].value for kind in members}, _grains(offer.least_value, self._scale))
            )
        if isinstance(reward, Amount):
            rooms = {kind: self._kinds[kind].room for kind in members}
            whole = sum(self._kinds[kind].units * room for kind, room in rooms.items())
            amount = min(_grains(reward.amount, self._scale), whole)
            if amount > 0:
                # An amount is given whole or not at all: the units taken must have room for it.
                gains = dict.fromkeys(members, 0)
                self.gates.append(Gate(rank, gains, (*measures, (rooms, amount)), amount, spread=True))
            return
        if not isinstance(reward, Percent | AmountPerUnit):
            raise ValueError(f"{offer.rule}: a threshold has no set price")
        gains = self._gains(reward, members)
        picked = None if isinstance(reward, AmountPerUnit) or reward.pick == "all" else reward.units
        first = isinstance(reward, Percent) and reward.pick == "dearest"
        if gains:
            self.gates.append(Gate(rank, gains, tuple(measures), picked=picked, first=first))

    def _members(self, lines: frozenset[int]) -> frozenset[int]:
        return frozenset(self._kind_of[line] for line in lines if line in self._kind_of)

    def _gains(self, reward: Percent | AmountPerUnit, kinds: Iterable[int]) -> dict[int, int]:
        """Grains that one rewarded unit of each kind saves, never more than its room."""
        of = self._kinds
        if isinstance(reward, AmountPerUnit):
            amount = _grains(reward.amount, self._scale)
            return {kind: min(amount, of[kind].room) for kind in kinds}
        top, bottom = reward.percent.as_integer_ratio()
        bottom *= HUNDRED
        gains = {kind: of[kind].value * top // bottom for kind in kinds}
        if self._per_unit:
            scale = self._scale
            gains = {
                kind: of[kind].value - ratio_to_whole(of[kind].value - gain, scale) * scale
                for kind, gain in gains.items()
            }
        if reward.lines is not None:
            named = self._members(reward.lines)
            gains = {kind: gain if kind in named else 0 for kind, gain in gains.items()}
        return {kind: max(0, min(gain, of[kind].room)) for kind, gain in gains.items()}

    def _single(self, rank: int, offer: Bundle) -> None:
        kinds, reward = self._kinds, offer.reward
        kind_of = self._kind_of
        members = [kind_of[line] for line in offer.slots[0].lines if line in kind_of]
        if isinstance(reward, Percent | AmountPerUnit):
            gains = self._gains(reward, members) if reward.slots is None or 0 in reward.slots else {}
        elif isinstance(reward, Amount):
            amount = _grains(reward.amount, self._scale)
            gains = {kind: min(amount, kinds[kind].room) for kind in members}
        else:
            price = _grains(reward.price, self._scale)
            gains = {kind: min(kinds[kind].value - price, kinds[kind].room) for kind in members}
        for kind, gain in gains.items():
            known = self.singles.get(kind)
            if gain > 0 and (known is None or gain > known.gain):
                self.singles[kind] = Single(gain, rank)

    def _rewarded_slots(self, rank: int, offer: Bundle, slots: list[frozenset[int]], sizes: list[int]) -> None:
        reward = offer.reward
        assert isinstance(reward, Percent | AmountPerUnit)
        named = reward.slots if reward.slots is not None else frozenset(range(len(slots)))
        parts = [
            Part(size, self._gains(reward, slot) if at in named else dict.fromkeys(slot, 0), rewarded=at in named)
            for at, (slot, size) in enumerate(zip(slots, sizes, strict=True))
        ]
        paid = [at for at in range(len(slots)) if at not in named]
        if not offer.paid_slots_dearest or not paid:
            self.columns.append(Column(rank, tuple(parts)))
            return
        if len(slots) == 2 and slots[0] == slots[1]:
            (given,) = named
            self._chain(rank, parts[given].gains, sizes[paid[0]], sizes[given], dearest=False)
            return
        if len(slots) != 2:
            raise ValueError(f"{offer.rule}: the dearer units pay in one slot for those in one other")
        pairs = (Pair(dear, cheap, slots[dear] & slots[cheap]) for dear in paid for cheap in sorted(named))
        self.columns.append(Column(rank, tuple(parts), pairs=tuple(pair for pair in pairs if pair.among)))

    def _picked(self, rank: int, reward: Percent, slots: list[frozenset[int]], sizes: list[int]) -> None:
        """Some units of an application are rewarded: its cheapest, or its dearest."""
        gains = [self._gains(reward, slot) for slot in slots]
        dearest = reward.pick == "dearest"
        if len(slots) == 1:
            picked = min(reward.units, sizes[0])
            self._chain(rank, gains[0], sizes[0] - picked, picked, dearest=dearest)
            return
        for split in splits(sizes, min(reward.units, sum(sizes))):
            self._split(rank, gains, sizes, split, dearest=dearest)

    def _split(
        self, rank: int, gains: list[dict[int, int]], sizes: list[int], split: tuple[int, ...], *, dearest: bool
    ) -> None:
        """A way in which the rewarded units lie in the slots."""
        rewarded = [Part(count, gains[at]) for at, count in enumerate(split) if count]
        paid = [Part(size - split[at], dict.fromkeys(gains[at], 0), rewarded=False)
                for at, size in enumerate(sizes) if size > split[at]]  # fmt: skip
        ranges = range(len(rewarded)), range(len(rewarded), len(rewarded) + len(paid))
        dear, cheap = ranges if dearest else ranges[::-1]
        free = dearest and all(self._falls(of) for of in gains)
        pairs = () if free else tuple(Pair(left, right) for left in dear for right in cheap)
        self.columns.append(Column(rank, (*rewarded, *paid), pairs=pairs))

    def _chain(self, rank: int, gains: Mapping[int, int], paid: int, given: int, *, dearest: bool) -> None:
        """One set of kinds, in every application `paid` units pay and `given` are rewarded."""
        if not paid:
            self.columns.append(Column(rank, (Part(given, gains),)))
            return
        falls = self._falls(gains)
        if falls and not dearest:
            self.columns.append(Column(rank, (Part(paid + given, gains, last=given),)))
            return
        parts = (Part(given, gains), Part(paid, dict.fromkeys(gains, 0), rewarded=False))
        pairs = () if falls else (Pair(0, 1) if dearest else Pair(1, 0),)
        self.columns.append(Column(rank, parts, pairs=pairs))

    def _falls(self, gains: Mapping[int, int]) -> bool:
        """Whether a cheaper unit never gains more; floors may turn that round."""
        ordered = sorted(gains, key=lambda kind: self._kinds[kind].value)
        return all(
            gains[left] == gains[right]
            or (gains[left] < gains[right] and self._kinds[left].value < self._kinds[right].value)
            for left, right in pairwise(ordered)
        )

    def _amount(self, rank: int, slots: list[frozenset[int]], sizes: list[int], amount: int) -> None:
        least = sum(
            size * min(self._kinds[kind].room for kind in slot) for slot, size in zip(slots, sizes, strict=True)
        )
        if least >= amount:
            parts = tuple(Part(size, dict.fromkeys(slot, 0)) for slot, size in zip(slots, sizes, strict=True))
            self.columns.append(Column(rank, parts, amount, spread=True))
        else:
            self._listed(rank, slots, sizes, amount, by_value=False)

    def _set_price(self, rank: int, slots: list[frozenset[int]], sizes: list[int], price: int) -> None:
        floors = sum(
            size * max(self._kinds[kind].value - self._kinds[kind].room for kind in slot)
            for slot, size in zip(slots, sizes, strict=True)
        )
        if floors <= price:
            parts = tuple(
                Part(size, {kind: self._kinds[kind].value for kind in slot})
                for slot, size in zip(slots, sizes, strict=True)
            )
            self.columns.append(Column(rank, parts, -price, spread=True))
        else:
            self._listed(rank, slots, sizes, -price, by_value=True)

    def _listed(self, rank: int, slots: list[frozenset[int]], sizes: list[int], fixed: int, *, by_value: bool) -> None:
        """Every filling as a column of its own, because what it saves is not a sum over its units.

        Too many of them: one column that no program may count, only the greedy search.
        """
        gains = {kind: self._kinds[kind].value if by_value else 0 for slot in slots for kind in slot}
        ways = prod(comb(len(slot) + size - 1, size) for slot, size in zip(slots, sizes, strict=True))
        if ways > self._most_compositions:
            parts = tuple(
                Part(size, {kind: gains[kind] for kind in slot}) for slot, size in zip(slots, sizes, strict=True)
            )
            self.columns.append(Column(rank, parts, fixed, spread=True, capped=True))
            return
        seen: set[tuple[tuple[int, int], ...]] = set()
        for chosen in product(
            *(combinations_with_replacement(sorted(slot), size) for slot, size in zip(slots, sizes, strict=True))
        ):
            counts = Counter(kind for filling in chosen for kind in filling)
            filling = tuple(sorted(counts.items()))
            room = sum(self._kinds[kind].room * count for kind, count in filling)
            saved = min(fixed + sum(gains[kind] * count for kind, count in filling), room)
            if filling not in seen and saved > 0 and all(self._kinds[kind].units >= count for kind, count in filling):
                parts = tuple(Part(count, {kind: 0}) for kind, count in filling)
                self.columns.append(Column(rank, parts, saved, spread=True))
            seen.add(filling)
