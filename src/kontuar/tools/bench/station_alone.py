"""PERF-01, PERF-02, PERF-03 (start) and PERF-09 (station): one real station process, its agent away."""

import asyncio
import socket
import time
from typing import Final

from kontuar.tools.bench import bare, bare_commits, screen
from kontuar.tools.bench.figures import Figure, latency, repeated
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.machine import processor_seconds, resident_megabytes
from kontuar.tools.bench.selling import LONG_RECEIPT, Cashier, approve_together
from kontuar.tools.bench.shop import price_of
from kontuar.tools.bench.stopwatch import Stopwatch
from kontuar.tools.bench.till import enrolled_alone, load, open_shift, opened, paid_drafts
from kontuar.tools.replay.node_process import NodeProcess, free_port

STATION: Final = "S1T1"
CONNECTIONS: Final = 4
MEASURED: Final = ("PERF-01", "PERF-02", "PERF-03", "PERF-09")


class LoneStation:
    """The process over a folder that was prepared without one. `drafts`: receipts that wait to be approved."""

    def __init__(self, ground: Ground, process: NodeProcess, drafts: list[str]) -> None:
        self.ground = ground
        self.process = process
        self.drafts = drafts
        self.cashier = Cashier(process.port, ground.shop.eans)
        self.token = ""

    def take(self, count: int) -> list[str]:
        """Receipts that nobody approved yet."""
        taken, self.drafts = self.drafts[:count], self.drafts[count:]
        return taken


async def measure(ground: Ground) -> None:
    """Prepare, start, measure, stop."""
    station = await prepared(ground, "lone-station")
    try:
        await station.process.start()
        station.token = station.cashier.log_in()
        if ground.wants("PERF-01", "PERF-09"):
            _scanning(station)
        if ground.wants("PERF-01"):
            await screen.measure(ground, station.cashier, station.process.port, station.token, STATION)
        if ground.wants("PERF-02"):
            _approving(station)
        if ground.wants("PERF-03"):
            await _starting(station)
    finally:
        await station.process.stop()


async def prepared(ground: Ground, name: str) -> LoneStation:
    """A station's folder with the whole shop in it and receipts that wait for approval; its process is not started."""
    sizes = ground.sizes
    shop = ground.shop
    ground.tell(f"a station with {len(shop.articles)} articles and {len(shop.discounts)} discounts on disk")
    settings = {"agent_url": f"http://127.0.0.1:{free_port()}", "station": STATION}
    process = NodeProcess("station", name, ground.folder, settings)
    keys = await enrolled_alone(process.data, STATION)
    wanted = sizes.runs * (sizes.approvals + sizes.approvals_sustained) + sizes.approvals
    with opened(process.data, keys) as till:
        load(till, shop)
        open_shift(till)
        drafts = paid_drafts(till, shop, wanted, sizes.approval_lines, seed=2)
    return LoneStation(ground, process, drafts)


# -- PERF-01, PERF-09 -----------------------------------------------------------------------------------------
def _scanning(station: LoneStation) -> None:
    ground, sizes, cashier = station.ground, station.ground.sizes, station.cashier
    file = ground.folder / "bare-catalogue.db"
    prices = (int(price_of(article).price * 100) for article in ground.shop.articles)
    rows = [
        (article.eans[0].ean, article.name, price) for article, price in zip(ground.shop.articles, prices, strict=True)
    ]
    bare.make_catalogue(file, rows)
    ours: list[list[tuple[int, float]]] = []
    beside: list[list[float]] = []
    work: list[float] = []
    with bare.served(bare.bare_scan, str(file)) as port:
        list(cashier.scan_receipts(sizes.warm_receipts, sizes.lines_scanned))
        _bare_scans(port, ground.shop.eans, 100)
        for _ in range(sizes.runs):
            before = processor_seconds(station.process.pid)
            ours.append(list(cashier.scan_receipts(sizes.receipts_scanned, sizes.lines_scanned)))
            work.append((processor_seconds(station.process.pid) - before) / len(ours[-1]) * 1000)
            beside.append(_bare_scans(port, ground.shop.eans, len(ours[-1])))
    long = [[seconds for lines, seconds in run if lines in LONG_RECEIPT] for run in ours]
    ground.add(
        latency("PERF-01", "scan to priced line, receipt of 30 lines", long, targets={"p50": 3.0, "p99": 8.0},
                beside=beside, limit_name="bare handler: look up, durable draft, 30 lines",
                note=f"receipts with {LONG_RECEIPT.start} to {LONG_RECEIPT.stop - 1} lines"),
        latency("PERF-01", "scan to priced line, whole receipt", [[seconds for _, seconds in run] for run in ours],
                note=f"every scan of receipts of 1 to {sizes.lines_scanned} lines"),
        repeated("PERF-01", "processor time of the station per scan", "ms", work),
        _memory(station),
    )  # fmt: skip


