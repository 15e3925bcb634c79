"""What a station is told of its own earlier lives: by the agent, with the hub's help where it has to be (REL-13)."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from pathlib import Path
from typing import Any

import msgspec
import pytest

from kontuar.kernel.canonical import CHAIN_START, decode, encode
from kontuar.kernel.errors import Problem
from kontuar.operations.incoming import receive
from kontuar.operations.ports.questions import MESSAGES, AskMessages, HeldMessages
from kontuar.operations.ports.streams import Batch, Position, SealedMessage, StreamId
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.operations.stream_messages import held_after
from kontuar.storage.sqlite.agent.books import AgentBooks
from kontuar.storage.sqlite.agent.held_messages import SqliteHeldMessages
from kontuar.sync.stream_answers import MessagesAnswerer
from sync_chain import STORE, Store, TestClock, Till, sold

STREAM = StreamId("T1", "i1")
ASKER = NodeIdentity(node="T1", kind="station", store=STORE, incarnation="i2", public_key=b"")


class Above:
    """The hub with a log of its own; None = out of reach."""

    def __init__(self, books: AgentBooks | None) -> None:
        self.books = books
        self.asked = 0

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        self.asked += 1
        if self.books is None:
            return (Problem("connectivity.too_low"),), b"{}"
        held = SqliteHeldMessages(self.books.database)
        return (), encode(held_after(held, asker.node, decode(body, AskMessages)))


async def _now(operation: Any, *arguments: Any) -> Any:
    return operation(*arguments)


def chain(folder: Path, count: int, note: str = "") -> list[SealedMessage]:
    till = Till(folder, TestClock())
    for number in range(count):
        till.sell(sold("MILK", "1"), note=f"{note}{number}" + "x" * (40_000 if note == "long" else 0))
    rows = till.database.rows("SELECT seq, payload, hash, signature FROM message ORDER BY seq")
    till.database.close()
    return [SealedMessage(*row) for row in rows]


def node(folder: Path, *runs: list[SealedMessage]) -> AgentBooks:
    """A log that took these in; a run that begins later was adopted from above."""
    books = Store(folder, TestClock()).books
    for run in runs:
        previous = CHAIN_START
        if run[0].seq > 1:
            previous = _PREVIOUS[run[0].hash]
            with books.database.transaction():
                books.outbox.adopt(STREAM, STORE, Position(run[0].seq - 1, previous.hex()))
        for start in range(0, len(run), 100):
            part = run[start : start + 100]
            batch = Batch(
                stream=STREAM, store=STORE, sender="T1", first=part[0].seq, previous_hash=previous,
                messages=tuple(part), claim=Position(0, CHAIN_START.hex()),
            )  # fmt: skip
            receive(batch, books.log, receiver="r", epoch="e", is_hub=False)
            previous = part[-1].hash
    return books


_PREVIOUS: dict[bytes, bytes] = {}


def _remember(messages: list[SealedMessage]) -> list[SealedMessage]:
    for one, other in pairwise(messages):
        _PREVIOUS[other.hash] = one.hash
    return messages


def answer(agent: AgentBooks, above: Above, after: int = 0) -> HeldMessages:
    answerer = MessagesAnswerer(SqliteHeldMessages(agent.database), _now, above)
    body = encode(AskMessages(incarnation="i1", after=after))
    problems, told = asyncio.run(answerer(ASKER, MESSAGES, body))
    assert problems == ()
    return decode(told, HeldMessages)


def told(found: HeldMessages) -> list[tuple[int, str]]:
    return [(message.seq, message.hash) for message in found.messages]


def as_told(messages: list[SealedMessage]) -> list[tuple[int, str]]:
    return [(message.seq, message.hash.hex()) for message in messages]


@pytest.fixture
def messages(tmp_path: Path) -> list[SealedMessage]:
    return _remember(chain(tmp_path / "till", 12))


def test_an_agent_that_holds_all_of_it_asks_nobody(tmp_path: Path, messages: list[SealedMessage]) -> None:
    """REL-01, REL-13: also without the hub."""
    above = Above(None)
    agent = node(tmp_path / "agent", messages)
    found = answer(agent, above, after=4)
    assert told(found) == as_told(messages[4:])
    assert (found.head, found.complete) == (Position(12, messages[11].hash.hex()), True)
    assert found.messages[0].payload == messages[4].payload.decode()
    assert bytes.fromhex(found.messages[0].signature) == messages[4].signature
    assert answer(agent, above, after=12) == HeldMessages(messages=(), head=found.head, complete=True)
    assert above.asked == 0


def test_what_passed_before_this_agents_time_is_the_hubs_to_tell(tmp_path: Path, messages: list[SealedMessage]) -> None:
    """REL-13: then its own continuation, which the hub does not have yet."""
    above = Above(node(tmp_path / "hub", messages[:9]))
    agent = node(tmp_path / "agent", messages[6:])
    found = answer(agent, above)
    assert told(found) == as_told(messages)
    assert (found.head.seq, found.complete, above.asked) == (12, True, 1)
    assert told(answer(agent, above, after=7)) == as_told(messages[7:])
    assert above.asked == 1


def test_a_hole_in_the_middle_ends_the_agents_own_word(tmp_path: Path, messages: list[SealedMessage]) -> None:
    """REL-13: the next question is the hub's."""
    above = Above(node(tmp_path / "hub", messages))
    agent = node(tmp_path / "agent", messages[:3], messages[8:])
    first = answer(agent, above)
    assert (told(first), first.complete, above.asked) == (as_told(messages[:3]), False, 0)
    second = answer(agent, above, after=3)
    assert (told(second), second.complete, above.asked) == (as_told(messages[3:]), True, 1)


