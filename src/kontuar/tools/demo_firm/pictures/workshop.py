"""Tools and tiles, toys and paper, and what a shop does rather than sells."""

from collections.abc import Mapping
from typing import Final

from kontuar.tools.demo_firm.pictures.brush import PALETTE, Brush, Colour, darker, lighter
from kontuar.tools.demo_firm.pictures.fresh import Shape

_PAPER = (255, 252, 245)
_STEEL = PALETTE["grey"]


def _tile(b: Brush, c: Colour, a: Colour) -> None:
    b.box(20, 20, 80, 80, darker(c, 0.2), 2)
    for x in (22, 51):
        for y in (22, 51):
            b.box(x, y, x + 27, y + 27, c, 1.5)
            b.shape(lighter(c, 0.4), (x + 3, y + 16), (x + 3, y + 3), (x + 16, y + 3))
    b.oval(50, 50, 9, 9, a)
    b.oval(50, 50, 4, 4, lighter(a, 0.5))


def _paint(b: Brush, c: Colour, a: Colour) -> None:
    b.arc(50, 36, 25, 20, 180, 360, _STEEL, 2.6)
    b.box(24, 36, 76, 80, lighter(_STEEL, 0.35), 3)
    b.oval(50, 36, 26, 7, darker(c, 0.15))
    b.oval(50, 36, 22, 5.2, c)
    for x, drop in ((34, 54), (42, 47), (62, 58)):
        b.box(x - 3, 38, x + 3, drop, c, 3)
    b.box(24, 60, 76, 73, a)


def _cable(b: Brush, c: Colour, a: Colour) -> None:
    for r, colour in ((30, c), (23, darker(a, 0.1)), (16, c)):
        b.arc(50, 50, r, r * 0.95, 0, 360, colour, 6)
    b.line(c, 5.5, (76, 64), (82, 82))
    b.line(PALETTE["amber"], 2.4, (82, 82), (84, 88))


def _screwdriver(b: Brush, c: Colour, a: Colour) -> None:
    b.line(a, 5, (24, 78), (52, 50))
    b.line(darker(a, 0.3), 3, (20, 82), (26, 76))
    b.line(c, 15, (56, 46), (74, 28))
    b.line(lighter(c, 0.4), 3, (55, 41), (71, 25))


def _screws(b: Brush, c: Colour, a: Colour) -> None:
    for x, y in ((32, 30), (54, 22), (68, 40)):
        b.oval(x, y, 9, 4, darker(c, 0.1))
        b.line(darker(c, 0.3), 1.6, (x - 4, y), (x + 4, y))
        b.shape(c, (x - 4, y + 3), (x + 4, y + 3), (x, y + 42))
        for step in range(4):
            width = 4.2 - step * 0.8
            b.line(a, 1.6, (x - width, y + 10 + step * 7), (x + width, y + 8 + step * 7))


def _bulb(b: Brush, c: Colour, a: Colour) -> None:
    for end in ((16, 42), (84, 42), (26, 18), (74, 18)):
        b.line(lighter(c, 0.1), 2.6, (50 + (end[0] - 50) * 0.8, 42 + (end[1] - 42) * 0.8), end)
    b.oval(50, 42, 21, 21, c)
    b.shape(c, (34, 54), (66, 54), (60, 68), (40, 68))
    b.oval(43, 35, 5, 7, lighter(c, 0.65))
    for y in (66, 72, 78):
        b.box(41, y, 59, y + 4.5, darker(a, 0.1), 2)


def _battery(b: Brush, c: Colour, a: Colour) -> None:
    for x in (33, 61):
        b.box(x + 2, 22, x + 10, 29, _STEEL, 1.5)
        b.box(x - 5, 27, x + 17, 80, c, 3)
        b.box(x - 5, 27, x + 17, 44, a, 3)
        b.line(_PAPER, 2.4, (x + 6, 52), (x + 6, 60))
        b.line(_PAPER, 2.4, (x + 2, 56), (x + 10, 56))


def _rattle(b: Brush, c: Colour, a: Colour) -> None:
    b.line(a, 6, (44, 56), (26, 80))
    b.oval(56, 40, 22, 22, c)
    b.oval(56, 40, 9, 9, lighter(c, 0.6))
    for x, y in ((56, 24), (72, 40), (56, 56), (40, 40)):
        b.oval(x, y, 2.6, 2.6, a)
    b.arc(24, 82, 6, 6, 0, 360, a, 2.6)


def _blocks(b: Brush, c: Colour, a: Colour) -> None:
    for x, y, colour in ((22, 52, c), (52, 52, a), (37, 24, PALETTE["rose"])):
        b.box(x, y, x + 27, y + 27, colour, 3)
        b.box(x + 4, y + 4, x + 23, y + 23, lighter(colour, 0.3), 2)
    b.oval(35.5, 65.5, 5.5, 5.5, c)
    b.shape(a, (59, 71), (72, 71), (65.5, 60))
    b.box(45.5, 32.5, 55.5, 42.5, PALETTE["rose"], 1)


