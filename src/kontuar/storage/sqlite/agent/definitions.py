"""The store's definitions at the agent: taken from the hub, passed on to stations as deltas and snapshot files."""

import hashlib
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Final

import msgspec
import zstandard

from kontuar.kernel.canonical import decode, encode, row_checksum
from kontuar.kernel.errors import refuse
from kontuar.operations.ports.hub_definitions import DeltaRow, FeedView, SnapshotInfo
from kontuar.storage.failures import writing_beside
from kontuar.storage.sqlite.engine import SqliteDatabase

Row = tuple[str, str, int, bytes]
"""(kind, key, version, canonical bytes)."""
CHECKSUM_LIMIT: Final = 2**64
_FACT: Final = "definitions"
_CHUNK: Final = 5_000
_KEPT_FILES: Final = 3


class AgentDefinitions:
    """Generic rows with tombstones; implements `DefinitionRows` (from the hub) and `DefinitionSource` (to stations)."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database
        self._kinds: tuple[tuple[str, int, int], frozenset[str]] = (("", 0, 0), frozenset())

    # -- from the hub -------------------------------------------------------------------------------------
    def cursor(self) -> tuple[str, int, int]:
        """(epoch, version, checksum); an empty epoch before the first snapshot."""
        text = self._database.value("SELECT value FROM fact WHERE name = ?", (_FACT,)) or " 0 0"
        epoch, version, checksum = text.rsplit(" ", 2)
        return epoch, int(version), int(checksum)

    def apply_delta(
        self, put: Iterable[Row], removed: Iterable[tuple[str, str]], epoch: str, version: int, checksum: int
    ) -> None:
        """Put and remove whole rows; raises `Refused("definitions.checksum_differs")`."""
        with self._database.transaction():
            total = self.cursor()[2]
            for kind, key, row_version, body in put:
                total += row_checksum(kind, key, body) - self._checksum_of(kind, key)
                self._put([(kind, key, row_version, body)], version)
            for kind, key in removed:
                total -= self._checksum_of(kind, key)
                self._database.write(
                    "UPDATE definition SET body = NULL, feed_version = ? WHERE kind = ? AND key = ?",
                    (version, kind, key),
                )
            self._switch(epoch, version, total, checksum)

    def replace_all(self, rows: Iterable[Row], epoch: str, version: int, checksum: int) -> None:
        """Exchange everything for a snapshot; rows that stay the same are not told to stations anew."""
        with self._database.transaction():
            self._database.write("DROP TABLE IF EXISTS temp.coming")
            self._database.write(
                "CREATE TEMP TABLE coming (kind TEXT, key TEXT, version INTEGER, body BLOB, PRIMARY KEY (kind, key))"
                " WITHOUT ROWID"
            )
            total = 0
            for chunk in _chunks(rows):
                total += sum(row_checksum(kind, key, body) for kind, key, _, body in chunk)
                self._database.write_many("INSERT INTO temp.coming VALUES (?, ?, ?, ?)", chunk)
            self._database.write(
                "UPDATE definition SET body = NULL, feed_version = ? WHERE body IS NOT NULL AND NOT EXISTS"
                " (SELECT 1 FROM temp.coming c WHERE c.kind = definition.kind AND c.key = definition.key)",
                (version,),
            )
            self._database.write(
                "INSERT INTO definition (kind, key, version, feed_version, body)"
                " SELECT kind, key, version, ?, body FROM temp.coming WHERE true ON CONFLICT DO UPDATE"
                " SET version = excluded.version, feed_version = excluded.feed_version, body = excluded.body"
                " WHERE definition.body IS NOT excluded.body",
                (version,),
            )
            self._database.write("DROP TABLE temp.coming")
            self._switch(epoch, version, total, checksum)

    # -- to stations --------------------------------------------------------------------------------------
    def reading(self) -> AbstractContextManager[None]:
        """One owner connection: nothing changes between two reads of one operation."""
        return nullcontext()

    def view(self, store: str, withheld: Collection[str] = ()) -> FeedView:  # noqa: ARG002 - one store, the hub withheld
        """All stations of the store have the agent's own view."""
        epoch, version, checksum = self.cursor()
        rows = self._database.value("SELECT value FROM fact WHERE name = 'definition_rows'") or 0
        return FeedView(epoch=epoch, version=version, checksum=checksum, rows=int(rows))

    def delta(
        self, store: str, after: int, most: int, withheld: Collection[str] = ()  # noqa: ARG002 - one store, as above
    ) -> Sequence[DeltaRow]:  # fmt: skip
        """Rows that changed after a version, cut after `most + 1`."""
        rows = self._database.rows(
            "SELECT kind, key, version, body FROM definition WHERE feed_version > ?"
            " ORDER BY feed_version, kind, key LIMIT ?",
            (after, most + 1),
        )
        return [DeltaRow(kind=kind, key=key, version=version, body=body) for kind, key, version, body in rows]

    def kinds(self) -> frozenset[str]:
        """Kinds of which there is a row, looked for once for each version."""
        cursor = self.cursor()
        if self._kinds[0] != cursor:
            rows = self._database.rows("SELECT DISTINCT kind FROM definition WHERE body IS NOT NULL")
            self._kinds = (cursor, frozenset(kind for (kind,) in rows))
        return self._kinds[1]

    def body(self, kind: str, key: str) -> bytes | None:
        """One row's body."""
        found = self._database.value("SELECT body FROM definition WHERE kind = ? AND key = ?", (kind, key))
        return None if found is None else bytes(found)

    def of_kind(self, kind: str) -> Iterator[tuple[str, bytes]]:
        """(key, body) of all rows of a kind."""
        yield from self._database.rows(
            "SELECT key, body FROM definition WHERE kind = ? AND body IS NOT NULL ORDER BY key", (kind,)
        )

    def lines(self) -> Iterator[bytes]:
        """The lines of a snapshot file."""
        place = ("", "")
        while True:
            rows = self._database.rows(
                "SELECT kind, key, version, body FROM definition WHERE (kind, key) > (?, ?) AND body IS NOT NULL"
                " ORDER BY kind, key LIMIT ?",
                (*place, _CHUNK),
            )
            if not rows:
                return
            for kind, key, version, body in rows:
                yield b"[%b,%b,%d,%b]\n" % (encode(kind), encode(key), version, body)
            place = (rows[-1][0], rows[-1][1])

    # -- private ------------------------------------------------------------------------------------------
    def _put(self, rows: Sequence[Row], feed_version: int) -> None:
        self._database.write_many(
            "INSERT INTO definition VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET version = excluded.version,"
            " feed_version = excluded.feed_version, body = excluded.body",
            [(kind, key, version, feed_version, body) for kind, key, version, body in rows],
        )

    def _checksum_of(self, kind: str, key: str) -> int:
        body = self.body(kind, key)
        return 0 if body is None else row_checksum(kind, key, body)

    def _switch(self, epoch: str, version: int, total: int, told: int) -> None:
        found = total % CHECKSUM_LIMIT
        if found != told:
            raise refuse("definitions.checksum_differs", version=version, found=found, told=told)
        rows = self._database.value("SELECT count(*) FROM definition WHERE body IS NOT NULL")
        facts = [(_FACT, f"{epoch} {version} {found}"), ("definition_rows", str(rows))]
        self._database.write_many("INSERT OR REPLACE INTO fact VALUES (?, ?)", facts)


