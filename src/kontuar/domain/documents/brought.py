"""What a continued document brought along: the applications that made the discounts of its carried lines (PARK-12).

Limits per document count them, the summary names them, a bundle is whole as long as all its lines are carried.
"""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from kontuar.domain.documents.document import Document, Line
from kontuar.domain.pricing.basket import Adjustment, Application
from kontuar.kernel.money import Minor

_Key = tuple[str, int]
"""A rule and its version."""


def brought_by(document: Document) -> tuple[Application, ...]:
    """The applications behind carried lines; of a document that an older program parked, as far as its lines tell."""
    known = document.discounts.brought
    carried = [line for line in document.lines if line.carried]
    return known if known or not carried else _fresh(document.discounts.applications, carried)


def brought_when_parked(document: Document) -> tuple[Application, ...]:
    """What it will have brought when it is continued: what it brought before, and what its own lines were given."""
    own = [line for line in document.lines if not line.carried]
    return _together([*brought_by(document), *_fresh(document.discounts.applications, own)], document.lines)


def still_brought(document: Document) -> tuple[Application, ...]:
    """Of what it brought, that which carried lines still bear, with what they bear of it."""
    known = brought_by(document)
    return _together(known, [line for line in document.lines if line.carried]) if known else ()


def borne(line: Line) -> tuple[Adjustment, ...]:
    """The discounts that a line came with, those included that wait for another form of payment."""
    return line.promised.adjustments if line.promised is not None else line.adjustments


def _fresh(applications: Sequence[Application], lines: Iterable[Line]) -> tuple[Application, ...]:
    """Of the last pricing's applications those that touched these lines; the operator's are reckoned anew anyway."""
    touched: set[int] = set()
    numbers: set[int] = set()
    for line in lines:
        numbers.add(line.number)
        touched |= {one.application for one in borne(line) if one.application >= 0}
    return tuple(
        one
        for at, one in enumerate(applications)
        if not one.by_operator and (at in touched or any(number in numbers for number, _ in one.consumed))
    )


def _together(applications: Iterable[Application], lines: Sequence[Line]) -> tuple[Application, ...]:
    """One record per rule and version, worth what the lines bear of it; what is on none of them is left out."""
    amounts: dict[_Key, int] = {}
    for line in lines:
        for change in borne(line):
            key = (change.rule, change.version)
            amounts[key] = amounts.get(key, 0) - change.amount
    numbers = {line.number for line in lines}
    found: dict[_Key, Application] = {}
    for one in applications:
        key = (one.rule, one.version)
        if key not in amounts and not any(number in numbers for number, _ in one.consumed):
            continue
        found[key] = _joined(found[key], one) if key in found else one
    return tuple(_worth(one, amounts) for one in found.values())


def _worth(one: Application, amounts: Mapping[_Key, int]) -> Application:
    amount = Minor(amounts.get((one.rule, one.version), 0))
    return one if one.amount == amount else msgspec.structs.replace(one, amount=amount)


def _joined(one: Application, other: Application) -> Application:
    """The same rule once more, on other lines."""
    units = dict(one.consumed)
    for number, quantity in other.consumed:
        units[number] = units.get(number, 0) + quantity
    return msgspec.structs.replace(
        one, times=one.times + other.times, wanted=Minor(one.wanted + other.wanted), consumed=tuple(units.items()),
        buyer=one.buyer or other.buyer,
    )  # fmt: skip
