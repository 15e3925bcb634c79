"""What the hub answers stations and agents online (docs/protocol.md, *ask*)."""

from collections.abc import Awaitable, Callable

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.nodes.hub import HubCore
from kontuar.nodes.hub_coupons import CouponAnswerer
from kontuar.operations.hub.enrolment import EnrolRequest
from kontuar.operations.hub.hub_documents import find_document
from kontuar.operations.hub.stock_feed import stock_elsewhere
from kontuar.operations.ports.questions import FORKS, MESSAGES, SPARE, AskMessages
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.operations.stream_messages import held_after
from kontuar.storage.postgres.documents import PostgresDocumentShelf
from kontuar.storage.postgres.held_messages import PostgresHeldMessages
from kontuar.storage.postgres.stock import PostgresFeedsOfStore

Answer = Callable[[NodeIdentity, bytes], Awaitable[bytes]]


class _ArticleQuestion(msgspec.Struct, frozen=True):
    article: str


class _NumberQuestion(msgspec.Struct, frozen=True):
    number: str


class HubAnswerer:
    """Implements `operations.ports.sync.Answerer`: each question has its own answer."""

    def __init__(self, core: HubCore, coupons: CouponAnswerer, forks: Answer) -> None:
        self._core = core
        self._coupons = coupons
        self._feeds = PostgresFeedsOfStore(core.feed_lane.database)
        self._documents = PostgresDocumentShelf(core.feed_lane.database)
        self._held = PostgresHeldMessages(core.feed_lane.database)
        self._answers: dict[str, Answer] = {
            "stock_elsewhere": self._stock,
            "find_document": self._document,
            SPARE: self._spare,
            MESSAGES: self._messages,
            FORKS: forks,
        }

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        """(problems, canonical JSON)."""
        try:
            if question.startswith("coupon."):
                return (), encode(await self._coupons(asker, question, body))
            answer = self._answers.get(question)
            if answer is None:
                raise refuse("question.unknown", question=question[:60])
            return (), await answer(asker, body)
        except Refused as refusal:
            return refusal.problems, b"{}"
        except msgspec.DecodeError:
            return (Problem("question.unreadable"),), b"{}"

    async def _stock(self, asker: NodeIdentity, body: bytes) -> bytes:
        article = decode(body, _ArticleQuestion).article
        return encode(await self._core.feed_lane(stock_elsewhere, self._feeds, asker.store, article))

    async def _document(self, asker: NodeIdentity, body: bytes) -> bytes:  # noqa: ARG002 - any store may ask
        number = decode(body, _NumberQuestion).number
        return encode(await self._core.feed_lane(find_document, self._documents, number))

    async def _spare(self, asker: NodeIdentity, body: bytes) -> bytes:
        """The key of a station's next life (REL-13)."""
        enrolment = self._core.parts.enrolment
        return encode(await self._core.main(enrolment.certify_spare, asker, decode(body, EnrolRequest)))

    async def _messages(self, asker: NodeIdentity, body: bytes) -> bytes:
        """What is held of the station's own earlier life (REL-13)."""
        asked = decode(body, AskMessages)
        return encode(await self._core.feed_lane(held_after, self._held, asker.node, asked))
