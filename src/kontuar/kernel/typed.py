"""Numbers as people type them: digits with a comma or a point, spaces between groups, nothing cleverer."""

import re
from decimal import Decimal

MOST_TYPED = 40
"""Longer texts are no number that anybody typed; also the most of a text that a refusal repeats."""
_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)")
_SPACES = str.maketrans({" ": None, "\u00a0": None, "\u202f": None, ",": "."})


def typed_decimal(text: str) -> Decimal | None:
    """The number, or None for anything else: exponents, NaN, other scripts' digits, two points."""
    plain = text.strip().translate(_SPACES) if len(text) <= MOST_TYPED else ""
    return Decimal(plain) if _NUMBER.fullmatch(plain) else None
