"""Closed and forked lives on their way from a till over its agent to the hub (REL-05, REL-13)."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from kontuar.domain.documents.messages import OPENED, StreamOpened
from kontuar.kernel.errors import Refused
from kontuar.operations.incoming import receive
from kontuar.operations.ports.streams import Acknowledgement, Batch, Position
from kontuar.operations.ports.sync import StreamPosition
from kontuar.operations.proving import Comparison, prove
from kontuar.storage.sqlite.agent.books import MIGRATIONS
from kontuar.storage.sqlite.agent.proving import AgentProofShelf
from kontuar.sync.frames import Sender
from kontuar.sync.uplink import AGENT_LIMITS, Push, Replied, Uplink, Woken
from sync_chain import HUB_KEY, NOW, Store, TestClock, Till, keys_for, push_all, sold


class Agent(Store):
    """An agent with its way to the hub."""

    def uplink(self) -> Uplink:
        me = self.keys
        return Uplink(self.books.outbox, me.sender("1"), me.signed, me.keys, self.clock, AGENT_LIMITS)

    def state(self, till: Till) -> tuple[int, int, bool]:
        """(held, at the hub, closed)."""
        found = self.books.log.state(till.id)
        return found.held.seq, found.final.seq, found.closed

    def forked(self) -> list[int]:
        return [seq for (seq,) in self.books.database.rows("SELECT seq FROM forked_message ORDER BY seq")]


class Office(Store):
    """The hub's intake; it certified the till itself."""

    def __init__(self, folder: Path, clock: TestClock) -> None:
        super().__init__(folder, clock)
        self.sender = Sender(node="hub", incarnation="h1", build="1", sign=HUB_KEY.sign)
        certified = keys_for("T1", "station").signed
        self.keys.keys.learn(certified.certificate, certified.signature)

    def take(self, batch: Batch) -> Acknowledgement:
        return receive(batch, self.books.log, receiver="hub", epoch="h1", is_hub=True)


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


@pytest.fixture
def till(tmp_path: Path, clock: TestClock) -> Till:
    return Till(tmp_path / "till", clock)


@pytest.fixture
def agent(tmp_path: Path, clock: TestClock) -> Agent:
    return Agent(tmp_path / "agent", clock)


@pytest.fixture
def hub(tmp_path: Path, clock: TestClock) -> Office:
    return Office(tmp_path / "hub", clock)


def relay(agent: Agent, hub: Office) -> Uplink:
    """The agent pushes all it has."""
    uplink = agent.uplink()
    push_all(None, hub, uplink)
    return uplink


def next_life(till: Till, folder: Path, ordinal: int = 2) -> Till:
    """The same till goes on under another key, in another database; the opening is its first message."""
    keys = keys_for(till.id.origin, "station", f"i{ordinal}", ordinal=ordinal)
    found = Till(folder, till.clock, keys)
    with found.database.transaction():
        found.stream.append(OPENED, f"o{ordinal}", StreamOpened(reason="restored", ordinal=ordinal), at=NOW, by="")
    return found


def restored(till: Till, folder: Path) -> Till:
    """A copy of the till's database as of now."""
    till.database.checkpoint(truncate=True)
    shutil.copytree(till.database.path.parent, folder)
    return Till(folder, till.clock)


def test_a_life_closed_at_the_hub_drains_over_the_agent_and_its_till_stops(
    till: Till, agent: Agent, hub: Office, tmp_path: Path
) -> None:
    """REL-02, REL-13: the later life came to the hub another way; what the earlier one wrote is final all the same."""
    till.sell(sold("MILK", "1"))
    push_all(till, agent)
    relay(agent, hub)
    push_all(next_life(till, tmp_path / "next"), hub)
    till.sell(sold("MILK", "1"))
    push_all(till, agent)
    relay(agent, hub)
    assert hub.payloads(till.id) == till.payloads()
    assert agent.state(till) == (2, 2, True)
    till.sell(sold("MILK", "1"))
    push_all(till, agent)
    assert till.uplink.problem == "stream.closed"
    with pytest.raises(Refused, match=r"stream\.closed"):
        till.sell()
    relay(agent, hub)
    till.clock.seconds += 200
    push_all(till, agent)
    assert (till.held(), till.final(), len(hub.payloads(till.id))) == (3, 3, 3)
    assert (agent.forked(), hub.books.log.counts()["messages_forked"]) == ([], 0)


def test_an_agent_closes_the_earlier_life_itself_when_the_later_one_comes_to_it(
    till: Till, agent: Agent, tmp_path: Path
) -> None:
    """REL-13: also while the hub is away."""
    till.sell()
    push_all(till, agent)
    later = next_life(till, tmp_path / "next")
    push_all(later, agent)
    assert (agent.state(till), agent.state(later)) == ((1, 0, True), (1, 0, False))


