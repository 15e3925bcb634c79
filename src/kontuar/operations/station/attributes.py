"""Attributes of documents and lines: which there are, and what they are set to (DOC-30)."""

from typing import Final

from kontuar.domain.firm.records import Attribute
from kontuar.operations.station.station import Station

ON_DOCUMENTS: Final = ("document", "line")


def attributes_of(station: Station, document_type: str) -> tuple[Attribute, ...]:
    """The active attributes that a type's documents and lines have: those of documents first, in their order."""
    found = [
        row
        for row in station.books.definitions.every(Attribute).values()
        if row.active and row.level in ON_DOCUMENTS and (not row.document_types or document_type in row.document_types)
    ]
    return tuple(sorted(found, key=lambda row: (row.level, row.position, row.name, row.code)))
