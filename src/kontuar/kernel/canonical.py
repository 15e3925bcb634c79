"""Canonical bytes and the hash chain over them (HUB-10).

What is hashed, signed, sent and stored are these bytes; nobody serialises them again.
"""

import hashlib
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

CHAIN_START = bytes(32)
_encoder = msgspec.json.Encoder(order="sorted", decimal_format="string")


def encode(value: Any) -> bytes:
    """JSON with sorted keys, no spaces, decimals as text, instants as ISO 8601 UTC."""
    return _encoder.encode(value)


def decode(data: bytes, kind: type[T]) -> T:
    """Read canonical bytes; unknown fields are ignored because newer writers may add them.

    Raises `msgspec.DecodeError` (a `ValidationError` when the shape is wrong).
    """
    return msgspec.json.decode(data, type=kind)


def chain_hash(previous: bytes, payload: bytes) -> bytes:
    """SHA-256("doc/1" ‖ previous ‖ payload): the link of one message to its predecessor."""
    return hashlib.sha256(b"doc/1" + previous + payload).digest()


def content_hash(data: bytes) -> bytes:
    """SHA-256 of the bytes."""
    return hashlib.sha256(data).digest()


def row_checksum(kind: str, key: str, body: bytes) -> int:
    """64-bit number of one definition row; the checksum of a view is their sum modulo 2**64."""
    digest = hashlib.sha256(b"\0".join((kind.encode(), key.encode(), body))).digest()
    return int.from_bytes(digest[:8], "big")
