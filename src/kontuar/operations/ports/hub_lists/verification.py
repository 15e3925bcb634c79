"""Verification items and the decisions on them."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

from kontuar.kernel.errors import Problem
from kontuar.kernel.money import Minor
from kontuar.operations.ports.hub_lists.audit import AuditEntry


class ItemFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which verification items. `after` = `item_id` of the last one shown.

    `state`: open (parked or listed), or one state. `assigned_to`: an operator, `-` = nobody. `number`: a part of it.
    """

    store: str = ""
    station: str = ""
    reason: str = ""
    state: str = "open"
    assigned_to: str = ""
    number: str = ""
    after: str = ""
    limit: int = 50


class VerificationItem(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was parked or listed; `message` is its chain hash (hex), `item_id` its place in the inbox."""

    item_id: int
    message: str
    store: str
    origin: str
    incarnation: str
    seq: int
    forked: bool
    kind: str
    doc_id: str
    number: str
    document_type: str
    gross: Minor
    state: str
    reason: str
    problems: tuple[Problem, ...]
    waits_for: str
    parked_at: datetime.datetime
    decided_at: datetime.datetime | None = None
    decided_by: str = ""
    note: str = ""
    assigned_to: str = ""


class ItemNote(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wrote to an item."""

    at: datetime.datetime
    operator: str
    text: str


class ReasonCount(msgspec.Struct, frozen=True, kw_only=True):
    """How many open items have a reason."""

    reason: str
    items: int


class CancellationWish(msgspec.Struct, frozen=True, kw_only=True):
    """Head office asks the station that made a document to take it back (HUB-05).

    `state`: asked, done, refused (`answer` = the station's reason), withdrawn (decided otherwise meanwhile).
    """

    wish_id: int
    store: str
    doc_id: str
    message: str
    state: str
    asked_by: str
    asked_at: datetime.datetime
    note: str
    answer: str = ""
    answered_at: datetime.datetime | None = None


class VerificationShelf(Protocol):
    """Reading side of verification, and the audit log."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def items(self, wanted: ItemFilter) -> Sequence[VerificationItem]:
        """Items, oldest first."""
        ...

    def item(self, store: str, message: str) -> tuple[VerificationItem, bytes]:
        """One item with the bytes of its message; raises `Refused("verification.not_found")`."""
        ...

    def open_count(self) -> int:
        """How many wait for a person."""
        ...

    def audit(self, entry: AuditEntry) -> None:
        """Write down what a person did."""
        ...

    def audit_of(self, store: str, subject: str) -> Sequence[AuditEntry]:
        """What people did to a subject, newest first."""
        ...

    def reasons(self, store: str) -> Sequence[ReasonCount]:
        """Reasons of open items, the most frequent first."""
        ...

    def behind(self, item: VerificationItem) -> Sequence[VerificationItem]:
        """Parked items that wait for this one's document or shift, in the order in which they will be released."""
        ...

    def assign(self, store: str, message: str, operator: str) -> None:
        """Who looks after an item; empty = nobody."""
        ...

    def add_note(self, store: str, message: str, note: ItemNote) -> None:
        """Write something to an item."""
        ...

    def notes(self, store: str, message: str) -> Sequence[ItemNote]:
        """What was written to it, oldest first."""
        ...

    def wishes_of(self, store: str, message: str) -> Sequence[CancellationWish]:
        """All wishes for an item, newest first."""
        ...


class WishDesk(Protocol):
    """Where cancellations at the source are asked for and answered."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def ask(self, wish: CancellationWish) -> CancellationWish:
        """Keep a wish and tell the store's feed of it; returns it with its `wish_id`."""
        ...

    def answered(self) -> Sequence[CancellationWish]:
        """Open wishes whose answer has come, with the state they have now: done or refused."""
        ...

    def close(self, wish: CancellationWish) -> None:
        """Keep the answer."""
        ...

    def withdraw(self, store: str, message: str, at: datetime.datetime) -> bool:
        """The item was decided otherwise; whether a wish was open."""
        ...
