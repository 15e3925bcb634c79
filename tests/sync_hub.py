"""A hub for tests of the agent: the real routes over SQLite, so that these tests need no PostgreSQL."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Collection, Iterator, Sequence
from pathlib import Path

import httpx
import uvicorn
from litestar import Litestar

from kontuar.kernel.canonical import decode, encode, row_checksum
from kontuar.kernel.errors import Problem, refuse
from kontuar.nodes.lanes import Lane
from kontuar.nodes.machine import MachineClock
from kontuar.nodes.running import NodeAddress, read_address
from kontuar.operations.feed import DefinitionsFeed
from kontuar.operations.hub.certificates import CertificateRow
from kontuar.operations.hub.enrolment import EnrolAnswer, EnrolRequest
from kontuar.operations.incoming import receive
from kontuar.operations.ports.hub_definitions import DefinitionsAnswer, SnapshotInfo
from kontuar.operations.ports.hub_documents import Confirmation, Confirmations, StockFigures
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.questions import FORKS, MESSAGES, AskMessages, ForksTold, TellForks
from kontuar.operations.ports.streams import Acknowledgement, Batch, Position, StreamId
from kontuar.operations.ports.sync import DefinitionCursor, FeedCursor, HubReach, NodeIdentity, StreamPosition
from kontuar.operations.stream_messages import held_after
from kontuar.storage.sqlite.agent.books import AgentBooks
from kontuar.storage.sqlite.agent.held_messages import SqliteHeldMessages
from kontuar.sync.bell import Bell
from kontuar.sync.frames import Sender
from kontuar.sync.keyring import CertifiedKeys
from kontuar.sync.keys import Certificate, certify
from kontuar.sync.server import SyncSite, sync_routes
from kontuar.web.http import EXCEPTION_HANDLERS
from sync_chain import HUB_KEY, STORE

CODES = {"AGENT-CODE": "agent@S1", "T1-CODE": "T1", "T2-CODE": "T2"}


class HubDouble:
    """Receiver, giver, answerer and enroller of a hub with one store."""

    def __init__(self, folder: Path) -> None:
        self.clock = MachineClock()
        self.books = AgentBooks(folder / "hub.db", folder / "snapshots", STORE, self.clock, "hub epoch")
        self.lane = Lane("hub double", self.books.database)
        self.lane.open()
        self.feed = DefinitionsFeed(self.books.definitions, self.books.snapshots)
        self.keys = CertifiedKeys(HUB_KEY.public_key)
        self.bell = Bell()
        self.confirmations: list[Confirmation] = []
        self.rows: dict[tuple[str, str], bytes] = {}
        self.version = 0
        self.pushes = 0
        self.forks: list[TellForks] = []

    # -- receiver -----------------------------------------------------------------------------------------
    def take(self, batch: Batch) -> Acknowledgement:
        self.pushes += 1
        return receive(batch, self.books.log, receiver="hub", epoch="h1", is_hub=True)

    def keep_unreadable(self, data: bytes, reason: str) -> None:
        self.books.log.keep_unreadable(data, reason)

    def payloads(self, stream: StreamId) -> list[tuple[int, bytes]]:
        rows = self.books.database.rows(
            "SELECT seq, payload FROM message WHERE origin = ? AND incarnation = ? ORDER BY seq",
            (stream.origin, stream.incarnation),
        )
        return [(seq, bytes(payload)) for seq, payload in rows]

    # -- giver --------------------------------------------------------------------------------------------
    def define(self, put: dict[tuple[str, str], bytes], removed: Sequence[tuple[str, str]] = ()) -> None:
        self.version += 1
        self.rows.update(put)
        for key in removed:
            del self.rows[key]
        checksum = sum(row_checksum(kind, key, body) for (kind, key), body in self.rows.items()) % 2**64
        rows = [(kind, key, self.version, body) for (kind, key), body in put.items()]
        self.books.definitions.apply_delta(rows, removed, "d1", self.version, checksum)
        self.bell.ring()

    def put_stock(self, figures: dict[str, int]) -> None:
        rows = tuple(("W1", article, amount) for article, amount in figures.items())
        cursor = self.books.stock.hub_cursor()
        with self.books.database.transaction():
            self.books.stock.take(
                StockFigures(epoch="s1", version=cursor.version + 1, full=False, rows=rows, covered=())
            )
        self.bell.ring()

    def confirm(self, doc_id: str, stream: StreamId, seq: int) -> None:
        number = len(self.confirmations) + 1
        self.confirmations.append(
            Confirmation(doc_id=doc_id, origin=stream.origin, incarnation=stream.incarnation, seq=seq,
                         state="booked", gid=f"G{number}", reason="", version=number)
        )  # fmt: skip
        self.bell.ring()

    def one_moment(self) -> contextlib.AbstractContextManager[None]:
        return contextlib.nullcontext()

    def definitions_since(
        self, asker: NodeIdentity, cursor: DefinitionCursor, kinds: Collection[str] | None = None
    ) -> DefinitionsAnswer:
        return self.feed.definitions_since(asker.store, cursor.epoch, cursor.version, cursor.checksum)

    def confirmations_since(self, asker: NodeIdentity, cursor: FeedCursor) -> Confirmations:
        after = cursor.version if cursor.epoch == "c1" else 0
        return Confirmations(epoch="c1", version=len(self.confirmations), rows=tuple(self.confirmations[after:]))

    def stock_since(self, asker: NodeIdentity, cursor: FeedCursor) -> StockFigures:
        return self.books.stock.since(cursor)

    def parked_since(self, asker: NodeIdentity, cursor: FeedCursor) -> ParkedNews:
        return ParkedNews(epoch=cursor.epoch, version=cursor.version)

    def final_positions(self, asker: NodeIdentity) -> Sequence[StreamPosition]:
        rows = self.books.database.rows("SELECT origin, incarnation, held_seq, held_hash FROM stream")
        return [StreamPosition(StreamId(o, i), Position(seq, digest.hex())) for o, i, seq, digest in rows]

    def snapshot_by_id(self, snapshot_id: str) -> SnapshotInfo:
        return self.feed.snapshot_by_id(snapshot_id)

    def hub_reach(self) -> HubReach:
        return HubReach(True, "2026-03-02T08:00:00.000000Z")

    # -- questions and enrolment ------------------------------------------------------------------------------
    async def answer(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        if question == "find_document":
            return (Problem("document.not_found"),), b"{}"
        if question == FORKS:
            self.forks.append(decode(body, TellForks))
            return (), encode(ForksTold())
        if question == MESSAGES:
            held = SqliteHeldMessages(self.books.database)
            return (), encode(await self.lane(held_after, held, asker.node, decode(body, AskMessages)))
        return (), encode({"asker": asker.node, "question": question, "got": decode(body, dict)})

    async def enrol(self, request: bytes) -> bytes:
        asked = decode(request, EnrolRequest)
        node = CODES.get(asked.code)
        if node is None:
            raise refuse("enrol.code_wrong")
        certificate = Certificate(
            node=node, kind=asked.kind, store=STORE, series=node, incarnation=asked.incarnation, ordinal=1,
            public_key=asked.public_key, issued_at="2026-01-01T00:00:00.000000Z",
        )  # fmt: skip
        signed = certify(HUB_KEY, certificate)
        self.keys.learn(signed.certificate, signed.signature)
        row = CertificateRow(certificate=signed.certificate, signature=signed.signature)
        await self.lane(self.define, {("certificate", f"{node}|{asked.incarnation}"): encode(row)})
        return encode(
            EnrolAnswer(certificate=signed.certificate, signature=signed.signature,
                        hub_key=HUB_KEY.public_key.hex(), hub_certificates=())
        )  # fmt: skip

    def site(self) -> SyncSite:
        return SyncSite(
            sender=Sender(node="hub", incarnation="h1", build="1", sign=HUB_KEY.sign), keys=self.keys, receiver=self,
            giver=self, answerer=self.answer, enroller=self.enrol, runner=self.lane, giver_runner=self.lane,
            clock=self.clock, bell=self.bell,
        )  # fmt: skip

    def app(self) -> Litestar:
        routes = sync_routes(self.site())
        return Litestar(route_handlers=routes, exception_handlers=EXCEPTION_HANDLERS, openapi_config=None)


@contextlib.asynccontextmanager
async def served(app: Litestar, port: int = 0) -> AsyncIterator[str]:
    """The application on a loopback port, as long as the block lasts."""
    server = uvicorn.Server(
        uvicorn.Config(app, port=port, log_config=None, access_log=False, timeout_graceful_shutdown=1)
    )
    server.capture_signals = contextlib.nullcontext
    task = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
        assert not task.done(), "the server did not start"
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        await task


class AgentProcess:
    """`kontuar agent` over a data folder."""

    def __init__(self, data: Path, hub_url: str, port: int = 0, code: str = "AGENT-CODE") -> None:
        self.data = data
        self._environment = {
            **os.environ, "KONTUAR_DATA": str(data), "KONTUAR_HUB_URL": hub_url, "KONTUAR_STORE": STORE,
            "KONTUAR_ENROLMENT_CODE": code, "KONTUAR_PORT": str(port),
        }  # fmt: skip
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        (self.data / "node.json").unlink(missing_ok=True)
        with (self.data / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "kontuar.nodes", "agent"], env=self._environment, stderr=log
            )

    async def address(self) -> NodeAddress:
        for _ in range(1500):
            found = read_address(self.data)
            if found is not None:
                self._environment["KONTUAR_PORT"] = found.url.rpartition(":")[2]
                return found
            assert self._process is not None
            assert self._process.poll() is None, (self.data / "log").read_text()
            await asyncio.sleep(0.01)
        raise AssertionError("the agent did not start")

    def kill(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGKILL)
        self._process.wait(10)

    async def stop(self) -> int:
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await asyncio.to_thread(self._process.wait, 15)


@contextlib.contextmanager
def agent_process(data: Path, hub_url: str, code: str = "AGENT-CODE") -> Iterator[AgentProcess]:
    """Started, and killed at the end whatever happens."""
    agent = AgentProcess(data, hub_url, code=code)
    agent.start()
    try:
        yield agent
    finally:
        if agent._process is not None and agent._process.poll() is None:
            agent.kill()


async def until(condition: object, seconds: float = 10.0) -> float:
    """Wait until the callable is true; how long it took."""
    began = time.monotonic()
    while True:
        value = condition()  # type: ignore[operator]
        if asyncio.iscoroutine(value):
            value = await value
        if value:
            return time.monotonic() - began
        assert time.monotonic() - began < seconds, "it did not come true in time"
        await asyncio.sleep(0.02)


async def health(url: str) -> dict[str, object]:
    async with httpx.AsyncClient() as client:
        return (await client.get(f"{url}/health")).json()
