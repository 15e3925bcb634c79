"""What a station does about coupons without help: head office is told what it need not keep any more (COUP-03)."""

import asyncio
from typing import Final

import structlog

from kontuar.storage.failures import StorageFailure
from kontuar.web import coupons
from kontuar.web.desk import Desk

BEAT_SECONDS: Final = 2.0
_log = structlog.get_logger("coupons")


class CouponDesk:
    """Tells head office what was let go while it was away, or by a crash."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def run(self) -> None:
        """For as long as the station runs."""
        while True:
            try:
                await coupons.settle_all(self._desk)
            except StorageFailure as failure:  # a full disk passes; a damaged database ends the process elsewhere
                _log.warning("coupons.wait", code=failure.code)
            except Exception:  # noqa: BLE001 - a task that dies silently would keep coupons from other tills
                _log.exception("coupons.broke")
            await asyncio.sleep(BEAT_SECONDS)
