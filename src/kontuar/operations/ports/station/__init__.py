"""What the operations of a station need: its books (one database), by what they are about."""

from kontuar.operations.ports.station.books import Books
from kontuar.operations.ports.station.day import DayCounts, DaySum, TenderSum
from kontuar.operations.ports.station.definitions import CodeMatch, Definitions, Listed
from kontuar.operations.ports.station.documents import (
    DocumentQuery,
    DocumentRow,
    Documents,
    Drafts,
    Numbers,
    StoredDocument,
)
from kontuar.operations.ports.station.ledgers import CardOperations, Cash, Stock, Stream
from kontuar.operations.ports.station.parking import ParkedHere, ParkedState, Parking
from kontuar.operations.ports.station.people import Logins
from kontuar.operations.ports.station.views import Views

__all__ = [
    "Books",
    "CardOperations",
    "Cash",
    "CodeMatch",
    "DayCounts",
    "DaySum",
    "Definitions",
    "DocumentQuery",
    "DocumentRow",
    "Documents",
    "Drafts",
    "Listed",
    "Logins",
    "Numbers",
    "ParkedHere",
    "ParkedState",
    "Parking",
    "Stock",
    "StoredDocument",
    "Stream",
    "TenderSum",
    "Views",
]
