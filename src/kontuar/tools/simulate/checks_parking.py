"""Checkers of the store's buffer of parked documents."""

import json
from collections.abc import Iterator
from typing import Any

from kontuar.tools.simulate.books_read import Books


def parked_documents(books: Books) -> Iterator[str]:
    """REL-18, PARK-03: with everything quiet, each till lists the store's parked documents as the agent has them."""
    for agent, connection in books.agents.items():
        there = set(
            connection.execute(
                "SELECT doc_id, max(version) FROM parked_document JOIN parked_version USING (doc_id) GROUP BY doc_id"
            )
        )
        for name, its_agent in books.machines.agent_of.items():
            if its_agent != agent:
                continue
            rows: list[tuple[str, Any]] = list(books.stations[name].execute("SELECT doc_id, row FROM parked"))
            here = {(doc_id, json.loads(row)["version"]) for doc_id, row in rows}
            if here != there:
                yield f"{name} lists other parked documents than {agent}: {sorted(here ^ there)}"


def buffer(books: Books) -> Iterator[str]:
    """PARK-08: what was approved has left the store's buffer, or names what was made of it; a till that was set back
    may have parked an old draft of its own once more."""
    rows = books.hub.execute("SELECT doc_id::text, origin FROM document").fetchall()
    approved = {doc_id for doc_id, origin in rows if not books.seen.has_two_pasts(origin)}
    for agent, connection in books.agents.items():
        for doc_id, state in connection.execute("SELECT doc_id, state FROM parked_document"):
            if doc_id in approved and not json.loads(state)["row"].get("approved_as"):
                yield f"{agent} still offers {doc_id}, which is approved"


def deleted(books: Books) -> Iterator[str]:
    """REL-18: what was thrown away does not come back from an old copy, unless the agent itself forgot it."""
    for agent, connection in books.agents.items():
        if agent not in books.seen.agent_restores:
            for (doc_id,) in connection.execute("SELECT doc_id FROM parked_document"):
                if doc_id in books.seen.deleted:
                    yield f"{agent} offers {doc_id} again, which was deleted"


def tokens(books: Books) -> Iterator[str]:
    """REL-11: each version of a parked document was saved under a token not below that of the one before."""
    for agent, connection in books.agents.items():
        highest: dict[str, int] = {}
        rows = connection.execute("SELECT doc_id, version, token FROM parked_version ORDER BY doc_id, version")
        for doc_id, version, token in rows:
            if token and token < highest.get(doc_id, 0):
                yield f"{agent}: version {version} of {doc_id} was saved under an older token"
            highest[doc_id] = max(token, highest.get(doc_id, 0))
