"""PINs become argon2id verifiers at the boundary; they are never stored, logged or sent."""

from argon2 import PasswordHasher, low_level
from argon2.exceptions import InvalidHashError, VerificationError

from kontuar.kernel.errors import refuse

SHORTEST = 4
LONGEST = 8
SALT_BYTES = 16
# 19 MiB, two rounds: about 20 ms on a till; argon2's own second choice where memory is scarce.
_ROUNDS = 2
_MEMORY_KIB = 19_456
_LANES = 1
_HASH_BYTES = 32
_checker = PasswordHasher()


def pin_verifier(pin: str, salt: bytes) -> str:
    """The argon2id string of a PIN; `salt` = 16 unguessable bytes. Raises `Refused("operator.bad_pin")`."""
    if not (pin.isascii() and pin.isdecimal() and SHORTEST <= len(pin) <= LONGEST):
        raise refuse("operator.bad_pin", "pin", shortest=SHORTEST, longest=LONGEST)
    return low_level.hash_secret(
        pin.encode(), salt, _ROUNDS, _MEMORY_KIB, _LANES, _HASH_BYTES, low_level.Type.ID
    ).decode()


def pin_fits(verifier: str, pin: str) -> bool:
    """Whether the PIN is the verifier's; a verifier that cannot be read fits nothing."""
    try:
        return _checker.verify(verifier, pin)
    except (VerificationError, InvalidHashError):
        return False
