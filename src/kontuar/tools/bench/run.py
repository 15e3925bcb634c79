"""A whole run: every wanted piece after the other, then the report."""

import asyncio
import datetime
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import psycopg
from rich.console import Console
from rich.table import Table

from kontuar.kernel.time import instant_text
from kontuar.storage.postgres.embedded import EmbeddedPostgresError
from kontuar.tools.bench import (
    big_hub,
    big_station,
    chain,
    distribution,
    growth,
    ingestion,
    many_tills,
    pricing,
    promoted,
    station_alone,
)
from kontuar.tools.bench.figures import Figure, Report
from kontuar.tools.bench.ground import Ground, Sizes
from kontuar.tools.bench.machine import machine, versions
from kontuar.tools.bench.shop import shop
from kontuar.tools.replay.node_apis import NodeSaidNo

_FAILURES = (NodeSaidNo, EmbeddedPostgresError, psycopg.Error, OSError)


def measure(folder: Path, sizes: Sizes, wanted: frozenset[str], console: Console, plans: Path | None = None) -> Report:
    """Everything that is wanted, one piece after the other; a piece that fails is named and the next one runs."""
    began = time.monotonic()
    on = machine()

    def tell(text: str) -> None:
        console.print(f"{time.monotonic() - began:6.1f} s  {text}", markup=False)

    tell(f"making {sizes.articles} articles")
    ground = Ground(folder, shop(sizes.articles), sizes, tell, wanted, plans)
    asyncio.run(_all(ground))
    return Report(
        at=instant_text(datetime.datetime.now(datetime.UTC)), seconds=time.monotonic() - began, machine=on,
        versions=versions(), sizes={name: getattr(ground.sizes, name) for name in Sizes.__struct_fields__},
        figures=tuple(sorted(ground.figures, key=lambda figure: figure.requirement)), missing=tuple(ground.missing),
    )  # fmt: skip


def as_table(figures: tuple[Figure, ...]) -> Table:
    """For the eyes: value, target, the engine's own, how many times that."""
    table = Table(title="kontuar bench", title_justify="left")
    for heading in ("", "what", "unit", "measured", "target", "engine alone", "ratio", ""):
        table.add_column(heading, overflow="fold")
    for figure in figures:
        holds = figure.holds()
        table.add_row(
            figure.requirement, figure.name, figure.unit, _told(figure.values), _told(figure.targets),
            _told(figure.limits), _told(figure.ratios()), "" if holds is None else "ok" if holds else "short",
        )  # fmt: skip
    return table


def as_markdown(report: Report) -> str:
    """The same for `docs`: one line per figure, with what it was measured on."""
    on = report.machine
    lines = [
        f"{report.at[:16]} UTC, {on['cores']} × {on['processor']}, {on['memory_mb']} MB, load {on['load']}, "
        f"{report.sizes['articles']} articles, {report.seconds:.0f} s in all",
        "",
        "| | what | unit | measured | target | engine alone | ratio | |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for figure in report.figures:
        holds = figure.holds()
        shown = (figure.values, figure.targets, figure.limits, figure.ratios())
        cells = " | ".join(_told(values).replace("\n", ", ") for values in shown)
        verdict = "" if holds is None else "ok" if holds else "**short**"
        lines.append(f"| {figure.requirement} | {figure.name} | {figure.unit} | {cells} | {verdict} |")
    lines += [f"\n{missing.requirement} not measured: {missing.reason}" for missing in report.missing]
    return "\n".join(lines) + "\n"


async def _all(ground: Ground) -> None:
    if ground.wants(*pricing.MEASURED):
        await _tried(ground, pricing.MEASURED, pricing.measure(ground))
    if ground.wants(*station_alone.MEASURED):
        await _tried(ground, station_alone.MEASURED, station_alone.measure(ground))
    if ground.wants(*promoted.MEASURED):
        await _tried(ground, promoted.MEASURED, promoted.measure(ground))
    if ground.wants(*growth.MEASURED):
        await _tried(ground, growth.MEASURED, growth.measure(ground))
    for piece in (big_hub, big_station):
        if ground.asked_by_name(*piece.MEASURED):
            await _tried(ground, piece.MEASURED, piece.measure(ground))
    behind_a_hub = (*distribution.MEASURED, *ingestion.MEASURED, *many_tills.MEASURED)
    if ground.wants(*behind_a_hub):
        await _tried(ground, behind_a_hub, _with_hub(ground))


async def _with_hub(ground: Ground) -> None:
    pieces: tuple[tuple[tuple[str, ...], Callable[[Ground, chain.Hub], Awaitable[None]]], ...] = (
        (distribution.MEASURED, distribution.measure), (ingestion.MEASURED, ingestion.measure),
        (many_tills.MEASURED, many_tills.measure),
    )  # fmt: skip
    async with chain.hub(ground) as hub:
        for requirements, piece in pieces:
            if ground.wants(*requirements):
                await _tried(ground, requirements, piece(ground, hub))


async def _tried(ground: Ground, requirements: tuple[str, ...], piece: Awaitable[None]) -> None:
    try:
        await piece
    except _FAILURES as failure:
        ground.lacks([name for name in requirements if ground.wants(name)], f"{type(failure).__name__}: {failure}")


def _told(values: object) -> str:
    assert isinstance(values, dict)
    return "\n".join(f"{key} {value:.3g}" if key != "median" else f"{value:.4g}" for key, value in values.items())
