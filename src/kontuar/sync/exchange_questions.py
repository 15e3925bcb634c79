"""Questions and their answers in exchange files: what can wait for an answer goes along (docs/protocol.md, REL-15)."""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Problem, Refused
from kontuar.kernel.time import Clock
from kontuar.operations.ports.exchange import BY_FILE, Carried, Reply
from kontuar.operations.ports.questions import MESSAGES, AskMessages, HeldMessages
from kontuar.operations.ports.runner import Runner
from kontuar.operations.ports.sync import Answerer, KeyRing, NodeIdentity
from kontuar.sync import frames, wire
from kontuar.sync.exchange_file import Here
from kontuar.sync.keyring import open_certified
from kontuar.sync.questions import Questions
from kontuar.sync.server import SyncSite, read_question

MOST_ASKED_BYTES: Final = 8 * 1024 * 1024
"""Of questions in one file; the others go with the next one."""
MOST_REPLY_BYTES: Final = 24 * 1024 * 1024
"""Of answers kept for one file."""
TOO_LOW: Final = "connectivity.too_low"
Kept = Callable[[Carried], Reply | None]
Remember = Callable[[Carried], None]


# -- a store's end ------------------------------------------------------------------------------------------
def ask_frames(here: Here, asks: Sequence[Carried], clock: Clock) -> list[bytes]:
    """The questions as frames, as many as a file takes."""
    found: list[bytes] = []
    left = MOST_ASKED_BYTES
    for each in asks:
        left -= len(each.body)
        if found and left < 0:
            break
        fields = wire.AskFields(question=each.question, on_behalf=each.on_behalf, certificate=here.certificate)
        found.append(frames.seal(here.sender, "ask", wire.to_fields(fields), each.body, clock.now()))
    return found


def replies_in(parts: Sequence[bytes], keys: KeyRing) -> list[Reply]:
    """What head office answered; raises `Refused` for a frame that it did not write."""
    found: list[Reply] = []
    for part in parts:
        frame, identity = open_certified(part, keys)
        if identity.kind != "hub":
            raise Refused(Problem("frame.wrong_sender", "", {"node": identity.node}))
        told = wire.fields_of(frame, "reply", wire.ReplyFields)
        found.append(Reply(question=told.question, asked=told.asked, on_behalf=told.on_behalf,
                           problems=told.problems, body=frame.body))  # fmt: skip
    return found


class CarriedQuestions:
    """A station's way to head office: by network where that reaches, else what a file brought back."""

    def __init__(self, questions: Questions, run: Runner, kept: Kept, reached: Callable[[], bool]) -> None:
        """`reached`: whether anybody above is; without that the network is not tried where an answer is here."""
        self._questions = questions
        self._run = run
        self._kept = kept
        self._reached = reached

    async def ask(self, question: str, body: bytes) -> bytes:
        """The answer (canonical JSON); raises `Refused` with head office's problems or `connectivity.too_low`."""
        kept = None
        if question in BY_FILE and not self._reached():
            kept = await self._run(self._kept, Carried(question=question, body=body))
        return await self._questions.ask(question, body) if kept is None else _said(kept)


class CarriedFor:
    """Implements `operations.ports.sync.Answerer` for an agent: where the hub cannot be asked, a station's question
    goes with the next file, and is answered by what a file brought."""

    def __init__(self, beyond: Answerer, run: Runner, kept: Kept, remember: Remember) -> None:
        self._beyond = beyond
        self._run = run
        self._kept = kept
        self._remember = remember

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        """(problems, answer)."""
        problems, answer = await self._beyond(asker, question, body)
        if question not in BY_FILE or not problems or problems[0].code != TOO_LOW:
            return problems, answer
        carried = Carried(question=question, body=body, on_behalf=(asker.node, asker.incarnation))
        kept = await self._run(self._kept, carried)
        if kept is not None:
            return kept.problems, kept.body
        await self._run(self._remember, carried)
        return problems, answer


def _said(reply: Reply) -> bytes:
    if reply.problems:
        raise Refused(*reply.problems)
    return reply.body


# -- head office's end --------------------------------------------------------------------------------------
class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """A question of a file, read and checked."""

    asker: NodeIdentity
    carried: Carried


def questions_in(site: SyncSite, parts: Sequence[bytes]) -> tuple[Asked, ...]:
    """Raises `Refused` for a frame that its sender may not speak."""
    found = []
    for part in parts:
        asker, told, body = read_question(site, part)
        carried = Carried(question=told.question, body=body, on_behalf=told.on_behalf)
        found.append(Asked(asker=asker, carried=carried))
    return tuple(found)


async def reply_frames(site: SyncSite, asked: Sequence[Asked]) -> list[bytes]:
    """Every question answered; one for messages also with what would be asked next, as far as a file takes it."""
    found: list[bytes] = []
    left = MOST_REPLY_BYTES
    for each in asked:
        wanted: Carried | None = each.carried
        while wanted is not None and left > 0:
            problems, body = _never(wanted) or await site.answerer(each.asker, wanted.question, wanted.body)
            left -= len(body)
            fields = wire.ReplyFields(
                question=wanted.question, asked=wanted.asked, on_behalf=wanted.on_behalf, problems=problems
            )
            found.append(site.seal("reply", fields, body))
            wanted = None if problems else _next(wanted, body)
    return found


def _never(wanted: Carried) -> tuple[tuple[Problem, ...], bytes] | None:
    """What must be decided while somebody waits for it is not answered in a file."""
    if wanted.question in BY_FILE:
        return None
    return (Problem("question.unknown", "", {"question": wanted.question[:60]}),), b"{}"


def _next(wanted: Carried, answer: bytes) -> Carried | None:
    """A file cannot ask for the next page."""
    if wanted.question != MESSAGES:
        return None
    told, asked = decode(answer, HeldMessages), decode(wanted.body, AskMessages)
    if told.complete or not told.messages:
        return None
    body = encode(AskMessages(incarnation=asked.incarnation, after=told.messages[-1].seq))
    return msgspec.structs.replace(wanted, body=body)
