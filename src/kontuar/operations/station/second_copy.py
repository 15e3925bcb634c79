"""A document is issued when somebody else holds it too, or when that was waited for long enough (REL-21).

The mark is written in the approving transaction and goes when the document is issued, so that a till that stops while
it waits goes on where it was.
"""

from collections.abc import Sequence
from typing import Final

from kontuar.domain.documents.document import Document
from kontuar.domain.documents.types import type_of
from kontuar.operations.actor import Actor
from kontuar.operations.ports.station.copies import CopyDue
from kontuar.operations.station.station import Station

PARAMETER: Final = "print.second_copy_seconds"
ISSUED_ALONE: Final = "issued_alone"


def begin(station: Station, document: Document, seq: int) -> None:
    """Inside the approving transaction: what a customer takes along waits, where the parameter says so."""
    seconds = station.parameters().whole(PARAMETER)
    if seconds and type_of(document.type).family != "goods":
        station.books.copies.begin(document.doc_id, seq, seconds)


def is_due(station: Station, doc_id: str) -> bool:
    """Whether a document is not issued yet."""
    return station.books.copies.due_of(doc_id) is not None


def left_over(station: Station) -> Sequence[tuple[CopyDue, Document]]:
    """What was not issued when the station stopped, oldest first.

    Of this life only: a database that was put back from a backup says nothing of what came out since (REL-13).
    """
    mine = [due for due in station.books.copies.due() if due.incarnation == station.identity.incarnation]
    found = ((due, station.books.documents.find(due.doc_id)) for due in mine)
    return [(due, stored.document) for due, stored in found if stored is not None]


def missed(station: Station, actor: Actor, doc_id: str, why: str) -> None:
    """Nobody else holds it, and it is issued all the same; its history says so for good. Once for each document."""
    with station.books.transaction():
        station.books.copies.missed(doc_id, why)
        station.note(doc_id, ISSUED_ALONE, actor.operator, why=why)


def issued(station: Station, doc_id: str) -> None:
    """Nothing is left to be done for it."""
    with station.books.transaction():
        station.books.copies.issued(doc_id)
