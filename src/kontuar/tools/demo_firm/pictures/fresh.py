"""What has no wrapping: bread, fruit, vegetables, meat, fish."""

from collections.abc import Callable, Mapping
from typing import Final

from kontuar.tools.demo_firm.pictures.brush import PALETTE, Brush, Colour, darker, lighter

Shape = Callable[[Brush, Colour, Colour], None]

_LEAF = PALETTE["leaf"]
_BARK = PALETTE["bark"]


def _loaf(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 58, 34, 22, darker(c))
    b.oval(50, 55, 34, 21, c)
    b.oval(46, 48, 22, 9, lighter(c, 0.18))
    for x in (34, 47, 60):
        b.line(a, 3.4, (x, 58), (x + 8, 42))


def _toast(b: Brush, c: Colour, a: Colour) -> None:
    for shift, colour in ((7, darker(c)), (0, c)):
        b.box(25 + shift, 40 - shift, 68 + shift, 80 - shift, colour, 5)
        b.oval(46.5 + shift, 40 - shift, 25, 14, colour)
    b.box(29, 42, 64, 76, a, 4)
    b.oval(46.5, 42, 20, 10, a)


def _baguette(b: Brush, c: Colour, a: Colour) -> None:
    b.line(darker(c), 21, (26, 74), (75, 30))
    b.line(c, 18, (25, 72), (74, 29))
    for step in range(4):
        x, y = 31 + step * 11, 67 - step * 10
        b.line(a, 3, (x - 3, y - 7), (x + 6, y + 3))


def _bun(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 60, 30, 20, darker(c))
    b.oval(50, 56, 30, 20, c)
    b.oval(50, 51, 17, 9, a)
    for x, y in ((40, 50), (47, 47), (55, 51), (60, 47), (49, 55)):
        b.oval(x, y, 1.3, 1.3, darker(a, 0.4))


def _croissant(b: Brush, c: Colour, a: Colour) -> None:
    for x, y, rx, ry in ((22, 64, 10, 9), (78, 64, 10, 9), (32, 54, 13, 13), (68, 54, 13, 13), (50, 48, 17, 17)):
        b.oval(x, y + 2, rx, ry, darker(c, 0.3))
        b.oval(x, y, rx, ry, c)
        b.arc(x, y + 2, rx - 4, ry - 3, 220, 320, a if a != c else lighter(c), 2.6)


def _donut(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 60, 31, 20, darker(c))
    b.oval(50, 56, 31, 20, c)
    b.oval(50, 51, 26, 14, a)
    for x, y in ((36, 50), (44, 44), (55, 57), (62, 46), (66, 53), (45, 57)):
        b.line(lighter(a, 0.7), 2, (x, y), (x + 3, y + 1.5))
    b.oval(50, 51, 6, 3.5, darker(a, 0.3))