class AgentSnapshots:
    """Snapshot files for stations, one per view, made when first asked for; implements `SnapshotShelf`."""

    def __init__(self, folder: Path, definitions: AgentDefinitions) -> None:
        self._folder = folder
        self._definitions = definitions
        folder.mkdir(parents=True, exist_ok=True)

    def find(self, store: str, view: FeedView) -> SnapshotInfo | None:  # noqa: ARG002 - one store here
        """The file of exactly this view."""
        return self.by_id(_name(view))

    def build(self, store: str, view: FeedView) -> SnapshotInfo:  # noqa: ARG002 - one store here
        """Write the file; found again by its note, which is written last."""
        name = _name(view)
        unfinished, path = self._folder / f"{name}.new", self._folder / f"{name}.zst"
        with writing_beside(unfinished):
            digest, rows = self._write(unfinished)
        info = SnapshotInfo(
            id=name, hash=digest, size=unfinished.stat().st_size, rows=rows, version=view.version,
            checksum=view.checksum, path=str(path),
        )  # fmt: skip
        unfinished.rename(path)
        note = self._folder / f"{name}.json.new"
        with writing_beside(note):
            note.write_bytes(encode(info))
        note.rename(self._folder / f"{name}.json")
        self._prune()
        return info

    def by_id(self, snapshot_id: str) -> SnapshotInfo | None:
        """A file that can be fetched."""
        if not snapshot_id.isalnum() or not snapshot_id.isascii():
            return None
        try:
            info = decode((self._folder / f"{snapshot_id}.json").read_bytes(), SnapshotInfo)
        except (FileNotFoundError, msgspec.DecodeError):
            return None
        return info if Path(info.path).exists() else None

    def _write(self, path: Path) -> tuple[str, int]:
        digest, rows = hashlib.sha256(), 0
        packing = zstandard.ZstdCompressor(level=3).compressobj()
        with path.open("wb") as file:
            for line in self._definitions.lines():
                rows += 1
                digest.update(packed := packing.compress(line))
                file.write(packed)
            digest.update(packed := packing.flush())
            file.write(packed)
            file.flush()
            os.fsync(file.fileno())
        return digest.hexdigest(), rows

    def _prune(self) -> None:
        notes = sorted(self._folder.glob("*.json"), key=lambda note: note.stat().st_mtime_ns)
        for note in notes[:-_KEPT_FILES]:
            note.unlink(missing_ok=True)
            note.with_suffix(".zst").unlink(missing_ok=True)


def _name(view: FeedView) -> str:
    """Letters and digits only: it is asked for in a URL."""
    epoch = hashlib.sha256(view.epoch.encode()).hexdigest()[:12]
    return f"{epoch}v{view.version}c{view.checksum:016x}"


def _chunks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    chunk: list[Row] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == _CHUNK:
            yield chunk
            chunk = []
    yield chunk
