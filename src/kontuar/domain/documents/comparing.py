"""How versions of one document differ, line by line (PARK-15)."""

from collections import Counter
from collections.abc import Sequence
from decimal import Decimal

import msgspec

from kontuar.domain.documents.document import Document
from kontuar.kernel.money import Minor

LineKey = tuple[str, str, str, int]
"""Article, unit, batch, and which of several lines with the same of these."""


class ComparedCell(msgspec.Struct, frozen=True, kw_only=True):
    """A line in one version: `price` per unit in the end, `value` in minor units."""

    quantity: Decimal
    precision: int
    price: Decimal
    value: Minor


class ComparedLine(msgspec.Struct, frozen=True, kw_only=True):
    """A line in all versions, in their order; None = that version does not have it."""

    article: str
    name: str
    unit: str
    cells: tuple[ComparedCell | None, ...]
    differs: bool


def compared_lines(versions: Sequence[Document]) -> tuple[ComparedLine, ...]:
    """The lines of all versions, those of the first one first. Lines are the same by article, unit and batch: their
    numbers mean nothing once two tills went on by themselves."""
    keyed = [_by_key(document) for document in versions]
    keys = dict.fromkeys(key for lines in keyed for key in lines)
    found = []
    for key in keys:
        name, unit = next((lines[key][0], lines[key][1]) for lines in keyed if key in lines)
        cells = tuple(lines[key][2] if key in lines else None for lines in keyed)
        found.append(ComparedLine(article=key[0], name=name, unit=unit, cells=cells, differs=len(set(cells)) > 1))
    return tuple(found)


def _by_key(document: Document) -> dict[LineKey, tuple[str, str, ComparedCell]]:
    seen: Counter[tuple[str, str, str]] = Counter()
    found = {}
    for line in document.lines:
        same = (line.article, line.unit, line.batch)
        cell = ComparedCell(quantity=line.quantity, precision=line.precision, price=line.price, value=line.value)
        found[(*same, seen[same])] = (line.name, line.unit, cell)
        seen[same] += 1
    return found