def test_the_agent_has_no_problem_with_a_closed_life(till: Till, agent: Agent, hub: Office, tmp_path: Path) -> None:
    """It is its till's business: the agent relays it to the end."""
    till.sell()
    push_all(till, agent)
    push_all(next_life(till, tmp_path / "next"), hub)
    assert relay(agent, hub).problem == ""
    assert agent.books.log.counts()["streams_closed"] == 1


@pytest.mark.parametrize("order", [("stream.forked", "stream.closed"), ("stream.closed", "stream.forked")])
def test_forked_wins_over_closed_at_a_till(till: Till, order: tuple[str, str]) -> None:
    """REL-05: a closed life is pushed to its end, a forked one is not pushed at all."""
    till.sell()
    with till.database.transaction():
        for reason in order:
            till.outbox.stop(till.id, reason)
    assert till.outbox.problem() == "stream.forked"
    assert (till.outbox.stream(till.id), till.outbox.streams()) == (None, [])


def test_a_forked_till_wants_to_hear_no_more_of_that_life(till: Till, agent: Agent, tmp_path: Path) -> None:
    """REL-09: what contradicts it would be told at once with every answer, for ever."""
    till.sell()
    copy = restored(till, tmp_path / "copy")
    till.sell(note="kept")
    copy.sell(note="other", doc_id="other")
    push_all(till, agent)
    push_all(copy, agent)
    assert copy.sink.cursors().final == (("T1", "i1", 2**53 - 1),)


def test_an_answer_to_an_earlier_claim_makes_no_fork(till: Till, agent: Agent, tmp_path: Path) -> None:
    """REL-05: after the truth was brought back, a late answer of before says nothing of what is here now."""
    till.sell(note="both")
    copy = restored(till, tmp_path / "copy")
    till.sell(note="kept")
    push_all(till, agent)
    copy.sell(note="other", doc_id="other")
    pushed = copy.uplink.step(Woken())
    assert isinstance(pushed, Push)
    late = agent.answer(pushed.body)
    first = copy.outbox.hash_at(copy.id, 1)
    assert first is not None
    with copy.database.transaction():
        copy.outbox.acknowledged(copy.id, Position(1, first), Position(1, first))
    copy.uplink.step(Replied(late))
    assert copy.outbox.problem() == ""
    push_all(copy, agent, copy.new_uplink())
    assert copy.outbox.problem() == "stream.forked"


def clash(till: Till, agent: Agent, hub: Office, tmp_path: Path, *, ours: int, theirs: int) -> Till:
    """Two machines go on from one message each: ours over the agent, theirs straight to the hub. Theirs, the truth."""
    till.sell(sold("MILK", "1"), note="both")
    push_all(till, agent)
    relay(agent, hub)
    other = restored(till, tmp_path / "other")
    for number in range(theirs):
        other.sell(sold("MILK", "5"), doc_id=f"theirs {number}")
    push_all(other, hub)
    for number in range(ours):
        till.sell(sold("MILK", "1"), doc_id=f"ours {number}")
    push_all(till, agent)
    return other


@pytest.mark.parametrize(("ours", "theirs"), [(2, 1), (1, 3), (2, 2)])
def test_an_agent_that_contradicts_the_hub_keeps_its_own_aside_and_goes_on_from_the_hub(
    till: Till, agent: Agent, hub: Office, tmp_path: Path, ours: int, theirs: int
) -> None:
    """REL-05: nothing is lost, and nothing more of the wrong log is relayed as if it were the true one."""
    other = clash(till, agent, hub, tmp_path, ours=ours, theirs=theirs)
    relay(agent, hub)
    assert agent.state(till) == (theirs + 1, theirs + 1, True)
    assert agent.forked() == list(range(2, ours + 2))
    assert agent.payloads(till.id) == till.payloads()[:1]
    assert agent.totals() == [("W1", "MILK", -10_000)]
    assert agent.books.outbox.problem() == ""
    till.clock.seconds += 200
    push_all(till, agent)
    assert till.outbox.problem() == "stream.forked"
    other.clock.seconds += 200
    other.uplink = other.new_uplink()
    push_all(other, agent)
    assert other.outbox.problem() == "stream.closed"
    assert hub.payloads(till.id) == other.payloads()


def test_what_the_true_log_wrote_besides_is_taken_by_the_agent_that_gave_way(
    till: Till, agent: Agent, hub: Office, tmp_path: Path
) -> None:
    """REL-02, REL-13: at the very positions where the wrong messages lay."""
    other = clash(till, agent, hub, tmp_path, ours=3, theirs=1)
    other.sell(sold("MILK", "5"), doc_id="not at the hub yet")
    relay(agent, hub)
    other.uplink = other.new_uplink()
    push_all(other, agent)
    relay(agent, hub)
    assert hub.payloads(till.id) == other.payloads()
    assert agent.state(till) == (3, 3, True)
    assert [row[0] for row in kept(agent)] == [2, 3, 4]


