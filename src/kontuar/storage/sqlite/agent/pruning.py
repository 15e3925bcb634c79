"""Pruning an agent's log: what the hub has for good need not be relayed again (REL-17)."""

from collections.abc import Sequence
from typing import Final

import msgspec

from kontuar.operations.ports.streams import Position, SignedHead, StreamId
from kontuar.operations.pruning import Life
from kontuar.storage.sqlite.engine import SqliteDatabase
from kontuar.storage.sqlite.pruning import SqlitePruning

MOST_AT_ONCE: Final = 500
_HELD_BY_WORK: Final = (
    "WITH held (doc_id) AS (SELECT atom FROM (SELECT CAST(body AS TEXT) t FROM parked_document),"
    " json_tree(CASE WHEN json_valid(t) THEN t ELSE 'null' END) WHERE type = 'text'"
    " UNION SELECT doc_id FROM parked_document)"
    " SELECT min(m.seq) FROM held h CROSS JOIN message m ON m.message_id = h.doc_id"
    " WHERE m.origin = ? AND m.incarnation = ?"
)
_PARKED: Final = (
    "SELECT min(m.seq) FROM confirmation c INDEXED BY confirmation_parked"
    " CROSS JOIN message m INDEXED BY message_by_id ON m.message_id = c.doc_id"
    " WHERE c.state = 'parked' AND m.origin = ? AND m.incarnation = ?"
)
_PARKED_AT: Final = (
    "SELECT min(seq) FROM confirmation INDEXED BY confirmation_parked"
    " WHERE state = 'parked' AND origin = ? AND incarnation = ?"
)
"""A message that is no document: what it is about is named by another identity."""
_UNDECIDED: Final = (
    "SELECT min(p.seq) FROM parked p JOIN message m USING (origin, incarnation, seq) LEFT JOIN confirmation c"
    " ON c.doc_id IN (p.message_id, CASE WHEN json_valid(CAST(m.payload AS TEXT))"
    " THEN json_extract(CAST(m.payload AS TEXT), '$.body.doc_id') END)"
    " WHERE p.origin = ? AND p.incarnation = ? AND (c.state IS NULL OR c.state = 'parked')"
)
"""Head office names the document, where the message is not its approval."""
_PENDING: Final = "SELECT min(seq) FROM stock_pending WHERE origin = ? AND incarnation = ?"


class _Said(msgspec.Struct, frozen=True):
    kind: str = ""
    at: str = ""


class AgentPruning(SqlitePruning):
    """Implements `operations.pruning.PruneBooks`. Moves of goods stay: a document that comes again must not move them
    twice (REL-08)."""

    _where = "origin = ? AND incarnation = ?"

    def __init__(self, database: SqliteDatabase) -> None:
        super().__init__(database)

    def lives(self) -> Sequence[Life]:
        """Streams that do not contradict the hub, and of which nothing was kept aside; the last message stays."""
        rows = self._database.rows(
            "SELECT s.origin, s.incarnation, min(s.hub_seq, (SELECT max(m.seq) FROM message m"
            " WHERE m.origin = s.origin AND m.incarnation = s.incarnation) - 1) FROM stream s WHERE s.stopped = ''"
            " AND NOT EXISTS (SELECT 1 FROM forked_message f"
            " WHERE f.origin = s.origin AND f.incarnation = s.incarnation) ORDER BY 1, 2"
        )
        pruned, signed = self._pruned(), self._signed()
        return [
            Life(
                stream=StreamId(origin, life), pruned=pruned.get((origin, life), 0), final=final or 0,
                signed=signed.get((origin, life), 0),
            )
            for origin, life, final in rows
        ]  # fmt: skip

    def may_go(self, life: Life, most: int, before: str) -> int:
        """Message by message, as far as each is old and decided; a piece at a time."""
        key = (life.stream.origin, life.stream.incarnation)
        limit = most
        for query in (_HELD_BY_WORK, _PARKED, _PARKED_AT, _UNDECIDED, _PENDING):
            found = self._database.value(query, key)
            limit = limit if found is None else min(limit, int(found) - 1)
        rows = self._database.rows(
            "SELECT m.seq, m.payload, c.state FROM message m LEFT JOIN confirmation c ON c.doc_id = m.message_id"
            " WHERE m.origin = ? AND m.incarnation = ? AND m.seq > ? AND m.seq <= ? ORDER BY m.seq LIMIT ?",
            (*key, life.pruned, limit, MOST_AT_ONCE),
        )
        last = life.pruned
        for seq, payload, state in rows:
            said = _read(payload)
            if said is None or said.at >= before or (".approved/" in said.kind and state is None):
                break
            last = seq
        return last

    def next_cut(self, life: Life, most: int) -> int:  # noqa: ARG002 - an agent's log can begin anywhere
        """All of it."""
        return most

    def prune(self, life: Life, mark: Position, signed: SignedHead, at: str) -> None:
        """What goes is from then on what did not pass here: should the hub go back, the station is asked for it."""
        write = self._database.write
        key = (life.stream.origin, life.stream.incarnation)
        self._mark(life, mark, signed, at, "")
        write("DELETE FROM passed_elsewhere WHERE origin = ? AND incarnation = ? AND last <= ?", (*key, mark.seq))
        write("INSERT INTO passed_elsewhere VALUES (?, ?, 1, ?, ?)", (*key, mark.seq, bytes.fromhex(mark.hash)))
        write("DELETE FROM parked WHERE origin = ? AND incarnation = ? AND seq <= ?", (*key, mark.seq))
        write("DELETE FROM message WHERE origin = ? AND incarnation = ? AND seq <= ?", (*key, mark.seq))

    def _key(self, stream: StreamId) -> Sequence[str]:
        return (stream.origin, stream.incarnation)


def _read(payload: bytes) -> _Said | None:
    """What nobody can read stays."""
    try:
        return msgspec.json.decode(payload, type=_Said)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
