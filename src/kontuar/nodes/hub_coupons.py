"""What tills ask head office about coupons, answered from the ledger (COUP-03)."""

import msgspec

from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import Clock
from kontuar.nodes.lanes import Lane
from kontuar.operations.hub import coupons
from kontuar.operations.ports.coupons import RELEASE, RESERVE, VERIFY, ReleaseCoupons, ReserveCoupons, VerifyCoupon
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.storage.postgres.coupons import PostgresCouponLedger
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubDatabase


class CouponAnswerer:
    """Works on a lane of its own: while booking holds the ledger, nobody else at head office waits with it."""

    def __init__(self, lane: Lane[HubDatabase], clock: Clock) -> None:
        self._lane = lane
        self._clock = clock
        self._ledger = PostgresCouponLedger(lane.database)
        self._definitions = PostgresDefinitions(lane.database)

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> msgspec.Struct:
        """The answer; raises `Refused`, `DecodeError`."""
        now = self._clock.now()
        if question == VERIFY:
            return await self._lane(coupons.verify, self._ledger, decode(body, VerifyCoupon), now)
        if question == RESERVE:
            asked = decode(body, ReserveCoupons)
            return await self._lane(coupons.reserve, self._ledger, self._definitions, asker, asked, now)
        if question == RELEASE:
            return await self._lane(coupons.release, self._ledger, asker, decode(body, ReleaseCoupons))
        raise refuse("question.unknown", question=question[:60])
