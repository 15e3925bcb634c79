"""What tills ask head office about coupons, answered from the ledger (COUP-03)."""

import msgspec

from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import Clock
from kontuar.nodes.lanes import Lane
from kontuar.operations.hub import coupons
from kontuar.operations.ports.coupons import RELEASE, RESERVE, VERIFY, ReleaseCoupons, ReserveCoupons, VerifyCoupon
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.storage.failures import StorageBusy
from kontuar.storage.postgres.coupons import PostgresCouponLedger
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubDatabase


class CouponAnswerer:
    """Works on two lanes of its own, so that nobody else waits with a till, and a till that only looks never waits."""

    def __init__(self, keeping: Lane[HubDatabase], looking: Lane[HubDatabase], clock: Clock) -> None:
        self._keeping = keeping
        self._looking = looking
        self._clock = clock
        self._ledger = PostgresCouponLedger(keeping.database)
        self._definitions = PostgresDefinitions(keeping.database)
        self._looked_at = PostgresCouponLedger(looking.database)

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> msgspec.Struct:
        """The answer; raises `Refused`, `DecodeError`, and `StorageFailure` where a release is to be told again."""
        now = self._clock.now()
        if question == RELEASE:
            return await self._keeping(coupons.release, self._ledger, asker, decode(body, ReleaseCoupons), now)
        try:
            if question == VERIFY:
                return await self._looking(coupons.verify, self._looked_at, asker, decode(body, VerifyCoupon), now)
            if question == RESERVE:
                asked = decode(body, ReserveCoupons)
                return await self._keeping(coupons.reserve, self._ledger, self._definitions, asker, asked, now)
        except StorageBusy:
            raise refuse("coupon.busy", "coupon") from None
        raise refuse("question.unknown", question=question[:60])
