"""PERF-01 and PERF-02 with promotions: the station process with a thousand discounts, in both modes of choosing."""

import asyncio
import dataclasses
from typing import Final

import msgspec

from kontuar.domain.firm.records import Parameter
from kontuar.domain.pricing.discount import Discount
from kontuar.domain.pricing.rules import BundleDeal
from kontuar.tools.bench import pricing
from kontuar.tools.bench.figures import latency, repeated
from kontuar.tools.bench.ground import Ground
from kontuar.tools.bench.machine import processor_seconds
from kontuar.tools.bench.selling import LONG_RECEIPT
from kontuar.tools.bench.shop import Shop
from kontuar.tools.bench.station_alone import LoneStation, prepared

MEASURED: Final = ("PERF-01", "PERF-02")
RULES: Final = 1_000
MODES: Final = {"first_satisfied": "first satisfied", "best_for_customer": "best for the customer"}
SHARE: Final = "a quarter of the articles that are sold is in two promotions on average"


async def measure(ground: Ground) -> None:
    """A station for each mode: prepare, start, scan, approve, stop."""
    for mode, name in MODES.items():
        with_discounts = dataclasses.replace(ground, shop=promoted(ground.shop, mode))
        station = await prepared(with_discounts, f"promoted-{mode}")
        try:
            await station.process.start()
            station.token = station.cashier.log_in()
            await asyncio.sleep(ground.sizes.settling_seconds)
            if ground.wants("PERF-01"):
                _scanning(station, name)
            if ground.wants("PERF-02"):
                _approving(station, name)
        finally:
            await station.process.stop()


def promoted(shop: Shop, mode: str) -> Shop:
    """The shop with a thousand promotions, and of its articles only those that the promoted categories and three times
    as many others hold."""
    sold = pricing.SHOP * RULES // pricing.RULES_PER_CATEGORY * pricing.ARTICLES_PER_CATEGORY
    articles = shop.articles[:sold]
    named = {code: articles[at % len(articles)].code for at, code in enumerate(pricing.articles_with_promotions(RULES))}
    discounts = [_discount(at, promotion, named) for at, promotion in enumerate(pricing.promotions(RULES))]
    chosen = Parameter(name="discount.choose", scope="global", value=mode)
    return msgspec.structs.replace(
        shop, definitions=(*shop.definitions, chosen), articles=articles, prices=shop.prices[: len(articles)],
        discounts=tuple(discounts),
    )  # fmt: skip


def _discount(at: int, promotion: pricing.Promotion, named: dict[str, str]) -> Discount:
    code, articles, kind, size, value = promotion
    rule = pricing.rule_of((code, frozenset(named[article] for article in articles), kind, size, value))
    return Discount(
        code=code, name=f"Promotion {code}", source="BUNDLE" if isinstance(rule.deal, BundleDeal) else "PRM",
        deal=rule.deal, state="confirmed", position=at,
    )  # fmt: skip


def _scanning(station: LoneStation, mode: str) -> None:
    ground, sizes, cashier = station.ground, station.ground.sizes, station.cashier
    list(cashier.scan_receipts(sizes.warm_receipts, sizes.lines_scanned))
    runs: list[list[float]] = []
    work: list[float] = []
    for _ in range(sizes.runs):
        before = processor_seconds(station.process.pid)
        timed = list(cashier.scan_receipts(sizes.receipts_scanned, sizes.lines_scanned))
        work.append((processor_seconds(station.process.pid) - before) / len(timed) * 1000)
        runs.append([seconds for lines, seconds in timed if lines in LONG_RECEIPT])
    ground.add(
        latency("PERF-01", f"scan to priced line, receipt of 30 lines, 1,000 discounts, {mode}", runs,
                targets={"p50": 3.0, "p99": 8.0}, note=SHARE),
        repeated("PERF-01", f"processor time of the station per scan, 1,000 discounts, {mode}", "ms", work),
    )  # fmt: skip


def _approving(station: LoneStation, mode: str) -> None:
    ground, sizes = station.ground, station.ground.sizes
    for doc_id in station.take(sizes.approvals // 4):
        station.cashier.approve(doc_id)
    runs = [[station.cashier.approve(doc_id) for doc_id in station.take(sizes.approvals)] for _ in range(sizes.runs)]
    ground.add(
        latency("PERF-02", f"approve a receipt of {sizes.approval_lines} lines, 1,000 discounts, {mode}", runs,
                targets={"p50": 5.0, "p99": 15.0}, note=SHARE),
    )  # fmt: skip
