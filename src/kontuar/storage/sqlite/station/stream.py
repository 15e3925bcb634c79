"""The station's own stream and number series, written inside the transaction of what they tell."""

import datetime
from collections.abc import Callable

import msgspec

from kontuar.domain.documents.messages import Message, body_bytes
from kontuar.kernel.canonical import CHAIN_START, chain_hash, encode
from kontuar.kernel.time import instant_text, parse_instant
from kontuar.operations.ports.streams import Position, StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase

Sign = Callable[[bytes], bytes]


class SqliteStream:
    """The table `message`: gapless positions, each hash built on the one before, each hash signed (HUB-10)."""

    def __init__(self, database: SqliteDatabase, stream: StreamId, store: str, sign: Sign) -> None:
        self._database = database
        self._stream = stream
        self._store = store
        self._sign = sign

    def head(self) -> Position:
        """The last message."""
        seq, digest = self._head()
        return Position(seq, digest.hex())

    def append(self, kind: str, message_id: str, body: msgspec.Struct, *, at: datetime.datetime, by: str) -> int:
        """Write one message and return its position."""
        seq, previous = self._head()
        message = Message(
            kind=kind, origin=self._stream.origin, incarnation=self._stream.incarnation, seq=seq + 1,
            store=self._store, message_id=message_id, at=at, by=by, body=body_bytes(body),
        )  # fmt: skip
        payload = encode(message)
        digest = chain_hash(previous, payload)
        with self._database.transaction():
            self._database.write(
                "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (self._stream.incarnation, seq + 1, message_id, kind, payload, digest, self._sign(digest),
                 instant_text(at)),
            )  # fmt: skip
        return seq + 1

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
