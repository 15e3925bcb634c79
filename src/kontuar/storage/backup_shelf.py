"""The folder in which an agent keeps backups of its tills (docs/operations.md, *Backups of tills*).

FOLDER/till-S1T1/life-INCARNATION/000007-HASH.ktb     in order; the first of a chain has all pages
                                 /HASH.part           what is on its way
                                 /seen.json           when the latest was last said to be as good as new
"""

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Final
from urllib.parse import quote, unquote

import msgspec

from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.time import Clock, instant_text, parse_instant
from kontuar.operations.ports.backups import (
    PIECE_BYTES,
    BackupAge,
    BackupInfo,
    BackupPiece,
    BackupTaken,
    BackupUnchanged,
    FetchBackup,
    KeptBackup,
    OfferBackup,
)
from kontuar.storage.backup_files import file_hash, read_info
from kontuar.storage.failures import NO_ROOM
from kontuar.storage.sqlite.soundness import sync_folder

CHAINS_KEPT: Final = 2
LIVES_KEPT: Final = 3
LEAST_FREE_BYTES: Final = 256 * 1024 * 1024
_NAME: Final = re.compile(r"^(\d{6,12})-([0-9a-f]{64})\.ktb$")


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """When a till's latest backup was known to be as good as new, and how often one may be hoped for."""

    at: str
    every_minutes: int


class KeptFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file of a life, in its place."""

    number: int
    hash: str
    path: Path
    info: BackupInfo


class FolderShelf:
    """Implements `operations.ports.backups.BackupShelf`."""

    def __init__(self, folder: Path, clock: Clock, *, least_free_bytes: int = LEAST_FREE_BYTES) -> None:
        """`least_free_bytes`: so much stays free for what matters more than backups."""
        self._folder = folder
        self._clock = clock
        self._least_free_bytes = least_free_bytes

    # -- taking in ------------------------------------------------------------------------------------------
    def offer(self, station: str, incarnation: str, told: OfferBackup) -> BackupTaken:
        """Begin or go on; raises `backup.previous_missing` and `backup.no_room`."""
        life = self._life(station, incarnation)
        files = _files(life)
        if files and files[-1].hash == told.hash:
            self._see(life, told.every_minutes)
            return BackupTaken(have=told.bytes, complete=True)
        if told.previous and (not files or files[-1].hash != told.previous):
            raise refuse("backup.previous_missing", station=station)
        part = life / f"{told.hash}.part"
        life.mkdir(parents=True, exist_ok=True)
        for other in (*life.glob("*.part"), *life.glob("*.offer")):
            if other.stem != told.hash:
                other.unlink()
        have = part.stat().st_size if part.exists() else 0
        self._make_room(life, told.bytes - have)
        part.touch()
        _replace(life / f"{told.hash}.offer", encode(told))
        return BackupTaken(have=have, complete=False) if have < told.bytes else self._finished(life, part, told)

    def take(self, station: str, incarnation: str, piece: BackupPiece) -> BackupTaken:
        """Keep a piece where it fits; raises `backup.not_offered`, `backup.damaged` and `backup.no_room`."""
        life = self._life(station, incarnation)
        part = life / f"{piece.hash}.part"
        told = _offer_of(life, piece.hash)
        if told is None or not part.exists():
            raise refuse("backup.not_offered", station=station)
        have = part.stat().st_size
        if piece.start == have and have + len(piece.content) <= told.bytes:
            try:
                with part.open("ab") as out:
                    out.write(piece.content)
            except OSError as error:
                if error.errno not in NO_ROOM:
                    raise
                _forget(life, part)
                raise refuse("backup.no_room", station=station) from None
            have += len(piece.content)
        return BackupTaken(have=have, complete=False) if have < told.bytes else self._finished(life, part, told)

    def unchanged(self, station: str, incarnation: str, told: BackupUnchanged) -> BackupTaken:
        """The latest is as good as new, or the last; raises `backup.previous_missing`."""
        life = self._life(station, incarnation)
        files = _files(life)
        if not files or files[-1].hash != told.hash:
            raise refuse("backup.previous_missing", station=station)
        before = _seen(life).at
        self._see(life, told.every_minutes, at="" if told.every_minutes else before)
        return BackupTaken(have=files[-1].path.stat().st_size, complete=True)

    def _finished(self, life: Path, part: Path, told: OfferBackup) -> BackupTaken:
        """Checked by its hash, and durable before it counts."""
        station = _station(life)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        try:
            if file_hash(part) != told.hash or read_info(part).previous != told.previous:
                raise refuse("backup.damaged", reason="hash")
        except Refused:
            _forget(life, part)
            raise
        files = _files(life)
        if told.previous and (not files or files[-1].hash != told.previous):
            _forget(life, part)
            raise refuse("backup.previous_missing", station=station)
        number = files[-1].number + 1 if files else 1
        part.rename(life / f"{number:06d}-{told.hash}.ktb")
        sync_folder(life)
        _forget(life, part)
        self._see(life, told.every_minutes)
        self._prune(life, CHAINS_KEPT)
        self._prune_lives(life)
        return BackupTaken(have=told.bytes, complete=True)

    # -- room -----------------------------------------------------------------------------------------------
    def _make_room(self, life: Path, needed: int) -> None:
        if self._lacks_room(needed):
            self._prune(life, 1)
        if self._lacks_room(needed):
            raise refuse("backup.no_room", station=_station(life))

    def _lacks_room(self, needed: int) -> bool:
        return shutil.disk_usage(self._folder).free - needed < self._least_free_bytes

    def _prune(self, life: Path, chains: int) -> None:
        """All but the latest chains go."""
        kept = {file.path for chain in _chains(_files(life))[-chains:] for file in chain}
        for path in sorted(life.glob("*.ktb")):
            if path not in kept:
                path.unlink()

    def _prune_lives(self, life: Path) -> None:
        others = sorted(life.parent.glob("life-*"), key=lambda each: _seen(each).at, reverse=True)
        for other in others[LIVES_KEPT:]:
            shutil.rmtree(other)

    # -- looking --------------------------------------------------------------------------------------------
    def kept(self, station: str = "") -> tuple[KeptBackup, ...]:
        """The latest of each chain of each till, or of one till; the newest first."""
        found = [kept for life in self._lives(station) for kept in _kept(life)]
        return tuple(sorted(found, key=lambda kept: (kept.checked_at, kept.made_at), reverse=True))

    def chain(self, kept: KeptBackup) -> list[Path]:
        """The files it is put together from, the whole one first; raises `Refused("backup.unknown")`."""
        there = {file.hash: file.path for file in _files(self._life(kept.station, kept.incarnation))}
        if not set(kept.files) <= there.keys():
            raise refuse("backup.unknown", station=kept.station)
        return [there[each] for each in kept.files]

    def piece(self, station: str, asked: FetchBackup) -> bytes:
        """Raises `backup.unknown`."""
        for file in _files(self._life(station, asked.incarnation)):
            if file.hash == asked.hash:
                with file.path.open("rb") as content:
                    content.seek(asked.start)
                    return content.read(PIECE_BYTES)
        raise refuse("backup.unknown", station=station)

    def ages(self) -> tuple[BackupAge, ...]:
        """Of the latest life of each till."""
        latest: dict[str, Seen] = {}
        for life in self._lives(""):
            station, seen = _station(life), _seen(life)
            if seen.at and seen.at > latest.get(station, Seen(at="", every_minutes=0)).at:
                latest[station] = seen
        now = self._clock.now()
        return tuple(
            BackupAge(
                station=station, seconds=max(0.0, (now - parse_instant(seen.at)).total_seconds()),
                every_minutes=seen.every_minutes,
            )
            for station, seen in sorted(latest.items())
        )  # fmt: skip

    def _lives(self, station: str) -> Iterator[Path]:
        pattern = _till(station) if station else "till-*"
        yield from sorted(self._folder.glob(f"{glob_safe(pattern) if station else pattern}/life-*"))

    def _life(self, station: str, incarnation: str) -> Path:
        return self._folder / _till(station) / f"life-{quote(incarnation, safe='')}"

    def _see(self, life: Path, every_minutes: int, at: str = "") -> None:
        told = Seen(at=at or instant_text(self._clock.now()), every_minutes=every_minutes)
        _replace(life / "seen.json", encode(told))


def glob_safe(name: str) -> str:
    """As it is, for a pattern."""
    return re.sub(r"([*?[])", r"[\1]", name)


def _till(station: str) -> str:
    return f"till-{quote(station, safe='')}"


def _station(life: Path) -> str:
    return unquote(life.parent.name.removeprefix("till-"))


def _files(life: Path) -> list[KeptFile]:
    """In order; one that cannot be read any more, and what was built on it, is as if it were not there."""
    named = sorted((int(match[1]), match[2], path) for path in life.glob("*.ktb") if (match := _NAME.match(path.name)))
    found: list[KeptFile] = []
    for number, digest, path in named:
        try:
            info = read_info(path)
        except (Refused, FileNotFoundError):  # no backup any more, or just pruned
            continue
        if not info.previous or (found and found[-1].hash == info.previous):
            found.append(KeptFile(number=number, hash=digest, path=path, info=info))
    return found


def _chains(files: list[KeptFile]) -> list[list[KeptFile]]:
    """Each begins with a whole file."""
    begins = [place for place, file in enumerate(files) if not file.info.previous]
    return [files[first:last] for first, last in zip(begins, [*begins, len(files)][1:], strict=True)]


def _kept(life: Path) -> Iterator[KeptBackup]:
    chains = _chains(_files(life))
    for chain in chains:
        checked_at = _seen(life).at if chain is chains[-1] else ""
        yield _kept_by(life, chain, checked_at)


def _kept_by(life: Path, chain: list[KeptFile], checked_at: str) -> KeptBackup:
    """Whose it is, says the folder: by who signed the questions, not by what stands in a file."""
    latest = chain[-1].info
    return KeptBackup(
        station=_station(life), incarnation=unquote(life.name.removeprefix("life-")), made_at=latest.made_at,
        checked_at=checked_at or latest.made_at, build=latest.build, schema=latest.schema, seq=latest.seq,
        image_bytes=latest.page_count * latest.page_size, image=latest.image,
        bytes=sum(file.path.stat().st_size for file in chain), files=tuple(file.hash for file in chain),
    )  # fmt: skip


def _offer_of(life: Path, digest: str) -> OfferBackup | None:
    try:
        return msgspec.json.decode((life / f"{digest}.offer").read_bytes(), type=OfferBackup)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _forget(life: Path, part: Path) -> None:
    part.unlink(missing_ok=True)
    for offer in life.glob("*.offer"):
        offer.unlink()


def _seen(life: Path) -> Seen:
    try:
        return msgspec.json.decode((life / "seen.json").read_bytes(), type=Seen)
    except (FileNotFoundError, msgspec.DecodeError):
        return Seen(at="", every_minutes=0)


def _replace(file: Path, content: bytes) -> None:
    """Whole or not at all; what it says may be lost in a power cut."""
    unfinished = file.with_name(file.name + ".new")
    unfinished.write_bytes(content)
    unfinished.replace(file)
