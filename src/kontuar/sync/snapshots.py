"""Snapshot files on their way down: fetched in pieces, resumed after a cut, believed only by their hash."""

import asyncio
import base64
import binascii
import hashlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

import msgspec
import zstandard

from kontuar.kernel.errors import refuse
from kontuar.sync.transport import Transport
from kontuar.sync.wire import WireSnapshot

_LINE: Final = msgspec.json.Decoder(tuple[str, str, int, msgspec.Raw])
_FETCH_TIMEOUT_SECONDS: Final = 10.0
_SCHEME: Final = "Kontuar"


async def fetch(transport: Transport, snapshot: WireSnapshot, proof: str, folder: Path) -> Path:
    """The whole file, checked; what an earlier attempt brought is not fetched again.

    Raises `Unreachable` or `Declined` of the transport (what came stays for the next attempt) and
    `Refused("snapshot.damaged")` when size or hash differ (what came is thrown away).
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = hashlib.sha256(snapshot.id.encode()).hexdigest()[:16]
    part = folder / f"{name}.part"
    for other in folder.glob("*.part"):
        if other != part:
            other.unlink()
    have = part.stat().st_size if part.exists() else 0
    with part.open("ab") as file:
        while have < snapshot.size:
            before = have
            path = f"/sync/v1/snapshots/{snapshot.id}"
            async for piece in transport.fetch(path, have, proof, timeout_seconds=_FETCH_TIMEOUT_SECONDS):
                have += len(piece)
                await asyncio.to_thread(file.write, piece)
            if have == before:
                break
        file.flush()
        os.fsync(file.fileno())
    if await asyncio.to_thread(_digest, part) != snapshot.hash:
        part.unlink()
        raise refuse("snapshot.damaged", id=snapshot.id)
    return part


def proof_text(frame: bytes) -> str:
    """A signed frame as the header `authorization` of a request that has no body."""
    return f"{_SCHEME} {base64.urlsafe_b64encode(frame).decode()}"


def read_proof(header: str) -> bytes:
    """The frame in the header; raises `Refused("frame.unreadable")`."""
    scheme, _, text = header.partition(" ")
    try:
        frame = base64.urlsafe_b64decode(text)
    except (binascii.Error, ValueError):
        frame = b""
    if scheme != _SCHEME or not frame:
        raise refuse("frame.unreadable", reason="authorization")
    return frame


def rows_of(path: Path) -> Iterator[tuple[str, str, int, bytes]]:
    """(kind, key, version, row bytes) of a checked file; raises `Refused("snapshot.damaged")`."""
    with path.open("rb") as file:
        yield from rows_in(file)


def rows_in(file: IO[bytes]) -> Iterator[tuple[str, str, int, bytes]]:
    """The rows of a checked snapshot, wherever it lies; raises as `rows_of`."""
    unpacked = zstandard.ZstdDecompressor(max_window_size=2**27).stream_reader(file)
    try:
        for line in io.BufferedReader(unpacked, 1024 * 1024):
            kind, key, version, body = _LINE.decode(line)
            yield kind, key, version, bytes(body)
    except (msgspec.DecodeError, zstandard.ZstdError) as error:
        raise refuse("snapshot.damaged", reason=error) from None


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
