"""One kind of trouble again and again: whatever it does, every document arrives once, and all agree in the end."""

import pytest

from kontuar.tools.simulate import policy, trouble
from kontuar.tools.simulate.ground import Ground
from kontuar.tools.simulate.seen import Seen
from kontuar.tools.simulate.simulation import Simulation

pytestmark = [pytest.mark.postgres, pytest.mark.timeout(300)]
CHAIN = (2, 2)
OPERATIONS = 80


def told(ground: Ground, monkeypatch: pytest.MonkeyPatch, seed: int, *, until: str, kinds: dict[str, float]) -> Seen:
    """What people saw in the first seed in which a thing happened; nothing was violated in it."""
    monkeypatch.setattr(trouble, "WEIGHTS", {**kinds, "kill": 1, "cut_station": 1})
    drawn = policy.drawn
    monkeypatch.setattr(policy, "drawn", lambda number: drawn(number)._replace(meets=False))
    for number in range(seed, seed + 5):
        simulation = Simulation(ground, number, OPERATIONS)
        assert simulation.run().violations == (), f"seed {number}"
        if getattr(simulation.seen, until):
            return simulation.seen
    raise AssertionError(f"nothing was {until} in five seeds")


def test_a_replaced_till_and_the_old_one_that_comes_back(small_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """REL-02, REL-13: both machines sell in series of their own; the old one stops when it is told."""
    seen = told(small_ground, monkeypatch, 2, until="replaced", kinds={"replace_station": 4})
    assert len(seen.replaced) == 1


def test_a_disk_that_runs_in_two_machines(small_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """REL-05, REL-13: what both sold is at head office, each number once or decided by a person."""
    seen = told(small_ground, monkeypatch, 2, until="copied", kinds={"copy_station": 4})
    assert len(seen.copied) == 1


def test_a_place_that_reaches_nobody_and_whose_files_are_carried(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """REL-15: late, twice, in any order or never."""
    seen = told(small_ground, monkeypatch, 2, until="carried", kinds={"cut_for_good": 6})
    assert len(seen.carried) == 1


def test_upgrades_in_the_middle_of_the_day(small_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """REL-16: with drafts in the database, and crashes at the first writes."""
    seen = told(small_ground, monkeypatch, 2, until="upgraded", kinds={"upgrade": 6, "power_at_a_write": 2})
    assert seen.upgraded.total() >= 1


@pytest.mark.parametrize("kind", ["kill_hub_at_a_statement", "lose_postgres_at_a_statement"])
def test_a_transaction_of_head_office_that_ends_between_two_statements(
    small_ground: Ground, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """REL-04, REL-08: nothing is half, and what was committed unheard is not done twice."""
    seen = told(small_ground, monkeypatch, 1, until="troubles", kinds={kind: 8})
    assert seen.troubles[kind] >= 1


def test_slow_disks(small_ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    """REL-19: they make everything late, and nothing wrong."""
    seen = told(small_ground, monkeypatch, 1, until="troubles", kinds={"slow_disk": 6})
    assert seen.troubles["slow_disk"] >= 1
