"""Earlier lives of a station: tables `message`, `forked_message`, `fork_offer`, `fork_effect`, `message_aside`."""

from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from kontuar.domain.documents.document import FORKED
from kontuar.domain.documents.messages import Message
from kontuar.domain.stock.records import StockMove
from kontuar.kernel.canonical import CHAIN_START, decode
from kontuar.kernel.ids import uuid8
from kontuar.kernel.quantity import scaled
from kontuar.kernel.time import instant_text
from kontuar.operations.ports.station.returned import ForkedMessage, KnownLife
from kontuar.operations.ports.streams import START, Position, SealedMessage, StreamId
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.station.contractors import SqliteOwnContractors
from kontuar.storage.sqlite.station.documents import SqliteDocuments
from kontuar.storage.sqlite.station.stock import SqliteStock

_FORKED_BY_RECEIVER = 1
_CLOSED = 2
_LIVES = (
    "WITH RECURSIVE life (name) AS (SELECT min(incarnation) FROM message"
    " UNION ALL SELECT (SELECT min(incarnation) FROM message WHERE incarnation > name) FROM life"
    " WHERE name IS NOT NULL) SELECT name FROM life WHERE name IS NOT NULL"
    " UNION SELECT incarnation FROM uplink UNION SELECT incarnation FROM forked_message"
)
_MOVE = (
    "INSERT OR IGNORE INTO forked_message SELECT m.incarnation, m.seq, m.hash, m.message_id, m.kind, m.payload,"
    " coalesce((SELECT p.hash FROM message p WHERE p.incarnation = m.incarnation AND p.seq = m.seq - 1), ?3),"
    " m.signature, m.at, ?4 FROM message m WHERE m.incarnation = ?1 AND m.seq >= ?2"
)
_LAST_DOCUMENTS = (
    "SELECT payload FROM message WHERE incarnation = ? AND kind LIKE '%.approved/1' ORDER BY seq DESC LIMIT 20"
)


class _Totalled(msgspec.Struct, frozen=True):
    perpetual_gross: int


class _Approval(msgspec.Struct, frozen=True):
    body: _Totalled


class SqliteLifeBooks:
    """The books as one life writes them."""

    def __init__(self, database: SqliteDatabase, stream: StreamId) -> None:
        self.documents = SqliteDocuments(database, stream)
        self.stock = SqliteStock(database, stream)
        self.contractors = SqliteOwnContractors(database, stream)


