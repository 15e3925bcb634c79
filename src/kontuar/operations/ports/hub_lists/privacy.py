"""What is known of a contractor, and taking his personal data out (HUB-09)."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol


class PrivacyShelf(Protocol):
    """Everything that names a contractor."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing."""
        ...

    def documents_of(self, contractor: str, most: int) -> Sequence[dict[str, Any]]:
        """His documents, newest first."""
        ...

    def history_of(self, contractor: str) -> Sequence[dict[str, Any]]:
        """Past bodies of his definition, newest first."""
        ...

    def rewrite_history(self, contractor: str, rewrite: Callable[[bytes], bytes]) -> int:
        """Every past body of his definition anew; how many there were."""
        ...
