"""A till that takes its definitions from a real head office and sells; what it sold is booked there (DISC-26)."""

from pathlib import Path

import msgspec

from hub_definitions_world import ADMIN, World, open_world
from hub_documents_world import Hub as Intake
from hub_documents_world import Till
from kontuar.domain.definitions.kinds import KIND_OF
from kontuar.domain.documents.document import Document
from kontuar.domain.documents.messages import ShiftOpened, approved_kind
from kontuar.kernel.canonical import row_checksum
from kontuar.operations.station import shifts
from kontuar.operations.station.station import Station
from kontuar.storage.postgres.documents import PostgresDocumentShelf
from shop import actor_of, new_station, small_shop
from snapshots import rows_in


class ShopAndOffice:
    """One till of S1 and its head office; `take_definitions` is what a sync would bring."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.office: World = open_world(url, folder)
        self.define(*small_shop())
        self.station: Station = new_station(folder, loaded=False)
        self.take_definitions()
        shifts.open_shift(self.station, actor_of(), "100")
        self.shelf = PostgresDocumentShelf(self.office.database)
        self._intake: Intake | None = None
        self._stream = Till("S1T1", store="S1")

    def define(self, *records: msgspec.Struct) -> int:
        """Write definitions at head office; the version they make."""
        rows = [(KIND_OF[type(record)].name, record) for record in records]
        return self.office.definitions.put_rows(ADMIN, rows).version

    def take_definitions(self) -> None:
        """The store's view, as the feed gives it."""
        snapshot = self.office.feed.snapshot("S1")
        epoch = self.office.feed.version_of("S1").epoch
        rows = rows_in(snapshot)
        checksum = sum(row_checksum(kind, key, body) for kind, key, _, body in rows) % 2**64
        assert checksum == snapshot.checksum
        self.station.books.definitions.replace_all(rows, epoch, snapshot.version, checksum)

    def book(self, document: Document) -> None:
        """Bring an approved document to head office; nothing about it may wait for a decision there."""
        if self._intake is None:
            self._intake = Intake(self.url, articles=1)
            opened = self.station.open_shift()
            self._stream.say("shift.opened/1", ShiftOpened(shift=opened), f"open-{opened.shift_id}")
        self._stream.say(approved_kind(document.type), document, document.doc_id)
        self._intake.push(self._stream)
        self._intake.book()
        waiting = self._intake.reasons()
        assert not waiting, waiting

    def close(self) -> None:
        self.office.database.close()
        if self._intake is not None:
            self._intake.database.close()
