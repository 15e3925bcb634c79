"""Which seeds caught which planted faults: a line of JSON for each fault and seed, and the table of all of them."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from kontuar.tools.simulate.planted import Planted


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """One seed with one fault. `check`: what caught it, empty = nothing did; `violation`: in words."""

    fault: str
    seed: int
    wanted: int
    stores: int
    stations: int
    check: str
    violation: str = ""

    def shape(self) -> tuple[int, int, int]:
        """As a verdict's."""
        return self.wanted, self.stores, self.stations


def tried(file: Path | None) -> list[Tried]:
    """All that a file has; a line that a crash cut in two is none."""
    found = []
    for line in file.read_bytes().splitlines() if file is not None and file.exists() else ():
        try:
            found.append(msgspec.json.decode(line, type=Tried))
        except msgspec.DecodeError:
            continue
    return found


def left(known: Iterable[Tried], fault: str, seeds: Sequence[int], shape: tuple[int, int, int]) -> list[int]:
    """Seeds that are still to be tried: none when one caught it."""
    of_it = [one for one in known if one.fault == fault and one.shape() == shape]
    if any(one.check for one in of_it):
        return []
    missed = {one.seed for one in of_it}
    return [seed for seed in seeds if seed not in missed]


def table(known: Sequence[Tried], faults: Sequence[Planted]) -> Iterator[str]:
    """In Markdown: each fault, the promise that it breaks, the first seed that caught it and by what."""
    yield "| fault | breaks | caught by seed | by the check |"
    yield "| --- | --- | --- | --- |"
    for fault in faults:
        of_it = sorted((one for one in known if one.fault == fault.name), key=lambda one: one.seed)
        caught = next((one for one in of_it if one.check), None)
        seeds = str(caught.seed) if caught else f"**none of {len(of_it)}**" if of_it else "not tried"
        yield f"| `{fault.name}`: {fault.what} | {fault.breaks} | {seeds} | {_caught_by(caught) if caught else ''} |"


def _caught_by(caught: Tried) -> str:
    """The check; of what was seen at once, the requirement that it names, where it names one."""
    at_once = caught.violation.removeprefix("fault: ").partition(":")[0]
    return f"{at_once}, at once" if caught.check == "fault" and at_once.startswith("REL-") else caught.check


def all_caught(known: Sequence[Tried], faults: Sequence[Planted]) -> bool:
    """Whether every fault has a seed that caught it."""
    caught = {one.fault for one in known if one.check}
    return all(fault.name in caught for fault in faults)
