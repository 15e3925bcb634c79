"""Exchange by file: what the screens and the API of a node ask of it (REL-15)."""

import datetime
import hashlib
from collections.abc import Sequence
from typing import Final, Literal, Protocol, runtime_checkable

import msgspec

from kontuar.kernel.errors import Problem
from kontuar.operations.actor import Actor
from kontuar.operations.ports.questions import FORKS, MESSAGES, SPARE

CERTIFICATE: Final = "certificate"
"""What was new in a file by which a node was enrolled."""
BY_FILE: Final = frozenset({FORKS, MESSAGES, SPARE})
"""Questions whose answers are as good tomorrow: they may travel in files. What is to be decided now may not."""

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


class Carried(msgspec.Struct, frozen=True, kw_only=True):
    """A question that goes with a file. `on_behalf`: (node, incarnation) of the station for which an agent carries it,
    None = the carrier's own."""

    question: str
    body: bytes
    on_behalf: tuple[str, str] | None = None

    @property
    def asked(self) -> str:
        """By which its reply knows it: SHA-256 of the body (hex)."""
        return hashlib.sha256(self.body).hexdigest()


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """Head office's answer to a question that came in a file."""

    question: str
    asked: str
    on_behalf: tuple[str, str] | None = None
    problems: tuple[Problem, ...] = ()
    body: bytes = b"{}"


class Carrier(Protocol):
    """What a store's node has to ask and to remember around its files. Runs on its database thread."""

    def asks(self) -> Sequence[Carried]:
        """What waits for an answer of head office."""
        ...

    def replied(self, replies: Sequence[Reply]) -> None:
        """Keep what head office said, in the running transaction, until it is asked again."""
        ...

    def doubted(self) -> bool:
        """Whether the definitions held here did not fit what a file built on them."""
        ...

    def doubt(self, *, yes: bool) -> None:
        """Remember that, or that they are right again."""
        ...


class ExchangeEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A file that was made or came in. `node`: for or from whom, `file`: its name or identity, `made_at`: when the
    other side made it. `outcome`: code of the refusal with its `facts`, empty = it was made or applied. `news`: which
    of definitions, confirmations and stock were new."""

    at: datetime.datetime
    way: Literal["in", "out"]
    node: str
    by: str
    file: str = ""
    made_at: str = ""
    outcome: str = ""
    facts: dict[str, str] = {}
    messages: int = 0
    left: int = 0
    taken: int = 0
    parked: int = 0
    final: int = 0
    news: tuple[str, ...] = ()


def entry_of_made(file: ExchangeFile, node: str, by: str, at: datetime.datetime) -> ExchangeEntry:
    """A file that was made for a node."""
    return ExchangeEntry(at=at, way="out", node=node, by=by, file=file.name, messages=file.messages, left=file.left)


def entry_of_taken(report: ExchangeReport, by: str, at: datetime.datetime) -> ExchangeEntry:
    """A file that was applied."""
    news = [name for name in ("definitions", "confirmations", "stock") if getattr(report, name)]
    return ExchangeEntry(
        at=at, way="in", node=report.sender, by=by, file=report.file, made_at=report.made_at, messages=report.messages,
        taken=report.taken, parked=report.parked, final=report.final, news=tuple(news),
    )  # fmt: skip


def entry_of_refused(problem: Problem, by: str, at: datetime.datetime) -> ExchangeEntry:
    """A file that was not."""
    facts = {name: str(fact)[:200] for name, fact in problem.facts.items()}
    return ExchangeEntry(
        at=at, way="in", node=facts.get("sender", ""), by=by, outcome=problem.code, facts=facts
    )  # fmt: skip


class ExchangeLog(Protocol):
    """The files of a node, newest first."""

    def add(self, entry: ExchangeEntry) -> None:
        """One more, in a transaction of its own."""
        ...

    def newest(self, most: int) -> Sequence[ExchangeEntry]:
        """The last ones."""
        ...


class StoreExchange(Protocol):
    """Of a station or an agent: files for head office, and head office's files. `by`: who carries them."""

    async def make(self, by: str = "") -> ExchangeFile:
        """Everything that head office is not known to hold, and where this node stands."""
        ...

    async def take(self, data: bytes, by: str = "") -> ExchangeReport:
        """Apply a file of head office, whole or not at all; raises `Refused("exchange.…")`."""
        ...

    async def newest(self, most: int) -> Sequence[ExchangeEntry]:
        """The files that were made and that came, refused ones too, newest first."""
        ...


@runtime_checkable
class OfficeExchange(Protocol):
    """Of head office: files for a node, and files of nodes. `by`: who carries them."""

    def is_enrolment(self, data: bytes) -> bool:
        """Whether it is the request of a node that is to be enrolled, and no exchange file."""
        ...

    async def certify(self, data: bytes, actor: Actor) -> ExchangeFile:
        """Enrol the node of such a request; the file with its certificate. Refused as `exchange.…` or `enrol.…`."""
        ...

    async def give(self, node: str, by: str = "") -> ExchangeFile:
        """What is new for a node since its last file; raises `Refused("exchange.node.unknown")`."""
        ...

    async def take(self, data: bytes, by: str = "") -> ExchangeReport:
        """Take in a file of a station or an agent, whole or not at all; raises `Refused("exchange.…")`."""
        ...

    async def newest(self, most: int) -> Sequence[ExchangeEntry]:
        """The files that were made and that came, refused ones too, newest first."""
        ...

    async def latest(self) -> Sequence[ExchangeEntry]:
        """Of each node the last file that came and the last that was made for it, however long ago."""
        ...
