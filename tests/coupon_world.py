"""Tills of one store, their agent's parking, and head office's ledger of coupons: all real, over a wire with moods.

The wire's moods, one for each question: `answered`; `lost` = never arrives; `unheard` = done, but the answer is lost;
`late` = arrives after everybody gave up; `doubled` = answered, and arrives once more later; `killed` = the till's
process ends when it is done, `killed_before` = before the question leaves. Or: what else is done at that till while it
is answered.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from coupon_ledger import Ledger, station
from discounts import article, off
from hub_definitions_world import ADMIN, open_world
from hub_documents_world import Hub
from hub_documents_world import Till as Stream
from kontuar.domain.definitions.kinds import KIND_OF
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import ShiftOpened, approved_kind
from kontuar.domain.pricing.discount import Coupon, Discount
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.ports.coupons import RELEASE, VERIFY, ReleaseCoupons, ReserveCoupons, VerifyCoupon
from kontuar.operations.station import approval, coupon_marks, payments
from kontuar.web import approving, coupons
from kontuar.web.desk import SyncStatus
from parked_tills import ParkingTill, StoreOfTills, run
from shop import MILK, CountedIds, HandClock, actor_of, change, small_shop

EWA: Final = actor_of()
SERIES: Final = {"digits": 6, "last_number": 999_999}
COUPONS: Final = (
    Discount(code="TEN", name="Ten", source="PRM", deal=off("10", article(MILK)), state="confirmed", by_coupon=True),
    Discount(code="FIVE", name="Five", source="PRM", deal=off("5"), state="confirmed", by_coupon=True),
    Coupon(code="ONCE", name="Once", discount="TEN", **SERIES),
    Coupon(code="FREE", name="Once, and unchecked where nobody answers", discount="FIVE", offline=True, **SERIES),
)
"""Both series are for one use of each code."""


class Killed(BaseException):
    """The process is gone: nothing that followed the question was done."""


class HeadOffice:
    """Its ledger and its booking, on one database for as many stories as are told."""

    def __init__(self, url: str, folder: Path) -> None:
        self._office = open_world(url, folder)
        rows = [(KIND_OF[type(record)].name, record) for record in (*small_shop(), *COUPONS)]
        self._office.definitions.put_rows(ADMIN, rows)
        self.hub = Hub(url, articles=1)
        self.ledger = Ledger(url)

    def close(self) -> None:
        for database in (self._office.database, self.hub.database, self.ledger.database):
            database.close()

    def answer(self, asker: str, question: str, body: bytes) -> bytes:
        who = station(asker, "S1")
        if question == VERIFY:
            verified = decode(body, VerifyCoupon)
            return encode(self.ledger.verify(verified.code, verified.doc_id))
        if question == RELEASE:
            told = decode(body, ReleaseCoupons)
            self.ledger.release(told.doc_id, who, told.turn)
            return encode({"doc_id": told.doc_id, "codes": []})
        asked = decode(body, ReserveCoupons)
        return encode(self.ledger.reserve(asked.doc_id, *asked.codes, asker=who, turn=asked.turn))

    def kept(self, code: str) -> set[tuple[str, str]]:
        """(document, station) of what is kept of a code now."""
        found = self.hub.rows(
            "SELECT doc_id, station FROM coupon_reservation WHERE code = %s AND until > %s", code, self.ledger.now
        )
        return set(found)

    def used(self, code: str) -> list[tuple[str, str]]:
        """(document, number), in the order in which they were booked."""
        return self.hub.rows("SELECT doc_id, number FROM coupon_use WHERE code = %s ORDER BY number", code)

    def conflicts(self, code: str) -> dict[str, str]:
        """Number of a listed document → the numbers it is said to be in conflict with."""
        found = self.hub.rows(
            "SELECT number, p -> 'facts' ->> 'other' FROM verification_item, jsonb_array_elements(problems) p "
            "WHERE p ->> 'code' = 'coupon.used_too_often' AND p -> 'facts' ->> 'coupon' = %s", code,
        )  # fmt: skip
        return dict(found)

    def waiting(self) -> set[str]:
        """Documents that wait for a person."""
        return {row[0] for row in self.hub.rows("SELECT doc_id FROM verification_item WHERE state = 'parked'")}

    def kept_until(self, doc_id: str) -> datetime.datetime | None:
        """When the first reservation of a document ends."""
        found = self.hub.rows("SELECT min(until) FROM coupon_reservation WHERE doc_id = %s", doc_id)
        return found[0][0]  # type: ignore[no-any-return]


class CouponTill(ParkingTill):
    """A till whose process can be killed; `moods` are those of its next questions."""

    def __init__(self, store: CouponStore, folder: Path, number: int, lives: int = 0) -> None:
        self.world = store
        self.moods: list[str] = []
        super().__init__(store, folder, number)
        self._folder, self._number, self._lives = folder, number, lives
        self.station.ids = CountedIds(store.clock, number * 1_000_000 + lives * 10_000)
        self.station.identity = msgspec.structs.replace(self.station.identity, series=f"{number}X{store.story}")
        self.station.connectivity = lambda: store.level
        if not lives:
            change(self.books, *COUPONS)

    def reborn(self) -> CouponTill:
        """The process is gone, and begins anew over what is on the disk."""
        self.books.database.close()
        again = CouponTill(self.world, self._folder, self._number, self._lives + 1)
        again._pushed = self._pushed
        return again

    # -- what a cashier does ------------------------------------------------------------------------------
    def put(self, doc_id: str, code: str) -> None:
        run(coupons.put(self.request("EWA"), self.desk, doc_id, code))

    def take_off(self, doc_id: str, code: str) -> None:
        run(coupons.take_off(self.request("EWA"), self.desk, doc_id, code))

    def open_payment(self, doc_id: str) -> None:
        run(coupons.open_payment(self.request("EWA"), self.desk, payments.window, doc_id))

    def leave_payment(self, doc_id: str) -> None:
        payments.clear(self.station, EWA, doc_id)
        payments.leave(self.station, EWA, doc_id)
        run(coupons.settle(self.desk, doc_id))

    def give_money(self, doc_id: str) -> None:
        payments.assign(self.station, EWA, doc_id, "cash")

    def finish(self, doc_id: str) -> Document:
        return run(approving.approved(self.request("EWA"), self.desk, doc_id, approval.approve))

    def settle(self) -> None:
        run(coupons.settle_all(self.desk))

    def tell_due(self) -> None:
        """The same where a question of this till is just being answered."""
        for errand in coupon_marks.due(self.station):
            self.world.office.answer(self.code, errand.question, errand.body)
            coupon_marks.released(self.station, errand)

    # -- what there is ------------------------------------------------------------------------------------
    def drafts(self) -> list[str]:
        return sorted(draft.doc_id for draft in self.books.drafts.every())

    def believed(self) -> set[tuple[str, str]]:
        """(document, code) that this till counts as kept by head office."""
        return {(doc_id, code) for doc_id in self.drafts() for code in coupon_marks.held(self.station, doc_id)}

    def _status(self) -> SyncStatus:
        return SyncStatus(level=self.world.level.name.lower(), since="", waiting=0)


class CouponStore(StoreOfTills):
    """`level`: how far the tills reach; `under_way`: questions that arrive later; `meanwhile`: what a mood does at the
    till that asks. Each story has identities, numbers and codes of its own."""

    def __init__(self, folder: Path, office: HeadOffice, story: int) -> None:
        self.level = Connectivity.ONLINE
        self.office, self.story = office, story
        self.under_way: list[tuple[str, str, bytes]] = []
        self.meanwhile: dict[str, Callable[[CouponTill, str], None]] = {}
        start = HandClock().now() + datetime.timedelta(milliseconds=story)
        super().__init__(folder, HandClock(start))
        self.streams = {till.code: Stream(till.code, store="S1", life=f"life {story}") for till in self.tills}
        for till in self.tills:
            shift = till.station.open_shift()
            self.streams[till.code].say("shift.opened/1", ShiftOpened(shift=shift), f"open-{shift.shift_id}")
        self.wait(0)

    @property
    def codes(self) -> tuple[str, str, str]:
        """Two that are never taken unchecked, one that is."""
        return f"ONCE{2 * self.story:06}", f"ONCE{2 * self.story + 1:06}", f"FREE{self.story:06}"

    def wait(self, seconds: float) -> None:
        super().wait(seconds)
        self.office.hub.clock.instant = self.office.ledger.now = self.clock.now()

    def reach(self, level: Connectivity) -> None:
        self.level, self.up = level, level > Connectivity.OFFLINE

    def _new_till(self, folder: Path, number: int) -> ParkingTill:
        return CouponTill(self, folder, number)

    def till(self, number: int) -> CouponTill:
        found = self.tills[number - 1]
        assert isinstance(found, CouponTill)
        return found

    def close(self) -> None:
        for till in self.tills:
            till.books.database.close()
        self.buffer.stop()

    async def answer(self, station: str, question: str, body: bytes) -> bytes:
        if not question.startswith("coupon."):
            return await super().answer(station, question, body)
        if self.level < Connectivity.ONLINE:
            raise refuse("connectivity.too_low", needs="online", reason="the line is cut")
        till = next(one for one in self.tills if one.code == station)
        assert isinstance(till, CouponTill)
        return self._in_mood(till, till.moods.pop(0) if till.moods else "answered", question, body)

    def _in_mood(self, till: CouponTill, mood: str, question: str, body: bytes) -> bytes:
        if mood == "killed_before":
            raise Killed
        if mood in ("late", "doubled"):
            self.under_way.append((till.code, question, body))
        if mood in ("lost", "late"):
            raise refuse("elsewhere.slow")
        answer, refusal = b"", None
        try:
            answer = self.office.answer(till.code, question, body)
        except Refused as said_no:
            refusal = said_no
        if mood == "killed":
            raise Killed
        if mood == "unheard":
            raise refuse("elsewhere.slow")
        if mood in self.meanwhile:
            self.meanwhile[mood](till, str(decode(body, dict)["doc_id"]))
        if refusal is not None:
            raise refusal
        return answer

    def arrive_late(self, which: int) -> None:
        """A question that nobody waits for any more reaches head office."""
        asker, question, body = self.under_way.pop(which % len(self.under_way))
        try:
            self.office.answer(asker, question, body)
        except Refused:
            return  # nobody hears it

    def sold(self, till: CouponTill, document: Document) -> None:
        """It lies in the stream of its till."""
        self.streams[till.code].say(approved_kind(document.type), document, document.doc_id)

    def book(self, till: CouponTill) -> None:
        self.office.hub.push(self.streams[till.code])
        self.office.hub.book()
