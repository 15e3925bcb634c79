"""How head office answers tills about coupons while somebody holds the ledger, on a real PostgreSQL (COUP-03)."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing

import pytest

from coupon_ledger import COUPONS, POS1, POS2, Ledger, using
from hub_documents_world import DAY, NOON, STORE, FixedClock, Hub, Till, new_id
from kontuar.kernel.canonical import encode
from kontuar.nodes.hub_coupons import CouponAnswerer
from kontuar.nodes.lanes import Lane
from kontuar.operations.hub.booking import book_batch
from kontuar.operations.ports.coupons import (
    RELEASE,
    RESERVE,
    VERIFY,
    CouponAnswer,
    ReleaseCoupons,
    ReserveCoupons,
    VerifyCoupon,
)
from kontuar.operations.ports.hub_documents import StreamPlace
from kontuar.storage.failures import StorageBusy
from kontuar.storage.postgres.engine import HubDatabase
from refusals import refused

pytestmark = pytest.mark.postgres


@pytest.fixture
def hub(postgres_url: str) -> Iterator[Hub]:
    world = Hub(postgres_url)
    world.define(COUPONS, "coupon")
    yield world
    world.database.close()


def reserve(doc_id: str, code: str, turn: int = 1) -> bytes:
    return encode(ReserveCoupons(doc_id=doc_id, codes=(code,), day=DAY, turn=turn))


def answering(url: str, talk: Callable[[CouponAnswerer], Awaitable[None]]) -> None:
    """Head office's answerer on lanes of its own, for as long as the talk lasts."""
    keeping, looking = (Lane(name, HubDatabase(url)) for name in ("coupons", "coupon looks"))

    async def run() -> None:
        keeping.open()
        looking.open()
        await talk(CouponAnswerer(keeping, looking, FixedClock()))

    try:
        asyncio.run(run())
    finally:
        keeping.close()
        looking.close()


def test_a_till_hears_that_a_coupon_is_busy_while_others_are_answered_at_once(hub: Hub, postgres_url: str) -> None:
    """COUP-03: looking waits for nobody, not even for a till before it that waits."""
    del hub

    async def talk(ask: CouponAnswerer) -> None:
        waiting = asyncio.create_task(ask(POS1, RESERVE, reserve(new_id(), "ONCE")))
        await asyncio.sleep(0.3)
        looked = await ask(POS2, VERIFY, encode(VerifyCoupon(doc_id="d", code="ONCE", day=DAY)))
        assert looked == CouponAnswer(doc_id="d", codes=("ONCE",))
        assert not waiting.done()
        with refused("coupon.busy"):
            await waiting

    holder = Ledger(postgres_url)
    with closing(holder.database), holder.database.transaction():
        holder.book.lock(["ONCE"])
        answering(postgres_url, talk)


def test_a_release_that_must_wait_is_no_refusal_so_that_its_till_tells_it_again(hub: Hub, postgres_url: str) -> None:
    """COUP-03: a refusal would be taken as heard, and the code be kept for hours."""
    till = Till()
    till.open_shift()
    sold = till.sell((1, 1), discounts=using("ONCE"))
    hub.push(till)
    ledger = Ledger(postgres_url)
    ledger.reserve(sold.doc_id, "ONCE")

    async def talk(ask: CouponAnswerer) -> None:
        with pytest.raises(StorageBusy):
            await ask(POS1, RELEASE, encode(ReleaseCoupons(doc_id=sold.doc_id, turn=2)))

    with closing(ledger.database):
        with hub.database.transaction():
            book_batch(hub.desk, StreamPlace(store=STORE, origin="POS1", incarnation="life1"), NOON)
            answering(postgres_url, talk)
        ledger.release(sold.doc_id, turn=2)
        assert ledger.kept() == []
