"""Between the screens or the API of a station and its operations: who asks, on which thread, with what rights."""

import asyncio
import datetime
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Concatenate, Final, ParamSpec, Protocol, TypeVar

import msgspec
from litestar import Request

from kontuar.domain.documents.document import Document
from kontuar.domain.parties.records import Operator
from kontuar.kernel.errors import Problem, refuse
from kontuar.operations.actor import Actor, Grant
from kontuar.operations.ports.exchange import StoreExchange
from kontuar.operations.ports.questions import HubQuestions
from kontuar.operations.ports.runner import Runner
from kontuar.operations.station import login
from kontuar.operations.station.payments import CardRequest
from kontuar.operations.station.station import Station
from kontuar.operations.station.station_status import Warnings

P = ParamSpec("P")
Result = TypeVar("Result")
Asked = Request[Any, Any, Any]

_ACTOR: Final = "kontuar.actor"
SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
ANSWER_SECONDS: Final = 4.0
"""How long a person at the till waits for head office before the screen says that it is slow."""


class BooksState(msgspec.Struct, frozen=True, kw_only=True):
    """What the last nightly proof of the books found (HUB-10); `proved_at` None = there was none yet."""

    proved_at: datetime.datetime | None = None
    faults: int = 0

    @property
    def word(self) -> str:
        """For programs: never, holds or faulty."""
        return "never" if self.proved_at is None else "faulty" if self.faults else "holds"


class BackupStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How often the database goes to the agent (0 = never), and when the last one was made that is there."""

    minutes: int = 0
    at: datetime.datetime | None = None


class SyncStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How the station is connected: `level` offline, store or online, since when, what waits to be sent.

    `problem`: code of what the agent last refused (its disk is full, our stream is forked); empty = none.
    `warnings` are looked for beside the work, so that the bar costs nothing. `clock_skew_seconds`: how far this
    clock is ahead of the agent's, None = not known (REL-19). `books_checked`: every page was read since the start.
    `books`: what the last proof of them found. `backup`: of this till's database, at the agent.
    """

    level: str
    since: str
    waiting: int
    problem: str = ""
    warnings: Warnings = Warnings()
    clock_skew_seconds: float | None = None
    books_checked: bool = True
    books: BooksState = BooksState()
    backup: BackupStatus = BackupStatus()


class DeviceDesk(Protocol):
    """The devices of this station, driven outside the database thread."""

    async def after_approval(self, actor: Actor, document: Document) -> tuple[Problem, ...]:
        """Fiscalise, print and open the drawer as set up; what failed comes back, the sale stands."""
        ...

    async def after_issue(self, doc_id: str) -> tuple[Problem, ...]:
        """What became of that, as far as it has come; `copy.waiting` while a second copy is waited for (REL-21)."""
        ...

    async def after_assignment(self, form: str) -> tuple[Problem, ...]:
        """Money went to a form: the drawer opens now where approving does not open it (PAY-04)."""
        ...

    async def fiscalise(self, actor: Actor, doc_id: str, *, sure: bool = False) -> None:
        """Fiscalise now, or find out that it was done before (SALE-05); `sure`: a person saw that it was not."""
        ...

    async def print_document(self, actor: Actor, doc_id: str) -> None:
        """Print on the receipt printer."""
        ...

    async def pdf(self, actor: Actor, doc_id: str, form: str) -> bytes:
        """The document as a PDF: `roll` or `page`."""
        ...

    async def print_model(self, actor: Actor, doc_id: str) -> Any:
        """The model that all prints are made of, for the print on screen."""
        ...

    async def print_shift(self, actor: Actor, shift_id: str) -> None:
        """Print the report of a shift."""
        ...

    async def test_print(self, actor: Actor) -> None:
        """A page that shows letters, widths and a code."""
        ...

    async def pdf_of(self, model: Any, form: str) -> bytes:
        """A print model as a PDF: `roll` or `page`."""
        ...

    async def print_model_on_paper(self, model: Any) -> None:
        """A print model on the receipt printer; nothing is counted."""
        ...

    async def shift_model(self, actor: Actor, shift_id: str) -> Any:
        """The model of a shift's report, for the print on screen."""
        ...

    async def open_drawer(self, actor: Actor) -> None:
        """Open the drawer by hand; recorded."""
        ...

    async def pay_by_card(self, actor: Actor, request: CardRequest) -> Document:
        """Ask the terminal and write down its answer."""
        ...

    async def ask_card_again(self, actor: Actor, doc_id: str, operation_id: str) -> Document:
        """Ask the terminal about an operation whose end nobody learned (PAY-05)."""
        ...

    def states(self) -> dict[str, str]:
        """Name of each device → what it is set up as."""
        ...


