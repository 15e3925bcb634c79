"""Contractors that were made or changed at this station and that head office has not answered for yet (DOC-27)."""

from typing import Protocol

from kontuar.domain.parties.records import Contractor


class OwnContractors(Protocol):
    """They stand above the definitions, so that they work at once; the definitions' reader sees them (DOC-27)."""

    def put(self, contractor: Contractor, message_id: str, position: int) -> None:
        """As he is from now on; `position` of the message that says so. Joins the running transaction."""
        ...

    def waiting(self) -> int:
        """How many there are."""
        ...
