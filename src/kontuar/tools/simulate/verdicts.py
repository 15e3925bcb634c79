"""What seeds came to: a line of JSON each, kept in a file that a run goes on from, and summed up."""

import functools
import os
import subprocess
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from kontuar.tools.simulate.seen import Seen

MOST_VIOLATIONS: Final = 20
"""Of one seed, in its line."""
MOST_CHARACTERS: Final = 600


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a seed came to. `wanted`: operations that were asked for; `operations`: things people did; `trace`: hash
    over everything that happened, in order; `program`: the commit that was run, empty outside of a checkout.
    CPU-seconds are those of the simulating process, without PostgreSQL's."""

    seed: int
    wanted: int
    stores: int
    stations: int
    operations: int
    issued: int
    troubles: int
    virtual_seconds: float
    cpu_seconds: float
    wall_seconds: float
    operations_per_cpu_second: float
    station_hours_per_cpu_second: float
    kinds: dict[str, int]
    violations: tuple[str, ...]
    trace: str
    program: str = ""

    def shape(self) -> tuple[int, int, int]:
        """What else makes a seed the same story: (operations wanted, stores, stations)."""
        return self.wanted, self.stores, self.stations


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """Many seeds together. `broken`: those that do not hold; `programs`: how many seeds each commit told."""

    seeds: int
    first_seed: int
    last_seed: int
    operations: int
    issued: int
    troubles: int
    kinds: dict[str, int]
    station_hours: float
    cpu_seconds: float
    wall_seconds: float
    operations_per_cpu_second: float
    issued_per_cpu_second: float
    station_hours_per_cpu_second: float
    programs: dict[str, int]
    broken: tuple[int, ...]


def verdict_of(
    seen: Seen, *, seed: int, wanted: int, stores: int, stations: int, virtual_seconds: float, cpu_seconds: float,
    wall_seconds: float, violations: Sequence[str], trace: str,
) -> Verdict:  # fmt: skip
    """One seed's."""
    operations, hours = seen.operations.total(), virtual_seconds * stations / 3600
    more = len(violations) - MOST_VIOLATIONS
    shown = [violation[:MOST_CHARACTERS] for violation in violations[:MOST_VIOLATIONS]]
    return Verdict(
        seed=seed, wanted=wanted, stores=stores, stations=stations, operations=operations, issued=len(seen.issued),
        troubles=seen.troubles.total(), kinds=dict(sorted(seen.troubles.items())),
        virtual_seconds=round(virtual_seconds, 3), cpu_seconds=round(cpu_seconds, 3),
        wall_seconds=round(wall_seconds, 3), operations_per_cpu_second=_rate(operations, cpu_seconds),
        station_hours_per_cpu_second=_rate(hours, cpu_seconds),
        violations=tuple([*shown, f"and {more} more"] if more > 0 else shown), trace=trace,
        program=program(),
    )  # fmt: skip


@functools.cache
def program() -> str:
    """The commit that this process runs, with *-dirty* where files differ from it; empty outside of a checkout."""
    command = ["git", "describe", "--always", "--dirty", "--exclude", "*"]
    try:
        told = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return told.stdout.strip() if told.returncode == 0 else ""


def broken_off(seed: int, wanted: int, stores: int, stations: int, error: Exception) -> Verdict:
    """Of a seed whose story could not be told to its end: that is a violation as well."""
    return verdict_of(
        Seen(), seed=seed, wanted=wanted, stores=stores, stations=stations, virtual_seconds=0.0, cpu_seconds=0.0,
        wall_seconds=0.0, violations=[f"simulator: {error!r}"], trace="",
    )  # fmt: skip


def append(file: Path, verdict: msgspec.Struct) -> None:
    """One line more; on the disk when this returns, so that whatever ends the run loses no seed that was done."""
    line = msgspec.json.encode(verdict) + b"\n"
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
    try:
        size = os.fstat(descriptor).st_size
        if size and os.pread(descriptor, 1, size - 1) != b"\n":  # a crash cut the last line in two
            line = b"\n" + line
        os.write(descriptor, line)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def read(file: Path) -> list[Verdict]:
    """All that are there; a line that a crash cut in two is none."""
    found = []
    for line in file.read_bytes().splitlines() if file.exists() else ():
        try:
            found.append(msgspec.json.decode(line, type=Verdict))
        except msgspec.DecodeError:
            continue
    return found


def done(verdicts: Iterable[Verdict], shape: tuple[int, int, int]) -> set[int]:
    """Seeds of that shape of which the last word is that they hold; what did not hold is told again."""
    last = {verdict.seed: verdict for verdict in verdicts if verdict.shape() == shape}
    return {seed for seed, verdict in last.items() if not verdict.violations}


def summary(verdicts: Sequence[Verdict]) -> Summary:
    """Of each seed and shape its last verdict counts."""
    last = list({(verdict.seed, verdict.shape()): verdict for verdict in verdicts}.values())
    kinds: Counter[str] = Counter()
    for verdict in last:
        kinds.update(verdict.kinds)
    operations, issued = sum(one.operations for one in last), sum(one.issued for one in last)
    cpu = sum(one.cpu_seconds for one in last)
    hours = sum(one.virtual_seconds * one.stations / 3600 for one in last)
    return Summary(
        seeds=len(last), first_seed=min((one.seed for one in last), default=0),
        last_seed=max((one.seed for one in last), default=0), operations=operations, issued=issued,
        troubles=sum(one.troubles for one in last), kinds=dict(sorted(kinds.items())), station_hours=round(hours, 1),
        cpu_seconds=round(cpu, 1), wall_seconds=round(sum(one.wall_seconds for one in last), 1),
        operations_per_cpu_second=_rate(operations, cpu), issued_per_cpu_second=_rate(issued, cpu),
        station_hours_per_cpu_second=_rate(hours, cpu),
        programs=dict(Counter(one.program for one in last)),
        broken=tuple(sorted(one.seed for one in last if one.violations)),
    )  # fmt: skip


def _rate(count: float, seconds: float) -> float:
    return round(count / seconds, 3) if seconds else 0.0
