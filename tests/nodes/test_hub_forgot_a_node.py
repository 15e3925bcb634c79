"""Head office is set up again from a backup that is older than a till's enrolment: real nodes, HTTP and PostgreSQL."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest

from hub_server import START_SECONDS, HubServer
from kontuar import __version__
from kontuar.nodes.hub_documents import extend_documents
from kontuar.nodes.hub_exchange import extend_exchange
from kontuar.nodes.hub_sync import extend_sync
from kontuar.nodes.machine import this_machine
from kontuar.nodes.settings import StationSettings
from kontuar.nodes.station import IDENTITY_FOLDER, StationNode
from kontuar.operations.station import approval, payments, shifts, till
from kontuar.sync.identity import NodeKeys, enrol, load_identity
from kontuar.sync.transport import HttpTransport
from postgres_fixture import open_temporary_folder
from shop import actor_of
from sync_hub import AgentProcess, agent_process, until

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(240)]
PARTS = (extend_sync, extend_documents, extend_exchange)
_names = itertools.count(1)


class SetUpAgain(HubServer):
    """A head office that has its definitions already."""

    def __enter__(self) -> SetUpAgain:
        self._thread.start()
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert time.monotonic() < deadline
            time.sleep(0.05)
        self.client = httpx.Client(base_url=self.url, timeout=60, limits=httpx.Limits(keepalive_expiry=2))
        answer = self.client.post("/api/v1/login", json={"operator": "SZEF", "pin": "246810"})
        self.client.headers["Authorization"] = f"Bearer {answer.raise_for_status().json()['token']}"
        return self


class Databases:
    """One server: databases that are copied while nobody uses them."""

    def __init__(self, server_url: str) -> None:
        self._server_url = server_url
        self.made: list[str] = []

    def make(self, like: str = "template0") -> str:
        name = f"forgot_{next(_names)}"
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY file_copy")
        self.made.append(name)
        return name

    def url(self, name: str) -> str:
        return self._server_url.replace("/kontuar?", f"/{name}?")

    def drop_all(self) -> None:
        with psycopg.connect(self._server_url, autocommit=True) as connection:
            for name in self.made:
                connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


class Firm:
    """Head office's folder with its key, its database, and the backup of that: without tills."""

    def __init__(self, folder: Path, databases: Databases) -> None:
        self.folder = folder
        self._databases = databases
        self._database = databases.make()
        role = "code;name;rights\nADMIN;Administrator;hub.define,hub.see,hub.enrol,hub.verify,sync.exchange\n"
        with HubServer(folder / "hub", databases.url(self._database), PARTS) as hub:
            hub.client.post("/api/v1/definitions/role/import", content=role.encode()).raise_for_status()
        self._backup = databases.make(self._database)

    def office(self) -> SetUpAgain:
        return SetUpAgain(self.folder / "hub", self._databases.url(self._database), PARTS)

    def restored(self) -> SetUpAgain:
        """From the backup; the key in its folder is the one it had."""
        self._database = self._databases.make(self._backup)
        return self.office()


@pytest.fixture
def firm(postgres_server: str) -> Iterator[Firm]:
    with ExitStack() as stack:
        databases = Databases(postgres_server)
        stack.callback(databases.drop_all)
        yield Firm(stack.enter_context(open_temporary_folder()), databases)


def code_for(hub: HubServer, kind: str, node: str) -> str:
    answer = hub.client.post("/api/v1/enrolment-codes", json={"kind": kind, "node": node})
    return str(answer.raise_for_status().json()["code"])


async def enrolled(folder: Path, url: str, code: str, life: str) -> NodeKeys:
    transport = HttpTransport(url)
    try:
        return await enrol(
            folder / IDENTITY_FOLDER, transport, code=code, kind="station", new_incarnation=life, build=__version__
        )
    finally:
        await transport.close()


@asynccontextmanager
async def station(folder: Path, agent_url: str) -> AsyncIterator[StationNode]:
    keys = load_identity(folder / IDENTITY_FOLDER)
    assert keys is not None
    node = StationNode(StationSettings(data=folder, agent_url=agent_url, station="K1"), keys, this_machine())
    await node.start()
    try:
        yield node
    finally:
        await node.stop()


async def sell(node: StationNode) -> str:
    """The number of a receipt."""
    who, at = actor_of(operator="SZEF"), node.station

    def work() -> str:
        if at.books.cash.open_shift() is None:
            shifts.open_shift(at, who, "0")
        draft = till.begin(at, who, "receipt")
        till.scan(at, who, draft.doc_id, "5901234123457")
        payments.assign(at, who, draft.doc_id, "cash", "")
        return approval.approve(at, who, draft.doc_id).number

    return await node.lane(work)


async def carried_up(hub: HubServer, file: bytes) -> None:
    answer = await asyncio.to_thread(partial(hub.client.post, content=file), "/api/v1/exchange/import")
    answer.raise_for_status()


async def has_prices(node: StationNode) -> bool:
    rows = await node.lane(node.lane.database.rows, "SELECT 1 FROM definition WHERE kind = 'price' LIMIT 1")
    return bool(rows)


async def asked(hub: HubServer, path: str) -> Any:
    answer = await asyncio.to_thread(hub.client.get, path)
    return answer.raise_for_status().json()


async def numbers(hub: HubServer) -> list[str]:
    return sorted(row["number"] for row in (await asked(hub, "/api/v1/documents"))["rows"])


async def series_at(hub: HubServer) -> dict[str, str]:
    """Series → who told of it, empty where it was enrolled here."""
    found = await asked(hub, "/api/v1/certificates")
    return {row["series"]: row["told_by"] for row in found if row["kind"] == "station"}


