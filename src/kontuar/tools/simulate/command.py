"""`kontuar simulate`: seeds in order, one verdict a line; the exit status is the verdict of all."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

from kontuar.tools.simulate import planted_results, verdicts

if TYPE_CHECKING:
    from kontuar.tools.simulate.ground import Ground
    from kontuar.tools.simulate.planted import Planted

_MEMORY: Final = Path("/dev/shm")  # noqa: S108 - files that live for a seed; a memory file system is where they belong
_ALL: Final = "all"


def simulate(
    seed: Annotated[int, typer.Option(help="The first seed.")] = 1,
    seeds: Annotated[int, typer.Option(min=1, help="So many seeds, one after another.")] = 1,
    stores: Annotated[int, typer.Option(min=1, max=50, help="Stores of the chain.")] = 2,
    stations_per_store: Annotated[int, typer.Option(min=1, max=50, help="Tills in each store.")] = 2,
    ops: Annotated[int, typer.Option(min=1, help="Things people do, in each seed.")] = 300,
    results: Annotated[Path | None, typer.Option(help="Append every verdict there (JSON lines).")] = None,
    trace: Annotated[Path | None, typer.Option(help="Write what happened in the last seed there.")] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Leave out seeds that hold by the results.")] = False,
    summary: Annotated[Path | None, typer.Option(help="Sum up a file of results instead of running anything.")] = None,
    plant: Annotated[
        str,
        typer.Option(
            help="Plant these faults (a,b,c), or *all*, one after another: a seed must catch each. With --results"
            " what the file has is not tried again, with --summary only the table is printed."
        ),
    ] = "",
) -> None:
    """Real nodes in virtual time while everything breaks; then all must agree (REL-01 … REL-20).

    Exit status: 0 all holds (every planted fault was caught), 1 it does not, 2 there is no such fault. One seed that
    does not hold is told again with `--seed N` and the same stores, stations and operations.
    """
    faults = _chosen(plant) if plant else ()
    if summary is not None:
        ok = _tabled(planted_results.tried(summary), faults) if plant else _summed_up(summary)
        raise typer.Exit(0 if ok else 1)
    wanted: Sequence[int] = range(seed, seed + seeds)
    if resume and results is not None and not plant:
        known = verdicts.done(verdicts.read(results), (ops, stores, stores * stations_per_store))
        wanted = [number for number in wanted if number not in known]
    with _made(stores, stations_per_store) as ground:
        ok = _plant(ground, faults, wanted, ops, results) if plant else _run(ground, wanted, ops, results, trace)
    raise typer.Exit(0 if ok else 1)


def _summed_up(results: Path) -> bool:
    told = verdicts.summary(verdicts.read(results))
    typer.echo(msgspec.json.format(msgspec.json.encode(told), indent=2).decode())
    return bool(told.seeds) and not told.broken


@contextmanager
def _made(stores: int, stations_per_store: int) -> "Iterator[Ground]":
    from kontuar.tools.simulate.ground import ground

    folder = Path(tempfile.mkdtemp(prefix="kontuar-simulate-", dir=_MEMORY if _MEMORY.is_dir() else None))
    folder.chmod(0o755)
    try:
        with ground(folder, stores, stations_per_store) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(ground: "Ground", seeds: Sequence[int], ops: int, results: Path | None, trace: Path | None) -> bool:
    """A seed after the other; what breaks one of them does not keep the rest from being told."""
    from kontuar.tools.simulate.simulation import Simulation

    broken = 0
    for number in seeds:
        simulation = Simulation(ground, number, ops)
        try:
            verdict = simulation.run()
        except Exception as error:  # noqa: BLE001 - a fault of the simulator is a verdict, too, with its seed
            stations = sum(len(place.stations) for place in ground.where)
            verdict = verdicts.broken_off(number, ops, len(ground.where), stations, error)
        broken += bool(verdict.violations)
        typer.echo(msgspec.json.encode(verdict).decode())
        if results is not None:
            verdicts.append(results, verdict)
        if trace is not None:
            trace.write_text("\n".join(simulation.told), "utf-8")
    typer.echo("all holds" if not broken else f"{broken} of {len(seeds)} seeds do not hold")
    return not broken


def _plant(ground: "Ground", chosen: "Sequence[Planted]", seeds: Sequence[int], ops: int, results: Path | None) -> bool:
    """Each fault until a seed catches it; what the results have is not tried again."""
    shape = ops, len(ground.where), sum(len(place.stations) for place in ground.where)
    known = planted_results.tried(results)
    for fault in chosen:
        for number in planted_results.left(known, fault.name, seeds, shape):
            found = _tried(ground, fault, number, ops, shape)
            known.append(found)
            if results is not None:
                verdicts.append(results, found)
            if found.check:
                break
    return _tabled(known, chosen)


def _tabled(known: Sequence[planted_results.Tried], chosen: "Sequence[Planted]") -> bool:
    for line in planted_results.table(known, chosen):
        typer.echo(line)
    return planted_results.all_caught(known, chosen)


def _chosen(name: str) -> "Sequence[Planted]":
    from kontuar.tools.simulate.planting import FAULTS

    found = [fault for fault in FAULTS if fault.name in name.split(",") or name == _ALL]
    if not found:
        typer.echo(f"no such fault; there are: {', '.join(fault.name for fault in FAULTS)}", err=True)
        raise typer.Exit(2)
    return found


def _tried(
    ground: "Ground", fault: "Planted", seed: int, ops: int, shape: tuple[int, int, int]
) -> planted_results.Tried:
    from kontuar.tools.simulate.planting import planted
    from kontuar.tools.simulate.simulation import Simulation

    with planted(fault):
        try:
            violations = Simulation(ground, seed, ops).run().violations
        except Exception as error:  # noqa: BLE001 - a program that cannot even go on was caught
            violations = (f"simulator: {error!r}",)
    violation = violations[0] if violations else ""
    return planted_results.Tried(
        fault=fault.name, seed=seed, wanted=shape[0], stores=shape[1], stations=shape[2],
        check=violation.partition(":")[0], violation=violation[: verdicts.MOST_CHARACTERS],
    )  # fmt: skip
