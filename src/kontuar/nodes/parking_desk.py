"""What a station does about parked documents without help: leases, what waits, a new agent (PARK-03, PARK-05)."""

from typing import Final

import structlog

from kontuar.kernel.errors import Refused
from kontuar.nodes.chores import Chore
from kontuar.operations.station.parking import errands
from kontuar.web import parked
from kontuar.web.desk import Desk

BEAT_SECONDS: Final = 1.0
DAY_SECONDS: Final = 86_400.0
_log = structlog.get_logger("parking")


class ParkingDesk:
    """Tells the agent what is due, one thing after another; nothing here is in anybody's way."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def chores(self) -> list[Chore]:
        """For as long as the station runs; what was approved long ago is forgotten at the start and once a day."""
        return [
            Chore(name="parking", look=self.once, seconds=BEAT_SECONDS),
            Chore(name="old parking", look=self._forget, seconds=DAY_SECONDS, again_seconds=BEAT_SECONDS),
        ]

    async def _forget(self) -> None:
        await self._desk.run(errands.forget_old, self._desk.station)

    async def once(self) -> None:
        """All that is due now; an agent that knows nothing of this store's parking is offered it first."""
        desk = self._desk
        if not parked.in_reach(desk):
            return
        offer = await desk.run(errands.offer, desk.station)
        if offer is not None:
            await self._offer(offer)
            return
        for errand in await desk.run(errands.due, desk.station):
            problems = await parked.run_errand(desk, errand)
            if problems:
                _log.info("parking.declined", question=errand.question, code=problems[0].code)

    async def _offer(self, offer: errands.Errand) -> None:
        try:
            answer = await self._desk.ask(offer.question, offer.body)
        except Refused as refusal:
            _log.warning("parking.offer_waits", code=refusal.problems[0].code)
            return
        await self._desk.run(errands.offered, self._desk.station, offer, answer)
