"""What comes in a carton, a jar, a bottle, a bag."""

from collections.abc import Mapping
from typing import Final

from kontuar.tools.demo_firm.pictures.brush import PALETTE, Brush, Colour, darker, lighter
from kontuar.tools.demo_firm.pictures.fresh import Shape

_PAPER = (255, 252, 245)


def _carton(b: Brush, c: Colour, a: Colour) -> None:
    b.box(34, 20, 66, 25, darker(c), 1)
    b.shape(darker(c, 0.1), (36, 25), (64, 25), (71, 39), (29, 39))
    b.box(29, 38, 71, 82, c)
    b.box(60, 38, 71, 82, darker(c, 0.1))
    b.oval(45, 59, 11, 11, a)
    b.chord(45, 59, 11, 11, 10, 170, lighter(darker(a, 0.1), 0.2) if a != c else darker(a))


def _tub(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(c, (27, 40), (73, 40), (67, 80), (33, 80))
    b.shape(darker(c, 0.08), (60, 40), (73, 40), (67, 80), (57, 80))
    b.box(24, 31, 76, 40, lighter(c, 0.6), 4)
    b.oval(48, 58, 12, 11, a)
    b.oval(44, 55, 3.5, 3.5, lighter(a, 0.6))


def _butter(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(lighter(c, 0.35), (22, 46), (34, 34), (86, 34), (74, 46))
    b.shape(darker(c, 0.2), (74, 46), (86, 34), (86, 60), (74, 72))
    b.box(22, 46, 74, 72, c)
    b.box(34, 46, 60, 72, a)
    b.shape(lighter(a, 0.25), (34, 46), (46, 34), (72, 34), (60, 46))


def _cheese(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(lighter(c, 0.35), (18, 52), (66, 28), (84, 46))
    b.shape(c, (18, 52), (84, 46), (84, 72), (18, 76))
    for x, y, r in ((34, 62, 5), (52, 66, 4), (66, 57, 6), (47, 55, 2.5)):
        b.oval(x, y, r, r, a if a != c else darker(c))
    b.line(darker(c, 0.15), 1.5, (18, 52), (84, 46))


def _packet(b: Brush, c: Colour, a: Colour) -> None:
    b.box(28, 22, 72, 82, c, 3)
    b.box(60, 24, 72, 82, darker(c, 0.08), 3)
    b.box(28, 22, 72, 28, darker(c, 0.18), 1.5)
    b.oval(49, 54, 14, 16, a)
    b.line(c, 2, (42, 50), (56, 50))
    b.line(c, 2, (42, 56), (52, 56))


def _flour(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(darker(c, 0.12), (31, 24), (69, 24), (72, 33), (28, 33))
    b.box(28, 33, 72, 83, c, 3)
    b.box(28, 44, 72, 68, a)
    for side in (-1, 1):
        for y in (50, 55, 60):
            b.oval(50 + side * 4, y, 3.4, 2, lighter(a, 0.75))
    b.line(lighter(a, 0.75), 1.6, (50, 47), (50, 66))


def _cardboard(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(darker(c), (70, 26), (79, 21), (79, 74), (70, 82))
    b.shape(lighter(c, 0.3), (25, 26), (34, 21), (79, 21), (70, 26))
    b.box(25, 26, 70, 82, c)
    b.box(25, 38, 70, 60, a)
    b.line(darker(a, 0.3), 2.2, (33, 46), (62, 46))
    b.line(darker(a, 0.3), 2.2, (33, 52), (52, 52))


def _pasta(b: Brush, c: Colour, a: Colour) -> None:
    for step in range(11):
        x = 34 + step * 3.2
        b.line(darker(c, 0.04 + 0.1 * (step % 2)), 2.6, (x, 20 + (step * 7) % 4), (x, 80 + (step * 5) % 3))
    b.box(30, 42, 70, 62, a, 3)
    b.oval(50, 52, 7, 6, lighter(a, 0.7))


def _jar(b: Brush, c: Colour, a: Colour) -> None:
    b.box(27, 32, 73, 82, lighter(c, 0.5), 9)
    b.box(30, 38, 70, 79, c, 7)
    b.box(31, 22, 69, 33, darker(a, 0.12), 3)
    b.box(30, 49, 70, 69, _PAPER)
    b.oval(50, 59, 6.5, 6.5, a if a != PALETTE["white"] else c)


def _can(b: Brush, c: Colour, a: Colour) -> None:
    metal = PALETTE["grey"]
    b.oval(50, 75, 25, 7, darker(metal))
    b.box(25, 32, 75, 75, c)
    b.chord(50, 74, 25, 7, 0, 180, c)
    b.box(25, 44, 75, 63, a)
    b.oval(50, 32, 25, 7.5, lighter(metal, 0.1))
    b.oval(50, 32, 21, 5.5, lighter(metal, 0.5))
    b.oval(50, 53.5, 7, 7, lighter(c, 0.15))


def _bottle(b: Brush, c: Colour, a: Colour) -> None:
    b.box(43, 13, 57, 20, darker(a, 0.25), 2)
    b.box(44, 20, 56, 34, c)
    b.shape(c, (44, 28), (56, 28), (66, 44), (34, 44))
    b.box(34, 42, 66, 84, c, 5)
    b.box(38, 46, 41.5, 80, lighter(c, 0.5), 1.5)
    b.box(34, 52, 66, 68, a if a != c else _PAPER)
    b.oval(50, 60, 5, 5, darker(c, 0.1))


def _shaker(b: Brush, c: Colour, a: Colour) -> None:
    b.box(34, 20, 66, 33, darker(c, 0.35), 3)
    for x in (42, 50, 58):
        b.oval(x, 26, 1.6, 1.6, a)
    b.box(33, 33, 67, 82, lighter(c, 0.55), 4)
    b.box(36, 44, 64, 79, c, 3)
    b.box(33, 52, 67, 70, a)
    b.oval(50, 61, 5.5, 5.5, darker(c, 0.1))


def _chocolate(b: Brush, c: Colour, a: Colour) -> None:
    b.box(24, 24, 64, 60, darker(c), 2)
    for column in range(3):
        for row in range(2):
            x, y = 26 + column * 12.5, 26 + row * 12
            b.box(x, y, x + 11, y + 10.5, lighter(c, 0.12), 1)
    b.box(22, 48, 78, 78, a, 3)
    b.shape(lighter(a, 0.6), (22, 48), (30, 44), (38, 48), (46, 44), (54, 48), (62, 44), (70, 48))
    b.oval(50, 63, 9, 6.5, c)


def _bar(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(darker(c, 0.15), (12, 40), (22, 44), (22, 66), (12, 70))
    b.shape(darker(c, 0.15), (88, 40), (78, 44), (78, 66), (88, 70))
    b.box(20, 40, 80, 70, c, 4)
    b.box(20, 60, 80, 66, darker(c, 0.1))
    b.oval(50, 53, 15, 8, a)


def _biscuit(b: Brush, c: Colour, a: Colour) -> None:
    for x, y in ((62, 60), (40, 46)):
        b.oval(x, y + 2, 22, 22, darker(c, 0.25))
        b.oval(x, y, 22, 22, c)
        for dx, dy in ((-9, -6), (2, -11), (9, 2), (-3, 4), (5, 12), (-12, 7)):
            b.oval(x + dx, y + dy, 2.6, 2.2, darker(a, 0.15))


def _candy(b: Brush, c: Colour, a: Colour) -> None:
    for x, y, colour, other in ((42, 40, c, a), (58, 66, a, c)):
        b.shape(darker(colour, 0.1), (x - 12, y), (x - 27, y - 10), (x - 27, y + 10))
        b.shape(darker(colour, 0.1), (x + 12, y), (x + 27, y - 10), (x + 27, y + 10))
        b.oval(x, y, 15, 12, colour)
        b.arc(x, y, 8, 12, 0, 360, lighter(other, 0.4), 2.4)


def _crisps(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(c, (27, 22), (73, 22), (76, 50), (73, 82), (27, 82), (24, 50))
    b.shape(darker(c, 0.08), (62, 22), (73, 22), (76, 50), (73, 82), (62, 82))
    for y in (22, 78):
        b.box(27, y, 73, y + 4, darker(c, 0.2), 1)
    b.oval(49, 46, 17, 9, a)
    for x, y in ((42, 65), (54, 62), (52, 71)):
        b.oval(x, y, 8, 5, lighter(PALETTE["honey"], 0.25))
        b.arc(x, y, 6, 3, 200, 330, PALETTE["amber"], 1.4)


def _drinkcan(b: Brush, c: Colour, a: Colour) -> None:
    metal = lighter(PALETTE["grey"], 0.3)
    b.box(34, 18, 66, 26, metal, 3)
    b.box(31, 24, 69, 80, c, 4)
    b.box(34, 78, 66, 84, metal, 3)
    b.shape(a, (31, 62), (69, 38), (69, 54), (31, 78))
    b.box(35, 28, 38.5, 74, lighter(c, 0.45), 1.5)


def _coffee(b: Brush, c: Colour, a: Colour) -> None:
    b.box(30, 20, 70, 82, c, 3)
    b.box(30, 20, 70, 30, darker(c, 0.3), 2)
    b.box(36, 40, 64, 68, a, 14)
    b.oval(50, 54, 7, 10, darker(c, 0.2))
    b.line(a, 1.6, (51, 45), (48.5, 54), (51, 63))


def _tea(b: Brush, c: Colour, a: Colour) -> None:
    b.box(22, 38, 62, 80, c, 3)
    b.box(22, 38, 62, 47, darker(c, 0.15), 3)
    b.oval(42, 63, 11, 7, a)
    b.line(darker(a, 0.25), 1.5, (33, 65), (51, 61))
    b.line(PALETTE["grey"], 1.4, (70, 60), (72, 34), (60, 24))
    b.box(62, 58, 80, 80, _PAPER, 2)
    b.box(66, 67, 76, 76, darker(c, 0.1), 1.5)


def _frozen(b: Brush, c: Colour, a: Colour) -> None:
    b.box(25, 24, 75, 82, c, 3)
    b.box(25, 24, 75, 30, darker(c, 0.18), 1.5)
    for x, y, r in ((36, 70, 7), (50, 73, 6), (63, 70, 7), (44, 63, 5), (57, 63, 5)):
        b.oval(x, y, r, r * 0.75, a)
    for end in ((50, 33), (50, 57), (39.6, 39), (60.4, 51), (39.6, 51), (60.4, 39)):
        b.line(_PAPER, 2.2, (50, 45), end)


def _pizza(b: Brush, c: Colour, a: Colour) -> None:
    b.oval(50, 53, 33, 30, PALETTE["sand"])
    b.oval(50, 52, 29, 26, PALETTE["honey"])
    for x, y in ((38, 42), (58, 38), (67, 54), (48, 60), (34, 60), (58, 69)):
        b.oval(x, y, 5.5, 5, c)
        b.oval(x, y, 2, 1.8, a)
    for x, y in ((47, 47), (62, 63), (41, 70)):
        b.oval(x, y, 3, 1.6, PALETTE["leaf"])


def _icecream(b: Brush, c: Colour, a: Colour) -> None:
    b.shape(PALETTE["sand"], (33, 50), (67, 50), (50, 86))
    b.line(PALETTE["cocoa"], 1.2, (40, 52), (56, 73))
    b.line(PALETTE["cocoa"], 1.2, (60, 52), (44, 73))
    b.oval(41, 44, 13, 12, a)
    b.oval(59, 44, 13, 12, darker(c, 0.06))
    b.oval(50, 31, 14, 13, c)
    b.oval(45, 26, 4, 3, lighter(c, 0.6))


def _petfood(b: Brush, c: Colour, a: Colour) -> None:
    _can(b, c, c)
    b.oval(50, 60, 8, 6.5, a)
    for x, y in ((39.5, 54), (46, 48.5), (54, 48.5), (60.5, 54)):
        b.oval(x, y, 3.2, 3.8, a)


PACKED: Final[Mapping[str, Shape]] = {
    "carton": _carton, "tub": _tub, "butter": _butter, "cheese": _cheese, "packet": _packet,
    "flour": _flour, "cardboard": _cardboard, "pasta": _pasta, "jar": _jar, "can": _can,
    "bottle": _bottle, "shaker": _shaker, "chocolate": _chocolate, "bar": _bar, "biscuit": _biscuit,
    "candy": _candy, "crisps": _crisps, "drinkcan": _drinkcan, "coffee": _coffee, "tea": _tea,
    "frozen": _frozen, "pizza": _pizza, "icecream": _icecream, "petfood": _petfood,
}  # fmt: skip
