"""Operators log in offline against verifiers from the hub; wrong PINs are slowed, counted and reported (SEC-01)."""

import datetime
import hashlib
import math
from collections.abc import Callable, Sequence

import msgspec

from kontuar.domain.parties.records import Operator, Role
from kontuar.domain.parties.rights import CASHIER, rights_of
from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import instant_text, parse_instant
from kontuar.operations.actor import Actor, Grant
from kontuar.operations.station.station import Station

FREE_ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 900
MAX_CODE = 64
GRANT_MINUTES = 5
NOBODY = "?"
"""All operators that do not exist share one count: guessing codes fills no table."""
CheckPin = Callable[[str, str], bool]
"""(verifier, PIN) → right or wrong; slow by design."""


class LoggedIn(msgspec.Struct, frozen=True, kw_only=True):
    """A login: the token is shown once and kept only as a hash."""

    token: str
    actor: Actor
    expires_at: str


class Silence(msgspec.Struct, frozen=True, kw_only=True):
    """How long the agent was not heard: `level` fine, warn or limit; whole hours since it was, and until rights are
    limited (0 at the limit)."""

    level: str = "fine"
    hours: int = 0
    hours_to_limit: int = 0


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An operator whose PIN may be checked now (the check itself is slow and happens elsewhere)."""

    operator: Operator


def operators(station: Station) -> Sequence[Operator]:
    """Those who may log in here, by name."""
    found = station.books.definitions.every(Operator).values()
    return sorted((operator for operator in found if _may_work(station, operator)), key=lambda operator: operator.name)


def by_card(station: Station, card: str) -> Operator:
    """The operator whose card this is; raises `Refused("login.card_unknown")`. A card alone never logs in."""
    for operator in operators(station):
        if operator.card and operator.card == card.strip():
            return operator
    raise refuse("login.card_unknown", "card")


def who_may(station: Station, actor: Actor, right: str) -> Sequence[Operator]:
    """Those who could allow `actor` an action that needs `right`, by name."""
    return [row for row in operators(station) if row.code != actor.operator and right in _rights(station, row)]


def attempt(station: Station, operator_code: str) -> Attempt:
    """Whether this operator may try a PIN now. The try counts as wrong until the PIN was right, so that many tries
    at once are slowed like many in a row.

    Raises `Refused("login.wrong" | "login.slowed")`; an unknown operator looks like a wrong PIN.
    """
    operator = _operator(station, operator_code)
    counted = operator.code if operator else NOBODY
    _count, blocked_until = station.books.logins.failures(counted)
    now = station.clock.now()
    if blocked_until and now < parse_instant(blocked_until):
        seconds = int((parse_instant(blocked_until) - now).total_seconds()) + 1
        raise refuse("login.slowed", "pin", seconds=seconds)
    _count_try(station, counted)
    if operator is None:
        _report_failures(station, operator_code[:MAX_CODE])
        raise refuse("login.wrong", "pin")
    return Attempt(operator=operator)


def log_in(station: Station, tried: Attempt, *, pin_is_right: bool) -> LoggedIn:
    """Finish a login after the PIN was checked."""
    _answer_pin(station, tried.operator.code, pin_is_right=pin_is_right)
    token = station.ids.secret(24).hex()
    now = station.clock.now()
    minutes = station.parameters().whole("login.session_minutes")
    expires = instant_text(now + datetime.timedelta(minutes=minutes))
    login_id = station.ids.new_id()
    station.books.logins.add(token_hash(token), login_id, tried.operator.code, instant_text(now), expires)
    return LoggedIn(token=token, actor=_actor(station, tried.operator, login_id), expires_at=expires)


def who(station: Station, token: str, grant_id: str = "") -> Actor:
    """The operator behind a token, as the definitions have him now.

    Raises `Refused("login.needed" | "login.expired" | "login.revoked")`.
    """
    found = station.books.logins.find(token_hash(token)) if token else None
    if found is None:
        raise refuse("login.needed")
    login_id, code, _created, expires = found
    if instant_text(station.clock.now()) >= expires:
        raise refuse("login.expired")
    operator = _operator(station, code)
    if operator is None:
        raise refuse("login.revoked")
    actor = _actor(station, operator, login_id)
    if not grant_id:
        return actor
    return msgspec.structs.replace(actor, grant=_take(station, actor, grant_id))


def log_out(station: Station, token: str) -> None:
    """The token is worth nothing from now on."""
    station.books.logins.remove(token_hash(token))


def authorise(station: Station, actor: Actor, tried: Attempt, right: str, doc_id: str, *, pin_is_right: bool) -> Grant:
    """Another operator allows `actor` one action (authorisation window).

    Raises `Refused("login.wrong" | "authorisation.right_missing")`.
    """
    _answer_pin(station, tried.operator.code, pin_is_right=pin_is_right)
    if right not in _rights(station, tried.operator):
        raise refuse("authorisation.right_missing", "operator", right=right)
    grant = Grant(grant_id=station.ids.secret(16).hex(), right=right, operator=tried.operator.code, doc_id=doc_id)
    expires = station.clock.now() + datetime.timedelta(minutes=GRANT_MINUTES)
    station.books.logins.add_grant(grant, asked_by=actor.login_id, expires=instant_text(expires))
    return grant


def token_hash(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def silence(station: Station) -> Silence:
    """How stale this station's knowledge is (SEC-01)."""
    if station.connectivity() is not Connectivity.OFFLINE:
        return Silence()
    heard = station.books.fact("agent_heard_at")
    if not heard:
        return Silence()
    hours = (station.clock.now() - parse_instant(heard)).total_seconds() / 3600
    parameters = station.parameters()
    limit = parameters.whole("login.offline_limit_hours")
    if hours >= limit:
        return Silence(level="limit", hours=int(hours))
    level = "warn" if hours >= parameters.whole("login.offline_warning_hours") else "fine"
    return Silence(level=level, hours=int(hours), hours_to_limit=math.ceil(limit - hours))


