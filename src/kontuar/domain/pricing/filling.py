"""Which units make one set of a bundle: every slot filled in its order of price, places exchanged where that helps."""

from collections.abc import Iterable

from kontuar.domain.pricing.exact import QUANTITY_SCALE, Exact, times
from kontuar.domain.pricing.lines import Piece
from kontuar.domain.pricing.ready import ReadyRule, ReadySlot
from kontuar.domain.pricing.rules import Base, BundleDeal

Set = list[tuple[int, Piece, int]]
"""(slot, piece, ten-thousandths of base units) of one set."""


def one_set(ready: ReadyRule, pieces: list[Piece]) -> Set | None:
    """The next set, or None when the units do not suffice."""
    deal = ready.deal
    may_exchange = isinstance(deal, BundleDeal) and not deal.slots_in_order
    candidates = [_in_order(slot, pieces, ready.base) for slot in ready.slots]
    free = {id(piece): piece.q for piece in pieces}
    taken: list[dict[int, int]] = [{} for _ in ready.slots]
    by_id = {id(piece): piece for piece in pieces}
    for place, slot in enumerate(ready.slots):
        if slot.q is None:
            _fill_by_value(slot, candidates[place], free, taken[place], ready.base)
        elif not _fill(place, slot.q, candidates, free, taken, may_exchange=may_exchange):
            return None
    for place, slot in enumerate(ready.slots):
        if not _is_worth(slot, taken[place], by_id, ready.base):
            return None
        if slot.slot.takes == "all":
            for piece in candidates[place]:
                _move(free, taken[place], id(piece), free[id(piece)])
    return [(place, by_id[key], q) for place, part in enumerate(taken) for key, q in part.items() if q]


def _in_order(slot: ReadySlot, pieces: Iterable[Piece], base: Base) -> list[Piece]:
    sign = -1 if slot.slot.pick == "dearest" else 1
    fitting = [piece for piece in pieces if slot.goods.fits(piece.line)]
    return sorted(fitting, key=lambda piece: (sign * piece.price_key(base), piece.line.rank))


def _move(free: dict[int, int], part: dict[int, int], key: int, q: int) -> None:
    if q > 0:
        free[key] -= q
        part[key] = part.get(key, 0) + q


def _fill(
    place: int, needed: int, candidates: list[list[Piece]], free: dict[int, int], taken: list[dict[int, int]],
    *, may_exchange: bool,
) -> bool:  # fmt: skip
    """Take what is free in order; then let other slots step aside, as long as that frees a unit."""
    for piece in candidates[place]:
        q = min(free[id(piece)], needed)
        _move(free, taken[place], id(piece), q)
        needed -= q
        if not needed:
            return True
    while needed > 0:
        if not may_exchange:
            return False
        gained = _make_room(place, needed, candidates, free, taken)
        if not gained:
            return False
        needed -= gained
    return True


def _make_room(
    place: int, needed: int, candidates: list[list[Piece]], free: dict[int, int], taken: list[dict[int, int]]
) -> int:
    """Find a chain of slots, each taking over a piece from the next, the last one a free piece; what it gained."""
    came_from: dict[int, tuple[int, int]] = {}
    queue = [place]
    for slot in queue:
        for piece in candidates[slot]:
            key = id(piece)
            if free[key] > 0:
                return _shift(place, slot, key, needed, came_from, free, taken)
            for other, part in enumerate(taken):
                if part.get(key) and other != place and other not in came_from:
                    came_from[other] = (slot, key)
                    queue.append(other)
    return 0


def _shift(
    place: int, last: int, key: int, needed: int,
    came_from: dict[int, tuple[int, int]], free: dict[int, int], taken: list[dict[int, int]],
) -> int:  # fmt: skip
    """Move the pieces along the chain that ends with `last` taking the free piece `key`."""
    chain: list[tuple[int, int, int]] = []
    slot, q = last, min(needed, free[key])
    while slot != place:
        taker, given = came_from[slot]
        q = min(q, taken[slot][given])
        chain.append((slot, taker, given))
        slot = taker
    _move(free, taken[last], key, q)
    for giver, taker, given in chain:
        taken[giver][given] -= q
        taken[taker][given] = taken[taker].get(given, 0) + q
    return q


def _fill_by_value(
    slot: ReadySlot, candidates: list[Piece], free: dict[int, int], part: dict[int, int], base: Base
) -> None:
    """Just enough units to be worth the threshold; whole units of what is counted in whole units."""
    missing: Exact = slot.value or 0
    for piece in candidates:
        value = piece.basis(base)
        if missing > 0 and free[id(piece)] > 0 and value > 0:
            grain = QUANTITY_SCALE if piece.line.q % QUANTITY_SCALE == 0 else 1
            q = min(free[id(piece)], int(-(-missing * piece.q // (value * grain))) * grain)
            _move(free, part, id(piece), q)
            missing -= times(value, q, piece.q)


def _is_worth(slot: ReadySlot, part: dict[int, int], by_id: dict[int, Piece], base: Base) -> bool:
    """Whether a slot that asks for a value has it."""
    if slot.value is None:
        return True
    return sum(times(by_id[key].basis(base), q, by_id[key].q) for key, q in part.items()) >= slot.value
