"""A long run of the simulator: a line for each seed, gone on from where it ended, and summed up."""

import json
from pathlib import Path

import msgspec
from typer.testing import CliRunner

from kontuar.tools.cli import app
from kontuar.tools.simulate import planted_results, verdicts
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


def test_a_run_goes_on_behind_the_seeds_that_hold(tmp_path: Path) -> None:
    """A seed of another length, one that did not hold, and one whose simulator broke are told anew."""
    file = tmp_path / "results.jsonl"
    broken = verdict(2, "REL-02 issued: gone")
    for each in (
        verdict(1),
        broken,
        verdict(2),
        verdict(3, wanted=7),
        verdict(5),
        msgspec.structs.replace(broken, seed=5),
    ):
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


def test_the_summary_says_which_programs_were_run(tmp_path: Path) -> None:
    """A run over days goes on with what was mended meanwhile; each line names its commit."""
    told = [msgspec.structs.replace(verdict(seed), program=name) for seed, name in ((1, "a"), (2, "b"), (1, "b"))]
    told.append(msgspec.structs.replace(verdict(3), program="b-dirty"))
    assert verdicts.summary(told).programs == {"b": 2, "b-dirty": 1}


def test_the_command_sums_up_and_its_status_is_the_verdict(tmp_path: Path) -> None:
    """`kontuar simulate --summary FILE`."""
    file = tmp_path / "results.jsonl"
    verdicts.append(file, verdict(1))
    done = CliRunner().invoke(app, ["simulate", "--summary", str(file)])
    assert done.exit_code == 0
    assert json.loads(done.stdout)["operations"] == 100
    verdicts.append(file, verdict(2, "REL-06 money: hub"))
    assert CliRunner().invoke(app, ["simulate", "--summary", str(file)]).exit_code == 1


def tried(fault: str, seed: int, check: str = "", violation: str = "") -> planted_results.Tried:
    return planted_results.Tried(
        fault=fault, seed=seed, wanted=200, stores=2, stations=4, check=check, violation=violation
    )


def test_what_was_tried_with_a_planted_fault_is_not_tried_again(tmp_path: Path) -> None:
    """A run in parts: seeds that missed it are left out, and all of them when one caught it."""
    file = tmp_path / "planted.jsonl"
    for each in (tried("no_sync", 1), tried("no_sync", 2), tried("no_rewind", 1, "REL-02 arrived")):
        verdicts.append(file, each)
    known = planted_results.tried(file)
    assert planted_results.left(known, "no_sync", range(1, 5), (200, 2, 4)) == [3, 4]
    assert planted_results.left(known, "no_rewind", range(1, 5), (200, 2, 4)) == []
    assert planted_results.left(known, "no_rewind", range(1, 3), (300, 2, 4)) == [1, 2]


def test_the_table_names_what_caught_each_planted_fault(tmp_path: Path) -> None:
    """`kontuar simulate --plant NAME --summary FILE`; the exit status says whether all were caught."""
    file = tmp_path / "planted.jsonl"
    verdicts.append(file, tried("no_sync", 3))
    command = ["simulate", "--plant", "no_sync,no_rewind", "--summary", str(file)]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 1
    assert "| REL-04 | **none of 1** |  |" in done.stdout
    assert "| REL-02 | not tried |  |" in done.stdout
    verdicts.append(file, tried("no_sync", 4, "REL-14 chains"))
    verdicts.append(file, tried("no_rewind", 7, "fault", "fault: REL-11: PAR/1 was approved"))
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0
    assert "| REL-04 | 4 | REL-14 chains |" in done.stdout
    assert "| REL-02 | 7 | REL-11, at once |" in done.stdout
