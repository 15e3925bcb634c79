"""What operations on definitions need from the hub's database: rows, their history, versions."""

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec

RowKey = tuple[str, str]
"""(kind, key)."""
Scope = tuple[str, ...] | None
"""The stores a row is sent to; None = every store."""
Claim = tuple[str, str]
"""(what, value) that only one row may have: an EAN, a series, a card."""


class PreparedRow(msgspec.Struct, frozen=True, kw_only=True):
    """A checked row, ready to be stored. `refers` are the rows it needs, as `kind:key`."""

    kind: str
    key: str
    body: bytes
    checksum: int
    scope: Scope
    refers: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    find: str = ""


class KnownRow(msgspec.Struct, frozen=True):
    """What is stored of a row that is not removed, without its body."""

    checksum: int
    scope: Scope


class StoredRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row as it is stored; `body` is canonical JSON."""

    kind: str
    key: str
    version: int
    body: bytes
    scope: Scope


class PastRow(msgspec.Struct, frozen=True, kw_only=True):
    """One entry of a row's history; `body` None = it was removed."""

    version: int
    body: bytes | None
    changed_at: datetime.datetime
    changed_by: str


class VersionRow(msgspec.Struct, frozen=True, kw_only=True):
    """One change set: how many `rows` of which `kinds`; `withdraws`: the version that it takes back, or 0."""

    version: int
    made_at: datetime.datetime
    made_by: str
    rows: int
    kinds: tuple[str, ...]
    withdraws: int = 0


class ChangedRow(msgspec.Struct, frozen=True, kw_only=True):
    """What a version did to a row: its body before (None = there was none), after (None = removed) and today."""

    kind: str
    key: str
    before: bytes | None
    after: bytes | None
    today: bytes | None
    last_version: int
    last_by: str


class RunningVersion(msgspec.Struct, frozen=True, kw_only=True):
    """The version of the definitions that a node said it runs."""

    node: str
    store: str
    kind: str
    version: int
    seen_at: datetime.datetime


class Author(msgspec.Struct, frozen=True):
    """Who changes definitions, and when."""

    operator: str
    at: datetime.datetime


class RightsGiven(Protocol):
    """Which rights this database has met; inside the transaction of the `DefinitionStore`."""

    def met(self) -> frozenset[str]:
        """Those that were given to roles, or decided by the firm itself."""
        ...

    def meet(self, rights: Iterable[str], now: datetime.datetime) -> None:
        """Never give them again."""
        ...


class DefinitionStore(Protocol):
    """The hub's definitions. Writing: `next_version()` first (it locks), then the rest, all in one transaction."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def next_version(self) -> int:
        """The version this transaction will make; other writers wait until it ends."""
        ...

    def known(self, keys: Collection[RowKey]) -> Mapping[RowKey, KnownRow]:
        """Those of the rows that exist and are not removed."""
        ...

    def rows(self, kind: str, keys: Collection[str] | None = None) -> Sequence[StoredRow]:
        """Rows of a kind: all, or those with these keys."""
        ...

    def newest(self) -> tuple[str, int]:
        """(epoch, version) of the definitions as they are now."""
        ...

    def rows_then(self, kind: str, version: int, keys: Collection[str] | None = None) -> Sequence[StoredRow]:
        """Rows of a kind as they stood in a version, with the stores they were sent to then (HUB-03)."""
        ...

    def codes_with_versions(self, kind: str) -> set[str]:
        """First parts of the keys of a kind whose key begins with a code (VAT rates)."""
        ...

    def claimed(self, claims: Collection[Claim]) -> Mapping[Claim, RowKey]:
        """Which of the claims are taken, and by which row."""
        ...

    def referring(self, targets: Collection[str], leaving: Collection[RowKey]) -> Mapping[str, RowKey]:
        """`kind:key` → one row that refers to it and is not about to leave itself."""
        ...

    def write(
        self, version: int, rows: Sequence[PreparedRow], before: Mapping[RowKey, KnownRow], author: Author
    ) -> None:
        """Store rows that are new or different from `before`, with history, claims and checksums."""
        ...

    def remove(self, version: int, keys: Collection[RowKey], author: Author) -> None:
        """Mark rows as removed."""
        ...

    def spread_scope(self, version: int, kind: str, reference: str, scope: Scope, author: Author) -> None:
        """Give all rows of `kind` that refer to `reference` another scope."""
        ...

    def commit_version(self, version: int, withdraws: int = 0) -> None:
        """Make the version the newest one and list what it changed; last in the transaction."""
        ...

    def page(self, kind: str, after: str, text: str, limit: int, refers: str = "") -> Sequence[StoredRow]:
        """Rows in the order of their keys, after a key, with a text in their search key, referring to `kind:key`."""
        ...

    def naming(self, kind: str, references: Collection[str]) -> Sequence[StoredRow]:
        """Rows of a kind that refer to one of these, each `kind:key`."""
        ...

    def bundles_sent(self) -> Sequence[StoredRow]:
        """The bundles among the discounts that any store gets."""
        ...

    def beneath(self, kind: str, prefix: str) -> Sequence[StoredRow]:
        """Rows whose keys begin with a prefix."""
        ...

    def count(self, kind: str) -> int:
        """How many rows of a kind there are."""
        ...

    def history(self, kind: str, key: str) -> Sequence[PastRow]:
        """All versions of a row, newest first."""
        ...

    def versions(self, before: int, limit: int) -> Sequence[VersionRow]:
        """Change sets older than a version (0 = from the newest), newest first."""
        ...

    def changes_of(self, version: int, limit: int) -> Sequence[ChangedRow]:
        """What a version changed, by kind and key."""
        ...

    def running_versions(self) -> Sequence[RunningVersion]:
        """Which version each node said it runs, by store and node."""
        ...
