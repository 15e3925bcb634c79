"""Frames: the one envelope of every request and answer (docs/protocol.md)."""

import datetime
import struct
from collections.abc import Callable, Iterable
from typing import Any

import msgspec
import zstandard

from kontuar.kernel.canonical import content_hash, encode
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import instant_text
from kontuar.sync.keys import is_signed

MAGIC = b"KTR1"
READ_BACK = 2
"""So many versions back are still read (REL-16)."""


def reading_back(highest: int) -> tuple[int, int]:
    """The range of a program that speaks a version: its own, and what it still reads."""
    return max(1, highest - READ_BACK), highest


PROTOCOL = reading_back(2)
"""Version 2 brought digests, signed heads, and the kinds of definitions that a node knows."""
SIGNATURE_BYTES = 64
MAX_HEADER_BYTES = 65_536
MAX_BODY_BYTES = 64 * 1024 * 1024
"""A body larger than this after decompression is refused (zip bombs)."""
_UNPACK_STEP = 256
"""A block of four bytes can stand for 128 KiB: few bytes at a time keep what a bomb can fill below 8 MiB."""

KeyOf = Callable[[str, str], bytes | None]
"""(node, incarnation) → public key, None when unknown or revoked."""
Sign = Callable[[bytes], bytes]


class Header(msgspec.Struct, frozen=True, kw_only=True):
    """What every frame says of itself; `fields` is what its kind adds."""

    kind: str
    protocol: tuple[int, int]
    node: str
    incarnation: str
    at: str
    build: str
    body_hash: str
    encoding: str
    fields: dict[str, Any]


class Frame(msgspec.Struct, frozen=True):
    """A frame that was read and checked; `body` is decompressed."""

    header: Header
    body: bytes


class Sender(msgspec.Struct, frozen=True):
    """Who signs frames: node, incarnation, program version, the key, and the versions it speaks (None: `PROTOCOL`)."""

    node: str
    incarnation: str
    build: str
    sign: Sign
    protocol: tuple[int, int] | None = None


def seal(
    sender: Sender, kind: str, fields: dict[str, Any], body: bytes, now: datetime.datetime, *, plain: bool = False
) -> bytes:  # fmt: skip
    """The bytes of one frame; `plain`: the body is packed or sealed already and would not get smaller."""
    packed = body if plain else pack(body)
    header = Header(
        kind=kind, protocol=sender.protocol or PROTOCOL, node=sender.node, incarnation=sender.incarnation,
        at=instant_text(now), build=sender.build, body_hash=content_hash(packed).hex(),
        encoding="plain" if packed is body else "zstd", fields=fields,
    )  # fmt: skip
    head = encode(header)
    signed = MAGIC + struct.pack(">I", len(head)) + head + packed
    return signed + sender.sign(signed)


def peek(data: bytes) -> Header:
    """A frame's header, unchecked: whose key is needed? Raises `Refused("frame.unreadable")`."""
    return _split(data)[0]


def open_frame(data: bytes, key_of: KeyOf, ours: tuple[int, int] | None = None) -> Frame:
    """Read and check one frame. `ours`: the versions that are read, None: `PROTOCOL`.

    Raises `Refused` with `frame.unreadable`, `frame.unknown_node`, `frame.bad_signature`,
    `protocol.too_old` or `protocol.too_new`; never anything else, whatever the bytes. The versions are compared when
    it is certain who speaks: then it can be told who is to be updated.
    """
    header, packed = _split(data)
    key = key_of(header.node, header.incarnation)
    if key is None:
        raise refuse("frame.unknown_node", node=header.node[:80])
    if not is_signed(key, data[-SIGNATURE_BYTES:], data[:-SIGNATURE_BYTES]):
        raise refuse("frame.bad_signature", node=header.node[:80])
    if content_hash(packed).hex() != header.body_hash:
        raise refuse("frame.unreadable", reason="body hash")
    _check_protocol(header.protocol, ours or PROTOCOL)
    return Frame(header, unpack(packed, header.encoding))


def pack(body: bytes) -> bytes:
    """Compressed where that pays; then it is another object than what was given."""
    return zstandard.compress(body, 3) if len(body) > 200 else body


def join(frames: Iterable[bytes]) -> bytes:
    """Frames one after the other, each preceded by its length."""
    return b"".join(struct.pack(">I", len(frame)) + frame for frame in frames)


def split(data: bytes) -> list[bytes]:
    """The frames that `join` put together; raises `Refused("frame.unreadable")`."""
    return split_lengths(data)


def split_lengths(data: bytes) -> list[bytes]:
    """Length-prefixed parts; raises `Refused("frame.unreadable")` when the lengths do not fit."""
    parts: list[bytes] = []
    position = 0
    while position < len(data):
        if position + 4 > len(data):
            raise refuse("frame.unreadable", reason="length")
        (length,) = struct.unpack_from(">I", data, position)
        position += 4
        if position + length > len(data):
            raise refuse("frame.unreadable", reason="length")
        parts.append(data[position : position + length])
        position += length
    return parts


def _split(data: bytes) -> tuple[Header, bytes]:
    if len(data) < 8 + SIGNATURE_BYTES or data[:4] != MAGIC:
        raise refuse("frame.unreadable", reason="magic")
    (length,) = struct.unpack_from(">I", data, 4)
    if length > MAX_HEADER_BYTES or 8 + length + SIGNATURE_BYTES > len(data):
        raise refuse("frame.unreadable", reason="header length")
    try:
        header = msgspec.json.decode(data[8 : 8 + length], type=Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise refuse("frame.unreadable", reason=f"header: {error}") from None
    return header, data[8 + length : -SIGNATURE_BYTES]


def _check_protocol(theirs: tuple[int, int], ours: tuple[int, int]) -> None:
    lowest, highest = theirs
    if highest < ours[0]:
        raise refuse("protocol.too_old", theirs=highest, ours=ours[0])
    if lowest > ours[1]:
        raise refuse("protocol.too_new", theirs=lowest, ours=ours[1])


def unpack(packed: bytes, encoding: str) -> bytes:
    """What was packed, at most `MAX_BODY_BYTES` of it; raises `Refused("frame.unreadable")`."""
    if encoding == "plain":
        if len(packed) > MAX_BODY_BYTES:
            raise refuse("frame.unreadable", reason="too large")
        return packed
    if encoding != "zstd" or not packed:
        raise refuse("frame.unreadable", reason="encoding")
    unpacking = zstandard.ZstdDecompressor(max_window_size=2**27).decompressobj()
    body = bytearray()
    try:
        for start in range(0, len(packed), _UNPACK_STEP):
            body += unpacking.decompress(packed[start : start + _UNPACK_STEP])
            if len(body) > MAX_BODY_BYTES:
                raise refuse("frame.unreadable", reason="too large")
            if unpacking.eof:
                break
    except zstandard.ZstdError:
        raise refuse("frame.unreadable", reason="compression") from None
    if not unpacking.eof or unpacking.unused_data or start + _UNPACK_STEP < len(packed):
        raise refuse("frame.unreadable", reason="compression")
    return bytes(body)
