"""The store's buffer of parked documents at the agent, over its SQLite."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Final

import msgspec

from kontuar.domain.documents.parking import Gone, Parked, ParkedRow
from kontuar.kernel.canonical import decode, encode
from kontuar.operations.ports.parking import ParkedNews
from kontuar.operations.ports.sync import FeedCursor
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.sync_state import read_cursor, write_cursor

_FEED: Final = "parked_feed"
"""Fact: the list's version; its epoch is new with every process."""
_FULL: Final = "parked_feed_full"
"""Fact: asked from before this version, a station gets all of the list."""
_TOKEN: Final = "parked_token"  # noqa: S105 - a fencing token, not a secret
_ID_TAKEN: Final = "message.id_taken"
_SOLD: Final = (
    "SELECT m.origin, m.payload FROM message m LEFT JOIN parked p USING (origin, incarnation, seq)"
    " WHERE m.message_id = ?1 AND coalesce(p.reason, ?2) = ?2"
)


class _Numbered(msgspec.Struct):
    number: str = ""


class _Approval(msgspec.Struct):
    kind: str
    body: _Numbered


class AgentParking:
    """Tables `parked_document`, `parked_version`, `parked_gone`, `parked_number`; implements `ParkingBooks`."""

    def __init__(self, database: SqliteDatabase, fresh_epoch: str) -> None:
        """`fresh_epoch`: another one in every process. A database that was set up again from a backup gives versions
        again that its stations have seen already; in a new epoch they take the list anew and offer what they hold."""
        self._database = database
        self._epoch = fresh_epoch

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        return self._database.transaction()

    # -- documents ----------------------------------------------------------------------------------------
    def find(self, doc_id: str) -> Parked | None:
        """One parked document without its bytes."""
        found = self._database.value("SELECT state FROM parked_document WHERE doc_id = ?", (doc_id,))
        return None if found is None else decode(found, Parked)

    def body(self, doc_id: str) -> bytes:
        """The bytes of a document that is there."""
        return bytes(self._database.value("SELECT body FROM parked_document WHERE doc_id = ?", (doc_id,)))

    def every(self) -> Sequence[Parked]:
        """All of them, by identity."""
        return [
            decode(state, Parked)
            for (state,) in self._database.rows("SELECT state FROM parked_document ORDER BY doc_id")
        ]

    def rows(self) -> Sequence[ParkedRow]:
        """All that is parked, as the list shows it."""
        return [parked.row for parked in self.every()]

    def put(self, parked: Parked, body: bytes | None = None) -> None:
        """Keep it so, with new bytes where given, and tell the stations."""
        version = self._next_version()
        row = parked.row
        if body is None:
            self._database.write(
                "UPDATE parked_document SET feed_version = ?, state = ? WHERE doc_id = ?",
                (version, encode(parked), row.doc_id),
            )
            return
        self._database.write("DELETE FROM parked_gone WHERE doc_id = ?", (row.doc_id,))
        self._database.write(
            "INSERT INTO parked_document VALUES (?, ?, ?, ?, ?) ON CONFLICT (doc_id) DO UPDATE SET"
            " feed_version = excluded.feed_version, state = excluded.state, body = excluded.body",
            (row.doc_id, row.ean, version, encode(parked), body),
        )

    # -- versions -----------------------------------------------------------------------------------------
    def add_version(self, parked: Parked, digest: bytes) -> None:
        """Remember that these bytes were saved as its version."""
        row = parked.row
        self._database.write(
            "INSERT INTO parked_version VALUES (?, ?, ?, ?, ?)",
            (row.doc_id, row.version, parked.base, parked.token, digest),
        )

    def versions(self, doc_id: str) -> Mapping[int, bytes]:
        """Version → hash of the bytes as they came."""
        rows = self._database.rows("SELECT version, hash FROM parked_version WHERE doc_id = ?", (doc_id,))
        return {version: bytes(digest) for version, digest in rows}

    def version_saved(self, doc_id: str, base: int, digest: bytes) -> tuple[int, int] | None:
        """(version, token) that these bytes became on this base."""
        found = self._database.row(
            "SELECT version, token FROM parked_version WHERE doc_id = ? AND base = ? AND hash = ?",
            (doc_id, base, digest),
        )
        return None if found is None else (int(found[0]), int(found[1]))

    # -- what left ----------------------------------------------------------------------------------------
    def gone(self, doc_id: str) -> Gone | None:
        """What stays of a document that left."""
        found = self._database.value("SELECT body FROM parked_gone WHERE doc_id = ?", (doc_id,))
        return None if found is None else decode(found, Gone)

    def sold(self, doc_id: str) -> Gone | None:
        """The approval of this identity among the messages that are held, as one of version 0. One that the agent could
        not take for what it says is for head office to look at."""
        rows = self._database.rows(_SOLD, (doc_id, _ID_TAKEN))
        for station, payload in rows:
            try:
                message = msgspec.json.decode(payload, type=_Approval)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
                continue
            if ".approved/" in message.kind:
                return Gone(reason="approved", version=0, number=message.body.number, station=station)
        return None

    def remove(self, doc_id: str, gone: Gone, at: str) -> None:
        """It is not (or never was) in the buffer any more, and old copies of it are not taken."""
        self._database.write("DELETE FROM parked_document WHERE doc_id = ?", (doc_id,))
        self._database.write("DELETE FROM parked_version WHERE doc_id = ?", (doc_id,))
        self._database.write(
            "INSERT OR REPLACE INTO parked_gone VALUES (?, ?, ?, ?)", (doc_id, self._next_version(), at, encode(gone))
        )

    def forget_gone_before(self, at: str) -> None:
        """Old tombstones; a station whose list is older gets all of it."""
        newest = self._database.value("SELECT max(feed_version) FROM parked_gone WHERE at < ?", (at,))
        if newest is not None:
            self._database.write("DELETE FROM parked_gone WHERE at < ?", (at,))
            self._database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_FULL, str(newest)))

    # -- numbers ------------------------------------------------------------------------------------------
    def ean_is_taken(self, ean: str) -> bool:
        """Whether a parked document has it."""
        return self._database.value("SELECT 1 FROM parked_document WHERE ean = ?", (ean,)) is not None

    def next_ordinal(self, prefix: str) -> int:
        """The next temporary number with this prefix."""
        last = self._database.value("SELECT last FROM parked_number WHERE prefix = ?", (prefix,)) or 0
        self.raise_ordinal(prefix, last + 1)
        return int(last) + 1

    def raise_ordinal(self, prefix: str, ordinal: int) -> None:
        """This one was given before the database was lost."""
        self._database.write(
            "INSERT INTO parked_number VALUES (?, ?) ON CONFLICT DO UPDATE SET last = max(last, excluded.last)",
            (prefix, ordinal),
        )

    def last_token(self) -> int:
        """The highest token ever given or heard of."""
        return int(self._database.value("SELECT value FROM fact WHERE name = ?", (_TOKEN,)) or 0)

    def set_last_token(self, token: int) -> None:
        """Keep it."""
        self._database.write("INSERT OR REPLACE INTO fact VALUES (?, ?)", (_TOKEN, str(token)))

    # -- the list for stations ----------------------------------------------------------------------------
    def cursor(self) -> FeedCursor:
        """The list's own epoch and version."""
        return FeedCursor(self._epoch, read_cursor(self._database, _FEED).version)

    def begin_epoch(self, epoch: str) -> None:
        """The database was restored: stations take the list anew and offer what they hold."""
        self._epoch = epoch
        self._next_version()

    def news_since(self, cursor: FeedCursor) -> ParkedNews:
        """What the list shows otherwise than at the cursor; all of it for a cursor of another epoch."""
        own = self.cursor()
        full_from = int(self._database.value("SELECT value FROM fact WHERE name = ?", (_FULL,)) or 0)
        if cursor.epoch != own.epoch or cursor.version < full_from:
            return ParkedNews(epoch=own.epoch, version=own.version, full=True, put=tuple(self.rows()))
        put = self._database.rows(
            "SELECT state FROM parked_document WHERE feed_version > ? ORDER BY feed_version", (cursor.version,)
        )
        removed = self._database.rows(
            "SELECT doc_id FROM parked_gone WHERE feed_version > ? ORDER BY feed_version", (cursor.version,)
        )
        return ParkedNews(
            epoch=own.epoch, version=own.version, put=tuple(decode(state, Parked).row for (state,) in put),
            removed=tuple(doc_id for (doc_id,) in removed),
        )  # fmt: skip

    def counts(self) -> Mapping[str, int]:
        """For the metrics and `health`."""
        every = self.every()
        return {
            "documents_parked": len(every),
            "parking_leases": sum(bool(parked.hold.token) and not parked.hold.lapsed for parked in every),
            "parking_conflicts": sum(bool(parked.row.conflict_of) for parked in every),
        }

    def _next_version(self) -> int:
        own = self.cursor()
        write_cursor(self._database, _FEED, own.epoch, own.version + 1)
        return own.version + 1