def test_an_agent_that_contradicts_the_hub_adds_nothing_of_its_own(
    tmp_path: Path, messages: list[SealedMessage]
) -> None:
    """REL-05: the hub's word is the truth, whatever this log says."""
    other = _remember(chain(tmp_path / "other", 12, note="other"))
    above = Above(node(tmp_path / "hub", messages[:9]))
    agent = node(tmp_path / "agent", other)
    with agent.database.transaction():
        agent.database.write("UPDATE stream SET stopped = 'stream.forked'")
    found = answer(agent, above)
    assert told(found) == as_told(messages[:9])
    assert (found.head, found.complete) == (Position(9, messages[8].hash.hex()), True)


def test_an_agent_that_never_heard_of_the_life_asks_the_hub(tmp_path: Path, messages: list[SealedMessage]) -> None:
    """REL-13: it may be new. Where nobody knows more than the asker, that is the answer."""
    above = Above(node(tmp_path / "hub", messages[:5]))
    agent = node(tmp_path / "agent")
    assert told(answer(agent, above)) == as_told(messages[:5])
    ahead = answer(agent, above, after=9)
    assert (ahead.messages, ahead.head.seq, ahead.complete) == ((), 5, True)


def test_no_answer_of_the_hub_is_no_answer(tmp_path: Path, messages: list[SealedMessage]) -> None:
    """REL-13: an agent with holes does not pretend that there was nothing."""
    agent = node(tmp_path / "agent", messages[6:])
    answerer = MessagesAnswerer(SqliteHeldMessages(agent.database), _now, Above(None))
    problems, _ = asyncio.run(answerer(ASKER, MESSAGES, encode(AskMessages(incarnation="i1", after=0))))
    assert [problem.code for problem in problems] == ["connectivity.too_low"]


def test_an_answer_is_bounded_in_messages_and_bytes(tmp_path: Path) -> None:
    """SEC-06: two hundred, or one mebibyte; one that is larger comes alone."""
    many = node(tmp_path / "many", chain(tmp_path / "a", 230))
    first = answer(many, Above(None))
    assert (len(first.messages), first.complete, first.head.seq) == (200, False, 230)
    assert len(answer(many, Above(None), after=200).messages) == 30
    large = node(tmp_path / "large", chain(tmp_path / "b", 60, note="long"))
    part = answer(large, Above(None))
    assert len(part.messages) == 26
    assert sum(len(message.payload) for message in part.messages) <= 1024 * 1024


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"incarnation":1,"after":0}', b'{"incarnation":"i1","after":-1}', b'{"after":0}']
)
def test_a_question_that_cannot_be_read_is_refused(tmp_path: Path, body: bytes) -> None:
    """REL-09."""
    agent = node(tmp_path / "agent")
    answerer = MessagesAnswerer(SqliteHeldMessages(agent.database), _now, Above(None))
    problems, _ = asyncio.run(answerer(ASKER, MESSAGES, body))
    assert [problem.code for problem in problems] == ["question.unreadable"]


def test_other_questions_and_other_askers_are_passed_on(tmp_path: Path, messages: list[SealedMessage]) -> None:
    """SEC-02: only a station has lives to ask for."""
    above = Above(None)
    answerer = MessagesAnswerer(SqliteHeldMessages(node(tmp_path / "agent", messages).database), _now, above)
    agent = msgspec.structs.replace(ASKER, kind="agent")
    body = encode(AskMessages(incarnation="i1", after=0))
    for asker, question in ((ASKER, "find_document"), (agent, MESSAGES)):
        problems, _ = asyncio.run(answerer(asker, question, body))
        assert [problem.code for problem in problems] == ["connectivity.too_low"]
    assert above.asked == 2
