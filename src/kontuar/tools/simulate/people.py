"""What people do at the tills, through the same handlers as screens and programs."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, Final

from kontuar.domain.parties.rights import ACCEPT_CLOCK, ADMINISTRATOR
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.ports.parking import LEASE_SECONDS
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.station import own_documents, second_copy, shifts
from kontuar.storage.failures import StorageFailure
from kontuar.tools.simulate.chain import StationMachine
from kontuar.tools.simulate.firm import ARTICLES, BUSINESS, CASH, ONCE, REASON, UNCHECKED, coupon_code
from kontuar.tools.simulate.seen import Issued, Seen
from kontuar.web.api import station_bodies as bodies
from kontuar.web.api import station_coupons, station_documents, station_drafts, station_parked, station_trade
from kontuar.web.api.station_parked import ContinueBody
from kontuar.web.desk import Desk

_ACTOR: Final = "kontuar.actor"
_WEIGHTS: Final = {
    "sell": 40, "sell_with_coupon": 9, "invoice": 4, "invoice_of_receipt": 6, "leave_open": 6, "pay_open": 7, "park": 9,
    "continue_parked": 9, "take_over": 4, "delete_parked": 2, "cash": 4, "goods": 6, "cancel": 5, "close_shift": 1,
    "discard": 3, "break": 0.5,
}  # fmt: skip
_GOODS: Final = ("internal_release", "internal_receipt")
"""What no customer takes along."""
_OPERATIONS_OF_A_CODE: Final = 25
_OVER: Final = ("stream.closed", "stream.forked", "stream.restored")
"""What a till says whose life is over."""


class Cashier:
    """One person at one till, for as long as its process runs."""

    def __init__(self, machine: StationMachine, store: str, seen: Seen, chance: random.Random, pause: float) -> None:
        self._machine = machine
        self._store = store
        self._seen = seen
        self._chance = chance
        self._pause = pause
        self.may_begin: Callable[[], bool] = lambda: True
        self.hears_agent: Callable[[], bool] = lambda: False
        """Whether the agent answers this till at once just now."""
        self.silent_seconds: Callable[[], float] = lambda: 0.0
        """For how long this till has had no answer from its agent."""

    @property
    def _desk(self) -> Desk:
        return self._machine.node.desk

    async def work(self) -> None:
        """Do one thing after another; what goes wrong is said on the screen, and work goes on."""
        names, weights = list(_WEIGHTS), list(_WEIGHTS.values())
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / self._pause))
            if not self.may_begin():
                return
            (name,) = self._chance.choices(names, weights)
            await self._one(name, getattr(self, f"_{name}"))

    async def finish(self) -> None:
        """At the end of the day: nothing more is begun."""
        await self._one("finish", self._open_shift_if_needed)

    async def _one(self, name: str, doing: Callable[[], Awaitable[None]]) -> None:
        self._seen.operations[name] += 1
        try:
            await doing()
        except Refused as refusal:
            self._refused(refusal.problems[0].code)
        except StorageFailure as failure:
            self._seen.refusals[failure.code] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, no person should have seen it
            if self._machine.is_up:
                self._seen.faults.append(f"{self._machine.name} {name}: {error!r}")

    def _refused(self, code: str) -> None:
        self._seen.refusals[code] += 1
        if code in _OVER and self._machine.is_up:
            self._seen.over[self._life()] = code

    def _life(self) -> tuple[str, str]:
        """Which disk, and which life of its till."""
        return str(self._machine.base), self._machine.node.station.identity.incarnation

    # -- what they do -------------------------------------------------------------------------------------------
    async def _sell(self) -> None:
        doc_id = await self._filled("receipt")
        if self._chance.random() < 0.3:  # who wants an invoice later gives his number now
            await self._set_buyer(doc_id)
        await self._pay(doc_id)

    async def _sell_with_coupon(self) -> None:
        """Of the codes that many have just now; where it may not be had the sale goes on without."""
        doc_id = await self._filled("receipt")
        code = coupon_code(self._chance.choice((ONCE, UNCHECKED)), self._fresh_code())
        try:
            await station_drafts.add_line.fn(self._request(), doc_id, bodies.LineBody(code=code), self._desk)
        except Refused as refusal:
            self._refused(refusal.problems[0].code)
        try:
            await self._pay(doc_id, slowly=self._chance.random() < 0.4)
        except Refused as refusal:
            if not refusal.problems[0].code.startswith("coupon."):
                raise
            self._refused(refusal.problems[0].code)
            await station_coupons.take_off_coupon.fn(self._request(), doc_id, code, self._desk)
            await self._pay(doc_id)

    def _fresh_code(self) -> int:
        """Each code is in everybody's hands for a while; then it is used up, and others are."""
        return self._seen.operations.total() // _OPERATIONS_OF_A_CODE + self._chance.randint(0, 1)

    async def _invoice(self) -> None:
        doc_id = await self._filled("invoice")
        await self._set_buyer(doc_id)
        await self._pay(doc_id)

    async def _invoice_of_receipt(self) -> None:
        """A customer comes back with his receipt; at times twice."""
        receipt = await self._receipt_to_invoice()
        if receipt:
            await self._approve(await self._invoice_begun(receipt))

    async def _receipt_to_invoice(self) -> str:
        query = DocumentQuery(family="trade", types=("receipt",), limit=50)
        page = await self._desk.do(self._request(), own_documents.page, query)
        with_number = [row.doc_id for row in page.rows if row.buyer_name == "Alfa"]
        return self._chance.choice(with_number[:3]) if with_number else ""

    async def _invoice_begun(self, receipt: str) -> str:
        draft = await station_trade.invoice_receipt.fn(self._request(), receipt, self._desk)
        self._seen.attempted[draft.doc_id] = self._machine.name
        return str(draft.doc_id)

    async def _leave_open(self) -> None:
        """A basket is begun, and stays: a customer forgot his purse."""
        await self._filled("receipt")

    async def _pay_open(self) -> None:
        """A basket that stood here for a while, or a continued document: its customer is back."""
        found = await station_drafts.drafts.fn(self._request(), self._desk)
        found = [draft for draft in found if draft.doc_id not in self._seen.put_by]
        sales = {draft.doc_id: draft for draft in found if draft.type in ("receipt", "invoice") and not draft.repeats}
        if sales:
            doc_id = self._continued_first(list(sales))
            if sales[doc_id].payments:  # the money was taken, and then something happened
                await self._approve(doc_id)
            else:
                await self._pay(doc_id)

    async def _break(self) -> None:
        """Nobody is at the till; what is open stays open."""
        await asyncio.sleep(self._chance.uniform(30.0, 150.0))

    async def _discard(self) -> None:
        found = await self._own_drafts()
        if found:
            await station_drafts.discard.fn(self._request(), self._chance.choice(found), self._desk)

    async def _park(self) -> None:
        drafts = await self._own_drafts()
        again = drafts and self._chance.random() < 0.6
        doc_id = self._continued_first(drafts) if again else await self._filled("receipt")
        await self._parked(doc_id)

    async def _parked(self, doc_id: str) -> None:
        await station_parked.park.fn(self._request(), doc_id, self._desk)
        if self._seen.continued.get(doc_id) == self._machine.name:
            del self._seen.continued[doc_id]

    async def _continue_parked(self, *, take_over: bool = False) -> None:
        rows = await self._parked_rows()
        if not rows:
            return
        doc_id = self._chance.choice(self._open_elsewhere(rows) or rows if take_over else rows)
        continued = await self._continued(doc_id, take_over=take_over)
        if self._chance.random() < 0.8:
            await self._scan(continued)
        fate = self._chance.random()
        if fate < 0.4:
            await self._pay(continued)
        elif fate < 0.6:
            await self._parked(continued)

    async def _continued(self, doc_id: str, *, take_over: bool) -> str:
        """The draft that it is now: itself, or a copy of its own."""
        body = ContinueBody(take_over=take_over, older=self._chance.random() < 0.3)
        document = await station_parked.proceed.fn(self._request(), doc_id, body, self._desk)
        self._seen.attempted[document.doc_id] = self._seen.continued[document.doc_id] = self._machine.name
        if self._machine.node.station.leases.live(document.doc_id):
            self._seen.was_given(document.doc_id, self._machine.name)
        return str(document.doc_id)

    async def _take_over(self) -> None:
        await self._continue_parked(take_over=True)

    async def _delete_parked(self) -> None:
        rows = await self._parked_rows()
        if rows:
            await self._deleted(self._chance.choice(rows))

    async def _deleted(self, doc_id: str) -> None:
        heard = self.hears_agent()
        await station_parked.remove.fn(self._request(), doc_id, self._desk)
        mine = self._seen.continued.get(doc_id, self._machine.name) == self._machine.name
        if mine and heard and self.hears_agent():  # else it is only wished, or one's own copy that goes
            self._seen.deleted[doc_id] = self._store

    async def _cash(self) -> None:
        document_type = self._chance.choice(("cash_in", "cash_out"))
        await self._open_shift_if_needed()
        doc_id = await self._begun(document_type)
        amount = bodies.AmountBody(form=CASH, amount=str(self._chance.randint(1, 50)))
        await station_drafts.set_amount.fn(self._request(), doc_id, amount, self._desk)
        await self._with_reason_approved(doc_id)

    async def _goods(self) -> None:
        doc_id = await self._filled(self._chance.choice(_GOODS))
        await self._with_reason_approved(doc_id)

    async def _cancel(self) -> None:
        """Also receipts, which refuse it."""
        family = self._chance.choice(("trade", "cash", "cash", "goods", "goods"))
        page = await self._desk.do(self._request(), own_documents.page, DocumentQuery(family=family, limit=20))
        if page.rows:
            doc_id = self._chance.choice(page.rows).doc_id
            await station_documents.cancel.fn(self._request(), doc_id, bodies.CancelBody(reason="test"), self._desk)
            self._seen.cancelled[doc_id] = None

    async def _close_shift(self) -> None:
        await self._desk.do(self._request(), shifts.close_shift, ())

    async def _set_buyer(self, doc_id: str) -> None:
        await station_drafts.set_buyer.fn(self._request(), doc_id, bodies.BuyerBody(code=BUSINESS), self._desk)

    # -- pieces ------------------------------------------------------------------------------------------------
    async def _open_shift_if_needed(self) -> None:
        station = self._desk.station
        shift = await self._desk.run(station.books.cash.open_shift)
        if shift is not None and (self._machine.clock.now().date() - shift.business_day).days > 0:
            shift = shift if await self._cannot_close() else None  # another day has begun
        if shift is None:
            await self._desk.do(self._request(), shifts.open_shift, "100")

    async def _cannot_close(self) -> bool:
        """Money lies on an open basket: the shift of yesterday goes on."""
        try:
            await self._close_shift()
        except Refused as refusal:
            self._refused(refusal.problems[0].code)
            return True
        return False

    async def _begun(self, document_type: str) -> str:
        body = bodies.NewDocumentBody(type=document_type)
        document = await station_drafts.begin.fn(self._request(), body, self._desk)
        self._seen.attempted[document.doc_id] = self._machine.name
        return str(document.doc_id)

    async def _filled(self, document_type: str) -> str:
        await self._open_shift_if_needed()
        doc_id = await self._begun(document_type)
        for _ in range(self._chance.randint(1, 4)):
            await self._scan(doc_id)
        return doc_id

    async def _scan(self, doc_id: str) -> None:
        body = bodies.LineBody(code=self._chance.choice(ARTICLES), quantity=str(self._chance.randint(1, 3)))
        await station_drafts.add_line.fn(self._request(), doc_id, body, self._desk)
        await asyncio.sleep(self._chance.expovariate(4.0))

    async def _pay(self, doc_id: str, *, slowly: bool = False) -> None:
        """`slowly`: the customer looks for his purse while the payment is open."""
        await station_drafts.open_payment.fn(self._request(), doc_id, self._desk)
        await asyncio.sleep(self._chance.uniform(5.0, 20.0) if slowly else self._chance.expovariate(2.0))
        await station_drafts.assign.fn(self._request(), doc_id, bodies.PaymentBody(form=CASH), self._desk)
        await self._approve(doc_id)

    async def _with_reason_approved(self, doc_id: str) -> None:
        await station_drafts.set_reason.fn(self._request(), doc_id, bodies.BuyerBody(code=REASON), self._desk)
        await self._approve(doc_id)

    async def _approve(self, doc_id: str) -> None:
        known = self._machine.node.station.books.parking.find(doc_id) is not None
        holder = self._seen.given_elsewhere(doc_id, self._machine.name, known_parked=known)
        heard, silent = self.hears_agent(), self.silent_seconds()
        approved = await station_drafts.approve.fn(self._request(), doc_id, self._desk)
        if not self._machine.is_up:
            return
        document = approved.document
        if holder and document.doc_id == doc_id and heard and self.hears_agent():
            self._seen.faults.append(f"REL-11: {document.number} was approved although {holder} had continued it")
        token = document.parked.token if document.parked is not None else 0
        if token and silent > LEASE_SECONDS and self.silent_seconds() >= silent:
            self._seen.faults.append(f"REL-11: {document.number} was approved under a lease that was over")
        if self._life() in self._seen.over:
            self._seen.faults.append(f"REL-13: {document.number} was issued by a life that is over")
        self._seen.attempted[document.doc_id] = self._machine.name
        self._seen.issued[document.doc_id, document.number] = Issued(
            doc_id=document.doc_id, station=self._machine.name, store=self._store, number=document.number,
            gross=document.totals.gross, at=self._machine.clock.monotonic(), copied=self._was_copied(approved),
        )  # fmt: skip
        self._seen.traps.pop(self._machine.name, _nothing)()

    def _was_copied(self, approved: Any) -> bool:
        """Whether it came out, and nobody said that only this till has it."""
        station = self._desk.station
        waits = station.parameters().whole(second_copy.PARAMETER) > 0 and approved.document.type not in _GOODS
        return waits and not any(note.code.startswith(("copy.", "device.")) for note in approved.notes)

    async def _own_drafts(self) -> list[str]:
        found = await station_drafts.drafts.fn(self._request(), self._desk)
        return [draft.doc_id for draft in found if draft.doc_id not in self._seen.put_by]

    async def _parked_rows(self) -> list[str]:
        found = await station_parked.documents.fn(self._request(), self._desk)
        return [listed.row.doc_id for listed in found if listed.row.doc_id not in self._seen.put_by]

    def _open_elsewhere(self, rows: list[str]) -> list[str]:
        """Documents that somebody at another till has open, as far as people know."""
        return [doc_id for doc_id in rows if self._seen.continued.get(doc_id, self._machine.name) != self._machine.name]

    def _continued_first(self, drafts: list[str]) -> str:
        """What was parked before is finished rather than what was not."""
        continued = [doc_id for doc_id in drafts if doc_id in self._seen.continued]
        return self._chance.choice(continued if continued and self._chance.random() < 0.7 else drafts)

    def _request(self) -> Any:
        return SimpleNamespace(scope={_ACTOR: _CASHIER}, headers={}, cookies={}, method="POST")


def _nothing() -> None:
    """Nobody lies in wait."""


_CASHIER: Final = Actor(operator="BOSS", name="Boss", rights=frozenset(ADMINISTRATOR) - {ACCEPT_CLOCK}, login_id="l1")
