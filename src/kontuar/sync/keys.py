"""Ed25519 keys of nodes and the certificates that the hub makes of them (SEC-02)."""

import hashlib
import os
import secrets
from collections.abc import Callable
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from kontuar.kernel.canonical import decode, encode
from kontuar.operations.hub.certificates import NodeCertificate as Certificate

__all__ = ["Certificate", "SignedCertificate", "Signer", "certify", "is_certified", "is_signed", "load_or_make"]


class SignedCertificate(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate's bytes and the hub's signature over them (hex)."""

    certificate: str
    signature: str

    def read(self) -> Certificate:
        """The certificate itself, unchecked."""
        return decode(self.certificate.encode(), Certificate)


class Signer:
    """A node's private key."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.public_key = key.public_key().public_bytes_raw()

    def sign(self, data: bytes) -> bytes:
        """64 bytes of signature."""
        return self._key.sign(data)

    def agreement_key(self) -> X25519PrivateKey:
        """The same secret on the other form of the curve, which opens what is sealed to this node (ADR 15)."""
        return X25519PrivateKey.from_private_bytes(hashlib.sha512(self._key.private_bytes_raw()).digest()[:32])


def load_or_make(path: Path, secret: Callable[[int], bytes] = secrets.token_bytes) -> Signer:
    """The key in a file only its owner reads; made at the first start of `secret` bytes, never part of the database or
    its backup."""
    if path.exists():
        return Signer(Ed25519PrivateKey.from_private_bytes(path.read_bytes()))
    key = Ed25519PrivateKey.from_private_bytes(secret(32))
    raw = key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(raw)
        file.flush()
        os.fsync(file.fileno())
    return Signer(key)


def is_signed(public_key: bytes, signature: bytes, data: bytes) -> bool:
    """Whether the signature over the data is that key's."""
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, data)
    except (InvalidSignature, ValueError):
        return False
    return True


def certify(hub: Signer, certificate: Certificate) -> SignedCertificate:
    """The hub's word for a certificate."""
    data = encode(certificate)
    return SignedCertificate(certificate=data.decode(), signature=hub.sign(data).hex())


def is_certified(hub_key: bytes, signed: SignedCertificate) -> bool:
    """Whether the hub with that key made the certificate."""
    return is_signed(hub_key, bytes.fromhex(signed.signature), signed.certificate.encode())
