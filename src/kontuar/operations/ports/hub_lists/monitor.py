"""Nodes as the monitor shows them."""

import datetime
from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


class Contact(msgspec.Struct, frozen=True, kw_only=True):
    """One contact with a node. `claimed_seq` = what it believes we hold of its stream.

    `sent_at` = its clock, None = not told; `build` empty and all else None: not told either. What was not told stays as
    it was told last. `digest_faults`: messages that it and the node above hold otherwise (REL-18); `kinds` of
    definitions that it knows, `newer`: kinds of messages that it writes and we cannot read, `refused`: why its protocol
    is not spoken here (REL-16).
    """

    node: str
    store: str
    kind: str
    incarnation: str
    at: datetime.datetime
    sent_at: datetime.datetime | None = None
    build: str = ""
    claimed_seq: int = 0
    definitions_version: int = 0
    queue_length: int | None = None
    oldest_unsent_at: datetime.datetime | None = None
    digest_faults: int | None = None
    kinds: tuple[str, ...] | None = None
    newer: tuple[str, ...] | None = None
    refused: str | None = None
    backup_late: bool | None = None


class NodeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A node as the monitor shows it (HUB-07). `clock_skew_seconds` positive = its clock is ahead.

    `book_faults`: what the last proof of its streams found (HUB-10). `lost`: messages that its witness had seen written
    before it was set up again from a backup, and that never came to head office (REL-02). `unknown_kinds`: definitions
    that its store is not given because of it. `digest_faults`, `newer`, `refused`, `backup_late` as in `Contact`.
    `adopted_at`: when a certificate of it was taken in that the database had lost; `disputed`: how many could not be,
    because its ordinal or series had been given again (REL-13).
    """

    node: str
    store: str
    kind: str
    incarnation: str
    last_seen_at: datetime.datetime | None
    build: str
    clock_skew_seconds: float
    held_seq: int
    processed_seq: int
    claimed_seq: int
    definitions_version: int
    newest_version: int
    queue_length: int
    oldest_unsent_at: datetime.datetime | None
    parked: int
    closed: bool
    book_faults: int = 0
    lost: int = 0
    digest_faults: int = 0
    unknown_kinds: tuple[str, ...] = ()
    newer: tuple[str, ...] = ()
    refused: str = ""
    backup_late: bool = False
    adopted_at: datetime.datetime | None = None
    disputed: int = 0


class MonitorShelf(Protocol):
    """Contacts with nodes."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def note(self, contact: Contact) -> None:
        """Remember the newest contact of a node."""
        ...

    def nodes(self) -> Sequence[NodeRow]:
        """All nodes that were ever heard of or certified."""
        ...

    def faulty_stores(self) -> Sequence[str]:
        """Stores whose balances or booked rows did not hold when they were proved last."""
        ...


class Alarm(msgspec.Struct, frozen=True, kw_only=True):
    """Something wrong with a node, from when to when; `severity` urgent, warning or notice."""

    alarm_id: int
    store: str
    node: str
    code: str
    severity: str
    began_at: datetime.datetime
    ended_at: datetime.datetime | None = None
    acknowledged_at: datetime.datetime | None = None
    acknowledged_by: str = ""
    note: str = ""


class AlarmFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which alarms, newest first. `state`: open, ended or empty = all; `after` = `alarm_id` of the last one shown."""

    store: str = ""
    node: str = ""
    state: str = ""
    after: str = ""
    limit: int = 50


class AlarmBook(Protocol):
    """Alarms and their history."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def open(self) -> Sequence[Alarm]:
        """Alarms that have not ended."""
        ...

    def begin(self, store: str, node: str, code: str, severity: str, at: datetime.datetime) -> None:
        """An alarm begins; nothing when it is open already."""
        ...

    def end(self, alarm_id: int, at: datetime.datetime) -> None:
        """It is over."""
        ...

    def find(self, alarm_id: int) -> Alarm:
        """One alarm, locked; raises `Refused("alarm.not_found")`."""
        ...

    def acknowledge(self, alarm_id: int, operator: str, note: str, at: datetime.datetime) -> None:
        """Somebody looks after it."""
        ...

    def page(self, wanted: AlarmFilter) -> Sequence[Alarm]:
        """Alarms, newest first."""
        ...