class SqliteReturned:
    """Implements `operations.ports.station.returned.Returned`."""

    def __init__(self, database: SqliteDatabase, stream: StreamId) -> None:
        self._database = database
        self._origin = stream.origin

    def lives(self) -> Sequence[KnownLife]:
        """One step of the index for each."""
        return [self._life(name) for (name,) in self._database.rows(_LIVES)]

    def hash_at(self, incarnation: str, seq: int) -> str:
        """Hex."""
        if seq == 0:
            return START.hash
        found = self._database.value("SELECT hash FROM message WHERE incarnation = ? AND seq = ?", (incarnation, seq))
        if found is None:
            pruned = self.pruned_to(incarnation)
            return pruned.hash if seq == pruned.seq else ""
        return bytes(found).hex()

    def pruned_to(self, incarnation: str) -> Position:
        """The table `pruned_to`."""
        row = self._database.row("SELECT seq, hash FROM pruned_to WHERE incarnation = ?", (incarnation,))
        return START if row is None else Position(row[0], bytes(row[1]).hex())

    def of(self, incarnation: str) -> SqliteLifeBooks:
        """The books for messages of that life."""
        return SqliteLifeBooks(self._database, StreamId(self._origin, incarnation))

    def put(self, message: Message, sealed: SealedMessage) -> None:
        """The bytes as they were signed."""
        self._database.write(
            "INSERT INTO message VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (message.incarnation, sealed.seq, message.message_id, message.kind, sealed.payload, sealed.hash,
             sealed.signature, instant_text(message.at)),
        )  # fmt: skip

    def without_effect(self, incarnation: str, seq: int, reason: str) -> None:
        """The table `message_aside`."""
        self._database.write("INSERT INTO message_aside VALUES (?, ?, ?)", (incarnation, seq, reason))

    def kept_for(self, reason: str) -> Sequence[Message]:
        """They were read before, so they can be."""
        rows = self._database.rows(
            "SELECT m.payload FROM message_aside a JOIN message m ON m.incarnation = a.incarnation AND m.seq = a.seq"
            " WHERE a.reason = ? ORDER BY a.incarnation, a.seq",
            (reason,),
        )
        return [decode(bytes(payload), Message) for (payload,) in rows]

    def has_effect(self, incarnation: str, seq: int) -> None:
        """No row of `message_aside`."""
        self._database.write("DELETE FROM message_aside WHERE incarnation = ? AND seq = ?", (incarnation, seq))

    def move_aside(self, incarnation: str, first: int, at: str) -> Sequence[SealedMessage]:
        """First the twins, then the rows themselves may go."""
        here = (incarnation, first)
        rows = self._database.rows(
            "SELECT m.seq, m.payload, m.hash, m.signature FROM message m WHERE m.incarnation = ? AND m.seq >= ?"
            " AND NOT EXISTS (SELECT 1 FROM message_aside a WHERE a.incarnation = m.incarnation AND a.seq = m.seq)"
            " ORDER BY m.seq",
            here,
        )
        self._database.write(_MOVE, (*here, CHAIN_START, at))
        self._database.write("DELETE FROM message WHERE incarnation = ? AND seq >= ?", here)
        self._database.write("DELETE FROM message_aside WHERE incarnation = ? AND seq >= ?", here)
        self._database.write("DELETE FROM signed_head WHERE incarnation = ? AND seq >= ?", here)
        self._database.write(
            "DELETE FROM stock_pending WHERE origin = ? AND incarnation = ? AND seq >= ?", (self._origin, *here)
        )
        return [SealedMessage(seq, bytes(payload), bytes(digest), bytes(seal)) for seq, payload, digest, seal in rows]

    def fork_document(self, doc_id: str, incarnation: str, seq: int) -> bool:
        """` (2)`, ` (3)` … behind the number: what came in its place has the number itself."""
        where = (doc_id, incarnation, seq)
        number = self._database.value(
            "SELECT number FROM document WHERE doc_id = ? AND incarnation = ? AND seq = ?", where
        )
        if number is None:
            return False
        self._database.write(
            "UPDATE document SET state = ?, number = ? WHERE doc_id = ? AND incarnation = ? AND seq = ?",
            (FORKED, self.forked_number(number), *where),
        )
        return True

    def forked_number(self, number: str) -> str:
        """The first that is free."""
        count = 2
        while self._database.value("SELECT 1 FROM document WHERE number = ?", (f"{number} ({count})",)):
            count += 1
        return f"{number} ({count})"

    def keep_forked(self, forked: ForkedMessage, message: Message, at: str) -> bool:
        """The bytes as they were signed."""
        sealed = forked.sealed
        if self._database.value(
            "SELECT 1 FROM message WHERE incarnation = ?1 AND seq = ?2 AND hash = ?3"
            " UNION ALL SELECT 1 FROM forked_message WHERE incarnation = ?1 AND seq = ?2 AND hash = ?3",
            (forked.incarnation, sealed.seq, sealed.hash),
        ):
            return False
        self._database.write(
            "INSERT INTO forked_message VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (forked.incarnation, sealed.seq, sealed.hash, message.message_id, message.kind, sealed.payload,
             forked.previous, sealed.signature, instant_text(message.at), at),
        )  # fmt: skip
        return True

    def twin(self, doc_id: str, digest: bytes) -> str:
        """It follows from its message."""
        name = uuid8(digest)
        self._database.write("INSERT INTO fork_renamed VALUES (?, ?, ?)", (name, doc_id, digest))
        return name

    def forked_as(self, doc_id: str, incarnation: str) -> str:
        """Itself, or a twin of that life."""
        found = self._database.value(
            "SELECT r.doc_id FROM fork_renamed r JOIN forked_message f ON f.hash = r.hash"
            " WHERE r.was = ? AND f.incarnation = ? ORDER BY f.seq DESC LIMIT 1",
            (doc_id, incarnation),
        )
        return str(found or doc_id)

    def add_goods(self, doc_id: str, moves: Iterable[StockMove]) -> None:
        """The table `stock_move` alone."""
        self._database.write_many(
            "INSERT INTO stock_move VALUES (?, ?, ?, ?, ?, ?, ?)",
            [(doc_id, m.line, m.effect, m.article, m.from_place, m.to_place, scaled(m.quantity)) for m in moves],
        )

    def give_way(self, doc_id: str, to: bytes) -> bool:
        """Its new identity follows from its message; the document comes last, for ledgers follow a forked one only."""
        row = self._database.row(
            "SELECT f.hash FROM document d JOIN forked_message f ON f.incarnation = d.incarnation AND f.seq = d.seq"
            " AND f.message_id = d.doc_id AND f.hash NOT IN (SELECT hash FROM fork_renamed)"
            " WHERE d.doc_id = ? AND d.state = ? AND f.hash <> ?",
            (doc_id, FORKED, to),
        )
        if row is None:
            return False
        name = self.twin(doc_id, bytes(row[0]))
        for table in ("stock_move", "cash_move", "document_history", "document"):
            self._database.write(f"UPDATE {table} SET doc_id = ? WHERE doc_id = ?", (name, doc_id))
        return True

    def only_forked(self, doc_id: str, what: str, *, holds: bool) -> None:
        """The table `fork_effect`."""
        self._database.write(
            "INSERT OR IGNORE INTO fork_effect VALUES (?, ?)"
            if holds
            else "DELETE FROM fork_effect WHERE doc_id = ? AND what = ?",
            (doc_id, what),
        )

    def settle(self, incarnation: str, head: Position) -> None:
        """`uplink.forked` 2: closed, still pushed. What was believed final and is not here any more is forgotten."""
        zero = bytes.fromhex(START.hash)
        self._database.write("INSERT OR IGNORE INTO uplink VALUES (?, 0, ?, 0, ?, 0)", (incarnation, zero, zero))
        self._database.write(
            "UPDATE uplink SET forked = ?, held_seq = ?, held_hash = ? WHERE incarnation = ?",
            (_CLOSED, head.seq, bytes.fromhex(head.hash), incarnation),
        )
        if self._certain(incarnation) == START:
            self._database.write(
                "UPDATE uplink SET final_seq = 0, final_hash = ? WHERE incarnation = ?", (zero, incarnation)
            )

    def ask_stock_anew(self) -> None:
        """A cursor of no epoch: whoever gives the figures gives all of them."""
        self._database.write("UPDATE fact SET value = ' 0' WHERE name = 'stock_cursor'")

    def last_total(self, incarnation: str) -> int | None:
        """From the message itself."""
        for (payload,) in self._database.rows(_LAST_DOCUMENTS, (incarnation,)):
            with suppress(msgspec.DecodeError):  # of another shape than ours: no document that the total counts
                return decode(bytes(payload), _Approval).body.perpetual_gross
        return None

    def newest_row(self) -> tuple[int, str]:
        """The highest row of the table `document`."""
        return self._database.row("SELECT id, incarnation FROM document ORDER BY id DESC LIMIT 1") or (0, "")

    def to_offer(self, running: str, most: int) -> Sequence[ForkedMessage]:
        """In the order of their streams."""
        rows = self._database.rows(
            "SELECT f.incarnation, f.previous, f.seq, f.payload, f.hash, f.signature FROM forked_message f"
            " WHERE f.incarnation <> ? AND NOT EXISTS (SELECT 1 FROM fork_offer o WHERE o.hash = f.hash)"
            " ORDER BY f.incarnation, f.seq LIMIT ?",
            (running, most),
        )
        return [
            ForkedMessage(
                incarnation=life, previous=bytes(previous),
                sealed=SealedMessage(seq, bytes(payload), bytes(digest), bytes(seal)),
            )
            for life, previous, seq, payload, digest, seal in rows
        ]  # fmt: skip

    def tells_closing(self, shift_id: str) -> bool:
        """By its message, the only one of a shift's closing."""
        query = "SELECT 1 FROM message WHERE message_id = ? AND kind = 'shift.closed/1' LIMIT 1"
        return self._database.value(query, (f"{shift_id}:closed",)) is not None

    def offered(self, digest: bytes, incarnation: str, seq: int) -> None:
        """The table `fork_offer`; the first word stays."""
        self._database.write("INSERT OR IGNORE INTO fork_offer VALUES (?, ?, ?)", (digest, incarnation, seq))

    def offered_no_more(self, seq: int) -> None:
        self._database.write("DELETE FROM fork_offer WHERE seq = ?", (seq,))

    def _life(self, incarnation: str) -> KnownLife:
        forked = self._database.value("SELECT forked FROM uplink WHERE incarnation = ?", (incarnation,))
        head = self._database.row(
            "SELECT seq, hash FROM message WHERE incarnation = ? ORDER BY seq DESC LIMIT 1", (incarnation,)
        )
        return KnownLife(
            incarnation=incarnation, certain=self._certain(incarnation), forked=forked == _FORKED_BY_RECEIVER,
            head=Position(head[0], bytes(head[1]).hex()) if head else START,
        )  # fmt: skip

    def _certain(self, incarnation: str) -> Position:
        row = self._database.row("SELECT final_seq, final_hash FROM uplink WHERE incarnation = ?", (incarnation,))
        if row is None or self.hash_at(incarnation, row[0]) != bytes(row[1]).hex():
            return START
        return Position(row[0], bytes(row[1]).hex())
