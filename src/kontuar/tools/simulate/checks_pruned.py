"""Checkers of what tills and agents let go of."""

import datetime
import json
from collections.abc import Iterator
from typing import Final

import apsw

from kontuar.tools.simulate.books_read import Books

_TEXTS: Final = "json_tree(CASE WHEN json_valid(CAST({body} AS TEXT)) THEN CAST({body} AS TEXT) ELSE 'null' END) t"
_NEEDS: Final = {
    "the draft": "SELECT d.doc_id, t.atom, json_extract(CAST(d.body AS TEXT), '$.created_at') FROM draft d, "
    + _TEXTS.format(body="d.body") + " WHERE t.type = 'text'",
    "the parked document": "SELECT p.doc_id, t.atom, substr(p.at, 1, 27) FROM parked_here p, "
    + _TEXTS.format(body="p.body") + " WHERE t.type = 'text'",
    "the document": "SELECT s.doc_id, l.other_id, m.at FROM document_link l JOIN document s ON s.id = l.document"
    " JOIN message m ON m.message_id = s.doc_id",
    "the invoice": "SELECT s.doc_id, s.repeats, m.at FROM document s JOIN message m ON m.message_id = s.doc_id"
    " WHERE s.repeats <> ''",
    "the cancellation": "SELECT message_id, json_extract(CAST(payload AS TEXT), '$.body.doc_id'), at FROM message"
    " WHERE kind LIKE '%.cancelled/1'",
}  # fmt: skip
"""Of a till: what is still there, what it refers to, since when. Any text in a draft may be a document's identity."""


def pruned(books: Books) -> Iterator[str]:
    """REL-17: whatever a till or an agent let go of lies at head office, down to the bytes, and is days old; nothing is
    let go of where nobody asked for it."""
    nodes = [*books.stations.items(), *books.agents.items(), *books.second]
    for place, connection in nodes:
        yield from (f"{place} {fault}" for fault in _faults(books, connection))
    for place, connection in books.stations.items():
        yield from (f"{place} {fault}" for fault in _missed(books, place, connection))


def _faults(books: Books, connection: apsw.Connection) -> Iterator[str]:
    rows = connection.execute("SELECT origin, incarnation, seq, hash, at FROM pruned_to ORDER BY 1, 2").fetchall()
    if rows and not books.seen.policy.keep_days:
        yield "let go of messages, and nothing is ever to be let go of"
    for origin, incarnation, seq, digest, at in rows:
        there = books.at_hub[str(origin), str(incarnation)].messages.get(int(str(seq)))
        if there is None or there[0] != digest:
            yield f"let go of {origin} up to {seq}, and head office has something else there, or nothing"
        elif _day(json.loads(there[1])["at"]) >= _day(str(at)):
            yield f"let go of {origin} up to {seq} on the day when that was written"


def _missed(books: Books, place: str, connection: apsw.Connection) -> Iterator[str]:
    """Nobody has decided of it yet, or what is still there needs it, and was there before it went."""
    marks = {str(row[0]): str(row[1]) for row in connection.execute("SELECT incarnation, at FROM pruned_to")}
    if not marks:
        return
    gone = books.pruned_messages(place)
    for message_id, (_, digest) in gone.items():
        if digest in books.undecided:
            yield f"let go of {message_id}, of which a person has yet to decide"
    for what, query in _NEEDS.items():
        for holder, needed, since in connection.execute(query):
            life, _ = gone.get(str(needed), ("", b""))
            if life and str(since) < marks[life]:
                yield f"let go of {needed}, which {what} {holder} refers to"


def _day(at: str) -> datetime.date:
    return datetime.date.fromisoformat(at[:10])
