"""What head office does beside its work: sums for reports, alarms, answers of stations, figures in the navigation."""

from typing import Final

from kontuar.nodes.chores import Chore
from kontuar.operations.hub import coupons, monitor, reports, verification, verification_work
from kontuar.web.hub_document_parts import HubDocumentParts

BEAT_SECONDS: Final = 2.0
ALARM_SECONDS: Final = 10.0


class HubChores:
    """`counts` is what the navigation shows beside its links."""

    def __init__(self, parts: HubDocumentParts, counts: dict[str, int]) -> None:
        self._parts = parts
        self._counts = counts

    def chores(self) -> list[Chore]:
        """For as long as the hub runs."""
        return [
            Chore(name="answers", look=self._answers, seconds=BEAT_SECONDS),
            Chore(name="sums", look=self._sums, seconds=BEAT_SECONDS),
            Chore(name="alarms", look=self._alarms, seconds=ALARM_SECONDS),
            Chore(name="ended coupons", look=self._coupons, seconds=ALARM_SECONDS),
            Chore(name="counts", look=self._count, seconds=BEAT_SECONDS),
        ]

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
