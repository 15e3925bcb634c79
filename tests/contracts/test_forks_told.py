"""What an agent kept aside of forked logs is told to the hub, once, on real databases of both (REL-05, REL-08)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import msgspec
import pytest

from hub_documents_world import Hub
from kontuar.kernel.canonical import decode, encode
from kontuar.kernel.errors import Refused
from kontuar.nodes.fork_desk import AGAIN_SECONDS, ForkDesk
from kontuar.nodes.hub_forks import ForkAnswer
from kontuar.nodes.lanes import Lane
from kontuar.operations.ports.questions import FORKS, ForksTold, KeptFork, TellForks
from kontuar.operations.ports.streams import Batch, Position
from kontuar.storage.postgres.engine import HubDatabase
from kontuar.storage.postgres.stream_log import PostgresStreamLog
from kontuar.sync.connection import Connection
from kontuar.sync.frames import Sender, join, seal, split
from kontuar.sync.identity import NodeKeys
from kontuar.sync.keyring import CertifiedKeys, open_certified
from kontuar.sync.questions import Questions
from kontuar.sync.transport import Unreachable
from kontuar.sync.wire import AskAnswerFields, AskFields, fields_of, to_fields
from sync_chain import HUB_KEY, Store, TestClock, Till, keys_for, push_all

pytestmark = pytest.mark.postgres


class Office:
    """The hub's answer to agents over a way that can be cut, and what is at the hub."""

    def __init__(self, hub: Hub, clock: TestClock) -> None:
        self.hub = hub
        self.clock = clock
        self.ring = CertifiedKeys(HUB_KEY.public_key)
        self.lane = Lane("intake", HubDatabase(hub.database.conninfo))
        self.lane.open()
        self.answer = ForkAnswer(self.lane, PostgresStreamLog(self.lane.database, clock), self.ring, lambda: None)
        self.asked: list[TellForks] = []
        self.away = False

    def enrol(self, *nodes: NodeKeys) -> None:
        for node in nodes:
            self.ring.learn(node.signed.certificate, node.signed.signature)

    async def post(self, path: str, body: bytes, *, timeout_seconds: float) -> bytes:
        if self.away:
            raise Unreachable("cut")
        frame, asker = open_certified(split(body)[0], self.ring)
        assert fields_of(frame, "ask", AskFields).question == FORKS
        self.asked.append(decode(frame.body, TellForks))
        try:
            fields, answer = AskAnswerFields(), await self.answer(asker, frame.body)
        except Refused as refusal:
            fields, answer = AskAnswerFields(problems=refusal.problems), b"{}"
        sender = Sender(node="hub", incarnation="h1", build="1", sign=HUB_KEY.sign)
        return join([seal(sender, "answer", to_fields(fields), answer, self.clock.now())])

    def fetch(self, path: str, start: int, proof: str, *, timeout_seconds: float) -> AsyncIterator[bytes]:
        raise Unreachable(path)

    def kept(self) -> list[tuple[str, int]]:
        return self.hub.rows("SELECT origin, seq FROM forked_message ORDER BY origin, seq")


class Agent(Store):
    """An agent that tells what it kept."""

    def __init__(self, folder: Path, clock: TestClock, office: Office, keys: NodeKeys | None = None) -> None:
        super().__init__(folder, clock, keys)
        self.lane = Lane("agent", self.books.database)
        self.lane.open()
        connection = Connection(clock)
        connection.answered(hub_reachable=True, hub_seen_at="")
        questions = Questions(office, self.keys.sender("1"), self.keys.signed, self.keys.keys, clock)
        self.desk = ForkDesk(self.lane, self.books.forks, questions, connection, clock)

    def beat(self) -> None:
        asyncio.run(self.desk.once())

    def untold(self) -> int:
        return sum(len(self.books.forks.untold(stream, 10_000)) for stream in self.books.forks.streams())

    def keep(self, till: Till, first: int = 1) -> None:
        """Everything a till wrote from a position on comes as a fork."""
        messages = till.outbox.read(till.id, 0, 10_000, 1 << 30)
        batch = Batch(
            stream=till.id, store="S1", sender=till.id.origin, first=1, previous_hash=bytes(32),
            messages=tuple(messages), claim=Position(0, "00" * 32),
        )  # fmt: skip
        with self.books.database.transaction():
            self.books.log.store_fork(batch, messages[first - 1 :])


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def office(postgres_url: str, clock: TestClock) -> Iterator[Office]:
    hub = Hub(postgres_url, articles=1)
    found = Office(hub, clock)
    found.enrol(keys_for("T1", "station"))
    yield found
    found.lane.close()
    hub.database.close()


