"""The picture of an article: a soft ground by group, a shape by what it is, the size of the pack in a corner."""

import io
import re
from collections.abc import Mapping
from typing import Final

from PIL import ImageFont

from kontuar.tools.demo_firm.pictures.brush import OVERSIZE, PALETTE, SIDE, Brush, Colour, blend, darker
from kontuar.tools.demo_firm.pictures.fresh import FRESH, Shape
from kontuar.tools.demo_firm.pictures.household import HOUSEHOLD
from kontuar.tools.demo_firm.pictures.packed import PACKED
from kontuar.tools.demo_firm.pictures.workshop import WORKSHOP

SHAPES: Final[Mapping[str, Shape]] = {**FRESH, **PACKED, **HOUSEHOLD, **WORKSHOP}
MEDIA_TYPE: Final = "image/webp"

_QUALITY = 62
_SIZE = re.compile(r"(?<= )(\d+(?:,\d+)? ?(?:kg|g|ml|l|szt|m|W|cm))$")
_PILL = (58, 54, 60)


def webp(shape: str, colour: str, accent: str, ground: Colour, label: str) -> bytes:
    """A WebP of 160 × 160; the same arguments give the same bytes. `label` empty = no pill in the corner."""
    brush = Brush(ground)
    brush.oval(50, 49, 43, 43, blend(ground, (255, 255, 255), 0.45))
    brush.oval(50, 82.5, 32, 4.5, darker(ground, 0.14))
    SHAPES[shape](brush, PALETTE[colour], PALETTE[accent])
    if label:
        _pill(brush, label)
    out = io.BytesIO()
    brush.finished().save(out, "WEBP", quality=_QUALITY, method=4)
    return out.getvalue()


def size_in(name: str) -> str:
    """The pack size that ends a name (`500 g`, `6 szt`), or nothing; letters outside ASCII never occur in it."""
    found = _SIZE.search(name)
    return found.group(1) if found else ""


def _pill(brush: Brush, label: str) -> None:
    unit = SIDE * OVERSIZE / 100
    # Pillow's own font: nothing to install, the same on every machine.
    font = ImageFont.load_default(size=8.5 * unit)
    width = brush.pen.textlength(label, font=font) / unit
    brush.box(91 - width, 83, 97, 97, _PILL, 7)
    brush.pen.text(((94 - width / 2) * unit, 90 * unit), label, fill=(255, 252, 245), font=font, anchor="mm")
