"""Secrets that lie in the database lie there sealed: who has only the database, or its backup, has none of them."""

from collections.abc import Callable
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kontuar.kernel.canonical import content_hash
from kontuar.kernel.errors import refuse

_NONCE_BYTES: Final = 12
_KEY_BYTES: Final = 32


class SecretBox:
    """Seals with AES-256-GCM under a key derived from the hub's own, which never lies in the database."""

    def __init__(self, root: bytes, purpose: str, random: Callable[[int], bytes]) -> None:
        """`root`: the secret bytes that the key is derived from; `purpose` keeps keys of different uses apart;
        `random`: so many bytes that nobody can foresee."""
        self._random = random
        key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=f"kontuar/{purpose}/1".encode()).derive(root)
        self._cipher = AESGCM(key)
        self.key_id: Final = content_hash(b"key id" + key).hex()[:16]
        """Tells keys apart without telling anything of them."""

    def seal(self, secret: bytes, whose: str) -> bytes:
        """The secret, unreadable; it opens for the same owner only, so that rows cannot be exchanged."""
        nonce = self._random(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, secret, whose.encode())

    def open(self, key_id: str, sealed: bytes, whose: str) -> bytes:
        """The secret. Raises `Refused("second_factor.key_missing")` for one sealed under another key or damaged."""
        if key_id != self.key_id:
            raise refuse("second_factor.key_missing", operator=whose)
        try:
            return self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], whose.encode())
        except InvalidTag:
            raise refuse("second_factor.key_missing", operator=whose) from None
