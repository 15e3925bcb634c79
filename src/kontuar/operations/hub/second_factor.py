"""A second factor for logins at the hub: time-based one-time codes by RFC 6238 (HUB-09).

A code is six digits, changes every 30 seconds, and works once; the one before and the one after are taken too,
because clocks differ.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Final, Protocol
from urllib.parse import quote

import msgspec

from kontuar.domain.parties import rights
from kontuar.kernel.errors import refuse
from kontuar.kernel.ids import Ids
from kontuar.kernel.time import Clock
from kontuar.operations.actor import Actor

Transaction = Callable[[], AbstractContextManager[None]]
STEP_SECONDS: Final = 30
DIGITS: Final = 6
SECRET_BYTES: Final = 20
ISSUER: Final = "Kontuar"
MAX_NOTE: Final = 500
SET_UP: Final = "second_factor.set_up"
"""The only right of somebody who must set up a second factor before anything else."""


class SecondFactor(msgspec.Struct, frozen=True, kw_only=True):
    """What an operator's codes are made of; `last_step` = the time step of the newest code that was used."""

    operator: str
    secret: bytes
    confirmed_at: datetime | None = None
    last_step: int = 0


class FactorHolder(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who has a second factor, since when, and how many logins of his are good now."""

    operator: str
    name: str
    since: datetime
    logins: int


class SecondFactorRegister(Protocol):
    """Second factors in the hub's database; used inside the login register's transaction."""

    def second_factor(self, operator: str) -> SecondFactor | None:
        """An operator's, locked until the transaction ends. Raises `Refused("second_factor.key_missing")` when its
        secret was sealed under a key that this hub does not have."""
        ...

    def is_set_up(self, operator: str) -> bool:
        """Whether he has one that asks for codes; needs no key."""
        ...

    def put_second_factor(self, factor: SecondFactor) -> None:
        """Keep it, in place of an earlier one."""
        ...

    def remove_second_factor(self, operator: str) -> bool:
        """Whether there was one."""
        ...

    def end_logins(self, operator: str) -> int:
        """Every login of his is worth nothing from now on; how many there were."""
        ...

    def holders(self) -> Sequence[FactorHolder]:
        """Everybody who has one, in the order of their codes."""
        ...

    def second_factor_required(self) -> bool:
        """Whether the firm asks everybody for one (parameter `hub.second_factor`)."""
        ...

    def audit(self, operator: str, action: str, subject: str, at: datetime, facts: Mapping[str, str]) -> None:
        """Write down what was done."""
        ...


class FactorState(msgspec.Struct, frozen=True, kw_only=True):
    """Whether somebody has a second factor, and whether he must."""

    active: bool
    required: bool


class NewFactor(msgspec.Struct, frozen=True, kw_only=True):
    """What a code program is told once: the secret to type, and the address that its picture holds."""

    secret: str
    address: str


class SecondFactors:
    """Everyone sets up his own; whoever lost his device asks an administrator to take it off."""

    def __init__(self, register: SecondFactorRegister, transaction: Transaction, clock: Clock, ids: Ids) -> None:
        self._register = register
        self._transaction = transaction
        self._clock = clock
        self._ids = ids

    def state(self, actor: Actor) -> FactorState:
        """Of whoever asks."""
        with self._transaction():
            return FactorState(
                active=self._register.is_set_up(actor.operator), required=self._register.second_factor_required()
            )

    def begin(self, actor: Actor) -> NewFactor:
        """A new secret, worth nothing until a code of it was shown; raises `Refused("second_factor.active")`."""
        secret = self._ids.secret(SECRET_BYTES)
        with self._transaction():
            if self._register.is_set_up(actor.operator):
                raise refuse("second_factor.active")
            self._register.put_second_factor(SecondFactor(operator=actor.operator, secret=secret))
        return _told(actor, secret)

    def confirm(self, actor: Actor, code: str) -> None:
        """From now on every login asks for a code. Raises `Refused("second_factor.code_wrong")`, `not_begun`."""
        now = self._clock.now()
        with self._transaction():
            found = self._register.second_factor(actor.operator)
            if found is None or found.confirmed_at is not None:
                raise refuse("second_factor.not_begun")
            step = step_of_code(found, code, now)
            if step is None:
                raise refuse("second_factor.code_wrong", "field:code")
            self._register.put_second_factor(msgspec.structs.replace(found, confirmed_at=now, last_step=step))
            self._register.audit(actor.operator, "second_factor.on", actor.operator, now, {})

    def holders(self, actor: Actor) -> Sequence[FactorHolder]:
        """Everybody who has a second factor. Needs the right `hub.second_factor`."""
        actor.require(rights.SECOND_FACTORS)
        with self._transaction():
            return self._register.holders()

    def take_off(self, actor: Actor, operator: str, note: str = "") -> int:
        """Somebody lost his device: his logins end with it, for whoever found it may have one; how many ended.

        `note`: how it was made sure who asks; it is written into the audit log. Needs the right `hub.second_factor`.
        Raises `Refused("second_factor.not_found")`.
        """
        actor.require(rights.SECOND_FACTORS)
        with self._transaction():
            if not self._register.remove_second_factor(operator):
                raise refuse("second_factor.not_found", operator=operator[:MAX_NOTE])
            ended = self._register.end_logins(operator)
            facts = {"logins": str(ended), **({"note": note.strip()[:MAX_NOTE]} if note.strip() else {})}
            self._register.audit(actor.operator, "second_factor.off", operator, self._clock.now(), facts)
        return ended


def step_of_code(factor: SecondFactor, code: str, now: datetime) -> int | None:
    """The time step that a code belongs to, None when it is wrong, too old, or was used."""
    typed = "".join(code.split()).encode("utf-8", "replace")
    current = int(now.timestamp()) // STEP_SECONDS
    for step in (current - 1, current, current + 1):
        if step > factor.last_step and hmac.compare_digest(code_at(factor.secret, step).encode(), typed):
            return step
    return None


def code_at(secret: bytes, step: int) -> str:
    """The code of a time step (RFC 4226, section 5.3)."""
    digest = hmac.new(secret, step.to_bytes(8, "big"), hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**DIGITS).zfill(DIGITS)


def _told(actor: Actor, secret: bytes) -> NewFactor:
    text = base64.b32encode(secret).decode().rstrip("=")
    label = quote(f"{ISSUER}:{actor.operator}")
    return NewFactor(secret=text, address=f"otpauth://totp/{label}?secret={text}&issuer={ISSUER}")
