"""Online questions: asked by a station, passed on by its agent, answered by the hub."""

from collections.abc import Awaitable, Callable
from typing import Final

from kontuar.kernel.errors import Problem, Refused, refuse
from kontuar.kernel.time import Clock
from kontuar.operations.ports.sync import KeyRing, NodeIdentity
from kontuar.sync import frames, wire
from kontuar.sync.keyring import open_certified
from kontuar.sync.keys import SignedCertificate
from kontuar.sync.transport import Declined, Transport, Unreachable

_TIMEOUT_SECONDS: Final = 8.0


class Questions:
    """Asks the node above."""

    def __init__(
        self, transport: Transport, sender: frames.Sender, certificate: SignedCertificate | None,
        keys: KeyRing, clock: Clock,
    ) -> None:  # fmt: skip
        self._transport = transport
        self._sender = sender
        self._certificate = certificate
        self._keys = keys
        self._clock = clock

    async def ask(self, question: str, body: bytes, on_behalf: tuple[str, str] | None = None) -> bytes:
        """The answer (canonical JSON); raises `Refused` with the answerer's problems or `connectivity.too_low`."""
        fields = wire.AskFields(question=question, on_behalf=on_behalf, certificate=self._certificate)
        frame = frames.seal(self._sender, "ask", wire.to_fields(fields), body, self._clock.now())
        try:
            answer = await self._transport.post("/sync/v1/ask", frames.join([frame]), timeout_seconds=_TIMEOUT_SECONDS)
        except (Unreachable, Declined) as error:
            raise refuse("connectivity.too_low", needs="online", reason=error) from None
        parts = frames.split(answer)
        if len(parts) != 1:
            raise refuse("frame.unreadable", reason="one frame is expected")
        read, _ = open_certified(parts[0], self._keys, self._sender.protocol)
        problems = wire.fields_of(read, "answer", wire.AskAnswerFields).problems
        if problems:
            raise Refused(*problems)
        return read.body


class PassedOn:
    """An agent's answerer: the hub's word, whatever it is."""

    def __init__(self, questions: Questions) -> None:
        self._questions = questions

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        """(problems, answer)."""
        try:
            return (), await self._questions.ask(question, body, (asker.node, asker.incarnation))
        except Refused as refusal:
            return refusal.problems, b"{}"


async def nothing_before() -> bytes:
    """An enrolment that nobody needs to be told anything before."""
    return b""


class EnrolmentPassedOn:
    """An agent's enroller: the code and the answer pass through unchanged.

    Before it the hub is told which certificates there are in the store (`push`: the body of one, empty for none), so
    that it gives no ordinal and no series again that a backup made it forget.
    """

    def __init__(self, transport: Transport, push: Callable[[], Awaitable[bytes]] = nothing_before) -> None:
        self._transport = transport
        self._push = push

    async def __call__(self, request: bytes) -> bytes:
        """The hub's answer; raises `Refused` with the hub's code or `connectivity.too_low`."""
        try:
            told = await self._push()
            if told:
                await self._transport.post("/sync/v1/push", told, timeout_seconds=_TIMEOUT_SECONDS)
            return await self._transport.post("/sync/v1/enrol", request, timeout_seconds=_TIMEOUT_SECONDS)
        except Unreachable as error:
            raise refuse("connectivity.too_low", needs="online", reason=error.reason) from None
        except Declined as error:
            raise refuse(error.code or "enrol.refused", status=error.status) from None
