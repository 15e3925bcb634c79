"""What a station asks head office online, and what it is answered."""

from decimal import Decimal
from typing import Annotated, Final, Protocol

import msgspec

from kontuar.operations.ports.streams import Position


class HubQuestions(Protocol):
    """The way of a question to head office and of its answer back."""

    async def ask(self, question: str, body: bytes) -> bytes:
        """The answer (canonical JSON); raises `Refused` with head office's problems or `connectivity.too_low`."""
        ...


class FoundDocument(msgspec.Struct, frozen=True, kw_only=True):
    """A document of another station, as it came, with what happened to it later; `invoice`: number of the invoice
    that was made of it (SALE-06)."""

    document: msgspec.Raw
    gid: str
    state: str
    fiscalised: bool
    invoice: str = ""


class ElsewhereRow(msgspec.Struct, frozen=True, kw_only=True):
    """How much of an article another store's warehouse has (base units)."""

    store: str
    warehouse: str
    quantity: Decimal


SPARE: Final = "station.spare"
"""A station has the key of its next life certified (REL-13)."""
MESSAGES: Final = "stream.messages"
"""A station asks for what others hold of its own earlier lives (REL-13)."""


class AskMessages(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of one of the asker's own lives that follow a position."""

    incarnation: str
    after: Annotated[int, msgspec.Meta(ge=0, le=2**62)]


class HeldMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message as it is held: `payload` are its bytes (UTF-8), `hash` and `signature` in hex."""

    seq: int
    payload: str
    hash: str
    signature: str


class HeldMessages(msgspec.Struct, frozen=True, kw_only=True):
    """At most 200 of them or 1 MiB. `head`: how far the answerer holds the life; `complete`: nothing follows these."""

    messages: tuple[HeldMessage, ...]
    head: Position
    complete: bool


FORKS: Final = "stream.forks"
"""An agent tells what contradicts the true log of a life of its stations, a station that was replaced what contradicts
its own (REL-05)."""
MOST_FORKS: Final = 50
MOST_FORK_BYTES: Final = 1024 * 1024


class KeptFork(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was kept aside, as bytes; `previous` is the chain hash that it was built on, empty = not known."""

    seq: Annotated[int, msgspec.Meta(ge=1, le=2**62)]
    previous: bytes
    hash: bytes
    signature: bytes
    payload: bytes


class TellForks(msgspec.Struct, frozen=True, kw_only=True):
    """Messages of one life, in order: at most 50, and at most 1 MiB of payloads unless it is one."""

    origin: str
    incarnation: str
    messages: tuple[KeptFork, ...]


class ForksTold(msgspec.Struct, frozen=True, kw_only=True):
    """All others are kept at head office now: (hash in hex, why not)."""

    refused: tuple[tuple[str, str], ...] = ()
