"""Logging in at the hub: the same operators and PINs as on the tills, bearer tokens, wrong PINs slowed (SEC-01)."""

import base64
import hashlib
from datetime import date, datetime, timedelta

import msgspec

from kontuar.domain.parties.records import Operator, Role
from kontuar.domain.parties.rights import ADMINISTRATOR, rights_of
from kontuar.kernel.errors import refuse
from kontuar.kernel.ids import Ids
from kontuar.kernel.time import Clock
from kontuar.operations.actor import Actor
from kontuar.operations.hub.second_factor import SET_UP, SecondFactorRegister, step_of_code
from kontuar.operations.pins import pin_fits
from kontuar.operations.ports.hub_definitions import Failures, LoginRegister, StoredLogin

LOGIN_HOURS = 12
BOOTSTRAP_OPERATOR = "administrator"
"""Who logs in with the code of the first start, before operators are defined."""
FREE_FAILURES = 3
LONGEST_WAIT_SECONDS = 900
_TOKEN_BYTES = 32
_CODE_BYTES = 15
_LONGEST_CODE = 64


class Login(msgspec.Struct, frozen=True, kw_only=True):
    """A new login: the token is shown once and kept only hashed."""

    token: str
    expires_at: datetime
    actor: Actor


class HubLogin:
    """Logins at the hub."""

    def __init__(
        self, register: LoginRegister, clock: Clock, ids: Ids, factors: SecondFactorRegister | None = None
    ) -> None:
        self._register = register
        self._factors = factors
        self._clock = clock
        self._ids = ids

    def log_in(self, operator: str, pin: str, one_time_code: str = "") -> Login:
        """Log an operator in by code and PIN, and by a one-time code where he has a second factor (HUB-09).

        Raises `Refused("login.wrong")`, `login.code_needed` when only the one-time code is missing, or `login.slowed`
        with the seconds to wait: after three wrong tries in a row 2, 4, 8 … seconds, at most a quarter of an hour.
        """
        code = operator.replace("\0", "").strip()[:_LONGEST_CODE]
        now = self._clock.now()
        with self._register.transaction():
            failures = self._register.failures(code)
            if failures is not None and now < failures.blocked_until:
                seconds = int((failures.blocked_until - now).total_seconds()) + 1
                raise refuse("login.slowed", seconds=seconds, failures=failures.count)
            actor = self._actor_by_pin(code, pin, now)
            if actor is not None and self._shows_second_factor(actor, one_time_code, now):
                self._register.forget_failures(code)
                return self._new_login(actor, now, bootstrap=code == BOOTSTRAP_OPERATOR and not self._defined(code))
            self._register.count_failure(code, _one_more(failures, now), now)
        raise refuse("login.wrong")

    def actor_of(self, token: str) -> Actor:
        """Who a token belongs to, with the rights he has now. Raises `Refused("login.needed" | "login.expired")`."""
        now = self._clock.now()
        with self._register.transaction():
            login = self._register.login(_hash(token))
            if login is None:
                raise refuse("login.needed")
            if now >= login.expires_at:
                raise refuse("login.expired")
            if login.bootstrap:
                return _bootstrap_actor(login.login_id)
            operator = self._defined(login.operator)
            if operator is None or not _may_log_in(operator, now.date()):
                raise refuse("login.expired")
            return self._with_second_factor(self._actor(operator, login.login_id))

    def log_out(self, token: str) -> None:
        """The token is worth nothing from now on."""
        with self._register.transaction():
            self._register.end_login(_hash(token))

    def prepare_first_login(self) -> str | None:
        """A fresh administrator code while no operator is defined, else None; an earlier one no longer works."""
        with self._register.transaction():
            if self._register.has_operators():
                return None
            code = _text(self._ids.secret(_CODE_BYTES))
            self._register.set_bootstrap(_hash(code))
        return code

    def _actor_by_pin(self, code: str, pin: str, now: datetime) -> Actor | None:
        operator = self._defined(code)
        if operator is None:
            return self._first_administrator(code, pin, now)
        if not pin_fits(operator.pin_verifier, pin) or not _may_log_in(operator, now.date()):
            return None
        return self._actor(operator, "")

    def _shows_second_factor(self, actor: Actor, one_time_code: str, now: datetime) -> bool:
        """True where none is set up; a code works once."""
        if self._factors is None or not self._factors.is_set_up(actor.operator):
            return True
        if not one_time_code.strip():
            raise refuse("login.code_needed")
        factor = self._factors.second_factor(actor.operator)
        if factor is None:
            return True  # taken off between the two looks
        step = step_of_code(factor, one_time_code, now)
        if step is None:
            return False
        self._factors.put_second_factor(msgspec.structs.replace(factor, last_step=step))
        return True

    def _with_second_factor(self, actor: Actor) -> Actor:
        """Whoever must have a second factor and has none may do nothing but set one up."""
        if self._factors is None or not self._factors.second_factor_required():
            return actor
        if self._factors.is_set_up(actor.operator):
            return actor
        return msgspec.structs.replace(actor, rights=frozenset({SET_UP}))

    def _first_administrator(self, code: str, pin: str, now: datetime) -> Actor | None:
        if code != BOOTSTRAP_OPERATOR or self._register.has_operators():
            return None
        return _bootstrap_actor("") if self._register.use_bootstrap(_hash(pin.strip()), now) else None

    def _defined(self, code: str) -> Operator | None:
        body = self._register.operator(code)
        return None if body is None else msgspec.json.decode(body, type=Operator)

    def _actor(self, operator: Operator, login_id: str) -> Actor:
        bodies = self._register.roles(operator.roles)
        roles = {code: msgspec.json.decode(body, type=Role) for code, body in bodies.items()}
        return Actor(
            operator=operator.code,
            name=operator.name,
            rights=rights_of(operator, roles),
            language=operator.language,
            login_id=login_id,
        )

    def _new_login(self, actor: Actor, now: datetime, *, bootstrap: bool) -> Login:
        token = _text(self._ids.secret(_TOKEN_BYTES))
        login = StoredLogin(
            login_id=self._ids.new_id(),
            operator=actor.operator,
            bootstrap=bootstrap,
            expires_at=now + timedelta(hours=LOGIN_HOURS),
        )
        self._register.add_login(_hash(token), login, now)
        known = msgspec.structs.replace(actor, login_id=login.login_id)
        return Login(token=token, expires_at=login.expires_at, actor=known)


def _may_log_in(operator: Operator, today: date) -> bool:
    return operator.active and (not operator.valid_until or today.isoformat() <= operator.valid_until)


def _bootstrap_actor(login_id: str) -> Actor:
    return Actor(
        operator=BOOTSTRAP_OPERATOR, name="Administrator", rights=ADMINISTRATOR, language="en", login_id=login_id
    )


def _one_more(failures: Failures | None, now: datetime) -> Failures:
    count = (failures.count if failures else 0) + 1
    wait = 0 if count < FREE_FAILURES else min(2 ** min(count - FREE_FAILURES + 1, 10), LONGEST_WAIT_SECONDS)
    return Failures(count, now + timedelta(seconds=wait))


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


def _text(secret: bytes) -> str:
    return base64.b32encode(secret).decode().rstrip("=")
