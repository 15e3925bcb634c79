"""A long run of the simulator: a line for each seed, gone on from where it ended, and summed up."""

import json
from pathlib import Path

from typer.testing import CliRunner

from kontuar.tools.cli import app
from kontuar.tools.simulate import verdicts
from kontuar.tools.simulate.seen import Seen
from kontuar.tools.simulate.verdicts import Verdict


def verdict(seed: int, *violations: str, wanted: int = 100) -> Verdict:
    seen = Seen()
    seen.operations.update({"sell": wanted})
    seen.troubles.update({"kill": 2})
    return verdicts.verdict_of(
        seen, seed=seed, wanted=wanted, stores=2, stations=4, virtual_seconds=900.0, cpu_seconds=2.0,
        wall_seconds=3.0, violations=violations, trace=f"trace {seed}",
    )  # fmt: skip


def test_each_line_tells_what_a_second_of_work_brought() -> None:
    """Issue 5: figures per CPU-second in each line."""
    told = verdict(7)
    assert (told.operations_per_cpu_second, told.station_hours_per_cpu_second) == (50.0, 0.5)
    assert told.kinds == {"kill": 2}


def test_a_run_goes_on_behind_the_seeds_that_are_there(tmp_path: Path) -> None:
    """A seed of another length, and one whose simulator broke, are told anew."""
    file = tmp_path / "results.jsonl"
    for each in (verdict(1), verdict(2, "REL-02 issued: gone"), verdict(3, wanted=7)):
        verdicts.append(file, each)
    verdicts.append(file, verdicts.broken_off(4, 100, 2, 4, RuntimeError("no disk")))
    assert verdicts.done(verdicts.read(file), (100, 2, 4)) == {1, 2}


def test_a_line_that_a_crash_cut_in_two_costs_that_seed_only(tmp_path: Path) -> None:
    """What was written before and what comes after it stays readable."""
    file = tmp_path / "results.jsonl"
    verdicts.append(file, verdict(1))
    with file.open("ab") as cut:
        cut.write(b'{"seed": 2, "wan')
    verdicts.append(file, verdict(3))
    assert [each.seed for each in verdicts.read(file)] == [1, 3]


def test_a_violation_is_one_line_with_its_seed(tmp_path: Path) -> None:
    """However much is wrong."""
    file = tmp_path / "results.jsonl"
    verdicts.append(file, verdict(9, *(f"REL-02 issued: {number}\n is gone" for number in range(50))))
    (line,) = file.read_text("utf-8").splitlines()
    told = json.loads(line)
    assert told["seed"] == 9
    assert len(told["violations"]) == verdicts.MOST_VIOLATIONS + 1
    assert told["violations"][-1] == "and 30 more"


def test_the_summary_counts_each_seed_once_and_names_the_broken_ones(tmp_path: Path) -> None:
    """The last word about a seed counts."""
    file = tmp_path / "results.jsonl"
    for each in (verdict(1), verdict(2, "REL-02 issued: gone"), verdict(2), verdict(3, "REL-06 money: hub")):
        verdicts.append(file, each)
    told = verdicts.summary(verdicts.read(file))
    assert (told.seeds, told.first_seed, told.last_seed) == (3, 1, 3)
    assert (told.operations, told.troubles, told.kinds) == (300, 6, {"kill": 6})
    assert (told.station_hours, told.cpu_seconds, told.operations_per_cpu_second) == (3.0, 6.0, 50.0)
    assert told.broken == (3,)


def test_the_command_sums_up_and_its_status_is_the_verdict(tmp_path: Path) -> None:
    """`kontuar simulate --summary FILE`."""
    file = tmp_path / "results.jsonl"
    verdicts.append(file, verdict(1))
    done = CliRunner().invoke(app, ["simulate", "--summary", str(file)])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["operations"] == 100
    verdicts.append(file, verdict(2, "REL-06 money: hub"))
    assert CliRunner().invoke(app, ["simulate", "--summary", str(file)]).exit_code == 1
