"""What a person sees while baskets are sold."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn


class Watch(Protocol):
    """Told what goes on; decides nothing."""

    def step(self, text: str) -> None:
        """The run enters another step."""
        ...

    def begin(self, baskets: int) -> None:
        """Selling begins."""
        ...

    def sold(self, *, offline: bool) -> None:
        """One basket more; `offline` = while its station was cut off."""
        ...


class Silent:
    """For tests."""

    def step(self, text: str) -> None:
        """Nothing is shown."""

    def begin(self, baskets: int) -> None:
        """Nothing is shown."""

    def sold(self, *, offline: bool) -> None:
        """Nothing is shown."""


class Shown:
    """A line per step, and one bar for the baskets."""

    def __init__(self, console: Console, progress: Progress) -> None:
        self._console = console
        self._progress = progress
        self._task = progress.add_task("", visible=False, total=None)
        self._started = time.monotonic()
        self._offline = 0

    def step(self, text: str) -> None:
        """A line with the seconds since the start."""
        self._console.print(f"[dim]{time.monotonic() - self._started:7.1f} s[/dim]  {text}")

    def begin(self, baskets: int) -> None:
        """The bar appears."""
        self._progress.update(self._task, total=baskets, visible=True, description="baskets sold")

    def sold(self, *, offline: bool) -> None:
        """The bar grows."""
        self._offline += offline
        self._progress.update(self._task, advance=1, description=f"baskets sold ({self._offline} cut off)")


@contextmanager
def shown(console: Console) -> Iterator[Shown]:
    """A `Shown` whose bar leaves the screen tidy, whatever happens."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=not console.is_terminal) as progress:
        yield Shown(console, progress)
