"""A till that was set up again from a backup, over real HTTP with an agent process between it and a hub (REL-13)."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Awaitable
from functools import partial
from pathlib import Path

from agent_chain import Chain, in_a_chain
from kontuar.domain.documents.messages import OFFERED
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.nodes.machine import MachineClock
from kontuar.nodes.return_desk import LATER_SECONDS
from kontuar.operations.ports.questions import MESSAGES, AskMessages, HeldMessages
from kontuar.operations.ports.station import DocumentQuery
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.station import own_documents
from lives_world import books_of
from restored_till import EWA, TILL, RestoredTill, day, is_forked
from shop import MILK, WATER, sell
from sync_hub import until


def test_a_restored_till_has_its_documents_again_and_goes_on(tmp_path: Path) -> None:
    """REL-05, REL-13: from the agent, while it runs; what it sells next arrives like ever, and the books hold."""

    async def scenario(chain: Chain) -> None:
        machine = RestoredTill(chain)
        first = await machine.first_keys()
        before = await day(machine, first)
        machine.restore()
        async with machine.living(machine.next_keys(first)) as till:
            assert await till.returning.once()
            after = await till.do(books_of, till.station)
            for table, rows in before.items():
                assert [row for row in after[table] if table != "message" or row[0] == "first"] == rows, table
            sold = await till.do(sell, till.station, WATER)
            assert sold.number.endswith("/00001/T1-2")
            await till.all_final()
            assert await till.returning.once()
            assert await till.do(books_of, till.station) != after
            assert [payload for _, payload in chain.hub.payloads(StreamId(TILL, "first"))] == [
                row[4] for row in before["message"]
            ]
            proof = await asyncio.to_thread(till.proof)
            assert proof.holds(), proof
            assert [stream.notes.get("stopped", 0) for stream in proof.streams] == [2, 0]

    in_a_chain(tmp_path, scenario)


def test_what_a_till_sold_twice_comes_to_the_hub_as_offers_and_the_rest_comes_back(tmp_path: Path) -> None:
    """REL-05, REL-13: it sold on in its old life before anybody could tell it."""

    async def scenario(chain: Chain) -> None:
        machine = RestoredTill(chain)
        first = await machine.first_keys()
        before = await day(machine, first)
        machine.restore()
        async with machine.living(first, lambda station: sell(station, MILK)) as till:
            await until(partial(is_forked, till))
        async with machine.living(machine.next_keys(first)) as till:
            assert await till.returning.once()
            after = await till.do(books_of, till.station)
            assert [row for row in after["message"] if row[0] == "first"] == before["message"]
            rows = (await till.do(own_documents.page, till.station, EWA, DocumentQuery(state="forked"))).rows
            assert [row.number for row in rows] == [row.number for row in rows if row.number.endswith("/T1 (2)")]
            assert len(rows) == 1
            assert till.forked("first") == 2
            await till.all_final()
            told = [payload for _, payload in chain.hub.payloads(StreamId(TILL, "second"))]
            offers = [payload for payload in told if f'"kind":"{OFFERED}"'.encode() in payload]
            assert len(offers) == till.database.value("SELECT count(*) FROM forked_message") > 0
            proof = await asyncio.to_thread(till.proof)
            assert proof.holds(), proof

    in_a_chain(tmp_path, scenario)


def test_with_a_new_agent_the_hub_gives_what_the_agent_never_had(tmp_path: Path) -> None:
    """REL-13: till and store's server were lost together."""

    async def scenario(chain: Chain) -> None:
        machine = RestoredTill(chain)
        first = await machine.first_keys()
        before = await day(machine, first)
        machine.restore()
        chain.agent.kill()
        for file in (chain.folder / "agent").glob("agent.db*"):
            file.unlink()
        chain.agent.start()
        await chain.agent.address()
        async with machine.living(machine.next_keys(first)) as till:
            assert await till.returning.once()
            after = await till.do(books_of, till.station)
            assert [row for row in after["message"] if row[0] == "first"] == before["message"]
            assert after["cash_balance"] == before["cash_balance"]
            proof = await asyncio.to_thread(till.proof)
            assert proof.holds(), proof

    in_a_chain(tmp_path, scenario)


def test_a_till_that_begins_before_anybody_answers_asks_again_soon(tmp_path: Path) -> None:
    """REL-13: as long as what it sold is not back, an old draft can be sold again."""

    async def scenario(chain: Chain) -> None:
        machine = RestoredTill(chain)
        first = await machine.first_keys()
        await day(machine, first)
        machine.restore()
        async with machine.living(machine.next_keys(first)) as till:
            till.station.connectivity, reached = (lambda: Connectivity.OFFLINE), till.station.connectivity
            assert not await till.returning.once()
            till.station.connectivity = reached
            assert await till.returning.once()
            till.station.connectivity = lambda: Connectivity.OFFLINE
            assert await till.returning.once()

    in_a_chain(tmp_path, scenario)


def test_what_a_replaced_machine_drains_later_comes_to_the_one_in_its_place(tmp_path: Path) -> None:
    """REL-13, REL-05: it was thought lost with what it had sold alone, and is switched on again days later."""

    async def scenario(chain: Chain) -> None:
        old = RestoredTill(chain)
        first = await old.first_keys()
        await day(old, first)
        new = copy.copy(old)
        new.folder = chain.folder / "new machine"
        new.folder.mkdir()
        async with new.living(old.next_keys(first)) as till:
            assert await till.returning.once()
            async with old.living(first, lambda station: sell(station, MILK)) as drains:
                await drains.all_final()
                told = await drains.do(books_of, drains.station)
            till.station.clock = LaterClock()  # it may hear of it sooner
            assert await till.returning.once()
            after = await till.do(books_of, till.station)
            assert [row for row in after["message"] if row[0] == "first"] == told["message"]
            assert after["cash_balance"] == told["cash_balance"]
            await till.all_final()
            proof = await asyncio.to_thread(till.proof)
            assert proof.holds(), proof

    in_a_chain(tmp_path, scenario)


class LaterClock(MachineClock):
    """Some minutes on."""

    def monotonic(self) -> float:
        return super().monotonic() + LATER_SECONDS


def test_nobody_is_told_of_another_tills_messages(tmp_path: Path) -> None:
    """SEC-02: a station asks for lives of its own; the origin is who signed the question."""

    async def scenario(chain: Chain) -> None:
        machine = RestoredTill(chain)
        first = await machine.first_keys()
        await day(machine, first)
        async with chain.till("T2") as other:
            await until(other.is_(Connectivity.ONLINE))
            asked = AskMessages(incarnation="first", after=0)
            answer = decode(await other.questions.ask(MESSAGES, encode(asked)), HeldMessages)
            assert (answer.messages, answer.head.seq, answer.complete) == ((), 0, True)
            refused = await _refusal(other.questions.ask(MESSAGES, b'{"incarnation":"first","after":-1}'))
            assert refused == "question.unreadable"

    in_a_chain(tmp_path, scenario)


async def _refusal(question: Awaitable[bytes]) -> str:
    try:
        await question
    except Refused as refusal:
        return refusal.problems[0].code
    raise AssertionError("it was not refused")
