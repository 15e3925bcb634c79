"""`kontuar crashes`: rounds of kills over real processes, one line of JSON each; the exit status is the verdict."""

import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import typer

if TYPE_CHECKING:
    from kontuar.tools.crashes.round import Round

_FAULTS_SHOWN: Final = 20


def crashes(
    rounds: Annotated[int, typer.Option(min=1, help="So many rounds, each a chain of its own.")] = 1,
    seed: Annotated[int, typer.Option(help="The seed of the first round.")] = 1,
    kills: Annotated[int, typer.Option(min=1, help="Kills of tills and agents in a round.")] = 100,
    hub_kills: Annotated[int, typer.Option(min=0, help="Kills of the hub, its database or both in a round.")] = 10,
    stores: Annotated[int, typer.Option(min=1, max=10, help="Stores of the chain.")] = 2,
    stations_per_store: Annotated[int, typer.Option(min=1, max=10, help="Tills in each store.")] = 2,
    results: Annotated[Path | None, typer.Option(help="Append every round there (JSON lines).")] = None,
    keep: Annotated[Path | None, typer.Option(help="Folder for data and logs (new); kept afterwards.")] = None,
) -> None:
    """Kill real processes with SIGKILL at random moments while tills sell; then count and prove everything.

    Exit status: 0 all holds, 1 it does not; then the data of that round are kept.
    """
    done: list[Round] = []
    for number in range(seed, seed + rounds):
        place = keep / f"round-{number}" if keep is not None else Path(tempfile.mkdtemp(prefix="kontuar-crashes-"))
        place.mkdir(parents=True, exist_ok=True)
        place.chmod(0o711)  # the embedded server runs as another user when this is root
        one = _one(number, kills, hub_kills, stores, stations_per_store, place)
        line = msgspec.json.encode(one).decode()
        typer.echo(line)
        if results is not None:
            with results.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
        done.append(one)
        if one.faults:
            typer.echo("\n".join([*one.faults[:_FAULTS_SHOWN], f"kept in {place}"]))
        elif keep is None:
            shutil.rmtree(place, ignore_errors=True)
    typer.echo(summary(done))
    raise typer.Exit(1 if any(one.faults for one in done) else 0)


def summary(done: "list[Round]") -> str:
    """The last line."""
    kills: Counter[str] = Counter()
    for one in done:
        kills.update(one.kills)
    receipts = sum(one.receipts for one in done)
    told = ", ".join(f"{what} {count}" for what, count in sorted(kills.items()))
    faults = sum(len(one.faults) for one in done)
    verdict = "all holds" if not faults else f"does not hold: {faults} faults"
    return f"{len(done)} rounds, {sum(kills.values())} kills ({told}), {receipts} receipts: {verdict}"


def _one(number: int, kills: int, hub_kills: int, stores: int, stations_per_store: int, place: Path) -> "Round":
    from kontuar.tools.crashes.round import Wanted, one_round
    from kontuar.tools.replay.progress import Silent

    wanted = Wanted(seed=number, kills=kills, hub_kills=hub_kills, stores=stores, stations_per_store=stations_per_store)
    return asyncio.run(one_round(wanted, place, Silent()))
