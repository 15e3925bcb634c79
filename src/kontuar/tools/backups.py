"""`kontuar backup` and `kontuar restore-drill`: what an agent keeps of its tills, proved and brought back."""

import asyncio
import datetime
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, Final

import typer

from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.time import parse_instant
from kontuar.nodes.agent import BACKUPS_FOLDER, IDENTITY_FOLDER
from kontuar.nodes.machine import MachineClock, this_machine
from kontuar.nodes.restoring import chosen, fetch, put_in_place
from kontuar.nodes.running import set_up_logging
from kontuar.nodes.settings import StationSettings, load
from kontuar.nodes.station import DATABASE_FILE
from kontuar.operations.ports.backups import KeptBackup
from kontuar.storage.backup_shelf import FolderShelf
from kontuar.storage.failures import StorageFailure
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.books import MIGRATIONS
from kontuar.tools.verify.command import look, told
from kontuar.tools.verify.opening import Unreadable
from kontuar.web.i18n import texts

app = typer.Typer(no_args_is_help=True, help="Backups of tills, as the store's agent keeps them.")
AgentFolder = Annotated[
    Path, typer.Argument(help="data folder of an agent, or its folder of backups", exists=True, file_okay=False)
]
Station = Annotated[str, typer.Option("--station", help="only this till")]
_HUB_KEY: Final = "identity.json"


@app.command("list")
def list_backups(folder: AgentFolder, station: Station = "") -> None:
    """One line for each backup that a till can be restored from, the newest first."""

    def work() -> int:
        for number, kept in enumerate(_shelf(folder).kept(station), 1):
            typer.echo(f"{number}  {_line(kept)}")
        return 0

    _say(work)


@app.command()
def restore(
    data: Annotated[Path, typer.Argument(help="data folder of the new till; it has no database yet")],
    source: Annotated[Path | None, typer.Option("--from", help="an agent's folder; else the till's agent is asked")]
    = None,
    station: Station = "",
    pick: Annotated[int, typer.Option(help="with --from: the number in the list")] = 0,
    at: Annotated[str, typer.Option(help="the latest that was made by then: 2026-11-22T12:29:00Z")]
    = "",
    settings: Annotated[Path | None, typer.Option("--settings", help="TOML file of the till")] = None,
) -> None:  # fmt: skip
    """Bring a till's database back to a machine that has none. A refusal ends with status 2, and nothing was made."""

    def work() -> int:
        if source is None:
            wanted = load(StationSettings, settings, {**os.environ, "KONTUAR_DATA": str(data)})
            data.mkdir(parents=True, exist_ok=True)
            kept, _ = asyncio.run(fetch(wanted, this_machine(), _moment(at)))
        else:
            shelf = _shelf(source)
            kept = _picked(shelf.kept(station), pick, _moment(at))
            put_in_place(shelf.chain(kept), data)
        typer.echo(f"restored: {_line(kept)}")
        return 0

    _say(work)


def restore_drill(folder: AgentFolder, station: Station = "") -> None:
    """Put the latest backup of every till together in a temporary folder, check it, prove its books, and throw it away.

    Exit status: 0 all hold, 1 one does not, 2 there is nothing to be restored.
    """

    def work() -> int:
        shelf = _shelf(folder)
        latest: dict[str, KeptBackup] = {}
        for kept in shelf.kept(station):
            latest.setdefault(kept.station, kept)
        if not latest:
            raise refuse("backup.none")
        holds = True
        for _, kept in sorted(latest.items()):
            holds = _drilled(shelf, kept, folder) and holds
        return 0 if holds else 1

    _say(work)


def _drilled(shelf: FolderShelf, kept: KeptBackup, folder: Path) -> bool:
    typer.echo(_line(kept))
    try:
        with tempfile.TemporaryDirectory(prefix="kontuar-drill-") as place:
            return _proved(shelf, kept, folder, Path(place))
    except (Refused, StorageFailure, Unreadable) as failure:
        typer.echo(f"  does not hold: {failure}")
        return False


def _proved(shelf: FolderShelf, kept: KeptBackup, folder: Path, place: Path) -> bool:
    put_in_place(shelf.chain(kept), place)
    database = SqliteDatabase(place / DATABASE_FILE, migrations=MIGRATIONS)
    try:
        faults = [str(row[0]) for row in database.rows("PRAGMA integrity_check")]
        schema = int(database.value("PRAGMA user_version"))
        drafts, documents = (int(database.value(f"SELECT count(*) FROM {table}")) for table in ("draft", "document"))
    finally:
        database.close()
    sound = faults == ["ok"]
    typer.echo(f"  opens with schema {schema}: {drafts:,} drafts, {documents:,} documents; {'; '.join(faults)}")
    identity = folder / IDENTITY_FOLDER / _HUB_KEY
    if identity.exists():  # by the hub's key in it the signatures are checked
        (place / IDENTITY_FOLDER).mkdir()
        shutil.copy(identity, place / IDENTITY_FOLDER / _HUB_KEY)
    report = look(str(place), [])
    for line in told(report):
        typer.echo(f"  {line}")
    return sound and report.holds


def _shelf(folder: Path) -> FolderShelf:
    within = folder / BACKUPS_FOLDER
    return FolderShelf(within if within.is_dir() else folder, MachineClock())


def _picked(found: tuple[KeptBackup, ...], pick: int, at: datetime.datetime | None) -> KeptBackup:
    if len({kept.station for kept in found}) > 1:
        raise typer.BadParameter("the folder has backups of several tills: say which by --station")
    if not pick:
        return chosen(found, at)
    if at is not None:
        raise typer.BadParameter("either --pick or --at")
    if not 1 <= pick <= len(found):
        raise refuse("backup.none")
    return found[pick - 1]


def _moment(text: str) -> datetime.datetime | None:
    try:
        return parse_instant(text) if text else None
    except ValueError:
        raise typer.BadParameter(f"{text} is no moment: write it as 2026-11-22T12:29:00Z") from None


def _line(kept: KeptBackup) -> str:
    return "; ".join(_parts(kept))


def _parts(kept: KeptBackup) -> Iterator[str]:
    now = MachineClock().now()
    yield f"{kept.station} ({kept.incarnation[:8]}): made {_ago(now, kept.made_at)} ago ({kept.made_at})"
    if kept.checked_at != kept.made_at:
        yield f"known to be as good as new {_ago(now, kept.checked_at)} ago"
    yield f"message {kept.seq:,}, schema {kept.schema}, program {kept.build}"
    yield f"{kept.image_bytes / 2**20:.1f} MiB in {len(kept.files)} files of {kept.bytes / 2**20:.1f} MiB"


def _ago(now: datetime.datetime, text: str) -> str:
    seconds = max(0, round((now - parse_instant(text)).total_seconds()))
    for name, size in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size} {name}"
    return f"{seconds} seconds"


def _say(work: Callable[[], int]) -> None:
    set_up_logging("warning")
    try:
        status = work()
    except Refused as refusal:
        words = texts("en")
        for problem in refusal.problems:
            typer.echo(f"{problem.code}: {words.problem(problem)}", err=True)
        raise typer.Exit(2) from None
    except OSError as failure:
        typer.echo(f"{type(failure).__name__}: {failure}", err=True)
        raise typer.Exit(3) from None
    raise typer.Exit(status)
