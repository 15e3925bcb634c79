"""The commands `kontuar replay completejourney` and `kontuar replay csv`."""

import asyncio
import csv
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Annotated, NamedTuple, NoReturn

import typer
from rich.console import Console

from kontuar.tools.replay.baskets import NoBaskets, Selection
from kontuar.tools.replay.node_apis import NodeSaidNo
from kontuar.tools.replay.progress import shown
from kontuar.tools.replay.reconcile import verdict
from kontuar.tools.replay.run import Outcome, Settings, replay
from kontuar.tools.replay.slices import Begun, Slice, SlicesFolder, hash_of, replay_slices
from kontuar.tools.replay.sources import CsvSource, JourneySource, Source, selected

DIFFERENCES_SHOWN = 50
EVERYTHING = 10**9
FAILED = 1
UNUSABLE = 2

app = typer.Typer(help="Sell real baskets through real nodes and count everything afterwards.", no_args_is_help=True)

Stations = Annotated[int, typer.Option("--stations-per-store", min=1, max=20, help="Tills in each store.")]
Offline = Annotated[str, typer.Option("--offline", help="Share of baskets sold while cut off, 0 to 1.")]
Seed = Annotated[int, typer.Option("--seed", help="The same seed: the same tills, PINs and cut-offs.")]
SliceBaskets = Annotated[int, typer.Option("--slice", min=0, help="Baskets of a slice; compared after each.")]
Slices = Annotated[int, typer.Option("--slices", min=0, help="Stop after so many; 0 = go on to the end.")]
Results = Annotated[Path | None, typer.Option("--results", help="Append every finished slice there (JSON lines).")]
Keep = Annotated[
    Path | None, typer.Option("--keep", help="Folder for the nodes' data and logs (new); kept afterwards.")
]


class _Slices(NamedTuple):
    """`baskets` of each, 0 = no slices; `most` of them now, 0 = all; where the results go."""

    baskets: int
    most: int
    results: Path | None


@app.command("completejourney")
def complete_journey(
    stores: Annotated[int, typer.Option("--stores", min=1, max=457, help="The busiest so many stores.")] = 2,
    stations_per_store: Stations = 2,
    offline: Offline = "0.3",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Baskets to sell.")] = 1000,
    seed: Seed = 1,
    after: Annotated[int, typer.Option("--after", min=0, max=456, help="Pass over so many busiest stores.")] = 0,
    data: Annotated[Path | None, typer.Option("--data", help="The package's wheel, or a folder with tables.")] = None,
    keep: Keep = None,
    slice_baskets: SliceBaskets = 0,
    slices: Slices = 0,
    results: Results = None,
) -> None:
    """Replay the public data set The Complete Journey."""
    source = JourneySource(stores=stores, limit=limit, after=after, data=str(data.resolve()) if data else "")
    _replay(source, _settings(stations_per_store, offline, seed), keep, _Slices(slice_baskets, slices, results))


@app.command("csv")
def from_csv(
    file: Annotated[Path, typer.Argument(help="The baskets; columns as in docs/replay.md; .gz is unpacked.")],
    stations_per_store: Stations = 2,
    offline: Offline = "0.3",
    limit: Annotated[int, typer.Option("--limit", min=1, help="Baskets to sell, the first by time.")] = EVERYTHING,
    seed: Seed = 1,
    currency: Annotated[str, typer.Option("--currency", help="ISO code of all amounts.")] = "PLN",
    time_zone: Annotated[str, typer.Option("--time-zone", help="Of the stores.")] = "Europe/Warsaw",
    leave_out_bad_rows: Annotated[bool, typer.Option("--leave-out-bad-rows", help="Sell the others.")] = False,
    keep: Keep = None,
    slice_baskets: SliceBaskets = 0,
    slices: Slices = 0,
    results: Results = None,
) -> None:
    """Replay anyone's own baskets."""
    source = CsvSource(
        file=str(file.resolve()), currency=currency, time_zone=time_zone, limit=limit,
        leave_out_bad_rows=leave_out_bad_rows,
    )  # fmt: skip
    _replay(source, _settings(stations_per_store, offline, seed), keep, _Slices(slice_baskets, slices, results))


