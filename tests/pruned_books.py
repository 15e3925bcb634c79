"""A station with a past of several shifts, of which head office has everything for good."""

import datetime
from contextlib import closing
from pathlib import Path
from typing import Final

from kontuar.domain.documents.proof.records import StreamProof
from kontuar.operations.ports.streams import Head, signed_head
from kontuar.operations.proving import prove
from kontuar.operations.pruning import Limits, note_finals, prune_once
from kontuar.operations.station import own_documents, shifts
from kontuar.operations.station.station import Station
from kontuar.storage.sqlite.proving import StationProofShelf
from kontuar.storage.sqlite.station.books import MIGRATIONS, SqliteBooks
from kontuar.storage.sqlite.station.pruning import StationPruning
from kontuar.storage.sqlite.sync_state import StationOutbox
from kontuar.sync.keyring import fault_of_seal
from proved_books import KEYS, STATION, STORE, STREAM, busy_station
from shop import MILK, actor_of, sell
from sync_chain import HUB_KEY

EWA = actor_of()
LIMITS: Final = Limits(keep=400, returns=30, backups=90)
OFF: Final = Limits(keep=0, returns=30, backups=90)


class Shop:
    """A station with a past of several shifts, and what head office says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.station: Station = busy_station(folder)
        assert isinstance(self.station.books, SqliteBooks)
        self.books = self.station.books
        self.database = self.books.database
        self.pruning = StationPruning(self.database, STATION)
        self.outbox = StationOutbox(self.database, STREAM, STORE)

    def shift(self, *articles: str) -> str:
        """Close the shift that is open and begin another, with one sale in it; the sale."""
        self.close()
        shifts.open_shift(self.station, EWA, "100")
        return sell(self.station, *articles or (MILK,)).doc_id

    def close(self) -> None:
        shift = self.books.cash.open_shift()
        assert shift is not None
        expected = self.books.cash.balances(shift.register).get(("cash", "PLN"), 0)
        counted = (shifts.Counted(form="cash", currency="PLN", amount=f"{expected / 100:.2f}"),)
        shifts.close_shift(self.station, EWA, counted)

    def decided(self, *, besides: str = "") -> None:
        """Everything is booked at head office, final and signed, but one document is parked."""
        for doc_id, fiscal in self.database.rows("SELECT doc_id, fiscal FROM document"):
            if fiscal == "waiting":
                own_documents.fiscalised(self.station, EWA, doc_id, "F", "double")
        head = self.books.stream.head()
        told = Head(
            signer="hub", signer_incarnation="h1", origin=STATION, incarnation="i1", seq=head.seq, hash=head.hash,
            at="2030-01-01",
        )  # fmt: skip
        with self.database.transaction():
            self.outbox.acknowledged(STREAM, head, head)
            self.outbox.keep_head("hub", told, signed_head(told, HUB_KEY.sign))
            self.database.write("DELETE FROM stock_pending")
            self.database.write(
                "INSERT OR REPLACE INTO confirmation SELECT doc_id, CASE doc_id WHEN ? THEN 'parked' ELSE 'booked' END,"
                " 'G', '' FROM document",
                (besides,),
            )

    def prune(self, limits: Limits = LIMITS, days: int = 1000, noted: bool = True) -> int:
        """How far it is pruned after nights long afterwards."""
        if noted:
            note_finals(self.pruning, self.station.clock.now())
        now = self.station.clock.now() + datetime.timedelta(days=days)
        while prune_once(self.pruning, limits, (STATION, "i1"), KEYS.signer.sign, now) is not None:
            pass
        return int(self.database.value("SELECT seq FROM pruned_to") or 0)

    def proof(self) -> StreamProof:
        with closing(StationProofShelf(self.folder / "station.db", MIGRATIONS)) as shelf:
            proof = prove(shelf, lambda stream, message: fault_of_seal(KEYS.keys, stream, message))
        assert proof.faults == ()
        return proof.streams[0]

    def place(self, doc_id: str) -> int:
        return int(self.database.value("SELECT seq FROM document WHERE doc_id = ?", (doc_id,)) or 0)

    def here(self, doc_id: str) -> bool:
        return self.books.documents.find(doc_id) is not None
