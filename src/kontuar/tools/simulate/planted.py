"""Planted faults: each takes away one thing that the promises rest on. The simulation must catch every one of them."""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

Change = tuple[Any, str, Any]
"""(where, name, what stands there instead)."""
Changes = Callable[[], Iterable[Change]]


class Planted(NamedTuple):
    """`breaks`: the promise that it breaks; `changes` makes it anew for each use."""

    name: str
    what: str
    breaks: str
    changes: Changes


class Faults:
    """A list of faults; used as a decorator, it lists a fault under its function's name."""

    def __init__(self) -> None:
        self.listed: list[Planted] = []

    def __call__(self, what: str, breaks: str) -> Callable[[Changes], Changes]:
        """`what` is wrong, which promise it breaks."""

        def keep(changes: Changes) -> Changes:
            self.listed.append(Planted(changes.__name__, what, breaks, changes))
            return changes

        return keep
