"""What people do: cashiers at the tills and head office, through the same handlers as screens and programs."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from decimal import Decimal
from types import SimpleNamespace
from typing import Any, Final

from kontuar.domain.parties.rights import ACCEPT_CLOCK, ADMINISTRATOR
from kontuar.kernel.errors import Refused
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.station import own_documents, shifts
from kontuar.storage.failures import StorageFailure
from kontuar.tools.simulate.chain import HubMachine, StationMachine
from kontuar.tools.simulate.firm import ARTICLES, BOSS, CASH, REASON, price_row
from kontuar.tools.simulate.seen import Issued, Seen
from kontuar.web.api import station_bodies as bodies
from kontuar.web.api import station_documents, station_drafts, station_parked
from kontuar.web.api.station_parked import ContinueBody
from kontuar.web.desk import Desk

_ACTOR: Final = "kontuar.actor"
_WEIGHTS: Final = {
    "sell": 50, "leave_open": 6, "park": 8, "continue_parked": 8, "take_over": 3, "delete_parked": 1,
    "cash": 4, "goods": 6, "cancel": 4, "close_shift": 1, "discard": 3,
}  # fmt: skip


class Cashier:
    """One person at one till, for as long as its process runs."""

    def __init__(self, machine: StationMachine, store: str, seen: Seen, chance: random.Random, pause: float) -> None:
        self._machine = machine
        self._store = store
        self._seen = seen
        self._chance = chance
        self._pause = pause
        self.may_begin: Callable[[], bool] = lambda: True

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
            self._seen.refusals[refusal.problems[0].code] += 1
        except StorageFailure as failure:
            self._seen.refusals[failure.code] += 1
        except Exception as error:  # noqa: BLE001 - whatever it is, no person should have seen it
            if self._machine.is_up:
                self._seen.faults.append(f"{self._machine.name} {name}: {error!r}")

    # -- what they do -------------------------------------------------------------------------------------------
    async def _sell(self) -> None:
        doc_id = await self._filled("receipt")
        await self._pay(doc_id)

    async def _leave_open(self) -> None:
        """A basket is begun, and stays: a customer forgot his purse."""
        await self._filled("receipt")

    async def _discard(self) -> None:
        found = await self._own_drafts()
        if found:
            await station_drafts.discard.fn(self._request(), self._chance.choice(found), self._desk)

    async def _park(self) -> None:
        drafts = await self._own_drafts()
        again = drafts and self._chance.random() < 0.5
        doc_id = self._chance.choice(drafts) if again else await self._filled("receipt")
        await station_parked.park.fn(self._request(), doc_id, self._desk)

    async def _continue_parked(self, *, take_over: bool = False) -> None:
        rows = await self._parked_rows()
        if not rows:
            return
        doc_id = self._chance.choice(rows)
        body = ContinueBody(take_over=take_over, older=self._chance.random() < 0.3)
        document = await station_parked.proceed.fn(self._request(), doc_id, body, self._desk)
        self._seen.attempted[document.doc_id] = self._machine.name
        if self._chance.random() < 0.8:
            await self._scan(document.doc_id)
        fate = self._chance.random()
        if fate < 0.6:
            await self._pay(document.doc_id)
        elif fate < 0.8:
            await station_parked.park.fn(self._request(), document.doc_id, self._desk)

    async def _take_over(self) -> None:
        await self._continue_parked(take_over=True)

    async def _delete_parked(self) -> None:
        rows = await self._parked_rows()
        if rows:
            await station_parked.remove.fn(self._request(), self._chance.choice(rows), self._desk)

    async def _cash(self) -> None:
        document_type = self._chance.choice(("cash_in", "cash_out"))
        await self._open_shift_if_needed()
        doc_id = await self._begun(document_type)
        amount = bodies.AmountBody(form=CASH, amount=str(self._chance.randint(1, 50)))
        await station_drafts.set_amount.fn(self._request(), doc_id, amount, self._desk)
        await self._with_reason_approved(doc_id)

    async def _goods(self) -> None:
        doc_id = await self._filled(self._chance.choice(("internal_release", "internal_receipt")))
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

    # -- pieces ------------------------------------------------------------------------------------------------
    async def _open_shift_if_needed(self) -> None:
        station = self._desk.station
        if await self._desk.run(station.books.cash.open_shift) is None:
            await self._desk.do(self._request(), shifts.open_shift, "100")

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

    async def _pay(self, doc_id: str) -> None:
        await station_drafts.open_payment.fn(self._request(), doc_id, self._desk)
        await asyncio.sleep(self._chance.expovariate(2.0))
        await station_drafts.assign.fn(self._request(), doc_id, bodies.PaymentBody(form=CASH), self._desk)
        await self._approve(doc_id)

    async def _with_reason_approved(self, doc_id: str) -> None:
        await station_drafts.set_reason.fn(self._request(), doc_id, bodies.BuyerBody(code=REASON), self._desk)
        await self._approve(doc_id)

    async def _approve(self, doc_id: str) -> None:
        approved = await station_drafts.approve.fn(self._request(), doc_id, self._desk)
        if not self._machine.is_up:
            return
        document = approved.document
        self._seen.attempted[document.doc_id] = self._machine.name
        self._seen.issued[document.doc_id] = Issued(
            doc_id=document.doc_id, station=self._machine.name, store=self._store, number=document.number,
            gross=document.totals.gross, at=self._machine.clock.monotonic(),
        )  # fmt: skip

    async def _own_drafts(self) -> list[str]:
        found = await station_drafts.drafts.fn(self._request(), self._desk)
        return [draft.doc_id for draft in found]

    async def _parked_rows(self) -> list[str]:
        found = await station_parked.documents.fn(self._request(), self._desk)
        return [listed.row.doc_id for listed in found]

    def _request(self) -> Any:
        return SimpleNamespace(scope={_ACTOR: _CASHIER}, headers={}, cookies={}, method="POST")


_CASHIER: Final = Actor(operator="BOSS", name="Boss", rights=frozenset(ADMINISTRATOR) - {ACCEPT_CLOCK}, login_id="l1")


class HeadOffice:
    """Somebody at the hub who changes prices."""

    def __init__(self, hub: HubMachine, seen: Seen, chance: random.Random, pause: float) -> None:
        self._hub = hub
        self._seen = seen
        self._chance = chance
        self._pause = pause
        self.may_begin: Callable[[], bool] = lambda: True

    async def work(self) -> None:
        """A new price now and then."""
        while True:
            await asyncio.sleep(self._chance.expovariate(1 / self._pause))
            if not self.may_begin():
                return
            self._seen.operations["define"] += 1
            parts = self._hub.node.core.parts
            price = Decimal(self._chance.randint(50, 5000)) / 100
            row = price_row(self._chance.choice(ARTICLES), "2026-01-01", price)
            try:
                await parts.run(parts.definitions.put_rows, BOSS, [row])
            except Refused as refusal:
                self._seen.refusals[refusal.problems[0].code] += 1
            except StorageFailure as failure:
                self._seen.refusals[failure.code] += 1
