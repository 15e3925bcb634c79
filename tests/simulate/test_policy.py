"""What is off by default is on in a share of the stories, and each story that has it puts it to the test."""

import pytest

from kontuar.tools.simulate import policy, trouble
from kontuar.tools.simulate.books_read import Books
from kontuar.tools.simulate.checks import violations
from kontuar.tools.simulate.ground import Ground
from kontuar.tools.simulate.planting import FAULTS, planted
from kontuar.tools.simulate.policy import Policy
from kontuar.tools.simulate.simulation import Simulation

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
CHAIN = (1, 2)
OPERATIONS = 120


def test_every_option_is_on_in_some_stories_and_off_in_others() -> None:
    """REL-17, REL-18, REL-20, REL-21."""
    drawn = [policy.drawn(seed) for seed in range(1, 101)]
    for name in Policy._fields:
        assert 5 <= sum(bool(getattr(each, name)) for each in drawn) <= 95
    assert not any(each.rots and each.keep_days for each in drawn)


def decided(monkeypatch: pytest.MonkeyPatch, wanted: Policy, kinds: dict[str, float]) -> None:
    monkeypatch.setattr(policy, "drawn", lambda _: wanted)
    monkeypatch.setattr(trouble, "WEIGHTS", kinds)


def test_tills_and_agents_let_go_of_old_days_and_all_agree(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REL-17: nights pass while people work and machines end; what is gone lies at head office."""
    decided(monkeypatch, Policy(keep_days=1), {"nights": 3, "kill": 1})
    with Simulation(small_ground, 3, OPERATIONS).ended() as (machines, seen):
        assert violations(machines, seen) == []
        books = Books(machines, seen)
        gone = [(name, message) for name in books.at_station for message in books.pruned_messages(name)]
        assert gone
        (station, message), *_ = gone
        needing = f'{{"created_at": "2026-01-01T00:00:00Z", "repeats": "{message}"}}'.encode()
        books.stations[station].execute("INSERT INTO draft VALUES ('held', 'invoice', '', ?)", (needing,))
        books.close()
        found = [each for each in violations(machines, seen) if each.startswith("REL-17")]
    assert found == [f"REL-17 pruned: {station} let go of {message}, which the draft held refers to"]


def test_bytes_that_rot_are_found_and_mended(small_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """REL-18: at the latest in the night after."""
    decided(monkeypatch, Policy(rots=True), {"alter_message": 4, "kill": 1})
    simulation = Simulation(small_ground, 4, OPERATIONS)
    assert simulation.run().violations == ()
    assert simulation.seen.altered.total() > 0


def test_a_stolen_till_goes_on_from_what_the_agent_keeps_of_it(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REL-20, REL-21: what came out behind a second copy is not lost with it."""
    decided(monkeypatch, Policy(backup_minutes=1, copy_seconds=2), {"lose_station": 1, "kill": 2})
    for seed in range(4, 9):
        simulation = Simulation(small_ground, seed, OPERATIONS)
        assert simulation.run().violations == (), f"seed {seed}"
        assert any(issued.copied for issued in simulation.seen.issued.values())
        if simulation.seen.brought_back:
            assert simulation.seen.brought_back == simulation.seen.replaced
            return
    raise AssertionError("no till was brought back in five seeds")


def test_a_receipt_that_comes_out_before_its_second_copy_is_noticed(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REL-21: the till is stolen the moment it comes out, and nobody else has it."""
    decided(monkeypatch, Policy(copy_seconds=5), {"lose_station": 2, "cut_station": 4, "storm": 2})
    (fault,) = (each for each in FAULTS if each.name == "printed_before_copy")
    with planted(fault):
        found = Simulation(small_ground, 1, OPERATIONS // 2).run().violations
    assert any(each.startswith("REL-02 issued") for each in found)