def test_what_is_kept_aside_says_what_it_followed(till: Till, agent: Agent, hub: Office, tmp_path: Path) -> None:
    """REL-05: else nobody could prove later that the payload is the signed one."""
    clash(till, agent, hub, tmp_path, ours=2, theirs=1)
    mine = [bytes(h) for (h,) in till.database.rows("SELECT hash FROM message ORDER BY seq")]
    relay(agent, hub)
    assert kept(agent) == [(2, mine[0], mine[1]), (3, mine[1], mine[2])]


def kept(agent: Agent) -> list[tuple[int, bytes, bytes]]:
    rows = agent.books.database.rows("SELECT seq, previous, hash FROM forked_message ORDER BY seq")
    return [(seq, bytes(previous), bytes(digest)) for seq, previous, digest in rows]


def test_a_stream_whose_fork_was_found_by_an_older_program_gives_way_when_the_hub_tells_where_it_stands(
    till: Till, agent: Agent, hub: Office, tmp_path: Path
) -> None:
    """Its row says *stopped*, and not where the hub stood then."""
    clash(till, agent, hub, tmp_path, ours=2, theirs=1)
    with agent.books.database.transaction():
        agent.books.outbox.stop(till.id, "stream.forked")
    assert (agent.books.outbox.streams(), agent.books.outbox.problem()) == ([], "stream.forked")
    there = hub.books.log.state(till.id).held
    with agent.books.database.transaction():
        agent.books.sink.apply_final([StreamPosition(till.id, there)])
    assert (agent.state(till), agent.forked(), agent.books.outbox.problem()) == ((2, 2, True), [2, 3], "")


def test_a_stopped_stream_that_builds_on_the_hubs_log_goes_on(till: Till, agent: Agent, hub: Office) -> None:
    """Nothing is given up for a suspicion that the hub does not confirm."""
    till.sell()
    push_all(till, agent)
    relay(agent, hub)
    till.sell()
    push_all(till, agent)
    there = hub.books.log.state(till.id).held
    with agent.books.database.transaction():
        agent.books.outbox.stop(till.id, "stream.forked")
        agent.books.sink.apply_final([StreamPosition(till.id, there)])
    relay(agent, hub)
    assert (agent.state(till), agent.forked()) == ((2, 2, True), [])
    assert hub.payloads(till.id) == till.payloads()


def test_a_hub_that_went_back_and_on_differently_gets_all_that_the_agent_has(
    till: Till, agent: Agent, hub: Office, tmp_path: Path
) -> None:
    """REL-02, REL-05: set up again from a backup, it heard of the other machine first; nobody knows what is shared."""
    for _ in range(3):
        till.sell(sold("MILK", "1"))
    push_all(till, agent)
    relay(agent, hub)
    older = Till(tmp_path / "older", till.clock)
    older.sell(sold("MILK", "5"), doc_id="other")
    set_up_again = Office(tmp_path / "set up again", till.clock)
    push_all(older, set_up_again)
    till.sell(sold("MILK", "1"))
    push_all(till, agent)
    relay(agent, set_up_again)
    assert (agent.state(till), agent.forked()) == ((1, 1, True), [1, 2, 3, 4])
    assert agent.payloads(till.id) == []


def test_a_message_leaves_the_log_only_once_it_is_kept_aside(till: Till, agent: Agent) -> None:
    """HUB-10: append-only, also here."""
    till.sell()
    push_all(till, agent)
    with pytest.raises(Exception, match="append-only"), agent.books.database.transaction():
        agent.books.database.write("DELETE FROM message")


@pytest.mark.parametrize(("ours", "theirs", "later"), [(2, 1, 0), (1, 3, 0), (1, 3, 2), (3, 1, 1)])
def test_the_books_of_an_agent_that_gave_way_hold(
    till: Till, agent: Agent, hub: Office, tmp_path: Path, ours: int, theirs: int, later: int
) -> None:
    """HUB-10, REL-14: what passed elsewhere is known as such, and what gave way is no stranger's doing."""
    other = clash(till, agent, hub, tmp_path, ours=ours, theirs=theirs)
    for number in range(later):
        other.sell(sold("MILK", "5"), doc_id=f"later {number}")
    relay(agent, hub)
    other.uplink = other.new_uplink()
    push_all(other, agent)
    relay(agent, hub)
    lower, higher = shelf_of(agent), shelf_of(hub)
    with closing(lower), closing(higher):
        found = prove(lower, lambda *_: "")
        with lower.reading(), higher.reading():
            [here], [there] = lower.streams(), higher.streams()
            assert Comparison(lower, higher).faults(here, there) == (theirs + later + 1, ())
    assert ([fault for stream in found.streams for fault in stream.faults], found.faults) == ([], ())
    assert found.streams[0].notes == {"closed": 1, "forked": ours}
    with agent.books.database.transaction():
        agent.books.database.write("DELETE FROM passed_elsewhere")
    with closing(shelf_of(agent)) as shelf:
        assert [fault.code for fault in prove(shelf, lambda *_: "").streams[0].faults] == ["chain.message_missing"]


def shelf_of(store: Store) -> AgentProofShelf:
    return AgentProofShelf(store.books.database.path, MIGRATIONS)
