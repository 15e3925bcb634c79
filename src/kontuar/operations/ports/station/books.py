"""Everything a station keeps, in one database."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Protocol

from kontuar.operations.ports.station.contractors import OwnContractors
from kontuar.operations.ports.station.copies import Copies
from kontuar.operations.ports.station.day import DayCounts
from kontuar.operations.ports.station.definitions import Definitions
from kontuar.operations.ports.station.documents import Documents, Drafts, Numbers
from kontuar.operations.ports.station.ledgers import CardOperations, Cash, Stock, Stream
from kontuar.operations.ports.station.parking import Parking
from kontuar.operations.ports.station.people import Logins
from kontuar.operations.ports.station.returned import Returned
from kontuar.operations.ports.station.views import Views


class Books(Protocol):
    """Everything a station keeps, in one database."""

    @property
    def definitions(self) -> Definitions: ...
    @property
    def drafts(self) -> Drafts: ...
    @property
    def documents(self) -> Documents: ...
    @property
    def stream(self) -> Stream: ...
    @property
    def stock(self) -> Stock: ...
    @property
    def cash(self) -> Cash: ...
    @property
    def logins(self) -> Logins: ...
    @property
    def cards(self) -> CardOperations: ...
    @property
    def numbers(self) -> Numbers: ...
    @property
    def counts(self) -> DayCounts: ...
    @property
    def parking(self) -> Parking: ...
    @property
    def views(self) -> Views: ...
    @property
    def contractors(self) -> OwnContractors: ...
    @property
    def returned(self) -> Returned: ...
    @property
    def copies(self) -> Copies: ...

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing, durable when left."""
        ...

    def fact(self, name: str) -> str:
        """A small fact by name, empty when unset."""
        ...

    def set_fact(self, name: str, value: str) -> None:
        """Keep a small fact."""
        ...

    def facts(self, prefix: str) -> Mapping[str, str]:
        """Small facts whose name begins so."""
        ...

    def forget_fact(self, name: str) -> None:
        """A small fact is no more."""
        ...
