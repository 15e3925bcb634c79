"""Earlier lives of a station in its own database: what came back of them, and what contradicts (REL-05, REL-13)."""

from collections.abc import Iterable, Sequence
from typing import Protocol

import msgspec

from kontuar.domain.documents.messages import Message
from kontuar.domain.stock.records import StockMove
from kontuar.operations.ports.station.contractors import OwnContractors
from kontuar.operations.ports.station.documents import Documents
from kontuar.operations.ports.station.ledgers import Stock
from kontuar.operations.ports.streams import Position, SealedMessage


class KnownLife(msgspec.Struct, frozen=True, kw_only=True):
    """A life as this database knows it. `certain`: what it knows to be final and still holds; zero when nothing is.

    `forked`: the agent or the hub said that they hold other messages of it.
    """

    incarnation: str
    certain: Position
    head: Position
    forked: bool


class ForkedMessage(msgspec.Struct, frozen=True, kw_only=True):
    """A message that was moved aside: head office holds the stream otherwise. `previous`: the hash it builds on."""

    incarnation: str
    previous: bytes
    sealed: SealedMessage


class LifeBooks(Protocol):
    """The books as one life writes them: its documents and moves name it."""

    @property
    def documents(self) -> Documents: ...
    @property
    def stock(self) -> Stock: ...
    @property
    def contractors(self) -> OwnContractors: ...


class Returned(Protocol):
    """All changing calls run inside the caller's transaction."""

    def lives(self) -> Sequence[KnownLife]:
        """Every life of which there is a message or a word, the running one too."""
        ...

    def hash_at(self, incarnation: str, seq: int) -> str:
        """The chain hash at a position (hex); empty when it is not here."""
        ...

    def pruned_to(self, incarnation: str) -> Position:
        """How far its messages were let go of, as head office signed to hold them; zero where none were (REL-17)."""
        ...

    def of(self, incarnation: str) -> LifeBooks:
        """The books for messages of that life."""
        ...

    def put(self, message: Message, sealed: SealedMessage) -> None:
        """It follows what is here of its life."""
        ...

    def without_effect(self, incarnation: str, seq: int, reason: str) -> None:
        """It is kept, and could not have its effects here."""
        ...

    def kept_for(self, reason: str) -> Sequence[Message]:
        """Messages that had no effect for that reason, in the order of their lives and streams."""
        ...

    def has_effect(self, incarnation: str, seq: int) -> None:
        """It has its effects after all: what it is about came later."""
        ...

    def move_aside(self, incarnation: str, first: int, at: str) -> Sequence[SealedMessage]:
        """Everything of a life from a position on leaves the stream and is kept as forked; what is not covered by the
        store's figures yet is no part of the stock any more. Gives those that had their effects, in order."""
        ...

    def fork_document(self, doc_id: str, incarnation: str, seq: int) -> bool:
        """Its message was moved aside: state *forked*, and its number makes room. False when it is no such document."""
        ...

    def give_way(self, doc_id: str, to: bytes) -> bool:
        """The true document, whose message has the hash `to`, has the identity of a forked one: that one is known by
        another from now on, with its ledgers and history. False when no other one is forked."""
        ...

    def keep_forked(self, forked: ForkedMessage, message: Message, at: str) -> bool:
        """Keep one that came back with its offer. False when it is here already, aside or still in its stream."""
        ...

    def twin(self, doc_id: str, digest: bytes) -> str:
        """The identity by which a forked document is known here that has another one's; its message has that hash."""
        ...

    def forked_as(self, doc_id: str, incarnation: str) -> str:
        """By which identity a document is known here that a forked message of that life names."""
        ...

    def forked_number(self, number: str) -> str:
        """The number that is put down for a forked document: what came in its place has the number itself."""
        ...

    def add_goods(self, doc_id: str, moves: Iterable[StockMove]) -> None:
        """Goods that a forked message moved: they are in the ledger, and head office counts them in the stock."""
        ...

    def only_forked(self, doc_id: str, what: str, *, holds: bool) -> None:
        """Whether only a forked message says that a document was *cancelled* or *fiscalised*."""
        ...

    def settle(self, incarnation: str, head: Position) -> None:
        """This is what others hold of it: what follows is pushed, and nothing is issued in it."""
        ...

    def ask_stock_anew(self) -> None:
        """The store's figures are asked for from the beginning: which moves they contain is not known."""
        ...

    def last_total(self, incarnation: str) -> int | None:
        """The perpetual total after the life's last document; None without any."""
        ...

    def newest_row(self) -> tuple[int, str]:
        """(row, life) of the document written last; (0, "") without any."""
        ...

    def to_offer(self, running: str, most: int) -> Sequence[ForkedMessage]:
        """Forked messages of other lives that head office was not told of by one of this station's messages."""
        ...

    def tells_closing(self, shift_id: str) -> bool:
        """Whether the closing of a shift stands in one of this station's streams, not aside."""
        ...

    def offered(self, digest: bytes, incarnation: str, seq: int) -> None:
        """That message tells of it."""
        ...

    def offered_no_more(self, seq: int) -> None:
        """Forget of all that was told at that position that it was told: it is to be told again."""
        ...
