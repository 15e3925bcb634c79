"""Who may read an agent's books: operators of its store with the right to all documents, by operator and PIN."""

import datetime
from collections.abc import Mapping
from typing import Protocol, TypeVar

import msgspec

from kontuar.domain.parties import rights
from kontuar.domain.parties.records import Operator, Role
from kontuar.domain.parties.rights import rights_of
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import Clock
from kontuar.operations.pins import pin_fits

FREE_ATTEMPTS = 3
LONGEST_WAIT_SECONDS = 900
R = TypeVar("R", bound=msgspec.Struct)


class AccessRows(Protocol):
    """The agent's definitions."""

    def body(self, kind: str, key: str) -> bytes | None:
        """One row's bytes."""
        ...


class AgentAccess:
    """Checks a PIN per request, and slows wrong ones (SEC-01). Not for screens: a check takes some 20 ms."""

    def __init__(self, rows: AccessRows, store: str, clock: Clock) -> None:
        self._rows = rows
        self._store = store
        self._clock = clock
        self._failures: dict[str, tuple[int, datetime.datetime]] = {}

    def require(self, operator_code: str, pin: str, right: str = rights.ALL_DOCUMENTS) -> Operator:
        """Who asks. Raise `Refused("login.needed" | "login.slowed" | "login.wrong" | "right.missing")`."""
        if not operator_code:
            raise refuse("login.needed")
        count, until = self._failures.get(operator_code, (0, self._clock.now()))
        if self._clock.now() < until:
            seconds = int((until - self._clock.now()).total_seconds()) + 1
            raise refuse("login.slowed", "pin", seconds=seconds)
        operator = self._read("operator", operator_code, Operator)
        if operator is None or not self._works_here(operator) or not pin_fits(operator.pin_verifier, pin):
            self._count(operator_code, count + 1)
            raise refuse("login.wrong", "pin")
        self._failures.pop(operator_code, None)
        if right not in rights_of(operator, self._roles(operator)):
            raise refuse("right.missing", right=right)
        return operator

    def _count(self, operator_code: str, count: int) -> None:
        wait = min(2 ** (count - FREE_ATTEMPTS), LONGEST_WAIT_SECONDS) if count >= FREE_ATTEMPTS else 0
        self._failures[operator_code[:64]] = (count, self._clock.now() + datetime.timedelta(seconds=wait))

    def _works_here(self, operator: Operator) -> bool:
        return operator.active and (not operator.stores or self._store in operator.stores)

    def _roles(self, operator: Operator) -> Mapping[str, Role]:
        found = {code: self._read("role", code, Role) for code in operator.roles}
        return {code: role for code, role in found.items() if role is not None}

    def _read(self, kind: str, key: str, record: type[R]) -> R | None:
        body = self._rows.body(kind, key)
        return None if body is None else msgspec.json.decode(body, type=record)
