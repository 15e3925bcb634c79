"""One till: takes its baskets in order, types what the lists cannot give, opens and closes shifts with the days."""

import datetime
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence

import msgspec

from kontuar.domain.parties.rights import LINE_DISCOUNT
from kontuar.kernel.money import ZERO, Minor
from kontuar.tools.replay.definitions import Till
from kontuar.tools.replay.lines import BasketToSell, LineToSell, Split, split_of
from kontuar.tools.replay.node_apis import ApprovedReceipt, OpenShift, SoldLine, StationApi
from kontuar.tools.replay.reconcile import LINE, Difference

Around = Callable[[int], Awaitable[None]]
"""Told the position of a basket in the queue, before or after it is sold."""
Says = Callable[[Difference], None]
"""Told what came to another amount, at once: a run that is stopped has kept it."""


class Sale(msgspec.Struct, frozen=True, kw_only=True):
    """A basket and the receipt it became."""

    basket: str
    station: str
    number: str
    gross: Minor


class Cashier:
    """Sells one queue at one station; lines and receipts that came to another amount are told to `says`."""

    def __init__(self, till: Till, station: StationApi, *, before: Around, after: Around, says: Says) -> None:
        self._till = till
        self._station = station
        self._before = before
        self._after = after
        self._says = says
        self._day: datetime.date | None = None
        self._taken: dict[str, int] = defaultdict(int)
        self.sales: list[Sale] = []

    async def sell_all(self, queue: Sequence[BasketToSell], first: int = 0) -> None:
        """Log in, sell every basket from position `first` on, close the last shift."""
        await self._station.login(self._till.cashier, self._till.cashier_pin)
        for position, basket in enumerate(queue[first:], first):
            await self._before(position)
            await self._begin_day(basket.day)
            receipt = await self._sell(basket)
            self._note(basket, receipt)
            await self._after(position)
        await self._end_day()

    def take_over(self, shift: OpenShift) -> None:
        """Go on in a shift that was left open by a run that was stopped."""
        self._day = shift.day
        self._taken.update(shift.taken)

    async def _begin_day(self, day: datetime.date) -> None:
        if day != self._day:
            await self._end_day()
            await self._station.open_shift(day, ZERO)
            self._day = day

    async def _end_day(self) -> None:
        if self._day is not None:
            await self._station.close_shift({form: Minor(amount) for form, amount in self._taken.items()})
            self._taken.clear()
            self._day = None

    async def _sell(self, basket: BasketToSell) -> ApprovedReceipt:
        doc_id = await self._station.new_receipt()
        if basket.buyer:
            await self._station.set_buyer(doc_id, basket.buyer)
        sold: tuple[SoldLine, ...] = ()
        for line in basket.lines:
            sold = await self._station.add_line(doc_id, line.ean, line.quantity)
        for code in basket.coupons:
            sold = await self._station.add_coupon(doc_id, code)
        for line, there in zip(basket.lines, sold, strict=True):
            if not self._is_right(basket, line, there):
                await self._type(doc_id, there.number, line.value)
        due = await self._station.open_payment(doc_id)
        self._compare(basket, "to pay", basket.gross, due)
        for form, amount in basket.payments:
            await self._station.pay(doc_id, form, amount)
            self._taken[form] += amount
        return await self._station.approve(doc_id)

    def _is_right(self, basket: BasketToSell, line: LineToSell, sold: SoldLine) -> bool:
        """Whether nothing is to be typed; a line that the engine prices otherwise than was reckoned is told."""
        if line.kind != "typed":
            self._compare(basket, f"{LINE} of {line.article}", line.value, sold.value)
            self._compare(basket, f"{LINE} of {line.article}, taken off", line.split, split_of(sold.off))
        return line.value == sold.value

    async def _type(self, doc_id: str, number: int, value: Minor) -> None:
        till = self._till
        grant = await self._station.authorise(LINE_DISCOUNT, till.manager, till.manager_pin, doc_id)
        await self._station.set_line_value(doc_id, number, value, grant)

    def _note(self, basket: BasketToSell, receipt: ApprovedReceipt) -> None:
        self._compare(basket, f"receipt {receipt.number}", basket.gross, receipt.gross)
        sale = Sale(basket=basket.code, station=self._till.station, number=receipt.number, gross=receipt.gross)
        self.sales.append(sale)

    def _compare(self, basket: BasketToSell, what: str, expected: Minor | Split, found: Minor | Split) -> None:
        if expected != found:
            where = f"station {self._till.station}, basket {basket.code}"
            self._says(Difference(where, what, str(expected), str(found)))
