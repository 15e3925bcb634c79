"""A real agent process between tills and a hub, over real HTTP."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import httpx
import pytest

from agent_chain import Chain, RunningTill, in_a_chain
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused
from kontuar.nodes.machine import MachineClock
from kontuar.sync.transport import HttpTransport
from kontuar.sync.uplink import Push, Woken
from sync_chain import Till
from sync_hub import HubDouble, agent_process, health, served, until


def test_a_sale_goes_up_to_the_hub_and_its_confirmation_comes_down(tmp_path: Path) -> None:
    """REL-01, REL-02: held, final, booked."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one:
            await until(one.is_(Connectivity.ONLINE))
            await one.sell()
            await until(one.held(1))
            await until(one.final(1))
            assert chain.hub.payloads(one.till.id) == one.till.payloads()
            chain.hub.confirm("T1-T1-1-1", one.till.id, 1)
            await until(lambda: one.till.database.value("SELECT gid FROM confirmation") == "G1")

    in_a_chain(tmp_path, scenario)


def test_another_tills_sale_is_seen_within_two_seconds_without_the_hub(tmp_path: Path) -> None:
    """Issue 2, point 6: at store level."""

    async def scenario(chain: Chain) -> None:
        await chain.hub.lane(chain.hub.put_stock, {"MILK": 100_000})
        async with chain.till("T1") as one, chain.till("T2") as two:

            async def seen(running: RunningTill, amount: str) -> bool:
                return str((await running.stock("MILK")).get(("W1", "MILK"))) == amount

            await until(lambda: seen(one, "10"))
            await until(lambda: seen(two, "10"))
            await one.sell("MILK", "3")
            assert str((await one.stock("MILK"))["W1", "MILK"]) == "7"
            assert await until(lambda: seen(two, "7")) < 2.0
            await two.sell("MILK", "1")
            assert await until(lambda: seen(one, "6")) < 2.0
            await until(one.final(1))
            assert str((await one.stock("MILK"))["W1", "MILK"]) == "6"

    in_a_chain(tmp_path, scenario)


def test_definitions_come_as_a_snapshot_and_then_as_deltas(tmp_path: Path) -> None:
    """REL-10."""

    async def scenario(chain: Chain) -> None:
        rows = {("unit", f"U{n}"): b'{"code":"U%d"}' % n for n in range(500)}
        await chain.hub.lane(chain.hub.define, rows)
        async with chain.till("T1") as one:

            def bodies() -> dict[tuple[str, str], bytes]:
                found = one.till.database.rows("SELECT kind, key, body FROM definition")
                return {(kind, key): bytes(body) for kind, key, body in found}

            await until(lambda: bodies() == chain.hub.rows)
            await chain.hub.lane(chain.hub.define, {("unit", "U7"): b'{"code":"U7","name":"new"}'}, [("unit", "U8")])
            await until(lambda: bodies() == chain.hub.rows)
            assert one.till.definitions.version() == ("d1", chain.hub.version)

    in_a_chain(tmp_path, scenario)


def test_a_killed_agent_is_noticed_and_what_was_sold_meanwhile_arrives(tmp_path: Path) -> None:
    """REL-02, REL-04: killed at any moment, nothing lost, nothing twice."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one:
            await one.sell()
            await until(one.held(1))
            await one.sell(count=300)
            chain.agent.kill()
            await until(one.is_(Connectivity.OFFLINE))
            await one.sell()
            chain.agent.start()
            await until(one.final(302), 20)
            assert chain.hub.payloads(one.till.id) == one.till.payloads()

    in_a_chain(tmp_path, scenario)


def test_ten_thousand_documents_are_drained_whole_and_in_their_order(tmp_path: Path) -> None:
    """REL-06; how fast is measured by the benchmark (PERF-05)."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one:
            await until(one.is_(Connectivity.ONLINE))
            for _ in range(10):
                await one.sell(count=1_000)
            await until(one.held(10_000), 200)
            await until(one.final(10_000), 200)
            assert chain.hub.payloads(one.till.id) == one.till.payloads()

    in_a_chain(tmp_path, scenario)


