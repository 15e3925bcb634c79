"""A line between two nodes that can be cut: a TCP proxy on loopback, with nothing of the nodes in it."""

import asyncio
import contextlib
from collections.abc import Callable
from types import TracebackType
from typing import Self

CHUNK = 65_536


class Line:
    """Passes bytes between `port` (known once started) and the target on loopback.

    Cut: running connections break, new ones are closed at once. Restored: new ones pass again.
    """

    def __init__(self, target_port: int, *, host: str = "127.0.0.1") -> None:
        self._host = host
        self._target_port = target_port
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()
        self._is_cut = False
        self.port = 0
        self.cuts = 0
        self.refused = 0

    @property
    def is_cut(self) -> bool:
        """True between `cut` and `restore`."""
        return self._is_cut

    @property
    def url(self) -> str:
        """Where the near node reaches the far one."""
        return f"http://{self._host}:{self.port}"

    async def start(self) -> None:
        """Begin to listen on a free port."""
        self._server = await asyncio.start_server(self._accept, self._host, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Break everything and stop listening."""
        if self._server is not None:
            self._server.close()
        await self._break_all()
        if self._server is not None:
            await self._server.wait_closed()
            self._server = None

    async def cut(self) -> None:
        """Break what runs, refuse what comes; cutting a cut line changes nothing."""
        if not self._is_cut:
            self._is_cut = True
            self.cuts += 1
            await self._break_all()

    async def restore(self) -> None:
        """Let new connections pass."""
        self._is_cut = False

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            await self._pass(reader, writer)
        except asyncio.CancelledError:
            # Only `_break_all` cancels this task; the connection ends here as a cut wire does.
            pass
        finally:
            self._passing.discard(task)
            _abort(writer)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._is_cut:
            self.refused += 1
            return
        try:
            far_reader, far_writer = await asyncio.open_connection(self._host, self._target_port)
        except OSError:
            # The far node is not there: the near one sees a connection that closes, as over a real line.
            self.refused += 1
            return
        try:
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, far_writer))
                both.create_task(_copy(far_reader, writer, self.came_down))
        finally:
            _abort(far_writer)

    def came_down(self, count: int) -> None:
        """So many bytes of the far node pass; for who wants to count them."""

    async def _break_all(self) -> None:
        running = list(self._passing)
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)


async def _copy(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passed: Callable[[int], None] = lambda _: None
) -> None:
    """Until either end closes or breaks; an end that breaks is an end."""
    with contextlib.suppress(OSError):  # ENOTCONN is no ConnectionError
        while chunk := await reader.read(CHUNK):
            passed(len(chunk))
            writer.write(chunk)
            await writer.drain()
        if writer.can_write_eof():
            writer.write_eof()


def _abort(writer: asyncio.StreamWriter) -> None:
    transport: asyncio.WriteTransport = writer.transport
    transport.abort()