@pytest.fixture
def agent(tmp_path: Path, clock: TestClock, office: Office) -> Iterator[Agent]:
    found = Agent(tmp_path / "agent", clock, office)
    yield found
    found.lane.close()


@pytest.fixture
def till(tmp_path: Path, clock: TestClock) -> Till:
    return Till(tmp_path / "till", clock)


def test_what_contradicts_the_true_log_comes_to_the_hub_once_and_is_listed_there(
    agent: Agent, office: Office, till: Till, tmp_path: Path
) -> None:
    """REL-05, REL-13: the life is closed there too; a person finds the sale among what waits for him."""
    till.sell(note="true")
    push_all(till, agent)
    other = Till(tmp_path / "other", till.clock)
    for number in range(2):
        other.sell(note=f"other {number}", doc_id=f"other {number}")
    push_all(other, agent)
    agent.beat()
    assert office.kept() == [("T1", 1), ("T1", 2)]
    assert [bytes(row[0]) for row in office.hub.rows("SELECT payload FROM forked_message ORDER BY seq")] == [
        payload for _, payload in other.payloads()
    ]
    assert office.hub.one("SELECT closed FROM stream WHERE origin = 'T1'") is True
    office.hub.book()
    found = office.hub.rows("SELECT forked, state, problems->0->>'code' FROM verification_item ORDER BY seq")
    assert found == [(True, "parked", "message.unreadable")] * 2  # this world's sales are no whole documents
    agent.beat()
    assert (len(office.asked), agent.untold()) == (1, 0)


def test_fifty_at_a_time_go_and_at_most_a_mebibyte(agent: Agent, office: Office, till: Till) -> None:
    for _ in range(120):
        till.sell()
    till.sell(note="x" * 900_000)
    till.sell(note="y" * 900_000)
    till.sell(note="z" * 1_500_000)
    agent.keep(till)
    agent.beat()
    assert [len(asked.messages) for asked in office.asked] == [50, 50, 21, 1, 1]
    assert (len(office.kept()), agent.untold()) == (123, 0)


def test_while_the_hub_is_away_nothing_is_lost_and_it_is_told_afterwards(
    agent: Agent, office: Office, till: Till
) -> None:
    """REL-09."""
    till.sell()
    agent.keep(till)
    office.away = True
    agent.beat()
    assert agent.untold() == 1
    office.away = False
    agent.beat()
    assert office.kept() == [("T1", 1)]


def test_a_lost_answer_makes_no_second_fork(agent: Agent, office: Office, till: Till) -> None:
    """REL-08: by the hash."""
    till.sell()
    agent.keep(till)
    agent.beat()
    office.hub.book()
    with agent.books.database.transaction():
        agent.books.database.write("DELETE FROM fork_told")
    agent.beat()
    assert (len(office.asked), office.kept()) == (2, [("T1", 1)])
    assert office.hub.one("SELECT count(*) FROM forked_message WHERE processed") == 1


def test_what_the_hub_holds_as_the_true_log_is_no_fork_there(agent: Agent, office: Office, till: Till) -> None:
    """The agent was the one that differed; the life stays as it was at the hub."""
    till.sell()
    messages = till.outbox.read(till.id, 0, 10, 1 << 20)
    batch = Batch(
        stream=till.id, store="S1", sender="T1", first=1, previous_hash=bytes(32), messages=tuple(messages),
        claim=Position(0, "00" * 32),
    )  # fmt: skip
    with office.hub.database.transaction():
        office.hub.log.append(batch, messages)
    agent.keep(till)
    agent.beat()
    assert (office.kept(), agent.untold()) == ([], 0)
    assert office.hub.one("SELECT closed FROM stream WHERE origin = 'T1'") is False


def test_what_is_not_what_was_signed_stays_at_the_agent_and_the_others_pass(
    agent: Agent, office: Office, till: Till
) -> None:
    """SEC-02: it is marked, and not asked again."""
    for _ in range(4):
        till.sell()
    messages = list(till.outbox.read(till.id, 0, 10, 1 << 20))
    messages[1] = msgspec.structs.replace(messages[1], signature=bytes(64))
    messages[2] = msgspec.structs.replace(messages[2], payload=b"{}")
    batch = Batch(
        stream=till.id, store="S1", sender="T1", first=1, previous_hash=bytes(32), messages=tuple(messages),
        claim=Position(0, "00" * 32),
    )  # fmt: skip
    with agent.books.database.transaction():
        agent.books.log.store_fork(batch, messages)
    agent.beat()
    agent.beat()
    assert (office.kept(), len(office.asked)) == ([("T1", 1), ("T1", 4)], 1)
    assert agent.books.database.rows("SELECT seq, answer FROM fork_told ORDER BY seq") == [
        (1, ""), (2, "signature.bad"), (3, "frame.chain_broken"), (4, ""),
    ]  # fmt: skip
    assert agent.books.log.counts()["messages_forked"] == 4


