"""What head office does beside its work: sums for reports, alarms, answers of stations, figures in the navigation."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from kontuar.operations.hub import coupons, monitor, reports, verification, verification_work
from kontuar.storage.failures import StorageFailure
from kontuar.web.hub_document_parts import HubDocumentParts

BEAT_SECONDS: Final = 2.0
ALARM_BEATS: Final = 5

_log = structlog.get_logger(__name__)


class HubChores:
    """One task; `counts` is what the navigation shows beside its links."""

    def __init__(self, parts: HubDocumentParts, counts: dict[str, int]) -> None:
        self._parts = parts
        self._counts = counts
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin; inside the server's loop."""
        self._task = asyncio.create_task(self._forever(), name="chores")

    async def stop(self) -> None:
        """What was not done is done at the next start."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _forever(self) -> None:
        beat = 0
        while True:
            await self._one("answers", self._answers)
            await self._one("sums", self._sums)
            if beat % ALARM_BEATS == 0:
                await self._one("alarms", self._alarms)
                await self._one("coupons", self._coupons)
            await self._one("counts", self._count)
            beat += 1
            await asyncio.sleep(BEAT_SECONDS)

    async def _one(self, name: str, chore: Callable[[], Awaitable[None]]) -> None:
        try:
            await chore()
        except StorageFailure as failure:
            _log.warning("hub.chore_waits", chore=name, code=failure.code)
        except Exception:  # noqa: BLE001 - said loudly, tried again; the other chores go on
            _log.exception("hub.chore_broke", chore=name)

    async def _answers(self) -> None:
        parts = self._parts
        await parts.run(
            verification_work.close_answered, parts.desk, parts.verification, parts.wishes, parts.clock.now()
        )

    async def _sums(self) -> None:
        await self._parts.reporting(reports.fold_waiting, self._parts.reports)

    async def _alarms(self) -> None:
        parts = self._parts
        await parts.run(monitor.watch, parts.monitor, parts.alarms, parts.clock.now())

    async def _coupons(self) -> None:
        await self._parts.couponing(coupons.forget_ended, self._parts.coupons, self._parts.clock.now())

    async def _count(self) -> None:
        parts = self._parts
        self._counts["/verification"] = await parts.run(verification.open_count, parts.verification)
        alarms = await parts.run(monitor.open_alarms, parts.alarms)
        self._counts["/monitor"] = sum(1 for alarm in alarms if alarm.acknowledged_at is None)
