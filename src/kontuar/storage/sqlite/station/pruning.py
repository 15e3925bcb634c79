"""Pruning a station's books: messages, documents and their ledgers go together, a shift at a time (REL-17)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.kernel.canonical import decode
from kontuar.kernel.sorting import search_key
from kontuar.operations.ports.streams import Position, SignedHead, StreamId
from kontuar.operations.pruning import Life
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.pruning import SqlitePruning

_TURN: Final = "(kind IN ('shift.opened/1', 'shift.closed/1') OR substr(kind, -12) = '.cancelled/1')"
"""As in the index `message_turn`."""
_NOT_DECIDED: Final = (
    "SELECT min(d.seq) FROM document d LEFT JOIN confirmation c ON c.doc_id = d.doc_id"
    " WHERE d.incarnation = ? AND d.seq > ? AND d.seq <= ? AND (c.state IS NULL OR c.state = 'parked'"
    " OR d.fiscal = 'waiting' OR (d.state = 'approved' AND d.paid < d.gross))"
)
_PARKED: Final = (
    "SELECT min(m.seq) FROM confirmation c INDEXED BY confirmation_parked"
    " CROSS JOIN message m INDEXED BY message_by_id ON m.message_id IN (c.doc_id, c.doc_id || ':closed')"
    " WHERE c.state = 'parked' AND m.incarnation = ?"
)
"""A document, or a shift: its opening or its closing."""
_CANCELLING_PARKED: Final = (
    "SELECT min(m.seq) FROM message m INDEXED BY message_turn"
    " JOIN confirmation c ON c.doc_id = json_extract(CAST(m.payload AS TEXT), '$.body.doc_id') AND c.state = 'parked'"
    f" WHERE m.incarnation = ? AND {_TURN} AND substr(m.kind, -12) = '.cancelled/1'"
)
"""The document may be another life's."""
_HELD_BY_WORK: Final = (
    "WITH held (doc_id) AS ("
    " SELECT atom FROM (SELECT CAST(body AS TEXT) t FROM draft UNION ALL SELECT CAST(body AS TEXT) FROM parked_here),"
    " json_tree(CASE WHEN json_valid(t) THEN t ELSE 'null' END) WHERE type = 'text'"
    " UNION SELECT became FROM parked_here UNION SELECT origin FROM parked_here UNION SELECT doc_id FROM parked_here"
    " UNION SELECT substr(name, length('decision:') + 1) FROM fact WHERE name LIKE 'decision:%'"
    ") SELECT min(d.seq) FROM held h CROSS JOIN document d ON d.doc_id = h.doc_id WHERE d.incarnation = ? AND d.seq > ?"
)
"""What stands as text anywhere in a draft or a parked document may be the identity of a document it refers to."""
_REFERRED_TO: Final = (
    "SELECT min(t.seq) FROM document_link l JOIN document s ON s.id = l.document"
    " JOIN document t ON t.doc_id = l.other_id"
    " WHERE t.incarnation = ?1 AND t.seq > ?2 AND t.seq <= ?3 AND NOT (s.incarnation = ?1 AND s.seq <= ?3)"
)
_REPEATED: Final = (
    "SELECT min(t.seq) FROM document s JOIN document t ON t.doc_id = s.repeats WHERE s.repeats <> ''"
    " AND t.incarnation = ?1 AND t.seq > ?2 AND t.seq <= ?3 AND NOT (s.incarnation = ?1 AND s.seq <= ?3)"
)


class _Cancelled(msgspec.Struct, frozen=True):
    doc_id: str = ""


class _Message(msgspec.Struct, frozen=True):
    body: _Cancelled = _Cancelled()


