"""A small brush: flat shapes on a square of 100 × 100 units, painted at twice the size for smooth edges."""

from typing import Final

from PIL import Image, ImageDraw

Colour = tuple[int, int, int]
Point = tuple[float, float]

SIDE: Final = 160
OVERSIZE: Final = 2
_SCALE: Final = SIDE * OVERSIZE / 100

PALETTE: Final[dict[str, Colour]] = {
    "white": (250, 249, 246),
    "cream": (246, 230, 196),
    "sand": (221, 196, 155),
    "honey": (240, 190, 80),
    "amber": (226, 149, 62),
    "rust": (200, 100, 56),
    "brick": (166, 60, 54),
    "rose": (217, 84, 89),
    "pink": (242, 172, 180),
    "plum": (120, 73, 130),
    "navy": (54, 78, 124),
    "sky": (122, 174, 215),
    "teal": (62, 142, 148),
    "mint": (158, 211, 188),
    "pine": (48, 104, 78),
    "leaf": (112, 166, 84),
    "lime": (190, 207, 88),
    "cocoa": (137, 93, 64),
    "bark": (88, 62, 50),
    "grey": (160, 166, 172),
    "ink": (62, 66, 78),
}


def blend(colour: Colour, other: Colour, share: float) -> Colour:
    """The colour with `share` (0 to 1) of the other one in it."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return (red, green, blue)


def darker(colour: Colour, share: float = 0.22) -> Colour:
    """Towards a warm black."""
    return blend(colour, (40, 32, 36), share)


def lighter(colour: Colour, share: float = 0.35) -> Colour:
    """Towards white."""
    return blend(colour, (255, 255, 255), share)


class Brush:
    """Paints on one picture; all measures in units of a hundredth of its side."""

    def __init__(self, background: Colour) -> None:
        side = SIDE * OVERSIZE
        self._image = Image.new("RGB", (side, side), background)
        self.pen = ImageDraw.Draw(self._image)

    def oval(self, x: float, y: float, rx: float, ry: float, colour: Colour) -> None:
        """A filled ellipse around (x, y)."""
        self.pen.ellipse(_scaled(x - rx, y - ry, x + rx, y + ry), fill=colour)

    def box(self, x0: float, y0: float, x1: float, y1: float, colour: Colour, corner: float = 0) -> None:
        """A filled rectangle, its corners rounded by `corner`."""
        self.pen.rounded_rectangle(_scaled(x0, y0, x1, y1), radius=corner * _SCALE, fill=colour)

    def shape(self, colour: Colour, *points: Point) -> None:
        """A filled polygon."""
        self.pen.polygon([(x * _SCALE, y * _SCALE) for x, y in points], fill=colour)

    def line(self, colour: Colour, width: float, *points: Point) -> None:
        """A stroke with round ends and joints."""
        scaled = [(x * _SCALE, y * _SCALE) for x, y in points]
        self.pen.line(scaled, fill=colour, width=round(width * _SCALE), joint="curve")
        for x, y in points:
            self.oval(x, y, width / 2, width / 2, colour)

    def arc(
        self, x: float, y: float, rx: float, ry: float, start: float, end: float, colour: Colour, width: float
    ) -> None:
        """Part of an ellipse's edge; degrees run clockwise from three o'clock."""
        self.pen.arc(_scaled(x - rx, y - ry, x + rx, y + ry), start, end, colour, round(width * _SCALE))

    def wedge(self, x: float, y: float, rx: float, ry: float, start: float, end: float, colour: Colour) -> None:
        """A filled sector of an ellipse."""
        self.pen.pieslice(_scaled(x - rx, y - ry, x + rx, y + ry), start, end, fill=colour)

    def chord(self, x: float, y: float, rx: float, ry: float, start: float, end: float, colour: Colour) -> None:
        """A filled ellipse cut by a straight line."""
        self.pen.chord(_scaled(x - rx, y - ry, x + rx, y + ry), start, end, fill=colour)

    def finished(self) -> Image.Image:
        """The picture at its final size."""
        return self._image.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def _scaled(*values: float) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (value * _SCALE for value in values)
    return (x0, y0, x1, y1)
