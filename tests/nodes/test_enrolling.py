"""A node that starts before the one it enrols at (SEC-02)."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from kontuar.kernel.canonical import decode
from kontuar.kernel.errors import Refused
from kontuar.nodes.enrolling import TRIES, enrol_patiently
from kontuar.nodes.machine import World, this_machine
from kontuar.operations.hub.enrolment import EnrolRequest
from kontuar.sync.transport import Declined, Unreachable
from kontuar.tools.simulate.virtual_time import VirtualLoop

HERE = this_machine()


class Away:
    """A way to a node that answers nothing but this; remembers the keys it was told."""

    def __init__(self, *answers: Exception) -> None:
        self.answers = list(answers)
        self.keys: list[str] = []
        self.closed = False

    async def post(self, _: str, body: bytes, *, timeout_seconds: float) -> bytes:
        self.keys.append(decode(body, EnrolRequest).public_key)
        raise self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    async def close(self) -> None:
        self.closed = True


def refusal(folder: Path, away: Away, code: str = "SECRET") -> str:
    transport: Any = away
    world = World(
        clock=HERE.clock, ids=HERE.ids, transport=lambda _: transport, end=HERE.end, settle=HERE.settle
    )  # fmt: skip
    loop = VirtualLoop()
    try:
        with pytest.raises(Refused) as refused:
            loop.run_until_complete(
                enrol_patiently(folder, world, "agent", code=code, kind="station", place="T1")
            )  # fmt: skip
    finally:
        asyncio.set_event_loop(None)
        loop.close()
    return refused.value.problems[0].code


@pytest.mark.parametrize("trouble", [Unreachable("nobody"), Declined(503, "connectivity.too_low")])
def test_an_agent_or_a_hub_that_is_still_starting_is_waited_for(tmp_path: Path, trouble: Exception) -> None:
    """The same key is asked about each time, so a lost answer is no second life."""
    away = Away(trouble)
    assert refusal(tmp_path, away) in ("enrol.unreachable", "connectivity.too_low")
    assert len(away.keys) == TRIES
    assert len(set(away.keys)) == 1
    assert away.closed


def test_a_code_that_is_refused_is_not_tried_again(tmp_path: Path) -> None:
    away = Away(Unreachable("nobody"), Declined(403, "enrol.code_unknown"))
    assert refusal(tmp_path, away) == "enrol.code_unknown"
    assert len(away.keys) == 2


def test_without_a_code_nobody_is_asked(tmp_path: Path) -> None:
    away = Away(Unreachable("nobody"))
    assert (refusal(tmp_path, away, code=""), away.keys) == ("enrol.code_missing", [])
