"""Figures of a day, the same shape whether the data set or a node gives them."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from decimal import Decimal

import msgspec

from kontuar.kernel.money import ZERO, Minor
from kontuar.tools.replay.cutoffs import Plan
from kontuar.tools.replay.definitions import Chain, warehouse_code
from kontuar.tools.replay.lines import BasketToSell


class DayTotals(msgspec.Struct, frozen=True, kw_only=True):
    """Receipts of one day: how many, their lines and gross in minor units, what each form brought (change taken
    off), and their numbers. The data set knows no numbers."""

    documents: int = 0
    lines: int = 0
    gross: Minor = ZERO
    payments: Mapping[str, Minor] = {}
    numbers: tuple[str, ...] = ()


Day = tuple[str, datetime.date]
"""(store or station, business day)."""
Stock = Mapping[tuple[str, str], Decimal]
"""(warehouse, article) → quantity in base units."""


class Expected(msgspec.Struct, frozen=True, kw_only=True):
    """What must be found afterwards: totals per store and day and per station and day, and what is left over.

    `stations`: station → its store; `warehouses`: store → its warehouse.
    """

    by_store: Mapping[Day, DayTotals]
    by_station: Mapping[Day, DayTotals]
    stock: Stock
    stations: Mapping[str, str]
    warehouses: Mapping[str, str]


def expected_of(plan: Plan, chain: Chain) -> Expected:
    """The figures that the planned baskets must leave behind."""
    store_of = {till.station: chain.stores[till.store] for till in chain.tills}
    by_store: dict[Day, list[BasketToSell]] = defaultdict(list)
    by_station: dict[Day, list[BasketToSell]] = defaultdict(list)
    stock = {(row.warehouse, row.article): row.quantity for row in chain.opening}
    for station, queue in plan.queues.items():
        for basket in queue:
            by_store[store_of[station], basket.day].append(basket)
            by_station[station, basket.day].append(basket)
            for line in basket.lines:
                stock[warehouse_code(basket.store), line.article] -= line.quantity
    return Expected(
        by_store={day: totals_of(baskets) for day, baskets in by_store.items()},
        by_station={day: totals_of(baskets) for day, baskets in by_station.items()},
        stock=stock,
        stations=store_of,
        warehouses={code: warehouse_code(store) for store, code in chain.stores.items()},
    )


def totals_of(baskets: Iterable[BasketToSell]) -> DayTotals:
    """The sums of some baskets."""
    documents = lines = gross = 0
    payments: dict[str, int] = defaultdict(int)
    for basket in baskets:
        documents += 1
        lines += len(basket.lines)
        gross += basket.gross
        for form, amount in basket.payments:
            payments[form] += amount
    paid = {form: Minor(amount) for form, amount in sorted(payments.items())}
    return DayTotals(documents=documents, lines=lines, gross=Minor(gross), payments=paid)