def test_a_life_that_the_hub_refuses_to_hear_of_waits_and_holds_up_no_other(
    agent: Agent, office: Office, till: Till, tmp_path: Path
) -> None:
    """SEC-02, REL-09: an unknown key, another store's station; asked again after ten minutes, not all the time."""
    stranger = Till(tmp_path / "stranger", till.clock, keys_for("A9", "station"))
    foreign = Till(tmp_path / "foreign", till.clock, keys_for("B9", "station", store="S2"))
    office.enrol(foreign.keys)
    for one in (stranger, foreign, till):
        one.sell()
        agent.keep(one)
    agent.beat()
    agent.beat()
    assert (office.kept(), agent.untold(), len(office.asked)) == ([("T1", 1)], 2, 3)
    office.enrol(stranger.keys)
    till.clock.seconds += AGAIN_SECONDS
    agent.beat()
    assert (office.kept(), agent.untold()) == ([("A9", 1), ("T1", 1)], 1)


def test_only_the_agent_of_the_store_and_the_till_itself_may_tell(office: Office, till: Till, tmp_path: Path) -> None:
    """SEC-02."""
    till.sell()
    for number, keys in enumerate((keys_for("T2", "station"), keys_for("agent@S2", "agent", store="S2"))):
        teller = Agent(tmp_path / f"teller {number}", till.clock, office, keys)
        teller.keep(till)
        teller.beat()
        assert (office.kept(), teller.untold()) == ([], 1)
        teller.lane.close()


def test_a_till_tells_what_contradicts_its_own_log(office: Office, till: Till, tmp_path: Path) -> None:
    """REL-05: a machine that was replaced issues no message any more that could offer it."""
    till.sell()
    teller = Agent(tmp_path / "teller", till.clock, office, keys_for("T1", "station"))
    teller.keep(till)
    teller.beat()
    assert (office.kept(), teller.untold()) == ([("T1", 1)], 0)
    teller.lane.close()


def test_too_much_at_once_is_refused(office: Office) -> None:
    fork = KeptFork(seq=1, previous=bytes(32), hash=bytes(32), signature=bytes(64), payload=b"x" * 600_000)
    asker = keys_for("agent@S1", "agent")
    office.enrol(asker)
    identity = office.ring.identity("agent@S1", "i1")
    assert identity is not None
    for messages in ((fork, fork), (msgspec.structs.replace(fork, payload=b""),) * 51):
        body = encode(TellForks(origin="T1", incarnation="i1", messages=messages))
        with pytest.raises(Refused, match=r"question\.unreadable"):
            asyncio.run(office.answer(identity, body))


def test_what_an_older_program_kept_without_its_predecessor_is_told_with_it(
    agent: Agent, office: Office, till: Till
) -> None:
    """Found among what lies before; where nothing fits, the hub cannot believe it, and it stays here."""
    for _ in range(4):
        till.sell()
    agent.keep(till)
    with agent.books.database.transaction():
        agent.books.database.write("DROP TRIGGER fork_stays")
        agent.books.database.write("UPDATE forked_message SET previous = x''")
        agent.books.database.write("DROP TRIGGER fork_is_kept")
        agent.books.database.write("DELETE FROM forked_message WHERE seq = 2")
    agent.beat()
    assert office.kept() == [("T1", 1), ("T1", 4)]
    assert agent.books.database.rows("SELECT seq, answer FROM fork_told WHERE answer <> ''") == [
        (3, "frame.chain_broken")
    ]


def test_a_hub_that_was_set_up_again_from_a_backup_is_told_anew(agent: Agent, office: Office, till: Till) -> None:
    """REL-02: what it was told since the backup, it has forgotten."""
    till.sell()
    first = Position(1, till.outbox.hash_at(till.id, 1) or "")
    push_all(till, agent)
    with agent.books.database.transaction():
        agent.books.outbox.acknowledged(till.id, first, first)
    agent.keep(till)
    agent.beat()
    assert agent.untold() == 0
    with agent.books.database.transaction():
        agent.books.outbox.acknowledged(till.id, Position(0, "00" * 32), Position(0, "00" * 32))
    assert agent.untold() == 1


def test_an_answer_names_only_what_was_refused() -> None:
    """An older agent and a newer hub read each other as long as this shape stands."""
    assert decode(b"{}", ForksTold) == ForksTold(refused=())
