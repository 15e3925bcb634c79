"""What keeps a home clean and its people well."""

from collections.abc import Mapping
from typing import Final

from kontuar.tools.demo_firm.pictures.brush import PALETTE, Brush, Colour, blend, darker, lighter
from kontuar.tools.demo_firm.pictures.fresh import Shape

_PAPER = (255, 252, 245)
_STEEL = PALETTE["grey"]


def _jug(b: Brush, c: Colour, a: Colour) -> None:
    b.box(40, 15, 56, 25, darker(a, 0.2), 2)
    b.shape(c, (38, 25), (58, 25), (72, 42), (28, 42))
    b.box(28, 40, 72, 83, c, 6)
    b.arc(66, 38, 12, 14, 250, 90, darker(c), 5)
    b.box(33, 50, 62, 74, a, 4)
    b.oval(47, 62, 7, 7, lighter(c, 0.2))


def _pump(b: Brush, c: Colour, a: Colour) -> None:
    b.line(darker(c, 0.3), 4, (36, 18), (52, 18), (52, 30))
    b.box(43, 27, 61, 35, darker(c, 0.3), 2)
    b.box(34, 34, 70, 83, c, 8)
    b.box(38, 40, 41.5, 76, lighter(c, 0.5), 1.5)
    b.oval(53, 60, 12, 14, a)
    b.oval(53, 62, 5, 6, darker(c, 0.1))


