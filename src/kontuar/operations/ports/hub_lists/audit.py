"""The audit log: who did what at the hub."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """Who did what at the hub, to what, from which address."""

    operator: str
    at: datetime.datetime
    action: str
    store: str
    subject: str
    facts: dict[str, str] = {}
    audit_id: int = 0
    asked_from: str = ""


class AuditFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which entries, newest first. `action`: one, or an area with its dot (`verification.`); `after` = `audit_id`."""

    operator: str = ""
    action: str = ""
    store: str = ""
    subject: str = ""
    day_from: datetime.date | None = None
    day_to: datetime.date | None = None
    after: str = ""
    limit: int = 50


class AuditShelf(Protocol):
    """The append-only log."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def add(self, entry: AuditEntry) -> None:
        """Write down what a person did."""
        ...

    def page(self, wanted: AuditFilter) -> Sequence[AuditEntry]:
        """Entries, newest first."""
        ...

    def actions(self) -> Sequence[str]:
        """Actions that stand in the log."""
        ...