@dataclass(slots=True)
class Desk:
    """What handlers of a station need."""

    station: Station
    run: Runner
    devices: DeviceDesk
    check_pin: login.CheckPin
    sync_status: Callable[[], SyncStatus]
    questions: HubQuestions
    exchange: StoreExchange
    enrol_anew: Callable[[str], Awaitable[None]]
    """Begin a new life by a one-time code (REL-13); raises `Refused`."""
    answer_seconds: float = ANSWER_SECONDS

    @property
    def cookie(self) -> str:
        """Cookies are named by node, because ports do not keep them apart."""
        return f"kontuar_{self.station.identity.station}"

    async def do(
        self,
        request: Asked,
        operation: Callable[Concatenate[Station, Actor, P], Result],
        *arguments: P.args,
        **named: P.kwargs,
    ) -> Result:
        """Run an operation as the operator who asks, on the database thread."""
        token, grant = self.credentials(request)
        return await self.run(self._as_operator, request.scope, token, grant, operation, arguments, named)

    async def actor(self, request: Asked) -> Actor:
        """The operator who asks."""
        scope: Any = request.scope
        known: Actor | None = scope.get(_ACTOR)
        if known is not None:
            return known
        token, grant = self.credentials(request)
        return await self.run(self._who, scope, token, grant)

    async def log_in(self, operator: str, pin: str) -> login.LoggedIn:
        """Check a PIN off the database thread and begin a login."""
        tried = await self.run(login.attempt, self.station, operator)
        right = await asyncio.to_thread(self.check_pin, tried.operator.pin_verifier, pin)
        return await self.run(self._log_in, tried, right)

    async def authorise(self, request: Asked, right: str, operator: str, pin: str, doc_id: str) -> Grant:
        """Another operator allows one action."""
        actor = await self.actor(request)
        tried = await self.run(login.attempt, self.station, operator)
        ok = await asyncio.to_thread(self.check_pin, tried.operator.pin_verifier, pin)
        return await self.run(self._authorise, actor, tried, right, doc_id, ok)

    async def operators(self) -> list[Operator]:
        """Those who may log in here."""
        return list(await self.run(login.operators, self.station))

    async def ask(self, question: str, body: bytes) -> bytes:
        """Head office's answer; raises `Refused("elsewhere.slow")` after `answer_seconds`, or what it says no with."""
        try:
            async with asyncio.timeout(self.answer_seconds):
                return await self.questions.ask(question, body)
        except TimeoutError:
            raise refuse("elsewhere.slow") from None

    def credentials(self, request: Asked) -> tuple[str, str]:
        """(token, authorisation) of a request; a cookie also needs the CSRF token when something changes."""
        grant = request.headers.get("x-authorisation", "")
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return bearer, grant
        token = request.cookies.get(self.cookie, "")
        if token and request.method not in SAFE_METHODS:
            require_csrf(request, token)
        return token, grant

    def _as_operator(
        self, scope: Any, token: str, grant: str, operation: Callable[..., Any], arguments: Any, named: Any
    ) -> Any:
        return operation(self.station, self._who(scope, token, grant), *arguments, **named)

    def _who(self, scope: Any, token: str, grant: str) -> Actor:
        """The same actor for the whole request: an authorisation is spent once, on all that the request does."""
        known: Actor | None = scope.get(_ACTOR)
        if known is None:
            known = scope[_ACTOR] = login.who(self.station, token, grant)
        return known

    def _log_in(self, tried: login.Attempt, right: bool) -> login.LoggedIn:
        return login.log_in(self.station, tried, pin_is_right=right)

    def _authorise(self, actor: Actor, tried: login.Attempt, right: str, doc_id: str, ok: bool) -> Grant:
        return login.authorise(self.station, actor, tried, right, doc_id, pin_is_right=ok)


def csrf_token(token: str) -> str:
    """What a page carries so that only our own pages can change things (SEC-03)."""
    return hashlib.sha256(b"csrf" + token.encode()).hexdigest()


def require_csrf(request: Asked, token: str) -> None:
    """Raise `Refused("csrf.missing")` unless the request carries the page's token."""
    if request.headers.get("x-csrf-token", "") != csrf_token(token):
        raise refuse("csrf.missing")