def _bone(b: Brush, c: Colour, a: Colour) -> None:
    for shift, colour in ((2.5, darker(c, 0.2)), (0, c)):
        b.line(colour, 14, (36, 62 + shift), (64, 40 + shift))
        for x, y in ((28, 60), (36, 72), (64, 30), (73, 40)):
            b.oval(x, y + shift, 9.5, 9.5, colour)
    b.line(lighter(a, 0.5), 2.6, (40, 56), (58, 42))


def _ball(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 52, 29, 29, c)
    b.arc(22, 44, 26, 26, 310, 80, a, 3.2)
    b.arc(78, 60, 26, 26, 130, 260, a, 3.2)
    b.oval(41, 37, 6, 4.5, lighter(c, 0.6))


def _pencil(b: Brush, c: Colour, a: Colour) -> None:
    for shift, colour in ((14, a), (0, c)):
        x, y = 24 + shift, 62 + shift * 0.5
        b.shape(PALETTE["cream"], (x - 5, y + 17), (x - 1, y), (x + 12, y + 13))
        b.shape(darker(colour, 0.25), (x - 5, y + 17), (x - 3.6, y + 11), (x + 1, y + 15.6))
        b.shape(colour, (x - 1, y), (x + 12, y + 13), (x + 50, y - 25), (x + 37, y - 38))
        b.shape(darker(colour, 0.15), (x + 6, y + 7), (x + 12, y + 13), (x + 50, y - 25), (x + 44, y - 31))


def _notebook(b: Brush, c: Colour, a: Colour) -> None:
    b.box(29, 21, 77, 83, darker(a, 0.15), 3)
    b.box(30, 22, 74, 80, _PAPER, 2)
    b.box(26, 18, 71, 79, c, 3)
    b.box(26, 18, 34, 79, darker(c, 0.2), 3)
    b.box(41, 30, 64, 45, _PAPER, 2)
    b.line(a, 1.8, (45, 35.5), (60, 35.5))
    b.line(a, 1.8, (45, 40), (55, 40))


def _news(b: Brush, c: Colour, a: Colour) -> None:
    b.box(27, 18, 77, 80, darker(c, 0.15), 2)
    b.box(23, 21, 73, 83, c, 2)
    b.box(29, 27, 67, 34, a, 1)
    b.box(29, 40, 46, 58, lighter(a, 0.55), 1)
    for y in (42, 48, 54):
        b.line(PALETTE["grey"], 1.8, (51, y), (66, y))
    for y in (64, 70, 76):
        b.line(PALETTE["grey"], 1.8, (30, y), (66, y))


def _envelope(b: Brush, c: Colour, a: Colour) -> None:
    b.box(18, 32, 82, 76, darker(c, 0.12), 3)
    b.box(18, 30, 82, 74, c, 3)
    b.line(darker(c, 0.2), 2.2, (20, 33), (50, 56), (80, 33))
    b.box(64, 50, 76, 66, _PAPER, 1)
    b.box(66, 52, 74, 64, a, 1)


def _truck(b: Brush, c: Colour, a: Colour) -> None:
    b.box(14, 32, 60, 68, c, 3)
    b.shape(a, (60, 42), (75, 42), (86, 56), (86, 68), (60, 68))
    b.shape(_PAPER, (65, 46), (73, 46), (80, 56), (65, 56))
    b.line(lighter(c, 0.5), 3, (22, 44), (42, 44))
    b.line(lighter(c, 0.5), 3, (22, 52), (34, 52))
    for x in (30, 72):
        b.oval(x, 70, 8.5, 8.5, PALETTE["ink"])
        b.oval(x, 70, 3.6, 3.6, _STEEL)


def _gift(b: Brush, c: Colour, a: Colour) -> None:
    b.box(25, 48, 75, 82, c, 3)
    b.box(21, 38, 79, 51, darker(c, 0.12), 3)
    b.box(45, 38, 55, 82, a)
    for x in (40, 60):
        b.arc(x, 30, 10, 8, 0, 360, a, 4)
    b.oval(50, 36, 5, 4, darker(a, 0.15))


def _scissors(b: Brush, c: Colour, a: Colour) -> None:
    b.line(a, 6, (40, 60), (66, 18))
    b.line(darker(a, 0.15), 6, (60, 60), (34, 18))
    for x in (34, 66):
        b.arc(x, 70, 11, 11, 0, 360, c, 6)
    b.oval(50, 44, 2.4, 2.4, PALETTE["ink"])


def _shield(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(c, (50, 16), (77, 26), (75, 52), (64, 70), (50, 82), (36, 70), (25, 52), (23, 26))
    b.shape(darker(c, 0.12), (50, 16), (77, 26), (75, 52), (64, 70), (50, 82))
    b.line(a, 6, (38, 49), (47, 59), (63, 38))


WORKSHOP: Final[Mapping[str, Shape]] = {
    "tile": _tile, "paint": _paint, "cable": _cable, "screwdriver": _screwdriver, "screws": _screws,
    "bulb": _bulb, "battery": _battery, "rattle": _rattle, "blocks": _blocks, "bone": _bone,
    "ball": _ball, "pencil": _pencil, "notebook": _notebook, "news": _news, "envelope": _envelope,
    "truck": _truck, "gift": _gift, "scissors": _scissors, "shield": _shield,
}  # fmt: skip