def test_an_agent_that_was_lost_and_replaced_goes_on_from_the_hub(tmp_path: Path) -> None:
    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one:
            await one.sell(count=5)
            await until(one.final(5))
            chain.agent.kill()
            for file in (chain.folder / "agent").glob("agent.db*"):
                file.unlink()
            await one.sell(count=2)
            chain.agent.start()
            await until(one.final(7), 20)
            assert chain.hub.payloads(one.till.id) == one.till.payloads()

    in_a_chain(tmp_path, scenario)


def test_with_the_hub_away_the_store_goes_on_says_so_and_catches_up(tmp_path: Path) -> None:
    """REL-01, REL-09: held without the hub; final when it is back."""

    async def play() -> None:
        hub = HubDouble(tmp_path / "hub")
        async with AsyncExitStack() as world:
            first = AsyncExitStack()
            url = await first.enter_async_context(served(hub.app()))
            agent = world.enter_context(agent_process(tmp_path / "agent", url))
            chain = Chain(tmp_path, hub, agent, (await agent.address()).url)
            one = await world.enter_async_context(chain.till("T1"))
            await until(one.is_(Connectivity.ONLINE))
            await first.aclose()
            await sells_without_the_hub(chain, one)
            await world.enter_async_context(served(hub.app(), int(url.rpartition(":")[2])))
            await until(one.is_(Connectivity.ONLINE))
            await until(one.final(1))
            assert hub.payloads(one.till.id) == one.till.payloads()

    async def sells_without_the_hub(chain: Chain, one: RunningTill) -> None:
        await until(one.is_(Connectivity.STORE), 4.0)
        await one.sell()
        await until(one.held(1))
        told = await health(chain.url)
        assert (told["messages_waiting"], told["hub"]) == (1, "away")
        with pytest.raises(Refused) as refused:
            await one.questions.ask("stock_elsewhere", b"{}")
        assert refused.value.problems[0].code == "connectivity.too_low"

    asyncio.run(asyncio.wait_for(play(), 60))


def test_a_question_is_passed_on_to_the_hub_in_the_tills_name(tmp_path: Path) -> None:
    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one:
            answer = await one.questions.ask("stock_elsewhere", b'{"article":"MILK"}')
            assert answer == b'{"asker":"T1","got":{"article":"MILK"},"question":"stock_elsewhere"}'
            with pytest.raises(Refused) as refused:
                await one.questions.ask("find_document", b"{}")
            assert [problem.code for problem in refused.value.problems] == ["document.not_found"]

    in_a_chain(tmp_path, scenario)


def test_health_metrics_and_the_description_of_the_api_need_no_login(tmp_path: Path) -> None:
    async def scenario(chain: Chain) -> None:
        told = await health(chain.url)
        assert (told["node"], told["ready"], told["database"]) == ("agent", "yes", "up")
        async with httpx.AsyncClient(base_url=chain.url) as client:
            assert (await client.get("/health/live")).json() == {"node": "agent", "live": "yes"}
            assert "kontuar_agent_messages_waiting 0.0" in (await client.get("/metrics")).text
            assert "/health" in (await client.get("/api/openapi.json")).json()["paths"]
        assert await chain.agent.stop() == 0
        assert not (chain.folder / "agent" / "node.json").exists()

    in_a_chain(tmp_path, scenario)


def test_what_contradicts_a_till_is_told_to_the_hub_by_the_agent_itself(tmp_path: Path) -> None:
    """REL-05: a till set up again from a backup sold another second receipt; the hub hears of that sale, too."""

    async def scenario(chain: Chain) -> None:
        async with chain.till("T1") as one:
            await one.sell()
            await until(one.held(1))
            other = Till(tmp_path / "other", MachineClock(), one.till.keys)
            other.sell(note="another sale")
            pushed = other.uplink.step(Woken())
            assert isinstance(pushed, Push)
            transport = HttpTransport(chain.url)
            await transport.post("/sync/v1/push", pushed.body, timeout_seconds=5)
            await transport.close()
            await until(lambda: bool(chain.hub.forks), 20)
            [told] = chain.hub.forks
            assert (told.origin, told.incarnation) == ("T1", "T1-1")
            assert [message.payload for message in told.messages] == [payload for _, payload in other.payloads()]
            await until(lambda: told_all(chain.url))
            assert (await health(chain.url))["messages_forked"] == 1

    async def told_all(url: str) -> bool:
        return (await health(url))["messages_forked_untold"] == 0

    in_a_chain(tmp_path, scenario)
