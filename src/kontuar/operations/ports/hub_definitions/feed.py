"""What the feed of definitions reads and gives: views, deltas, snapshot files."""

from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import msgspec


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
    """What one store's view of the definitions is at one moment, without rows of the kinds that are `withheld`."""

    epoch: str
    version: int
    checksum: int
    rows: int
    withheld: tuple[str, ...] = ()


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

    def view(self, store: str, withheld: Collection[str] = ()) -> FeedView:
        """Version, checksum and size of the store's view."""
        ...

    def delta(self, store: str, after: int, most: int, withheld: Collection[str] = ()) -> Sequence[DeltaRow]:
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
