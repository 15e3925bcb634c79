"""Who is asked for digests answers from his own books: an agent its stations, the hub agents (REL-18)."""

from collections.abc import Callable

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Problem, Refused
from kontuar.kernel.time import Clock
from kontuar.operations.digests import compare, fetch, take_offer
from kontuar.operations.ports.digests import COMPARE, FETCH, OFFER, Compare, Copies, DigestBooks, Fetch
from kontuar.operations.ports.hub_documents import SealCheck
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.streams import StreamId
from kontuar.operations.ports.sync import Answerer, NodeIdentity

QUESTIONS = (COMPARE, FETCH, OFFER)


class DigestAnswers:
    """The three questions over a node's books. `compared` hears whose messages were compared."""

    def __init__(
        self, books: DigestBooks, runner: Runner, seal: SealCheck, clock: Clock,
        compared: Callable[[StreamId], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self._books = books
        self._runner = runner
        self._seal = seal
        self._clock = clock
        self._compared = compared

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> bytes:
        """Canonical JSON; raises `Refused` and `DecodeError`."""
        if question == FETCH:
            return encode(await self._runner(fetch, self._books, asker, decode(body, Fetch)))
        if question == OFFER:
            offered = decode(body, Copies)
            now = self._clock.now()
            return encode(await self._runner(take_offer, self._books, asker, offered, self._seal, now))
        asked = decode(body, Compare)
        answer = await self._runner(compare, self._books, asker, asked)
        for stream in dict.fromkeys(claimed.segment.stream for claimed in asked.claimed):
            self._compared(stream)
        return encode(answer)


class DigestAnswerer:
    """Implements `operations.ports.sync.Answerer`: all other questions go on to `beyond`."""

    def __init__(self, answers: DigestAnswers, beyond: Answerer) -> None:
        self._answers = answers
        self._beyond = beyond

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        """(problems, canonical JSON)."""
        if question not in QUESTIONS:
            return await self._beyond(asker, question, body)
        try:
            return (), await self._answers(asker, question, body)
        except Refused as refusal:
            return refusal.problems, b"{}"
        except msgspec.DecodeError:
            return (Problem("question.unreadable"),), b"{}"