def _cake(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(darker(c, 0.1), (18, 52), (74, 34), (82, 50))
    b.box(18, 51, 82, 75, a, 2)
    b.box(18, 51, 82, 57, lighter(c, 0.4), 1)
    b.box(18, 64, 82, 68, c)
    b.oval(62, 42, 5, 5, PALETTE["rose"])


def _apple(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(41, 55, 21, 24, c)
    b.oval(59, 55, 21, 24, darker(c, 0.08))
    b.oval(50, 58, 20, 21, c)
    b.oval(36, 48, 5, 8, lighter(c))
    b.line(_BARK, 3, (50, 38), (53, 22))
    b.oval(63, 27, 9, 4.5, a)


def _pear(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 62, 22, 19, c)
    b.oval(50, 42, 13, 17, c)
    b.shape(c, (37.5, 42), (62.5, 42), (71, 58), (29, 58))
    b.oval(42, 58, 5, 8, lighter(c))
    b.line(a, 3, (50, 28), (55, 17))


def _banana(b: Brush, c: Colour, a: Colour) -> None:
    for shift, colour in ((7, darker(c, 0.15)), (0, c)):
        b.arc(44 + shift / 2, 26 - shift / 2, 40, 46, 15, 120, colour, 15)
    b.line(a, 5, (79, 33), (80, 26))
    b.oval(26, 62, 4, 4, _BARK)


def _citrus(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(42, 52, 25, 25, c)
    b.oval(35, 43, 6, 5, lighter(c))
    b.oval(58, 27, 10, 4.5, a)
    b.oval(65, 62, 18, 18, darker(c, 0.1))
    b.oval(65, 62, 15.5, 15.5, lighter(c, 0.75))
    for start in range(0, 360, 60):
        b.wedge(65, 62, 13.5, 13.5, start + 5, start + 55, lighter(c, 0.1))


def _grapes(b: Brush, c: Colour, a: Colour) -> None:
    b.line(_BARK, 3, (50, 36), (54, 20))
    b.oval(64, 27, 11, 6, a)
    for row, count in enumerate((4, 3, 3, 2, 1)):
        for place in range(count):
            x = 50 + (place - (count - 1) / 2) * 14
            y = 39 + row * 9.5
            b.oval(x, y, 8, 8, darker(c, 0.06 * ((row + place) % 3)))
            b.oval(x - 2.5, y - 2.5, 2, 2, lighter(c))


def _berry(b: Brush, c: Colour, a: Colour) -> None:
    for x, y in ((36, 50), (64, 50), (50, 58)):
        b.oval(x, y, 15, 13, darker(c, 0.08))
        b.shape(darker(c, 0.08), (x - 14, y + 4), (x + 14, y + 4), (x, y + 21))
        b.oval(x, y, 14, 12, c)
        for dx, dy in ((-6, -1), (0, 4), (6, -1), (0, -5)):
            b.oval(x + dx, y + dy, 1.2, 1.5, lighter(c, 0.7))
        b.shape(a, (x - 11, y - 12), (x, y - 6), (x + 11, y - 12), (x + 3, y - 14), (x, y - 20), (x - 3, y - 14))


def _potato(b: Brush, c: Colour, a: Colour) -> None:
    for x, y, rx, ry in ((37, 58, 22, 16), (63, 62, 20, 15), (52, 42, 21, 15)):
        b.oval(x, y + 1.5, rx, ry, darker(c, 0.2))
        b.oval(x, y, rx, ry, c)
        for dx, dy in ((-8, -3), (4, -5), (9, 4)):
            b.oval(x + dx, y + dy, 1.5, 1.1, a if a != c else darker(c))


def _carrot(b: Brush, c: Colour, a: Colour) -> None:
    for dx in (-9, 0, 9):
        b.line(a, 5, (62, 38), (70 + dx, 16 + abs(dx)))
    b.shape(c, (48, 34), (68, 52), (22, 80))
    b.oval(58, 43, 13.5, 13.5, c)
    for x, y in ((52, 49), (43, 60), (35, 67)):
        b.line(darker(c), 1.8, (x - 2, y - 4), (x + 5, y + 2))


def _onion(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(darker(c, 0.1), (42, 38), (58, 38), (51, 17))
    b.oval(50, 57, 28, 23, c)
    for rx in (19, 9):
        b.arc(50, 57, rx, 22.5, 0, 360, a, 1.8)
    b.line(_BARK, 1.5, (46, 81), (50, 78), (54, 81))


def _tomato(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 56, 29, 24, c)
    b.oval(37, 48, 6, 7, lighter(c))
    for x, y in ((32, 36), (42, 43), (50, 46), (58, 43), (68, 36)):
        b.line(a, 4, (50, 35), (x, y))
    b.line(a, 3.4, (50, 35), (53, 24))


def _cucumber(b: Brush, c: Colour, a: Colour) -> None:
    b.line(darker(c), 22, (30, 69), (71, 33))
    b.line(c, 19, (29, 67), (70, 31))
    for x, y in ((36, 60), (46, 53), (55, 44), (65, 36)):
        b.oval(x - 3, y - 3, 1.6, 1.6, a)
    b.oval(29, 67, 9, 9.5, lighter(a, 0.55))
    for dx, dy in ((-3, -2), (3, -2), (0, 3)):
        b.oval(29 + dx, 67 + dy, 1, 1.4, a)


def _pepper(b: Brush, c: Colour, a: Colour) -> None:
    for x in (36, 64, 50):
        b.oval(x, 52, 16, 20, darker(c, 0.1 if x != 50 else 0))
        b.oval(x * 0.7 + 15, 66, 10, 13, darker(c, 0.1 if x != 50 else 0))
    b.oval(45, 46, 3.5, 8, lighter(c))
    b.oval(50, 34, 11, 4.5, a)
    b.line(a, 5, (50, 33), (55, 20))


def _lettuce(b: Brush, c: Colour, a: Colour) -> None:
    for x, y, r in ((32, 52, 16), (68, 52, 16), (40, 38, 15), (60, 38, 15), (36, 64, 15), (64, 64, 15)):
        b.oval(x, y, r, r, a)
    for x, y, r in ((40, 54, 14), (60, 54, 14), (50, 42, 14), (50, 64, 14)):
        b.oval(x, y, r, r, c)
    for x, y in ((38, 40), (62, 40), (50, 34)):
        b.line(lighter(c, 0.5), 2, (50, 70), (x, y))


def _mushroom(b: Brush, c: Colour, a: Colour) -> None:
    for x, y, size in ((63, 60, 0.75), (43, 52, 1.0)):
        b.box(x - 7 * size, y, x + 7 * size, y + 25 * size, darker(c, 0.06), 5)
        b.chord(x, y + 4, 25 * size, 24 * size, 180, 360, darker(a, 0.1))
        b.chord(x, y + 2, 24 * size, 22 * size, 180, 360, a)
        b.oval(x - 8 * size, y - 9 * size, 5 * size, 3 * size, lighter(a))


def _ham(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(52, 57, 32, 23, darker(c))
    b.oval(50, 54, 32, 23, lighter(a, 0.45))
    b.oval(50, 54, 28, 19.5, c)
    b.arc(46, 54, 16, 10, 200, 320, lighter(a, 0.3), 2.4)
    b.arc(56, 58, 16, 9, 20, 140, lighter(a, 0.3), 2.4)
    b.oval(36, 51, 6, 5, lighter(c, 0.75))
    b.oval(36, 51, 3, 2.4, a)


def _drumstick(b: Brush, c: Colour, a: Colour) -> None:
    b.line(darker(a, 0.1), 7, (56, 56), (76, 74))
    b.oval(75, 78, 5, 5, darker(a, 0.1))
    b.oval(79, 72, 5, 5, darker(a, 0.1))
    b.oval(43, 45, 25, 22, darker(c, 0.18))
    b.oval(41, 43, 24, 21, c)
    b.shape(c, (34, 61), (60, 38), (64, 63))
    b.oval(34, 36, 8, 5, lighter(c))


def _sausage(b: Brush, c: Colour, a: Colour) -> None:
    for shift in (0, 20):
        b.arc(50, 24 + shift, 42, 32, 25, 155, darker(c), 16)
        b.arc(50, 22 + shift, 42, 32, 25, 155, c, 14.5)
        b.arc(50, 18.5 + shift, 40, 30, 45, 135, a, 2.2)
        for x in (14.5, 85.5):
            b.oval(x, 37 + shift, 4, 4, darker(c))


def _fish(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(a, (68, 51), (88, 35), (84, 51), (88, 67))
    b.oval(45, 51, 31, 17, c)
    b.chord(45, 51, 31, 17, 0, 180, lighter(c, 0.35))
    b.shape(a, (40, 36), (60, 37), (54, 26))
    b.arc(30, 51, 9, 15, 290, 70, a, 2)
    b.oval(25, 46, 3, 3, (255, 255, 255))
    b.oval(25, 46, 1.5, 1.5, (40, 40, 48))


def _egg(b: Brush, c: Colour, a: Colour) -> None:
    for x in (32, 50, 68):
        b.oval(x, 49, 10.5, 14, darker(c, 0.1))
        b.oval(x - 0.5, 48, 10, 13.5, c)
        b.oval(x - 3, 43, 3, 4, lighter(c, 0.5))
    b.box(17, 54, 83, 74, darker(a, 0.1), 4)
    b.box(17, 54, 83, 59, a, 2.5)


FRESH: Final[Mapping[str, Shape]] = {
    "loaf": _loaf, "toast": _toast, "baguette": _baguette, "bun": _bun, "croissant": _croissant,
    "donut": _donut, "cake": _cake, "apple": _apple, "pear": _pear, "banana": _banana, "citrus": _citrus,
    "grapes": _grapes, "berry": _berry, "potato": _potato, "carrot": _carrot, "onion": _onion,
    "tomato": _tomato, "cucumber": _cucumber, "pepper": _pepper, "lettuce": _lettuce,
    "mushroom": _mushroom, "ham": _ham, "drumstick": _drumstick, "sausage": _sausage, "fish": _fish,
    "egg": _egg,
}  # fmt: skip
