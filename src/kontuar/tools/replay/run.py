"""One replay from a selection to the verdict: define, sell, reconnect, wait, count, compare."""

import asyncio
import time
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path

import msgspec

from kontuar.tools.replay.baskets import Selection
from kontuar.tools.replay.cashier import Cashier, Sale
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.cutoffs import Plan, plan
from kontuar.tools.replay.definitions import Chain, Till, chain_of
from kontuar.tools.replay.figures import Expected, expected_of
from kontuar.tools.replay.lines import class_counts, to_sell
from kontuar.tools.replay.progress import Watch
from kontuar.tools.replay.reconcile import Difference, Found, reconcile
from kontuar.tools.replay.switchboard import Switchboard

QUIET_SECONDS = 300.0
LOOK_SECONDS = 1.0
QUIET_LOOKS = 2
"""A node counts what waits every half second, so one quiet look could be an old one."""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How to replay: tills per store, share of baskets sold cut off (0 to 1), seed."""

    stations_per_store: int
    offline: Decimal
    seed: int


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What a replay gave. `offline` = baskets sold while their station was cut off, `store_alone` = while its agent
    was cut off from the hub; `lines` per class; empty `differences` = all holds."""

    baskets: int
    lines: dict[str, int]
    offline: int
    store_alone: int
    cuts: int
    selling_seconds: float
    sales: tuple[Sale, ...]
    differences: tuple[Difference, ...]


async def replay(selection: Selection, settings: Settings, folder: Path, watch: Watch) -> Outcome:
    """Sell the selection through real nodes in `folder` and compare everything."""
    watch.step("finding price lists")
    chain = chain_of(selection, settings.stations_per_store, settings.seed)
    baskets = to_sell(selection, chain.prices)
    planned = plan(baskets, chain, settings.offline, settings.seed)
    expected = expected_of(planned, chain)
    first_day = min(basket.day for basket in baskets)
    async with running(chain, first_day, folder, watch) as nodes:
        board = Switchboard(planned, nodes.station_lines, nodes.store_lines, watch)
        watch.begin(len(baskets))
        started = time.monotonic()
        cashiers = await _sell(nodes, chain, planned, board)
        seconds = time.monotonic() - started
        await board.restore_all()
        watch.step("waiting until everything has arrived")
        await _until_quiet(nodes, expected)
        watch.step("counting and comparing")
        found = await _found(nodes, expected)
    said = [difference for cashier in cashiers for difference in cashier.differences]
    return Outcome(
        baskets=len(baskets), lines=dict(class_counts(baskets)), offline=board.offline,
        store_alone=board.store_alone, cuts=board.cuts, selling_seconds=seconds,
        sales=tuple(sale for cashier in cashiers for sale in cashier.sales),
        differences=(*said, *reconcile(expected, found)),
    )  # fmt: skip


async def _sell(nodes: RunningChain, chain: Chain, planned: Plan, board: Switchboard) -> list[Cashier]:
    cashiers = [_cashier(nodes, till, chain.stores[till.store], board) for till in chain.tills]
    async with asyncio.TaskGroup() as selling:
        for till, cashier in zip(chain.tills, cashiers, strict=True):
            selling.create_task(cashier.sell_all(planned.queues[till.station]))
    return cashiers


def _cashier(nodes: RunningChain, till: Till, store: str, board: Switchboard) -> Cashier:
    async def before(position: int) -> None:
        await board.before(till.station, store, position)

    async def after(_: int) -> None:
        await board.after(till.station, store)

    return Cashier(till, nodes.stations[till.station], before=before, after=after)


async def _until_quiet(nodes: RunningChain, expected: Expected) -> None:
    """Until nobody has anything left to pass on and the hub has every receipt, or time is up: then it is counted
    as it is, and the differences tell."""
    deadline = time.monotonic() + QUIET_SECONDS
    quiet = 0
    while time.monotonic() < deadline and quiet < QUIET_LOOKS:
        nodes.check_running()
        waiting = sum((await _unsent(nodes)).values())
        quiet = quiet + 1 if waiting == 0 and await _all_at_hub(nodes, expected) else 0
        await asyncio.sleep(LOOK_SECONDS)


async def _all_at_hub(nodes: RunningChain, expected: Expected) -> bool:
    for store, day in sorted(expected.by_store):
        if await nodes.hub.receipts(store, day) < expected.by_store[store, day].documents:
            return False
    return True


async def _unsent(nodes: RunningChain) -> dict[str, int]:
    stations = {f"station {code}": (await node.status()).unsent for code, node in nodes.stations.items()}
    agents = {f"agent {code}": (await node.status()).unsent for code, node in nodes.agents.items()}
    return {**stations, **agents}


async def _found(nodes: RunningChain, expected: Expected) -> Found:
    stores: Iterable[str] = sorted(expected.warehouses)
    agents = {(store, day): await nodes.agents[store].totals(day) for store, day in sorted(expected.by_store)}
    hub = {(store, day): await nodes.hub.totals(store, day) for store, day in sorted(expected.by_store)}
    hub_stock = [await nodes.hub.stock(store) for store in stores]
    return Found(
        stations={
            (station, day): await nodes.managers[station].totals(day) for station, day in sorted(expected.by_station)
        },
        agents=agents,
        hub=hub,
        hub_stock={key: quantity for stock in hub_stock for key, quantity in stock.items()},
        agent_stock={store: await nodes.agents[store].stock() for store in stores},
        chains=await nodes.hub.verify_chains(),
        parked=await nodes.hub.parked(),
        unsent=await _unsent(nodes),
    )
