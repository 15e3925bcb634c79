"""What a store has to ask goes in its files, and so do the answers: earlier lives, spare keys, forks (REL-15)."""

from __future__ import annotations

from pathlib import Path

import pytest

from exchange_world import HeadOffice, LoneTill, StoreAgent, code_of, done, everything, kinds_in
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Problem, Refused
from kontuar.operations.ports.exchange import Carried, Reply
from kontuar.operations.ports.questions import FORKS, MESSAGES, SPARE, AskMessages, HeldMessages
from kontuar.operations.ports.sync import NodeIdentity
from kontuar.sync.exchange_questions import CarriedFor, CarriedQuestions
from kontuar.sync.wire import ReplyFields
from sync_chain import STORE, TestClock, push_all, sold

MILK = {("article", "MILK"): b'{"code":"MILK"}'}
BREAD = {("article", "BREAD"): b'{"code":"BREAD"}'}


@pytest.fixture
def agent(tmp_path: Path, office: HeadOffice) -> StoreAgent:
    made = StoreAgent(tmp_path / "agent", TestClock())
    office.enrol(made.keys)
    return made


def asked_for(incarnation: str, after: int = 0) -> Carried:
    return Carried(question=MESSAGES, body=encode(AskMessages(incarnation=incarnation, after=after)))


def rows(till: LoneTill) -> list[str]:
    return [key for (key,) in till.database.rows("SELECT key FROM definition ORDER BY key")]


# -- questions of a lone till -------------------------------------------------------------------------------
def test_a_question_for_messages_is_answered_whole_also_over_many_pages(office: HeadOffice, till: LoneTill) -> None:
    """REL-13, REL-15: two hundred at a time over HTTP; a file cannot ask for the next page."""
    for number in range(450):
        till.sell(note=str(number))
    office.take(till.make())
    till.carrier.questions = [asked_for("i1")]
    assert office.take(till.make()).taken == 0
    file = office.give("T1")
    assert kinds_in(till.keys, file).count("reply") == 3
    till.take(file)
    found: list[int] = []
    for _ in range(3):
        reply = till.carrier.shelf.kept(asked_for("i1", found[-1] if found else 0))
        assert reply is not None
        answer = decode(reply.body, HeldMessages)
        found += [message.seq for message in answer.messages]
    assert (found, answer.complete, answer.head.seq) == (list(range(1, 451)), True, 450)


def test_what_must_be_decided_now_is_not_answered_in_a_file(office: HeadOffice, till: LoneTill) -> None:
    """COUP-03, REL-15: a coupon reserved for somebody who went home would be nobody's."""
    asked = Carried(question="coupon.reserve", body=b"{}")
    till.carrier.questions = [asked]
    office.take(till.make())
    till.take(office.give("T1"))
    reply = till.carrier.shelf.kept(asked)
    assert reply is not None
    assert [problem.code for problem in reply.problems] == ["question.unknown"]


def test_late_repeated_and_reordered_answers_do_no_harm(office: HeadOffice, till: LoneTill) -> None:
    """REL-15: an older file's answers are those to an older question."""
    till.sell(note="one")
    office.take(till.make())
    till.carrier.questions = [asked_for("i1")]
    office.take(till.make())
    early = office.give("T1")
    till.sell(note="two")
    till.carrier.questions = [asked_for("i1", 1)]
    office.take(till.make())
    late = office.give("T1")
    till.take(late)
    found = everything(till.database)
    till.take(late)
    assert everything(till.database) == found
    till.take(early)
    till.take(late)
    assert everything(till.database) == found
    reply = till.carrier.shelf.kept(asked_for("i1", 1))
    assert reply is not None
    assert [message.seq for message in decode(reply.body, HeldMessages).messages] == [2]


