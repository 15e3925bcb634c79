"""Exchange by file: what the screens and the API of a node ask of it (REL-15)."""

from typing import Final, Protocol, runtime_checkable

import msgspec

MOST_FILE_BYTES: Final = 64 * 1024 * 1024 + 256 * 1024
"""A larger upload is no exchange file."""


class ExchangeFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file to carry. `messages`: how many it holds; `left`: how many did not fit and go in the next one, once this
    one was answered."""

    name: str
    content: bytes
    messages: int = 0
    left: int = 0


class ExchangeReport(msgspec.Struct, frozen=True, kw_only=True):
    """What a file brought. `messages`: how many it holds, `taken`: new ones among them, `parked`: of those, set aside
    for a person; `final`: messages of ours that head office is now known to hold. All zero and no = nothing new."""

    file: str
    sender: str
    made_at: str
    messages: int = 0
    taken: int = 0
    parked: int = 0
    final: int = 0
    definitions: bool = False
    confirmations: bool = False
    stock: bool = False


class StoreExchange(Protocol):
    """Of a station or an agent: files for head office, and head office's files."""

    async def make(self) -> ExchangeFile:
        """Everything that head office is not known to hold, and where this node stands."""
        ...

    async def take(self, data: bytes) -> ExchangeReport:
        """Apply a file of head office, whole or not at all; raises `Refused("exchange.…")`."""
        ...


@runtime_checkable
class OfficeExchange(Protocol):
    """Of head office: files for a node, and files of nodes."""

    async def give(self, node: str) -> ExchangeFile:
        """What is new for a node since its last file; raises `Refused("exchange.node.unknown")`."""
        ...

    async def take(self, data: bytes) -> ExchangeReport:
        """Take in a file of a station or an agent, whole or not at all; raises `Refused("exchange.…")`."""
        ...
