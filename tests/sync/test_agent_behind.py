"""An agent that was set up again and took messages in before it heard where the hub stands (REL-02, REL-05)."""

import shutil
from pathlib import Path

import pytest

from kontuar.operations.ports.streams import Position
from kontuar.operations.ports.sync import StreamPosition
from kontuar.sync.uplink import Push, Replied, Uplink, Woken
from sync_chain import Store, TestClock, Till, push_all


class _Behind:
    """The hub has six messages of a till, the agent the first two of them; `again`: the till as it was then."""

    def __init__(self, root: Path) -> None:
        self.clock = TestClock()
        for name in ("till", "agent", "hub"):
            (root / name).mkdir()
        till = Till(root / "till", self.clock)
        till.sell()
        till.sell()
        self.agent, self.hub = Store(root / "agent", self.clock), Store(root / "hub", self.clock)
        push_all(till, self.agent)
        push_all(None, self.hub, self.new_uplink())
        till.database.close()
        shutil.copytree(root / "till", root / "again")
        self.till, self.again = Till(root / "till", self.clock), Till(root / "again", self.clock)
        self.till.sold = self.again.sold = 2
        for _ in range(4):
            self.till.sell()
        push_all(self.till, self.hub)
        self.stream = till.id
        self.six = Position(6, self.till.outbox.hash_at(till.id, 6) or "")

    def new_uplink(self) -> Uplink:
        keys = self.agent.keys
        return Uplink(self.agent.books.outbox, keys.sender("1"), keys.signed, keys.keys, self.clock)

    def head(self) -> tuple[Position, Position]:
        found = self.agent.books.outbox.stream(self.stream)
        assert found is not None
        return found.head, found.held

    def aside(self) -> list[tuple[int, bytes]]:
        rows = self.agent.books.database.rows("SELECT seq, payload FROM forked_message ORDER BY seq")
        return [(seq, bytes(payload)) for seq, payload in rows]


@pytest.fixture
def behind(tmp_path: Path) -> _Behind:
    return _Behind(tmp_path)


def test_what_came_in_while_the_hub_said_that_it_is_further_is_kept_aside_where_the_hub_has_something_else(
    behind: _Behind,
) -> None:
    uplink = behind.new_uplink()
    claim = uplink.step(Woken())
    assert isinstance(claim, Push)
    behind.again.sell(note="another third sale")
    behind.again.sell(note="another fourth sale")
    push_all(behind.again, behind.agent)
    effect = uplink.step(Replied(behind.hub.answer(claim.body)))
    assert isinstance(effect, Push), "what the hub was not asked about is pushed"
    uplink.step(Replied(behind.hub.answer(effect.body)))
    assert behind.head() == (behind.six, behind.six)
    assert behind.agent.payloads(behind.stream) == behind.till.payloads()[:2]
    assert behind.aside() == behind.again.payloads()[2:]


def test_what_came_in_meanwhile_stays_where_the_hub_has_the_same(behind: _Behind) -> None:
    uplink = behind.new_uplink()
    claim = uplink.step(Woken())
    assert isinstance(claim, Push)
    behind.again.sell()
    behind.again.sell()
    assert behind.again.payloads() == behind.till.payloads()[:4]
    push_all(behind.again, behind.agent)
    effect = uplink.step(Replied(behind.hub.answer(claim.body)))
    assert isinstance(effect, Push)
    uplink.step(Replied(behind.hub.answer(effect.body)))
    assert behind.head() == (behind.six, behind.six)
    assert behind.agent.payloads(behind.stream) == behind.till.payloads()[:4]
    assert behind.aside() == []


def test_what_was_pushed_in_part_is_known_to_be_the_hubs_and_the_rest_is_pushed(behind: _Behind) -> None:
    uplink = behind.new_uplink()
    behind.again.sell()
    push_all(behind.again, behind.agent)
    part = uplink.step(Woken())
    assert isinstance(part, Push)
    behind.again.sell(note="another fourth sale")
    push_all(behind.again, behind.agent)
    effect = uplink.step(Replied(behind.hub.answer(part.body)))
    assert isinstance(effect, Push)
    assert behind.head()[1].seq == 3
    uplink.step(Replied(behind.hub.answer(effect.body)))
    assert behind.head() == (behind.six, behind.six)
    assert behind.agent.payloads(behind.stream) == behind.till.payloads()[:3]
    assert behind.aside() == behind.again.payloads()[3:]


def test_the_hubs_word_of_its_position_waits_for_the_answer_to_what_it_was_not_asked_about(behind: _Behind) -> None:
    behind.again.sell(note="another third sale")
    push_all(behind.again, behind.agent)
    sink = behind.agent.books.sink
    with sink.transaction():
        sink.apply_final([StreamPosition(behind.stream, behind.six)])
    assert [position.seq for position in behind.head()] == [3, 2]
    push_all(None, behind.hub, behind.new_uplink())
    assert behind.head() == (behind.six, behind.six)
    assert behind.aside() == behind.again.payloads()[2:]
