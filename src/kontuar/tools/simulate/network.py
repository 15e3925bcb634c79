"""The network between nodes: messages late, lost, twice, out of order, cut off in every shape, slow.

A request is answered by the node that stands at its address when it arrives. Whatever happens on the way, the asker
sees what HTTP would show: an answer, a refusal with a status, nobody there, or no answer in time.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from kontuar.sync.transport import Declined, Unreachable

_REFUSED_SECONDS: Final = 0.001
"""A machine that is up and runs nothing answers at once."""
_CONNECT_SECONDS: Final = 2.0
_NEWS: Final = "/sync/v1/down"
Answer = bytes | Exception
LONGEST_LATE_SECONDS: Final = 90.0
"""A copy of a request may come so late, long after its asker gave it up."""


class Endpoint(Protocol):
    """A node as others reach it; raises `Declined`."""

    def begin(self, answering: Coroutine[Any, Any, Answer]) -> asyncio.Task[Answer]:
        """Answer in a task that ends with the node."""
        ...

    async def post(self, path: str, body: bytes) -> bytes:
        """The answer to a request."""
        ...

    async def fetch(self, path: str, start: int, proof: str) -> bytes:
        """A piece of a file from a position on."""
        ...


@dataclass(slots=True)
class Weather:
    """What a way does to messages. `delay_seconds`: usual one; chances are per message and direction."""

    delay_seconds: float = 0.002
    loss: float = 0.0
    twice: float = 0.0
    slow: float = 0.0
    bytes_per_second: float = 0.0


CALM: Final = Weather()


@dataclass(slots=True)
class Network:
    """All ways between all nodes. `cut`: (asker, address) that nothing passes, `cut_for_good`: until everything heals;
    `deaf`: those whose answers are lost; `no_news`: those whose long questions a box on the way breaks off."""

    chance: random.Random
    tell: Callable[[str], None]
    weather: Weather = field(default_factory=Weather)
    cut: dict[tuple[str, str], None] = field(default_factory=dict)
    cut_for_good: dict[tuple[str, str], None] = field(default_factory=dict)
    deaf: dict[tuple[str, str], None] = field(default_factory=dict)
    no_news: dict[tuple[str, str], None] = field(default_factory=dict)
    nodes: dict[str, Endpoint] = field(default_factory=dict)
    answered: dict[tuple[str, str], float] = field(default_factory=dict)
    """(asker, address) → when the last answer came."""
    _late: dict[asyncio.Task[None], None] = field(default_factory=dict)

    def heal(self) -> None:
        """Everything passes again, quickly."""
        self.cut.clear()
        self.cut_for_good.clear()
        self.deaf.clear()
        self.no_news.clear()
        self.weather = Weather()

    def mend(self, way: tuple[str, str]) -> None:
        """What was cut for a while passes again."""
        self.cut.pop(way, None)

    def passes(self, way: tuple[str, str]) -> bool:
        """Whether anything does."""
        return way not in self.cut and way not in self.cut_for_good

    async def ask(
        self, asker: str, address: str, question: Callable[[Endpoint], Awaitable[bytes]], name: str, size: int,
        timeout_seconds: float,
    ) -> bytes:  # fmt: skip
        """One request; raises `Unreachable` or `Declined`."""
        way = (asker, address)
        self.tell(f"{asker}>{address} {name} {size}")
        if not self.passes(way) or (name == _NEWS and way in self.no_news):
            await asyncio.sleep(min(_CONNECT_SECONDS, timeout_seconds))
            raise Unreachable("cut off")
        if address not in self.nodes:
            await asyncio.sleep(_REFUSED_SECONDS)
            raise Unreachable("nobody listens there")
        try:
            async with asyncio.timeout(timeout_seconds):
                return await self._there_and_back(way, question, name, size)
        except TimeoutError:
            raise Unreachable("no answer in time", slow=True) from None

    async def _there_and_back(
        self, way: tuple[str, str], question: Callable[[Endpoint], Awaitable[bytes]], name: str, size: int
    ) -> bytes:
        await asyncio.sleep(self._delay(size))
        lost, twice = self._happens(self.weather.loss), self._happens(self.weather.twice)
        if twice:
            self.tell(f"twice {way[0]}>{way[1]} {name}")
            self._send_late(way, question)
        if lost or not self.passes(way):
            self.tell(f"lost {way[0]}>{way[1]} {name}")
            await _never()
        node = self.nodes.get(way[1])
        if node is None:
            raise Unreachable("nobody listens there")
        # The one who answers goes on when the asker has given up, and ends when its process does.
        work = node.begin(_quietly(question(node)))
        await asyncio.wait([work])
        if work.cancelled():
            raise Unreachable("the connection broke")
        answer = work.result()
        await asyncio.sleep(self._delay(len(answer) if isinstance(answer, bytes) else 0))
        if way in self.deaf or not self.passes(way) or self._happens(self.weather.loss):
            self.tell(f"answer lost {way[0]}<{way[1]} {name}")
            await _never()
        if self.nodes.get(way[1]) is not node:
            raise Unreachable("the connection broke")
        self.answered[way] = asyncio.get_running_loop().time()
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _send_late(self, way: tuple[str, str], question: Callable[[Endpoint], Awaitable[bytes]]) -> None:
        seconds = self.chance.uniform(0.0, LONGEST_LATE_SECONDS) ** 2 / LONGEST_LATE_SECONDS

        async def later() -> None:
            await asyncio.sleep(seconds)
            node = self.nodes.get(way[1])
            if node is not None:
                node.begin(_quietly(question(node)))

        task = asyncio.get_running_loop().create_task(later())
        self._late[task] = None
        task.add_done_callback(lambda done: self._late.pop(done, None))

    def forget_late(self) -> None:
        """Nothing old is on its way any more."""
        for task in list(self._late):
            task.cancel()

    def _delay(self, size: int) -> float:
        weather = self.weather
        seconds = self.chance.expovariate(1 / weather.delay_seconds)
        if self._happens(weather.slow):
            seconds += self.chance.uniform(0.5, 30.0)
        if weather.bytes_per_second:
            seconds += size / weather.bytes_per_second
        return seconds

    def _happens(self, likelihood: float) -> bool:
        return likelihood > 0 and self.chance.random() < likelihood


class SimulatedTransport:
    """The way of one node to an address; implements `sync.transport.Transport`."""

    def __init__(self, network: Network, asker: str, address: str) -> None:
        self._network = network
        self._asker = asker
        self._address = address

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        """As HTTP would."""
        return await self._network.ask(
            self._asker, self._address, lambda node: node.post(path, body), path, len(body), timeout_seconds
        )

    async def fetch(self, path: str, start: int, proof: str, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        """As HTTP would, the rest of the file in one piece."""
        yield await self._network.ask(
            self._asker, self._address, lambda node: node.fetch(path, start, proof), "fetch", 0, timeout_seconds
        )

    async def close(self) -> None:
        """There are no connections."""


async def _quietly(answering: Awaitable[bytes]) -> Answer:
    """The answer, or what HTTP would have told instead of it."""
    try:
        return await answering
    except Declined as declined:
        return declined
    except Unreachable as unreachable:
        return unreachable


async def _never() -> None:
    await asyncio.get_running_loop().create_future()
