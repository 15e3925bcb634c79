"""A line that can be cut, on real sockets (issue 2, item 7)."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from kontuar.tools.replay.proxy import Line

Talk = Callable[[Line, asyncio.Server], Awaitable[None]]


async def _upper(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while text := await reader.read(100):
        writer.write(text.upper())
        await writer.drain()
    writer.close()


def with_line(talk: Talk) -> None:
    async def run() -> None:
        server = await asyncio.start_server(_upper, "127.0.0.1", 0)
        async with server, Line(server.sockets[0].getsockname()[1]) as line:
            await asyncio.wait_for(talk(line, server), 10)

    asyncio.run(run())


async def said(line: Line, text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
    try:
        writer.write(text)
        writer.write_eof()
        return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.close()


def test_what_is_said_passes_both_ways() -> None:
    async def talk(line: Line, server: asyncio.Server) -> None:
        assert await said(line, b"one") == b"ONE"
        assert await said(line, b"x" * 300_000) == b"X" * 300_000

    with_line(talk)


def test_a_cut_breaks_what_runs_and_refuses_what_comes() -> None:
    async def talk(line: Line, server: asyncio.Server) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", line.port)
        writer.write(b"one")
        assert await reader.read(3) == b"ONE"
        await line.cut()
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await reader.readexactly(1)
        writer.close()
        assert await said(line, b"two") == b""
        assert (line.is_cut, line.cuts, line.refused) == (True, 1, 1)

    with_line(talk)


def test_a_restored_line_passes_again() -> None:
    async def talk(line: Line, server: asyncio.Server) -> None:
        await line.cut()
        await line.cut()
        await line.restore()
        assert await said(line, b"three") == b"THREE"
        assert line.cuts == 1

    with_line(talk)


def test_a_far_end_that_is_not_there_closes_the_connection() -> None:
    async def talk(line: Line, server: asyncio.Server) -> None:
        server.close()
        await server.wait_closed()
        assert await said(line, b"four") == b""

    with_line(talk)
