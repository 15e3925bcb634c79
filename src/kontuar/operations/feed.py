"""Definitions on their way down: same, delta or snapshot, for one store (REL-10, PERF-03)."""

from collections.abc import Collection, Sequence

from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_definitions import (
    DefinitionsAnswer,
    DefinitionSource,
    DeltaRow,
    FeedView,
    SnapshotInfo,
    SnapshotShelf,
)

__all__ = ["MOST_DELTA_ROWS", "DefinitionsAnswer", "DefinitionsFeed"]

MOST_DELTA_ROWS = 20_000
"""A delta travels in one answer; beyond this a snapshot file is cheaper, and can be resumed."""


class DefinitionsFeed:
    """Gives each store its view; use it on a thread that may take seconds when a snapshot has to be built."""

    def __init__(self, source: DefinitionSource, shelf: SnapshotShelf) -> None:
        self._source = source
        self._shelf = shelf

    def definitions_since(
        self, store: str, epoch: str, version: int, checksum: int, withheld: Collection[str] = ()
    ) -> DefinitionsAnswer:
        """What changed for a store since the (epoch, version) it holds with that checksum; `withheld`: kinds that
        somebody there does not know (REL-16).

        A snapshot is answered when the store is new, its epoch differs, it claims a version we never had, its
        checksum is wrong, or the delta would be larger than the whole view.
        """
        with self._source.reading():
            view = self._source.view(store, withheld)
            if epoch == view.epoch and version == view.version and checksum == view.checksum:
                return _answer("same", view)
            if epoch == view.epoch and 0 < version < view.version:
                most = min(MOST_DELTA_ROWS, max(view.rows, 1))
                delta = self._source.delta(store, version, most, withheld)
                if len(delta) <= most:
                    return _delta_answer(view, delta)
            return self._snapshot_answer(store, view)

    def snapshot(self, store: str) -> SnapshotInfo:
        """The file of the store's view as it is now, built when there is none yet."""
        with self._source.reading():
            return self._file(store, self._source.view(store))

    def snapshot_by_id(self, snapshot_id: str) -> SnapshotInfo:
        """A file that was offered; raises `Refused("snapshot.not_found")` when it was pruned: ask anew."""
        found = self._shelf.by_id(snapshot_id)
        if found is None:
            raise refuse("snapshot.not_found", id=snapshot_id[:80])
        return found

    def version_of(self, store: str) -> FeedView:
        """Where the store's view stands: cheap, for a giver that waits until there is something new."""
        with self._source.reading():
            return self._source.view(store)

    def row(self, kind: str, key: str) -> bytes | None:
        """The body of one row, None when there is none (the down answer needs a store's warehouses, for one)."""
        with self._source.reading():
            return self._source.body(kind, key)

    def _snapshot_answer(self, store: str, view: FeedView) -> DefinitionsAnswer:
        file = self._file(store, view)
        return DefinitionsAnswer(
            action="snapshot", epoch=view.epoch, version=file.version, checksum=file.checksum, snapshot=file
        )

    def _file(self, store: str, view: FeedView) -> SnapshotInfo:
        return self._shelf.find(store, view) or self._shelf.build(store, view)


def _answer(action: str, view: FeedView) -> DefinitionsAnswer:
    return DefinitionsAnswer(action=action, epoch=view.epoch, version=view.version, checksum=view.checksum)


def _delta_answer(view: FeedView, delta: Sequence[DeltaRow]) -> DefinitionsAnswer:
    return DefinitionsAnswer(
        action="delta",
        epoch=view.epoch,
        version=view.version,
        checksum=view.checksum,
        put=tuple((row.kind, row.key, row.version, row.body) for row in delta if row.body is not None),
        removed=tuple((row.kind, row.key) for row in delta if row.body is None),
    )