@app.command("resume")
def resume(
    folder: Annotated[Path, typer.Argument(help="The folder that was given to --keep.")],
    slices: Slices = 0,
) -> None:
    """Go on with a replay in slices, whether it was stopped or killed."""
    console = Console(soft_wrap=True)
    kept = SlicesFolder(folder.resolve())
    try:
        begun = kept.begun()
        selection, _ = selected(begun.source)
    except NoBaskets as problem:
        raise _unusable(console, str(problem)) from None
    _finish_slices(console, selection, begun, kept, slices, again=True)


def _replay(source: Source, settings: Settings, keep: Path | None, sliced: _Slices) -> None:
    console = Console(soft_wrap=True)
    try:
        selection, bad = selected(source)
    except NoBaskets as problem:
        raise _unusable(console, str(problem)) from None
    if bad:
        for line in bad[:DIFFERENCES_SHOWN]:
            console.print(f"{selection.source} {line}", markup=False)
        raise _unusable(console, f"{len(bad)} bad rows; nothing was sold (--leave-out-bad-rows sells the others)")
    if not selection.baskets:
        raise _unusable(console, "there is no basket to sell")
    _tell_selection(console, selection)
    if not sliced.baskets:
        _finish(console, selection, settings, keep)
    if keep is None:
        raise _unusable(console, "--slice needs --keep FOLDER: that is what goes on later")
    kept = SlicesFolder(_new_folder(console, keep))
    begun = Begun(
        source=source, settings=settings, slice_baskets=sliced.baskets, baskets=len(selection.baskets),
        baskets_hash=hash_of(selection), results=str(sliced.results.resolve()) if sliced.results else "",
    )  # fmt: skip
    kept.begin(begun)
    _finish_slices(console, selection, begun, kept, sliced.most, again=False)


def _settings(stations_per_store: int, offline: str, seed: int) -> Settings:
    try:
        share = Decimal(offline)
    except InvalidOperation:
        raise typer.BadParameter(f"--offline {offline} is no number") from None
    if not 0 <= share <= 1:
        raise typer.BadParameter("--offline is a share from 0 to 1")
    return Settings(stations_per_store=stations_per_store, offline=share, seed=seed)


def _finish(console: Console, selection: Selection, settings: Settings, keep: Path | None) -> NoReturn:
    """Sell, tell, and end with the status that the last line says."""
    folder = _new_folder(console, keep)
    outcome = _replayed(console, selection, settings, folder)
    if outcome is None:
        console.print(f"does not hold: a node failed; data and logs: {folder}", markup=False)
        raise typer.Exit(FAILED)
    _tell_outcome(console, outcome, folder)
    if keep is None and not outcome.differences:
        shutil.rmtree(folder)
    else:
        _write_exclusions(selection, folder / "exclusions.csv")
        console.print(f"data, logs and exclusions.csv: {folder}", markup=False)
    console.print(verdict(outcome.differences), markup=False)
    raise typer.Exit(FAILED if outcome.differences else 0)


def _replayed(console: Console, selection: Selection, settings: Settings, folder: Path) -> Outcome | None:
    """None when a node said no where it should not have; what it said is shown."""
    outcome: Outcome | None = None
    try:
        with shown(console) as watch:
            outcome = asyncio.run(replay(selection, settings, folder, watch))
    except* NodeSaidNo as refusals:
        for refusal in refusals.exceptions:
            console.print(str(refusal), markup=False)
    return outcome


