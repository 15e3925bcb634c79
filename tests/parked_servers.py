"""Tills of one store that answer on loopback, around one parking buffer; the wire between can be cut."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from kontuar.domain.firm.records import StationDefinition
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Refused, refuse
from kontuar.nodes.parking_desk import ParkingDesk
from kontuar.operations.ports.streams import START, Batch, SealedMessage, StreamId
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.sync.parking import ParkingAnswerer
from parked_tills import StoreClock, at_once
from parking_world import Buffer
from shop import actor_of, change, shifts
from station_server import StationServer

STEP_SECONDS = 0.1


class ParkedServers:
    """Stations S1T1 … of one store for as long as the with block lasts; `up` = the agent can be reached."""

    def __init__(self, folder: Path, count: int = 3) -> None:
        self.up = True
        self._guard = threading.Lock()
        self._stack = ExitStack()
        (folder / "agent").mkdir(parents=True)
        self.servers = [
            StationServer(folder, code=f"S1T{number}", series=f"POS{number}", shift=False)
            for number in range(1, count + 1)
        ]
        self.buffer = Buffer(folder / "agent", StoreClock(self.servers[0].clock))
        self._pushed = dict.fromkeys((server.station.identity.station for server in self.servers), 0)
        for number, server in enumerate(self.servers):
            third = StationDefinition(code="S1T3", name="Kasa 3", store="S1", series="POS3")
            change(server.station.books, third)  # type: ignore[arg-type]
            server.station.ids._count = number * 1_000_000  # type: ignore[attr-defined]
            shifts.open_shift(server.station, actor_of(), "200,00", None)
            self._connect(server)

    def __enter__(self) -> ParkedServers:
        for server in self.servers:
            self._stack.enter_context(server)
        self._over = threading.Event()
        self._beat = threading.Thread(target=self._go, daemon=True)
        self._beat.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._beat.join(20)
        self._stack.close()
        self.buffer.stop()

    def until(self, told: Callable[[], bool], seconds: float = 15) -> None:
        """Wait until something is true of the tills."""
        end = time.monotonic() + seconds
        while not told():
            assert time.monotonic() < end, "it did not come about"
            time.sleep(0.05)

    def empty_buffer(self) -> None:
        """Everything is deleted, whoever has it."""
        with self._guard:
            for doc_id in self.buffer.listed():
                taken = self.buffer.open("S1T1", doc_id, take_over=True)
                self.buffer.delete("S1T1", taken.token, doc_id)

    def _connect(self, server: StationServer) -> None:
        station = server.station
        station.connectivity = lambda: Connectivity.STORE if self.up else Connectivity.OFFLINE
        code = station.identity.station
        server.desk.questions = SimpleNamespace(ask=lambda question, body: self._answer(code, question, body))  # type: ignore[assignment]

    async def _answer(self, station: str, question: str, body: bytes) -> bytes:
        if not self.up:
            raise refuse("connectivity.too_low", needs="online", reason="nobody answers")
        asker = NodeIdentity(node=station, kind="station", store="S1", incarnation="i1", public_key=b"")
        answerer = ParkingAnswerer(self.buffer.desk, at_once, _nobody, lambda: None)
        with self._guard:
            problems, answer = await answerer(asker, question, body)
        if problems:
            raise Refused(*problems)
        return answer

    def _go(self) -> None:
        """What the sync and the loops of the nodes do meanwhile."""
        while not self._over.wait(STEP_SECONDS):
            for server in self.servers:
                server.level = "store" if self.up else "offline"
                if self.up and server._loop is not None:
                    self._sync(server)
            with self._guard:
                self.buffer.desk.expire()

    def _sync(self, server: StationServer) -> None:
        books: Any = server.station.books
        cursor = server.do(books.parking.cursor)
        code = server.station.identity.station
        after = self._pushed[code]
        rows = server.do(
            books.database.rows, "SELECT seq, payload, hash, signature FROM message WHERE seq > ?", (after,)
        )
        # Nothing is asked of a till under the guard: its own questions wait for the guard on the thread that answers.
        before = server.do(books.database.value, "SELECT hash FROM message WHERE seq = ?", (after,)) or bytes(32)
        with self._guard:
            if rows:
                self.buffer.take(
                    Batch(stream=StreamId(code, "i1"), store="S1", sender=code, first=rows[0][0], previous_hash=before,
                          messages=tuple(SealedMessage(*row) for row in rows), claim=START)
                )  # fmt: skip
                self._pushed[code] = rows[-1][0]
            news = self.buffer.desk.news_since(cursor)
        server.do(_hear, books, news)
        assert server._loop is not None
        asyncio.run_coroutine_threadsafe(ParkingDesk(server.desk).once(), server._loop).result(30)


def _hear(books: Any, news: Any) -> None:
    with books.transaction():
        books.parking.take_news(news)


async def _nobody(asker: NodeIdentity, question: str, body: bytes) -> tuple[Any, bytes]:
    raise AssertionError(f"{asker.node} asks the hub {question}: {body!r}")


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as data, ParkedServers(Path(data)) as tills:
        print(*(server.url for server in tills.servers), flush=True)
        threading.Event().wait()