async def alarms_of(hub: HubServer, node: str) -> list[str]:
    rows = await asked(hub, "/api/v1/monitor")
    return next((row["alarms"] for row in rows if row["node"]["node"] == node), [])


@contextmanager
def agent_at(folder: Path, hub: HubServer, code: str = "used") -> Iterator[AgentProcess]:
    with agent_process(folder, hub.url, code) as agent:
        yield agent


async def a_day_after_the_backup(firm: Firm) -> list[str]:
    """Agent and till are enrolled, the till sells and has its next life ready; the numbers sold."""
    with firm.office() as hub, agent_at(firm.folder / "agent", hub, code_for(hub, "agent", "S1")) as agent:
        url = (await agent.address()).url
        await enrolled(firm.folder / "till", url, code_for(hub, "station", "K1"), "life1")
        async with station(firm.folder / "till", url) as node:
            await until(partial(has_prices, node), 60)
            sold = [await sell(node), await sell(node)]

            async def all_there() -> bool:
                return await numbers(hub) == sorted(sold) and set(await series_at(hub)) == {"K1", "K1-2"}

            await until(all_there, 60)
            rows = agent.data / "agent.db"
            await until(lambda: b"K1-2" in rows.read_bytes() + _log_of(rows), 60)
        await agent.stop()
    return sold


def _log_of(database: Path) -> bytes:
    log = database.with_name(f"{database.name}-wal")
    return log.read_bytes() if log.exists() else b""


def test_the_agent_alone_brings_back_a_till_that_is_switched_off(firm: Firm) -> None:
    """REL-02, REL-09, SEC-02: certificates, documents, and the series of the life that the till has ready."""

    async def tell() -> None:
        sold = await a_day_after_the_backup(firm)
        with firm.restored() as hub, agent_at(firm.folder / "agent", hub) as agent:

            async def is_back() -> bool:
                return await numbers(hub) == sorted(sold) and set(await series_at(hub)) == {"K1", "K1-2"}

            await until(is_back, 60)
            assert await series_at(hub) == {"K1": "agent@S1", "K1-2": "agent@S1"}
            assert (await asked(hub, "/api/v1/verification"))["rows"] == []
            alarms = await alarms_of(hub, "K1")
            assert "node.certificate_adopted" in alarms
            assert not {"node.certificate_disputed", "node.parked"} & set(alarms)

            url = (await agent.address()).url
            new = await enrolled(firm.folder / "new", url, code_for(hub, "station", "K1"), "life3")
            assert (new.certificate.series, new.certificate.ordinal) == ("K1-3", 3)
            await agent.stop()

    asyncio.run(tell())


def test_a_machine_that_is_enrolled_at_once_gets_no_series_again(firm: Firm) -> None:
    """REL-05, REL-13: the agent tells head office whom it knows before it passes the code on."""

    async def tell() -> None:
        await a_day_after_the_backup(firm)
        with firm.restored() as hub:
            code = code_for(hub, "station", "K1")
            with agent_at(firm.folder / "agent", hub) as agent:
                new = await enrolled(firm.folder / "new", (await agent.address()).url, code, "life3")
                assert new.certificate.series == "K1-3"
                await agent.stop()

    asyncio.run(tell())


def test_a_till_tells_an_agent_that_is_new_too(firm: Firm) -> None:
    """REL-02, REL-13: head office is set up again, the agent lost its disk; the till knows itself and its next life."""

    async def tell() -> None:
        sold = await a_day_after_the_backup(firm)
        with firm.restored() as hub, agent_at(firm.folder / "agent2", hub, code_for(hub, "agent", "S1")) as agent:
            async with station(firm.folder / "till", (await agent.address()).url) as node:

                async def is_back() -> bool:
                    return await numbers(hub) == sorted(sold) and set(await series_at(hub)) == {"K1", "K1-2"}

                await until(is_back, 60)
                sold.append(await sell(node))
                await until(is_back, 60)
            assert (await asked(hub, "/api/v1/verification"))["rows"] == []
            await agent.stop()

    asyncio.run(tell())


def test_a_file_brings_the_certificates_of_a_till_without_a_network(firm: Firm) -> None:
    """REL-15, SEC-02: with the first file head office can write to it again, the second brings what had been sent."""

    async def tell() -> None:
        sold = await a_day_after_the_backup(firm)
        keys = load_identity(firm.folder / "till" / IDENTITY_FOLDER)
        assert keys is not None
        settings = StationSettings(data=firm.folder / "till", agent_url="http://127.0.0.1:9", station="K1")
        node = StationNode(settings, keys, this_machine())
        sold.append(await sell(node))
        file = (await node.desk.exchange.make()).content
        with firm.restored() as hub:
            unknown = await asyncio.to_thread(hub.client.post, "/api/v1/exchange/export/K1")
            assert unknown.json()["problems"][0]["code"] == "exchange.node.unknown"
            await carried_up(hub, file)
            assert await series_at(hub) == {"K1": "K1", "K1-2": "K1"}
            down = await asyncio.to_thread(hub.client.post, "/api/v1/exchange/export/K1")
            assert (await node.desk.exchange.take(down.raise_for_status().content)).sender == "hub"

            async def is_back() -> bool:
                return await numbers(hub) == sorted(sold)

            await carried_up(hub, (await node.desk.exchange.make()).content)
            await until(is_back, 60)
            assert (await asked(hub, "/api/v1/verification"))["rows"] == []
        await node.stop()

    asyncio.run(tell())
