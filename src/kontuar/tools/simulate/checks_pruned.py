"""Checkers of what tills and agents let go of."""

import datetime
import json
from collections.abc import Iterator

import apsw

from kontuar.tools.simulate.books_read import Books


def pruned(books: Books) -> Iterator[str]:
    """REL-17: whatever a till or an agent let go of lies at head office, down to the bytes, and is days old; nothing is
    let go of where nobody asked for it."""
    nodes = [*books.stations.items(), *books.agents.items(), *books.second]
    for place, connection in nodes:
        yield from (f"{place} {fault}" for fault in _faults(books, connection))


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


def _day(at: str) -> datetime.date:
    return datetime.date.fromisoformat(at[:10])
