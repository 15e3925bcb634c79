"""A hub that goes back behind what an agent never had: the station is asked for it again (REL-02, REL-04)."""

from pathlib import Path

import pytest

from kontuar.kernel.canonical import CHAIN_START
from kontuar.operations.ports.streams import Position
from sync_chain import Store, TestClock, Till, push_all, sold


@pytest.fixture
def clock() -> TestClock:
    return TestClock()


def folder(root: Path, name: str) -> Path:
    (root / name).mkdir()
    return root / name


def test_what_a_new_agent_never_had_comes_again_from_the_till_when_the_hub_has_lost_it(
    tmp_path: Path, clock: TestClock
) -> None:
    till = Till(folder(tmp_path, "till"), clock)
    for _ in range(5):
        till.sell(sold("MILK", "1"))
    agent = Store(folder(tmp_path, "agent"), clock)
    outbox, stream = agent.books.outbox, till.id
    heads = {seq: Position(seq, till.outbox.hash_at(stream, seq) or "") for seq in range(1, 6)}
    with outbox.transaction():
        outbox.adopt(stream, "S1", heads[5])
    till.sell(sold("MILK", "1"))
    with till.outbox.transaction():
        till.outbox.acknowledged(stream, heads[5], heads[5])
    push_all(till, agent)
    assert [seq for seq, _ in agent.payloads(stream)] == [6]

    with outbox.transaction():
        outbox.acknowledged(stream, heads[2], heads[2])
    found = outbox.stream(stream)
    assert found is not None
    assert (found.head, found.held) == (heads[2], heads[2]), "no more is claimed than can be given"

    till.uplink = till.new_uplink()
    push_all(till, agent)
    assert agent.payloads(stream) == [row for row in till.payloads() if row[0] > 2]
    assert [m.seq for m in outbox.read(stream, 2, 100, 10_000_000)] == [3, 4, 5, 6]
    assert till.held() == 6
    assert till.outbox.problem() == ""


def test_what_an_agent_holds_on_both_sides_of_a_hole_is_not_told_as_if_it_were_whole(
    tmp_path: Path, clock: TestClock
) -> None:
    till = Till(folder(tmp_path, "till"), clock)
    till.sell()
    till.sell()
    agent = Store(folder(tmp_path, "agent"), clock)
    push_all(till, agent)
    for _ in range(3):
        till.sell()
    outbox, stream = agent.books.outbox, till.id
    five = Position(5, till.outbox.hash_at(stream, 5) or "")
    with outbox.transaction():
        outbox.adopt(stream, "S1", five)
    till.sell()
    with till.outbox.transaction():
        till.outbox.acknowledged(stream, five, five)
    push_all(till, agent)
    start = Position(0, CHAIN_START.hex())
    assert [m.seq for m in outbox.read(stream, 0, 100, 10_000_000)] == [1, 2]
    with outbox.transaction():
        outbox.acknowledged(stream, start, start)
    found = outbox.stream(stream)
    assert found is not None
    assert found.head.seq == 2, "what it holds without a hole"
    till.uplink = till.new_uplink()
    push_all(till, agent)
    assert agent.payloads(stream) == till.payloads()
    assert [m.seq for m in outbox.read(stream, 0, 100, 10_000_000)] == [1, 2, 3, 4, 5, 6]
