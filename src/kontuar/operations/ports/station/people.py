"""Who works at a station: logins, wrong PINs, authorisations."""

from typing import Protocol

from kontuar.operations.actor import Grant


class Logins(Protocol):
    """Who is logged in here, wrong PINs, authorisations."""

    def add(self, token_hash: bytes, login_id: str, operator: str, created: str, expires: str) -> None:
        """A login begins."""
        ...

    def find(self, token_hash: bytes) -> tuple[str, str, str, str] | None:
        """(login id, operator, created, expires)."""
        ...

    def remove(self, token_hash: bytes) -> None:
        """Logout."""
        ...

    def failures(self, operator: str) -> tuple[int, str]:
        """(wrong PINs in a row, blocked until)."""
        ...

    def set_failures(self, operator: str, count: int, blocked_until: str) -> None:
        """Remember a wrong PIN, or forget them with 0."""
        ...

    def add_grant(self, grant: Grant, *, asked_by: str, expires: str) -> None:
        """An authorisation was given."""
        ...

    def take_grant(self, grant_id: str, asked_by: str, now: str) -> Grant | None:
        """The authorisation, marked as used; None when unknown, used, expired or somebody else's."""
        ...
