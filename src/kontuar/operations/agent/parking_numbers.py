"""What temporary numbers of parked documents begin with, as head office defines it (PARK-09)."""

from collections.abc import Callable
from typing import Protocol

import msgspec

from kontuar.domain.firm.records import NumberingRule
from kontuar.kernel.canonical import decode


class DefinitionBodies(Protocol):
    """The agent's definitions."""

    def body(self, kind: str, key: str) -> bytes | None:
        """One row's bytes."""
        ...


def prefixes_in(rows: DefinitionBodies) -> Callable[[str], str]:
    """Document type → prefix; empty where its numbering has none or cannot be read by this program."""

    def prefix_of(document_type: str) -> str:
        body = rows.body("numbering", document_type)
        if body is None:
            return ""
        try:
            return decode(body, NumberingRule).parked_prefix
        except msgspec.DecodeError:
            return ""

    return prefix_of
