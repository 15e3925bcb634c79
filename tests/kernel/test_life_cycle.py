"""The life-cycle mechanism: only `advance` moves, and it says all that is wrong at once (DOC-02, DOC-05)."""

import pytest

from kontuar.kernel.connectivity import Connectivity
from kontuar.kernel.errors import Problem
from kontuar.kernel.lifecycle import Found, Lifecycle, Step, advance
from refusals import refused

EMPTY: dict[str, int] = {}
LIFE: Lifecycle[dict[str, int], str] = Lifecycle(
    start="open",
    steps={
        ("open", "close"): Step(
            to="closed",
            right="door.close",
            needs=Connectivity.STORE,
            unless={
                "door.blocked": lambda case: [Found("door", {"by": "cat"})] if case.get("cat") else [],
                "light.on": lambda case: [Found(f"lamp:{number}") for number in range(case.get("lamps", 0))],
            },
            writes=(lambda case: ["locked"], lambda case: ["noted"] * case.get("notes", 1)),
        ),
        ("open", "look"): Step(to="open"),
    },
)


def move(state: str, action: str, case: dict[str, int], *rights: str, level: Connectivity = Connectivity.ONLINE):
    return advance(LIFE, state, action, case, rights=frozenset(rights), connectivity=level)


def test_a_step_leads_to_its_state_and_writes_what_the_table_says() -> None:
    """DOC-02."""
    assert move("open", "close", {"notes": 2}, "door.close") == ("closed", ("locked", "noted", "noted"))
    assert move("open", "look", EMPTY) == ("open", ())


def test_all_that_is_wrong_is_told_at_once() -> None:
    """DOC-05."""
    with refused("right.missing", "connectivity.too_low", "door.blocked", "light.on", "light.on") as problems:
        move("open", "close", {"cat": 1, "lamps": 2}, level=Connectivity.OFFLINE)
    assert problems[0] == Problem("right.missing", "", {"right": "door.close"})
    assert problems[1].facts == {"needs": "store"}
    assert problems[2] == Problem("door.blocked", "door", {"by": "cat"})
    assert [problem.place for problem in problems[3:]] == ["lamp:0", "lamp:1"]


@pytest.mark.parametrize(("state", "action"), [("closed", "close"), ("closed", "look"), ("open", "paint"), ("", "")])
def test_a_step_that_the_table_does_not_have_is_refused_and_not_skipped(state: str, action: str) -> None:
    """DOC-02."""
    with refused("step.not_allowed") as problems:
        move(state, action, EMPTY, "door.close")
    assert problems[0].facts == {"state": state, "action": action}


def test_the_least_connectivity_is_enough() -> None:
    assert move("open", "close", EMPTY, "door.close", level=Connectivity.STORE)[0] == "closed"


def test_a_table_with_a_state_that_nothing_leads_to_is_a_mistake_at_start_up() -> None:
    with pytest.raises(AssertionError, match="lost"):
        Lifecycle(start="open", steps={("lost", "find"): Step(to="open")})


def test_a_table_tells_what_can_be_done_in_a_state() -> None:
    assert LIFE.actions("open") == ("close", "look")
    assert LIFE.actions("closed") == ()
