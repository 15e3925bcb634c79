"""What a station asks head office online, and what it is answered."""

from decimal import Decimal
from typing import Protocol

import msgspec


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
