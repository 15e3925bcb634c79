"""PERF-08 and PERF-10: a station's scans, approvals, lists and closing, small and ten times as large.

Stations run one after the other, each alone; what is compared is the larger one with the smaller one of the same run.
"""

import statistics
from decimal import Decimal
from typing import Final

import msgspec

from kontuar.tools.bench.figures import repeated
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.selling import LONG_RECEIPT, Cashier
from kontuar.tools.bench.shop import Shop, shop
from kontuar.tools.bench.till import enrolled_alone, load, open_shift, opened, paid_drafts, sell
from kontuar.tools.replay.node_process import NodeProcess, free_port

MEASURED: Final = ("PERF-08", "PERF-10")
STATION: Final = "S1T1"
TEN: Final = 10
MOST_GROWTH: Final = 1.3
CLOSING_RECEIPTS: Final = 1_000
CLOSING_SECONDS: Final = 0.5
LIST_SECONDS: Final = 0.05
_LIST: Final = "/api/v1/documents?limit=50"
_LISTS: Final = 60


class Taken(msgspec.Struct, frozen=True, kw_only=True):
    """Medians in seconds at one size."""

    scan: float
    approve: float
    newest: float
    by_day: float
    by_part: float


async def measure(ground: Ground) -> None:
    """The small station, the one with ten times the articles, the one with ten times the documents, the closing."""
    sizes = ground.sizes
    if ground.wants("PERF-08"):
        few, many = shop(max(100, sizes.articles // TEN)), ground.shop
        before = max(100, sizes.grown_documents // TEN)
        small = await _taken(ground, "grown-small", few, before)
        articles = await _taken(ground, "grown-articles", many, before)
        documents = await _taken(ground, "grown-documents", few, sizes.grown_documents)
        _told(ground, small, articles, documents)
    if ground.wants("PERF-10"):
        await _closing(ground)


def _told(ground: Ground, small: Taken, articles: Taken, documents: Taken) -> None:
    rows = (
        ("scan, ten times the articles", articles.scan, small.scan),
        ("approve, ten times the articles", articles.approve, small.approve),
        ("scan, ten times the documents", documents.scan, small.scan),
        ("approve, ten times the documents", documents.approve, small.approve),
        ("first page of documents, ten times the documents", documents.newest, small.newest),
        ("first page of a day, ten times the documents", documents.by_day, small.by_day),
        ("first page by a part of the number, ten times the documents", documents.by_part, small.by_part),
    )
    for name, large, before in rows:
        note = f"{large * 1000:.2f} ms of {before * 1000:.2f} ms"
        ground.add(repeated("PERF-08", name, "×", [large / before], target=MOST_GROWTH, note=note))
    for name, value in (("newest", documents.newest), ("of a day", documents.by_day), ("by part", documents.by_part)):
        ground.add(
            repeated("PERF-08", f"first page of documents, {name}", "ms", [value * 1000], target=LIST_SECONDS * 1000,
                     note=f"{ground.sizes.grown_documents} documents"),
        )  # fmt: skip


async def _taken(ground: Ground, name: str, stock: Shop, documents: int) -> Taken:
    sizes = ground.sizes
    ground.tell(f"a station with {len(stock.articles)} articles and {documents} documents")
    process = NodeProcess("station", name, ground.folder, {"agent_url": f"http://127.0.0.1:{free_port()}",
                                                           "station": STATION})  # fmt: skip
    keys = await enrolled_alone(process.data, STATION)
    with opened(process.data, keys) as till:
        load(till, stock)
        sell(till, stock, documents, 1, seed=3)
        drafts = paid_drafts(till, stock, sizes.approvals + TEN, sizes.approval_lines, seed=4)
    try:
        await process.start()
        cashier = Cashier(process.port, stock.eans)
        cashier.log_in()
        list(cashier.scan_receipts(2, sizes.lines_scanned))
        scans = [took for lines, took in cashier.scan_receipts(sizes.receipts_scanned, sizes.lines_scanned)
                 if lines in LONG_RECEIPT]  # fmt: skip
        for doc_id in drafts[:TEN]:
            cashier.approve(doc_id)
        approvals = [cashier.approve(doc_id) for doc_id in drafts[TEN:]]
        day = cashier.watch.ask("GET", _LIST)["rows"][0]["business_day"]
        return Taken(
            scan=statistics.median(scans), approve=statistics.median(approvals), newest=_listed(cashier, _LIST),
            by_day=_listed(cashier, f"{_LIST}&from_day={day}&to_day={day}"),
            by_part=_listed(cashier, f"{_LIST}&text=0007"),
        )  # fmt: skip
    finally:
        await process.stop()


def _listed(cashier: Cashier, path: str) -> float:
    took = []
    for _ in range(_LISTS):
        cashier.watch.ask("GET", path)
        took.append(cashier.watch.seconds)
    return statistics.median(took)


async def _closing(ground: Ground) -> None:
    """Shifts of a thousand receipts, one after the other."""
    took = []
    few = shop(max(100, ground.sizes.articles // TEN))
    for number in range(ground.sizes.runs):
        process = NodeProcess("station", f"closing-{number}", ground.folder,
                              {"agent_url": f"http://127.0.0.1:{free_port()}", "station": STATION})  # fmt: skip
        keys = await enrolled_alone(process.data, STATION)
        with opened(process.data, keys) as till:
            load(till, few)
            open_shift(till)
            sell(till, few, CLOSING_RECEIPTS, 5, seed=5 + number)
            cash = sum(till.books.cash.balances(till.station.register()).values())
        try:
            await process.start()
            cashier = Cashier(process.port, few.eans)
            cashier.log_in()
            counted = [{"form": "cash", "currency": "PLN", "amount": str(Decimal(cash) / 100)}]
            cashier.watch.ask("POST", "/api/v1/shift/close", {"counted": counted})
            took.append(cashier.watch.seconds)
        finally:
            await process.stop()
    note = f"{CLOSING_RECEIPTS} receipts of 5 lines in the shift; the answer has the whole report"
    ground.add(repeated("PERF-10", "closing of a cash shift", "s", took, target=CLOSING_SECONDS, note=note))
