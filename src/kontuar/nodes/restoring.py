"""A till's database fetched back from the store's agent to a new machine (REL-20; docs/operations.md)."""

import asyncio
import datetime
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TypeVar

import msgspec

from kontuar import __version__
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import parse_instant
from kontuar.nodes.machine import World
from kontuar.nodes.settings import StationSettings
from kontuar.nodes.station import DATABASE_FILE, IDENTITY_FOLDER, enrol_station
from kontuar.operations.ports.backups import (
    FETCH,
    LIST,
    AskBackups,
    BackupInfo,
    FetchBackup,
    FetchedPiece,
    KeptBackup,
    KeptBackups,
)
from kontuar.storage.backup_files import file_hash, put_together
from kontuar.sync.identity import load_identity
from kontuar.sync.questions import Questions

Answer = TypeVar("Answer")


def put_in_place(files: list[Path], data: Path) -> BackupInfo:
    """Make the database of a station that has none; raises `Refused("backup.database_exists" | "backup.damaged")`."""
    target = data / DATABASE_FILE
    require_no_database(data)
    unfinished = target.with_name(target.name + ".new")
    try:
        info = put_together(files, unfinished)
        unfinished.rename(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return info


def require_no_database(data: Path) -> None:
    """A till that has a database is not restored over it: `Refused("backup.database_exists")`.

    Its log is a part of it: left behind alone, it would be taken into whatever stands in its place.
    """
    if any((data / f"{DATABASE_FILE}{part}").exists() for part in ("", "-wal")):
        raise refuse("backup.database_exists", folder=data)


def chosen(found: Sequence[KeptBackup], at: datetime.datetime | None) -> KeptBackup:
    """The first of a list that is newest first, or the first that was made by then.

    Raises `Refused("backup.none" | "backup.none_so_old")`.
    """
    if not found:
        raise refuse("backup.none")
    by_then = [kept for kept in found if at is None or parse_instant(kept.made_at) <= at]
    if not by_then:
        raise refuse("backup.none_so_old", oldest=min(kept.made_at for kept in found))
    return by_then[0]


async def fetch(
    settings: StationSettings, world: World, at: datetime.datetime | None = None
) -> tuple[KeptBackup, BackupInfo]:
    """Enrol with the one-time code of the settings where this machine is not yet, ask the agent for the till's latest
    backup (`at`: the latest by then), and make its database. Raises `Refused`; then there is no database."""
    require_no_database(settings.data)
    keys = load_identity(settings.data / IDENTITY_FOLDER) or await enrol_station(settings, world)
    transport = world.transport(settings.agent_url)
    try:
        questions = Questions(transport, keys.sender(__version__), keys.signed, keys.keys, world.clock)
        with tempfile.TemporaryDirectory(dir=settings.data, prefix="restore-") as folder:
            kept, files = await _fetched(questions, Path(folder), at)
            return kept, await asyncio.to_thread(put_in_place, files, settings.data)
    finally:
        await transport.close()


async def _fetched(questions: Questions, folder: Path, at: datetime.datetime | None) -> tuple[KeptBackup, list[Path]]:
    kept = chosen((await _ask(questions, LIST, AskBackups(), KeptBackups)).backups, at)
    files: list[Path] = []
    for number, digest in enumerate(kept.files):
        file = folder / f"{number}.ktb"
        await _fetch_file(questions, kept.incarnation, digest, file)
        if await asyncio.to_thread(file_hash, file) != digest:
            raise refuse("backup.damaged", reason="hash")
        files.append(file)
    return kept, files


async def _fetch_file(questions: Questions, incarnation: str, digest: str, file: Path) -> None:
    with file.open("wb") as out:
        while True:
            asked = FetchBackup(incarnation=incarnation, hash=digest, start=out.tell())
            piece = await _ask(questions, FETCH, asked, FetchedPiece)
            if not piece.content:
                return
            out.write(piece.content)


async def _ask(questions: Questions, question: str, asked: msgspec.Struct, shape: type[Answer]) -> Answer:
    try:
        return decode(await questions.ask(question, encode(asked)), shape)
    except msgspec.DecodeError as error:
        raise refuse("backup.damaged", reason=error) from None
