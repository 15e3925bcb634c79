"""The hub's definitions on a real PostgreSQL, with a clock that stands still until it is moved."""

import json
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import zstandard

from kontuar.domain.parties.rights import ADMINISTRATOR
from kontuar.kernel.canonical import content_hash, row_checksum
from kontuar.operations.actor import Actor
from kontuar.operations.feed import DefinitionsAnswer, DefinitionsFeed
from kontuar.operations.hub.defining.definitions import Definitions
from kontuar.operations.hub.defining.files import DefinitionFiles, ImportReport
from kontuar.operations.hub.defining.input import DefinitionInput
from kontuar.operations.ports.hub_definitions import SnapshotInfo
from kontuar.storage.postgres.definitions import PostgresDefinitions
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.feed import PostgresFeed, SnapshotFolder
from kontuar.storage.postgres.migrations import migrate

ADMIN = Actor(operator="SZEF", name="Ewa", rights=ADMINISTRATOR)
NOBODY = Actor(operator="NIKT", name="Nikt", rights=frozenset())
GUIDE = Path(__file__).resolve().parents[1] / "docs" / "import.md"


class StandingClock:
    """Time that moves only when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class CountedIds:
    """Identities and secrets that differ from one another and never by chance."""

    def __init__(self) -> None:
        self._count = 0

    def new_id(self) -> str:
        self._count += 1
        return f"00000000-0000-7000-8000-{self._count:012}"

    def secret(self, byte_count: int) -> bytes:
        self._count += 1
        pieces = b"".join(zlib.crc32(bytes([self._count, part])).to_bytes(4, "big") for part in range(byte_count))
        return pieces[:byte_count]


@dataclass
class World:
    """One hub's definitions; `told` counts announcements of a new version."""

    database: HubDatabase
    definitions: Definitions
    reader: DefinitionInput
    files: DefinitionFiles
    feed: DefinitionsFeed
    clock: StandingClock
    ids: CountedIds
    told: list[int]

    @property
    def store(self) -> PostgresDefinitions:
        return PostgresDefinitions(self.database)

    def load(self, kind: str, text: str) -> ImportReport:
        report = self.files.import_csv(ADMIN, kind, text.encode())
        assert not report.problems, report.problems
        return report

    def load_guide(self) -> None:
        for kind, text in guide_examples():
            self.load(kind, text)

    def version(self) -> int:
        return self.feed.version_of("S1").version


def open_world(url: str, folder: Path) -> World:
    database = HubDatabase(url)
    migrate(database)
    clock, ids, told = StandingClock(), CountedIds(), []
    store = PostgresDefinitions(database)
    definitions = Definitions(store, clock, lambda: told.append(1))
    reader = DefinitionInput(store, ids)
    source = PostgresFeed(database)
    feed = DefinitionsFeed(source, SnapshotFolder(folder / "snapshots", source))
    return World(database, definitions, reader, DefinitionFiles(definitions, reader), feed, clock, ids, told)


def guide_examples() -> list[tuple[str, str]]:
    """(kind, CSV) of every example in docs/import.md, in its order."""
    return re.findall(r"^`(\w+)`\n```csv\n(.*?)^```", GUIDE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


class Taker:
    """A store that holds its view as an agent does, and checks it after every answer."""

    def __init__(self, feed: DefinitionsFeed, store: str) -> None:
        self.feed = feed
        self.store = store
        self.rows: dict[tuple[str, str], bytes] = {}
        self.cursor: tuple[str, int, int] = ("", 0, 0)

    def take(self) -> DefinitionsAnswer:
        answer = self.feed.definitions_since(self.store, *self.cursor)
        if answer.snapshot is not None:
            self.rows = dict(read_snapshot(answer.snapshot))
        self.rows.update({(kind, key): body for kind, key, _, body in answer.put})
        for gone in answer.removed:
            self.rows.pop(gone, None)
        assert self.checksum() == answer.checksum
        self.cursor = (answer.epoch, answer.version, answer.checksum)
        return answer

    def checksum(self) -> int:
        return sum(row_checksum(kind, key, body) for (kind, key), body in self.rows.items()) % 2**64


def read_snapshot(info: SnapshotInfo) -> list[tuple[tuple[str, str], bytes]]:
    packed = Path(info.path).read_bytes()
    assert (content_hash(packed).hex(), len(packed)) == (info.hash, info.size)
    lines = zstandard.ZstdDecompressor().decompressobj().decompress(packed).splitlines()
    assert len(lines) == info.rows
    rows = []
    for line in lines:
        kind, key, version, _ = json.loads(line)
        body = line[len(json.dumps([kind, key, version], separators=(",", ":"), ensure_ascii=False).encode()) : -1]
        rows.append(((kind, key), body))
    return rows
