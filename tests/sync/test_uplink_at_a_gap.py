"""A receiver lacks what its sender does not have any more: it may get it another way (REL-02, REL-09)."""

from pathlib import Path

import pytest

from kontuar.operations.ports.streams import Position
from kontuar.sync.uplink import Push, Replied, Wait, Woken
from sync_chain import Store, TestClock, Till, push_all


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


def pruned_till(folder: Path, clock: TestClock, *, sold: int, pruned: int) -> tuple[Till, Position]:
    """(a till that let go of its first messages, where all is final)."""
    till = Till(folder, clock)
    for _ in range(sold):
        till.sell()
    final = Position(sold, till.outbox.hash_at(till.id, sold) or "")
    with till.database.transaction():
        till.outbox.acknowledged(till.id, final, final)
        digest = bytes.fromhex(till.outbox.hash_at(till.id, pruned) or "")
        mark = (till.id.origin, till.id.incarnation, pruned, digest)
        till.database.write("INSERT INTO pruned_to VALUES (?, ?, ?, ?, '', '2026-03-02', '', '')", mark)
        till.database.write("DELETE FROM message WHERE seq <= ?", (pruned,))
    return till, final


def test_a_till_goes_on_when_its_restored_agent_heard_from_head_office_what_the_till_has_let_go_of(
    tmp_path: Path, clock: TestClock
) -> None:
    """REL-17: an agent that was set up again before a till's first message asks for what the till pruned."""
    till, final = pruned_till(tmp_path / "till", clock, sold=5, pruned=3)
    agent = Store(tmp_path / "agent", clock)
    assert push_all(till, agent) == 1
    assert till.held() == 0
    till.sell()
    assert till.uplink.step(Woken()) == Wait(60.0), "nothing that can be given"
    assert till.uplink.problem == "stream.gap"

    with agent.books.outbox.transaction():
        agent.books.outbox.adopt(till.id, "S1", final)
    clock.seconds += 61
    push_all(till, agent)
    assert (till.held(), [seq for seq, _ in agent.payloads(till.id)]) == (6, [6])
    assert till.uplink.problem == ""


def test_a_gap_that_stays_is_claimed_once_a_minute_and_keeps_nothing_else_waiting(
    tmp_path: Path, clock: TestClock
) -> None:
    """REL-09: it is no answer without progress, after which everything would wait."""
    till, _ = pruned_till(tmp_path / "till", clock, sold=5, pruned=3)
    agent = Store(tmp_path / "agent", clock)
    push_all(till, agent)
    for _ in range(3):
        clock.seconds += 61
        claim = till.uplink.step(Woken())
        assert isinstance(claim, Push)
        assert till.uplink.step(Replied(agent.answer(claim.body))) == Wait(60.0)
        assert till.uplink.problem == "stream.gap"
