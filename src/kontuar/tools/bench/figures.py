"""What a run found out: spreads of measured times, figures with their targets, the JSON they are written as."""

import math
import statistics
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec

from kontuar.kernel.canonical import encode

Better = Literal["lower", "higher"]
LATENCIES = ("p50", "p95", "p99")


class Spread(msgspec.Struct, frozen=True, kw_only=True):
    """How measured values lie, in the unit of the figure."""

    count: int
    lowest: float
    p50: float
    p95: float
    p99: float
    highest: float


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """One measured thing. `values`, `targets` and `limits` are keyed alike (`p50`, `p99`, `median`, `value`).

    `limits`: what the engine alone needs for the same work in the same run. `runs`: the median of each run.
    """

    requirement: str
    name: str
    unit: str
    values: Mapping[str, float]
    targets: Mapping[str, float] = {}
    limits: Mapping[str, float] = {}
    limit_name: str = ""
    better: Better = "lower"
    runs: tuple[float, ...] = ()
    count: int = 0
    note: str = ""

    def ratios(self) -> dict[str, float]:
        """How many times the engine's own figure: above 1 is slower for times, faster for rates."""
        return {key: self.values[key] / limit for key, limit in self.limits.items() if key in self.values and limit}

    def holds(self) -> bool | None:
        """Whether every target is met; None when it has none."""
        if not self.targets:
            return None
        if self.better == "lower":
            return all(self.values[key] <= target for key, target in self.targets.items())
        return all(self.values[key] >= target for key, target in self.targets.items())


class Missing(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be measured, and why."""

    requirement: str
    reason: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run, as it is written to the file."""

    at: str
    seconds: float
    machine: Mapping[str, Any]
    versions: Mapping[str, str]
    sizes: Mapping[str, int]
    figures: tuple[Figure, ...]
    missing: tuple[Missing, ...] = ()


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which `share` of the values lie (nearest rank); raises `ValueError` on none."""
    if not values:
        raise ValueError("a percentile of nothing")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def spread(values: Sequence[float]) -> Spread:
    """Count, extremes and percentiles of measured values."""
    return Spread(
        count=len(values), lowest=min(values), p50=percentile(values, 0.50), p95=percentile(values, 0.95),
        p99=percentile(values, 0.99), highest=max(values),
    )  # fmt: skip


def latency(
    requirement: str,
    name: str,
    runs: Sequence[Sequence[float]],
    *,
    targets: Mapping[str, float] | None = None,
    beside: Sequence[Sequence[float]] = (),
    limit_name: str = "",
    note: str = "",
) -> Figure:
    """Milliseconds from runs of seconds: percentiles over everything, the median of each run beside them."""
    all_values = [value * 1000 for run in runs for value in run]
    limits = [value * 1000 for run in beside for value in run]
    return Figure(
        requirement=requirement, name=name, unit="ms", values=_percentiles(all_values), targets=targets or {},
        limits=_percentiles(limits) if limits else {}, limit_name=limit_name, count=len(all_values),
        runs=tuple(statistics.median(run) * 1000 for run in runs), note=note,
    )  # fmt: skip


def repeated(
    requirement: str,
    name: str,
    unit: str,
    runs: Sequence[float],
    *,
    target: float | None = None,
    beside: Sequence[float] = (),
    limit_name: str = "",
    better: Better = "lower",
    note: str = "",
) -> Figure:
    """The median of a thing that was measured several times."""
    return Figure(
        requirement=requirement, name=name, unit=unit, values={"median": statistics.median(runs)}, better=better,
        targets={} if target is None else {"median": target}, runs=tuple(runs), count=len(runs), note=note,
        limits={"median": statistics.median(beside)} if beside else {}, limit_name=limit_name,
    )  # fmt: skip


def as_json(report: Report) -> bytes:
    """The report with ratios and verdicts beside the figures, one line per entry so that versions compare."""
    body = msgspec.to_builtins(report)
    for shown, figure in zip(body["figures"], report.figures, strict=True):
        shown["ratios"] = figure.ratios()
        shown["holds"] = figure.holds()
    return msgspec.json.format(encode(_rounded(body)), indent=2) + b"\n"


def _percentiles(values: Sequence[float]) -> dict[str, float]:
    found = spread(values)
    return {"p50": found.p50, "p95": found.p95, "p99": found.p99}


def _rounded(value: Any) -> Any:
    """Four significant digits are more than a clock is worth."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(inner) for inner in value]
    return value