def _spray(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(a, (36, 16), (64, 16), (66, 27), (36, 25))
    b.line(darker(a, 0.2), 4, (42, 26), (38, 36))
    b.box(48, 26, 60, 40, darker(c, 0.1))
    b.shape(c, (48, 36), (60, 36), (72, 54), (36, 54))
    b.box(36, 52, 72, 84, c, 5)
    b.box(36, 60, 72, 74, lighter(a, 0.3))
    for x, y in ((29, 16), (28, 21), (23, 18)):
        b.oval(x, y, 1.6, 1.6, PALETTE["sky"])


def _sponge(b: Brush, c: Colour, a: Colour) -> None:
    b.box(22, 46, 78, 74, a, 5)
    b.box(22, 38, 78, 60, c, 6)
    for x, y, r in ((32, 46, 2.4), (44, 52, 3), (54, 44, 2), (64, 51, 3.2), (71, 45, 1.8), (37, 55, 1.6)):
        b.oval(x, y, r, r, darker(c, 0.18))


def _roll(b: Brush, c: Colour, a: Colour) -> None:
    b.box(30, 34, 70, 72, darker(c, 0.06))
    b.oval(50, 72, 20, 8, darker(c, 0.06))
    b.shape(c, (62, 38), (70, 34), (82, 76), (62, 79))
    b.oval(50, 34, 20, 9, lighter(c, 0.4))
    b.oval(50, 34, 7.5, 3.6, darker(a, 0.1))
    for y in (48, 58, 68):
        b.oval(40, y, 2, 2, a)
        b.oval(53, y + 3, 2, 2, a)


def _brush(b: Brush, c: Colour, a: Colour) -> None:
    b.line(c, 8, (76, 24), (50, 50))
    b.line(lighter(c, 0.4), 2, (74, 24), (54, 44))
    b.shape(darker(c, 0.2), (42, 42), (58, 58), (48, 66), (34, 52))
    b.shape(a, (34, 52), (48, 66), (34, 82), (18, 66))
    for step in (0, 5, 10):
        b.line(darker(a, 0.2), 1.2, (32 + step, 56 + step), (23 + step, 66 + step))


def _toothbrush(b: Brush, c: Colour, a: Colour) -> None:
    b.line(c, 6.5, (28, 82), (60, 38), (70, 22))
    b.line(lighter(c, 0.5), 1.8, (31, 76), (46, 55))
    for step in range(4):
        x, y = 58 + step * 3.4, 37 - step * 5.4
        b.line(blend(a, PALETTE["teal"], 0.8), 4, (x + 3, y), (x + 14, y + 7))


def _folded(b: Brush, c: Colour, a: Colour) -> None:
    for step, colour in enumerate((darker(c, 0.2), a, c)):
        y = 62 - step * 14
        b.box(20 + step * 2, y, 80 - step * 2, y + 15, darker(colour, 0.14), 7)
        b.box(20 + step * 2, y, 80 - step * 2, y + 11, colour, 5.5)
        b.line(darker(colour, 0.12), 1.6, (28 + step * 2, y + 5.5), (72 - step * 2, y + 5.5))


def _shopping(b: Brush, c: Colour, a: Colour) -> None:
    b.arc(50, 38, 14, 18, 180, 360, darker(c, 0.25), 3.6)
    b.shape(c, (25, 36), (75, 36), (79, 82), (21, 82))
    b.shape(darker(c, 0.1), (66, 36), (75, 36), (79, 82), (68, 82))
    b.chord(48, 56, 14, 14, 0, 180, a)
    b.arc(48, 57, 11, 13, 180, 360, a, 2.4)


def _soap(b: Brush, c: Colour, a: Colour) -> None:
    b.box(22, 46, 78, 74, darker(c, 0.15), 13)
    b.box(22, 43, 78, 70, c, 13)
    b.oval(50, 56, 17, 7.5, darker(c, 0.08))
    b.oval(50, 55, 16, 6.8, lighter(c, 0.25))
    for x, y, r in ((66, 33, 7), (54, 26, 5), (73, 22, 4)):
        b.oval(x, y, r, r, lighter(a, 0.3))
        b.oval(x - r / 3, y - r / 3, r / 3.5, r / 3.5, _PAPER)


def _tube(b: Brush, c: Colour, a: Colour) -> None:
    b.box(42, 72, 60, 84, darker(a, 0.15), 2)
    b.shape(c, (30, 18), (72, 18), (64, 73), (38, 73))
    b.box(29, 15, 73, 22, darker(c, 0.15), 1)
    b.shape(a, (33, 36), (69.5, 36), (67, 52), (35.5, 52))
    b.oval(51, 44, 5, 5, lighter(c, 0.4))


def _pot(b: Brush, c: Colour, a: Colour) -> None:
    for x in (19, 81):
        b.oval(x, 52, 7, 5, darker(c, 0.3))
    b.box(22, 44, 78, 78, c, 7)
    b.box(27, 50, 32, 72, lighter(c, 0.45), 2)
    b.chord(50, 44, 29, 13, 180, 360, darker(c, 0.12))
    b.box(19, 42, 81, 47, darker(c, 0.22), 2)
    b.oval(50, 29, 5, 4, a)


def _pan(b: Brush, c: Colour, a: Colour) -> None:
    b.line(darker(a, 0.1), 8, (62, 62), (85, 82))
    b.oval(44, 46, 30, 28, darker(c, 0.25))
    b.oval(43, 44, 30, 28, c)
    b.oval(43, 44, 24, 22, lighter(c, 0.12))
    b.oval(40, 42, 13, 11, _PAPER)
    b.oval(41, 42, 5.5, 5.5, PALETTE["honey"])


def _mug(b: Brush, c: Colour, a: Colour) -> None:
    b.arc(70, 52, 13, 13, 270, 90, darker(c, 0.15), 5)
    b.box(26, 34, 70, 80, c, 8)
    b.oval(48, 35, 22, 6, lighter(c, 0.4))
    b.oval(48, 35.5, 18, 4.2, PALETTE["bark"])
    b.box(26, 54, 70, 61, a)
    for x in (42, 52):
        b.line(lighter(c, 0.7), 2, (x, 26), (x + 2, 20), (x, 14))


def _glass(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(lighter(c, 0.5), (30, 22), (70, 22), (65, 82), (35, 82))
    b.shape(PALETTE["amber"], (32.5, 44), (67.5, 44), (65, 78), (35, 78))
    b.oval(50, 22, 20, 4, a)
    b.line(_PAPER, 2.4, (37, 30), (40, 70))


def _plate(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 53, 35, 33, darker(c, 0.12))
    b.oval(50, 51, 35, 33, c)
    b.arc(50, 51, 31, 29, 0, 360, a, 2.6)
    b.oval(50, 51, 21, 19.5, darker(c, 0.05))
    b.oval(50, 52, 20, 18.5, lighter(c, 0.5))


def _knife(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(lighter(c, 0.45), (18, 26), (26, 20), (62, 58), (54, 66), (34, 54))
    b.shape(c, (18, 26), (34, 54), (54, 66), (50, 60))
    b.line(a, 9, (62, 64), (80, 82))
    for x in (66, 75):
        b.oval(x, x + 2, 1.6, 1.6, _STEEL)


def _board(b: Brush, c: Colour, a: Colour) -> None:
    b.box(43, 14, 57, 34, darker(c, 0.06), 5)
    b.box(26, 28, 74, 84, darker(c, 0.15), 7)
    b.box(26, 26, 74, 81, c, 7)
    b.oval(50, 20, 2.6, 2.6, darker(a, 0.3))
    for x in (36, 46, 56, 65):
        b.line(darker(c, 0.12), 1.6, (x, 34), (x + 1.5, 54), (x, 74))


def _candle(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 27, 6, 10, a)
    b.oval(50, 30, 3, 5.5, _PAPER)
    b.line(PALETTE["ink"], 1.6, (50, 36), (50, 43))
    b.box(36, 44, 64, 80, c, 4)
    b.oval(50, 45, 14, 4, lighter(c, 0.5))
    b.oval(50, 80, 26, 5, darker(a, 0.2))
    b.box(36, 70, 64, 80, darker(c, 0.08), 3)


def _cloth(b: Brush, c: Colour, a: Colour) -> None:
    for step in range(5):
        x = 22 + step * 11.5
        b.box(x, 26, x + 11.5, 80 - (step % 2) * 4, darker(c, 0.12 * (step % 2)), 3)
        b.oval(x + 5.7, 44 + (step % 2) * 14, 2.6, 2.6, a)
    b.line(PALETTE["bark"], 4, (16, 25), (84, 25))


def _flower(b: Brush, c: Colour, a: Colour) -> None:
    for x, top in ((34, 36), (66, 36), (50, 28)):
        b.line(a, 3, (50, 84), (x, top + 8))
        b.oval(x, top, 10, 10, c)
        b.shape(darker(c, 0.12), (x - 10, top), (x - 10, top - 13), (x, top - 4), (x + 10, top - 13), (x + 10, top))
        b.oval(x, top + 2, 6, 8, lighter(c, 0.18))
    b.oval(38, 66, 11, 4.5, a)
    b.oval(62, 70, 11, 4.5, darker(a, 0.12))


HOUSEHOLD: Final[Mapping[str, Shape]] = {
    "jug": _jug, "pump": _pump, "spray": _spray, "sponge": _sponge, "roll": _roll, "brush": _brush,
    "toothbrush": _toothbrush, "folded": _folded, "shopping": _shopping, "soap": _soap, "tube": _tube,
    "pot": _pot, "pan": _pan, "mug": _mug, "glass": _glass, "plate": _plate, "knife": _knife,
    "board": _board, "candle": _candle, "cloth": _cloth, "flower": _flower,
}  # fmt: skip
