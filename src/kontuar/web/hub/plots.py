"""Plots as pictures that the server draws: bars with a scale, coloured by the kit, a table always beside them (HUB-08).

No script and no library: a bar is four numbers. Positions are in the picture's own units, so it scales with the page.
"""

from collections.abc import Callable, Sequence
from typing import Final

import msgspec

WIDTH: Final = 720
HEIGHT: Final = 240
_LEFT: Final = 72
_BOTTOM: Final = 26
_TOP: Final = 10
_ROW: Final = 26
_NAMES: Final = 220
MOST_BARS: Final = 15
_MOST_LABELS: Final = 12
_LONGEST_NAME: Final = 28
Written = Callable[[int], str]


class Bar(msgspec.Struct, frozen=True):
    """A rectangle; `kind` now or before; `told` is what it says when pointed at."""

    x: float
    y: float
    width: float
    height: float
    kind: str
    told: str


class Label(msgspec.Struct, frozen=True):
    """A text at a place; `anchor` start, middle or end."""

    x: float
    y: float
    text: str
    anchor: str


class Plot(msgspec.Struct, frozen=True, kw_only=True):
    """`lines`: (x1, y1, x2, y2) of the scale."""

    width: int
    height: int
    bars: tuple[Bar, ...]
    labels: tuple[Label, ...]
    lines: tuple[tuple[float, float, float, float], ...]


class Figure(msgspec.Struct, frozen=True):
    """What one bar shows: its name, its value, and the value of the period before (None = not asked for)."""

    name: str
    value: int
    before: int | None = None


def columns(figures: Sequence[Figure], written: Written) -> Plot | None:
    """Bars side by side, for what has an order (days, hours); None when there is nothing to draw."""
    step = _scale(figures)
    if step is None:
        return None
    most = step * 4
    inner = HEIGHT - _BOTTOM - _TOP
    slot = (WIDTH - _LEFT) / len(figures)
    every = -(-len(figures) // _MOST_LABELS)
    bars: list[Bar] = []
    labels: list[Label] = []
    for position, figure in enumerate(figures):
        left = _LEFT + slot * position
        both = ((figure.before, "before"), (figure.value, "now"))
        pair = [(value, kind) for value, kind in both if value is not None]
        width = slot * 0.76 / len(pair)
        for place, (value, kind) in enumerate(pair):
            height = inner * max(0, value) / most
            told = f"{figure.name}: {written(value)}"
            x = left + slot * 0.12 + width * place
            bars.append(Bar(_r(x), _r(_TOP + inner - height), _r(width), _r(height), kind, told))
        if position % every == 0:
            labels.append(Label(_r(left + slot / 2), HEIGHT - 8, figure.name, "middle"))
    heights = [(_TOP + inner - inner * part / 4, step * part) for part in range(5)]
    labels += [Label(_LEFT - 8, _r(y + 4), written(value), "end") for y, value in heights]
    lines = tuple((float(_LEFT), _r(y), float(WIDTH), _r(y)) for y, _ in heights)
    return Plot(width=WIDTH, height=HEIGHT, bars=tuple(bars), labels=tuple(labels), lines=lines)


def rows(figures: Sequence[Figure], written: Written, width: int = WIDTH) -> Plot | None:
    """Bars below each other, for what has names (stores, articles): the first fifteen. `width`: less in a narrow panel,
    or its words become too small to read."""
    shown = figures[:MOST_BARS]
    step = _scale(shown)
    if step is None:
        return None
    names = min(_NAMES, width // 3)
    room = width - names - 110
    bars: list[Bar] = []
    labels: list[Label] = []
    for position, figure in enumerate(shown):
        y = _ROW * position + 4
        now = room * max(0, figure.value) / (step * 4)
        told = f"{figure.name}: {written(figure.value)}"
        if figure.before is not None:
            before = room * max(0, figure.before) / (step * 4)
            bars.append(Bar(names, y + 1, _r(before), 16, "before", f"{figure.name}: {written(figure.before)}"))
        bars.append(Bar(names, y + 4, _r(now), 10, "now", told))
        labels.append(Label(names - 8, y + 13, _short(figure.name), "end"))
        labels.append(Label(_r(names + now + 6), y + 13, written(figure.value), "start"))
    height = _ROW * len(shown) + 8
    return Plot(width=width, height=height, bars=tuple(bars), labels=tuple(labels), lines=())


def _scale(figures: Sequence[Figure]) -> int | None:
    """A quarter of the scale, a round number; None where nothing is above zero."""
    largest = max((max(figure.value, figure.before or 0) for figure in figures), default=0)
    if largest <= 0:
        return None
    step = 1
    while True:
        for factor in (1, 2, 5):
            if step * factor * 4 >= largest:
                return step * factor
        step *= 10


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"


def _r(value: float) -> float:
    return round(value, 1)
