"""The feed's reading side in PostgreSQL, and snapshot files in the hub's data folder."""

import hashlib
import os
import re
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec
import zstandard

from kontuar.kernel.canonical import decode, encode
from kontuar.operations.known_kinds import mark_of
from kontuar.operations.ports.hub_definitions import DeltaRow, FeedView, SnapshotInfo
from kontuar.storage.failures import writing_beside
from kontuar.storage.postgres.definitions import EVERYWHERE
from kontuar.storage.postgres.engine import HubDatabase

_MODULUS = 2**64
_LEVEL = 6
"""Measured with 100,000 articles and prices: level 6 is a fifth smaller than 3 for half a second more."""
_KEPT_PER_STORE = 2
"""The newest file and the one before it, which some agent may still be fetching."""
_ROWS_AT_ONCE = 5_000
_ID = re.compile(r"[A-Za-z0-9._-]{1,120}")

_VIEW = """
SELECT f.epoch, f.version, coalesce(sum(c.checksum), 0), coalesce(sum(c.rows), 0)
FROM definition_feed f LEFT JOIN definition_checksum c ON c.scope IN (%s, %s) GROUP BY f.epoch, f.version"""

_WITHHELD = """
SELECT coalesce(sum(checksum), 0), count(*) FROM definition
WHERE kind = ANY(%s) AND NOT removed AND (scope IS NULL OR %s = ANY(scope))"""

_DELTA = """
SELECT kind, key, version,
       CASE WHEN NOT removed AND (scope IS NULL OR %(store)s = ANY(scope)) THEN body END
FROM definition
WHERE version > %(after)s AND kind <> ALL(%(withheld)s::text[]) AND (ever_scope IS NULL OR %(store)s = ANY(ever_scope))
ORDER BY version, kind, key LIMIT %(limit)s"""

# Two branches, so that the rows of one store are found by their index when there are thousands of stores.
_ROWS = """
SELECT kind, key, version, body FROM definition
WHERE scope IS NULL AND NOT removed AND kind <> ALL(%(withheld)s::text[])
UNION ALL
SELECT kind, key, version, body FROM definition
WHERE scope @> ARRAY[%(store)s] AND NOT removed AND kind <> ALL(%(withheld)s::text[])
ORDER BY 1, 2"""


class PostgresFeed:
    """The `DefinitionSource` of the hub."""

    def __init__(self, database: HubDatabase) -> None:
        self._database = database

    def reading(self) -> AbstractContextManager[None]:
        return self._database.transaction(reading=True)

    def view(self, store: str, withheld: Collection[str] = ()) -> FeedView:
        row = self._database.connection.execute(_VIEW, [EVERYWHERE, store]).fetchone()
        assert row is not None, "the migrations make the feed's row"
        epoch, version, checksum, rows = row
        less, fewer = self._of_kinds(store, withheld) if withheld else (0, 0)
        return FeedView(
            epoch=epoch + mark_of(withheld), version=version, checksum=(int(checksum) - less) % _MODULUS,
            rows=int(rows) - fewer, withheld=tuple(sorted(withheld)),
        )  # fmt: skip

    def _of_kinds(self, store: str, kinds: Collection[str]) -> tuple[int, int]:
        """(sum of checksums, rows) of these kinds in the store's view."""
        row = self._database.connection.execute(_WITHHELD, [list(kinds), store]).fetchone()
        assert row is not None, "a sum has one row"
        return int(row[0]), int(row[1])

    def delta(self, store: str, after: int, most: int, withheld: Collection[str] = ()) -> Sequence[DeltaRow]:
        found = self._database.connection.execute(
            _DELTA, {"store": store, "after": after, "limit": most + 1, "withheld": list(withheld)}
        )
        return [
            DeltaRow(kind=kind, key=key, version=version, body=None if body is None else bytes(body))
            for kind, key, version, body in found
        ]

    def body(self, kind: str, key: str) -> bytes | None:
        row = self._database.connection.execute(
            "SELECT body FROM definition WHERE kind = %s AND key = %s AND NOT removed", [kind, key]
        ).fetchone()
        return None if row is None else bytes(row[0])

    def lines(self, store: str, withheld: Collection[str] = ()) -> Iterator[bytes]:
        """The lines of the store's snapshot; call it inside `reading()`."""
        with self._database.connection.cursor(name="snapshot_rows") as cursor:
            cursor.itersize = _ROWS_AT_ONCE
            cursor.execute(_ROWS, {"store": store, "withheld": list(withheld)})
            for kind, key, version, body in cursor:
                yield b"[%b,%b,%d,%b]\n" % (encode(kind), encode(key), version, body)


class SnapshotFolder:
    """The `SnapshotShelf` of the hub: `<store>.<version>.<hash>.zst` with what is known of it beside it."""

    def __init__(self, folder: Path, feed: PostgresFeed) -> None:
        self._folder = folder
        self._feed = feed
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, store: str, view: FeedView) -> SnapshotInfo | None:
        known = self._folder / f"{_name_of(store, view)}.json"
        return self._read(known) if known.exists() else None

    def build(self, store: str, view: FeedView) -> SnapshotInfo:
        name = _name_of(store, view)
        unfinished = self._folder / f"{name}.new"
        with writing_beside(unfinished):
            digest, rows = self._write(unfinished, store, view.withheld)
        assert rows == view.rows, f"the snapshot has {rows} rows, the view {view.rows}"
        path = self._folder / f"{name}.zst"
        info = SnapshotInfo(
            id=name,
            hash=digest,
            size=unfinished.stat().st_size,
            rows=rows,
            version=view.version,
            checksum=view.checksum,
            path=str(path),
        )
        unfinished.rename(path)
        note = self._folder / f"{name}.json.new"
        with writing_beside(note):
            note.write_bytes(encode(info))
        note.rename(self._folder / f"{name}.json")
        self._prune(store)
        return info

    def by_id(self, snapshot_id: str) -> SnapshotInfo | None:
        known = self._folder / f"{snapshot_id}.json"
        return self._read(known) if _ID.fullmatch(snapshot_id) and known.exists() else None

    def _read(self, known: Path) -> SnapshotInfo | None:
        try:
            info = decode(known.read_bytes(), SnapshotInfo)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return info if Path(info.path).exists() else None

    def _write(self, path: Path, store: str, withheld: Collection[str]) -> tuple[str, int]:
        """SHA-256 (hex) of the file and how many rows it holds."""
        hashed = hashlib.sha256()
        rows = 0
        with path.open("wb") as file:
            packing = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
            for line in self._feed.lines(store, withheld):
                rows += 1
                packed = packing.compress(line)
                if packed:
                    hashed.update(packed)
                    file.write(packed)
            packed = packing.flush()
            hashed.update(packed)
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        return hashed.hexdigest(), rows

    def _prune(self, store: str) -> None:
        notes = sorted(self._folder.glob(f"{_file_part(store)}.*.json"), key=lambda note: note.stat().st_mtime_ns)
        for note in notes[:-_KEPT_PER_STORE]:
            note.unlink(missing_ok=True)
            note.with_suffix(".zst").unlink(missing_ok=True)


def _name_of(store: str, view: FeedView) -> str:
    epoch = hashlib.sha256(view.epoch.encode()).hexdigest()[:8]
    return f"{_file_part(store)}.{epoch}.{view.version}.{view.checksum:016x}"


def _file_part(store: str) -> str:
    """A store's code as part of a file name: its own letters are not trusted."""
    return hashlib.sha256(store.encode()).hexdigest()[:16]
