"""Head office behind a station's questions: out of reach until a test says what it answers."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.kernel.canonical import encode
from kontuar.kernel.errors import Refused, refuse
from kontuar.operations.ports.questions import ElsewhereRow, FoundDocument


class HeadOffice:
    """Answers by (question, body); `asked` = what came, `delay_seconds` = how long it thinks.

    Without an answer for a question it is out of reach, as the real way there says it.
    """

    def __init__(self) -> None:
        self.answers: dict[tuple[str, bytes], bytes | Refused] = {}
        self.asked: list[tuple[str, bytes]] = []
        self.delay_seconds = 0.0

    async def ask(self, question: str, body: bytes) -> bytes:
        self.asked.append((question, body))
        await asyncio.sleep(self.delay_seconds)
        answer = self.answers.get((question, body))
        if answer is None:
            raise refuse("connectivity.too_low", needs="online", reason="nobody answers")
        if isinstance(answer, Refused):
            raise answer
        return answer

    def holds(self, document: Document, *, state: str = "approved", fiscalised: bool = False) -> None:
        """It has this document."""
        found = FoundDocument(
            document=msgspec.Raw(encode(document)), gid=f"{document.store}-7", state=state, fiscalised=fiscalised
        )
        self.answers["find_document", _number(document.number)] = encode(found)

    def holds_none(self, number: str) -> None:
        """It has no document of that number, and says so in its own way."""
        self.answers["find_document", _number(number)] = refuse("document.not_found", number=number)

    def counts(self, article: str, *rows: tuple[str, str, str]) -> None:
        """(store, warehouse, quantity) of an article in other stores."""
        body = encode({"article": article})
        told = [ElsewhereRow(store=store, warehouse=place, quantity=Decimal(amount)) for store, place, amount in rows]
        self.answers["stock_elsewhere", body] = encode(told)


def _number(number: str) -> bytes:
    return encode({"number": number})