def _finish_slices(
    console: Console, selection: Selection, begun: Begun, kept: SlicesFolder, most: int, *, again: bool
) -> NoReturn:
    """Sell slices, tell every one, and end with what holds over all of them."""
    done: list[Slice] | None = None
    other = ""
    try:
        with shown(console) as watch:
            done = asyncio.run(replay_slices(selection, begun, kept, watch, most, again=again))
    except* NodeSaidNo as refusals:
        for refusal in refusals.exceptions:
            console.print(str(refusal), markup=False)
    except* NoBaskets as problems:
        other = str(problems.exceptions[0])
    if other:
        raise _unusable(console, other)
    _write_exclusions(selection, kept.folder / "exclusions.csv")
    console.print(f"data, logs and slices: {kept.folder}", markup=False)
    if done is None:
        console.print("does not hold: a node failed; `kontuar replay resume` goes on", markup=False)
        raise typer.Exit(FAILED)
    _tell_slices(console, done)
    differences = {text for one in done for text in one.differences}
    so_far = f" so far: {done[-1].upto} of {begun.baskets} baskets" if done[-1].upto < begun.baskets else ""
    console.print(verdict(differences) + so_far, markup=False)
    raise typer.Exit(FAILED if differences else 0)


def _tell_slices(console: Console, done: Sequence[Slice]) -> None:
    _tell_lines(console, done[-1].lines, done[-1].reproduced)
    for one in done:
        holds = f"{len(one.differences)} differences" if one.differences else "holds"
        console.print(
            f"slice {one.number}: {one.upto} of {one.of} baskets, {one.sold} in {one.seconds:.0f} s, {one.offline} "
            f"sold while the till was cut off, {one.store_alone} while the store was, {one.cuts} cuts: {holds}",
            markup=False,
        )
    for difference in done[-1].differences[:DIFFERENCES_SHOWN]:
        console.print(f"  {difference}", markup=False)


def _tell_selection(console: Console, selection: Selection) -> None:
    lines = sum(len(basket.lines) for basket in selection.baskets)
    console.print(
        f"{selection.source}: {len(selection.baskets)} baskets, {lines} lines, {len(selection.articles)} articles, "
        f"{len(selection.stores)} stores; {selection.rows_read} rows read",
        markup=False,
    )
    for reason, count in selection.excluded_by_reason().most_common():
        console.print(f"  left out {count:>7}  {reason}", markup=False)


def _tell_lines(console: Console, lines: Mapping[str, int], reproduced: int) -> None:
    """Lines per class, and how many of them the engine priced exactly as they were booked."""
    total = sum(lines.values())
    for name, count in sorted(lines.items(), key=lambda pair: -pair[1]):
        console.print(f"  lines {count:>9}  {count / total:7.2%}  {name}", markup=False)
    console.print(f"  lines {reproduced:>9}  {reproduced / total:7.2%}  priced exactly as booked", markup=False)


def _tell_outcome(console: Console, outcome: Outcome, folder: Path) -> None:
    _tell_lines(console, outcome.lines, outcome.reproduced)
    console.print(
        f"{outcome.baskets} baskets in {outcome.selling_seconds:.0f} s; {outcome.offline} sold while the till was cut "
        f"off, {outcome.store_alone} while the store was; {outcome.cuts} cuts",
        markup=False,
    )
    for difference in outcome.differences[:DIFFERENCES_SHOWN]:
        console.print(f"  {difference}", markup=False)
    if len(outcome.differences) > DIFFERENCES_SHOWN:
        file = folder / "differences.txt"
        file.write_text("".join(f"{difference}\n" for difference in outcome.differences))
        console.print(f"  and {len(outcome.differences) - DIFFERENCES_SHOWN} more in {file}", markup=False)


def _write_exclusions(selection: Selection, file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("basket", "row", "article", "reason"))
        writer.writerows((left.basket, left.row, left.article, left.reason) for left in selection.exclusions)


def _new_folder(console: Console, keep: Path | None) -> Path:
    if keep is None:
        folder = Path(tempfile.mkdtemp(prefix="kontuar-replay-"))
        # PostgreSQL runs as another user when we are root, and has to pass through to its own folder.
        folder.chmod(0o711)
        return folder
    if keep.exists() and any(keep.iterdir()):
        raise _unusable(console, f"{keep} is not empty")
    keep.mkdir(parents=True, exist_ok=True)
    return keep.resolve()


def _unusable(console: Console, text: str) -> typer.Exit:
    console.print(text, markup=False)
    return typer.Exit(UNUSABLE)
