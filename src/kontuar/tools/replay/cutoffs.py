"""When which line is cut: decided before the first sale, by seed, so that a run can be had again."""

import itertools
import random
from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal

import msgspec

from kontuar.tools.replay.definitions import Chain
from kontuar.tools.replay.lines import BasketToSell

USUAL_RUN = 12
"""Baskets in a row that a cut lasts, on average."""


class CutOff(msgspec.Struct, frozen=True, order=True):
    """Cut from before the basket at `first` until after the one at `last` (positions from 0)."""

    first: int
    last: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """`queues`: station → its baskets in the order of time. `stations`: cut-offs of a station from its agent, by
    position in its queue. `agents`: cut-offs of a store's agent from the hub, by baskets begun in the store."""

    queues: Mapping[str, tuple[BasketToSell, ...]]
    stations: Mapping[str, tuple[CutOff, ...]]
    agents: Mapping[str, tuple[CutOff, ...]]


def plan(baskets: Sequence[BasketToSell], chain: Chain, share: Decimal, seed: int) -> Plan:
    """Baskets to tills in turn (the seed decides who begins), and cut-offs for `share` (0 to 1) of them."""
    assert 0 <= share <= 1, "the share of baskets sold while cut off"
    queues: dict[str, tuple[BasketToSell, ...]] = {}
    agents: dict[str, tuple[CutOff, ...]] = {}
    for store, code in chain.stores.items():
        here = [basket for basket in baskets if basket.store == store]
        stations = [till.station for till in chain.tills if till.store == store]
        begin = _chance(seed, "begin", store).randrange(len(stations))
        for position, station in enumerate(stations):
            queues[station] = tuple(here[(position - begin) % len(stations) :: len(stations)])
        agents[code] = cut_offs(len(here), share, _chance(seed, "agent", code))
    stations_cut = {
        station: cut_offs(len(queue), share, _chance(seed, "station", station)) for station, queue in queues.items()
    }
    return Plan(queues=queues, stations=stations_cut, agents=agents)


def cut_offs(length: int, share: Decimal, chance: random.Random) -> tuple[CutOff, ...]:
    """Runs of positions, apart from each other, that hold `share` of `length` together (rounded to a whole)."""
    cut = int((length * share).to_integral_value(ROUND_HALF_UP))
    if cut == 0:
        return ()
    if cut == length:
        return (CutOff(0, length - 1),)
    runs = min(max(1, round(cut / USUAL_RUN)), length - cut)
    lasting = _parts(cut, runs, chance)
    between = _parts(length - cut, runs, chance)
    found, position = [], 0
    for connected, offline in zip(between, lasting, strict=True):
        position += connected
        found.append(CutOff(position, position + offline - 1))
        position += offline
    return tuple(found)


def is_cut(cuts: Sequence[CutOff], position: int) -> bool:
    """Whether the basket at the position is sold while cut off."""
    return any(cut.first <= position <= cut.last for cut in cuts)


def _parts(total: int, count: int, chance: random.Random) -> list[int]:
    """`count` whole numbers of at least 1 that add up to `total`."""
    marks = [0, *sorted(chance.sample(range(1, total), count - 1)), total]
    return [after - before for before, after in itertools.pairwise(marks)]


def _chance(seed: int, *purpose: str) -> random.Random:
    return random.Random(":".join((str(seed), *purpose)))  # noqa: S311 - repeatable, nothing secret
