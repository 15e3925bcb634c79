"""What a station asks head office online."""

from typing import Protocol


class HubQuestions(Protocol):
    """The way of a question to head office and of its answer back."""

    async def ask(self, question: str, body: bytes) -> bytes:
        """The answer (canonical JSON); raises `Refused` with head office's problems or `connectivity.too_low`."""
        ...
