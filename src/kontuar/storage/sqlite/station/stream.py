"""The station's own stream and number series, written inside the transaction of what they tell."""

import datetime
from collections.abc import Callable

import msgspec

from kontuar.domain.documents.messages import Message, body_bytes
from kontuar.kernel.canonical import CHAIN_START, chain_hash, encode
from kontuar.kernel.errors import refuse
from kontuar.kernel.time import instant_text, parse_instant
from kontuar.operations.ports.streams import Mark, Position, StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.witness import Witness

Sign = Callable[[bytes], bytes]
STOPPED = {1: "stream.forked", 2: "stream.closed"}
"""What `uplink.forked` says: the receiver holds something else; a later life of this station was opened."""


class SqliteStream:
    """The table `message`: gapless positions, each hash built on the one before, each hash signed (HUB-10)."""

    def __init__(
        self, database: SqliteDatabase, stream: StreamId, store: str, sign: Sign, *,
        witness: Witness | None = None, ordinal: int = 1, restored: bool = False,
    ) -> None:  # fmt: skip
        """`ordinal`: which life of the station this is; `restored`: the witness knows of messages that are not here."""
        self._database = database
        self._stream = stream
        self._store = store
        self._sign = sign
        self._witness = witness
        self._ordinal = ordinal
        self._restored = restored
        self._witnessed_in = -1

    def head(self) -> Position:
        """The last message."""
        seq, digest = self._head()
        return Position(seq, digest.hex())

    def append(self, kind: str, message_id: str, body: msgspec.Struct, *, at: datetime.datetime, by: str) -> int:
        """Write one message and return its position.

        Raises `Refused("stream.forked" | "stream.closed" | "stream.restored")`: a life that is over issues nothing
        (REL-13).
        """
        stopped = self.stopped()
        if stopped:
            raise refuse(stopped, "station", station=self._stream.origin)
        with self._database.transaction():
            seq, previous = self._head()
            if self._witnessed_in != self._database.begun:  # what was there before this transaction is durable
                self._testify(seq, previous)
                self._witnessed_in = self._database.begun
            message = Message(
                kind=kind, origin=self._stream.origin, incarnation=self._stream.incarnation, seq=seq + 1,
                store=self._store, message_id=message_id, at=at, by=by, body=body_bytes(body),
            )  # fmt: skip
            payload = encode(message)
            digest = chain_hash(previous, payload)
            self._database.write(
                "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self._stream.incarnation, seq + 1, message_id, kind, payload, digest, self._sign(digest),
                 instant_text(at)),
            )  # fmt: skip
        return seq + 1

    def stopped(self) -> str:
        """Why this life issues nothing any more: `stream.forked`, `stream.closed` or `stream.restored`; else empty."""
        found = self._database.value("SELECT forked FROM uplink WHERE incarnation = ?", (self._stream.incarnation,))
        return STOPPED.get(found or 0, "stream.restored" if self._restored else "")

    def testify(self) -> None:
        """Let the witness know how far this life has come; between transactions."""
        if not self._restored:
            self._testify(*self._head())

    def _testify(self, seq: int, digest: bytes) -> None:
        if self._witness is not None:
            self._witness.note(Mark(self._stream.incarnation, self._ordinal, seq, digest.hex()))

    def last_time(self) -> datetime.datetime | None:
        """When the last message was written."""
        text = self._database.value(
            "SELECT at FROM message WHERE incarnation = ? ORDER BY seq DESC LIMIT 1",
            (self._stream.incarnation,),
        )
        return None if text is None else parse_instant(text)

    def waiting(self) -> int:
        """Messages that the agent does not hold yet."""
        held = self._database.value("SELECT held_seq FROM uplink WHERE incarnation = ?", (self._stream.incarnation,))
        return self._head()[0] - int(held or 0)

    def _head(self) -> tuple[int, bytes]:
        row = self._database.row(
            "SELECT seq, hash FROM message WHERE incarnation = ? ORDER BY seq DESC LIMIT 1",
            (self._stream.incarnation,),
        )
        return (int(row[0]), bytes(row[1])) if row else (0, CHAIN_START)


class SqliteNumbers:
    """The table `number_series`."""

    def __init__(self, database: SqliteDatabase) -> None:
        self._database = database

    def next_ordinal(self, document_type: str, series: str, period: str) -> int:
        """The next number; taken inside the approving transaction, so an abandoned draft uses none (DOC-01)."""
        key = (document_type, series, period)
        self._database.write("INSERT OR IGNORE INTO number_series VALUES (?, ?, ?, 0)", key)
        self._database.write(
            "UPDATE number_series SET last = last + 1 WHERE type = ? AND series = ? AND period = ?", key
        )
        return int(
            self._database.value("SELECT last FROM number_series WHERE type = ? AND series = ? AND period = ?", key)
        )
