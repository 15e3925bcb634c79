"""One replay from a selection to the verdict: define, sell, reconnect, wait, count, compare."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from pathlib import Path

import msgspec

from kontuar.tools.replay.baskets import Selection
from kontuar.tools.replay.cashier import Cashier, Sale
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.cutoffs import Plan, plan
from kontuar.tools.replay.definitions import Chain, Till, chain_of
from kontuar.tools.replay.figures import Expected, expected_of
from kontuar.tools.replay.lines import BasketToSell, class_counts, to_sell
from kontuar.tools.replay.progress import Watch
from kontuar.tools.replay.reconcile import Difference, Found, lines_told, reconcile
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
    reproduced: int
    offline: int
    store_alone: int
    cuts: int
    selling_seconds: float
    sales: tuple[Sale, ...]
    differences: tuple[Difference, ...]


class Prepared(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is decided before the first sale."""

    chain: Chain
    baskets: tuple[BasketToSell, ...]
    plan: Plan

    def ends(self, upto: int) -> dict[str, int]:
        """Station → how many baskets of its queue are among the first `upto` of all."""
        among = {(basket.store, basket.code) for basket in self.baskets[:upto]}
        queues = self.plan.queues.items()
        return {station: sum((b.store, b.code) in among for b in queue) for station, queue in queues}

    def expected(self, upto: int) -> Expected:
        """The figures that the first `upto` baskets leave behind."""
        ends = self.ends(upto)
        queues = {station: queue[: ends[station]] for station, queue in self.plan.queues.items()}
        return expected_of(msgspec.structs.replace(self.plan, queues=queues), self.chain)


def prepare(selection: Selection, settings: Settings, watch: Watch) -> Prepared:
    """Prices, definitions, queues and cut-offs of all baskets; the same input gives the same."""
    watch.step("finding price lists")
    chain = chain_of(selection, settings.stations_per_store, settings.seed)
    baskets = to_sell(selection, chain.prices)
    return Prepared(chain=chain, baskets=baskets, plan=plan(baskets, chain, settings.offline, settings.seed))


def reproduced(baskets: Iterable[BasketToSell], said: Iterable[Difference]) -> int:
    """Lines that the tills priced as they were booked, nobody typing anything."""
    return sum(basket.reproduced for basket in baskets) - lines_told(said)


async def replay(selection: Selection, settings: Settings, folder: Path, watch: Watch) -> Outcome:
    """Sell the selection through real nodes in `folder` and compare everything."""
    prepared = prepare(selection, settings, watch)
    count = len(prepared.baskets)
    first_day = min(basket.day for basket in prepared.baskets)
    said: list[Difference] = []
    async with running(prepared.chain, first_day, folder, watch) as nodes:
        seller = Seller(nodes, prepared, watch, said.append)
        watch.begin(count)
        began = time.monotonic()
        sales = await seller.sell(dict.fromkeys(prepared.plan.queues, 0), count)
        seconds = time.monotonic() - began
        differences = await seller.compared(count)
    board = seller.board
    return Outcome(
        baskets=count, lines=dict(class_counts(prepared.baskets)), reproduced=reproduced(prepared.baskets, said),
        offline=board.offline, store_alone=board.store_alone, cuts=board.cuts, selling_seconds=seconds,
        sales=tuple(sales), differences=(*said, *differences),
    )  # fmt: skip


class Seller:
    """Sells stretches of the prepared baskets at running nodes, and compares what stands afterwards."""

    def __init__(
        self, nodes: RunningChain, prepared: Prepared, watch: Watch, says: Callable[[Difference], None]
    ) -> None:
        self._nodes = nodes
        self._prepared = prepared
        self._watch = watch
        self._says = says
        self.board = Switchboard(prepared.plan, nodes.station_lines, nodes.store_lines, watch)

    async def sell(self, sold: Mapping[str, int], upto: int) -> list[Sale]:
        """The first `upto` baskets of all, at each station from the position `sold` says."""
        chain, ends = self._prepared.chain, self._prepared.ends(upto)
        for store in chain.stores.values():
            here = [till.station for till in chain.tills if chain.stores[till.store] == store]
            self.board.begun(store, sum(sold[station] for station in here))
        cashiers = [await self._cashier(till, chain.stores[till.store]) for till in chain.tills]
        async with asyncio.TaskGroup() as selling:
            for till, cashier in zip(chain.tills, cashiers, strict=True):
                queue = self._prepared.plan.queues[till.station][: ends[till.station]]
                selling.create_task(cashier.sell_all(queue, sold[till.station]))
        await self.board.restore_all()
        return [sale for cashier in cashiers for sale in cashier.sales]

    async def compared(self, upto: int) -> list[Difference]:
        """Wait until everything arrived; what does not hold over the first `upto` baskets."""
        expected = self._prepared.expected(upto)
        self._watch.step("waiting until everything has arrived")
        await until_quiet(self._nodes, expected)
        self._watch.step("counting and comparing")
        return reconcile(expected, await found(self._nodes, expected))

    async def _cashier(self, till: Till, store: str) -> Cashier:
        async def before(position: int) -> None:
            await self.board.before(till.station, store, position)

        async def after(_: int) -> None:
            await self.board.after(till.station, store)

        station = self._nodes.stations[till.station]
        cashier = Cashier(till, station, before=before, after=after, says=self._says)
        shift = await self._nodes.managers[till.station].open_shift_now()
        if shift is not None:
            cashier.take_over(shift)
        return cashier


async def until_quiet(nodes: RunningChain, expected: Expected) -> None:
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


async def found(nodes: RunningChain, expected: Expected) -> Found:
    """What all nodes say of the days and stores that are expected."""
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
