"""Waiting until the store's agent holds what a till issues: never too long, never for nothing (REL-21).

Time is virtual: a wait of five seconds takes none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from pathlib import Path
from typing import Any

import pytest

from kontuar.kernel.time import Clock
from kontuar.operations.ports.streams import START, Position
from kontuar.sync.bell import Bell
from kontuar.sync.connection import Connection
from kontuar.sync.second_copy import AgentCopy
from kontuar.tools.simulate.virtual_time import VirtualLoop
from sync_chain import Store, TestClock, Till, push_all


async def run(operation: Callable[..., Any], *given: Any) -> Any:
    return operation(*given)


class Wait:
    """A till, its agent, and the wait for one sale."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        for name in ("till", "agent"):
            (folder / name).mkdir()
        self.till = Till(folder / "till", clock)  # type: ignore[arg-type]
        self.agent = Store(folder / "agent", clock)  # type: ignore[arg-type]
        self.news = Bell()
        self.connection = Connection(clock, changed=self.news.ring)
        self.connection.answered(hub_reachable=False, hub_seen_at="")
        self.copy = AgentCopy(run, self.till.outbox, self.connection, self.news)
        self.loop = VirtualLoop()

    def sold(self) -> Position:
        self.till.sell()
        return self.till.stream.head()

    def acknowledged(self) -> None:
        push_all(self.till, self.agent)
        self.news.ring()

    def over(self, position: Position, after_a_second: Callable[[], None] = lambda: None) -> tuple[str, float]:
        """How a wait of at most five seconds ended, and after how many; something happens after one."""

        async def wait() -> tuple[str, float]:
            self.loop.call_later(1.0, after_a_second)
            began = self.loop.time()
            return await self.copy.wait(self.till.id, position, 5.0), self.loop.time() - began

        return self._run(wait())

    def _run(self, work: Coroutine[Any, Any, tuple[str, float]]) -> tuple[str, float]:
        asyncio.set_event_loop(self.loop)
        try:
            return self.loop.run_until_complete(work)
        finally:
            asyncio.set_event_loop(None)


@pytest.fixture
def wait(tmp_path: Path) -> Iterator[Wait]:
    made = Wait(tmp_path, TestClock())
    yield made
    made.loop.close()


def test_what_the_agent_holds_is_not_waited_for(wait: Wait) -> None:
    """REL-21."""
    position = wait.sold()
    wait.acknowledged()
    assert wait.over(position) == ("held", 0.0)


def test_the_wait_ends_when_the_acknowledgement_comes(wait: Wait) -> None:
    """REL-21."""
    assert wait.over(wait.sold(), wait.acknowledged) == ("held", 1.0)


def test_a_slow_agent_is_waited_for_as_long_as_was_said_and_not_longer(wait: Wait) -> None:
    """REL-21, REL-01."""
    assert wait.over(wait.sold()) == ("late", 5.0)


def test_an_agent_that_is_known_to_be_away_is_not_waited_for(wait: Wait) -> None:
    """REL-21, REL-01."""
    wait.connection.lost()
    assert wait.over(wait.sold()) == ("away", 0.0)


def just_started(wait: Wait) -> None:
    wait.connection = Connection(TestClock(), changed=wait.news.ring)
    wait.copy = AgentCopy(run, wait.till.outbox, wait.connection, wait.news)


def test_a_till_that_has_just_started_does_not_take_its_agent_for_away(wait: Wait) -> None:
    """REL-21, REL-04: what was left over is waited for, though nobody was reached yet."""
    just_started(wait)
    assert wait.over(wait.sold(), wait.acknowledged) == ("held", 1.0)


def test_a_till_that_has_just_started_learns_that_its_agent_is_away(wait: Wait) -> None:
    """REL-21, REL-01: not a moment longer than until the first try failed."""
    just_started(wait)
    assert wait.over(wait.sold(), wait.connection.lost) == ("away", 1.0)


def test_an_agent_that_takes_nothing_is_not_waited_for(wait: Wait) -> None:
    """REL-21, REL-19: its disk is full."""
    wait.connection.hindered("storage.full")
    assert wait.over(wait.sold()) == ("away", 0.0)


def test_a_wait_ends_when_the_agent_goes_away(wait: Wait) -> None:
    """REL-21."""
    assert wait.over(wait.sold(), wait.connection.lost) == ("away", 1.0)


def test_an_acknowledgement_of_what_came_before_is_none_of_this_document(wait: Wait) -> None:
    """REL-21: held is (seq, hash), never an answer to something else."""
    wait.sold()
    wait.acknowledged()
    assert wait.over(wait.sold(), wait.news.ring) == ("late", 5.0)


def test_another_hash_at_the_same_position_is_no_copy(wait: Wait) -> None:
    """REL-21: rule 1 of acknowledgements."""
    position = wait.sold()
    wait.acknowledged()
    assert wait.over(Position(position.seq, "ab" * 32)) == ("late", 5.0)


def test_an_agent_that_lost_what_it_held_is_no_holder(wait: Wait) -> None:
    """REL-21, REL-04: the receiver was rolled back and says so."""
    position = wait.sold()
    wait.acknowledged()
    with wait.till.database.transaction():
        wait.till.outbox.acknowledged(wait.till.id, START, START)
    assert wait.over(position) == ("late", 5.0)