class StationPruning(SqlitePruning):
    """Implements `operations.pruning.PruneBooks`."""

    _where = "incarnation = ?"

    def __init__(self, database: SqliteDatabase, origin: str) -> None:
        super().__init__(database)
        self._origin = origin

    def lives(self) -> Sequence[Life]:
        """Lives of which nothing was kept aside; the last message of each stays."""
        rows = self._database.rows(
            "SELECT u.incarnation, min(u.final_seq,"
            " (SELECT max(m.seq) FROM message m WHERE m.incarnation = u.incarnation) - 1)"
            " FROM uplink u WHERE u.forked <> 1"
            " AND NOT EXISTS (SELECT 1 FROM forked_message f WHERE f.incarnation = u.incarnation)"
            " AND NOT EXISTS (SELECT 1 FROM message_aside a WHERE a.incarnation = u.incarnation) ORDER BY 1"
        )
        pruned, signed = self._pruned(), self._signed()
        return [
            Life(
                stream=StreamId(self._origin, life), pruned=pruned.get((self._origin, life), 0), final=final or 0,
                signed=signed.get((self._origin, life), 0),
            )
            for life, final in rows
        ]  # fmt: skip

    def may_go(self, life: Life, most: int, before: str) -> int:
        """Each reason to stay lowers the limit to the end of a shift; what stays because of that may refer to something
        before it."""
        name, begin = life.stream.incarnation, life.pruned
        limit = self._old_until(name, begin, most, before)
        for query, values in (
            (_NOT_DECIDED, (name, begin, limit)), (_PARKED, (name,)), (_CANCELLING_PARKED, (name,)),
            (_HELD_BY_WORK, (name, begin)),
            ("SELECT min(seq) FROM own_contractor WHERE incarnation = ?", (name,)),
            ("SELECT min(seq) FROM stock_pending WHERE incarnation = ?", (name,)),
        ):  # fmt: skip
            limit = self._below(limit, query, values)
        while True:
            lower = max((cut for cut in self._cuts(life, limit)), default=begin)
            for query in (_REFERRED_TO, _REPEATED):
                lower = self._below(lower, query, (name, begin, lower))
            lower = min(lower, self._cancelled_later(name, begin, lower))
            if lower == limit:
                return limit
            limit = lower

    def next_cut(self, life: Life, most: int) -> int:
        """The end of the first shift."""
        return min(self._cuts(life, most), default=0)

    def _cuts(self, life: Life, most: int) -> list[int]:
        """Ends of shifts after which nothing is taken back of what came before them: what is left proves itself. The
        last shift stays, for the next one's number follows from it."""
        rows = self._database.rows(
            "SELECT seq, kind, payload FROM message INDEXED BY message_turn"
            f" WHERE incarnation = ? AND seq > ? AND seq <= ? AND {_TURN} ORDER BY seq",
            (life.stream.incarnation, life.pruned, most),
        )
        name = life.stream.incarnation
        cancelled = [(seq, self._place(payload, name)) for seq, kind, payload in rows if kind.endswith(".cancelled/1")]
        newest = self._database.value(
            f"SELECT seq FROM message INDEXED BY message_turn WHERE incarnation = ? AND {_TURN}"
            " AND kind = 'shift.opened/1' ORDER BY seq DESC LIMIT 1",
            (life.stream.incarnation,),
        )
        opened, found = 0, []
        for seq, kind, _ in rows:
            opened = {"shift.opened/1": opened + 1, "shift.closed/1": max(opened - 1, 0)}.get(kind, opened)
            crossed = any(where <= seq < later for later, where in cancelled)
            if kind == "shift.closed/1" and not opened and not crossed and seq < (newest or 0):
                found.append(int(seq))
        return found

    def prune(self, life: Life, mark: Position, signed: SignedHead, at: str) -> None:
        """The mark first: it is what the guards of the tables look at."""
        write, name = self._database.write, life.stream.incarnation
        rows = self._database.rows(
            "SELECT id, doc_id, number, buyer_name, business_day FROM document WHERE incarnation = ? AND seq <= ?",
            (name, mark.seq),
        )
        known = self._database.value("SELECT last_day FROM pruned_to WHERE incarnation = ?", (name,)) or ""
        self._mark(life, mark, signed, at, max([known, *(row[4] for row in rows)]))
        gone = "(SELECT message_id FROM message WHERE incarnation = ? AND seq <= ?)"
        where = (name, mark.seq)
        write(
            "INSERT INTO cash_pruned SELECT register, form, currency, sum(amount) FROM cash_move"
            f" WHERE doc_id IN {gone} GROUP BY register, form, currency"
            " ON CONFLICT DO UPDATE SET amount = amount + excluded.amount",
            where,
        )
        for table in ("cash_move", "stock_move", "document_history", "confirmation"):
            write(f"DELETE FROM {table} WHERE doc_id IN {gone}", where)
        write("DELETE FROM second_copy WHERE incarnation = ? AND seq <= ?", where)
        write(f"DELETE FROM shift WHERE closed_at IS NOT NULL AND shift_id IN {gone}", where)
        # One that an earlier life opened stays with that; its closing goes.
        write(f"UPDATE shift SET report = NULL WHERE report IS NOT NULL AND shift_id || ':closed' IN {gone}", where)
        self._database.write_many(
            "INSERT INTO document_words (document_words, rowid, number, buyer) VALUES ('delete', ?, ?, ?)",
            [(key, search_key(number), search_key(buyer)) for key, _, number, buyer, _ in rows],
        )
        for table in ("document_line", "document_tax", "document_link"):
            self._database.write_many(f"DELETE FROM {table} WHERE document = ?", [(row[0],) for row in rows])
        write("DELETE FROM document WHERE incarnation = ? AND seq <= ?", where)
        write("DELETE FROM message WHERE incarnation = ? AND seq <= ?", where)

    # -- private ------------------------------------------------------------------------------------------
    def _old_until(self, name: str, begin: int, most: int, before: str) -> int:
        """The last position that was written early enough; the order of the stream is that of time."""
        low, high = begin, most
        while low < high:
            middle = (low + high + 1) // 2
            at = self._database.value("SELECT at FROM message WHERE incarnation = ? AND seq = ?", (name, middle))
            low, high = (middle, high) if at is not None and at < before else (low, middle - 1)
        return low

    def _below(self, limit: int, query: str, values: Sequence[object]) -> int:
        found = self._database.value(query, values)
        return limit if found is None else min(limit, int(found) - 1)

    def _cancelled_later(self, name: str, begin: int, limit: int) -> int:
        """What stays takes back a document: that stays too, also where a later life took it back."""
        rows = self._database.rows(
            f"SELECT payload FROM message INDEXED BY message_turn WHERE (incarnation <> ? OR seq > ?) AND {_TURN}"
            " AND substr(kind, -12) = '.cancelled/1'",
            (name, limit),
        )
        places = (self._place(payload, name) for (payload,) in rows)
        return min((place - 1 for place in places if begin < place <= limit), default=limit)

    def _place(self, payload: bytes, name: str) -> int:
        """Where the document was approved in a life that a message takes back; 0 = elsewhere."""
        where = (decode(payload, _Message).body.doc_id, name)
        query = "SELECT seq FROM document WHERE doc_id = ? AND incarnation = ?"
        return int(self._database.value(query, where) or 0)

    def _key(self, stream: StreamId) -> Sequence[str]:
        return (stream.incarnation,)
