"""What logins at the hub need from its database."""

import datetime
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class StoredLogin(msgspec.Struct, frozen=True, kw_only=True):
    """A login by the hash of its token."""

    login_id: str
    operator: str
    bootstrap: bool
    expires_at: datetime.datetime


class Failures(msgspec.Struct, frozen=True):
    """Wrong PINs in a row for one operator code."""

    count: int
    blocked_until: datetime.datetime


class LoginRegister(Protocol):
    """Logins at the hub."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def operator(self, code: str) -> bytes | None:
        """Body of the operator's row."""
        ...

    def has_operators(self) -> bool:
        """Whether any operator is defined."""
        ...

    def roles(self, codes: Iterable[str]) -> Mapping[str, bytes]:
        """Bodies of roles by code."""
        ...

    def failures(self, operator: str) -> Failures | None:
        """Wrong PINs so far, locked until the transaction ends."""
        ...

    def count_failure(self, operator: str, failures: Failures, at: datetime.datetime) -> None:
        """Remember a wrong PIN."""
        ...

    def forget_failures(self, operator: str) -> None:
        """The right PIN was given."""
        ...

    def add_login(self, token_hash: bytes, login: StoredLogin, at: datetime.datetime) -> None:
        """Keep a login; those that ran out are forgotten."""
        ...

    def login(self, token_hash: bytes) -> StoredLogin | None:
        """The login of a token."""
        ...

    def end_login(self, token_hash: bytes) -> None:
        """Forget a login."""
        ...

    def set_bootstrap(self, code_hash: bytes) -> None:
        """The administrator code of the first start; an earlier one no longer works."""
        ...

    def use_bootstrap(self, code_hash: bytes, at: datetime.datetime) -> bool:
        """Use the administrator code up; False when it is another or was used."""
        ...
