"""Identities: UUIDv7 made once, where a thing is created, before anything is sent."""

from datetime import datetime
from typing import Protocol
from uuid import UUID

from kontuar.kernel.errors import refuse
from kontuar.kernel.time import milliseconds


class Ids(Protocol):
    """Where identities and secrets come from."""

    def new_id(self) -> str:
        """A fresh UUIDv7 as text."""
        ...

    def secret(self, byte_count: int) -> bytes:
        """Unguessable bytes."""
        ...


def uuid7(instant: datetime, entropy: bytes) -> str:
    """RFC 9562 version 7 from an instant and ten random bytes."""
    assert len(entropy) == 10
    value = milliseconds(instant).to_bytes(6, "big") + entropy
    number = int.from_bytes(value, "big")
    number = number & ~(0xF << 76) | (0x7 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return str(UUID(int=number))


def uuid8(digest: bytes) -> str:
    """RFC 9562 version 8 from the first sixteen bytes of a digest: the same for the same content."""
    number = int.from_bytes(digest[:16], "big")
    number = number & ~(0xF << 76) | (0x8 << 76)
    number = number & ~(0x3 << 62) | (0x2 << 62)
    return str(UUID(int=number))


def parse_id(text: str, place: str) -> str:
    """A well-formed identity in canonical spelling; raises `Refused("id.unreadable")`."""
    try:
        return str(UUID(text))
    except ValueError:
        raise refuse("id.unreadable", place, text=text[:64]) from None
