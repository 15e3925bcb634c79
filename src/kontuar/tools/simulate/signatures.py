"""Signatures that were found good are remembered: the same one is checked by the agent, the hub and every proof."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kontuar.sync import keys

_NAME: Final = "Ed25519PublicKey"
_MOST: Final = 50_000
_good: dict[tuple[bytes, bytes, bytes], None] = {}


class _Remembering:
    """What the program uses of a public key; what is not good is looked at every time."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw

    @classmethod
    def from_public_bytes(cls, raw: bytes) -> "_Remembering":
        """The key of these bytes, which are looked at when something is checked with them."""
        return cls(raw)

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises `InvalidSignature`, or `ValueError` of a key that is none."""
        known = (self._raw, signature, data)
        if known in _good:
            return
        Ed25519PublicKey.from_public_bytes(self._raw).verify(signature, data)
        if len(_good) >= _MOST:
            _good.clear()
        _good[known] = None


@contextmanager
def layer() -> Iterator[None]:
    """For this process; what was remembered is forgotten at the end."""
    setattr(keys, _NAME, _Remembering)
    try:
        yield
    finally:
        setattr(keys, _NAME, Ed25519PublicKey)
        _good.clear()
