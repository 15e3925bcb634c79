"""A hub that goes back behind what an agent never had: the station is asked for it again (REL-02, REL-04)."""

import shutil
from pathlib import Path

import msgspec
import pytest

from kontuar.kernel.canonical import CHAIN_START, chain_hash
from kontuar.operations.ports.streams import Batch, Position
from kontuar.sync import frames, wire
from kontuar.sync.keyring import open_certified
from kontuar.sync.uplink import Push, Woken
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


def test_what_lies_behind_a_hole_that_nobody_fills_any_more_is_told_as_what_contradicts(
    tmp_path: Path, clock: TestClock
) -> None:
    """REL-02, REL-05: agent, hub and till were set back one after another; a few sales in between are gone, those
    behind them are at the agent, and reach a person."""
    till = Till(folder(tmp_path, "till"), clock)
    till.sell()
    till.sell()
    agent = Store(folder(tmp_path, "agent"), clock)
    push_all(till, agent)
    (tmp_path / "older").mkdir()
    till.database.close()
    shutil.copytree(tmp_path / "till", tmp_path / "older", dirs_exist_ok=True)
    till = Till(tmp_path / "till", clock)
    till.sold = 2
    for _ in range(3):
        till.sell()
    outbox, stream = agent.books.outbox, till.id
    heads = {seq: Position(seq, till.outbox.hash_at(stream, seq) or "") for seq in range(1, 6)}
    with outbox.transaction():
        outbox.adopt(stream, "S1", heads[5])
    till.sell()
    till.sell()
    with till.outbox.transaction():
        till.outbox.acknowledged(stream, heads[5], heads[5])
    push_all(till, agent)
    lost = [payload for seq, payload in till.payloads() if seq > 5]
    with outbox.transaction():
        outbox.acknowledged(stream, heads[2], heads[2])

    older = Till(tmp_path / "older", clock)
    claim = claims_of(older)[0]
    agent.take(claim)
    assert [seq for seq, _ in agent.payloads(stream)] == [1, 2, 6, 7], "the same life may bring what is missing yet"
    agent.take(msgspec.structs.replace(claim, by_later_life=True))
    assert [seq for seq, _ in agent.payloads(stream)] == [1, 2]
    kept = agent.books.forks.untold(stream, 10)
    assert [message.payload for message in kept] == lost
    assert all(chain_hash(message.previous, message.payload) == message.hash for message in kept)


def claims_of(till: Till) -> list[Batch]:
    effect = till.uplink.step(Woken())
    assert isinstance(effect, Push)
    return [wire.read_push(open_certified(part, till.keys.keys)[0]) for part in frames.split(effect.body)]
