"""Content that only one node can read: sealed to the key that the hub certified for it (ADR 15)."""

from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kontuar.kernel.errors import refuse

SECRET_BYTES: Final = 32
_PRIME: Final = 2**255 - 19
_PURPOSE: Final = b"kontuar exchange/1"
_NONCE: Final = bytes(12)
"""Every file has a key of its own, so one nonce is never used twice with a key."""


def sealed(public_key: bytes, content: bytes, secret: bytes) -> bytes:
    """`content` for the owner of an Ed25519 key: 32 bytes of a key made for this once, then what is encrypted.

    `secret`: 32 unguessable bytes, never used twice. Raises `Refused("exchange.key_unusable")`.
    """
    once = X25519PrivateKey.from_private_bytes(secret)
    receiver = _other_form(public_key)
    brought = once.public_key().public_bytes_raw()
    return brought + _cipher(once, receiver, brought, receiver).encrypt(_NONCE, content, None)


def unsealed(own: X25519PrivateKey, data: bytes) -> bytes:
    """What was sealed to this node; raises `Refused("exchange.damaged")`."""
    receiver = own.public_key().public_bytes_raw()
    brought = data[:SECRET_BYTES]
    try:
        return _cipher(own, brought, brought, receiver).decrypt(_NONCE, data[SECRET_BYTES:], None)
    except (InvalidTag, ValueError):
        raise refuse("exchange.damaged", reason="seal") from None


def _cipher(own: X25519PrivateKey, other: bytes, brought: bytes, receiver: bytes) -> ChaCha20Poly1305:
    shared = own.exchange(X25519PublicKey.from_public_bytes(other))
    return ChaCha20Poly1305(HKDF(SHA256(), 32, salt=brought + receiver, info=_PURPOSE).derive(shared))


def _other_form(public_key: bytes) -> bytes:
    """The point of an Ed25519 key on the curve that secrets are agreed on: u = (1 + y) / (1 - y)."""
    y = int.from_bytes(public_key, "little") % 2**255
    if len(public_key) != SECRET_BYTES or y >= _PRIME or y in (0, 1, _PRIME - 1):
        raise refuse("exchange.key_unusable")
    return ((1 + y) * pow(1 - y, -1, _PRIME) % _PRIME).to_bytes(32, "little")
