"""The card terminal of a station: nothing is charged twice, whoever asks again (PAY-05)."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Final, TypeVar

from kontuar.domain.documents.document import Document
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.actor import Actor
from kontuar.operations.ports.devices import CardResult, CardTerminal
from kontuar.operations.ports.runner import Runner
from kontuar.operations.station import payments
from kontuar.operations.station.payments import CardRequest
from kontuar.operations.station.station import Station

REMEMBERED: Final = 500
Result = TypeVar("Result")


class CardDesk:
    """The terminal has a thread of its own; None = there is none, and a person says what became of a payment."""

    def __init__(self, station: Station, run: Runner, terminal: CardTerminal | None) -> None:
        self._station = station
        self._run = run
        self._terminal = terminal
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="card")
        self._charged: OrderedDict[str, None] = OrderedDict()

    async def resume(self) -> None:
        """What was open when the station stopped may have been charged: it is only asked about."""
        self._charged.update(dict.fromkeys(await self._run(_open_cards, self._station)))

    async def pay(self, actor: Actor, request: CardRequest) -> Document:
        """Ask the terminal and write down its answer.

        With no terminal the operation stays open and the till asks a person. Raises what the terminal said no with.
        """
        terminal = self._terminal
        if terminal is None:
            return await self._run(self._station.draft, request.doc_id)
        if request.operation_id in self._charged:
            # A reloaded window or a second tab: the terminal is asked what became of it, never to charge again.
            return await self.ask_again(actor, request.doc_id, request.operation_id)
        self._charged[request.operation_id] = None
        if len(self._charged) > REMEMBERED:
            self._charged.popitem(last=False)
        return await self._paid(actor, request, terminal)

    async def ask_again(self, actor: Actor, doc_id: str, operation_id: str) -> Document:
        """Ask the terminal about an operation whose end nobody learned; still unknown, it stays open."""
        request = await self._run(payments.open_card_request, self._station, actor, doc_id, operation_id)
        terminal = self._terminal
        if terminal is None:
            return await self._run(self._station.draft, doc_id)
        result = await self._asked(terminal.status, operation_id)
        return await self._answer(actor, request, result)

    def close(self) -> None:
        """Let the thread go when it is done."""
        self._thread.shutdown(wait=False)

    async def _paid(self, actor: Actor, request: CardRequest, terminal: CardTerminal) -> Document:
        try:
            result = await self._asked(terminal.pay, request.amount, request.currency, request.operation_id)
        except Refused as failure:  # the terminal was never given the amount
            facts = {"reason": failure.problems[0].code}
            await self._run(payments.finish_card, self._station, actor, request, "declined", facts)
            raise
        return await self._answer(actor, request, result)

    async def _answer(self, actor: Actor, request: CardRequest, result: CardResult) -> Document:
        facts = _card_facts(result)
        document = await self._run(payments.finish_card, self._station, actor, request, result.outcome, facts)
        if result.outcome == "declined":
            raise refuse(result.reason or "card.declined.bank", "payment")
        return document

    async def _asked(self, call: Callable[..., Result], *given: Any) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._thread, partial(call, *given))


def _open_cards(station: Station) -> list[str]:
    return [row[0] for draft in station.books.drafts.every() for row in station.books.cards.unfinished(draft.doc_id)]


def _card_facts(result: CardResult) -> dict[str, str]:
    facts = {
        "masked_card": result.masked_card, "authorisation_code": result.authorisation_code,
        "card_name": result.card_name, "terminal_id": result.terminal_id, "reason": result.reason,
    }  # fmt: skip
    return {name: value for name, value in facts.items() if value}
