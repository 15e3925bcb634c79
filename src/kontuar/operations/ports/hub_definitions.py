"""What the hub's operations on definitions, nodes and logins need from its database and its key."""

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


class Author(msgspec.Struct, frozen=True):
    """Who changes definitions, and when."""

    operator: str
    at: datetime.datetime


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

    def commit_version(self, version: int) -> None:
        """Make the version the newest one; last in the transaction."""
        ...

    def page(self, kind: str, after: str, text: str, limit: int) -> Sequence[StoredRow]:
        """Rows in the order of their keys, after a key, with a text in their search key."""
        ...

    def count(self, kind: str) -> int:
        """How many rows of a kind there are."""
        ...

    def history(self, kind: str, key: str) -> Sequence[PastRow]:
        """All versions of a row, newest first."""
        ...


class SnapshotInfo(msgspec.Struct, frozen=True, kw_only=True):
    """A snapshot file: `hash` SHA-256 of its bytes (hex), `size` in bytes, `path` where it lies."""

    id: str
    hash: str
    size: int
    rows: int
    version: int
    checksum: int
    path: str


class DefinitionsAnswer(msgspec.Struct, frozen=True, kw_only=True):
    """What a store has to do to hold the hub's view.

    `action`: `same`, `delta` or `snapshot`; `put`: (kind, key, version, row bytes); `removed`: (kind, key);
    `checksum`: of the view at `version`, modulo 2**64. A snapshot answer carries the file's own version and checksum.
    """

    action: str
    epoch: str
    version: int
    checksum: int
    put: tuple[tuple[str, str, int, bytes], ...] = ()
    removed: tuple[tuple[str, str], ...] = ()
    snapshot: SnapshotInfo | None = None


class FeedView(msgspec.Struct, frozen=True, kw_only=True):
    """What one store's view of the definitions is at one moment."""

    epoch: str
    version: int
    checksum: int
    rows: int


class DeltaRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row that changed; `body` None = not (or no longer) in the store's view."""

    kind: str
    key: str
    version: int
    body: bytes | None


class DefinitionSource(Protocol):
    """The feed's reading side; everything in one `reading()` is of one moment."""

    def reading(self) -> AbstractContextManager[None]:
        """One consistent moment."""
        ...

    def view(self, store: str) -> FeedView:
        """Version, checksum and size of the store's view."""
        ...

    def delta(self, store: str, after: int, most: int) -> Sequence[DeltaRow]:
        """Rows that changed after a version; more than `most` are cut after `most + 1`."""
        ...

    def body(self, kind: str, key: str) -> bytes | None:
        """One row's body."""
        ...


class SnapshotShelf(Protocol):
    """Snapshot files: built once per view, immutable, pruned."""

    def find(self, store: str, view: FeedView) -> SnapshotInfo | None:
        """The file of exactly this view, if it was built."""
        ...

    def build(self, store: str, view: FeedView) -> SnapshotInfo:
        """Write the file of this view; call it inside the `reading()` the view came from."""
        ...

    def by_id(self, snapshot_id: str) -> SnapshotInfo | None:
        """A file that can be fetched."""
        ...


class HubKey(Protocol):
    """The hub's private key; it lies outside the database."""

    public_key: bytes

    def sign(self, data: bytes) -> bytes:
        """64 bytes of Ed25519 signature."""
        ...


class IssuedCode(msgspec.Struct, frozen=True, kw_only=True):
    """A one-time code as it is stored."""

    label: str
    secret_hash: bytes
    kind: str
    node: str
    store: str
    series: str
    issued_by: str
    issued_at: datetime.datetime
    expires_at: datetime.datetime
    attempts: int = 0
    used_at: datetime.datetime | None = None


class CertificateRecord(msgspec.Struct, frozen=True, kw_only=True):
    """A certificate as it is stored: `certificate` is the signed canonical JSON, `signature` hex."""

    node: str
    incarnation: str
    ordinal: int
    kind: str
    store: str
    series: str
    public_key: str
    certificate: str
    signature: str
    issued_at: datetime.datetime
    revoked_at: datetime.datetime | None = None


class NodeRegister(Protocol):
    """One-time codes and certificates."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def add_code(self, code: IssuedCode) -> None:
        """Keep a code; codes that ran out a day ago are forgotten."""
        ...

    def code(self, label: str) -> IssuedCode | None:
        """The code, locked until the transaction ends."""
        ...

    def count_attempt(self, label: str) -> None:
        """One more wrong try."""
        ...

    def use_code(self, label: str, at: datetime.datetime) -> None:
        """The code is used up."""
        ...

    def certificates(self, node: str) -> Sequence[CertificateRecord]:
        """All incarnations of a node, oldest first."""
        ...

    def all_certificates(self) -> Sequence[CertificateRecord]:
        """Every certificate, by node and ordinal."""
        ...

    def add_certificate(self, record: CertificateRecord) -> None:
        """Keep a new certificate."""
        ...

    def revoke(self, node: str, incarnation: str, at: datetime.datetime, by: str) -> None:
        """Mark a certificate as revoked."""
        ...


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
