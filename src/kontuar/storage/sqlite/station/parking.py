"""The store's buffer as a station knows it, and what the station holds of it; durable at every change (PARK-01)."""

from collections.abc import Sequence
from typing import Any, Final

from kontuar.kernel.canonical import decode, encode
from kontuar.operations.ports.parking import ParkedNews, ParkedRow
from kontuar.operations.ports.station.parking import ParkedHere, ParkedState
from kontuar.operations.ports.sync import FeedCursor
from kontuar.storage.sqlite.engine import SqliteDatabase

CURSOR: Final = "parked_cursor"
OFFER_DUE: Final = "parked_offer"
"""The epoch of an agent that has not been offered what is held here; empty or unset = nothing to offer."""
_COLUMNS: Final = (
    "doc_id, type, state, version, token, lease, origin, became, opened_by, own, sent, tries, at, reason, row, body"
)  # fmt: skip


class SqliteParking:
    """The tables `parked` and `parked_here`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def rows(self) -> Sequence[ParkedRow]:
        """The buffer as last told, last changed first."""
        found = self._database.rows("SELECT row FROM parked ORDER BY modified_at DESC, doc_id")
        return [decode(row, ParkedRow) for (row,) in found]

    def row(self, doc_id: str) -> ParkedRow | None:
        """One of them."""
        found = self._database.value("SELECT row FROM parked WHERE doc_id = ?", (doc_id,))
        return None if found is None else decode(found, ParkedRow)

    def held(self, *states: ParkedState) -> Sequence[ParkedHere]:
        """What this station holds in these states, oldest first."""
        where = f"WHERE state IN ({', '.join('?' * len(states))})" if states else ""
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM parked_here {where} ORDER BY at, doc_id", states)
        return [_held(row) for row in rows]

    def find(self, doc_id: str) -> ParkedHere | None:
        """What this station holds of one document."""
        row = self._database.row(f"SELECT {_COLUMNS} FROM parked_here WHERE doc_id = ?", (doc_id,))
        return None if row is None else _held(row)

    def keep(self, held: ParkedHere) -> None:
        """Hold it so from now on."""
        values = (
            held.doc_id, held.type, held.state, held.version, held.token, held.lease, held.origin, held.became,
            held.opened_by, int(held.own), int(held.sent), held.tries, held.at, held.reason, encode(held.row),
            held.body,
        )  # fmt: skip
        with self._database.transaction():
            marks = ", ".join("?" * len(values))
            self._database.write(f"INSERT OR REPLACE INTO parked_here ({_COLUMNS}) VALUES ({marks})", values)

    def forget(self, doc_id: str) -> None:
        """Hold nothing of it any more."""
        with self._database.transaction():
            self._database.write("DELETE FROM parked_here WHERE doc_id = ?", (doc_id,))

    def list_row(self, row: ParkedRow) -> None:
        """The agent answered that the buffer has this; an older row than the one known changes nothing."""
        known = self.row(row.doc_id)
        if known is None or known.version <= row.version:
            with self._database.transaction():
                self._put([row])

    def unlist(self, doc_id: str) -> None:
        """The agent answered that the buffer has it no more."""
        with self._database.transaction():
            self._database.write("DELETE FROM parked WHERE doc_id = ?", (doc_id,))

    def offer_due(self) -> str:
        """The epoch of an agent that has not been offered what is held here."""
        return str(self._database.value("SELECT value FROM fact WHERE name = ?", (OFFER_DUE,)) or "")

    def offered(self) -> None:
        """It has been."""
        with self._database.transaction():
            self._set_fact(OFFER_DUE, "")

    def cursor(self) -> FeedCursor:
        """How far the list was taken."""
        text = str(self._database.value("SELECT value FROM fact WHERE name = ?", (CURSOR,)) or "")
        epoch, _, version = text.rpartition(" ")
        return FeedCursor(epoch, int(version)) if epoch else FeedCursor()

    def take_news(self, news: ParkedNews) -> None:
        """Rows put and removed. Copies of what is gone are forgotten; work that is not in the buffer stays.

        Another epoch than before = the agent was lost or replaced: nothing is forgotten, it is to be offered.
        """
        before = self.cursor()
        replaced = bool(before.epoch) and before.epoch != news.epoch
        gone = list(news.removed)
        if news.full:
            told = {row.doc_id for row in news.put}
            gone += [doc_id for (doc_id,) in self._database.rows("SELECT doc_id FROM parked") if doc_id not in told]
        for doc_id in gone:
            self._database.write("DELETE FROM parked WHERE doc_id = ?", (doc_id,))
            if not replaced:
                self._forget_gone(doc_id)
        self._put(news.put)
        self._set_fact(CURSOR, f"{news.epoch} {news.version}")
        if replaced:
            self._set_fact(OFFER_DUE, news.epoch)

    def _put(self, rows: Sequence[ParkedRow]) -> None:
        self._database.write_many(
            "INSERT OR REPLACE INTO parked VALUES (?, ?, ?, ?, ?)",
            [(row.doc_id, row.type, row.ean, row.modified_at, encode(row)) for row in rows],
        )

    def _forget_gone(self, doc_id: str) -> None:
        """Approved or deleted somewhere: the copy is worth nothing; what became of one's own approval stays known."""
        self._database.write(
            "DELETE FROM parked_here WHERE doc_id = ? AND state IN ('copy', 'releasing', 'deleting')", (doc_id,)
        )

    def _set_fact(self, name: str, value: str) -> None:
        self._database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (name, value))


def _held(row: tuple[Any, ...]) -> ParkedHere:
    doc_id, kind, state, version, token, lease, origin, became, opened_by, own, sent, tries, at, reason, shown, body = (
        row
    )
    return ParkedHere(
        doc_id=doc_id, type=kind, state=state, version=version, token=token, lease=lease, origin=origin, became=became,
        opened_by=opened_by, own=bool(own), sent=bool(sent), tries=tries, at=at, reason=reason,
        row=decode(shown, ParkedRow), body=bytes(body),
    )  # fmt: skip