def _take(station: Station, actor: Actor, grant_id: str) -> Grant:
    grant = station.books.logins.take_grant(grant_id, actor.login_id, instant_text(station.clock.now()))
    if grant is None:
        raise refuse("authorisation.not_valid")
    return grant


def _answer_pin(station: Station, operator_code: str, *, pin_is_right: bool) -> None:
    if not pin_is_right:
        _report_failures(station, operator_code)
        raise refuse("login.wrong", "pin")
    station.books.logins.set_failures(operator_code, 0, "")


def _count_try(station: Station, operator_code: str) -> None:
    count = station.books.logins.failures(operator_code)[0] + 1
    wait = min(2 ** (count - FREE_ATTEMPTS), LONGEST_WAIT_SECONDS) if count >= FREE_ATTEMPTS else 0
    until = instant_text(station.clock.now() + datetime.timedelta(seconds=wait)) if wait else ""
    station.books.logins.set_failures(operator_code, count, until)


def _report_failures(station: Station, operator_code: str) -> None:
    known = _operator(station, operator_code) is not None
    count = station.books.logins.failures(operator_code if known else NOBODY)[0]
    if count >= FREE_ATTEMPTS:
        station.event("login.failed", operator_code, attempts=str(count))


def _operator(station: Station, code: str) -> Operator | None:
    found = station.books.definitions.get(Operator, code)
    return found if found is not None and _may_work(station, found) else None


def _may_work(station: Station, operator: Operator) -> bool:
    here = not operator.stores or station.identity.store in operator.stores
    in_time = not operator.valid_until or station.today().isoformat() <= operator.valid_until
    return operator.active and here and in_time


def _rights(station: Station, operator: Operator) -> frozenset[str]:
    rights = rights_of(operator, station.books.definitions.every(Role))
    return rights & CASHIER if silence(station).level == "limit" else rights


def _actor(station: Station, operator: Operator, login_id: str) -> Actor:
    return Actor(
        operator=operator.code, name=operator.name, rights=_rights(station, operator),
        language=operator.language, login_id=login_id,
    )  # fmt: skip
