"""How lists and forms look at a station, as operators chose it (DOC-10)."""

from typing import Protocol

from kontuar.domain.firm.views import Choice


class Views(Protocol):
    """Choices by view and operator; an empty operator = everyone at this station."""

    def find(self, name: str, operator: str) -> Choice | None:
        """What was chosen."""
        ...

    def keep(self, name: str, operator: str, choice: Choice) -> None:
        """It looks so from now on."""
        ...

    def forget(self, name: str, operator: str) -> None:
        """As without the choice."""
        ...
