"""The definitions a station was sent, as its operations read them."""

from collections.abc import Mapping, Sequence
from typing import Protocol, TypeVar

import msgspec

from kontuar.domain.catalogue.records import Batch, Price

R = TypeVar("R", bound=msgspec.Struct)


class CodeMatch(msgspec.Struct, frozen=True):
    """An article and unit that a code names; `batch`: which of its batches, empty where the code names none."""

    article: str
    unit: str
    batch: str = ""


class Listed(msgspec.Struct, frozen=True):
    """One row of a definitions list and where it stands in the order (for the next page)."""

    key: str
    sort_key: str


class Definitions(Protocol):
    """The definitions this station was sent, at one (epoch, version)."""

    def version(self) -> tuple[str, int]:
        """(epoch, version) of every answer until the next switch."""
        ...

    def get(self, kind: type[R], key: str) -> R | None:
        """One record by key."""
        ...

    def every(self, kind: type[R]) -> Mapping[str, R]:
        """All records of a small kind, by key: the very same mapping until the next switch, another one after it."""
        ...

    def rows(self, kind: str) -> Sequence[tuple[str, int, bytes]]:
        """(key, version, bytes) of all rows of a kind, also of those that this program cannot read."""
        ...

    def by_code(self, code: str) -> Sequence[CodeMatch]:
        """Articles with that EAN or article code, and batches with that EAN."""
        ...

    def batches_of(self, article: str) -> Sequence[Batch]:
        """The active batches of an article in their order (DOC-29)."""
        ...

    def codes_containing(self, part: str, limit: int) -> Sequence[str]:
        """Articles whose code or EAN has these characters in it (QUICK-04)."""
        ...

    def price_on(self, price_list: str, article: str, unit: str, day: str) -> Price | None:
        """The row that has begun last by that day."""
        ...

    def search(
        self, kind: str, phrase: str, *, parent: str, inactive: bool, after: tuple[str, str], limit: int
    ) -> Sequence[Listed]:
        """A page of a list in alphabetical order; `phrase` words match beginnings of words or codes."""
        ...
