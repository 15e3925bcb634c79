"""A till's whole database goes to the store's agent every few minutes, beside the work (REL-04, REL-20;
docs/operations.md, *Backups of tills*). Its keys and its witness are no part of it (REL-13)."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

import msgspec
import structlog

from kontuar import __version__
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused, refuse
from kontuar.kernel.time import Clock, instant_text, parse_instant
from kontuar.nodes.chores import Chore
from kontuar.nodes.lanes import Lane
from kontuar.operations.ports.backups import (
    OFFER,
    PIECE,
    PIECE_BYTES,
    UNCHANGED,
    BackupInfo,
    BackupPiece,
    BackupTaken,
    BackupUnchanged,
    OfferBackup,
)
from kontuar.operations.ports.questions import HubQuestions
from kontuar.operations.station.station import Station
from kontuar.storage.backup_files import BackupWriter, image_hash
from kontuar.storage.backup_outbox import BackupOutbox, BackupState
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.soundness import step_back
from kontuar.storage.sqlite.still_picture import StillPicture, hold_still
from kontuar.web.desk import BackupStatus

PARAMETER: Final = "backup.minutes"
FOLDER: Final = "backup"
LOOK_SECONDS: Final = 10.0
AGAIN_SECONDS: Final = 30.0
PAGES_AT_ONCE: Final = 128
BREATH_SECONDS: Final = 0.01
"""Between two pieces of the work: a sale that waits for the processor gets it."""
_AGENT_HAS_ANOTHER: Final = frozenset({"backup.previous_missing", "backup.damaged"})
_NOT_NOW: Final = frozenset({"backup.no_room", "backup.disk_fails"})
_log = structlog.get_logger("backup")
Result = TypeVar("Result")


class BackupDesk:
    """One chore of a till. What cannot be done now is done later; nothing waits for it."""

    def __init__(
        self, station: Station, lane: Lane[SqliteDatabase], questions: HubQuestions, level: Callable[[], Connectivity],
        clock: Clock, folder: Path,
    ) -> None:  # fmt: skip
        self._station = station
        self._lane = lane
        self._questions = questions
        self._level = level
        self._clock = clock
        self._outbox = BackupOutbox(folder / FOLDER)
        self._minutes = 0
        self._thread = ThreadPoolExecutor(1, "backup", step_back)
        self._tried_at: float | None = None
        self._ended = False
        self._last = ""

    def chore(self) -> Chore:
        """Looks every few seconds whether one is due."""
        return Chore(name="backup", look=self.look, seconds=LOOK_SECONDS, again_seconds=AGAIN_SECONDS, waits_first=True)

    def close(self) -> None:
        """Let the thread go when it is done."""
        self._thread.shutdown(wait=False)

    async def _beside(self, work: Callable[..., Result], *given: Any) -> Result:
        """In a thread that gives way to selling."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(work, *given))

    def status(self) -> BackupStatus:
        """How often, and when the last one was made that the agent has."""
        return BackupStatus(minutes=self._minutes, at=parse_instant(self._last) if self._last else None)

    async def look(self) -> float | None:
        """Make one when it is time, and send what is on its way."""
        self._minutes = await self._lane(self._interval)
        if not self._last:
            sent = await self._beside(self._outbox.sent)
            self._last = sent.made_at if sent else ""
        if self._level() == Connectivity.OFFLINE:
            return None
        if not self._minutes:
            await self._tell_the_end()
            return None
        self._ended = False
        state = await self._beside(self._outbox.outgoing)
        if state is not None and self._is_stale(state):
            await self._beside(self._outbox.drop)
            state = None
        if state is None and self._is_due():
            state = await self._make()
        if state is not None:
            await self._send(state)
        return None

    def _interval(self) -> int:
        try:
            return self._station.parameters().whole(PARAMETER)
        except Refused:  # no definitions yet: nothing is worth a backup
            return 0

    def _is_due(self) -> bool:
        now = self._clock.monotonic()
        return self._tried_at is None or now - self._tried_at >= self._minutes * 60

    def _is_stale(self, state: BackupState) -> bool:
        """On its way for so long that a newer one is worth more."""
        age = self._clock.now() - parse_instant(state.made_at)
        return abs(age.total_seconds()) > self._minutes * 180

    # -- making ---------------------------------------------------------------------------------------------
    async def _make(self) -> BackupState | None:
        """None when nothing changed, or the database cannot be held still just now."""
        held = await self._lane(self._hold)
        if held is None:
            return None
        picture, seq = held
        try:
            sent = await self._beside(self._outbox.sent)
            base = sent if sent and not sent.is_long() and sent.page_size == picture.page_size else None
            writer = BackupWriter(self._outbox.file, base.digests if base else b"")
            try:
                await self._scan(picture, writer)
            except BaseException:
                writer.drop()
                raise
        finally:
            await self._beside(picture.close)
        self._tried_at = self._clock.monotonic()
        if base is not None and image_hash(writer.digests) == base.image:
            writer.drop()
            await self._tell_unchanged(base)
            return None
        try:
            return await self._beside(self._finished, picture, writer, base, seq)
        except OSError:  # a full disk is not kept full by half a backup
            await self._beside(self._outbox.drop)
            raise

    def _hold(self) -> tuple[StillPicture, int] | None:
        picture = hold_still(self._lane.database)
        return None if picture is None else (picture, self._station.books.stream.head().seq)

    async def _scan(self, picture: StillPicture, writer: BackupWriter) -> None:
        for first in range(0, picture.page_count, PAGES_AT_ONCE):
            await self._beside(lambda at: writer.add(picture.pages(at, PAGES_AT_ONCE)), first)
            await asyncio.sleep(BREATH_SECONDS)

    def _finished(self, picture: StillPicture, writer: BackupWriter, base: BackupState | None, seq: int) -> BackupState:
        identity, made_at = self._station.identity, instant_text(self._clock.now())
        info = BackupInfo(
            station=identity.station, incarnation=identity.incarnation, made_at=made_at, build=__version__,
            schema=picture.schema, page_size=picture.page_size, page_count=picture.page_count, changed=writer.changed,
            previous=base.hash if base else "", image=image_hash(writer.digests), seq=seq,
        )  # fmt: skip
        digest = writer.finish(info)
        size = self._outbox.file.stat().st_size
        state = BackupState(
            hash=digest, size=size, previous=info.previous, image=info.image, page_size=info.page_size,
            digests=writer.digests, made_at=made_at, whole_bytes=base.whole_bytes if base else size,
            added_bytes=base.added_bytes + size if base else 0, added=base.added + 1 if base else 0,
        )  # fmt: skip
        self._outbox.made(state)
        return state

    # -- sending --------------------------------------------------------------------------------------------
    async def _send(self, state: BackupState) -> None:
        offer = OfferBackup(
            hash=state.hash, bytes=state.size, previous=state.previous, every_minutes=self._minutes
        )  # fmt: skip
        try:
            taken = await self._ask(OFFER, offer)
            while not taken.complete:
                content = await self._beside(self._outbox.piece, taken.have, PIECE_BYTES)
                if not content:
                    raise refuse("backup.damaged", reason="length")
                piece = BackupPiece(hash=state.hash, start=taken.have, content=content)
                taken = await self._ask(PIECE, piece)
                await asyncio.sleep(BREATH_SECONDS)
        except Refused as refusal:
            await self._refused(refusal.problems[0].code)
            raise
        await self._beside(self._outbox.complete, state)
        self._last = state.made_at
        _log.info("backup.taken", bytes=state.size, whole=not state.previous)

    async def _tell_unchanged(self, base: BackupState) -> None:
        try:
            await self._ask(UNCHANGED, BackupUnchanged(hash=base.hash, every_minutes=self._minutes))
        except Refused as refusal:
            await self._refused(refusal.problems[0].code)
            raise
        self._last = instant_text(self._clock.now())

    async def _tell_the_end(self) -> None:
        """Nobody waits for backups of a till that makes none any more."""
        sent = None if self._ended else await self._beside(self._outbox.sent)
        if sent is not None:
            await self._ask(UNCHANGED, BackupUnchanged(hash=sent.hash, every_minutes=0))
            await self._beside(self._outbox.drop)
        self._ended = True

    async def _refused(self, code: str) -> None:
        if code in _AGENT_HAS_ANOTHER:
            await self._beside(self._outbox.begin_anew)
            self._tried_at = None
        elif code in _NOT_NOW:
            await self._beside(self._outbox.drop)

    async def _ask(self, question: str, told: msgspec.Struct) -> BackupTaken:
        try:
            return decode(await self._questions.ask(question, encode(told)), BackupTaken)
        except msgspec.DecodeError as error:
            raise refuse("backup.damaged", reason=error) from None
