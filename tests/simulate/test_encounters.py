"""What seldom meets by chance, again and again: all agree, and whoever breaks the rule is noticed."""

from typing import Any

import pytest

from kontuar.tools.simulate import encounters, policy, trouble
from kontuar.tools.simulate.books_read import Approved
from kontuar.tools.simulate.checks_sales import _at_once
from kontuar.tools.simulate.ground import Ground
from kontuar.tools.simulate.planting import FAULTS, planted
from kontuar.tools.simulate.policy import Policy
from kontuar.tools.simulate.simulation import Simulation

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
CHAIN = (1, 2)
OPERATIONS = 120


@pytest.fixture
def drafts_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two tills at one draft, and nothing else goes wrong."""
    monkeypatch.setattr(policy, "drawn", lambda _: Policy(meets=True))
    monkeypatch.setattr(trouble, "WEIGHTS", {"back_up_station": 1})
    monkeypatch.setattr(encounters, "WEIGHTS", {"two_at_one_draft": 1})


def test_a_seed_without_encounters_is_told_as_if_there_were_none(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same steps, whatever encounters there are."""
    assert not policy.drawn(2).meets
    told = Simulation(small_ground, 2, 20).run().trace
    monkeypatch.setattr(encounters, "WEIGHTS", {"hub_dies_booking": 1})
    assert Simulation(small_ground, 2, 20).run().trace == told


@pytest.mark.usefixtures("drafts_only")
def test_two_tills_at_one_draft_sell_it_once_or_under_two_identities(small_ground: Ground) -> None:
    """REL-02, REL-11: taken over, continued after its lease ran out, or approved too late."""
    simulation = Simulation(small_ground, 1, OPERATIONS)
    assert simulation.run().violations == ()
    assert simulation.seen.operations["meeting_pay"] >= 2
    assert simulation.seen.operations["meeting_take_over"] >= 1


@pytest.mark.usefixtures("drafts_only")
@pytest.mark.parametrize(
    ("name", "check"), [("contested_ignored", "REL-02 issued"), ("lease_for_ever", "fault: REL-11")]
)
def test_a_rule_of_leases_that_is_broken_is_noticed(small_ground: Ground, name: str, check: str) -> None:
    """REL-11: an identity is used by two tills, a lease outlives its time."""
    (fault,) = (each for each in FAULTS if each.name == name)
    for seed in range(1, 6):
        with planted(fault):
            found = Simulation(small_ground, seed, OPERATIONS).run().violations
        if any(each.startswith(check) for each in found):
            return
    raise AssertionError(f"{name} was not noticed in five seeds")


def sold(draft: str, at: str) -> Approved:
    return Approved(draft, "S1T1", b"", {"approved_at": at}, draft)


@pytest.mark.parametrize(
    ("second", "expected"),
    [("2026-12-04T20:00:00Z", {"a", "b"}), ("2026-12-07T01:00:00Z", set[str]())],
)
def test_a_coupon_is_kept_for_two_documents_at_once_only_while_it_is_kept(second: str, expected: set[str]) -> None:
    """REL-12: a reservation ends by itself after a day."""
    documents: list[Any] = [sold("b", second), sold("a", "2026-12-04T01:00:00Z")]
    assert _at_once(documents) == expected