def _memory(station: LoneStation) -> Figure:
    return repeated(
        "PERF-09", "station process, resident", "MB", [resident_megabytes(station.process.pid)], target=250.0,
        note=f"{station.ground.sizes.articles} articles, after {station.cashier.scans} scans",
    )  # fmt: skip


def _bare_scans(port: int, eans: list[str], count: int) -> list[float]:
    watch, found = Stopwatch(port), []
    for number in range(count):
        watch.ask("POST", "/", {"code": eans[number * 7919 % len(eans)]})
        found.append(watch.seconds)
    watch.close()
    return found


# -- PERF-02 --------------------------------------------------------------------------------------------------
def _approving(station: LoneStation) -> None:
    ground, sizes = station.ground, station.ground.sizes
    for doc_id in station.take(sizes.approvals // 4):
        station.cashier.approve(doc_id)
    single: list[list[float]] = []
    rates: list[float] = []
    beside: list[list[float]] = []
    work: list[float] = []
    for run in range(sizes.runs):
        before = processor_seconds(station.process.pid)
        single.append([station.cashier.approve(doc_id) for doc_id in station.take(sizes.approvals)])
        work.append((processor_seconds(station.process.pid) - before) / sizes.approvals * 1000)
        rates.append(
            approve_together(station.process.port, station.token, station.take(sizes.approvals_sustained), CONNECTIONS)
        )
        file = ground.folder / f"bare-commits-{run}.db"
        beside.append(bare_commits.commits(station.process.data / "station.db", file, sizes.approvals))
    name = f"receipt of {sizes.approval_lines} lines"
    limit = "the same rows committed by SQLite alone (WAL, FULL)"
    ground.add(
        latency("PERF-02", f"approve a {name}", single, targets={"p50": 5.0, "p99": 15.0}, beside=beside,
                limit_name=limit),
        repeated("PERF-02", f"approve, sustained, {name}", "/s", rates, target=300.0, better="higher",
                 beside=[len(run) / sum(run) for run in beside], limit_name=limit,
                 note=f"{CONNECTIONS} connections to one station"),
        repeated("PERF-02", "processor time of the station per approval", "ms", work),
    )  # fmt: skip


# -- PERF-03, start -------------------------------------------------------------------------------------------
async def _starting(station: LoneStation) -> None:
    ground = station.ground
    ready: list[float] = []
    sale: list[float] = []
    work: list[float] = []
    for _ in range(ground.sizes.starts):
        await station.process.stop()
        began = time.perf_counter()
        starting = asyncio.create_task(station.process.start())
        await _listening(station.process.port, starting)
        ready.append(time.perf_counter() - began)
        work.append(processor_seconds(station.process.pid))
        cashier = Cashier(station.process.port, ground.shop.eans, token=station.token)
        await asyncio.to_thread(cashier.sell_one)
        sale.append(time.perf_counter() - began)
        await starting
    note = "process start to the first approved receipt; the cashier is still logged in, the file is in the page cache"
    ground.add(
        repeated("PERF-03", "station start to first sale", "s", sale, target=1.5, note=note),
        repeated("PERF-03", "station start to listening", "s", ready),
        repeated("PERF-03", "processor time of a station start, to listening", "s", work),
    )


async def _listening(port: int, starting: asyncio.Task[None]) -> None:
    while not starting.done():
        try:
            socket.create_connection(("127.0.0.1", port), 0.5).close()
            return
        except OSError:
            await asyncio.sleep(0.01)
    starting.result()
