"""Does everything hold? The data set against the stations, the agents and the hub; pure."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from kontuar.domain.documents.numbering import DEFAULT_PATTERN
from kontuar.tools.replay.figures import Day, DayTotals, Expected, Stock

ALL_HOLDS = "all holds"
LINE = "line"
"""What differences of single lines begin with."""
NUMBER = re.compile(r"(?P<symbol>[^/]+)/(?P<period>\d{4}/\d{2})/(?P<ordinal>\d{5,})/(?P<series>[^/]+)")
assert DEFAULT_PATTERN == "{symbol}/{year}/{month}/{number:5}/{series}", "NUMBER reads the default pattern"


class Difference(msgspec.Struct, frozen=True):
    """Something that does not hold: where, what, and the two things that should be equal."""

    where: str
    what: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}: expected {self.expected}, found {self.found}"


class ChainCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What verifying one station's stream (hashes, signatures) gave; `problem` empty = it verifies."""

    origin: str
    messages: int
    problem: str = ""


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What the nodes say after everything became quiet.

    `stations` by (station, day), `agents` and `hub` by (store, day); `agent_stock` by store;
    `parked` = documents the hub could not book; `unsent` = messages left, by node name.
    """

    stations: Mapping[Day, DayTotals]
    agents: Mapping[Day, DayTotals]
    hub: Mapping[Day, DayTotals]
    hub_stock: Stock
    agent_stock: Mapping[str, Stock]
    chains: tuple[ChainCheck, ...]
    parked: int
    unsent: Mapping[str, int]


def reconcile(expected: Expected, found: Found) -> list[Difference]:
    """Everything that does not hold, in the order: days, numbers, stock, chains, leftovers."""
    return [
        *_days("station", expected.by_station, found.stations),
        *_days("agent", expected.by_store, found.agents),
        *_days("hub", expected.by_store, found.hub),
        *_levels(expected, found),
        *_numbers(found.hub),
        *_stocks(expected, found),
        *_chains(expected, found.chains),
        *_leftovers(found),
    ]


def lines_told(differences: Iterable[Difference]) -> int:
    """How many lines of baskets the tills priced otherwise than was reckoned."""
    told = ((one.where, one.what.partition(",")[0]) for one in differences if one.what.startswith(f"{LINE} "))
    return len(set(told))


def verdict(differences: Iterable[object]) -> str:
    """The last line of a replay."""
    count = sum(1 for _ in differences)
    return ALL_HOLDS if count == 0 else f"does not hold: {count} difference{'s' if count > 1 else ''}"


def _days(level: str, wanted: Mapping[Day, DayTotals], there: Mapping[Day, DayTotals]) -> Iterator[Difference]:
    for place, day in sorted(wanted.keys() | there.keys()):
        where = f"{level} {place} {day}" if level != "hub" else f"hub, store {place} {day}"
        expected = wanted.get((place, day), DayTotals())
        found = there.get((place, day), DayTotals())
        for what in ("documents", "lines", "gross"):
            one, other = getattr(expected, what), getattr(found, what)
            if one != other:
                yield Difference(where, what, str(one), str(other))
        for form in sorted(expected.payments.keys() | found.payments.keys()):
            paid, seen = expected.payments.get(form, 0), found.payments.get(form, 0)
            if paid != seen:
                yield Difference(where, f"paid by {form}", str(paid), str(seen))
        if len(found.numbers) != found.documents:
            yield Difference(where, "numbers", f"{found.documents} numbers", str(len(found.numbers)))


def _levels(expected: Expected, found: Found) -> Iterator[Difference]:
    """The same numbers at the stations of a store, at its agent and at the hub."""
    by_store: dict[Day, list[str]] = defaultdict(list)
    for (station, day), totals in found.stations.items():
        by_store[expected.stations[station], day] += totals.numbers
    for name, level in (("agent", found.agents), ("hub", found.hub)):
        for store, day in sorted(by_store.keys() | level.keys()):
            at_stations = Counter(by_store.get((store, day), ()))
            here = Counter(level.get((store, day), DayTotals()).numbers)
            where = f"{name}, store {store} {day}"
            for number in sorted((at_stations - here).keys()):
                yield Difference(where, "number of a station", number, "nothing")
            for number in sorted((here - at_stations).keys()):
                yield Difference(where, "number that no station has", "nothing", number)


def _numbers(days: Mapping[Day, DayTotals]) -> Iterator[Difference]:
    """Per type, series and period: 1, 2, 3 … none missing, none double."""
    series: dict[tuple[str, str, str], Counter[int]] = defaultdict(Counter)
    for (store, day), totals in sorted(days.items()):
        for number in totals.numbers:
            parts = NUMBER.fullmatch(number)
            if parts is None:
                yield Difference(f"hub, store {store} {day}", "number", "like PAR/2026/11/00001/S1T1", number)
                continue
            series[parts["symbol"], parts["period"], parts["series"]][int(parts["ordinal"])] += 1
    for (symbol, period, code), ordinals in sorted(series.items()):
        where = f"numbers {symbol}/{period}/…/{code}"
        for ordinal in sorted(set(range(1, max(ordinals) + 1)) - ordinals.keys()):
            yield Difference(where, "missing number", str(ordinal), "nothing")
        for ordinal, times in sorted(ordinals.items()):
            if times > 1:
                yield Difference(where, f"number {ordinal}", "once", f"{times} times")


def _stocks(expected: Expected, found: Found) -> Iterator[Difference]:
    """Opening minus sold, at the hub and at each store's agent."""
    for store, warehouse in sorted(expected.warehouses.items()):
        wanted = _in_warehouse(expected.stock, warehouse)
        levels = (("hub", found.hub_stock), (f"agent {store}", found.agent_stock.get(store, {})))
        for node, stock in levels:
            there = _in_warehouse(stock, warehouse)
            for article in sorted(wanted.keys() | there.keys()):
                left, seen = wanted.get(article, Decimal(0)), there.get(article, Decimal(0))
                if left != seen:
                    where = f"{node}, warehouse {warehouse}"
                    yield Difference(where, f"stock of {article}", f"{left:f}", f"{seen:f}")


def _in_warehouse(stock: Stock, warehouse: str) -> dict[str, Decimal]:
    return {article: quantity for (place, article), quantity in stock.items() if place == warehouse}


def _chains(expected: Expected, checks: tuple[ChainCheck, ...]) -> Iterator[Difference]:
    for check in checks:
        if check.problem:
            yield Difference(f"chain of {check.origin}", "verification", "verifies", check.problem)
    silent = {station for station, _ in expected.by_station} - {check.origin for check in checks}
    for station in sorted(silent):
        yield Difference(f"chain of {station}", "verification", "a verified stream", "none")


def _leftovers(found: Found) -> Iterator[Difference]:
    if found.parked:
        yield Difference("hub", "documents that could not be booked", "0", str(found.parked))
    for node, count in sorted(found.unsent.items()):
        if count:
            yield Difference(node, "messages not passed on", "0", str(count))