def test_an_answer_that_nobody_but_head_office_may_give_is_refused(
    office: HeadOffice, till: LoneTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SEC-02: the file is head office's, the frame in it somebody else's; nothing of it is applied."""
    till.carrier.questions = [asked_for("i1")]
    office.take(till.make())
    monkeypatch.setattr(office.site, "sender", till.keys.sender("1"))
    kept = office.files._office.questions
    question, *_ = kept.read(office.known["T1"]) or ()
    forged = office.site.seal("reply", ReplyFields(question=MESSAGES, asked="0" * 64))
    kept.keep(office.known["T1"], question, [forged])
    before = everything(till.database)
    with pytest.raises(Refused) as refused:
        till.take(office.give("T1"))
    assert code_of(refused.value) in ("frame.wrong_sender", "exchange.damaged", "exchange.wrong_way")
    assert everything(till.database) == before


class Network:
    """The way up: cut, or somebody answers."""

    def __init__(self) -> None:
        self.cut = True
        self.asked: list[str] = []

    async def ask(self, question: str, body: bytes) -> bytes:
        self.asked.append(question)
        if self.cut:
            raise Refused(Problem("connectivity.too_low"))
        return b'"by network"'

    async def __call__(self, asker: NodeIdentity, question: str, body: bytes) -> tuple[tuple[Problem, ...], bytes]:
        try:
            return (), await self.ask(question, body)
        except Refused as refusal:
            return refusal.problems, b"{}"


async def _at_once(operation, *arguments):  # type: ignore[no-untyped-def]
    return operation(*arguments)


def test_a_cut_off_till_asks_what_a_file_brought_and_the_network_as_soon_as_it_is_back(till: LoneTill) -> None:
    """REL-15: an answer that came by file never stands in the way of a fresh one."""
    network, shelf = Network(), till.carrier.shelf
    questions = CarriedQuestions(network, _at_once, shelf.kept, lambda: not network.cut)  # type: ignore[arg-type]
    asked = asked_for("i0")
    with pytest.raises(Refused):
        done(questions.ask(asked.question, asked.body))
    with till.database.transaction():
        shelf.keep([Reply(question=MESSAGES, asked=asked.asked, body=b'"by file"')])
    assert done(questions.ask(asked.question, asked.body)) == b'"by file"'
    network.cut = False
    assert done(questions.ask(asked.question, asked.body)) == b'"by network"'


# -- an agent and its tills ---------------------------------------------------------------------------------
def test_a_tills_question_waits_at_its_agent_for_the_next_file(
    office: HeadOffice, agent: StoreAgent, till: LoneTill
) -> None:
    """REL-13, REL-15: the agent was set up anew and never heard of the till's earlier life; head office has."""
    till.sell(sold("MILK", "1"))
    office.take(till.make())
    asker = NodeIdentity(node="T1", kind="station", store=STORE, incarnation="i1", public_key=b"")
    network, shelf = Network(), agent.books.exchange
    answerer = CarriedFor(network, _at_once, shelf.kept, agent.carrier.remember)
    asked = asked_for("i1")
    for _ in range(2):
        problems, _ = done(answerer(asker, asked.question, asked.body))
        assert [problem.code for problem in problems] == ["connectivity.too_low"]
    assert len(shelf.remembered()) == 1
    office.take(agent.make())
    agent.take_file(office.give("agent@S1"))
    assert shelf.remembered() == []
    problems, body = done(answerer(asker, asked.question, asked.body))
    assert (problems, [message.seq for message in decode(body, HeldMessages).messages]) == ((), [1])
    problems, _ = done(answerer(asker, "find_document", b"{}"))
    assert (len(problems), shelf.remembered()) == (1, [])


def test_an_agent_asks_only_for_its_own_store(office: HeadOffice, agent: StoreAgent, till: LoneTill) -> None:
    """SEC-02: on behalf of nobody that it does not serve; the whole file is refused."""
    strange = Carried(question=SPARE, body=b"{}", on_behalf=("T9", "i1"))
    agent.carrier.remember(strange)
    before = everything(office.hub.books.database)
    with pytest.raises(Refused) as refused:
        office.take(agent.make())
    assert code_of(refused.value) == "frame.wrong_sender"
    assert everything(office.hub.books.database) == before


def forked(agent: StoreAgent, tmp_path: Path) -> None:
    """Two tills of one name: what the second one says is kept aside."""
    for name in ("one", "two"):
        one = LoneTill(tmp_path / name, TestClock())
        one.sell(note=name)
        push_all(one, agent)


def test_forks_that_an_agent_keeps_travel_in_its_file_once(
    office: HeadOffice, agent: StoreAgent, tmp_path: Path
) -> None:
    """REL-05, REL-15: told again until the answer came; then never more."""
    forked(agent, tmp_path)
    first, again = agent.make(), agent.make()
    for file in (first, again):
        office.take(file)
    assert [[m.payload.count(b"two") for m in telling.messages] for telling in office.hub.forks] == [[1], [1]]
    agent.take_file(office.give("agent@S1"))
    assert agent.books.forks.streams() == []
    office.take(agent.make())
    assert len(office.hub.forks) == 2
    assert agent.carrier.asks() == []


def test_a_fork_told_by_network_meanwhile_is_not_in_the_way(
    office: HeadOffice, agent: StoreAgent, tmp_path: Path
) -> None:
    """REL-05: both ways tell the same, and both answers are taken."""
    forked(agent, tmp_path)
    office.take(agent.make())
    (stream,) = agent.books.forks.streams()
    with agent.books.forks.transaction():
        agent.books.forks.tell(stream, [(m, "") for m in agent.books.forks.untold(stream, 10)])
    agent.take_file(office.give("agent@S1"))
    assert (agent.books.forks.streams(), agent.carrier.asks()) == ([], [])


def test_questions_in_a_file_are_only_those_that_the_store_has(agent: StoreAgent, till: LoneTill) -> None:
    """REL-15: a store that has nothing to ask makes the file that it always made."""
    assert (agent.carrier.asks(), FORKS in [one.question for one in agent.books.exchange.remembered()]) == ([], False)


# -- definitions that do not fit ------------------------------------------------------------------------------
def damage(till: LoneTill, sql: str, *values: object) -> None:
    """What no checksum knows of."""
    with till.database.transaction():
        till.database.write(sql, values)
    till.definitions._cursor = None


def test_a_till_whose_definitions_are_wrong_asks_for_all_of_them_by_file(office: HeadOffice, till: LoneTill) -> None:
    """REL-10, REL-15: a checksum that is not head office's; everything else of the file is applied with it."""
    office.hub.define(MILK)
    office.take(till.make())
    till.take(office.give("T1"))
    damage(till, "UPDATE fact SET value = 'd1 1 99' WHERE name = 'definitions'")
    till.sell(note="one")
    office.take(till.make())
    answer = office.give("T1")
    assert "snapshot" in kinds_in(till.keys, answer)
    till.take(answer)
    assert (rows(till), till.final()) == (["MILK"], 1)


def test_a_delta_that_does_not_fit_is_refused_and_the_doubt_outlives_the_program(
    office: HeadOffice, till: LoneTill, tmp_path: Path
) -> None:
    """REL-10, REL-15: the till goes on selling with what it holds; it was started anew before the next file."""
    office.hub.define(MILK)
    office.take(till.make())
    till.take(office.give("T1"))
    office.hub.define({("article", "MILK"): b'{"code":"MILK","name":"new"}'})
    office.take(till.make())
    misfit = office.give("T1")
    damage(till, "UPDATE definition SET body = ? WHERE key = 'MILK'", b'{"code":"SOUR"}')
    with pytest.raises(Refused) as refused:
        till.take(misfit)
    assert code_of(refused.value) == "exchange.definitions_differ"
    assert till.database.value("SELECT body FROM definition") == b'{"code":"SOUR"}'
    assert not till.take(misfit).definitions
    started = LoneTill(tmp_path / "till", TestClock())
    office.take(started.make())
    cure = office.give("T1")
    assert kinds_in(till.keys, cure).count("snapshot") == 1
    assert started.take(cure).definitions
    assert started.database.value("SELECT body FROM definition") == b'{"code":"MILK","name":"new"}'
    assert not started.carrier.doubted()
    assert not started.take(cure).definitions
    office.hub.define(BREAD)
    office.take(started.make())
    later = office.give("T1")
    assert "snapshot" not in kinds_in(till.keys, later)
    assert started.take(later).definitions


def test_in_doubt_an_old_file_brings_no_earlier_prices_back(office: HeadOffice, till: LoneTill) -> None:
    """REL-10, REL-15: neither an old snapshot nor an old delta; the right one is on its way."""
    office.hub.define(MILK)
    first = office.give("T1")
    till.take(first)
    office.hub.define(BREAD)
    office.take(till.make())
    till.take(office.give("T1"))
    till.carrier.doubt(yes=True)
    found = rows(till)
    till.take(first)
    assert (rows(till), till.carrier.doubted()) == (found, True)
    office.take(till.make())
    till.take(office.give("T1"))
    assert (rows(till), till.carrier.doubted()) == (found, False)
