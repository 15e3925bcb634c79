"""One round: a fresh chain, tills that sell in a storm, then peace, and everything is counted and proved."""

import asyncio
import datetime
import random
import statistics
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from kontuar.kernel.money import Minor
from kontuar.tools.crashes.cashier import Sold, StubbornCashier
from kontuar.tools.crashes.storm import Storm
from kontuar.tools.replay.chain import RunningChain, running
from kontuar.tools.replay.definitions import Chain, chain_of, warehouse_code
from kontuar.tools.replay.figures import Day, DayTotals, Expected
from kontuar.tools.replay.progress import Watch
from kontuar.tools.replay.reconcile import reconcile
from kontuar.tools.replay.run import found, until_quiet
from kontuar.tools.replay.source_csv import read
from kontuar.tools.verify.command import Report, look, told
from kontuar.tools.verify.opening import Unreadable

DAY: Final = datetime.date(2026, 3, 2)
EAN: Final = "5901234123457"
_LOOKS: Final = 5
_HEAD: Final = "basket,store,at,ean,name,quantity,unit,price,value,vat\n"


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A round: kills of tills and agents, kills of head office, and the chain they happen in."""

    seed: int
    kills: int
    hub_kills: int
    stores: int
    stations_per_store: int


class Round(msgspec.Struct, frozen=True, kw_only=True):
    """What a round gave. `restart_seconds`: median from a killed node's start until it answered, by kind;
    `receipts`: how many whose number a cashier was given; empty `faults` = all holds."""

    seed: int
    at: str
    kills: Mapping[str, int]
    receipts: int
    seconds: float
    restart_seconds: Mapping[str, float]
    faults: tuple[str, ...]


async def one_round(wanted: Wanted, folder: Path, watch: Watch) -> Round:
    """Kill as wanted while all tills sell. Raises `NodeSaidNo` when a node ends by itself or never comes back."""
    began = time.monotonic()
    chain = _chain(wanted, folder)
    chance = random.Random(wanted.seed)
    async with running(chain, DAY, folder, watch) as nodes:
        storm = Storm(nodes.processes, chance)
        sold = await _sell_in(storm, nodes, chain, wanted, chance, watch)
        expected = _expected(chain, sold)
        watch.step("waiting until everything has arrived")
        await nodes.hub.login("ADMIN", chain.administrator_pin)
        await until_quiet(nodes, expected)
        watch.step("counting and proving")
        faults = [str(difference) for difference in reconcile(expected, await found(nodes, expected))]
        faults += await asyncio.to_thread(_unproved, folder, chain)
    return Round(
        seed=wanted.seed, at=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"), kills=storm.counts(),
        receipts=sum(map(len, sold.values())), seconds=round(time.monotonic() - began, 1),
        restart_seconds=_medians(storm), faults=tuple(faults),
    )  # fmt: skip


async def _sell_in(
    storm: Storm, nodes: RunningChain, chain: Chain, wanted: Wanted, chance: random.Random, watch: Watch
) -> dict[str, list[Sold]]:
    """What each till sold."""
    cashiers = {}
    for till in chain.tills:
        station = nodes.stations[till.station]
        await station.login(till.cashier, till.cashier_pin)
        await station.open_shift(DAY, Minor(0))
        cashiers[till.station] = StubbornCashier(station, EAN, random.Random(chance.random()))
    watch.step(f"selling while {wanted.kills} nodes and head office {wanted.hub_kills} times are killed")
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for cashier in cashiers.values():
            group.create_task(cashier.sell_until(over))
        await storm.rage(wanted.kills, wanted.hub_kills)
        over.set()
    return {station: cashier.sold for station, cashier in cashiers.items()}


def _chain(wanted: Wanted, folder: Path) -> Chain:
    """A firm that sells one article, made from one basket a store."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "baskets.csv"
    rows = (f"b{n},Store {n},2026-03-02T09:00,{EAN},Milk,100000,pcs,3.49,,5\n" for n in range(1, wanted.stores + 1))
    file.write_text(_HEAD + "".join(rows), "utf-8")
    selection, bad = read(file, "PLN", "Europe/Warsaw", wanted.stores)
    assert not bad, "a file of our own"
    return chain_of(selection, wanted.stations_per_store, wanted.seed)


def _expected(chain: Chain, sold: Mapping[str, Sequence[Sold]]) -> Expected:
    """What the receipts in the customers' hands leave behind."""
    store_of = {till.station: till.store for till in chain.tills}
    by_store: dict[Day, list[Sold]] = defaultdict(list)
    stock = {(row.warehouse, row.article): row.quantity for row in chain.opening}
    (article,) = {row.article for row in chain.opening}
    for station, receipts in sold.items():
        store = store_of[station]
        by_store[chain.stores[store], DAY] += receipts
        stock[warehouse_code(store), article] -= Decimal(sum(receipt.quantity for receipt in receipts))
    return Expected(
        by_store={day: _totals(receipts) for day, receipts in by_store.items()},
        by_station={(station, DAY): _totals(receipts) for station, receipts in sold.items()},
        stock=stock,
        stations={station: chain.stores[store] for station, store in store_of.items()},
        warehouses={code: warehouse_code(store) for store, code in chain.stores.items()},
    )


def _totals(receipts: Sequence[Sold]) -> DayTotals:
    gross = Minor(sum(receipt.gross for receipt in receipts))
    return DayTotals(
        documents=len(receipts), lines=sum(receipt.lines for receipt in receipts), gross=gross,
        payments={"cash": gross} if gross else {}, numbers=tuple(receipt.number for receipt in receipts),
    )  # fmt: skip


def _unproved(folder: Path, chain: Chain) -> list[str]:
    """What `kontuar verify` says of every node, tills against their agent and the hub."""
    agents = {code: str(folder / f"agent-{code}") for code in chain.stores.values()}
    looks = [(str(folder / f"station-{till.station}"), [agents[chain.stores[till.store]], str(folder / "hub")])
             for till in chain.tills]  # fmt: skip
    looks += [(agent, [str(folder / "hub")]) for agent in agents.values()]
    looks.append((str(folder / "hub"), []))
    reports = [(target, _looked(target, others)) for target, others in looks]
    return [f"{target}: {line}" for target, report in reports if not report.holds for line in told(report)]


def _looked(target: str, others: Sequence[str]) -> Report:
    """On a machine that is busy with four groups of nodes a connection may take longer than it is waited for."""
    for _ in range(_LOOKS - 1):
        try:
            return look(target, others)
        except Unreadable:
            time.sleep(1)
    return look(target, others)


def _medians(storm: Storm) -> dict[str, float]:
    seconds: dict[str, list[float]] = defaultdict(list)
    for kill in storm.kills:
        seconds[kill.what].append(kill.seconds)
    return {what: round(statistics.median(each), 2) for what, each in sorted(seconds.items())}
